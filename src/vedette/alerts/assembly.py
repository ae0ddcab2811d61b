"""From what was counted to alerts: each group's metric goes through its alarm, each ALARM episode becomes an alert.

Composite detections are followed over the courses of their children, group by group. A match is in at most one alert of
its detection; those that stayed below their alarm's threshold are counted, not lost.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vedette.alarms import State, Transition, episodes, timeline
from vedette.alarms.composite import Rule, composite_timeline
from vedette.alarms.windows import Windows
from vedette.alerts.alert import Alert
from vedette.alerts.evidence import Evidence, counter_of, together
from vedette.detections.definition import Detection
from vedette.metrics.statistics import StatisticSet

Group = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """What one group of one detection did: the metric, and the evidence, by the start of the minute (epoch seconds)."""

    detection: Detection
    group: Group
    series: Mapping[int, StatisticSet]
    evidence: Mapping[int, Evidence]

    @property
    def matches(self) -> int:
        """How many records matched."""
        return sum(map(counter_of(self.evidence), self.evidence))


@dataclass(frozen=True, slots=True)
class Assembly:
    """Alerts in the order in which they are told, and where the matches of pattern detections went.

    matches = alerted + below_threshold + building_blocks. `building_blocks` are matches of detections that only feed
    composite rules; their evidence shows in the composite's alerts.
    """

    alerts: tuple[Alert, ...]
    matches: int
    alerted: int
    below_threshold: int
    building_blocks: int


@dataclass(frozen=True, slots=True)
class Finding:
    """An episode with records behind it: an alert to be. `minutes` are the starts of its records' minutes, in order."""

    opened: Transition
    closed: Transition | None
    minutes: tuple[int, ...]
    by_minute: Mapping[int, Evidence]

    def evidence(self, since: int = 0, until: int | None = None) -> Evidence:
        """What its records show, those of the minutes that begin in `[since, until)`."""
        return together(self.by_minute, (at for at in self.minutes if since <= at and (until is None or at < until)))


def assemble(courses: Iterable[Course], detections: Sequence[Detection]) -> Assembly:
    """The alerts of these courses; `detections` are all that were asked, composites among them."""
    known = list(courses)
    alerts: list[Alert] = []
    matches = building = 0
    for course in known:
        matches += course.matches
        if course.detection.notify:
            alerts += (_alert(course.detection, course.group, found) for found in findings(course))
        else:
            building += course.matches
    alerted = sum(alert.evidence.count for alert in alerts)
    for detection in detections:
        if detection.rule is not None and detection.notify:
            for group, every in composite_findings(detection, known, detections).items():
                alerts += (_alert(detection, group, found) for found in every)
    ordered = tuple(sorted(alerts, key=lambda alert: alert.order))
    return Assembly(ordered, matches, alerted, matches - alerted - building, building)


def _alert(detection: Detection, group: Group, found: Finding) -> Alert:
    return Alert(detection, group, found.opened, found.closed, found.evidence())


def findings(course: Course) -> list[Finding]:
    """The episodes of one group of a metric detection that have records behind them, in order."""
    alarm = course.detection.alarm
    if alarm is None or not course.series or not course.evidence:
        return []
    # Episodes that are further apart than what they look back on share no minute, and so no match.
    every = episodes(alarm, course.series, *_stretch(course), quiet=Windows.of(alarm).length)
    return _with_records(((one.opened, one.closed, one.minutes) for one in every), course.evidence)


_Episode = tuple[Transition, Transition | None, Iterable[int]]


def _with_records(every: Iterable[_Episode], evidence: Mapping[int, Evidence]) -> list[Finding]:
    count = counter_of(evidence)
    found = (
        Finding(opened, closed, tuple([at for at in minutes if at in evidence and count(at)]), evidence)
        for opened, closed, minutes in every
    )
    return [one for one in found if one.minutes]


def composite_findings(
    detection: Detection, courses: Sequence[Course], detections: Sequence[Detection]
) -> dict[Group, list[Finding]]:
    """The episodes of a composite detection, group by group; `courses` are those of the detections that it watches."""
    tracks = _Tracks({each.id: each for each in detections}, courses)
    return {group: _track_findings(track) for group, track in tracks.of(detection.id).items()}


def lookback(detection: Detection, by_id: Mapping[str, Detection]) -> int:
    """How far, in seconds, lies behind what holds it in ALARM: the windows of its alarm, or the longest of those that
    its rule watches."""
    if detection.rule is not None:
        watched = (by_id[name] for name in detection.rule.children if name in by_id)
        return max((lookback(child, by_id) for child in watched), default=0)
    # What holds the alarm in ALARM lies anywhere in its windows, not only in the newest period.
    return 0 if detection.alarm is None else Windows.of(detection.alarm).length


