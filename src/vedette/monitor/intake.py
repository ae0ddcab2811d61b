"""From what an object says to everything that follows from it, in one transaction.

Matches count once, whatever object or source they come through; the minutes that they touch are written; every group
that they touch is evaluated; what people should hear is planned. Only what waits for time is left for later.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from vedette.alerts.evidence import Evidence, Sighting
from vedette.alerts.record import Group
from vedette.cloudtrail.body import Malformed
from vedette.cloudtrail.identity import Actor, ActorKind
from vedette.detections.definition import Detection
from vedette.engine.result import BodyResult, Match
from vedette.metrics.statistics import StatisticSet, merge
from vedette.monitor.evaluation import END_OF_TIME, MINUTE, Stretch, default_rows, has_default, view
from vedette.monitor.reconciliation import reconcile
from vedette.monitor.store import MatchRow, MinuteRow, ObjectRow, Place, Transaction
from vedette.monitor.telling import Desk
from vedette.monitor.watching import Monitor, Scope

MALFORMED = "malformed"
"""The note that keeps the last parts that could not be read."""

MOST_MALFORMED = 200
_EVALUATING = "while evaluating "

_NOBODY = Actor(ActorKind.UNKNOWN, "", "")

Piece = BodyResult | Malformed


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a part of an object: matches = `fresh` + `duplicates`; `alerts` are the ids of those that changed,
    `opened` of those among them that are new.

    `known` tells that the part had been read before: it counted nothing.
    """

    records: int = 0
    malformed: int = 0
    fresh: int = 0
    duplicates: int = 0
    alerts: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()
    told: int = 0
    known: bool = False


