"""Which built-in detection asks what an imported pattern asks: by its form, or else by its verdicts.

Two patterns have the same form when they differ only in white space, brackets, and the order and repetition of what
`&&` and `||` join. Where the forms differ, both are asked about every record of the built-in detections' own tests:
the same verdict on each is a strong hint, and no proof.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from vedette.detections.definition import Detection, VerdictTest
from vedette.detections.question import question
from vedette.patterns import FilterPattern
from vedette.predicates.compile import TooDeepError, compile_predicate
from vedette.predicates.document import load_document
from vedette.predicates.tree import And, Not, Or, Predicate

_CONTROL = re.compile(r"Security Hub: (CloudWatch\.\d+)")


class Likeness(enum.Enum):
    """How alike two patterns are, the most alike first."""

    TEXT = "same text"
    QUESTION = "same question"
    VERDICTS = "same verdicts"


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A built-in detection that asks the same; `records` is how many it was compared on and matched, else 0."""

    detection: Detection
    likeness: Likeness
    records: int = 0


@dataclass(frozen=True, slots=True)
class Control:
    """A Security Hub control that the pattern is for; it fails unless `exact`, because the text is compared.

    `detection` is the built-in one that holds the prescribed text.
    """

    name: str
    exact: bool
    detection: str


def canonical(predicate: Predicate) -> Predicate:
    """The same question in the one form that all its spellings share, up to order, brackets and repetition."""
    match predicate:
        case And() | Or():
            joined = type(predicate)
            parts = {repr(part): part for part in _flat(joined, map(canonical, predicate.parts))}
            ordered = tuple(parts[key] for key in sorted(parts))
            return ordered[0] if len(ordered) == 1 else joined(ordered)
        case Not(part):
            return Not(canonical(part))
        case _:
            return predicate


def _flat(joined: type[And] | type[Or], parts: Iterable[Predicate]) -> Iterable[Predicate]:
    for part in parts:
        if isinstance(part, And | Or) and isinstance(part, joined):
            yield from part.parts
        else:
            yield part


def bare(pattern: str) -> str:
    """A pattern's text without white space, except in quotes: what Security Hub can be expected to compare."""
    parts = re.split(r'("(?:\\.|[^"\\])*")', pattern)
    return "".join(part if part.startswith('"') else "".join(part.split()) for part in parts)


class Library:
    """The built-in detections, to compare with. What is costly is made when it is first asked for."""

    def __init__(self, builtins: Sequence[Detection], today: dt.date) -> None:
        self._asking = [(one, asked) for one in builtins if (asked := question(one, today)) is not None]
        self._records: Sequence[Detection] = builtins

    @cached_property
    def _by_form(self) -> dict[Predicate, list[Detection]]:
        found: dict[Predicate, list[Detection]] = {}
        for detection, asked in self._asking:
            found.setdefault(canonical(asked), []).append(detection)
        return found

    @cached_property
    def _documents(self) -> tuple[dict[str, object], ...]:
        tests = (test for one in self._records for test in one.tests if isinstance(test, VerdictTest))
        loaded = (load_document(event) for test in tests for event in test.events)
        return tuple(document for document in loaded if document is not None)

    def equivalents(self, pattern: FilterPattern) -> tuple[Equivalent, ...]:
        """Every built-in detection that asks the same, the most alike first."""
        asked = pattern.predicate
        if asked is None:
            return ()
        alike = [
            Equivalent(one, Likeness.TEXT if _text(one) == bare(pattern.source) else Likeness.QUESTION)
            for one in self._by_form.get(canonical(asked), ())
        ]
        alike.sort(key=lambda one: (one.likeness is not Likeness.TEXT, one.detection.id))
        return tuple(alike) or tuple(self._by_verdicts(asked))

    @cached_property
    def _by_holding(self) -> dict[frozenset[int], list[Detection]]:
        """The detections by the test records that they hold for."""
        found: dict[frozenset[int], list[Detection]] = {}
        for detection, asked in self._asking:
            found.setdefault(self._holding(asked), []).append(detection)
        return found

    def _holding(self, asked: Predicate) -> frozenset[int]:
        """The numbers of the test records that it holds for; none for what is nested too deep to be asked quickly."""
        try:
            holds = compile_predicate(asked)
        except TooDeepError:
            return frozenset()
        return frozenset(number for number, document in enumerate(self._documents) if holds(document))

    def _by_verdicts(self, asked: Predicate) -> Iterable[Equivalent]:
        if holding := self._holding(asked):
            for detection in self._by_holding.get(holding, ()):
                yield Equivalent(detection, Likeness.VERDICTS, len(self._documents))

    @staticmethod
    def control(among: Iterable[Equivalent]) -> Control | None:
        """The Security Hub control that a pattern serves, or would if its text were the prescribed one."""
        for equivalent in among:
            name = _control(equivalent.detection)
            if name is not None:
                return Control(name, equivalent.likeness is Likeness.TEXT, equivalent.detection.id)
        return None


def _text(detection: Detection) -> str:
    return bare(detection.pattern.source) if detection.pattern is not None else ""


def _control(detection: Detection) -> str | None:
    if detection.category != "cis" or detection.id.endswith("-corrected"):
        return None  # others serve the same control's purpose in words of their own
    return next((found[1] for text in detection.compliance if (found := _CONTROL.fullmatch(text))), None)
