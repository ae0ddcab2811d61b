"""The verdict and the course, against the slow obvious reference."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import example, given, settings
from hypothesis import strategies as st

import reference_alarms
from vedette.alarms import (
    AlarmSpec,
    AlarmState,
    ComparisonOperator,
    State,
    TreatMissingData,
    episodes,
    evaluate,
    timeline,
)
from vedette.alarms.verdict import breaches
from vedette.alarms.windows import Windows
from vedette.metrics import StatisticSet

Samples = dict[int, list[float]]

periods = st.sampled_from([10, 30, 60, 120, 300, 3600, 43_200])
values = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, 5.0]), min_size=1, max_size=4)
states = st.sampled_from(State)
NOT = TreatMissingData.NOT_BREACHING


@st.composite
def specs(draw: st.DrawFn) -> AlarmSpec:
    n = draw(st.integers(1, 5))
    m = draw(st.none() | st.integers(1, n))
    return AlarmSpec(
        "alarm",
        threshold=draw(st.sampled_from([0.0, 1.0, 2.0, 6.0, 15.0])),
        statistic=draw(st.sampled_from(["Sum", "Average", "Minimum", "Maximum", "SampleCount", "p90"])),
        period=draw(periods),
        evaluation_periods=n,
        datapoints_to_alarm=m,
        comparison_operator=draw(st.sampled_from(ComparisonOperator)),
        treat_missing_data=draw(st.sampled_from(TreatMissingData)),
        evaluate_low_sample_count_percentile=draw(st.sampled_from(["evaluate", "ignore"])),
        evaluation_range=draw(st.none() | st.integers(n, n + 6)),
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[AlarmSpec, Samples]:
    """An alarm and samples whose spacing is of the order of its period, so that slots fill, share and empty."""
    spec = draw(specs())
    step = 10 if spec.period < 60 else 60
    spread = max(2, spec.period * (spec.evaluation_periods + 4) // step)
    starts = draw(st.lists(st.integers(0, min(spread, 900)).map(lambda n: n * step), max_size=12, unique=True))
    return spec, {at: draw(values) for at in starts}


def as_sets(samples: Mapping[int, list[float]]) -> dict[int, StatisticSet]:
    return {at: StatisticSet.of(found) for at, found in samples.items()}


@settings(deadline=None, max_examples=300)
@given(situations(), st.integers(0, 60_000), states)
def test_evaluate_agrees_with_the_reference(situation: tuple[AlarmSpec, Samples], now: int, previous: State) -> None:
    """Spec 3.4: the newest N datapoints in range decide; missing ones count as the alarm says."""
    spec, samples = situation
    before = AlarmState(previous, "as it was", None, 1, 1)
    evaluation = evaluate(spec, as_sets(samples), before, now)
    assert evaluation.state.value is reference_alarms.verdict(spec, samples, previous, now)
    assert (evaluation.transition is None) == (evaluation.state == before)


@settings(deadline=None, max_examples=120)
@given(situations(), st.integers(-400, 4_000), st.integers(1, 12_000), states)
@example((AlarmSpec("a", 2.0, period=120), {0: [1.0], 60: [1.0]}), 0, 1_000, State.OK)
@example((AlarmSpec("a", 3.0, period=180), {0: [1.0], 60: [1.0], 120: [1.0]}), 0, 1_000, State.OK)
def test_timeline_is_the_evaluation_of_every_minute(
    situation: tuple[AlarmSpec, Samples], start: int, length: int, initial: State
) -> None:
    """A timeline is every transition of the minute-by-minute evaluation: times, states and reasons."""
    spec, samples = situation
    series = as_sets(samples)
    found = timeline(spec, series, start, start + length, initial)
    step = 10 if spec.period < 60 else 60
    state = AlarmState(initial, "", None, 0, 0)
    expected = []
    for now in range(-(-start // step) * step, start + length, step):
        evaluation = evaluate(spec, series, state, now)
        state = evaluation.state
        if evaluation.transition is not None:
            expected.append(evaluation.transition)
    assert found == expected
    assert [(t.reason, t.reason_data) for t in found] == [(t.reason, t.reason_data) for t in expected]


@settings(deadline=None, max_examples=60)
@given(situations(), st.integers(-400, 1_000), st.integers(1, 6_000), states)
def test_timeline_agrees_with_the_reference(
    situation: tuple[AlarmSpec, Samples], start: int, length: int, initial: State
) -> None:
    """The same, against the reference that looks at every second and every slot."""
    spec, samples = situation
    found = [(t.old, t.new, t.at) for t in timeline(spec, as_sets(samples), start, start + length, initial)]
    assert found == reference_alarms.course(spec, samples, start, start + length, initial)


@settings(deadline=None, max_examples=100)
@given(situations(), states)
@example((AlarmSpec("a", 1.0, treat_missing_data=TreatMissingData.BREACHING), {}), State.OK)
def test_episodes_are_the_stretches_in_alarm(situation: tuple[AlarmSpec, Samples], initial: State) -> None:
    """An episode runs from a transition into ALARM to the next transition, and its minutes were in view by then."""
    spec, samples = situation
    series = as_sets(samples)
    transitions = timeline(spec, series, 0, 20_000, initial)
    found = episodes(spec, series, 0, 20_000, initial)
    opened = [t for t in transitions if t.new is State.ALARM]
    assert [episode.opened for episode in found] == opened
    for episode in found:
        following = [t for t in transitions if t.at > episode.start]
        assert episode.closed == (following[0] if following else None)
        assert set(episode.minutes) <= set(samples)
        assert list(episode.minutes) == sorted(set(episode.minutes))
        assert all(at < (episode.end or 20_000) for at in episode.minutes)
        assert episode.earliest == (episode.minutes[0] if episode.minutes else None)


@st.composite
def firing(draw: st.DrawFn) -> tuple[AlarmSpec, Samples]:
    """An alarm of which any datapoint in range brings about ALARM, as most detections have."""
    n = draw(st.integers(1, 4))
    spec = AlarmSpec(
        "alarm",
        threshold=1.0,
        period=draw(st.sampled_from([10, 60, 300, 3_600, 43_200])),
        evaluation_periods=n,
        datapoints_to_alarm=1,
        comparison_operator=ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=TreatMissingData.NOT_BREACHING,
        evaluation_range=draw(st.none() | st.integers(n, n + 6)),
    )
    step = 10 if spec.period < 60 else 60
    reach = max(2, spec.period * (n + 4) // step)
    starts = draw(st.lists(st.integers(0, 4 * reach).map(lambda at: at * step), max_size=12, unique=True))
    return spec, {at: draw(st.lists(st.sampled_from([1.0, 2.0]), min_size=1, max_size=3)) for at in starts}


@settings(deadline=None, max_examples=300)
@given(situations() | firing(), st.integers(-400, 4_000), st.integers(1, 60_000), states)
@example(
    (AlarmSpec("a", 1.0, period=60, treat_missing_data=NOT), {0: [1.0], 60: [1.0], 120: [1.0]}), 180, 300, State.OK
)
def test_what_is_behind_an_episode(
    situation: tuple[AlarmSpec, Samples], start: int, length: int, initial: State
) -> None:
    """Rule: 'Those of the breaching slots that decided its first evaluation, and those that came into view before its
    last.'"""
    spec, samples = situation
    windows = Windows.of(spec)
    for episode in episodes(spec, as_sets(samples), start, start + length, initial):
        counted = [slot for slot in episode.opened.slots if slot.value is not None][: spec.evaluation_periods]
        bad = [slot.start for slot in counted if slot.value is not None and breaches(spec, slot.value)]
        first = windows.end(episode.start)
        last = windows.end((start + length if episode.end is None else episode.end) - 1)
        decisive = {at for at in samples for slot in bad if slot <= at < slot + spec.period}
        assert episode.minutes == tuple(sorted(decisive | {at for at in samples if first <= at < last}))


