"""What was found: metric filters, alarms and topics as they are described, wherever that was. Values only.

Texts that a file leaves open (`${Environment}`) keep their placeholders, so that two that are spelled alike are alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Open:
    """A value that only a deployment would know; `text` is how it is spelled, with `${…}` for what is not known."""

    text: str

    def __str__(self) -> str:
        return self.text


Value: TypeAlias = "str | int | float | bool | Open | list[Value] | dict[str, Value] | None"


@dataclass(frozen=True, slots=True)
class Where:
    """A place: the file and line (0: an account), and what is called so there."""

    source: str
    name: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class FoundFilter:
    """A metric filter. `pattern` is None where the source does not say it; `value` is a number or a selector."""

    name: str
    where: Where
    pattern: str | None
    log_group: str
    namespace: str
    metric: str
    value: str = "1"
    default: float | None = None
    unit: str | None = None
    dimensions: tuple[tuple[str, str], ...] = ()

    @property
    def series(self) -> tuple[str, str]:
        """What it counts into: namespace and name of the metric."""
        return self.namespace, self.metric


@dataclass(frozen=True, slots=True)
class FoundAlarm:
    """A metric alarm, with AWS's names and defaults. `actions` are ARNs, or how a file names them."""

    name: str
    where: Where
    namespace: str
    metric: str
    threshold: float | None
    statistic: str = "Average"
    period: int | None = None
    evaluation_periods: int = 1
    datapoints_to_alarm: int | None = None
    comparison_operator: str = "GreaterThanOrEqualToThreshold"
    treat_missing_data: str = "missing"
    unit: str | None = None
    dimensions: tuple[tuple[str, str], ...] = ()
    actions: tuple[str, ...] = ()
    actions_enabled: bool = True
    description: str = ""

    @property
    def series(self) -> tuple[str, str]:
        """What it watches: namespace and name of the metric."""
        return self.namespace, self.metric


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """A topic that alarms act on: how many hear of it, and how many have not confirmed yet.

    Both are None where it could not be asked: a topic of another account, or a file that does not make it.
    """

    arn: str
    confirmed: int | None
    pending: int | None = 0


@dataclass(frozen=True, slots=True)
class Unread:
    """What is there and was not taken, and why (a sentence)."""

    where: Where
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that one source holds.

    `trail_groups` are the log groups that CloudTrail writes to; None where that is not known.
    """

    source: str
    filters: tuple[FoundFilter, ...] = ()
    alarms: tuple[FoundAlarm, ...] = ()
    topics: tuple[FoundTopic, ...] = ()
    unread: tuple[Unread, ...] = field(default=())
    trail_groups: frozenset[str] | None = None


def joined(parts: list[Found]) -> Found:
    """Several sources as one: an alarm may be in another file than its filter."""
    groups = [part.trail_groups for part in parts]
    return Found(
        source=", ".join(part.source for part in parts),
        filters=tuple(one for part in parts for one in part.filters),
        alarms=tuple(one for part in parts for one in part.alarms),
        topics=tuple(one for part in parts for one in part.topics),
        unread=tuple(one for part in parts for one in part.unread),
        trail_groups=None if None in groups else frozenset().union(*(group for group in groups if group is not None)),
    )
