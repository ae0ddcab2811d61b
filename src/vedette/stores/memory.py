"""A store in memory: for tests, for trying out, and as the plainest form of the contract. Ends with the process."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from operator import attrgetter
from typing import Generic, TypeVar

from vedette.alerts.delivery import Delivery, DeliveryState
from vedette.alerts.record import AlertRecord, Group
from vedette.monitor.store import (
    AlertFilter,
    Decision,
    MatchRow,
    MinuteRow,
    ObjectRow,
    Silence,
    SourceHealth,
    StoreError,
    Transaction,
)

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class _Index(Generic[_K, _V]):
    """The keys of a table's rows by something that the rows share, in an order that ends with what no two share."""

    def __init__(self, share: Callable[[_V], Hashable], order: Callable[[_V], tuple[object, ...]]) -> None:
        self._share, self._order = share, order
        self._lists: dict[Hashable, list[tuple[tuple[object, ...], _K]]] = {}

    def add(self, key: _K, row: _V) -> None:
        insort(self._lists.setdefault(self._share(row), []), (self._order(row), key))

    def remove(self, key: _K, row: _V) -> None:
        entries = self._lists[self._share(row)]
        del entries[bisect_left(entries, (self._order(row), key))]
        if not entries:
            del self._lists[self._share(row)]

    def keys(self, share: Hashable, low: int | None = None, high: int | None = None) -> list[_K]:
        """The keys of the rows that share this, in order; those whose order begins in `[low, high)`."""
        entries = self._lists.get(share, [])
        first = 0 if low is None else bisect_left(entries, ((low,),))
        last = len(entries) if high is None else bisect_left(entries, ((high,),))
        return [key for _, key in entries[first:last]]

    def backwards(self, share: Hashable, low: int | None = None) -> Iterator[_K]:
        """As `keys`, from the last on."""
        for order, key in reversed(self._lists.get(share, [])):
            if low is not None and order < (low,):
                return
            yield key


@dataclass(slots=True)
class _Table(Generic[_K, _V]):
    """Rows by key. What a change replaces goes to the journal, so that it can be taken back."""

    journal: list[Callable[[], None]]
    indexes: Sequence[_Index[_K, _V]] = ()
    rows: dict[_K, _V] = field(default_factory=dict)

    def put(self, key: _K, row: _V | None) -> None:
        """Insert or replace; None deletes."""
        old = self.rows.get(key)
        self.journal.append(lambda: self._set(key, old))
        self._set(key, row)

    def _set(self, key: _K, row: _V | None) -> None:
        old = self.rows.get(key)
        for index in self.indexes:
            if old is not None:
                index.remove(key, old)
            if row is not None:
                index.add(key, row)
        if row is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = row

    def found(self, keys: Iterable[_K]) -> list[_V]:
        """The rows of these keys."""
        return [self.rows[key] for key in keys]


@dataclass(frozen=True, slots=True)
class _Minute:
    detection: str
    group: Group
    row: MinuteRow


@dataclass(frozen=True, slots=True)
class _Due:
    detection: str
    group: Group
    at: int


_ALL = "all"


def _all(_: object) -> Hashable:
    return _ALL


