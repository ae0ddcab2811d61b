"""A metric over time: minute by minute, a statistic set.

Keys are epoch seconds of the start of a minute. A series merges with another as statistic sets do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vedette.metrics.statistics import StatisticSet, merge


class Series(Mapping[int, StatisticSet]):
    """Start of the minute to statistic set; a minute without samples has no entry.

    `resolution` is 60 s, as for every metric that a metric filter writes; high-resolution metrics have 1, 5, 10 or 30.
    """

    __slots__ = ("_points", "resolution")

    def __init__(self, points: Mapping[int, StatisticSet] | None = None, *, resolution: int = 60) -> None:
        self._points = dict(points or {})
        self.resolution = resolution

    def add(self, at: int, value: float, count: int = 1) -> None:
        """Count `value` in the minute that holds the epoch second `at`."""
        start = at - at % self.resolution
        found = self._points.get(start)
        if found is None:
            found = self._points[start] = StatisticSet()
        found.add(value, count)

    def absorb(self, other: Mapping[int, StatisticSet]) -> None:
        """Take in everything that `other` has counted; `other` stays as it is."""
        for start, data in other.items():
            found = self._points.get(start)
            self._points[start] = merge(data) if found is None else merge(found, data)

    def window(self, start: int, end: int) -> StatisticSet | None:
        """Everything counted in the minutes that begin in `[start, end)`; None if there is nothing."""
        inside = [data for at, data in self._points.items() if start <= at < end]
        return merge(*inside) if inside else None

    def __getitem__(self, start: int) -> StatisticSet:
        return self._points[start]

    def __iter__(self) -> Iterator[int]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)

    def __repr__(self) -> str:
        return f"Series({self._points!r})"
