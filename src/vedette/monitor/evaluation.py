"""What a group's minutes say now: the episodes around what has changed, from as few minutes as give the exact answer.

Alerts in the store are what the minutes said before the change, so that an evaluation may begin anywhere where the
alarm's state follows from the minutes read and no alert that the change can touch has begun. Reads, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vedette.alarms import Transition
from vedette.alerts.assembly import Course, Finding, composite_findings, findings
from vedette.alerts.evidence import Evidence
from vedette.alerts.record import AlertRecord, Base, Group
from vedette.detections.definition import Detection
from vedette.metrics.statistics import StatisticSet, merge
from vedette.monitor.store import MinuteRow, Transaction
from vedette.monitor.watching import Leaf, Monitor, Scope

END_OF_TIME = 1 << 40
MINUTE = 60
_TAIL = 3_600


@dataclass(frozen=True, slots=True)
class Stretch:
    """The starts of the first and the last minute that changed."""

    low: int
    high: int

    def joined(self, other: Stretch | None) -> Stretch:
        """Both together."""
        return self if other is None else Stretch(min(self.low, other.low), max(self.high, other.high))


@dataclass(frozen=True, slots=True)
class Draft:
    """An alert as the minutes give it. `minutes` are those of its first and last record."""

    opened: int
    reason: str
    closed: Transition | None
    minutes: tuple[int, int]
    evidence: Evidence
    base: Base | None


@dataclass(frozen=True, slots=True)
class View:
    """The alerts that the minutes read give, and the alerts in the store that speak of the same minutes."""

    drafts: tuple[Draft, ...]
    stored: tuple[AlertRecord, ...]


def default_rows(detection: str) -> str:
    """Under which name the datapoints are kept that a metric's default value gives for records that do not match."""
    return f"{detection} default"


def view(tx: Transaction, monitor: Monitor, scope: Scope, group: Group, changed: Stretch) -> View:
    """What the minutes of the group say around the stretch."""
    if scope.reach is None:
        stored = _alerts(tx, scope, group, 0, END_OF_TIME)
        found = _findings(tx, monitor, scope, group, 0, END_OF_TIME)
        return View(tuple(_draft(one, None) for one in found), tuple(stored))
    near = _alerts(tx, scope, group, changed.low - 3 * scope.reach, changed.high + 3 * scope.reach)
    first = near[0] if near else None
    if first is not None and first.base is not None and changed.low >= first.base.until + 2 * scope.reach:
        return _prolonged(tx, monitor, scope, group, changed, first, first.base)
    start = min(changed.low, first.minutes[0] if first is not None else changed.low) - 3 * scope.reach
    stored, end = _to_the_end(tx, scope, group, start, changed.high)
    # After one reach the states are exact; after another, whatever goes on from before has shown itself.
    exact = start + 2 * scope.reach
    found = _findings(tx, monitor, scope, group, start, end)
    drafts = (_draft(one, scope.reach) for one in found if exact < one.opened.at <= end)
    return View(tuple(drafts), tuple(alert for alert in stored if alert.opened > exact))


def _prolonged(
    tx: Transaction, monitor: Monitor, scope: Scope, group: Group, changed: Stretch, alert: AlertRecord, base: Base
) -> View:
    """As `view`, of an alert so long that its older part is put together in `base` and not read again."""
    assert scope.reach is not None
    start = base.until - 3 * scope.reach
    stored, end = _to_the_end(tx, scope, group, start, changed.high)
    found = _findings(tx, monitor, scope, group, start, end)
    # What changed can have opened nothing by then, so that whatever is open is this alert; and it is open, or it would
    # have ended before its base did.
    own = [one for one in found if one.opened.at <= base.until + scope.reach]
    minutes = tuple(at for one in own for at in one.minutes)
    whole = Finding(own[0].opened, own[-1].closed, minutes, own[0].by_minute)
    newer = _base(whole, base, scope.reach)
    draft = Draft(
        alert.opened, alert.reason, whole.closed, (alert.minutes[0], minutes[-1]), _evidence(whole, newer), newer
    )
    later = (_draft(one, scope.reach) for one in found[len(own) :] if one.opened.at <= end)
    return View((draft, *later), (alert, *(one for one in stored if one.opened > alert.opened)))