def ingest(
    tx: Transaction, monitor: Monitor, source: str, name: str, results: Sequence[Piece], now: int, *,
    bodies: int, done: bool,
) -> Ingested:  # fmt: skip
    """Take in a part of an object: `results` are of its bodies up to the `bodies`-th (from 1), the earlier left out.

    A caller that was interrupted asks `tx.object` how many bodies are done, and goes on behind them; a part that comes
    again changes nothing. `results` number the detections as `monitor.detections` has them. `now` is epoch seconds.
    """
    return ingest_together(tx, monitor, [Arrival(source, name, results, bodies, done)], now)[0]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A part of an object, as `ingest` takes it."""

    source: str
    name: str
    results: Sequence[Piece]
    bodies: int
    done: bool


def ingest_together(tx: Transaction, monitor: Monitor, arrivals: Iterable[Arrival], now: int) -> list[Ingested]:
    """As `ingest` one after the other; but a group that several of them touch is evaluated once.

    What follows from all of them, `alerts`, `opened` and `told`, is said with the last that was not known.
    """
    desk = Desk(tx, monitor, now)
    fresh: list[MatchRow] = []
    done = [_count(tx, monitor, arrival, now, fresh) for arrival in arrivals]
    alerts = evaluate(desk, _counted(tx, monitor, fresh))
    desk.finish()
    if alerts:
        last = max(number for number, one in enumerate(done) if not one.known)
        done[last] = replace(done[last], alerts=alerts, opened=tuple(desk.opened), told=desk.told)
    return done


def _count(tx: Transaction, monitor: Monitor, arrival: Arrival, now: int, fresh: list[MatchRow]) -> Ingested:
    """Write that a part was read, and its matches; those that had not been counted come to `fresh`."""
    source, name, results = arrival.source, arrival.name, arrival.results
    before = tx.object(source, name)
    if before is not None and (before.done or (arrival.bodies < before.bodies and not arrival.done)):
        return Ingested(known=True)
    records = sum(result.records for result in results if isinstance(result, BodyResult))
    malformed = list(_malformed(results))
    tx.put_object(_object(before, source, name, now, records, len(malformed), arrival.bodies, done=arrival.done))
    _keep_malformed(tx, source, malformed, now)
    rows = list(_rows(monitor, name, results, arrival.bodies))
    counted = tx.add_matches(rows)
    fresh += counted
    return Ingested(records, len(malformed), len(counted), len(rows) - len(counted))


def _object(
    before: ObjectRow | None, source: str, name: str, now: int, records: int, malformed: int, bodies: int, *, done: bool
) -> ObjectRow:
    if before is None:
        return ObjectRow(source, name, now, records, malformed, bodies, done)
    return replace(
        before,
        at=now,
        records=before.records + records,
        malformed=before.malformed + malformed,
        bodies=max(before.bodies, bodies),
        done=done,
        poison="",
    )


def _malformed(results: Iterable[Piece]) -> Iterator[Malformed]:
    for result in results:
        if isinstance(result, BodyResult):
            yield from result.malformed
        else:
            yield result


def _keep_malformed(tx: Transaction, source: str, malformed: Sequence[Malformed], now: int) -> None:
    if not malformed:
        return
    fresh = [
        {"at": now, "source": source, "object": one.name, "place": one.place, "why": one.reason.value,
         "detail": one.detail}
        for one in malformed[:MOST_MALFORMED]
    ]  # fmt: skip
    tx.put_note(MALFORMED, json.dumps([*last_malformed(tx), *fresh][-MOST_MALFORMED:]))


def last_malformed(tx: Transaction) -> list[dict[str, object]]:
    """The last parts of objects that could not be read, oldest first: when, source, object, place, why, detail."""
    kept: list[dict[str, object]] = json.loads(tx.note(MALFORMED) or "[]")
    return kept


def _rows(monitor: Monitor, name: str, results: Sequence[Piece], bodies: int) -> Iterator[MatchRow]:
    defaults = [number for number, each in enumerate(monitor.detections) if has_default(each)]
    for number, result in enumerate(results, bodies - len(results)):
        if isinstance(result, BodyResult):
            for match in result.matches:
                yield _match_row(monitor, match, number)
            if defaults and result.minutes is not None:
                yield from _default_rows(monitor, defaults, result, f"{name}:{number}")


def _match_row(monitor: Monitor, match: Match, body: int) -> MatchRow:
    seen = match.sighting
    key = seen.event_id or f"{seen.object_name}:{body}:{seen.place}"
    return MatchRow(monitor.detections[match.detection].id, key, match.group, match.value, seen)


def _default_rows(monitor: Monitor, defaults: Iterable[int], result: BodyResult, body: str) -> Iterator[MatchRow]:
    """For each record that does not match, the datapoint of the metric's default value; once for each record, too."""
    matched = {(match.detection, match.sighting.place) for match in result.matches}
    for number in defaults:
        detection = monitor.detections[number]
        assert detection.metric is not None
        for place, (minute, event_id) in enumerate(zip(result.minutes or (), result.event_ids, strict=True)):
            if minute is not None and (number, place) not in matched:
                seen = Sighting(minute, event_id, "", 0, place, _NOBODY, "", "", "", "", "", "", "", ())
                key = event_id or f"{body}:{place}"
                yield MatchRow(default_rows(detection.id), key, (), detection.metric.default, seen)


def _counted(tx: Transaction, monitor: Monitor, fresh: Iterable[MatchRow]) -> dict[Place, Stretch]:
    """Write the minutes of matches that had not been counted; the stretches of the groups that they touch."""
    minutes: dict[Place, dict[int, list[MatchRow]]] = defaultdict(lambda: defaultdict(list))
    for row in fresh:
        time = row.sighting.time
        minutes[row.detection, row.group][time - time % MINUTE].append(row)
    defaults = {default_rows(each.id): each for each in monitor.detections if has_default(each)}
    touched: dict[Place, Stretch] = {}
    for (detection, group), added in minutes.items():
        stretch = Stretch(min(added), max(added))
        known = {row.start: row for row in tx.minutes(detection, group, stretch.low, stretch.high + MINUTE)}
        own = detection not in defaults
        tx.put_minutes(
            detection, group, (_minute(start, rows, known.get(start), own=own) for start, rows in sorted(added.items()))
        )
        for place in [(detection, group)] if own else _groups_near(tx, monitor, defaults[detection], stretch):
            touched[place] = stretch.joined(touched.get(place))
    return touched


