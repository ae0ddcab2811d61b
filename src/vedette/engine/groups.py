"""What the matches of one detection and group add up to, minute by minute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from vedette.alerts.evidence import Evidence, EvidenceByMinute, Sighting
from vedette.engine.result import Match
from vedette.metrics.series import Series
from vedette.metrics.statistics import StatisticSet

PER_MINUTE = 24
"""How many sightings of one minute are kept singly before they are put together."""

_EVIDENCE_WEIGHT = 12


class Minute:
    """The matches of one minute: how many, their metric values, and what can be told of them."""

    __slots__ = ("count", "evidence", "first", "last", "samples", "sightings", "statistics", "value")

    def __init__(self, time: int) -> None:
        self.count = 0
        self.first = time
        self.last = time
        self.value: float | None = None
        self.samples = 0
        self.statistics: StatisticSet | None = None
        self.sightings: list[Sighting] = []
        self.evidence: Evidence | None = None

    @classmethod
    def of(cls, match: Match) -> Minute:
        """A minute with one match, of which all is told; as long as there is no other, the match stands for it."""
        minute = cls(match.sighting.time)
        minute.add(match.sighting.time, match.value)
        minute.sightings.append(match.sighting)
        return minute

    @classmethod
    def counted(cls, start: int, packed: int, value: float | None) -> Minute:
        """A minute of which nothing is told, from the number that stands for it."""
        count, first, last = _unpacked(packed)
        minute = cls(start + first)
        minute.last = start + last
        minute.count = count
        if value is not None:
            minute.value, minute.samples = value, count
        return minute

    @property
    def weight(self) -> int:
        """About how much memory the sightings take, in sightings."""
        return len(self.sightings) + (0 if self.evidence is None else _EVIDENCE_WEIGHT)

    def add(self, time: int, value: float | None) -> None:
        """Count a match."""
        self.count += 1
        if time < self.first:
            self.first = time
        elif time > self.last:
            self.last = time
        if value is None:
            return
        if self.statistics is not None:
            self.statistics.add(value)
        elif self.samples == 0 or value == self.value:
            self.value = value
            self.samples += 1
        else:
            self.statistics = _repeated(self.value or 0.0, self.samples)
            self.statistics.add(value)

    def tell(self, sighting: Sighting) -> None:
        """Keep what the record shows."""
        self.sightings.append(sighting)
        if len(self.sightings) > PER_MINUTE:
            together = Evidence.of(self.sightings)
            self.evidence = together if self.evidence is None else self.evidence.merge(together)
            self.sightings = []

    def forget(self, keep: int) -> None:
        """Drop what is told of all but `keep` records; their number and times stay."""
        if self.evidence is not None:
            self.sightings = [*self.evidence.sightings, *self.sightings]
            self.evidence = None
        if len(self.sightings) > keep:
            self.sightings = self.sightings[:keep]

    def statistic_set(self) -> StatisticSet | None:
        """The metric's values in this minute, to be read only; None without any."""
        if self.statistics is not None or self.value is None:
            return self.statistics
        return _shared(self.value, self.samples)

    def told(self) -> Evidence:
        """The evidence of this minute."""
        evidence = Evidence.of(self.sightings)
        if self.evidence is not None:
            evidence = self.evidence.merge(evidence)
        untold = self.count - evidence.count
        return evidence.merge(Evidence.untold_records(untold, self.first, self.last)) if untold else evidence


def _repeated(value: float, count: int) -> StatisticSet:
    made = StatisticSet()
    made.add(value, count)
    return made


_shared = lru_cache(maxsize=4096)(_repeated)
"""Nearly every minute counts the same value a few times: they have one set between them, which nobody may change."""


def _packed(count: int, first: int, last: int) -> int:
    """The number that stands for a minute that is only counted: how many matches, the first and the last second."""
    return count << 12 | first << 6 | last


def _unpacked(packed: int) -> tuple[int, int, int]:
    return packed >> 12, packed >> 6 & 63, packed & 63


