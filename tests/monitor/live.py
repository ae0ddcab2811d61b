"""A live run made for the tests: events put into objects and taken in, and what a scan would make of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from alerts.making import NOON, actor
from alerts.making import sighting as plain_sighting
from vedette.alerts.alert import Alert
from vedette.alerts.assembly import Course, assemble
from vedette.alerts.evidence import Evidence
from vedette.alerts.policy import Policy, Route
from vedette.alerts.record import AlertRecord
from vedette.cloudtrail.body import Kind
from vedette.detections.definition import Detection
from vedette.engine.result import BodyResult, EventIds, Match
from vedette.metrics.series import Series
from vedette.monitor import Monitor, ingest, tick
from vedette.monitor.store import AlertFilter, Store
from vedette.stores.memory import MemoryStore

FAR = NOON + 10**8
POLICY = Policy(routes=(Route(("mail",)),), max_age=10**9)


@dataclass(frozen=True, slots=True)
class Event:
    """A record: which detections match it (by number) for which group, `minute` (with parts) after noon."""

    id: int
    minute: float
    matches: tuple[tuple[int, tuple[str, ...]], ...]
    value: float | None = 1.0
    who: str = "alice"
    address: str = "198.51.100.7"


def body(events: Sequence[Event], name: str = "log", *, minutes: bool = False) -> BodyResult:
    """What the engine makes of a body with these records."""
    matches = []
    for place, event in enumerate(events):
        # Where a record was found differs between its copies; the tests compare without.
        seen = plain_sighting(event.minute, event.id, actor=actor(event.who), address=event.address)
        seen = seen._replace(object_name=name, place=place)
        matches += [Match(number, group, event.value, seen) for number, group in event.matches]
    ids = EventIds(plain_sighting(0, event.id).event_id for event in events)
    starts = tuple((NOON + int(60 * event.minute)) // 60 * 60 for event in events)
    return BodyResult(name, Kind.LOG_FILE, ids, tuple(matches), starts if minutes else None)


def scanned(detections: Sequence[Detection], events: Iterable[Event]) -> tuple[Alert, ...]:
    """What a scan makes of the records, each once: slow and plain."""
    once = {event.id: event for event in events}
    counted: dict[tuple[int, tuple[str, ...]], list[Event]] = defaultdict(list)
    for event in once.values():
        for place in event.matches:
            counted[place].append(event)
    for number, detection in enumerate(detections):
        if detection.metric is not None and detection.metric.default is not None and not detection.group_by:
            counted.setdefault((number, ()), [])
    courses = []
    for (number, group), own in counted.items():
        detection = detections[number]
        series = Series()
        found = defaultdict(list)
        for event in own:
            seen = plain_sighting(event.minute, event.id, actor=actor(event.who), address=event.address)
            found[seen.time // 60 * 60].append(seen)
            if event.value is not None:
                series.add(seen.time, event.value)
        if detection.metric is not None and detection.metric.default is not None:
            for event in once.values():
                if all(number != matched for matched, _ in event.matches):
                    series.add(NOON + int(60 * event.minute), detection.metric.default)
        courses.append(Course(detection, group, series, {start: Evidence.of(seen) for start, seen in found.items()}))
    return assemble(courses, detections).alerts


def monitor(detections: Sequence[Detection], policy: Policy = POLICY) -> Monitor:
    return Monitor(tuple(detections), policy)


def take(
    store: Store, watching: Monitor, results: Sequence[BodyResult], now: int, name: str = "o", *,
    before: int = 0, done: bool = True,
) -> None:  # fmt: skip
    """Take in a part of an object behind `before` bodies, in a transaction."""
    with store.transaction() as tx:
        ingest(tx, watching, "test", name, results, now, bodies=before + len(results), done=done)


def at(store: Store, watching: Monitor, now: int) -> None:
    """A tick."""
    with store.transaction() as tx:
        tick(tx, watching, now)


def alerts(store: Store) -> list[AlertRecord]:
    """Those that are alerts still, in order."""
    with store.transaction() as tx:
        found = [alert for alert in tx.alerts(AlertFilter(limit=10**6)) if not alert.withdrawn]
    return sorted(found, key=lambda alert: (alert.detection, alert.group, alert.minutes))


Said = tuple[str, tuple[str, ...], int, int | None, str, Evidence]


def said_live(store: Store) -> list[Said]:
    """What the alerts in the store say, in order."""
    return [
        (each.detection, each.group, each.opened, each.closed, each.reason, placeless(each.evidence))
        for each in alerts(store)
    ]


def said_scanned(found: Iterable[Alert]) -> list[Said]:
    """What the alerts of a scan say, in the same order."""
    ordered = sorted(found, key=lambda one: (one.detection.id, one.group, one.evidence.first // 60))
    return [
        (
            one.detection.id,
            one.group,
            one.opened.at,
            None if one.closed is None else one.closed.at,
            one.opened.reason,
            placeless(one.evidence),
        )
        for one in ordered
    ]


def placeless(evidence: Evidence) -> Evidence:
    """The evidence without where each record was found: of several copies the first that came counts."""
    return replace(
        evidence,
        earliest=tuple(seen._replace(object_name="", first_line=0, place=0) for seen in evidence.earliest),
        latest=tuple(seen._replace(object_name="", first_line=0, place=0) for seen in evidence.latest),
    )


def new_store() -> MemoryStore:
    return MemoryStore()
