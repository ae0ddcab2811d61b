"""The port's transaction over SQL that SQLite and PostgreSQL both speak. What differs between them is in a `Session`.

Statements have `?` for each value. Nothing here begins, commits or catches: that is the adapters' part.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from vedette.alerts.delivery import Delivery, DeliveryState, Reason
from vedette.alerts.habits import ActorDay
from vedette.alerts.record import AlertRecord, Group
from vedette.monitor.store import (
    AlertFilter,
    Decision,
    MatchRow,
    MinuteRow,
    ObjectRow,
    Place,
    Silence,
    SourceHealth,
    StoreError,
)
from vedette.stores import codec, layout, schema
from vedette.stores.schema import Row, Table, Value
from vedette.stores.texts import digest, place_digest, restored, storable

T = TypeVar("T")

TOGETHER = 200
"""Groups, or rows, that one statement is about."""

CROWD = 500
"""Groups, or alerts, of one call that are too many to remember: what comes again comes few at a time."""

CHUNK = 5_000
"""Rows that one transaction of `prune_chunk` deletes at most, so that others need not wait long."""


class Session(Protocol):
    """A connection within a transaction."""

    claiming: str
    """What a SELECT of rows that are about to be leased ends with."""

    def rows(self, sql: str, values: Sequence[Value], make: Callable[..., T]) -> list[T]:
        """What a query answers, each row given to `make` by place."""

    def change(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run a statement; how many rows it changed."""

    def put(self, table: Table, new: Sequence[Row]) -> None:
        """Insert rows, or replace them by key; no two of them have one key."""

    def add(self, table: Table, new: Sequence[Row]) -> set[Value]:
        """Insert the rows whose key (of one column) is not there; the keys of those inserted."""


_CLAIM = """
UPDATE deliveries SET holder = ?, lease = ? WHERE key IN (
    SELECT key FROM deliveries WHERE state = 'waiting' AND due <= ? AND lease <= ? {only}
    ORDER BY due, key LIMIT ? {claiming}
) RETURNING {columns}
""".replace("{columns}", ", ".join(schema.DELIVERIES.columns))
_NEWEST = """
SELECT {columns} FROM (
    SELECT {columns}, row_number() OVER (PARTITION BY group_id ORDER BY changed DESC, id DESC) AS nth
    FROM alerts WHERE group_id IN ({keys})
) AS newest WHERE nth <= ? ORDER BY group_id, nth
""".replace("{columns}", ", ".join(schema.ALERTS.columns))
_NOT_DUE = "DELETE FROM due WHERE group_id IN ({keys})"
_DECIDED = "INSERT INTO decisions (alert, at, reason, body) VALUES {rows}"
_LEASE = """
INSERT INTO leases (name, holder, until) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE leases.holder = excluded.holder OR leases.until <= ?
"""
_TRIM = """
DELETE FROM habits WHERE (actor_id, start) IN (
    SELECT actor_id, start FROM habits
    ORDER BY actor_id IN (SELECT actor_id FROM habits GROUP BY actor_id HAVING count(*) > 1), start, actor LIMIT ?
)
"""
_PRUNE = "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {expired} LIMIT ?)"


