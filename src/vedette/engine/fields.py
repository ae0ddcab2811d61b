"""Guards on fields outside the key: found by the values that a record has, not by going through the guards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from operator import attrgetter
from typing import TypeAlias, cast

from msgspec import UNSET

from vedette.cloudtrail.projection import Record
from vedette.engine.guards import ValueIndex
from vedette.engine.reader import RecordReader, open_raw
from vedette.predicates.tree import Compare, Selector

Loop: TypeAlias = Callable[[Sequence[Record]], list[tuple[int, Sequence[int]]]]


def guardable(reader: RecordReader, selector: Selector) -> bool:
    """Whether `FieldGuards` can look up conditions on the selector: a decoded scalar, or a member of an open object."""
    return reader.attribute(selector) is not None or reader.member(selector) is not None


class FieldGuards:
    """From a record to the questions whose guards its fields satisfy."""

    def __init__(self, guards: Iterable[tuple[Compare, int]], reader: RecordReader) -> None:
        scalars: dict[str, list[tuple[Compare, int]]] = {}
        members: dict[str, dict[str, list[tuple[Compare, int]]]] = {}
        for guard, number in guards:
            attribute = reader.attribute(guard.selector)
            if attribute is not None:
                scalars.setdefault(attribute, []).append((guard, number))
                continue
            place = reader.member(guard.selector)
            assert place is not None
            members.setdefault(place[0], {}).setdefault(place[1], []).append((guard, number))
        self._scalars = {attribute: ValueIndex(found) for attribute, found in scalars.items()}
        self._members = {attribute: _Members(found) for attribute, found in members.items()}

    def candidates(self, record: Record) -> Set[int]:
        """The numbers of the questions to ask of a record, whatever its fields hold."""
        numbers: set[int] = set()
        for attribute, index in self._scalars.items():
            numbers |= index.candidates(attrgetter(attribute)(record))
        for attribute, members in self._members.items():
            numbers |= members.candidates(attrgetter(attribute)(record))
        return numbers

    def loop(self, **calls: Callable[..., object]) -> Loop:
        """The loop over many records, written out for these guards.

        For each record it takes the step that `plain` (by name and kind of identity) or `known` (by key) has, or that
        `first_sight` finds; then it looks the guarded fields up, and lets `joined` ask the candidates. Source is
        generated so that nothing is called that need not be; it holds our own words only.
        """
        names: dict[str, object] = {**calls, "U": UNSET}
        lines = []
        for number, (attribute, index) in enumerate(self._scalars.items()):
            names[f"met{number}"], names[f"look_up{number}"] = index.memo.get, index.candidates
            lines += [
                f"c = met{number}(r.{attribute})",
                f"if c is None: c = look_up{number}(r.{attribute})",
                "if c: candidates = candidates | c if candidates else c",
            ]
        for number, (attribute, members) in enumerate(self._members.items()):
            names[f"inside{number}"] = members.candidates
            lines += [
                f"if r.{attribute} is not U and (c := inside{number}(r.{attribute})):",
                "    candidates = candidates | c if candidates else c",
            ]
        if lines:
            lines = ["candidates = None", *lines, "if candidates: hits = joined(hits, candidates, r)"]
        source = _LOOP.replace("        # guards\n", "".join(f"        {line}\n" for line in lines))
        exec(compile(source, "<loop>", "exec"), names)  # noqa: S102
        return cast(Loop, names["loop"])


_LOOP = """
def loop(records):
    found = []
    for index, r in enumerate(records):
        steps = plain(r.event_name)
        step = steps.get(r.user_identity.type) if steps is not None and r.error_code is U else None
        if step is None:
            key = (r.event_name, r.event_source, r.error_code, r.user_identity.type)
            step = known(key)
            hits = first_sight(key, r) if step is None else step(r)
        else:
            hits = () if step is nothing else step(r)
        # guards
        if hits:
            found.append((index, hits))
    return found
"""


class _Members:
    """Guards below one undecoded field, by the first name of their path within it."""

    def __init__(self, guards: dict[str, list[tuple[Compare, int]]]) -> None:
        self._present: dict[str, frozenset[int]] = {}
        self._values: dict[str, ValueIndex] = {}
        for name, found in guards.items():
            direct = [(guard, number) for guard, number in found if len(guard.selector.steps) == 2]
            self._values[name] = ValueIndex(direct)
            self._present[name] = frozenset(number for guard, number in found if len(guard.selector.steps) > 2)

    def candidates(self, value: object) -> set[int]:
        """The questions that the members of the object, decoded or not, may satisfy."""
        numbers: set[int] = set()
        value = open_raw(value)
        if isinstance(value, dict):
            for name in value.keys() & self._values.keys():
                numbers |= self._present[name]
                numbers |= self._values[name].candidates(value[name])
        return numbers
