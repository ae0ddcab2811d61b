"""Which number a statistic's name reads from a statistic set: `Sum`, `p99`, `TM(2%:98%)`, `PR(:300)` and so on.

Names and meanings are those of the CloudWatch page "CloudWatch statistics definitions". AWS does not publish how it
ranks; here the p-th percentile of n samples is the ceil(p/100 * n)-th smallest (the nearest rank), and trimming keeps
ranks floor(low/100 * n) + 1 to ceil(high/100 * n).
"""

from __future__ import annotations

import enum
import functools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

from vedette.errors import InputError
from vedette.metrics.statistics import StatisticSet, merge


class Standard(enum.Enum):
    """The statistics that need no distribution."""

    SAMPLE_COUNT = "SampleCount"
    AVERAGE = "Average"
    SUM = "Sum"
    MINIMUM = "Minimum"
    MAXIMUM = "Maximum"


@dataclass(frozen=True, slots=True)
class Percentile:
    """`p90`: the value that 90 % of the samples do not exceed."""

    percent: Fraction

    @property
    def samples_needed(self) -> Fraction:
        """With fewer samples an alarm on the percentile has a low sample count; 0 at p0 and p100.

        10 / (1 - p) from the median up, 10 / p below. Source: "Percentile-based alarms and low data samples".
        """
        share = self.percent / 100
        rare = 1 - share if share >= Fraction(1, 2) else share
        return 10 / rare if rare else Fraction(0)


class Trim(enum.Enum):
    """What is made of the samples between two bounds."""

    MEAN = "TM"
    COUNT = "TC"
    SUM = "TS"
    WINSORIZED = "WM"


@dataclass(frozen=True, slots=True)
class Trimmed:
    """`tm90`, `TM(2%:98%)`, `TC(:0.5)`: the samples above `low` up to `high`, in per cent or in the metric's unit."""

    trim: Trim
    low: Fraction | None
    high: Fraction | None
    percent: bool


@dataclass(frozen=True, slots=True)
class Rank:
    """`PR(100:300)`: the percentage of samples above `low` and not above `high`."""

    low: Fraction | None
    high: Fraction | None


Statistic: TypeAlias = Standard | Percentile | Trimmed | Rank

_NUMBER = r"[0-9]{1,18}(?:\.[0-9]{1,10})?"
_SHORT = re.compile(rf"(?P<kind>p|tm|tc|ts|wm)(?P<percent>{_NUMBER})")
_LONG = re.compile(rf"(?P<kind>PR|TM|TC|TS|WM)\((?P<low>{_NUMBER})?(?P<lp>%)?:(?P<high>{_NUMBER})?(?P<hp>%)?\)")
_STANDARD = {each.value: each for each in Standard}


@functools.lru_cache(maxsize=1024)
def parse_statistic(name: str) -> Statistic:
    """The statistic that CloudWatch calls `name`; InputError if there is none."""
    standard = _STANDARD.get(name)
    if standard is not None:
        return standard
    if name == "IQM":
        return Trimmed(Trim.MEAN, Fraction(25), Fraction(75), percent=True)
    found = _short(name) or _long(name)
    if found is None:
        listed = ", ".join(f"`{each.value}`" for each in Standard)
        raise InputError(f"`{name}` is not a statistic", hint=f"use {listed}, or an extended one such as `p99`")
    return found


def statistic(name: str, data: StatisticSet) -> float | None:
    """The statistic `name` of `data`; None if it is empty, or has negative values and the statistic ranks them."""
    return read(parse_statistic(name), (data,))


def read(wanted: Statistic, sets: Sequence[StatisticSet]) -> float | None:
    """The statistic of all that `sets` have counted together; None where CloudWatch has no datapoint."""
    return reader(wanted)(sets)


def reader(wanted: Statistic) -> Callable[[Sequence[StatisticSet]], float | None]:
    """`read` of this statistic, for those who read it often."""
    if isinstance(wanted, Standard):
        return _STANDARD_READERS[wanted]
    return functools.partial(_extended, wanted)


def _sample_count(sets: Sequence[StatisticSet]) -> float | None:
    return float(sum(each.sample_count for each in sets)) or None


def _sum(sets: Sequence[StatisticSet]) -> float | None:
    if len(sets) == 1 and sets[0].sample_count:  # the common case by far, and worth a microsecond
        return sets[0].sum
    return float(sum(each.exact_sum for each in sets)) if _sample_count(sets) else None