def _stretch(course: Course) -> tuple[int, int]:
    """From the first datapoint until the last has left every window."""
    assert course.detection.alarm is not None
    windows = Windows.of(course.detection.alarm)
    return min(course.series), max(course.series) + windows.length + windows.grid + 180


@dataclass(slots=True)
class _Track:
    """The states of one detection for one group, with the evidence behind them."""

    transitions: list[Transition]
    evidence: Mapping[int, Evidence]
    start: int
    end: int
    lookback: int


@dataclass(slots=True)
class _Tracks:
    """The tracks of every detection that a composite rule watches."""

    by_id: dict[str, Detection]
    courses: Sequence[Course]
    found: dict[str, dict[Group, _Track]] = field(default_factory=dict)

    def of(self, name: str) -> dict[Group, _Track]:
        """Group to track; worked out once, children first (the loader refuses rules that lead back to themselves)."""
        if name not in self.found:
            detection = self.by_id.get(name)
            if detection is None:
                self.found[name] = {}
            elif detection.rule is None:
                own = (course for course in self.courses if course.detection.id == name and course.series)
                self.found[name] = {course.group: _metric_track(course) for course in own}
            else:
                self.found[name] = self._composite(detection, detection.rule)
        return self.found[name]

    def _composite(self, detection: Detection, rule: Rule) -> dict[Group, _Track]:
        """Children grouped as the composite is are followed group by group; others count as one for every group."""
        alike: dict[str, dict[Group, _Track]] = {}
        shared: dict[str, _Track] = {}
        for name in rule.children:
            tracks, child = self.of(name), self.by_id.get(name)
            if child is not None and child.group_by == detection.group_by:
                alike[name] = tracks
            elif tracks:
                shared[name] = _united(list(tracks.values()))
        groups = {group for tracks in alike.values() for group in tracks} or ({()} if shared else set())
        return {
            group: _composite_track(
                rule,
                shared | {name: tracks[group] for name, tracks in alike.items() if group in tracks},
                lookback(detection, self.by_id),
            )
            for group in sorted(groups)
        }


def _metric_track(course: Course) -> _Track:
    alarm = course.detection.alarm
    assert alarm is not None
    start, end = _stretch(course)
    length = Windows.of(alarm).length
    # A record that gave no datapoint holds nothing in ALARM.
    evidence = {minute: seen for minute, seen in course.evidence.items() if minute in course.series}
    return _Track(timeline(alarm, course.series, start, end), evidence, start, end, length)


def _composite_track(rule: Rule, children: Mapping[str, _Track], length: int) -> _Track:
    start = min(track.start for track in children.values())
    end = max(track.end for track in children.values())
    transitions = composite_timeline(
        rule,
        {name: track.transitions for name, track in children.items()},
        start,
        end,
        dict.fromkeys(rule.children, State.OK),
    )
    return _Track(transitions, _joined([track.evidence for track in children.values()]), start, end, length)


def _united(tracks: Sequence[_Track]) -> _Track:
    """Several groups as one: in ALARM while any of them is."""
    changes = sorted((t for track in tracks for t in track.transitions), key=lambda t: (t.at, t.new is not State.ALARM))
    standing = 0
    transitions: list[Transition] = []
    for change in changes:
        before = standing
        standing += (change.new is State.ALARM) - (change.old is State.ALARM)
        if bool(before) != bool(standing):
            transitions.append(change)
    return _Track(
        transitions,
        _joined([track.evidence for track in tracks]),
        min(track.start for track in tracks),
        max(track.end for track in tracks),
        max(track.lookback for track in tracks),
    )


def _joined(parts: Sequence[Mapping[int, Evidence]]) -> dict[int, Evidence]:
    joined: dict[int, Evidence] = {}
    for part in parts:
        for minute, evidence in part.items():
            joined[minute] = joined[minute].merge(evidence) if minute in joined else evidence
    return joined


def _track_findings(track: _Track) -> list[Finding]:
    minutes = sorted(track.evidence)
    every: list[_Episode] = []
    for opened, closed in _episodes(track.transitions, track.lookback):
        low, high = opened.at - track.lookback, track.end if closed is None else closed.at
        every.append((opened, closed, minutes[bisect_left(minutes, low) : bisect_left(minutes, high)]))
    return _with_records(every, track.evidence)


def _episodes(transitions: Iterable[Transition], quiet: int) -> Iterator[tuple[Transition, Transition | None]]:
    """ALARM episodes; one that begins at most `quiet` seconds after the one before goes on with it."""
    opened: Transition | None = None
    closed: Transition | None = None
    for transition in transitions:
        if transition.new is not State.ALARM:
            closed = transition
            continue
        if opened is not None and closed is not None and transition.at - closed.at > quiet:
            yield opened, closed
            opened = None
        opened, closed = opened or transition, None
    if opened is not None:
        yield opened, closed
