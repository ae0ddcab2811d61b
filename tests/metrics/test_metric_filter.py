"""What a metric filter publishes, case by case as recorded of real ones."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.errors import InputError
from vedette.metrics import (
    Clock,
    Event,
    MetricFilter,
    Sample,
    StatisticSet,
    Transformation,
    publish,
    refusals,
    statistic,
)
from vedette.patterns import FilterPattern

Document = dict[str, object]

CONSTRAINT = (
    "1 validation error detected: Value 'a:b' at 'metricTransformations.1.member.metricName' failed to satisfy "
    "constraint: Member must satisfy regular expression pattern: [^:*$]*"
)


def value_of(metric_value: str, document: Document) -> float | None:
    sample = MetricFilter.of(Transformation("N", "m", metric_value)).sample(document, matches=True)
    return None if sample is None else sample.value


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"v": 7}, 7.0),
        ({"v": 1.5}, 1.5),
        ({"v": "11.5"}, 11.5),
        ({"v": " 3 "}, 3.0),
        ({"v": "-1e2"}, -100.0),
        ({"v": "banana"}, None),
        ({"v": ""}, None),
        ({"v": "NaN"}, None),
        ({"v": "1e999"}, None),
        ({"v": "1_000"}, None),
        ({"v": 10**400}, None),
        ({"v": True}, None),
        ({"v": None}, None),
        ({"v": [1]}, None),
        ({"v": {"w": 1}}, None),
        ({}, None),
    ],
)
def test_a_selected_value(document: Document, expected: float | None) -> None:
    """Numeric strings are parsed; what is not a number, or is missing, publishes no datapoint."""
    assert value_of("$.v", document) == expected


def test_a_constant_and_a_nested_selector() -> None:
    assert value_of("5", {}) == 5.0
    assert value_of("0", {}) == 0.0
    assert value_of("$.a['b'][0]", {}) is None
    assert value_of("$.a.b[1]", {"a": {"b": [1, 2]}}) == 2.0


def test_a_field_of_a_space_delimited_pattern() -> None:
    """`$size` reads the field that the pattern names; quoted numbers are numbers, words are not."""
    pattern = FilterPattern.parse("[kind, size]")
    assert value_of("$size", dict(pattern.extract("SPACE 13"))) == 13.0
    assert value_of("$size", dict(pattern.extract("SPACE banana"))) is None
    assert value_of("$missing", dict(pattern.extract("SPACE 13"))) is None


def test_the_default_is_emitted_once_for_each_event_that_does_not_match() -> None:
    """Recorded: 17 events without and 1 with a match in a period, default 3 and value 5: 18 samples, sum 56."""
    metric_filter = MetricFilter.of(Transformation("N", "m", "5", default=3.0))
    events = [Event({}, place == 9, 120 + place, 0) for place in range(18)]
    (series,) = publish(metric_filter, events, Clock.EVENT).values()
    data = series[120]
    assert (data.sample_count, data.sum, data.minimum, data.maximum) == (18, 56.0, 3.0, 5.0)


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_with_a_default_of_zero_the_average_is_the_match_ratio(matches: list[bool]) -> None:
    """Sum counts the matches, SampleCount the events, and Average is matches / events."""
    metric_filter = MetricFilter.of(Transformation("N", "m", "1", default=0.0))
    (series,) = publish(metric_filter, [Event({}, each, 0, 0) for each in matches], Clock.EVENT).values()
    assert statistic("Sum", series[0]) == sum(matches)
    assert statistic("SampleCount", series[0]) == len(matches)
    assert statistic("Average", series[0]) == sum(matches) / len(matches)
    assert statistic("Maximum", series[0]) == float(any(matches))


def test_without_a_default_only_matches_are_counted_and_quiet_minutes_have_no_datapoint() -> None:
    metric_filter = MetricFilter.of(Transformation("N", "m"))
    events = [Event({}, True, 0, 0), Event({}, False, 60, 0), Event({}, True, 185, 0)]
    (series,) = publish(metric_filter, events, Clock.EVENT).values()
    assert dict(series) == {0: StatisticSet.of([1.0]), 180: StatisticSet.of([1.0])}
    assert publish(metric_filter, [Event({}, False, 0, 0)], Clock.EVENT) == {}


def test_the_clock_decides_the_minute() -> None:
    """A record that happened at 10:00:20 and was delivered at 10:03:40 counts in 10:00 or in 10:03."""
    metric_filter = MetricFilter.of(Transformation("N", "m"))
    event = Event({}, True, 36_020, 36_220)
    assert list(publish(metric_filter, [event], Clock.EVENT)[()]) == [36_000]
    assert list(publish(metric_filter, [event], Clock.DELIVERY)[()]) == [36_180]


def test_dimensions_make_series_and_an_event_without_the_field_makes_none() -> None:
    """Recorded: a dimension `Bucket=$.bucket` gives a series each for A and B, none for the event without a bucket."""
    metric_filter = MetricFilter.of(Transformation("N", "m", unit="Count", dimensions=(("Bucket", "$.bucket"),)))
    documents: list[Document] = [
        {"bucket": "A"},
        {"bucket": "B"},
        {"bucket": "A"},
        {},
        {"bucket": ""},
        {"bucket": True},
    ]
    made = publish(metric_filter, [Event(each, True, 0, 0) for each in documents], Clock.EVENT)
    assert {key: series[0].sample_count for key, series in made.items()} == {
        (("Bucket", "A"),): 2,
        (("Bucket", "B"),): 1,
    }
    assert metric_filter.sample({"bucket": 12}, matches=True) == Sample(1.0, (("Bucket", "12"),), "Count")
    assert metric_filter.sample({"bucket": "A"}, matches=False) is None


@pytest.mark.parametrize(
    ("transformation", "text"),
    [
        (Transformation("N", "m", "x"), "Invalid metric transformation: metric value x must be a valid number"),
        (Transformation("N", "m", "$"), "Invalid metric transformation: metric value $ must be a valid number"),
        (Transformation("N", "m", "$.a b"), "Invalid metric transformation: metric value $.a b must be a valid number"),
        (
            Transformation("N", "m", "$.items[*].value"),
            "Invalid metric transformation: metric value $.items[*].value must be a valid number",
        ),
        (
            Transformation("N", "m", default=0.0, dimensions=(("A", "$.a"),)),
            "Invalid metric transformation: dimensions and default value are mutually exclusive properties",
        ),
        (
            Transformation("N", "m", dimensions=(("A", "$.a"), ("B", "$.b"), ("C", "$.c"), ("D", "$.d"))),
            "Number of dimensions exceeds the maximum number of dimensions supported per metric filter",
        ),
        (
            Transformation("N", "m", dimensions=(("A", "literal"),)),
            "Invalid metric transformation: dimension value must be valid selector",
        ),
        (
            Transformation("N", "m", dimensions=(("A", "5"),)),
            "Invalid metric transformation: dimension value must be valid selector",
        ),
        (
            Transformation("N", "m", dimensions=(("A", "$.a[*]"),)),
            "Invalid metric transformation: dimension value must be valid selector",
        ),
        (
            Transformation("N", "a:b"),
            CONSTRAINT,
        ),
    ],
)
def test_what_aws_refuses(transformation: Transformation, text: str) -> None:
    """Spec 2.1, with AWS's texts."""
    assert text in refusals(transformation)
    with pytest.raises(InputError):
        MetricFilter.of(transformation)


def test_lengths_and_units_are_limited() -> None:
    long = Transformation("n" * 256, "m" * 256, "1" * 101, unit="Count/Hour")
    texts = refusals(long)
    assert len(texts) == 4
    assert all(text.startswith("1 validation error detected: Value '") for text in texts)
    assert refusals(Transformation("N", "m", "$.missing", unit="Count/Second", dimensions=(("A", "$field"),))) == ()
