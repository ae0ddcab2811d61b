"""Tests of an alarm as text: the datapoints, and the states that they must lead to.

    # three failures within five minutes
    points  0 1x3 _x2
    state   OK OK OK ALARM ...

A point is what the metric was in one minute (in ten seconds, for a period below a minute): a number, or `_` for no
data; `1x3` is three of them. The state under it is the one at the end of that minute; `OKx3` is three, and `...` at the
end repeats the last. `initial STATE` says what came before the first minute, OK unless said. `#` begins a comment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from vedette.alarms.course import timeline
from vedette.alarms.spec import AlarmSpec, State
from vedette.alarms.windows import Windows
from vedette.errors import Problem, ProblemsError
from vedette.metrics.statistics import LARGEST, StatisticSet

MAX_POINTS = 100_000
"""A script is written by hand; this keeps `1x999999999` from filling the memory."""

_Read = TypeVar("_Read")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_REPEATED = re.compile(r"(?P<item>.+?)(?:x(?P<times>[0-9]{1,6}))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Script:
    """Datapoints, one a minute (None where there is none), and the state expected at the end of each minute."""

    points: tuple[float | None, ...]
    states: tuple[State, ...]
    initial: State = State.OK


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the alarm did, beside what it should have done."""

    script: Script
    actual: tuple[State, ...]

    @property
    def holds(self) -> bool:
        """Whether every expected state came true."""
        return self.actual == self.script.states

    def render(self) -> str:
        """Points, expected and actual states in columns, with carets under the states that differ."""
        columns = [
            ("_" if point is None else f"{point:g}", expected.value, actual.value)
            for point, expected, actual in zip(self.script.points, self.script.states, self.actual, strict=True)
        ]
        widths = [max(map(len, column)) for column in columns]
        rows = [
            name + " ".join(column[row].ljust(width) for column, width in zip(columns, widths, strict=True))
            for row, name in enumerate(("points    ", "expected  ", "actual    "))
        ]
        marks = ["" if expected == actual else "^" * len(actual) for _, expected, actual in columns]
        rows.append(" " * 10 + " ".join(mark.ljust(width) for mark, width in zip(marks, widths, strict=True)))
        return "\n".join(row.rstrip() for row in rows if row.strip())


def parse_script(text: str, path: str = "script") -> Script:
    """The script that `text` spells; ProblemsError names every mistake with its line and column."""
    return _Reader(text, path).script()


def run(spec: AlarmSpec, script: Script) -> Outcome:
    """Put the script's datapoints through the alarm."""
    return Outcome(script, states(spec, script.points, script.initial))


def states(spec: AlarmSpec, points: Sequence[float | None], initial: State = State.OK) -> tuple[State, ...]:
    """The state at the end of each minute (each ten seconds, for a period below a minute) with these datapoints.

    Each number is one sample; the first minute starts on a full hour.
    """
    windows = Windows.of(spec)
    step = windows.cadence
    series = {place * step: StatisticSet.of([point]) for place, point in enumerate(points) if point is not None}
    first = step + windows.delay
    changes = {t.at: t.new for t in timeline(spec, series, first, first + step * len(points), initial)}
    found: list[State] = []
    for place in range(len(points)):
        initial = changes.get(first + place * step, initial)
        found.append(initial)
    return tuple(found)


class _Reader:
    """Reads a script line by line and gathers what is wrong with it."""

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.problems: list[Problem] = []
        self.points: list[float | None] = []
        self.states: list[State] = []
        self.initial = State.OK
        self.goes_on = False

    def script(self) -> Script:
        for number, line in enumerate(self.lines, 1):
            self._line(number, line.partition("#")[0])
        if not self.problems:
            self._check_lengths()
        if self.problems:
            raise ProblemsError(self.problems)
        return Script(tuple(self.points), tuple(self.states), self.initial)

    def _line(self, number: int, line: str) -> None:
        words = [(found[0], found.start() + 1) for found in re.finditer(r"\S+", line)]
        if not words:
            return
        (keyword, column), *rest = words
        if keyword == "points":
            self.points += self._items(number, rest, _point, "expected a number or `_`")
        elif keyword == "state":
            if rest and rest[-1][0] in ("...", "…"):
                self.goes_on = True
                rest.pop()
            self.states += self._items(number, rest, _state, f"expected one of {_STATES}")
        elif keyword == "initial":
            self.initial = [*self._items(number, rest, _state, f"expected one of {_STATES}"), self.initial][0]
        else:
            self._problem(number, column, keyword, "expected `points`, `state` or `initial`")

    def _items(
        self, number: int, words: list[tuple[str, int]], read: Callable[[str], _Read], message: str
    ) -> Iterator[_Read]:
        for word, column in words:
            found = _REPEATED.fullmatch(word)
            assert found is not None
            try:
                item = read(found["item"])
            except ValueError:
                self._problem(number, column, word, message)
                continue
            times = 1 if found["times"] is None else int(found["times"])
            if times > MAX_POINTS:
                self._problem(number, column, word, f"a script has at most {MAX_POINTS:,} points")
            else:
                yield from [item] * times

    def _check_lengths(self) -> None:
        missing = len(self.points) - len(self.states)
        if self.goes_on and self.states and missing > 0:
            self.states += [self.states[-1]] * missing
        elif missing or not self.points:
            last = max(len(self.lines), 1)
            message = f"{len(self.points)} points and {len(self.states)} states: there is one state for each point"
            self.problems.append(Problem(self.path, last, 1, message, hint="`...` repeats the last state"))

    def _problem(self, number: int, column: int, word: str, message: str) -> None:
        line = self.lines[number - 1]
        self.problems.append(Problem(self.path, number, column, message, source_line=line, length=len(word)))


_STATES = ", ".join(f"`{state.value}`" for state in State)


def _point(text: str) -> float | None:
    if text == "_":
        return None
    if not _NUMBER.fullmatch(text) or abs(float(text)) > LARGEST:
        raise ValueError(text)
    return float(text)


def _state(text: str) -> State:
    return State(text)