class SqlTransaction:
    """`monitor.store.Transaction` over a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def object(self, source: str, name: str) -> ObjectRow | None:
        """What is known of an object."""
        return self._one(schema.OBJECTS, "id", digest(source, name), layout.object_of)

    def put_object(self, row: ObjectRow) -> None:
        """Insert or replace by (source, name)."""
        self._session.put(schema.OBJECTS, [layout.object_row(row)])

    def objects(self, *, poison: bool | None = None, limit: int = 1000) -> Sequence[ObjectRow]:
        """Objects, the newest first; `poison` chooses those put aside, or not."""
        asked: dict[str, Value] = {} if poison is None else {"poison <> ?" if poison else "poison = ?": ""}
        return self._chosen(schema.OBJECTS, asked, "at DESC, source DESC, name DESC", limit, layout.object_of)

    def health(self, source: str) -> SourceHealth | None:
        """A source's health and cursor."""
        return self._one(schema.SOURCES, "source", storable(source), layout.health_of)

    def put_health(self, health: SourceHealth) -> None:
        """Insert or replace."""
        self._session.put(schema.SOURCES, [layout.health_row(health)])

    def healths(self) -> Sequence[SourceHealth]:
        """Every source's health, by name."""
        return self._session.rows(f"{schema.SOURCES.select} ORDER BY source", (), layout.health_of)

    def add_matches(self, rows: Iterable[MatchRow]) -> Sequence[MatchRow]:
        """Remember matches by (detection, key); answers those that were not known before, in order, each once."""
        by_id: dict[bytes, MatchRow] = {}
        for row in rows:
            by_id.setdefault(digest(row.detection, row.key), row)
        added = self._session.add(schema.MATCHES, [layout.match_row(key, row) for key, row in by_id.items()])
        return [row for key, row in by_id.items() if key in added]

    def minutes(self, detection: str, group: Group, start: int, end: int) -> Sequence[MinuteRow]:
        """The minutes that begin in `[start, end)`, in order of time."""
        sql = f"{schema.MINUTES.select} WHERE group_id = ? AND start >= ? AND start < ? ORDER BY start"
        return self._session.rows(sql, (place_digest(detection, group), start, end), layout.minute_of)

    def put_minutes(self, detection: str, group: Group, rows: Iterable[MinuteRow]) -> None:
        """Insert or replace by start."""
        key, texts = place_digest(detection, group), codec.encode_group(group)
        latest = {row.start: row for row in rows}
        self._session.put(schema.MINUTES, [layout.minute_row(key, detection, texts, row) for row in latest.values()])

    def groups(self, detection: str, start: int, end: int) -> Sequence[Group]:
        """The groups that have a minute in `[start, end)`, in order."""
        sql = "SELECT DISTINCT group_texts FROM minutes WHERE detection = ? AND start >= ? AND start < ?"
        return sorted(self._session.rows(sql, (detection, start, end), codec.decode_group))

    def alert(self, alert_id: str) -> AlertRecord | None:
        """One alert."""
        return self._one(schema.ALERTS, "id", alert_id, layout.alert_of)

    def put_alert(self, alert: AlertRecord) -> None:
        """Insert or replace by id."""
        self.put_alerts([alert])

    def put_alerts(self, alerts: Sequence[AlertRecord]) -> None:
        """The same of several; no two of them have one id."""
        if alerts:
            keep = len(alerts) < CROWD
            self._session.put(schema.ALERTS, [layout.alert_row(alert, keep=keep) for alert in alerts])

    def alerts(self, wanted: AlertFilter) -> Sequence[AlertRecord]:
        """Alerts, the newest change first."""
        group = None if wanted.group is None else codec.encode_group(wanted.group)
        exactly = wanted.detection is not None and wanted.group is not None
        asked: dict[str, Value] = {
            "group_id = ?": digest(wanted.detection or "", *(wanted.group or ())) if exactly else None,
            "group_texts = ?": None if exactly else group,
            "detection = ?": wanted.detection,
            "status = ?": wanted.status and wanted.status.value,
            "actor = ?": _stored(wanted.actor),
            "incident = ?": _stored(wanted.incident),
            "standing = ?": None if wanted.standing is None else int(wanted.standing),
            "changed >= ?": wanted.since,
        }
        return self._chosen(schema.ALERTS, asked, "changed DESC, id DESC", wanted.limit, layout.alert_of)

    def alerts_of(self, detection: str, group: Group, start: int, end: int) -> Sequence[AlertRecord]:
        """A group's alerts whose `minutes` touch `[start, end)`, in order of their first minute."""
        where = "group_id = ? AND first_minute < ? AND last_minute >= ? ORDER BY first_minute, id"
        values = (place_digest(detection, group), end, start)
        return self._session.rows(f"{schema.ALERTS.select} WHERE {where}", values, layout.alert_of)

    def newest_alerts(self, places: Collection[Place], limit: int) -> Mapping[Place, Sequence[AlertRecord]]:
        """Of each of these groups the alerts that changed last, `limit` at most, the newest change first."""
        found: dict[Place, list[AlertRecord]] = {place: [] for place in places}
        make = layout.alert_of if len(found) < CROWD else layout.alert_of.once
        for keys in _parts([place_digest(detection, group) for detection, group in found]):
            for alert in self._session.rows(_NEWEST.format(keys=_places(keys)), (*keys, limit), make):
                found[alert.detection, alert.group].append(alert)
        return found

    def set_due(self, detection: str, group: Group, due: int | None) -> None:
        """When the group must be looked at again though nothing arrives (wall clock); None for never."""
        self.set_dues({(detection, group): due})

    def set_dues(self, dues: Mapping[Place, int | None]) -> None:
        """The same of several groups."""
        for keys in _parts([place_digest(detection, group) for (detection, group), due in dues.items() if due is None]):
            self._session.change(_NOT_DUE.format(keys=_places(keys)), keys)
        rows = [layout.due_row(detection, group, due) for (detection, group), due in dues.items() if due is not None]
        if rows:
            self._session.put(schema.DUE, rows)

    def due(self, now: int, limit: int = 10_000) -> Sequence[tuple[str, Group]]:
        """Groups that are due at `now`, the longest due first."""
        order = "due, detection, group_texts"
        found = self._chosen(schema.DUE, {"due <= ?": now}, order, limit, layout.due_of)
        return [(detection, group) for _, detection, group in sorted(found)]

    def put_decision(self, decision: Decision) -> None:
        """Append."""
        self.put_decisions([decision])

    def put_decisions(self, decisions: Sequence[Decision]) -> None:
        """Append several, in this order."""
        for part in _parts(decisions):
            rows = ", ".join(["(?, ?, ?, ?)"] * len(part))
            values = [value for decision in part for value in layout.decision_row(decision)]
            self._session.change(_DECIDED.format(rows=rows), values)

    def decisions(self, alert_id: str) -> Sequence[Decision]:
        """What was decided of an alert, in order."""
        sql = f"{schema.DECISIONS.select} WHERE alert = ? ORDER BY number"
        return self._session.rows(sql, (alert_id,), layout.decision_of)

    def last_decision(self) -> int:
        """The number of the newest decision, 0 where there is none: they are numbered as they are taken."""
        return self._session.rows("SELECT COALESCE(MAX(number), 0) FROM decisions", (), int)[0]

    def count_decided(self, reason: Reason, after: int) -> int:
        """Of how many alerts that was decided in decisions with a number over `after`."""
        sql = "SELECT COUNT(DISTINCT alert) FROM decisions WHERE number > ? AND reason = ?"
        return self._session.rows(sql, (after, reason.value), int)[0]

    def put_delivery(self, delivery: Delivery) -> bool:
        """Plan a delivery; False, and no change, if its key is there already."""
        return bool(self._session.add(schema.DELIVERIES, [layout.delivery_row(delivery)]))

    def replace_delivery(self, delivery: Delivery) -> None:
        """Replace by key."""
        self._session.put(schema.DELIVERIES, [layout.delivery_row(delivery)])

    def claim_deliveries(
        self, holder: str, now: int, until: int, limit: int, channel: str | None = None
    ) -> Sequence[Delivery]:
        """Lease waiting deliveries that are due and not leased by another, the oldest first."""
        only = () if channel is None else (storable(channel),)
        sql = _CLAIM.replace("{claiming}", self._session.claiming).replace("{only}", "AND channel = ?" if only else "")
        values = (storable(holder), until, now, now, *only, limit)
        claimed = self._session.rows(sql, values, layout.delivery_of)
        return sorted(claimed, key=lambda delivery: (delivery.due, delivery.key))

    def delivery(self, key: str) -> Delivery | None:
        """One delivery."""
        return self._one(schema.DELIVERIES, "key", key, layout.delivery_of)

    def deliveries(
        self, *, state: DeliveryState | None = None, channel: str | None = None, incident: str | None = None,
        limit: int = 1000,
    ) -> Sequence[Delivery]:  # fmt: skip
        """Deliveries, the newest first."""
        asked: dict[str, Value] = {
            "state = ?": state and state.value,
            "channel = ?": _stored(channel),
            "incident = ?": _stored(incident),
        }
        return self._chosen(schema.DELIVERIES, asked, "created DESC, key DESC", limit, layout.delivery_of)

    def silences(self, now: int) -> Sequence[Silence]:
        """Silences in force at `now`, by id."""
        return self._session.rows(f"{schema.SILENCES.select} WHERE until > ? ORDER BY id", (now,), layout.silence_of)

    def put_silence(self, silence: Silence) -> None:
        """Insert or replace."""
        self._session.put(schema.SILENCES, [layout.silence_row(silence)])

    def habits(self, actor: str, start: int, end: int) -> Sequence[ActorDay]:
        """The days of an actor that begin in `[start, end)`, in order."""
        sql = f"{schema.HABITS.select} WHERE actor_id = ? AND start >= ? AND start < ? ORDER BY start"
        return self._session.rows(sql, (digest(actor), start, end), layout.habits_of)

    def habits_on(self, start: int, actors: Collection[str]) -> Sequence[ActorDay]:
        """What is known of these actors' day that begins at `start`, in the order of the actors."""
        keys, found = sorted({digest(actor) for actor in actors}), list[ActorDay]()
        for at in range(0, len(keys), TOGETHER):
            some = keys[at : at + TOGETHER]
            # Of few lengths, so that few statements are prepared.
            some += some[-1:] * ((1 << (len(some) - 1).bit_length()) - len(some))
            sql = f"{schema.HABITS.select} WHERE start = ? AND actor_id IN ({', '.join('?' * len(some))})"
            found += self._session.rows(sql, (start, *some), layout.habits_of)
        return sorted(found, key=lambda day: day.actor)

    def put_habits(self, days: Iterable[ActorDay]) -> None:
        """Insert or replace by actor and start."""
        latest = {(day.actor, day.start): day for day in days}
        self._session.put(schema.HABITS, [layout.habits_row(day) for day in latest.values()])

    def habits_since(self) -> int | None:
        """The start of the first day that anything is known of."""
        return next(iter(self._session.rows("SELECT start FROM habits ORDER BY start LIMIT 1", (), int)), None)

    def trim_habits(self, most: int) -> int:
        """Keep so many days of all actors together; see the port."""
        beyond = max(0, count(self._session, schema.HABITS) - most)
        return self._session.change(_TRIM, (beyond,)) if beyond else 0

    def lease(self, name: str, holder: str, now: int, until: int) -> bool:
        """Take or keep a lease; False while another holds it."""
        return self._session.change(_LEASE, (storable(name), storable(holder), until, now)) == 1

    def release(self, name: str, holder: str) -> None:
        """Give a lease back."""
        self._session.change("DELETE FROM leases WHERE name = ? AND holder = ?", (storable(name), storable(holder)))

    def note(self, name: str) -> str | None:
        """A small value kept by name (the schema of its content is the caller's)."""
        found = self._session.rows("SELECT value FROM notes WHERE name = ?", (storable(name),), restored)
        return found[0] if found else None

    def put_note(self, name: str, value: str) -> None:
        """Insert or replace."""
        self._session.put(schema.NOTES, [(storable(name), storable(value))])

    def _one(self, table: Table, column: str, value: Value, make: Callable[..., T]) -> T | None:
        found = self._session.rows(f"{table.select} WHERE {column} = ?", (value,), make)
        return found[0] if found else None

    def _chosen(
        self, table: Table, conditions: Mapping[str, Value], order: str, limit: int, make: Callable[..., T]
    ) -> list[T]:
        """The rows that meet every condition that has a value."""
        asked = {condition: value for condition, value in conditions.items() if value is not None}
        where = f" WHERE {' AND '.join(asked)}" if asked else ""
        return self._session.rows(f"{table.select}{where} ORDER BY {order} LIMIT ?", (*asked.values(), limit), make)


