"""A detection: the question, the metric, the alarm, and everything that a human needs when it fires.

These are values; `loader` makes them from YAML and `lint` judges them.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from vedette.alarms.composite import Rule
from vedette.alarms.spec import AlarmSpec, State
from vedette.patterns import FilterPattern
from vedette.predicates.tree import Selector


class Severity(enum.Enum):
    """How much an alert matters, from a note to a night call. Ordered: `Severity.LOW < Severity.HIGH`."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for informational up to 4 for critical."""
        return _RANKS[self]

    def __lt__(self, other: Severity) -> bool:
        return self.rank < other.rank

    def __le__(self, other: Severity) -> bool:
        return self.rank <= other.rank

    def __gt__(self, other: Severity) -> bool:
        return self.rank > other.rank

    def __ge__(self, other: Severity) -> bool:
        return self.rank >= other.rank


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Derived(enum.Enum):
    """Group fields that are worked out of a record rather than read from one place in it."""

    ACTOR = "actor"


GroupField = Selector | Derived


@dataclass(frozen=True, slots=True)
class Metric:
    """The metric filter's transformation.

    `value` is a number or a selector (`$.count`); `default` is emitted once for each record that does not match;
    `dimensions` are (name, selector text) pairs, at most three, and exclude a default.
    """

    namespace: str
    name: str
    value: str = "1"
    default: float | None = None
    unit: str | None = None
    dimensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ScopedException:
    """Matches that are expected: a pattern, who vouches for it, why, and the day on which it ends (inclusive)."""

    pattern: FilterPattern
    owner: str
    reason: str
    expires: dt.date


@dataclass(frozen=True, slots=True)
class VerdictTest:
    """Records (verbatim JSON) that the detection must match, each one, or must not match, none of them."""

    name: str
    events: tuple[bytes, ...]
    matches: bool
    line: int = 0


@dataclass(frozen=True, slots=True)
class TimelineTest:
    """Datapoints, a minute each (None where there is none), and the states that the alarm must be in at each minute."""

    name: str
    points: tuple[float | None, ...]
    states: tuple[State, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class CompositeTest:
    """The course of states of each detection that a rule names, and the states that the rule must be in, by minutes."""

    name: str
    children: tuple[tuple[str, tuple[State, ...]], ...]
    states: tuple[State, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Allowed:
    """A lint rule that this file breaks on purpose, and why."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Detection:
    """One detection. Exactly one of `pattern` (a metric alarm) and `rule` (a composite alarm over others) is set.

    `notify` is false for a building block: it feeds composite rules and makes no alert of its own.
    `group_by` keeps apart what must give separate alerts; it is empty only when the file says so.
    """

    id: str
    title: str
    severity: Severity
    description: str
    why: str
    pattern: FilterPattern | None
    rule: Rule | None
    metric: Metric | None
    alarm: AlarmSpec | None
    group_by: tuple[GroupField, ...]
    category: str = ""
    false_positives: tuple[str, ...] = ()
    respond: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    compliance: tuple[str, ...] = ()
    exceptions: tuple[ScopedException, ...] = ()
    tests: tuple[VerdictTest | TimelineTest | CompositeTest, ...] = ()
    notify: bool = True
    allow: tuple[Allowed, ...] = ()
    path: str = ""
    source: str = ""
