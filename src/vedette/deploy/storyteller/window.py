"""The time, as CloudWatch counts it, whose records made an alarm fire, and how many records that were.

CloudTrail's records stand in the log group at the time of their delivery, and so do a metric filter's datapoints. A
datapoint is named by the start of its period. Sources: recorded state reasons and StateReasonData.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vedette.alarms.spec import AlarmSpec
from vedette.alarms.windows import Windows
from vedette.alerts.assembly import lookback
from vedette.cloudtrail.moment import parse_time
from vedette.deploy.storyteller.change import AlarmChange
from vedette.detections.definition import Detection

LATE = 120
"""Seconds that a composite alarm's children may be behind their records."""

_DATAPOINT = re.compile(r"(-?[0-9.]+(?:E-?[0-9]+)?) \((\d\d)/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)\)")
_MOST = 1e15
_SOME = re.compile(r"Thresholds? Crossed")
_MOVED = re.compile(r"\S+ transitioned to [A-Z_]+ at ")


@dataclass(frozen=True, slots=True)
class Window:
    """`[start, end)` in epoch seconds, and how many records it is known to hold at the least (0: nobody says)."""

    start: int
    end: int
    expected: int = 0


@dataclass(frozen=True, slots=True)
class _Point:
    at: int
    value: float


def window_of(change: AlarmChange, detection: Detection, by_id: Mapping[str, Detection]) -> Window | None:
    """Where to look for the records behind the change; None where there are none, as somebody set the alarm by hand.

    `by_id` holds what a composite detection watches.
    """
    if not change.now.at or _by_hand(change):
        return None
    spec = detection.alarm
    if spec is None:
        start = change.now.at - change.now.at % 60 - lookback(detection, by_id) - LATE
        return Window(start, change.now.at + 1)
    period = change.period or spec.period
    found = set(_in_data(change.now.data)) or set(_in_reason(change.now.reason))
    points = sorted(found, key=lambda point: point.at)
    if points:
        return Window(points[0].at, points[-1].at + period, _expected(points, detection, spec))
    expected = 1 if _SOME.match(change.now.reason) else 0
    end = change.now.at - change.now.at % 60
    began = parse_time(change.now.data.get("startDate"))
    if began is not None and began < end:
        return Window(began, end, expected)
    # The datapoints are not named: a message of 2017, or a child of which its composite tells.
    slots = max(Windows.of(spec).slots, (change.periods or 1) + 2)
    return Window(end - period * slots, max(end, change.now.at + 1), expected)


def _by_hand(change: AlarmChange) -> bool:
    """Whether the reason is somebody's own: CloudWatch's begin in a few ways. Source: SetAlarmState."""
    reason = change.now.reason
    known = _SOME.match(reason) or _MOVED.match(reason) or _DATAPOINT.search(reason)
    return bool(reason) and not change.now.data and not known


def _in_data(data: Mapping[str, object]) -> Iterator[_Point]:
    """Points that have a value; before 2021 there are none in StateReasonData."""
    points = data.get("evaluatedDatapoints")
    for point in points if isinstance(points, list) else ():
        if isinstance(point, Mapping):
            at, value = parse_time(point.get("timestamp")), point.get("value")
            if at is not None and isinstance(value, int | float) and abs(value) < _MOST:
                yield _Point(at, float(value))


def _in_reason(reason: str) -> Iterator[_Point]:
    """`[1.0 (26/09/18 02:58:00)]`: a value, and the start of its period, day before month."""
    for found in _DATAPOINT.finditer(reason):
        value, (day, month, year, hour, minute, second) = found[1], map(int, found.groups()[1:])
        try:
            at = dt.datetime(2000 + year, month, day, hour, minute, second, tzinfo=dt.UTC)
            if abs(float(value)) < _MOST:
                yield _Point(int(at.timestamp()), float(value))
        except ValueError:
            continue


def _expected(points: list[_Point], detection: Detection, spec: AlarmSpec) -> int:
    """Records behind the points: their sum where each counts one, else one at the least."""
    metric = detection.metric
    counts = spec.statistic == "Sum" and (metric is None or (metric.value == "1" and not metric.default))
    return max(1, int(sum(point.value for point in points))) if counts else 1
