"""Statistic sets count right, and merge to the same whatever the parts."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vedette.metrics import Series, StatisticSet, merge, statistic
from vedette.metrics.sketch import EXACT_VALUES, RELATIVE_ERROR

numbers = st.floats(-1e9, 1e9) | st.integers(-5, 5).map(float) | st.sampled_from([0.1, 0.2, 0.3, 1e-12, 2.0**100])
positive = st.floats(1e-9, 1e18)


@st.composite
def partitions(draw: st.DrawFn) -> tuple[list[float], list[list[float]]]:
    """Values, few or many, and the same values dealt to parts in any order."""
    several = draw(st.lists(numbers, max_size=60))
    many = [draw(st.floats(0.1, 10)) * (step + 1) for step in range(draw(st.sampled_from([0, 0, 100, 130, 300])))]
    values = [abs(value) for value in several] + many if many else several
    dealt = draw(st.permutations(values)) if len(values) < 80 else values[::-1]
    parts: list[list[float]] = [[] for _ in range(draw(st.integers(1, 5)))]
    for place, value in enumerate(dealt):
        parts[hash((place, value)) % len(parts)].append(value)
    return values, parts


@settings(deadline=None, max_examples=150)
@given(partitions())
def test_merging_the_parts_of_any_partition_equals_one_pass(case: tuple[list[float], list[list[float]]]) -> None:
    """Merging is associative and commutative: the parts of any partition, in any order, give what one pass gives."""
    values, parts = case
    whole = StatisticSet.of(values)
    sets = [StatisticSet.of(part) for part in parts]
    assert merge(*sets) == whole
    assert merge(*reversed(sets)) == whole
    half = len(sets) // 2
    assert merge(merge(*sets[:half]), merge(*sets[half:])) == whole


@settings(deadline=None)
@given(st.lists(numbers, min_size=1, max_size=50))
@example([0.1] * 10)
@example([-0.0])
def test_the_standard_statistics_are_those_of_the_values(values: list[float]) -> None:
    """Sum is rounded once: it is the double nearest to the exact sum of the values."""
    data = StatisticSet.of(values)
    assert statistic("SampleCount", data) == len(values)
    assert statistic("Sum", data) == float(sum(map(Fraction, values)))
    assert statistic("Average", data) == float(sum(map(Fraction, values))) / len(values)
    assert statistic("Minimum", data) == min(values)
    assert statistic("Maximum", data) == max(values)


@settings(deadline=None)
@given(st.lists(numbers, max_size=20), st.integers(1, 9))
def test_a_count_stands_for_repetition(values: list[float], count: int) -> None:
    """`add(value, n)` is n times `add(value)`."""
    counted = StatisticSet()
    for value in values:
        counted.add(value, count)
    assert counted == StatisticSet.of(values * count)


@settings(deadline=None, max_examples=50)
@given(st.lists(positive, min_size=EXACT_VALUES + 1, max_size=400, unique=True), st.integers(1, 100))
def test_percentiles_of_many_values_are_within_the_stated_error(values: list[float], percent: int) -> None:
    """Beyond EXACT_VALUES distinct values a percentile is within RELATIVE_ERROR of the true nearest rank."""
    true = sorted(values)[math.ceil(percent * len(values) / 100) - 1]
    found = statistic(f"p{percent}", StatisticSet.of(values))
    assert found is not None
    assert abs(found - true) <= RELATIVE_ERROR * true * (1 + 1e-9)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=EXACT_VALUES), st.integers(1, 100))
def test_percentiles_of_few_values_are_exact(values: list[float], percent: int) -> None:
    """Up to EXACT_VALUES distinct values the p-th percentile is the ceil(p/100 * n)-th smallest."""
    true = sorted(values)[math.ceil(percent * len(values) / 100) - 1]
    assert statistic(f"p{percent}", StatisticSet.of(values)) == true


def test_many_values_with_zero_and_extremes_stay_within_their_bounds() -> None:
    data = StatisticSet.of([0.0, 1e-300, 2.0**350, *range(1, 200)])
    assert statistic("p0", data) == 0.0
    assert statistic("p100", data) is not None
    assert data.minimum == 0.0
    assert data.maximum == 2.0**350
    pairs = data.ordered()
    assert pairs is not None
    assert sum(count for _, count in pairs) == data.sample_count
    assert all(0.0 <= value <= data.maximum for value, _ in pairs)


def test_a_negative_value_takes_the_percentiles_away() -> None:
    """CloudWatch: percentiles are not available when any value is negative."""
    data = StatisticSet.of([1.0, 2.0, -1.0, 3.0])
    assert statistic("p50", data) is None
    assert statistic("tm90", data) is None
    assert statistic("Sum", data) == 5.0
    many = StatisticSet.of([*range(200), -1.0, *range(200, 400)])
    assert many.ordered() is None
    assert merge(many, StatisticSet.of(range(300))).ordered() is None
    assert merge(StatisticSet.of(range(300)), many) == merge(many, StatisticSet.of(range(300)))
    assert statistic("Minimum", many) == -1.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2.0**361])
def test_values_that_cloudwatch_refuses_are_refused(value: float) -> None:
    """PutMetricData takes values from -2^360 to 2^360, and no NaN or infinity."""
    with pytest.raises(ValueError, match="not a value that a metric can hold"):
        StatisticSet().add(value)


def test_an_empty_set_changes_nothing() -> None:
    data = StatisticSet.of([1.0, 2.0])
    assert merge(data, StatisticSet()) == data == merge(StatisticSet(), data)
    assert StatisticSet().sum == 0.0
    assert StatisticSet().ordered() == []
    assert statistic("Sum", StatisticSet()) is None
    assert statistic("p50", StatisticSet()) is None


def test_a_merge_leaves_its_parts_alone() -> None:
    first, second = StatisticSet.of([1.0, 2.0]), StatisticSet.of([3.0])
    merged = merge(first, second)
    merged.add(9.0)
    assert first == StatisticSet.of([1.0, 2.0])
    assert second == StatisticSet.of([3.0])


def test_sets_compare_by_content_and_print_it() -> None:
    assert StatisticSet.of([1.0]) != StatisticSet.of([2.0])
    assert StatisticSet.of([1.0]) != "StatisticSet"
    assert repr(StatisticSet()) == "StatisticSet()"
    assert repr(StatisticSet.of([1.0, 2.0])) == "StatisticSet(sample_count=2, sum=3.0, minimum=1.0, maximum=2.0)"


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 3).map(float)), max_size=40), st.integers(0, 40))
def test_series_merge_like_their_sets(samples: list[tuple[int, float]], cut: int) -> None:
    """Two halves of the samples, each a series, absorb to the series of all of them."""
    whole, first, second = Series(), Series(), Series()
    for at, value in samples:
        whole.add(at, value)
    for at, value in samples[:cut]:
        first.add(at, value)
    for at, value in samples[cut:]:
        second.add(at, value)
    first.absorb(second)
    assert dict(first) == dict(whole)
    assert all(start % 60 == 0 for start in whole)
    window = whole.window(120, 600)
    inside = [value for at, value in samples if 120 <= at < 600]
    assert window == (StatisticSet.of(inside) if inside else None)


def test_a_series_is_a_mapping_with_a_resolution() -> None:
    series = Series({0: StatisticSet.of([1.0])}, resolution=10)
    series.add(25, 2.0, 3)
    assert list(series) == [0, 20]
    assert len(series) == 2
    assert series[20].sample_count == 3
    assert repr(Series()) == "Series({})"
