"""The decision: from the datapoints in an alarm's slots to OK, ALARM, INSUFFICIENT_DATA, or no change.

Source: CloudWatch "Alarms and missing data", checked against its examples and recorded evaluations. Two outcomes are
nowhere documented and are our reading: a lone breaching datapoint that is not old enough yet gives INSUFFICIENT_DATA
whatever the state was, and with `ignore` for low samples one weak slot among the decisive ones keeps the state.
"""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from vedette.alarms.spec import AlarmSpec, ComparisonOperator, State, TreatMissingData
from vedette.alarms.windows import Windows
from vedette.metrics.extended import Percentile, parse_statistic, reader
from vedette.metrics.statistics import StatisticSet

_BREACHES: dict[ComparisonOperator, Callable[[float, float], bool]] = {
    ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD: operator.ge,
    ComparisonOperator.GREATER_THAN_THRESHOLD: operator.gt,
    ComparisonOperator.LESS_THAN_THRESHOLD: operator.lt,
    ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD: operator.le,
}


def breaches(spec: AlarmSpec, value: float) -> bool:
    """Whether the statistic's value is on the wrong side of the threshold."""
    return _BREACHES[spec.comparison_operator](value, spec.threshold)


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot: when it starts, the statistic (None without a datapoint), and the samples behind it."""

    start: int
    value: float | None
    sample_count: int


@dataclass(frozen=True, slots=True)
class Points:
    """Datapoints in order of time: starts in epoch seconds, and the statistic set of each."""

    starts: Sequence[int]
    sets: Sequence[StatisticSet]


@dataclass(frozen=True, slots=True)
class _Weak:
    """A slot with too few samples for its percentile to mean anything."""


_WEAK = _Weak()
_Reading: TypeAlias = bool | _Weak | None


@dataclass(slots=True)
class Judge:
    """One alarm, made ready to judge many moments. `known` remembers what each slot was found to be."""

    spec: AlarmSpec
    points: Points
    windows: Windows
    read: Callable[[Sequence[StatisticSet]], float | None]
    compare: Callable[[float, float], bool]
    samples_needed: Fraction | int
    to_alarm: int
    known: dict[int, _Reading] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: AlarmSpec, points: Points) -> Judge:
        """The judge of the alarm over these datapoints."""
        wanted = parse_statistic(spec.statistic)
        ignoring = isinstance(wanted, Percentile) and spec.evaluate_low_sample_count_percentile == "ignore"
        return cls(
            spec,
            points,
            Windows.of(spec),
            reader(wanted),
            _BREACHES[spec.comparison_operator],
            wanted.samples_needed if isinstance(wanted, Percentile) and ignoring else 0,
            spec.datapoints_to_alarm or spec.evaluation_periods,
        )

    def state(self, end: int) -> State | None:
        """The state that the slots up to `end` call for; None where the state stays as it is."""
        bad = good = oldest_bad = 0
        for age, _, _, reading in self._newest(end):
            if reading is True:
                bad += 1
                oldest_bad = age
            elif reading is False:
                good += 1
            else:
                return None
        return decide(self.spec, self.to_alarm, bad, good, oldest_bad)

    def decisive(self, end: int) -> list[tuple[int, int]]:
        """The breaching ones among the slots that decide the evaluation of `end`, oldest first: of each the indices of
        its datapoints, from the first to the one behind the last."""
        return [(first, stop) for _, first, stop, reading in reversed(self._newest(end)) if reading is True]

    def _newest(self, end: int) -> list[tuple[int, int, int, bool | _Weak]]:
        """(age, first datapoint, the one behind the last, reading) of the newest slots in range that have a value, as
        many as the alarm evaluates."""
        windows, starts, known, wanted = self.windows, self.points.starts, self.known, self.spec.evaluation_periods
        lowest = end - windows.length
        found: list[tuple[int, int, int, bool | _Weak]] = []
        last = bisect_left(starts, end) - 1
        while last >= 0 and starts[last] >= lowest and len(found) < wanted:
            age = windows.age(end, starts[last])
            start = windows.start(end, age)
            first = last
            while first and starts[first - 1] >= start:
                first -= 1
            if start not in known:
                known[start] = self._reading(first, last + 1)
            reading = known[start]
            if reading is not None:
                found.append((age, first, last + 1, reading))
            last = first - 1
        return found

    def slots(self, end: int) -> tuple[Slot, ...]:
        """Every slot of the evaluation range, newest first."""
        return tuple(self._slot(self.windows.start(end, age)) for age in range(1, self.windows.slots + 1))

    def _slot(self, start: int) -> Slot:
        low = bisect_left(self.points.starts, start)
        high = bisect_left(self.points.starts, start + self.windows.period)
        sets = self.points.sets[low:high]
        value = self.read(sets) if sets else None
        return Slot(start, value, sum(each.sample_count for each in sets))

    def _reading(self, first: int, stop: int) -> _Reading:
        sets = self.points.sets[first:stop]
        value = self.read(sets)
        if value is None:
            return None
        if self.samples_needed and sum(each.sample_count for each in sets) < self.samples_needed:
            return _WEAK
        return self.compare(value, self.spec.threshold)


def decide(spec: AlarmSpec, to_alarm: int, bad: int, good: int, oldest_bad: int) -> State | None:
    """The state, given how many of the newest `evaluation_periods` datapoints in range breach and how many do not.

    `oldest_bad` is the age, in slots, of the oldest of the breaching ones. None means that the state stays.
    """
    missing = spec.evaluation_periods - bad - good
    treat = spec.treat_missing_data
    if treat is TreatMissingData.BREACHING:
        bad += missing
    if bad >= to_alarm:
        return State.ALARM
    if good or missing == 0 or treat in (TreatMissingData.BREACHING, TreatMissingData.NOT_BREACHING):
        return State.OK
    if treat is TreatMissingData.IGNORE:
        return None
    return State.ALARM if bad and oldest_bad >= to_alarm else State.INSUFFICIENT_DATA
