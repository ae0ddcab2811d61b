"""Statistic sets: what a metric holds for a period, and how two of them become one.

A set that has seen one value only, however often, is four numbers; the distribution is kept only from the second
distinct value on. Which statistic to read from a set is the business of `extended`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from vedette.metrics.sketch import Exact, Sketch, exact

LARGEST = 2.0**360
"""CloudWatch takes values from -2^360 to 2^360 (PutMetricData, MetricDatum)."""


class StatisticSet:
    """Sample count, sum, minimum, maximum and distribution of some values.

    An empty set has a sample count of 0, a minimum of infinity and a maximum of minus infinity, and changes nothing
    that it is merged with.
    """

    __slots__ = ("_sketch", "maximum", "minimum", "sample_count")

    def __init__(self) -> None:
        self.sample_count = 0
        self.minimum = math.inf
        self.maximum = -math.inf
        self._sketch: Sketch | None = None

    @classmethod
    def of(cls, values: Iterable[float]) -> StatisticSet:
        """The set of these values."""
        made = cls()
        for value in values:
            made.add(value)
        return made

    @classmethod
    def restored(cls, sample_count: int, minimum: float, maximum: float, sketch: Sketch | None) -> StatisticSet:
        """The set that had these parts; for whoever kept them. `sketch` is None where only one value was seen."""
        made = cls()
        if sample_count:
            made.sample_count, made.minimum, made.maximum = sample_count, minimum, maximum
            made._sketch = sketch
        return made

    @property
    def sketch(self) -> Sketch | None:
        """The distribution, to be read only; None while no two distinct values were seen."""
        return self._sketch

    def add(self, value: float, count: int = 1) -> None:
        """Count `value` `count` times (one or more); ValueError if CloudWatch would refuse the value."""
        if value == self.minimum and self._sketch is None and self.sample_count:
            self.sample_count += count
            return
        if not -LARGEST <= value <= LARGEST:
            raise ValueError(f"{value!r} is not a value that a metric can hold")
        value = value + 0.0  # also makes a float of an int, and 0.0 of -0.0
        if self.sample_count:
            self._distribution().add(value, count)
        self.sample_count += count
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)

    def absorb(self, other: StatisticSet) -> None:
        """Take in everything that `other` has counted; `other` stays as it is."""
        if other.sample_count == 0:
            return
        if other._sketch is None:
            self.add(other.minimum, other.sample_count)
            return
        if self.sample_count == 0:
            self._sketch = other._sketch.copy()
        else:
            self._distribution().absorb(other._sketch)
        self.sample_count += other.sample_count
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)

    @property
    def sum(self) -> float:
        """The sum of the values, rounded once, whatever the order in which they came."""
        if self._sketch is None and self.sample_count == 1:
            return self.minimum
        return float(self.exact_sum)

    @property
    def exact_sum(self) -> Exact:
        """The sum of the values, not rounded."""
        if self._sketch is not None:
            return self._sketch.total
        return exact(self.minimum) * self.sample_count if self.sample_count else 0

    def ordered(self) -> list[tuple[float, int]] | None:
        """(value, count) pairs in ascending order, within [minimum, maximum]; None if a value is negative.

        Exact up to `sketch.EXACT_VALUES` distinct values, beyond that within `sketch.RELATIVE_ERROR`.
        """
        if self.minimum < 0:
            return None
        if self._sketch is None:
            return [(self.minimum, self.sample_count)] if self.sample_count else []
        return [(min(max(value, self.minimum), self.maximum), count) for value, count in self._sketch.ordered()]

    def _distribution(self) -> Sketch:
        if self._sketch is None:
            self._sketch = Sketch()
            self._sketch.add(self.minimum, self.sample_count)
        return self._sketch

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StatisticSet):
            return NotImplemented
        return self._content() == other._content()

    __hash__ = None  # type: ignore[assignment]  # a set changes as it counts

    def _content(self) -> tuple[int, float, float, Sketch | None]:
        return self.sample_count, self.minimum, self.maximum, self._sketch

    def __repr__(self) -> str:
        if not self.sample_count:
            return "StatisticSet()"
        return (
            f"StatisticSet(sample_count={self.sample_count}, sum={self.sum}, "
            f"minimum={self.minimum}, maximum={self.maximum})"
        )


def merge(*sets: StatisticSet) -> StatisticSet:
    """The set of everything that the given ones have counted; associative and commutative."""
    merged = StatisticSet()
    for each in sets:
        merged.absorb(each)
    return merged