def test_the_minutes_of_an_episode() -> None:
    """Those that made it fire, those seen while it lasted, and not the one that ended it."""
    spec = AlarmSpec("two", 2.0, period=180)
    series = as_sets({0: [2.0], 600: [1.0], 660: [1.0], 720: [1.0], 780: [0.0], 840: [0.0]})
    first, second = episodes(spec, series, 0, 3_600)
    assert (first.start, first.earliest, first.minutes) == (60, 0, (0,))
    assert (second.start, second.end, second.minutes) == (720, 900, (600, 660, 720, 780))
    assert second.closed is not None
    assert episodes(spec, as_sets({0: [2.0]}), 0, 120)[0].end is None
    lasting = AlarmSpec("silent", 1.0, treat_missing_data=TreatMissingData.BREACHING)
    assert [(e.start, e.earliest) for e in episodes(lasting, {}, 0, 3_600)] == [(0, None)]


def test_a_burst_that_flaps_is_one_episode_if_asked() -> None:
    """Three failures in three minutes: the sliding slots tear them apart and join them again, thrice in all."""
    spec = AlarmSpec("three", 3.0, treat_missing_data=TreatMissingData.NOT_BREACHING)
    series = as_sets({60: [1.0], 120: [1.0], 180: [1.0], 7_200: [3.0]})
    apart = episodes(spec, series, 0, 10_000)
    assert [(e.start, e.end) for e in apart] == [(240, 420), (540, 720), (840, 1020), (7_260, 8_160)]
    joined = episodes(spec, series, 0, 10_000, quiet=900)
    assert [(e.start, e.end, e.minutes) for e in joined] == [(240, 1020, (60, 120, 180)), (7_260, 8_160, (7_200,))]
    assert joined[0].closed == apart[2].closed


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from([0.1, 0.7, 1.0, 2.5])), max_size=30),
    st.sampled_from([0.05, 0.1, 0.8, 3.0, 3.1, 8.0]),
    st.sampled_from([60, 120, 300]),
    st.integers(1, 3),
    st.sampled_from(
        [
            ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            ComparisonOperator.GREATER_THAN_THRESHOLD,
        ]
    ),
)
def test_sums_that_never_or_always_reach_their_threshold(
    points: list[tuple[int, float]], threshold: float, period: int, periods: int, operator: ComparisonOperator
) -> None:
    """What no stretch of a period adds up to leaves the alarm in OK; what just does, or each datapoint does, fires."""
    spec = AlarmSpec(
        "alarm",
        threshold=threshold,
        period=period,
        evaluation_periods=periods,
        datapoints_to_alarm=1,
        comparison_operator=operator,
        treat_missing_data=TreatMissingData.NOT_BREACHING,
    )
    samples: Samples = {}
    for minute, value in points:
        samples.setdefault(60 * minute, []).append(value)
    found = [(t.old, t.new, t.at) for t in timeline(spec, as_sets(samples), 0, 3_600)]
    assert found == reference_alarms.course(spec, samples, 0, 3_600, State.OK)
