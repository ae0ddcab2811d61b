"""The store that the monitor needs: a port. Adapters (memory, SQLite, PostgreSQL) keep one contract and one test suite.

Everything happens in a transaction: what an object says, the alerts that follow and the deliveries planned for them
commit together or not at all. Two monitors on one store never hold the same lease; a transaction sees its own writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from vedette.alerts.delivery import Delivery, DeliveryState, Reason
from vedette.alerts.evidence import Evidence, Sighting
from vedette.alerts.habits import ActorDay
from vedette.alerts.record import AlertRecord, Group, Status
from vedette.errors import VedetteError
from vedette.metrics.statistics import StatisticSet

Place = tuple[str, Group]
"""A detection's id and one of its groups."""


class StoreError(VedetteError):
    """What the disk or the server did: full, read-only, gone, damaged. Nothing of the transaction was kept.

    Only where a server went away during the commit it may have been: doing the same work again is always right.
    """


class ConflictError(StoreError):
    """Another monitor's transaction got in between; the same work in a new transaction will do."""


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A match to be counted once: `key` is the event id, or the object and place where a record has none."""

    detection: str
    key: str
    group: Group
    value: float | None
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class MinuteRow:
    """What one group of one detection counted in one minute, and what can be told of it."""

    start: int
    statistics: StatisticSet | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """An object that was read: when (wall clock), how many records and malformed parts, and how far (bodies done)."""

    source: str
    name: str
    at: int
    records: int
    malformed: int
    bodies: int
    done: bool
    poison: str = ""
    """Why it was put aside; empty if it was not."""


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source is: the last object and when it was read, how late it was, totals, the last error, the cursor."""

    source: str
    cursor: str = ""
    last_object: str = ""
    last_at: int = 0
    lag: int = 0
    objects: int = 0
    records: int = 0
    errors: int = 0
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """Hold back what a matcher names (detection, actor, address, account: globs) until a time. `id` is short."""

    id: str
    matchers: Mapping[str, str]
    owner: str
    reason: str
    created: int
    until: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of an alert, and why: kept, so that `alerts show` can tell it.

    `deliveries` are the keys of those that tell of it, one for each channel; none if it was held back.
    """

    alert: str
    at: int
    reason: Reason
    detail: str = ""
    deliveries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are wanted; None asks for any. `since` asks for those changed then or later, `standing` for those
    that are not closed and not withdrawn (False: the others)."""

    status: Status | None = None
    detection: str | None = None
    group: Group | None = None
    actor: str | None = None
    incident: str | None = None
    standing: bool | None = None
    since: int | None = None
    limit: int = 1000


