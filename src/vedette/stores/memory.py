"""A store in memory: for tests, for trying out, and as the plainest form of the contract. Ends with the process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from itertools import count, islice
from operator import attrgetter

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
    Transaction,
)
from vedette.stores.tables import Index, Table, drop


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


@dataclass(frozen=True, slots=True)
class _Decided:
    number: int
    decision: Decision


_ALL = "all"


def _all(_: object) -> Hashable:
    return _ALL


class _Tables:
    """Everything that is kept, and the transaction over it."""

    def __init__(self) -> None:
        journal: list[Callable[[], None]] = []
        self.journal = journal
        self.objects_: Table[tuple[str, str], ObjectRow] = Table(journal)
        self.healths_: Table[str, SourceHealth] = Table(journal)
        self.matches: Table[tuple[str, str], int] = Table(journal)
        self.of_group: Index[tuple[str, Group, int], _Minute] = Index(
            lambda m: (m.detection, m.group), lambda m: (m.row.start,)
        )
        self.of_detection: Index[tuple[str, Group, int], _Minute] = Index(
            attrgetter("detection"), lambda m: (m.row.start, m.group)
        )
        self.minutes_: Table[tuple[str, Group, int], _Minute] = Table(journal, [self.of_group, self.of_detection])
        self.group_alerts: Index[str, AlertRecord] = Index(
            lambda a: (a.detection, a.group), lambda a: (a.minutes[0], a.id)
        )
        self.actor_alerts: Index[str, AlertRecord] = Index(attrgetter("actor"), attrgetter("changed", "id"))
        self.all_alerts: Index[str, AlertRecord] = Index(_all, attrgetter("changed", "id"))
        by_alert = [self.group_alerts, self.actor_alerts, self.all_alerts]
        self.alerts_: Table[str, AlertRecord] = Table(journal, by_alert)
        self.by_due: Index[tuple[str, Group], _Due] = Index(_all, attrgetter("at", "detection", "group"))
        self.dues: Table[tuple[str, Group], _Due] = Table(journal, [self.by_due])
        self.numbers = count(1)
        self.decisions_of: Index[int, _Decided] = Index(lambda d: d.decision.alert, lambda d: (d.number,))
        self.decisions_: Table[int, _Decided] = Table(journal, [self.decisions_of])
        order = attrgetter("created", "key")
        self.of_incident: Index[str, Delivery] = Index(attrgetter("incident"), order)
        self.of_channel: Index[str, Delivery] = Index(attrgetter("channel"), order)
        self.in_state: Index[str, Delivery] = Index(attrgetter("state"), order)
        self.all_deliveries: Index[str, Delivery] = Index(_all, order)
        by_delivery = [self.of_incident, self.of_channel, self.in_state, self.all_deliveries]
        self.deliveries_: Table[str, Delivery] = Table(journal, by_delivery)
        self.silences_: Table[str, Silence] = Table(journal)
        self.of_actor: Index[tuple[str, int], ActorDay] = Index(attrgetter("actor"), lambda day: (day.start,))
        self.by_day: Index[tuple[str, int], ActorDay] = Index(_all, attrgetter("start", "actor"))
        self.habits_: Table[tuple[str, int], ActorDay] = Table(journal, [self.of_actor, self.by_day])
        self.leases: Table[str, tuple[str, int]] = Table(journal)
        self.notes: Table[str, str] = Table(journal)


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

    def put_alerts(self, alerts: Sequence[AlertRecord]) -> None:
        for alert in alerts:
            self.put_alert(alert)

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

    def newest_alerts(self, places: Collection[Place], limit: int) -> Mapping[Place, Sequence[AlertRecord]]:
        return {
            (detection, group): self.alerts(AlertFilter(detection=detection, group=group, limit=limit))
            for detection, group in places
        }

    def set_due(self, detection: str, group: Group, due: int | None) -> None:
        found = self._t.dues.rows.get((detection, group))
        if (None if found is None else found.at) != due:
            self._t.dues.put((detection, group), None if due is None else _Due(detection, group, due))

    def set_dues(self, dues: Mapping[Place, int | None]) -> None:
        for (detection, group), due in dues.items():
            self.set_due(detection, group, due)

    def due(self, now: int, limit: int = 10_000) -> Sequence[tuple[str, Group]]:
        return self._t.by_due.keys(_ALL, None, now + 1)[:limit]

    def put_decision(self, decision: Decision) -> None:
        number = next(self._t.numbers)
        self._t.decisions_.put(number, _Decided(number, decision))

    def put_decisions(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            self.put_decision(decision)

    def decisions(self, alert_id: str) -> Sequence[Decision]:
        return [each.decision for each in self._t.decisions_.found(self._t.decisions_of.keys(alert_id))]

    def last_decision(self) -> int:
        return max(self._t.decisions_.rows, default=0)

    def count_decided(self, reason: Reason, after: int) -> int:
        every = self._t.decisions_.rows.values()
        return len({each.decision.alert for each in every if each.number > after and each.decision.reason is reason})

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

    def habits(self, actor: str, start: int, end: int) -> Sequence[ActorDay]:
        return self._t.habits_.found(self._t.of_actor.keys(actor, start, end))

    def habits_on(self, start: int, actors: Collection[str]) -> Sequence[ActorDay]:
        found = (self._t.habits_.rows.get((actor, start)) for actor in sorted(set(actors)))
        return [row for row in found if row is not None]

    def put_habits(self, days: Iterable[ActorDay]) -> None:
        for day in days:
            self._t.habits_.put((day.actor, day.start), day)

    def habits_since(self) -> int | None:
        first = self._t.by_day.keys(_ALL)[:1]
        return first[0][1] if first else None

    def trim_habits(self, most: int) -> int:
        rows = self._t.habits_.rows
        once = {actor for actor, count in Counter(actor for actor, _ in rows).items() if count == 1}
        ordered = sorted(rows, key=lambda key: (key[0] not in once, key[1], key[0]))
        gone = ordered[: max(0, len(rows) - most)]
        for key in gone:
            self._t.habits_.put(key, None)
        return len(gone)

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

    def snapshot(self) -> AbstractContextManager[Transaction]:
        """A transaction that only reads; others wait for it."""
        return self.transaction()

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
                return drop(t.objects_, lambda row: row.done and row.at < time)
            case "matches":
                return drop(t.matches, lambda at: at < time)
            case "minutes":
                return drop(t.minutes_, lambda minute: minute.row.start < time)
            case "alerts":
                return drop(t.alerts_, lambda alert: not alert.standing and alert.changed < time)
            case "decisions":
                standing = {alert.id for alert in t.alerts_.rows.values() if alert.standing}
                decisions = t.decisions_
                return drop(decisions, lambda d: d.decision.at < time and d.decision.alert not in standing)
            case "deliveries":
                return drop(t.deliveries_, lambda each: each.settled is not None and each.settled < time)
            case "habits":
                return drop(t.habits_, lambda day: day.start < time)
            case "silences":
                return drop(t.silences_, lambda silence: silence.until < time)
            case _:
                raise StoreError(f"there is no table `{name}` to prune")

    def status(self) -> Mapping[str, object]:
        """Rows by table; there is neither a schema nor a size."""
        t = self._tables
        with self._lock:
            rows = {
                "objects": len(t.objects_.rows),
                "matches": len(t.matches.rows),
                "minutes": len(t.minutes_.rows),
                "alerts": len(t.alerts_.rows),
                "decisions": len(t.decisions_.rows),
                "deliveries": len(t.deliveries_.rows),
                "habits": len(t.habits_.rows),
                "silences": len(t.silences_.rows),
            }
        return {"kind": "memory", "rows": rows}

    def close(self) -> None:
        """Nothing to let go of."""
