"""The distribution of the values behind a statistic: exact while they are few, of bounded error once they are many.

A sketch merges with another by an associative, commutative operation, so that the parts of any partition, merged in any
order, give what one pass gives: the sum is kept as an exact rational, and a sketch turns to buckets exactly when the
number of distinct values exceeds EXACT_VALUES, however they arrived.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

EXACT_VALUES = 128
"""Up to so many distinct values a sketch answers exactly."""

RELATIVE_ERROR = 0.01
"""Beyond, a value that a sketch names differs from the true one by at most this share of it (for 1e-9 to 1e18)."""

_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GAMMA = math.log(_GAMMA)
_LOWEST = math.floor(math.log(1e-9) / _LOG_GAMMA)
_HIGHEST = math.ceil(math.log(1e18) / _LOG_GAMMA)
_ZERO = _LOWEST - 1

Exact = int | Fraction


def exact(value: float) -> Exact:
    """The number that the float denotes, without rounding; an int where it is whole."""
    whole = int(value)
    return whole if whole == value else Fraction(value)


@dataclass(slots=True)
class Sketch:
    """Counts by value (`counts`) or, when `bucketed`, by logarithmic bucket; and the exact sum of the values.

    Negative values make percentiles unavailable, as CloudWatch documents, so nothing but the sum is kept of a
    distribution that has one (`counts` is then empty and stays so).
    """

    total: Exact = 0
    counts: dict[float, int] = field(default_factory=dict)
    bucketed: bool = False
    negative: bool = False

    def add(self, value: float, count: int) -> None:
        """Count `value`, finite, `count` times."""
        self.total += exact(value) * count
        self._count(value, count)

    def absorb(self, other: Sketch) -> None:
        """Take in everything that `other` has counted."""
        self.total += other.total
        if other.negative:
            self._forget()
        elif other.bucketed and not self.negative:
            self._coarsen()
            for bucket, count in other.counts.items():
                self.counts[bucket] = self.counts.get(bucket, 0) + count
        else:
            for value, count in other.counts.items():
                self._count(value, count)

    def copy(self) -> Sketch:
        """An independent sketch with the same content."""
        return Sketch(self.total, dict(self.counts), self.bucketed, self.negative)

    def ordered(self) -> list[tuple[float, int]]:
        """(value, count) pairs in ascending order of value; bucketed values are the middle of their bucket."""
        pairs = sorted(self.counts.items())
        return [(_middle(key), count) for key, count in pairs] if self.bucketed else pairs

    def _count(self, value: float, count: int) -> None:
        if self.negative:
            return
        if value < 0:
            self._forget()
            return
        key = _bucket(value) if self.bucketed else value
        self.counts[key] = self.counts.get(key, 0) + count
        if not self.bucketed and len(self.counts) > EXACT_VALUES:
            self._coarsen()

    def _coarsen(self) -> None:
        if self.bucketed:
            return
        fine, self.counts, self.bucketed = self.counts, {}, True
        for value, count in fine.items():
            self._count(value, count)

    def _forget(self) -> None:
        self.counts, self.bucketed, self.negative = {}, False, True


def _bucket(value: float) -> float:
    if value == 0:
        return _ZERO
    return min(max(math.ceil(math.log(value) / _LOG_GAMMA), _LOWEST), _HIGHEST)


def _middle(bucket: float) -> float:
    return 0.0 if bucket == _ZERO else 2 * _GAMMA**bucket / (_GAMMA + 1)