class _Tables:
    """Everything that is kept, and the transaction over it."""

    def __init__(self) -> None:
        journal: list[Callable[[], None]] = []
        self.journal = journal
        self.objects_: _Table[tuple[str, str], ObjectRow] = _Table(journal)
        self.healths_: _Table[str, SourceHealth] = _Table(journal)
        self.matches: _Table[tuple[str, str], int] = _Table(journal)
        self.of_group: _Index[tuple[str, Group, int], _Minute] = _Index(
            lambda m: (m.detection, m.group), lambda m: (m.row.start,)
        )
        self.of_detection: _Index[tuple[str, Group, int], _Minute] = _Index(
            attrgetter("detection"), lambda m: (m.row.start, m.group)
        )
        self.minutes_: _Table[tuple[str, Group, int], _Minute] = _Table(journal, [self.of_group, self.of_detection])
        self.group_alerts: _Index[str, AlertRecord] = _Index(
            lambda a: (a.detection, a.group), lambda a: (a.minutes[0], a.id)
        )
        self.actor_alerts: _Index[str, AlertRecord] = _Index(attrgetter("actor"), attrgetter("changed", "id"))
        self.all_alerts: _Index[str, AlertRecord] = _Index(_all, attrgetter("changed", "id"))
        by_alert = [self.group_alerts, self.actor_alerts, self.all_alerts]
        self.alerts_: _Table[str, AlertRecord] = _Table(journal, by_alert)
        self.by_due: _Index[tuple[str, Group], _Due] = _Index(_all, attrgetter("at", "detection", "group"))
        self.dues: _Table[tuple[str, Group], _Due] = _Table(journal, [self.by_due])
        self.decisions_: _Table[str, tuple[Decision, ...]] = _Table(journal)
        order = attrgetter("created", "key")
        self.of_incident: _Index[str, Delivery] = _Index(attrgetter("incident"), order)
        self.of_channel: _Index[str, Delivery] = _Index(attrgetter("channel"), order)
        self.in_state: _Index[str, Delivery] = _Index(attrgetter("state"), order)
        self.all_deliveries: _Index[str, Delivery] = _Index(_all, order)
        by_delivery = [self.of_incident, self.of_channel, self.in_state, self.all_deliveries]
        self.deliveries_: _Table[str, Delivery] = _Table(journal, by_delivery)
        self.silences_: _Table[str, Silence] = _Table(journal)
        self.leases: _Table[str, tuple[str, int]] = _Table(journal)
        self.notes: _Table[str, str] = _Table(journal)


