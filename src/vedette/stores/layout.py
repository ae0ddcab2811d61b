"""Values as rows of their tables, and rows as values: a column for what is asked about, one JSON body for the rest."""

from __future__ import annotations

from vedette.alerts.delivery import Delivery, DeliveryState, Reason
from vedette.alerts.habits import ActorDay, Some
from vedette.alerts.record import AlertRecord, Base, Group, Lifecycle, Status, Told
from vedette.detections.definition import Severity
from vedette.monitor.store import Decision, MatchRow, MinuteRow, ObjectRow, Silence, SourceHealth
from vedette.stores import codec
from vedette.stores.codec import VERSION, Array, EvidenceWire, Versioned, read, write
from vedette.stores.memo import Memo
from vedette.stores.schema import Row
from vedette.stores.texts import digest, place_digest, restored, storable


class _Life(Array, frozen=True):
    status: Status
    who: str
    when: int
    note: str
    until: int | None


class _Told(Array, frozen=True):
    at: int
    times: int
    actors: tuple[str, ...]
    addresses: tuple[str, ...]
    channels: tuple[str, ...]
    over: bool


class _Base(Array, frozen=True):
    until: int
    evidence: EvidenceWire


class _Alert(Versioned, frozen=True):
    title: str
    severity: Severity
    reason: str
    kind: str
    closing: str
    withdrawn: str
    life: _Life
    told: _Told
    base: _Base | None


class _Delivery(Versioned, frozen=True):
    alerts: tuple[str, ...]
    detail: str
    thread: str
    note: str = ""


class _Decision(Versioned, frozen=True):
    detail: str
    deliveries: tuple[str, ...]


class _Silence(Versioned, frozen=True):
    matchers: dict[str, str]
    owner: str
    reason: str


class _Some(Array, frozen=True):
    values: tuple[str, ...]
    complete: bool


class _Habits(Versioned, frozen=True):
    hours: int
    addresses: _Some
    calls: _Some
    regions: _Some
    programs: _Some


def object_row(row: ObjectRow) -> Row:
    """A row of `objects`."""
    return (
        digest(row.source, row.name), storable(row.source), storable(row.name), row.at, row.records, row.malformed,
        row.bodies, int(row.done), storable(row.poison),
    )  # fmt: skip


def object_of(
    _id: bytes, source: str, name: str, at: int, records: int, malformed: int, bodies: int, done: int, poison: str
) -> ObjectRow:
    """From a row of `objects`."""
    return ObjectRow(restored(source), restored(name), at, records, malformed, bodies, bool(done), restored(poison))


def health_row(h: SourceHealth) -> Row:
    """A row of `sources`."""
    return (
        storable(h.source), storable(h.cursor), storable(h.last_object), h.last_at, h.lag, h.objects, h.records,
        h.errors, storable(h.last_error),
    )  # fmt: skip


def health_of(
    source: str, cursor: str, last_object: str, last_at: int, lag: int, objects: int, records: int, errors: int,
    last_error: str,
) -> SourceHealth:  # fmt: skip
    """From a row of `sources`."""
    return SourceHealth(
        restored(source), restored(cursor), restored(last_object), last_at, lag, objects, records, errors,
        restored(last_error),
    )  # fmt: skip


def match_row(key: bytes, row: MatchRow) -> Row:
    """A row of `matches`."""
    return (
        key, row.detection, storable(row.key), codec.encode_group(row.group), row.sighting.time, row.value,
        codec.encode_sighting(row.sighting),
    )  # fmt: skip


def match_of(
    _id: bytes, detection: str, event: str, group: str, _time: int, value: float | None, sighting: str
) -> MatchRow:
    """From a row of `matches`."""
    return MatchRow(detection, restored(event), codec.decode_group(group), value, codec.decode_sighting(sighting))


def minute_row(group_id: bytes, detection: str, group_texts: str, row: MinuteRow) -> Row:
    """A row of `minutes`."""
    counted = None if row.statistics is None else codec.encode_statistics(row.statistics)
    made = (group_id, row.start, detection, group_texts, counted, codec.encode_evidence(row.evidence))
    minute_of.keep(made, row)
    return made


def _minute_of(
    _id: bytes, start: int, _detection: str, _group: str, statistics: str | None, evidence: str
) -> MinuteRow:
    counted = None if statistics is None else codec.decode_statistics(statistics)
    return MinuteRow(start, counted, codec.decode_evidence(evidence))


minute_of = Memo(_minute_of, key=2)
"""From a row of `minutes`."""


def alert_row(alert: AlertRecord, *, keep: bool = True) -> Row:
    """A row of `alerts`; `keep` where it is likely to be read soon."""
    first, last = alert.minutes
    made = (
        alert.id, alert.detection, place_digest(alert.detection, alert.group), codec.encode_group(alert.group),
        alert.opened, alert.closed, alert.closes, first, last, storable(alert.incident), storable(alert.actor),
        alert.created, alert.changed, alert.lifecycle.status.value, int(alert.standing), _alert_body(alert),
        codec.encode_evidence(alert.evidence),
    )  # fmt: skip
    if keep:
        alert_of.keep(made, alert)
    return made


