"""From records to alerts: our own engine asks them, and they become alerts as `scan` makes them.

CloudWatch has decided already, for all actors together and by the time of delivery. Here the groups are told apart, and
each has its own alert; where none alone would have made the alarm fire, there is one alert about all of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from vedette.alerts.alert import alert_id
from vedette.alerts.assembly import Course, assemble
from vedette.alerts.evidence import Evidence, together
from vedette.alerts.record import AlertRecord
from vedette.cloudtrail.body import Body
from vedette.deploy.storyteller.change import Seen
from vedette.deploy.storyteller.contract import CANARY_REASON
from vedette.detections.definition import Detection
from vedette.engine.engine import Engine
from vedette.engine.fold import Fold

Group = tuple[str, ...]
DETECTION, CANARY = "detection", "canary"
"""Kinds of alerts."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the records say of one detection.

    `matched` counts those that its pattern matches, copies included, as a metric filter counts them; `excepted` says
    that there are such, and that all of them are expected (exceptions that the deployed filter does not hold).
    """

    alerts: tuple[AlertRecord, ...]
    matched: int
    excepted: bool = False


def judge(detections: Sequence[Detection], bodies: Sequence[Body], why: Seen, now: int) -> Judged:
    """Ask the records; the last of `detections` is told of, and those before it are what its rule watches (`notify` is
    false for these, so that they have no alerts of their own).

    `why` is the state into which the alarm went; `now` is epoch seconds, and decides which exceptions are in force.
    """
    told, today = detections[-1], dt.datetime.fromtimestamp(now, dt.UTC).date()
    courses, matched = _courses(detections, bodies, today)
    found = assemble(courses, detections).alerts
    if found:
        return Judged(tuple(_alert(told, alert.group, alert.evidence, why, now) for alert in found), matched)
    everything = reduce(Evidence.merge, (together(one.evidence, one.evidence) for one in courses), Evidence())
    if everything.count:
        return Judged((_alert(told, (), everything, why, now),), matched)
    bare = [replace(one, exceptions=()) for one in detections]
    known = _courses(bare, bodies, today)[1] if any(one.exceptions for one in detections) else 0
    return Judged((), known, excepted=known > 0)


def _courses(detections: Sequence[Detection], bodies: Iterable[Body], today: dt.date) -> tuple[list[Course], int]:
    engine, fold, matched = Engine(detections, today), Fold(detections), 0
    for body in bodies:
        result = engine.process(body)
        matched += len(result.matches)
        fold.add(result)
    courses = [
        Course(detections[one.detection], one.group or (), one.series, one.by_minute()) for one in fold.results()
    ]
    return courses, matched


def as_canary(judged: Judged) -> Judged:
    """The same, told as a canary that came the whole way."""
    return replace(judged, alerts=tuple(replace(alert, kind=CANARY) for alert in judged.alerts))


def without_records(detection: Detection, why: Seen, now: int) -> AlertRecord:
    """The alert where its records could not be had: that it fired, and what to do about it. A canary may have none."""
    kind = CANARY if why.reason.startswith(CANARY_REASON) else DETECTION
    return replace(_alert(detection, (), Evidence(), why, now), kind=kind)


def _alert(detection: Detection, group: Group, evidence: Evidence, why: Seen, now: int) -> AlertRecord:
    """The alert, by CloudWatch's own time and reason; its id is that of `scan` for the same records."""
    first, last = (evidence.first, evidence.last) if evidence.count else (why.at, why.at)
    name = alert_id(detection.id, group, first)
    return AlertRecord(
        id=name,
        detection=detection.id,
        title=detection.title,
        severity=detection.severity,
        group=group,
        opened=why.at,
        closed=None,
        reason=why.reason,
        minutes=(first - first % 60, last - last % 60),
        evidence=evidence,
        incident=name,
        created=now,
        changed=now,
    )


def by_group(alerts: Sequence[AlertRecord], most: int) -> list[tuple[AlertRecord, ...]]:
    """What is told together: each group by itself, the first of them first; beyond `most`, the rest as one."""
    groups: dict[Group, list[AlertRecord]] = {}
    for alert in alerts:
        groups.setdefault(alert.group, []).append(alert)
    each = [tuple(group) for group in groups.values()]
    if len(each) <= most:
        return each
    return [*each[: most - 1], tuple(alert for group in each[most - 1 :] for alert in group)]
