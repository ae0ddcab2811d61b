"""How values become texts in a table, and values again: exactly, whatever the records held.

Each text is JSON, so that an operator can read it in the database: an array whose first element is the version of its
layout, then the fields by place. A field may be added at the end with a default; any other change is a new version.
Texts come from attackers: half a surrogate pair, which UTF-8 cannot hold, and NUL, which PostgreSQL refuses, are kept
as JSON escapes here (columns of their own: `texts`). Numbers may be of any size.
"""

from __future__ import annotations

import functools
import json
from fractions import Fraction
from typing import TypeVar

import msgspec

from vedette.alerts.delivery import Delivery, DeliveryState, Reason
from vedette.alerts.evidence import Counts, Evidence, Sighting
from vedette.alerts.record import AlertRecord, Lifecycle, Status, Told
from vedette.cloudtrail.identity import Actor, ActorKind
from vedette.detections.definition import Severity
from vedette.errors import VedetteError
from vedette.metrics.sketch import Exact, Sketch
from vedette.metrics.statistics import StatisticSet
from vedette.monitor.store import Silence

VERSION = 1

_Wire = TypeVar("_Wire", bound="_Versioned")


class _Array(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A value by the places of its fields."""


class _Versioned(_Array, frozen=True):
    """A value that stands for itself in a column."""

    version: int


class _Actor(_Array, frozen=True):
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


class _Sighting(_Array, frozen=True):
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


class _Counts(_Array, frozen=True):
    values: dict[str, int]
    complete: bool


class _Evidence(_Versioned, frozen=True):
    """`earliest` and `latest` are places in `sightings`, which holds each once: often they are the same."""

    count: int
    first: int
    last: int
    counts: tuple[_Counts, ...]
    sightings: tuple[_Sighting, ...]
    earliest: tuple[int, ...]
    latest: tuple[int, ...]
    untold: int


class _Seen(_Versioned, frozen=True):
    sighting: _Sighting


class _Statistics(_Versioned, frozen=True):
    """`total` is the exact sum as text (`7`, `1/3`); without one the set has seen `minimum` only, or nothing."""

    sample_count: int
    minimum: float = 0.0
    maximum: float = 0.0
    total: str | None = None
    values: tuple[int | float, ...] = ()
    counts: tuple[int, ...] = ()
    bucketed: bool = False
    negative: bool = False


class _Group(_Versioned, frozen=True):
    texts: tuple[str, ...]


class _Alert(_Versioned, frozen=True):
    title: str
    severity: Severity
    reason: str
    kind: str
    who: str
    when: int
    note: str
    until: int | None
    told_at: int
    told_times: int
    told_actors: tuple[str, ...]
    told_addresses: tuple[str, ...]


class _Delivery(_Versioned, frozen=True):
    alerts: tuple[str, ...]
    detail: str
    thread: str


class _Silence(_Versioned, frozen=True):
    matchers: dict[str, str]
    owner: str
    reason: str


_COUNTED = ("actors", "addresses", "regions", "accounts", "event_names", "errors", "user_agents", "resources")

_encoder = msgspec.json.Encoder()


def _text(value: object) -> str:
    """Any value that JSON knows as JSON text; the slow way only for what UTF-8 cannot hold or 64 bits cannot count."""
    try:
        return _encoder.encode(value).decode()
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":"))


@functools.cache
def _decoder(wire: type[_Wire]) -> msgspec.json.Decoder[_Wire]:
    return msgspec.json.Decoder(wire)


def _value(text: str, wire: type[_Wire]) -> _Wire:
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


def _unreadable(why: str) -> VedetteError:
    return VedetteError(
        f"a value in the store cannot be read: {why}",
        hint="the store was written by another version, or changed by hand; restore it from a backup",
    )


def encode_evidence(evidence: Evidence) -> str:
    """Evidence as text; `decode_evidence` gives an equal one."""
    numbers: dict[Sighting, int] = {}
    for sighting in (*evidence.earliest, *evidence.latest):
        numbers.setdefault(sighting, len(numbers))
    return _text(
        _Evidence(
            VERSION,
            evidence.count,
            evidence.first,
            evidence.last,
            tuple(_wire_counts(getattr(evidence, name)) for name in _COUNTED),
            tuple(map(_wire_sighting, numbers)),
            tuple(numbers[sighting] for sighting in evidence.earliest),
            tuple(numbers[sighting] for sighting in evidence.latest),
            evidence.untold,
        )
    )


def decode_evidence(text: str) -> Evidence:
    """What `encode_evidence` was given; VedetteError for a text that it did not write."""
    wire = _value(text, _Evidence)
    sightings = [_sighting(each) for each in wire.sightings]
    counts = (Counts(each.values, each.complete) for each in wire.counts)
    try:
        return Evidence(
            wire.count,
            wire.first,
            wire.last,
            **dict(zip(_COUNTED, counts, strict=True)),
            earliest=tuple(sightings[number] for number in wire.earliest),
            latest=tuple(sightings[number] for number in wire.latest),
            untold=wire.untold,
        )
    except (IndexError, ValueError) as error:
        raise _unreadable("its parts do not belong together") from error


def _wire_counts(counts: Counts) -> _Counts:
    return _Counts(dict(counts.values), counts.complete)


def encode_sighting(sighting: Sighting) -> str:
    """A sighting as text; `decode_sighting` gives an equal one."""
    return _text(_Seen(VERSION, _wire_sighting(sighting)))


def decode_sighting(text: str) -> Sighting:
    """What `encode_sighting` was given; VedetteError for a text that it did not write."""
    return _sighting(_value(text, _Seen).sighting)


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


def _actor(w: _Actor) -> Actor:
    return Actor(
        w.kind, w.name, w.key, w.account, w.role, w.session, w.source_identity, w.sso_user, w.invoked_by, w.arn,
        w.access_key_id, w.assumed_root,
    )  # fmt: skip


def encode_statistics(statistics: StatisticSet) -> str:
    """A statistic set as text, its sum exact; `decode_statistics` gives an equal one."""
    count, sketch = statistics.sample_count, statistics.sketch
    if not count:
        return _text(_Statistics(VERSION, 0))
    if sketch is None:
        return _text(_Statistics(VERSION, count, statistics.minimum, statistics.maximum))
    values, counts = tuple(sketch.counts), tuple(sketch.counts.values())
    return _text(
        _Statistics(
            VERSION, count, statistics.minimum, statistics.maximum, str(sketch.total), values, counts,
            sketch.bucketed, sketch.negative,
        )
    )  # fmt: skip


def decode_statistics(text: str) -> StatisticSet:
    """What `encode_statistics` was given; VedetteError for a text that it did not write."""
    wire = _value(text, _Statistics)
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
    return _text(_Group(VERSION, group))


def decode_group(text: str) -> tuple[str, ...]:
    """What `encode_group` was given; VedetteError for a text that it did not write."""
    return _value(text, _Group).texts


def encode_alert(alert: AlertRecord) -> str:
    """What of an alert has no column of its own (the columns: `schema`, table `alerts`)."""
    life, told = alert.lifecycle, alert.told
    return _text(
        _Alert(
            VERSION, alert.title, alert.severity, alert.reason, alert.kind, life.who, life.when, life.note, life.until,
            told.at, told.times, tuple(sorted(told.actors)), tuple(sorted(told.addresses)),
        )
    )  # fmt: skip


def decode_alert(
    alert_id: str, detection: str, group: str, opened: int, closed: int | None, first: int, last: int,
    incident: str, created: int, changed: int, status: str, body: str, evidence: str,
) -> AlertRecord:  # fmt: skip
    """An alert from the columns of its row."""
    wire = _value(body, _Alert)
    return AlertRecord(
        id=alert_id,
        detection=detection,
        title=wire.title,
        severity=wire.severity,
        group=decode_group(group),
        opened=opened,
        closed=closed,
        reason=wire.reason,
        minutes=(first, last),
        evidence=decode_evidence(evidence),
        incident=incident,
        created=created,
        changed=changed,
        lifecycle=Lifecycle(Status(status), wire.who, wire.when, wire.note, wire.until),
        told=Told(wire.told_at, wire.told_times, frozenset(wire.told_actors), frozenset(wire.told_addresses)),
        kind=wire.kind,
    )


def encode_delivery(delivery: Delivery) -> str:
    """What of a delivery has no column of its own."""
    return _text(_Delivery(VERSION, delivery.alerts, delivery.detail, delivery.thread))


def decode_delivery(
    key: str, channel: str, incident: str, reason: str, created: int, due: int, state: str, attempts: int,
    holder: str, lease: int, settled: int | None, body: str,
) -> Delivery:  # fmt: skip
    """A delivery from the columns of its row."""
    wire = _value(body, _Delivery)
    return Delivery(
        key, channel, incident, wire.alerts, Reason(reason), created, due, DeliveryState(state), attempts, holder,
        lease, settled, wire.detail, wire.thread,
    )  # fmt: skip


def encode_silence(silence: Silence) -> str:
    """What of a silence has no column of its own."""
    return _text(_Silence(VERSION, dict(silence.matchers), silence.owner, silence.reason))


def decode_silence(silence_id: str, created: int, until: int, body: str) -> Silence:
    """A silence from the columns of its row."""
    wire = _value(body, _Silence)
    return Silence(silence_id, wire.matchers, wire.owner, wire.reason, created, until)