def _alert_body(alert: AlertRecord) -> str:
    life, told, base = alert.lifecycle, alert.told, alert.base
    return write(
        _Alert(
            VERSION, alert.title, alert.severity, alert.reason, alert.kind, alert.closing, alert.withdrawn,
            _Life(life.status, life.who, life.when, life.note, life.until),
            _Told(
                told.at, told.times, tuple(sorted(told.actors)), tuple(sorted(told.addresses)),
                tuple(sorted(told.channels)), told.over,
            ),
            None if base is None else _Base(base.until, codec.evidence_wire(base.evidence)),
        )
    )  # fmt: skip


def _alert_of(
    alert_id: str, detection: str, _group_id: bytes, group: str, opened: int, closed: int | None, closes: int | None,
    first: int, last: int, incident: str, actor: str, created: int, changed: int, _status: str, _standing: int,
    body: str, evidence: str,
) -> AlertRecord:  # fmt: skip
    wire = read(body, _Alert)
    life, told, base = wire.life, wire.told, wire.base
    return AlertRecord(
        id=alert_id,
        detection=detection,
        title=wire.title,
        severity=wire.severity,
        group=codec.decode_group(group),
        opened=opened,
        closed=closed,
        reason=wire.reason,
        minutes=(first, last),
        evidence=codec.decode_evidence(evidence),
        incident=restored(incident),
        created=created,
        changed=changed,
        lifecycle=Lifecycle(life.status, life.who, life.when, life.note, life.until),
        told=Told(
            told.at, told.times, frozenset(told.actors), frozenset(told.addresses), frozenset(told.channels), told.over
        ),
        kind=wire.kind,
        closes=closes,
        closing=wire.closing,
        actor=restored(actor),
        withdrawn=wire.withdrawn,
        base=None if base is None else Base(base.until, codec.evidence_of(base.evidence)),
    )


alert_of = Memo(_alert_of, key=1)
"""From a row of `alerts`."""


def due_row(detection: str, group: Group, due: int) -> Row:
    """A row of `due`."""
    return place_digest(detection, group), detection, codec.encode_group(group), due


def due_of(_id: bytes, detection: str, group: str, due: int) -> tuple[int, str, Group]:
    """From a row of `due`: when, the detection, the group."""
    return due, detection, codec.decode_group(group)


def decision_row(decision: Decision) -> Row:
    """A row of `decisions`; its number is the database's."""
    body = write(_Decision(VERSION, decision.detail, decision.deliveries))
    return decision.alert, decision.at, decision.reason.value, body


def decision_of(_number: int, alert: str, at: int, reason: str, body: str) -> Decision:
    """From a row of `decisions`."""
    wire = read(body, _Decision)
    return Decision(alert, at, Reason(reason), wire.detail, wire.deliveries)


def delivery_row(d: Delivery) -> Row:
    """A row of `deliveries`."""
    return (
        d.key, storable(d.channel), storable(d.incident), d.reason.value, d.created, d.due, d.state.value, d.attempts,
        storable(d.holder), d.lease, d.settled, write(_Delivery(VERSION, d.alerts, d.detail, d.thread, d.note)),
    )  # fmt: skip


def delivery_of(
    key: str, channel: str, incident: str, reason: str, created: int, due: int, state: str, attempts: int,
    holder: str, lease: int, settled: int | None, body: str,
) -> Delivery:  # fmt: skip
    """From a row of `deliveries`."""
    wire = read(body, _Delivery)
    return Delivery(
        key, restored(channel), restored(incident), wire.alerts, Reason(reason), created, due, DeliveryState(state),
        attempts, restored(holder), lease, settled, wire.detail, wire.thread, wire.note,
    )  # fmt: skip


def silence_row(silence: Silence) -> Row:
    """A row of `silences`."""
    body = write(_Silence(VERSION, dict(silence.matchers), silence.owner, silence.reason))
    return silence.id, silence.created, silence.until, body


def silence_of(silence_id: str, created: int, until: int, body: str) -> Silence:
    """From a row of `silences`."""
    wire = read(body, _Silence)
    return Silence(silence_id, wire.matchers, wire.owner, wire.reason, created, until)


def habits_row(day: ActorDay) -> Row:
    """A row of `habits`."""
    kinds = (day.addresses, day.calls, day.regions, day.programs)
    body = write(_Habits(VERSION, day.hours, *(_Some(tuple(sorted(one.values)), one.complete) for one in kinds)))
    return digest(day.actor), day.start, storable(day.actor), body


def habits_of(_id: bytes, start: int, actor: str, body: str) -> ActorDay:
    """From a row of `habits`."""
    wire = read(body, _Habits)
    kinds = (wire.addresses, wire.calls, wire.regions, wire.programs)
    return ActorDay(restored(actor), start, wire.hours, *(Some(frozenset(one.values), one.complete) for one in kinds))