def _parts(every: Sequence[T]) -> Iterator[Sequence[T]]:
    """So many at a time as one statement takes."""
    return (every[at : at + TOGETHER] for at in range(0, len(every), TOGETHER))


def _places(values: Sequence[Value]) -> str:
    return ", ".join("?" * len(values))


def _stored(text: str | None) -> str | None:
    return None if text is None else storable(text)


def prunable(name: str) -> Table:
    """The table of that name; StoreError if there is none of which rows may go."""
    table = schema.BY_NAME.get(name)
    if table is None or not table.expired:
        raise StoreError(f"there is no table `{name}` to prune", hint=f"one of {', '.join(schema.RETENTION)}")
    return table


def prune_chunk(session: Session, table: Table, before: int) -> int:
    """Delete rows that are older, CHUNK at most; how many. Fewer means that none is left."""
    sql = _PRUNE.format(table=table.name, key=", ".join(table.key), expired=table.expired)
    return session.change(sql, (before, CHUNK))


def count(session: Session, table: Table, before: int | None = None) -> int:
    """How many rows there are; with a time, how many of them may go because they are older."""
    select = " ".join(("SELECT count(*) FROM", table.name))
    if before is None:
        return session.rows(select, (), int)[0]
    return session.rows(f"{select} WHERE {table.expired}", (before,), int)[0]
