"""What processing one body gives: values that are cheap to send from one process to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from vedette.alerts.evidence import Sighting
from vedette.alerts.habits import Hour
from vedette.cloudtrail.body import Kind, Malformed

Group: TypeAlias = tuple[str, ...]


class Match(NamedTuple):
    """A record that a detection asks for.

    `detection` is its number among the engine's detections; `group` the texts of its `group_by` fields; `value` what
    the metric counts, None if the record gives no datapoint. Matches of one record share their sighting; that of one
    of which nothing will be told has only a time, a place and an actor.
    """

    detection: int
    group: Group
    value: float | None
    sighting: Sighting


class EventIds(tuple[str, ...]):
    """The event ids of a body's records, in their order, empty where a record has none; pickled as one text."""

    __slots__ = ()

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        joined = "\n".join(self)
        if joined.count("\n") != max(0, len(self) - 1):
            return EventIds, (tuple(self),)
        return _split_ids, (joined, len(self))


def _split_ids(joined: str, count: int) -> EventIds:
    return EventIds(joined.split("\n") if count else ())


NO_IDS = EventIds()


@dataclass(frozen=True, slots=True)
class BodyResult:
    """Everything that one body says.

    `minutes` (epoch seconds of each record's minute, None for an unreadable time) is there only if some detection has
    a metric with a default value, which counts records that do not match. `malformed` are apart from the records,
    except those whose reason is BAD_TIME: these are counted as records too, but match nothing. `hours` are there only
    if the engine was asked for habits.
    """

    name: str
    kind: Kind
    event_ids: EventIds = NO_IDS
    matches: tuple[Match, ...] = ()
    minutes: tuple[int | None, ...] | None = None
    malformed: tuple[Malformed, ...] = ()
    hours: tuple[Hour, ...] = ()

    @property
    def records(self) -> int:
        """How many records there are, duplicates included."""
        return len(self.event_ids)
