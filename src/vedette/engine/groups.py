"""What the matches of one detection and group add up to, minute by minute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

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
            self.statistics = _repeated(self.value, self.samples)
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
        """The metric's values in this minute; None without any."""
        if self.statistics is not None or self.value is None:
            return self.statistics
        return _repeated(self.value, self.samples)

    def told(self) -> Evidence:
        """The evidence of this minute."""
        evidence = Evidence.of(self.sightings)
        if self.evidence is not None:
            evidence = self.evidence.merge(evidence)
        untold = self.count - evidence.count
        return evidence.merge(Evidence.untold_records(untold, self.first, self.last)) if untold else evidence


def _repeated(value: float | None, count: int) -> StatisticSet:
    made = StatisticSet()
    made.add(value or 0.0, count)
    return made


class Minutes:
    """One detection and group."""

    __slots__ = ("_minutes", "count")

    def __init__(self) -> None:
        self.count = 0
        self._minutes: dict[int, Minute | Match] = {}

    def add(self, match: Match, *, keep: int, stride: int) -> int:
        """Count a match, and return by how much the weight of what is told has grown.

        Of one minute at most `keep` records are told (any number, put together, if that is PER_MINUTE), and of minutes
        only every `stride`-th.
        """
        self.count += 1
        time = match.sighting.time
        start = time - time % 60
        found = self._minutes.get(start)
        if found is None and keep and not start // 60 % stride:
            self._minutes[start] = match
            return 1
        if not isinstance(found, Minute):
            found = self._minutes[start] = Minute(time) if found is None else Minute.of(found)
        found.add(time, match.value)
        if (keep < PER_MINUTE and len(found.sightings) >= keep) or (stride > 1 and start // 60 % stride):
            return 0
        before = found.weight
        found.tell(match.sighting)
        return found.weight - before

    def forget(self, *, keep: int, stride: int) -> int:
        """Bring what is told within the bounds, and return the weight that remains."""
        remaining = 0
        for start, found in self._minutes.items():
            kept = 0 if start // 60 % stride else keep
            if isinstance(found, Minute):
                found.forget(kept)
                remaining += found.weight
            elif kept:
                remaining += 1
            else:
                minute = self._minutes[start] = Minute.of(found)  # an entry that is there: the size stays
                minute.forget(0)
        return remaining

    def items(self) -> Iterator[tuple[int, Minute]]:
        """(start, minute) in the order of time."""
        for start, found in sorted(self._minutes.items(), key=lambda item: item[0]):
            yield start, _whole(found)

    def series(self) -> Series:
        """The metric's values, minute by minute."""
        points = ((start, minute.statistic_set()) for start, minute in self.items())
        return Series({start: found for start, found in points if found is not None})

    def evidence(self, start: int, end: int) -> Evidence:
        """What the minutes that begin in `[start, end)` show."""
        return self.by_minute().together(at for at in sorted(self._minutes) if start <= at < end)

    def by_minute(self) -> EvidenceByMinute:
        """What each minute shows, worked out when it is asked for."""
        return _ByMinute(self._minutes)


def _whole(found: Minute | Match) -> Minute:
    return found if isinstance(found, Minute) else Minute.of(found)


class _ByMinute(EvidenceByMinute):
    """Sightings of several minutes are put together in one go."""

    def __init__(self, minutes: Mapping[int, Minute | Match]) -> None:
        self._minutes = minutes

    def __getitem__(self, start: int) -> Evidence:
        return _whole(self._minutes[start]).told()

    def __iter__(self) -> Iterator[int]:
        return iter(self._minutes)

    def __len__(self) -> int:
        return len(self._minutes)

    def __contains__(self, start: object) -> bool:
        return start in self._minutes

    def count(self, start: int) -> int:
        found = self._minutes[start]
        return found.count if isinstance(found, Minute) else 1

    def together(self, starts: Iterable[int]) -> Evidence:
        minutes = [_whole(self._minutes[start]) for start in starts]
        found = Evidence.of(sighting for minute in minutes for sighting in minute.sightings)
        for minute in minutes:
            if minute.evidence is not None:
                found = found.merge(minute.evidence)
        untold = sum(minute.count for minute in minutes) - found.count
        if untold:
            first, last = min(minute.first for minute in minutes), max(minute.last for minute in minutes)
            found = found.merge(Evidence.untold_records(untold, first, last))
        return found
