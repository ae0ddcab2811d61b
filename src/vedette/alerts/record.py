"""An alert as the live monitor keeps it: what `Alert` says, what became of it, and what has been told of it.

Values only. Event times (`opened`, `closed`, `minutes`) are when it happened; `created`, `changed`, `Told.at` and
`Lifecycle.when` are wall-clock times. All are whole epoch seconds.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, fields
from operator import attrgetter

from vedette.alerts.evidence import Evidence
from vedette.detections.definition import Severity

Group = tuple[str, ...]


class Status(enum.Enum):
    """Where an alert is in its life. A snoozed one comes back by itself; a resolved one is over for people."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The status, who set it, when, why; `until` is when a snooze ends."""

    status: Status = Status.OPEN
    who: str = ""
    when: int = 0
    note: str = ""
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What people have heard: when last, how often, the actors and addresses that were named, over which channels.

    `over` is whether they take it for over: they were told so, or said so themselves.
    """

    at: int = 0
    times: int = 0
    actors: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    over: bool = False


@dataclass(frozen=True, slots=True)
class Base:
    """The older part of a long alert's evidence: of its minutes that begin before `until`, put together for good.

    It saves reading a standing alert's every minute again when a record is added to its end.
    """

    until: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """One episode of one group's alarm. `id` never changes; `incident` is shared by alerts that are told together.

    `opened` and `closed` are the alarm's transitions (`closed` None while it stands), `reason` is CloudWatch's state
    reason. `minutes` are the first and the last minute of the records behind it: a later evaluation finds the alert
    again by them. Title and severity are kept for the day on which the detection's file is gone.
    """

    id: str
    detection: str
    title: str
    severity: Severity
    group: Group
    opened: int
    closed: int | None
    reason: str
    minutes: tuple[int, int]
    evidence: Evidence
    incident: str
    created: int
    changed: int
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    told: Told = field(default_factory=Told)
    kind: str = "detection"
    """`detection`, or `self` for what the monitor has to say of itself, or `canary`."""

    closes: int | None = None
    """When the alarm leaves ALARM if nothing more comes (event time); the same as `closed` once it has."""

    closing: str = ""
    """CloudWatch's state reason of that transition."""

    actor: str = ""
    """The key of the actor whom it is most about: alerts of one actor share an incident. Empty if there is none."""

    withdrawn: str = ""
    """Why it is no alert any more: joined with another, or late records took its ground away. Empty while it is one."""

    base: Base | None = None

    def amended(self, **changes: object) -> AlertRecord:
        """As `dataclasses.replace`, in half the time: a minute may close ten thousand alerts."""
        values = list(_values(self))
        for name, value in changes.items():
            values[_PLACES[name]] = value
        return AlertRecord(*values)

    @property
    def standing(self) -> bool:
        """Whether its alarm is in ALARM, as far as is known."""
        return self.closed is None and not self.withdrawn


_NAMES = tuple(each.name for each in fields(AlertRecord))
_PLACES = {name: place for place, name in enumerate(_NAMES)}
_values = attrgetter(*_NAMES)