def _minute(start: int, rows: Sequence[MatchRow], before: MinuteRow | None, *, own: bool) -> MinuteRow:
    values = [row.value for row in rows if row.value is not None]
    statistics = StatisticSet.of(values) if values else None
    evidence = Evidence.of(row.sighting for row in rows) if own else Evidence()
    if before is None:
        return MinuteRow(start, statistics, evidence)
    if before.statistics is not None:
        statistics = before.statistics if statistics is None else merge(before.statistics, statistics)
    return MinuteRow(start, statistics, before.evidence.merge(evidence))


def _groups_near(tx: Transaction, monitor: Monitor, detection: Detection, stretch: Stretch) -> Iterator[Place]:
    """The groups whose metric has the default's datapoints."""
    reaches = [scope.reach for scope in monitor.watchers.get(detection.id, ())]
    bounds = [0 if reach is None else 3 * reach for reach in reaches]
    low, high = stretch.low - max(bounds, default=0), stretch.high + MINUTE + max(bounds, default=0)
    if None in reaches:
        low, high = 0, END_OF_TIME
    groups = set(tx.groups(detection.id, low, high))
    if not detection.group_by:
        groups.add(())
    yield from ((detection.id, group) for group in groups)


def evaluate(desk: Desk, touched: Mapping[Place, Stretch]) -> tuple[str, ...]:
    """Evaluate every group, of whatever detection, that minutes in these stretches say something of; who changed."""
    changed: list[str] = []
    places: list[Place] = []
    for (name, group), stretch in sorted(_affected(desk.tx, desk.monitor, touched).items()):
        try:
            found = _evaluate(desk, name, group, stretch)
        except Exception as error:
            error.add_note(_EVALUATING + name)
            raise
        if found:
            changed += found
            places.append((name, group))
    desk.look_after(places)
    return tuple(changed)


def _evaluate(desk: Desk, name: str, group: Group, stretch: Stretch) -> list[str]:
    scope = desk.monitor.scopes[name]
    found = view(desk.tx, desk.monitor, scope, group, stretch)
    alerts, opened = reconcile(desk.tx, desk.monitor.policy, scope.detection, group, found, desk.now)
    desk.opened += opened
    return [alert.id for alert in alerts]


def evaluating(error: Exception) -> str:
    """The id of the detection whose evaluation raised the error; empty where it was nothing of the kind."""
    notes: Sequence[str] = getattr(error, "__notes__", ())
    return next((note.removeprefix(_EVALUATING) for note in notes if note.startswith(_EVALUATING)), "")


def _affected(tx: Transaction, monitor: Monitor, touched: Mapping[Place, Stretch]) -> dict[Place, Stretch]:
    """The touched groups themselves, and those of the composite detections that watch them."""
    affected: dict[Place, Stretch] = {}
    for (name, group), stretch in touched.items():
        for scope in monitor.watchers.get(name, ()):
            for each in _watching_groups(tx, scope, name, group, stretch):
                place = (scope.detection.id, each)
                affected[place] = stretch.joined(affected.get(place))
    return affected


def _watching_groups(tx: Transaction, scope: Scope, name: str, group: Group, stretch: Stretch) -> set[Group]:
    """The groups of the scope's detection that a leaf's group counts for."""
    is_shared = any(leaf.shared for leaf in scope.leaves if leaf.detection.id == name)
    groups: set[Group] = set() if is_shared else {group}
    if scope.reach is None and scope.detection.rule is not None and scope.detection.group_by:
        groups.add(())
    if is_shared and not scope.alike:
        groups.add(())
    elif is_shared:
        reach = END_OF_TIME if scope.reach is None else 3 * scope.reach
        for leaf in scope.alike:
            groups |= set(tx.groups(leaf.detection.id, max(0, stretch.low - reach), stretch.high + MINUTE + reach))
    return groups