def _average(sets: Sequence[StatisticSet]) -> float | None:
    samples = _sample_count(sets)
    return float(sum(each.exact_sum for each in sets)) / samples if samples else None


def _minimum(sets: Sequence[StatisticSet]) -> float | None:
    return min(each.minimum for each in sets) if _sample_count(sets) else None


def _maximum(sets: Sequence[StatisticSet]) -> float | None:
    return max(each.maximum for each in sets) if _sample_count(sets) else None


_STANDARD_READERS: Final = {
    Standard.SAMPLE_COUNT: _sample_count,
    Standard.SUM: _sum,
    Standard.AVERAGE: _average,
    Standard.MINIMUM: _minimum,
    Standard.MAXIMUM: _maximum,
}


def _extended(wanted: Percentile | Trimmed | Rank, sets: Sequence[StatisticSet]) -> float | None:
    merged = sets[0] if len(sets) == 1 else merge(*sets)
    pairs = merged.ordered()
    if not pairs:
        return None
    match wanted:
        case Percentile(percent):
            return _at_rank(pairs, max(1, math.ceil(percent * merged.sample_count / 100)))
        case Trimmed():
            return _trimmed(wanted, pairs, merged.sample_count)
        case Rank(low, high):
            return 100 * sum(count for _, count in _between(pairs, low, high)) / merged.sample_count


def _short(name: str) -> Statistic | None:
    found = _SHORT.fullmatch(name)
    if found is None or (percent := Fraction(found["percent"])) > 100:
        return None
    if found["kind"] == "p":
        return Percentile(percent)
    return Trimmed(Trim(found["kind"].upper()), None, percent, percent=True)


def _long(name: str) -> Statistic | None:
    found = _LONG.fullmatch(name)
    if found is None:
        return None
    bounds = [(found["low"], found["lp"]), (found["high"], found["hp"])]
    marks = {mark for bound, mark in bounds if bound is not None}
    if len(marks) != 1 or any(mark and bound is None for bound, mark in bounds):
        return None
    low, high = (Fraction(bound) if bound is not None else None for bound, _ in bounds)
    if low is not None and high is not None and low >= high:
        return None
    percent = marks == {"%"}
    if found["kind"] == "PR":
        return None if percent else Rank(low, high)
    if percent and any(bound is not None and bound > 100 for bound in (low, high)):
        return None
    return Trimmed(Trim(found["kind"]), low, high, percent)


_Pairs: TypeAlias = list[tuple[float, int]]


def _at_rank(pairs: _Pairs, rank: int) -> float:
    for value, count in pairs:
        rank -= count
        if rank <= 0:
            return value
    return pairs[-1][0]


def _trimmed(wanted: Trimmed, pairs: _Pairs, samples: int) -> float | None:
    kept = (_ranked if wanted.percent else _valued)(wanted, pairs, samples)
    count = sum(each for _, each in kept)
    if wanted.trim is Trim.COUNT:
        return float(count)
    total = math.fsum(value * each for value, each in kept)
    if wanted.trim is Trim.SUM:
        return total
    return total / count if count else None


def _ranked(wanted: Trimmed, pairs: _Pairs, samples: int) -> _Pairs:
    """The samples between two ranks; winsorizing moves the others to the nearest kept value."""
    first = 0 if wanted.low is None else math.floor(wanted.low * samples / 100)
    last = samples if wanted.high is None else math.ceil(wanted.high * samples / 100)
    kept: _Pairs = []
    seen = 0
    for value, count in pairs:
        inside = min(seen + count, last) - max(seen, first)
        if inside > 0:
            kept.append((value, inside))
        seen += count
    if wanted.trim is Trim.WINSORIZED and kept:
        kept = [(kept[0][0], first), *kept, (kept[-1][0], samples - last)]
    return kept


def _valued(wanted: Trimmed, pairs: _Pairs, _samples: int) -> _Pairs:
    """The samples between two values; winsorizing moves the others to the bound that they exceed."""
    if wanted.trim is not Trim.WINSORIZED:
        return _between(pairs, wanted.low, wanted.high)
    low = -math.inf if wanted.low is None else float(wanted.low)
    high = math.inf if wanted.high is None else float(wanted.high)
    return [(min(max(value, low), high), count) for value, count in pairs]


def _between(pairs: _Pairs, low: Fraction | None, high: Fraction | None) -> _Pairs:
    return [(v, n) for v, n in pairs if (low is None or v > low) and (high is None or v <= high)]
