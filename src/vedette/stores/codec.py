"""How values become texts in a table, and values again: exactly, whatever the records held.

Each text is JSON, so that an operator can read it in the database: an array whose first element is the version of its
layout, then the fields by place. A field may be added at the end with a default; any other change is a new version.
Texts come from attackers: half a surrogate pair, which UTF-8 cannot hold, and NUL, which PostgreSQL refuses, are kept
as JSON escapes here (columns of their own: `texts`). Numbers may be of any size.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from fractions import Fraction
from typing import TypeVar

import msgspec

from vedette.alerts.evidence import NO_COUNTS, Counts, Evidence, Sighting, alone
from vedette.cloudtrail.identity import Actor, ActorKind
from vedette.metrics.sketch import Exact, Sketch
from vedette.metrics.statistics import StatisticSet
from vedette.monitor.store import StoreError

VERSION = 1

_Wire = TypeVar("_Wire", bound="Versioned")


class Array(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A value by the places of its fields."""


class Versioned(Array, frozen=True):
    """A value that stands for itself in a column."""

    version: int


class _Actor(Array, frozen=True):
    kind: ActorKind
    name: str
    key: str
    account: str | None
    role: str | None
    session: str | None
    source_identity: str | None
    sso_user: str | None
    invoked_by: str | None
    arn: str | None
    access_key_id: str | None
    assumed_root: bool


class _Sighting(Array, frozen=True):
    time: int
    event_id: str
    object_name: str
    first_line: int
    place: int
    actor: _Actor
    address: str
    region: str
    account: str
    event_source: str
    event_name: str
    user_agent: str
    error: str
    resources: tuple[str, ...]


class _Counts(Array, frozen=True):
    values: dict[str, int]
    complete: bool


class EvidenceWire(Versioned, frozen=True):
    """`earliest` and `latest` are places in `sightings`, which holds each once: often they are the same."""

    count: int
    first: int
    last: int
    counts: tuple[_Counts, ...]
    sightings: tuple[_Sighting, ...]
    earliest: tuple[int, ...]
    latest: tuple[int, ...]
    untold: int


class _Seen(Versioned, frozen=True):
    sighting: _Sighting


class _Statistics(Versioned, frozen=True):
    """`total` is the exact sum as text (`7`, `1/3`); without one the set has seen `minimum` only, or nothing."""

    sample_count: int
    minimum: float = 0.0
    maximum: float = 0.0
    total: str | None = None
    values: tuple[int | float, ...] = ()
    counts: tuple[int, ...] = ()
    bucketed: bool = False
    negative: bool = False


class _Group(Versioned, frozen=True):
    texts: tuple[str, ...]


_encoder = msgspec.json.Encoder()


def write(value: Versioned) -> str:
    """A value that JSON knows as JSON text; the slow way only for what UTF-8 cannot hold or 64 bits cannot count."""
    try:
        return _encoder.encode(value).decode()
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":"))


@functools.cache
def _decoder(wire: type[_Wire]) -> msgspec.json.Decoder[_Wire]:
    return msgspec.json.Decoder(wire)


def read(text: str, wire: type[_Wire]) -> _Wire:
    """What `write` was given, of that type; StoreError for a text that it did not write."""
    try:
        found: _Wire = _decoder(wire).decode(text)
    except msgspec.DecodeError:
        found = _slowly(text, wire)
    if found.version != VERSION:
        raise _unreadable(f"it is of version {found.version}, and this program reads {VERSION}")
    return found


def _slowly(text: str, wire: type[_Wire]) -> _Wire:
    try:
        found: _Wire = msgspec.convert(json.loads(text), wire)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors too
        raise _unreadable(str(error)) from error
    return found


def _unreadable(why: str) -> StoreError:
    return StoreError(
        f"a value in the store cannot be read: {why}",
        hint="the store was written by another version, or changed by hand; restore it from a backup",
    )


def encode_evidence(evidence: Evidence) -> str:
    """Evidence as text; `decode_evidence` gives an equal one."""
    return write(evidence_wire(evidence))


def decode_evidence(text: str) -> Evidence:
    """What `encode_evidence` was given; StoreError for a text that it did not write."""
    return evidence_of(read(text, EvidenceWire))


def evidence_wire(evidence: Evidence) -> EvidenceWire:
    """Evidence as a part of a larger value; `evidence_of` gives an equal one."""
    sightings, earliest, latest = _numbered(evidence)
    e = evidence
    counts = e.actors, e.addresses, e.regions, e.accounts, e.event_names, e.errors, e.user_agents, e.resources
    return EvidenceWire(
        VERSION,
        e.count,
        e.first,
        e.last,
        tuple(map(_wire_counts, counts)),
        tuple(map(_wire_sighting, sightings)),
        earliest,
        latest,
        e.untold,
    )