class Minutes:
    """One detection and group.

    Where much matches, most minutes have one match, or are only counted: such a minute is the match itself, or a
    number, in which every match had the value of the group's first, as is usual.
    """

    __slots__ = ("_minutes", "count", "value")

    def __init__(self) -> None:
        self.count = 0
        self.value: float | None = None
        self._minutes: dict[int, Minute | Match | int] = {}

    def add(self, match: Match, *, keep: int, stride: int) -> int:
        """Count a match, and return by how much the weight of what is told has grown.

        Of one minute at most `keep` records are told (any number, put together, if that is PER_MINUTE), and of minutes
        only every `stride`-th.
        """
        if not self.count:
            self.value = match.value
        self.count += 1
        time = match.sighting.time
        start = time - time % 60
        found = self._minutes.get(start)
        told = keep and not start // 60 % stride
        if found is None and told:
            self._minutes[start] = match
            return 1
        if not told and match.value == self.value and (found is None or isinstance(found, int)):
            second = time - start
            count, first, last = (0, second, second) if found is None else _unpacked(found)
            self._minutes[start] = _packed(count + 1, min(first, second), max(last, second))
            return 0
        if not isinstance(found, Minute):
            found = self._minutes[start] = Minute(time) if found is None else _whole(start, found, self.value)
        found.add(time, match.value)
        if not told or (keep < PER_MINUTE and len(found.sightings) >= keep):
            return 0
        before = found.weight
        found.tell(match.sighting)
        return found.weight - before

    def forget(self, *, keep: int, stride: int) -> int:
        """Bring what is told within the bounds, and return the weight that remains."""
        remaining = 0
        for start, found in self._minutes.items():
            kept = 0 if start // 60 % stride else keep
            if not kept:
                self._minutes[start] = self._only_counted(start, found)  # an entry that is there: the size stays
            elif isinstance(found, Minute):
                found.forget(kept)
                remaining += found.weight
            else:
                remaining += 1
        return remaining

    def _only_counted(self, start: int, found: Minute | Match | int) -> Minute | int:
        """The minute without anything told of it; a number if each of its matches had the group's value."""
        if isinstance(found, int):
            return found
        minute = _whole(start, found, self.value)
        minute.forget(0)
        samples = 0 if self.value is None else minute.count
        if minute.statistics is None and minute.value == self.value and minute.samples == samples:
            return _packed(minute.count, minute.first - start, minute.last - start)
        return minute

    def series(self) -> Series:
        """The metric's values, minute by minute; the sets in it are to be read only."""
        points: dict[int, StatisticSet] = {}
        for start in sorted(self._minutes):
            found = self._minutes[start]
            if isinstance(found, Minute):
                data = found.statistic_set()
            else:
                count, value = (_unpacked(found)[0], self.value) if isinstance(found, int) else (1, found.value)
                data = None if value is None else _shared(value, count)
            if data is not None:
                points[start] = data
        return Series(points)

    def evidence(self, start: int, end: int) -> Evidence:
        """What the minutes that begin in `[start, end)` show."""
        return self.by_minute().together(at for at in sorted(self._minutes) if start <= at < end)

    def by_minute(self) -> EvidenceByMinute:
        """What each minute shows, worked out when it is asked for."""
        return _ByMinute(self._minutes, self.value)


def _whole(start: int, found: Minute | Match | int, value: float | None) -> Minute:
    """What is kept of the minute at `start`, written out; `value` is that of the group."""
    if isinstance(found, Minute):
        return found
    return Minute.counted(start, found, value) if isinstance(found, int) else Minute.of(found)


class _ByMinute(EvidenceByMinute):
    """Sightings of several minutes are put together in one go."""

    def __init__(self, minutes: Mapping[int, Minute | Match | int], value: float | None) -> None:
        self._minutes = minutes
        self._value = value

    def __getitem__(self, start: int) -> Evidence:
        return _whole(start, self._minutes[start], self._value).told()

    def __iter__(self) -> Iterator[int]:
        return iter(self._minutes)

    def __len__(self) -> int:
        return len(self._minutes)

    def __contains__(self, start: object) -> bool:
        return start in self._minutes

    def count(self, start: int) -> int:
        found = self._minutes[start]
        if isinstance(found, int):
            return _unpacked(found)[0]
        return found.count if isinstance(found, Minute) else 1

    def together(self, starts: Iterable[int]) -> Evidence:
        every = [(start, self._minutes[start]) for start in starts]
        alone = [found.sighting for _, found in every if isinstance(found, Match)]
        if len(alone) == len(every):
            return Evidence.of(alone)
        minutes = [_whole(start, found, self._value) for start, found in every]
        found = Evidence.of(sighting for minute in minutes for sighting in minute.sightings)
        for minute in minutes:
            if minute.evidence is not None:
                found = found.merge(minute.evidence)
        untold = sum(minute.count for minute in minutes) - found.count
        if untold:
            first, last = min(minute.first for minute in minutes), max(minute.last for minute in minutes)
            found = found.merge(Evidence.untold_records(untold, first, last))
        return found