class _Transaction:
    """`monitor.store.Transaction` over the tables; the docstrings are there."""

    def __init__(self, tables: _Tables) -> None:
        self._t = tables

    def object(self, source: str, name: str) -> ObjectRow | None:
        return self._t.objects_.rows.get((source, name))

    def put_object(self, row: ObjectRow) -> None:
        self._t.objects_.put((row.source, row.name), row)

    def objects(self, *, poison: bool | None = None, limit: int = 1000) -> Sequence[ObjectRow]:
        rows = [row for row in self._t.objects_.rows.values() if poison is None or bool(row.poison) is poison]
        return sorted(rows, key=attrgetter("at", "source", "name"), reverse=True)[:limit]

    def health(self, source: str) -> SourceHealth | None:
        return self._t.healths_.rows.get(source)

    def put_health(self, health: SourceHealth) -> None:
        self._t.healths_.put(health.source, health)

    def healths(self) -> Sequence[SourceHealth]:
        return sorted(self._t.healths_.rows.values(), key=attrgetter("source"))

    def add_matches(self, rows: Iterable[MatchRow]) -> Sequence[MatchRow]:
        fresh = []
        for row in rows:
            key = (row.detection, row.key)
            if key not in self._t.matches.rows:
                self._t.matches.put(key, row.sighting.time)
                fresh.append(row)
        return fresh

    def minutes(self, detection: str, group: Group, start: int, end: int) -> Sequence[MinuteRow]:
        keys = self._t.of_group.keys((detection, group), start, end)
        return [found.row for found in self._t.minutes_.found(keys)]

    def put_minutes(self, detection: str, group: Group, rows: Iterable[MinuteRow]) -> None:
        for row in rows:
            self._t.minutes_.put((detection, group, row.start), _Minute(detection, group, row))

    def groups(self, detection: str, start: int, end: int) -> Sequence[Group]:
        return sorted({group for _, group, _ in self._t.of_detection.keys(detection, start, end)})

    def alert(self, alert_id: str) -> AlertRecord | None:
        return self._t.alerts_.rows.get(alert_id)

    def put_alert(self, alert: AlertRecord) -> None:
        self._t.alerts_.put(alert.id, alert)

    def alerts(self, wanted: AlertFilter) -> Sequence[AlertRecord]:
        if wanted.group is not None and wanted.detection is not None:
            own = self._t.group_alerts.keys((wanted.detection, wanted.group))
            found = sorted(self._t.alerts_.found(own), key=attrgetter("changed", "id"), reverse=True)
            return _first(found, wanted)
        if wanted.actor is not None:
            keys = self._t.actor_alerts.backwards(wanted.actor, wanted.since)
        else:
            keys = self._t.all_alerts.backwards(_ALL, wanted.since)
        return _first((self._t.alerts_.rows[key] for key in keys), wanted)

    def alerts_of(self, detection: str, group: Group, start: int, end: int) -> Sequence[AlertRecord]:
        rows = self._t.alerts_.found(self._t.group_alerts.keys((detection, group), None, end))
        return [row for row in rows if row.minutes[1] >= start]

    def set_due(self, detection: str, group: Group, due: int | None) -> None:
        found = self._t.dues.rows.get((detection, group))
        if (None if found is None else found.at) != due:
            self._t.dues.put((detection, group), None if due is None else _Due(detection, group, due))

    def due(self, now: int, limit: int = 10_000) -> Sequence[tuple[str, Group]]:
        return self._t.by_due.keys(_ALL, None, now + 1)[:limit]

    def put_decision(self, decision: Decision) -> None:
        before = self._t.decisions_.rows.get(decision.alert, ())
        self._t.decisions_.put(decision.alert, (*before, decision))

    def decisions(self, alert_id: str) -> Sequence[Decision]:
        return self._t.decisions_.rows.get(alert_id, ())

    def put_delivery(self, delivery: Delivery) -> bool:
        if delivery.key in self._t.deliveries_.rows:
            return False
        self._t.deliveries_.put(delivery.key, delivery)
        return True

    def replace_delivery(self, delivery: Delivery) -> None:
        self._t.deliveries_.put(delivery.key, delivery)

    def claim_deliveries(
        self, holder: str, now: int, until: int, limit: int, channel: str | None = None
    ) -> Sequence[Delivery]:
        waiting = self._t.deliveries_.found(self._t.in_state.keys(DeliveryState.WAITING))
        wanted = (each for each in waiting if channel in (None, each.channel))
        free = (each for each in wanted if each.due <= now and each.lease <= now)
        claimed = [replace(each, holder=holder, lease=until) for each in sorted(free, key=attrgetter("due", "key"))]
        for each in claimed[:limit]:
            self._t.deliveries_.put(each.key, each)
        return claimed[:limit]

    def delivery(self, key: str) -> Delivery | None:
        return self._t.deliveries_.rows.get(key)

    def deliveries(
        self,
        *,
        state: DeliveryState | None = None,
        channel: str | None = None,
        incident: str | None = None,
        limit: int = 1000,
    ) -> Sequence[Delivery]:
        if incident is not None:
            keys = self._t.of_incident.backwards(incident)
        elif channel is not None:
            keys = self._t.of_channel.backwards(channel)
        elif state is not None:
            keys = self._t.in_state.backwards(state)
        else:
            keys = self._t.all_deliveries.backwards(_ALL)
        rows = (self._t.deliveries_.rows[key] for key in keys)
        wanted = (row for row in rows if state in (None, row.state) and channel in (None, row.channel))
        return list(islice(wanted, limit))

    def silences(self, now: int) -> Sequence[Silence]:
        return sorted((each for each in self._t.silences_.rows.values() if each.until > now), key=attrgetter("id"))

    def put_silence(self, silence: Silence) -> None:
        self._t.silences_.put(silence.id, silence)

    def lease(self, name: str, holder: str, now: int, until: int) -> bool:
        found = self._t.leases.rows.get(name)
        if found is not None and found[0] != holder and found[1] > now:
            return False
        self._t.leases.put(name, (holder, until))
        return True

    def release(self, name: str, holder: str) -> None:
        found = self._t.leases.rows.get(name)
        if found is not None and found[0] == holder:
            self._t.leases.put(name, None)

    def note(self, name: str) -> str | None:
        return self._t.notes.rows.get(name)

    def put_note(self, name: str, value: str) -> None:
        self._t.notes.put(name, value)