def _numbered(evidence: Evidence) -> tuple[Iterable[Sighting], tuple[int, ...], tuple[int, ...]]:
    """The sightings, each once, and the places of the earliest and of the latest among them."""
    if evidence.earliest == evidence.latest and len(evidence.earliest) == 1:  # by far the most frequent case
        return evidence.earliest, (0,), (0,)
    numbers: dict[Sighting, int] = {}
    for sighting in (*evidence.earliest, *evidence.latest):
        numbers.setdefault(sighting, len(numbers))
    earliest = tuple(numbers[sighting] for sighting in evidence.earliest)
    return numbers, earliest, tuple(numbers[sighting] for sighting in evidence.latest)


def evidence_of(wire: EvidenceWire) -> Evidence:
    """What `evidence_wire` was given; StoreError if its parts do not belong together."""
    sightings = [_sighting(each) for each in wire.sightings]
    try:
        actors, addresses, regions, accounts, event_names, errors, user_agents, resources = map(_counts, wire.counts)
        return Evidence(
            wire.count, wire.first, wire.last,
            actors, addresses, regions, accounts, event_names, errors, user_agents, resources,
            tuple([sightings[number] for number in wire.earliest]),
            tuple([sightings[number] for number in wire.latest]),
            wire.untold,
        )  # fmt: skip
    except (IndexError, ValueError) as error:
        raise _unreadable("its parts do not belong together") from error


def _counts(wire: _Counts) -> Counts:
    if len(wire.values) == 1 and wire.complete:
        ((value, count),) = wire.values.items()
        return alone(value, count)
    return Counts(wire.values, wire.complete) if wire.values or not wire.complete else NO_COUNTS


def _wire_counts(counts: Counts) -> _Counts:
    return _Counts(dict(counts.values), counts.complete)


def encode_sighting(sighting: Sighting) -> str:
    """A sighting as text; `decode_sighting` gives an equal one."""
    return write(_Seen(VERSION, _wire_sighting(sighting)))


def decode_sighting(text: str) -> Sighting:
    """What `encode_sighting` was given; StoreError for a text that it did not write."""
    return _sighting(read(text, _Seen).sighting)


def _wire_sighting(s: Sighting) -> _Sighting:
    return _Sighting(
        s.time, s.event_id, s.object_name, s.first_line, s.place, _wire_actor(s.actor), s.address, s.region, s.account,
        s.event_source, s.event_name, s.user_agent, s.error, s.resources,
    )  # fmt: skip


def _sighting(w: _Sighting) -> Sighting:
    return Sighting(
        w.time, w.event_id, w.object_name, w.first_line, w.place, _actor(w.actor), w.address, w.region, w.account,
        w.event_source, w.event_name, w.user_agent, w.error, w.resources,
    )  # fmt: skip


def _wire_actor(a: Actor) -> _Actor:
    return _Actor(
        a.kind, a.name, a.key, a.account, a.role, a.session, a.source_identity, a.sso_user, a.invoked_by, a.arn,
        a.access_key_id, a.assumed_root,
    )  # fmt: skip


@functools.lru_cache(maxsize=1_024)
def _actor(w: _Actor) -> Actor:
    return Actor(
        w.kind, w.name, w.key, w.account, w.role, w.session, w.source_identity, w.sso_user, w.invoked_by, w.arn,
        w.access_key_id, w.assumed_root,
    )  # fmt: skip


def encode_statistics(statistics: StatisticSet) -> str:
    """A statistic set as text, its sum exact; `decode_statistics` gives an equal one."""
    count, sketch = statistics.sample_count, statistics.sketch
    if not count:
        return write(_Statistics(VERSION, 0))
    if sketch is None:
        return write(_Statistics(VERSION, count, statistics.minimum, statistics.maximum))
    values, counts = tuple(sketch.counts), tuple(sketch.counts.values())
    return write(
        _Statistics(
            VERSION, count, statistics.minimum, statistics.maximum, str(sketch.total), values, counts,
            sketch.bucketed, sketch.negative,
        )
    )  # fmt: skip


def decode_statistics(text: str) -> StatisticSet:
    """What `encode_statistics` was given; StoreError for a text that it did not write."""
    wire = read(text, _Statistics)
    if wire.total is None:
        return StatisticSet.restored(wire.sample_count, wire.minimum, wire.maximum, None)
    try:
        counts = dict(zip(wire.values, wire.counts, strict=True))
        sketch = Sketch(_exact(wire.total), counts, wire.bucketed, wire.negative)
    except (ValueError, ZeroDivisionError) as error:
        raise _unreadable("its sum is no number, or a count lacks its value") from error
    return StatisticSet.restored(wire.sample_count, wire.minimum, wire.maximum, sketch)


def _exact(text: str) -> Exact:
    return Fraction(text) if "/" in text else int(text)


def encode_group(group: tuple[str, ...]) -> str:
    """A group's texts as one text."""
    return write(_Group(VERSION, group))


def decode_group(text: str) -> tuple[str, ...]:
    """What `encode_group` was given; StoreError for a text that it did not write."""
    return read(text, _Group).texts
