"""Which questions a record answers with yes, at the least cost.

Most questions are decided by four fields that take few values: the event's name and source, the error code, the kind
of identity. For each combination that comes often the questions are evaluated in part, once; what is left, usually
nothing, becomes one compiled program. Questions that those fields do not decide are tried behind a guard: a condition
that must hold, looked up by the value of its field. Nothing here changes a verdict; the tests hold every path against
plain evaluation.

All memory is bounded, and so is the work that a stream of novel combinations can cause: a combination has to come
`LEARN_AFTER` times to be evaluated in part, and `COMPILE_AFTER` times to be compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeAlias, cast

from msgspec import UNSET

from vedette.cloudtrail.projection import Record
from vedette.engine.fields import FieldGuards, guardable
from vedette.engine.guards import EVENT_SOURCE, KEY, Guards, ValueIndex, guards_of
from vedette.engine.reader import RecordReader
from vedette.predicates.compile import Verdict, compile_predicate, compile_program
from vedette.predicates.partial import TRUE, decided, partially_evaluate
from vedette.predicates.tree import Compare, Predicate, Selector, selectors

LEARN_AFTER = 8
COMPILE_AFTER = 256
MAX_KEYS = 1 << 15
MAX_PROGRAMS = 2048

Key: TypeAlias = tuple[object, object, object, object]
Hits: TypeAlias = Sequence[int]
Step: TypeAlias = Callable[[Record], Hits]
Residue: TypeAlias = tuple[tuple[int, Predicate], ...]

_KEY_SELECTORS = frozenset(KEY)
_UNHASHABLE = (dict, list)


def nothing(_: Record) -> Hits:
    """The step for a combination that no question can hold of."""
    return ()


class Plan:
    """The questions of an engine, arranged; numbers are those that the questions came with.

    One plan serves one process. It learns as it goes, which changes its speed and never its answers.
    """

    def __init__(self, questions: Iterable[tuple[int, Predicate]], reader: RecordReader) -> None:
        self._questions = dict(questions)
        self._reader = reader
        self._verdicts: dict[int, Verdict] = {}
        self._steps: dict[Key, Step] = {}
        self._seen: dict[Key, int] = {}
        self._programs: dict[Residue, Step] = {}
        self._unguarded: list[int] = []
        keyed: dict[Selector, list[tuple[Compare, int]]] = {selector: [] for selector in KEY}
        others: list[tuple[Compare, int]] = []
        for number, predicate in self._questions.items():
            guards = guards_of(predicate, partial(guardable, reader))
            if guards is None:
                self._unguarded.append(number)
            elif _on_key(guards):
                for guard in guards:
                    keyed[guard.selector].append((guard, number))
            else:
                others += ((guard, number) for guard in guards)
        self._indexes = tuple(ValueIndex(keyed[selector]) for selector in KEY)
        self._guarded = FieldGuards(others, reader)
        self._plain: dict[object, dict[object, Step]] = {}
        self._loop = self._guarded.loop(
            plain=self._plain.get,
            known=self._steps.get,
            first_sight=self._first_sight,
            joined=self._joined,
            nothing=nothing,
        )

    def matches(self, records: Sequence[Record]) -> list[tuple[int, Hits]]:
        """(index, numbers of the questions that hold, ascending) of each record of which any holds.

        The records must have fitted the schema; `hits_of` takes any.
        """
        return self._loop(records)

    def hits_of(self, record: Record) -> Hits:
        """As `matches`, for one record whose fields may hold anything."""
        identity = record.user_identity
        key = (record.event_name, record.event_source, record.error_code, identity.type)
        if any(isinstance(value, _UNHASHABLE) for value in key):
            hits: Hits = self._asked_singly(key, record)
        else:
            step = self._steps.get(key)
            hits = self._first_sight(key, record) if step is None else step(record)
        candidates = self._guarded.candidates(record)
        return self._joined(hits, candidates, record) if candidates else hits

    def _joined(self, hits: Hits, candidates: Iterable[int], record: Record) -> Hits:
        more = [number for number in candidates if self._verdict(number)(record)]
        return sorted((*hits, *more)) if more else hits

    def _first_sight(self, key: Key, record: Record) -> Hits:
        """Answers for a combination that has not been learnt, and learns it once it has come often enough."""
        times = self._seen.get(key, 0) + 1
        if len(self._seen) >= MAX_KEYS:
            self._seen.clear()
        self._seen[key] = times
        if times >= LEARN_AFTER and not any(isinstance(part, int | float) for part in key):
            return self._learn(key)(record)
        return self._asked_singly(key, record)

    def _asked_singly(self, key: Key, record: Record) -> Hits:
        return [number for number in self._candidates(key) if self._verdict(number)(record)]

    def _candidates(self, key: Key) -> list[int]:
        """The questions on key fields whose guard holds, and those without a guard."""
        numbers = set(self._unguarded)
        for index, value in zip(self._indexes, key, strict=True):
            numbers |= index.candidates(value)
        return sorted(numbers)

    def _learn(self, key: Key) -> Step:
        """The step for the key, remembered; by name and kind alone if there is no error and the source is no matter."""
        if len(self._steps) >= MAX_KEYS:
            self._steps.clear()
            self._plain.clear()
        step = self._step(*self._residue(key, _KEY_SELECTORS))
        self._steps[key] = step
        name, _, error, kind = key
        if error is UNSET and kind not in self._plain.get(name, ()):
            always, residue = self._residue((name, UNSET, UNSET, kind), _KEY_SELECTORS - {EVENT_SOURCE})
            if not any(EVENT_SOURCE in selectors(question) for _, question in residue):
                self._plain.setdefault(name, {})[kind] = self._step(always, residue)
        return step

    def _residue(self, key: Key, known: frozenset[Selector]) -> tuple[Hits, Residue]:
        """The questions that hold whenever the `known` values are those of the key, and what is left to ask."""
        document = _document(key)
        numbers = set(self._candidates(key))
        if EVENT_SOURCE not in known:
            numbers |= self._indexes[KEY.index(EVENT_SOURCE)].numbers
        always: list[int] = []
        residue: list[tuple[int, Predicate]] = []
        for number in sorted(numbers):
            question = self._questions[number]
            verdict = decided(question, known, document)
            if verdict is None:
                residue.append((number, partially_evaluate(question, known, document)))
            elif verdict:
                always.append(number)
        return tuple(always), tuple(residue)

    def _step(self, always: Hits, residue: Residue) -> Step:
        if not residue:
            return (lambda _: always) if always else nothing
        whole = tuple(sorted((*residue, *((number, TRUE) for number in always)), key=lambda pair: pair[0]))
        step = self._programs.get(whole)
        if step is None:
            if len(self._programs) >= MAX_PROGRAMS:
                self._programs.clear()
            step = self._programs[whole] = self._interpreted(whole)
        return step

    def _interpreted(self, whole: Residue) -> Step:
        """Asks one question after the other, until it has been called so often that compiling them together pays."""
        asked = [(number, self._verdict(number)) for number, _ in whole]
        calls = 0

        def step(record: Record) -> Hits:
            nonlocal calls
            calls += 1
            if calls == COMPILE_AFTER:
                self._replace(step, whole, compile_program(whole, self._reader))
            return [number for number, verdict in asked if verdict(record)]

        return step

    def _replace(self, old: Step, whole: Residue, new: Step) -> None:
        self._programs[whole] = new
        tables = cast("tuple[dict[object, Step], ...]", (self._steps, *self._plain.values()))
        for table in tables:
            for key in [key for key, step in table.items() if step is old]:
                table[key] = new

    def _verdict(self, number: int) -> Verdict:
        verdict = self._verdicts.get(number)
        if verdict is None:
            verdict = self._verdicts[number] = compile_predicate(self._questions[number], self._reader)
        return verdict


def _on_key(guards: Guards) -> bool:
    return all(guard.selector in _KEY_SELECTORS for guard in guards)


def _document(key: Key) -> dict[str, object]:
    """A record of which only the key is known."""
    name, source, error, kind = key
    fields = {"eventName": name, "eventSource": source, "errorCode": error}
    document: dict[str, object] = {field: value for field, value in fields.items() if value is not UNSET}
    if kind is not UNSET:
        document["userIdentity"] = {"type": kind}
    return document
