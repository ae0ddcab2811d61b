"""Results of bodies added up: duplicates dropped, matches counted by minute, evidence gathered, a tally that adds up.

Results must come in a fixed order (that of the objects), whoever worked them out; then everything here, what bounded
memory makes it forget included, is the same for any number of processes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vedette.alerts.evidence import Evidence, EvidenceByMinute
from vedette.cloudtrail.body import Kind, Malformed, Reason
from vedette.detections.definition import Detection
from vedette.engine.groups import PER_MINUTE, Minutes
from vedette.engine.result import BodyResult, Group, Match
from vedette.engine.seen import SeenIds
from vedette.metrics.series import Series

RECENT_IDS = 32_768
MATCHED_IDS = 250_000
MAX_GROUPS = 2_000
"""Groups of one detection; matches of further ones are counted in the overflow group."""

MAX_TOLD = 40_000
"""How many sightings are kept in all. Beyond that the detection with the most of them keeps fewer, so that noise of
one detection costs another nothing."""

MAX_MALFORMED = 1_000
_MAX_STRIDE = 1 << 12


@dataclass(slots=True)
class Tally:
    """What was read. Two identities hold: `records` = `unique` + `duplicates`, `unique` = `matched` + `unmatched`.

    `malformed` counts by reason what was no record, apart from the records; a record whose time cannot be read is both.
    """

    bodies: Counter[Kind] = field(default_factory=Counter)
    records: int = 0
    unique: int = 0
    duplicates: int = 0
    matched: int = 0
    unmatched: int = 0
    malformed: Counter[Reason] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class GroupResult:
    """What the matches of one detection and group add up to; `group` is None for the groups that were too many."""

    detection: int
    group: Group | None
    matches: int
    series: Series
    _minutes: Minutes

    def evidence(self, start: int, end: int) -> Evidence:
        """What the matching records of the minutes that begin in `[start, end)`, epoch seconds, show."""
        return self._minutes.evidence(start, end)

    def by_minute(self) -> EvidenceByMinute:
        """What each minute's records show, worked out when it is asked for."""
        return self._minutes.by_minute()


@dataclass(slots=True)
class _Share:
    """What one detection takes of the memory for sightings."""

    weight: int = 0
    keep: int = PER_MINUTE
    stride: int = 1
    groups: dict[Group | None, Minutes] = field(default_factory=dict)


class Fold:
    """Takes the results of bodies, one after the other."""

    def __init__(self, detections: Sequence[Detection]) -> None:
        self._detections = tuple(detections)
        self._defaults = {
            number: detection.metric.default
            for number, detection in enumerate(self._detections)
            if detection.metric is not None and detection.metric.default is not None
        }
        self.tally = Tally()
        self.malformed: list[Malformed] = []
        self._recent = SeenIds(RECENT_IDS)
        self._matched = SeenIds(MATCHED_IDS)
        self._shares: dict[int, _Share] = {}
        self._strides: dict[int, int] = {}
        self._told = 0
        self._minutes: Counter[int] = Counter()
        self._matched_minutes: dict[int, Counter[int]] = {number: Counter() for number in self._defaults}

    @property
    def strides(self) -> Mapping[int, int]:
        """By number of the detection: of minutes since the epoch only every so many-th is told, if not all are.

        These only grow, so that what an earlier state leaves out no later one tells: whoever makes results may look
        at any earlier state, and changes nothing by it.
        """
        return self._strides

    def add(self, result: BodyResult) -> None:
        """Add what one body says."""
        self.tally.bodies[result.kind] += 1
        if result.malformed:
            self.tally.malformed.update(malformed.reason for malformed in result.malformed)
            self.malformed += result.malformed[: MAX_MALFORMED - len(self.malformed)]
        duplicates = set(self._recent.repeated(result.event_ids))
        places: list[int] = []
        if result.matches:
            places = sorted({match.sighting.place for match in result.matches} - duplicates)
            matched_before = self._matched.repeated(tuple([result.event_ids[place] for place in places]))
            duplicates.update(places[at] for at in matched_before)
        self._count(result, duplicates, sum(place not in duplicates for place in places))
        for match in result.matches:
            if match.sighting.place not in duplicates:
                self._add_match(match)

    def _count(self, result: BodyResult, duplicates: set[int], matched: int) -> None:
        tally = self.tally
        tally.records += result.records
        tally.duplicates += len(duplicates)
        tally.unique += result.records - len(duplicates)
        tally.matched += matched
        tally.unmatched += result.records - len(duplicates) - matched
        if result.minutes is not None:
            self._minutes.update(
                minute for place, minute in enumerate(result.minutes) if minute is not None and place not in duplicates
            )

    def _add_match(self, match: Match) -> None:
        share = self._shares.get(match.detection)
        if share is None:
            share = self._shares[match.detection] = _Share()
        minutes = share.groups.get(match.group)
        if minutes is None:
            group = match.group if len(share.groups) < MAX_GROUPS else None
            minutes = share.groups.setdefault(group, Minutes())
        grown = minutes.add(match, keep=share.keep, stride=share.stride)
        if match.detection in self._defaults:
            time = match.sighting.time
            self._matched_minutes[match.detection][time - time % 60] += 1
        if grown:
            share.weight += grown
            self._told += grown
            if self._told > MAX_TOLD:
                self._forget()

    def _forget(self) -> None:
        """Let the detection that takes the most keep about half of it: fewer records a minute, then fewer minutes."""
        loudest = max(self._shares, key=lambda number: (self._shares[number].weight, -number))
        share = self._shares[loudest]
        before = share.weight
        while share.weight > before // 2:
            if share.keep > 1 or share.stride >= _MAX_STRIDE:
                share.keep //= 2
            else:
                share.stride *= 2
                self._strides[loudest] = share.stride
            share.weight = sum(group.forget(keep=share.keep, stride=share.stride) for group in share.groups.values())
        self._told += share.weight - before

    def results(self) -> Iterator[GroupResult]:
        """Every detection's groups, by number of the detection and then by the texts of the group.

        A detection without `group_by` whose metric has a default value has its one group even if nothing matched.
        """
        for number, detection in enumerate(self._detections):
            share = self._shares.get(number)
            groups = dict(share.groups) if share is not None else {}
            if number in self._defaults and not detection.group_by:
                groups.setdefault((), Minutes())
            for group, minutes in sorted(groups.items(), key=lambda item: (item[0] is None, item[0] or ())):
                yield GroupResult(number, group, minutes.count, self._series(number, minutes), minutes)

    def _series(self, number: int, minutes: Minutes) -> Series:
        """The group's values; and the metric's default for each record that does not match the detection."""
        default = self._defaults.get(number)
        if default is None:
            return minutes.series()
        series = Series()
        series.absorb(minutes.series())
        matched = self._matched_minutes[number]
        for start, records in sorted(self._minutes.items()):
            if records > matched[start]:
                series.add(start, default, records - matched[start])
        return series