def _to_the_end(tx: Transaction, scope: Scope, group: Group, start: int, high: int) -> tuple[list[AlertRecord], int]:
    """The alerts that touch what is to be read, and where that ends: behind the last of them, and of what changed."""
    assert scope.reach is not None
    end = high + MINUTE + 3 * scope.reach
    while True:
        stored = _alerts(tx, scope, group, start, end)
        last = max((alert.minutes[1] for alert in stored), default=high) + MINUTE + 3 * scope.reach
        if last <= end:
            return stored, end
        end = last


def _alerts(tx: Transaction, scope: Scope, group: Group, start: int, end: int) -> list[AlertRecord]:
    return [alert for alert in tx.alerts_of(scope.detection.id, group, start, end) if not alert.withdrawn]


def _draft(found: Finding, reach: int | None) -> Draft:
    base = None if reach is None else _base(found, None, reach)
    minutes = found.minutes[0], found.minutes[-1]
    return Draft(found.opened.at, found.opened.reason, found.closed, minutes, _evidence(found, base), base)


def _evidence(found: Finding, base: Base | None) -> Evidence:
    return found.evidence() if base is None else base.evidence.merge(found.evidence(base.until))


def _base(found: Finding, base: Base | None, reach: int) -> Base | None:
    """A base that leaves no more than a tail to read again; the given one as long as that tail is short enough."""
    tail = max(_TAIL, 4 * reach)
    start, last = found.minutes[0] if base is None else base.until, found.minutes[-1]
    if last - start < 2 * tail:
        return base
    older = found.evidence(0 if base is None else base.until, last - tail)
    return Base(last - tail, older if base is None else base.evidence.merge(older))


def _findings(tx: Transaction, monitor: Monitor, scope: Scope, group: Group, start: int, end: int) -> Sequence[Finding]:
    courses = list(_courses(tx, scope, group, start, end))
    if scope.detection.rule is None:
        return findings(courses[0]) if courses else []
    if not group and scope.reach is None and _has_own_groups(tx, scope):
        return []
    return composite_findings(scope.detection, courses, monitor.detections).get(group, [])


def _has_own_groups(tx: Transaction, scope: Scope) -> bool:
    """Whether some child that is followed group by group has a course: then the group of no fields is none of them."""
    return bool(scope.detection.group_by) and any(
        course.series
        for leaf in scope.alike
        for group in tx.groups(leaf.detection.id, 0, END_OF_TIME)
        for course in _courses_of(tx, leaf.detection, [group], 0, END_OF_TIME)
    )


def _courses(tx: Transaction, scope: Scope, group: Group, start: int, end: int) -> Iterator[Course]:
    for leaf in scope.leaves:
        yield from _courses_of(tx, leaf.detection, groups_of(tx, leaf, group, start, end), start, end)


def _courses_of(
    tx: Transaction, detection: Detection, groups: Iterable[Group], start: int, end: int
) -> Iterator[Course]:
    defaults = _defaults(tx, detection, start, end)
    for group in groups:
        rows = tx.minutes(detection.id, group, start, end)
        if rows or defaults:
            yield _course(detection, group, rows, defaults)


def groups_of(tx: Transaction, leaf: Leaf, group: Group, start: int, end: int) -> Iterable[Group]:
    """The groups of a leaf that count for a group of the detection that watches it."""
    if not leaf.shared:
        return [group]
    every = tx.groups(leaf.detection.id, start, end)
    has_one = leaf.detection.group_by == () and has_default(leaf.detection)
    return sorted({*every, ()}) if has_one else every


def has_default(detection: Detection) -> bool:
    """Whether records that do not match give datapoints."""
    return detection.metric is not None and detection.metric.default is not None


def _defaults(tx: Transaction, detection: Detection, start: int, end: int) -> Mapping[int, StatisticSet]:
    if not has_default(detection):
        return {}
    rows = tx.minutes(default_rows(detection.id), (), start, end)
    return {row.start: row.statistics for row in rows if row.statistics is not None}


def _course(
    detection: Detection, group: Group, rows: Sequence[MinuteRow], defaults: Mapping[int, StatisticSet]
) -> Course:
    series = dict(defaults)
    for row in rows:
        if row.statistics is not None:
            other = series.get(row.start)
            series[row.start] = row.statistics if other is None else merge(other, row.statistics)
    return Course(detection, group, series, {row.start: row.evidence for row in rows})