class Transaction(Protocol):
    """What can be done within a transaction. Lists come in a fixed order (time, then id)."""

    def object(self, source: str, name: str) -> ObjectRow | None:
        """What is known of an object."""

    def put_object(self, row: ObjectRow) -> None:
        """Insert or replace by (source, name)."""

    def objects(self, *, poison: bool | None = None, limit: int = 1000) -> Sequence[ObjectRow]:
        """Objects, the newest first; `poison` chooses those put aside, or not."""

    def health(self, source: str) -> SourceHealth | None:
        """A source's health and cursor."""

    def put_health(self, health: SourceHealth) -> None:
        """Insert or replace."""

    def healths(self) -> Sequence[SourceHealth]:
        """Every source's health, by name."""

    def add_matches(self, rows: Iterable[MatchRow]) -> Sequence[MatchRow]:
        """Remember matches by (detection, key); answers those that were not known before, in order, each once."""

    def minutes(self, detection: str, group: Group, start: int, end: int) -> Sequence[MinuteRow]:
        """The minutes that begin in `[start, end)`, in order of time."""

    def put_minutes(self, detection: str, group: Group, rows: Iterable[MinuteRow]) -> None:
        """Insert or replace by start."""

    def groups(self, detection: str, start: int, end: int) -> Sequence[Group]:
        """The groups that have a minute in `[start, end)`, in order."""

    def alert(self, alert_id: str) -> AlertRecord | None:
        """One alert."""

    def put_alert(self, alert: AlertRecord) -> None:
        """Insert or replace by id."""

    def put_alerts(self, alerts: Sequence[AlertRecord]) -> None:
        """The same of several; no two of them have one id."""

    def alerts(self, wanted: AlertFilter) -> Sequence[AlertRecord]:
        """Alerts, the newest change first."""

    def alerts_of(self, detection: str, group: Group, start: int, end: int) -> Sequence[AlertRecord]:
        """A group's alerts whose `minutes` touch `[start, end)`, in order of their first minute."""

    def newest_alerts(self, places: Collection[Place], limit: int) -> Mapping[Place, Sequence[AlertRecord]]:
        """Of each of these groups the alerts that changed last, `limit` at most, the newest change first."""

    def set_due(self, detection: str, group: Group, due: int | None) -> None:
        """When the group must be looked at again though nothing arrives (wall clock); None for never."""

    def set_dues(self, dues: Mapping[Place, int | None]) -> None:
        """The same of several groups."""

    def due(self, now: int, limit: int = 10_000) -> Sequence[Place]:
        """Groups that are due at `now`, the longest due first."""

    def put_decision(self, decision: Decision) -> None:
        """Append."""

    def put_decisions(self, decisions: Sequence[Decision]) -> None:
        """Append several, in this order."""

    def decisions(self, alert_id: str) -> Sequence[Decision]:
        """What was decided of an alert, in order."""

    def last_decision(self) -> int:
        """The number of the newest decision, 0 where there is none: they are numbered as they are taken."""

    def count_decided(self, reason: Reason, after: int) -> int:
        """Of how many alerts that was decided in decisions with a number over `after`."""

    def put_delivery(self, delivery: Delivery) -> bool:
        """Plan a delivery; False, and no change, if its key is there already."""

    def replace_delivery(self, delivery: Delivery) -> None:
        """Replace by key."""

    def claim_deliveries(
        self, holder: str, now: int, until: int, limit: int, channel: str | None = None
    ) -> Sequence[Delivery]:
        """Lease waiting deliveries that are due and not leased (to whomever), the longest due first.

        `channel` asks for those of one: a channel that is slow then holds up no other.
        """

    def delivery(self, key: str) -> Delivery | None:
        """One delivery."""

    def deliveries(
        self, *, state: DeliveryState | None = None, channel: str | None = None, incident: str | None = None,
        limit: int = 1000,
    ) -> Sequence[Delivery]:  # fmt: skip
        """Deliveries, the newest first."""

    def silences(self, now: int) -> Sequence[Silence]:
        """Silences in force at `now`, by id."""

    def put_silence(self, silence: Silence) -> None:
        """Insert or replace."""

    def habits(self, actor: str, start: int, end: int) -> Sequence[ActorDay]:
        """The days of an actor that begin in `[start, end)`, in order."""

    def habits_on(self, start: int, actors: Collection[str]) -> Sequence[ActorDay]:
        """What is known of these actors' day that begins at `start`, in the order of the actors."""

    def put_habits(self, days: Iterable[ActorDay]) -> None:
        """Insert or replace by actor and start."""

    def habits_since(self) -> int | None:
        """The start of the first day that anything is known of."""

    def trim_habits(self, most: int) -> int:
        """Keep `most` days, of all actors together: those go first whose actor was seen on no other day, the oldest
        first. A crowd of actors that come once so drives nobody out who came before. Answers how many went."""

    def lease(self, name: str, holder: str, now: int, until: int) -> bool:
        """Take or keep a lease; False while another holds it."""

    def release(self, name: str, holder: str) -> None:
        """Give a lease back."""

    def note(self, name: str) -> str | None:
        """A small value kept by name (the schema of its content is the caller's)."""

    def put_note(self, name: str, value: str) -> None:
        """Insert or replace."""


TABLES: Mapping[str, str] = {
    "objects": "read at",
    "matches": "the record's time",
    "minutes": "start",
    "alerts": "last change, of those that do not stand",
    "decisions": "taken at",
    "deliveries": "settled at, of those that do not wait",
    "silences": "ended at",
    "habits": "the day",
}
"""What `prune` takes, and the time by which each is older."""


class Store(Protocol):
    """Keeps everything, for any number of threads. Adapters raise StoreError (with a hint) for what a server does."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """A transaction that commits when the block ends and rolls back when it raises."""

    def snapshot(self) -> AbstractContextManager[Transaction]:
        """A transaction that only reads: it sees one moment, waits for nobody and holds up nobody."""

    def prune(self, before: Mapping[str, int]) -> Mapping[str, int]:
        """Delete rows older than a time, by table name (TABLES); answers how many went. Standing alerts stay."""

    def status(self) -> Mapping[str, object]:
        """Schema version, size, rows by table."""

    def close(self) -> None:
        """Let go of files and connections."""