def _is_wanted(row: AlertRecord, wanted: AlertFilter) -> bool:
    return (
        wanted.status in (None, row.lifecycle.status)
        and wanted.detection in (None, row.detection)
        and wanted.group in (None, row.group)
        and wanted.actor in (None, row.actor)
        and wanted.incident in (None, row.incident)
        and wanted.standing in (None, row.standing)
        and (wanted.since is None or row.changed >= wanted.since)
    )


def _first(rows: Iterable[AlertRecord], wanted: AlertFilter) -> list[AlertRecord]:
    return list(islice((row for row in rows if _is_wanted(row, wanted)), wanted.limit))


class MemoryStore:
    """`monitor.store.Store` in memory. One transaction at a time; a thread waits for another's to end."""

    def __init__(self) -> None:
        self._tables = _Tables()
        self._lock = threading.RLock()
        self._busy = False

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction; StoreError within another of the same thread."""
        with self._lock:
            if self._busy:
                raise StoreError("a transaction within a transaction")
            self._busy = True
            try:
                yield _Transaction(self._tables)
            except BaseException:
                for undo in reversed(self._tables.journal):
                    undo()
                raise
            finally:
                self._tables.journal.clear()
                self._busy = False

    def prune(self, before: Mapping[str, int]) -> Mapping[str, int]:
        """Delete what is older, by table (`monitor.store.TABLES`)."""
        with self.transaction():
            return {name: self._prune(name, time) for name, time in before.items()}

    def _prune(self, name: str, time: int) -> int:
        t = self._tables
        match name:
            case "objects":
                return _drop(t.objects_, lambda row: row.done and row.at < time)
            case "matches":
                return _drop(t.matches, lambda at: at < time)
            case "minutes":
                return _drop(t.minutes_, lambda minute: minute.row.start < time)
            case "alerts":
                return _drop(t.alerts_, lambda alert: not alert.standing and alert.changed < time)
            case "decisions":
                return self._prune_decisions(time)
            case "deliveries":
                return _drop(t.deliveries_, lambda each: each.settled is not None and each.settled < time)
            case "silences":
                return _drop(t.silences_, lambda silence: silence.until < time)
            case _:
                raise StoreError(f"there is no table `{name}` to prune")

    def _prune_decisions(self, time: int) -> int:
        gone = 0
        for alert, kept in list(self._tables.decisions_.rows.items()):
            young = tuple(decision for decision in kept if decision.at >= time)
            if len(young) < len(kept):
                gone += len(kept) - len(young)
                self._tables.decisions_.put(alert, young or None)
        return gone

    def status(self) -> Mapping[str, object]:
        """Rows by table; there is neither a schema nor a size."""
        t = self._tables
        with self._lock:
            rows = {
                "objects": len(t.objects_.rows),
                "matches": len(t.matches.rows),
                "minutes": len(t.minutes_.rows),
                "alerts": len(t.alerts_.rows),
                "decisions": sum(map(len, t.decisions_.rows.values())),
                "deliveries": len(t.deliveries_.rows),
                "silences": len(t.silences_.rows),
            }
        return {"kind": "memory", "rows": rows}

    def close(self) -> None:
        """Nothing to let go of."""


def _drop(table: _Table[_K, _V], is_old: Callable[[_V], bool]) -> int:
    old = [key for key, row in table.rows.items() if is_old(row)]
    for key in old:
        table.put(key, None)
    return len(old)
