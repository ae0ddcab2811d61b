"""What processing one body gives: values that are cheap to send from one process to another."""

from __future__ import annotations

import copyreg
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import repeat
from operator import attrgetter
from typing import NamedTuple, TypeAlias, cast

from vedette.alerts.evidence import Sighting
from vedette.alerts.habits import Hour
from vedette.cloudtrail.body import Kind, Malformed
from vedette.cloudtrail.identity import Actor, ActorKind

Group: TypeAlias = tuple[str, ...]


class Match(NamedTuple):
    """A record that a detection asks for.

    `detection` is its number among the engine's detections; `group` the texts of its `group_by` fields; `value` what
    the metric counts, None if the record gives no datapoint. Matches of one record share their sighting; that of one
    of which nothing will be told is bare.
    """

    detection: int
    group: Group
    value: float | None
    sighting: Sighting


_NOBODY = Actor(ActorKind.UNKNOWN, "", "")
_BARE = 2
_make = tuple.__new__
"""What `Match(…)` and `Sighting(…)` come to, at a third of the price."""


def bare_sighting(time: int, name: str, first_line: int, place: int) -> Sighting:
    """The sighting of a record that is only counted: when and where, without what nobody will be told."""
    return _make(Sighting, (time, "", name, first_line, place, _NOBODY, "", "", "", "", "", "", "", ()))


class Matches(tuple[Match, ...]):
    """The matches of one body; pickled by column, each group and each sighting once."""

    __slots__ = ()

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        if not self:
            return Matches, ()
        numbers, groups, values, sightings = zip(*self, strict=True)
        distinct = {id(seen): seen for seen in sightings}
        body = sightings[0][2:4]
        if any(seen[2:4] != body for seen in distinct.values()):
            return Matches, (tuple(self),)
        group_ranks = {group: rank for rank, group in enumerate(dict.fromkeys(groups))}
        seen_ranks = {key: rank for rank, key in enumerate(distinct)}
        return _matches, (
            list(numbers),
            values[0] if len(set(map(id, values))) == 1 else values,
            list(group_ranks),
            [group_ranks[group] for group in groups],
            body,
            [_row(seen) for seen in distinct.values()],
            [seen_ranks[id(seen)] for seen in sightings],
        )


def _row(seen: Sighting) -> tuple[object, ...]:
    """What a sighting has for itself; a bare one only a time and a place."""
    return (seen[0], seen[4]) if seen[5] is _NOBODY else (*seen[:2], *seen[4:])


def _sighting(row: tuple[object, ...], body: tuple[str, int]) -> Sighting:
    if len(row) == _BARE:
        return bare_sighting(cast("int", row[0]), *body, cast("int", row[1]))
    return _make(Sighting, (*row[:2], *body, *row[2:]))


def _matches(
    numbers: Sequence[int],
    values: float | tuple[float | None, ...] | None,
    groups: Sequence[Group],
    group_ranks: Iterable[int],
    body: tuple[str, int],
    rows: Iterable[tuple[object, ...]],
    seen_ranks: Iterable[int],
) -> Matches:
    each_value = values if isinstance(values, tuple) else repeat(values)
    each_group = map(groups.__getitem__, group_ranks)
    sightings = [_sighting(row, body) for row in rows]
    columns = zip(numbers, each_group, each_value, map(sightings.__getitem__, seen_ranks), strict=False)
    return Matches(map(_make, repeat(Match), columns))


_fields_of = attrgetter(*(field.name for field in fields(Actor)))


def _reduced_actor(actor: Actor) -> tuple[type[Actor], tuple[object, ...]]:
    return Actor, _fields_of(actor)


copyreg.pickle(Actor, _reduced_actor)  # a fifth of what it costs to restore one field by field


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
NO_MATCHES = Matches()


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
    matches: tuple[Match, ...] = NO_MATCHES
    minutes: tuple[int | None, ...] | None = None
    malformed: tuple[Malformed, ...] = ()
    hours: tuple[Hour, ...] = ()

    @property
    def records(self) -> int:
        """How many records there are, duplicates included."""
        return len(self.event_ids)
