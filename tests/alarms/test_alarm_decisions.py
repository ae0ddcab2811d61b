"""How an alarm decides, in cases of our own: one for each rule, as a course of datapoints and states.

The letters under `state` stand for the state at the end of each minute: O for OK, A for ALARM, I for INSUFFICIENT_DATA.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from vedette.alarms import (
    Actions,
    AlarmSpec,
    AlarmState,
    ComparisonOperator,
    State,
    TreatMissingData,
    evaluate,
    set_state,
    timeline,
)
from vedette.alarms.script import states
from vedette.metrics import StatisticSet

LETTERS = {"O": State.OK, "A": State.ALARM, "I": State.INSUFFICIENT_DATA}
BREACHING, NOT_BREACHING = TreatMissingData.BREACHING, TreatMissingData.NOT_BREACHING
IGNORE, MISSING = TreatMissingData.IGNORE, TreatMissingData.MISSING

MINUTELY = AlarmSpec("minutely", threshold=1.0, period=60)


def course(spec: AlarmSpec, points: str, initial: State = State.OK) -> str:
    """The states after each of `points`: digits are values, `.` is no data."""
    read = [None if sign == "." else float(sign) for sign in points]
    return "".join(state.value[0] for state in states(spec, read, initial))


@pytest.mark.parametrize(
    ("treat", "initial", "expected"),
    [
        # One datapoint, N = M = 1, R = 3: it decides as long as it is in range, whatever missing data count as.
        (NOT_BREACHING, "O", "OAAAOO"),
        (BREACHING, "O", "AAAAAA"),
        (MISSING, "O", "IAAAII"),
        (IGNORE, "O", "OAAAAA"),
        (IGNORE, "I", "IAAAAA"),
    ],
)
def test_a_lone_breaching_datapoint(treat: TreatMissingData, initial: str, expected: str) -> None:
    """Spec 3.4: a datapoint keeps the alarm while it is in any slot of the range; then missing data decide."""
    assert course(replace(MINUTELY, treat_missing_data=treat), ".1....", LETTERS[initial]) == expected


@pytest.mark.parametrize(
    ("treat", "expected"),
    [(NOT_BREACHING, "OOOO"), (BREACHING, "OOOA"), (MISSING, "OOOI"), (IGNORE, "OOOO")],
)
def test_a_lone_good_datapoint(treat: TreatMissingData, expected: str) -> None:
    assert course(replace(MINUTELY, treat_missing_data=treat), "0...", State.OK) == expected


def test_a_newer_datapoint_takes_the_place_of_an_older() -> None:
    """With a default value of 0 and steady events the next window's 0 ends the alarm after one period."""
    spec = replace(MINUTELY, treat_missing_data=NOT_BREACHING)
    assert course(spec, "0100") == "OAOO"


def test_treatment_does_not_matter_while_nothing_is_missing() -> None:
    """Spec 3.4, step 2: with N real datapoints in range TreatMissingData is ignored, gaps between them included."""
    for treat in TreatMissingData:
        spec = replace(MINUTELY, evaluation_periods=3, treat_missing_data=treat)
        assert course(spec, "1.1.1")[-1] == "A"
        assert course(spec, "0.1.1")[-1] == "O"


@pytest.mark.parametrize(("to_alarm", "expected"), [(1, "OAAAA"), (2, "OOAAA"), (3, "OOOAO")])
def test_m_of_n(to_alarm: int, expected: str) -> None:
    """M of the newest N datapoints breach; they need not follow each other."""
    spec = replace(MINUTELY, evaluation_periods=3, datapoints_to_alarm=to_alarm)
    assert course(spec, "01110") == expected
    assert course(spec, "0101") == {1: "OAAA", 2: "OOOA", 3: "OOOO"}[to_alarm]


def test_the_premature_case() -> None:
    """Only breaching datapoints, fewer than M: ALARM once the oldest is M slots old, INSUFFICIENT_DATA before."""
    spec = replace(MINUTELY, evaluation_periods=3, datapoints_to_alarm=3)
    assert course(spec, "..1....", State.INSUFFICIENT_DATA) == "IIIIAAA"
    assert course(replace(spec, treat_missing_data=IGNORE), "..1....") == "OOOOOOO"


def test_one_incident_can_alarm_twice() -> None:
    """Recorded of 2 of 3 and `missing`: the good datapoint outlives one breaching datapoint, and not the other."""
    spec = replace(MINUTELY, evaluation_periods=3, datapoints_to_alarm=2)
    assert course(spec, "101......", State.INSUFFICIENT_DATA) == "IOAAAOAII"


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        (ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD, "OAA"),
        (ComparisonOperator.GREATER_THAN_THRESHOLD, "OOA"),
        (ComparisonOperator.LESS_THAN_THRESHOLD, "AOO"),
        (ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD, "AAO"),
    ],
)
def test_operators(operator: ComparisonOperator, expected: str) -> None:
    """The statistic is the left operand."""
    assert course(replace(MINUTELY, threshold=5.0, comparison_operator=operator), "456") == expected


def test_windows_slide_by_the_minute() -> None:
    """Period 300: the sum of the last five minutes, at each minute; not of the clock's five minutes."""
    spec = AlarmSpec("five", threshold=3.0, treat_missing_data=NOT_BREACHING)
    assert course(spec, "...111...") == "OOOOOAAAO"
    assert course(spec, "1...1...1") == "O" * 9


def test_the_end_to_end_example() -> None:
    """Spec 8.4: a read at minute 10:03; ALARM at 10:04; without a default value the first OK is at 10:19."""
    spec = AlarmSpec("secret-read", threshold=1.0, datapoints_to_alarm=1, treat_missing_data=NOT_BREACHING)
    day = int(dt.datetime(2026, 11, 21, tzinfo=dt.UTC).timestamp())
    read = day + 10 * 3600 + 3 * 60
    opened, closed = timeline(spec, {read: StatisticSet.of([1.0])}, day, day + 86_400)
    assert (opened.at, closed.at) == (read + 60, read + 16 * 60)
    assert opened.reason == (
        "Threshold Crossed: 1 out of the last 1 datapoints [1.0 (21/11/26 09:59:00)] was greater than or equal to the "
        "threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert closed.reason == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
        "[NonBreaching]."
    )
    later = {read: StatisticSet.of([1.0]), read + 180: StatisticSet.of([1.0])}
    assert [t.at for t in timeline(spec, later, day, day + 86_400)] == [read + 60, read + 19 * 60]


def test_alarms_longer_than_a_day_are_evaluated_on_the_hour() -> None:
    """Alarm evaluation page: a failure at 10:02 is not seen at 10:03 but at 11:03; mended at 11:43, seen at 12:03."""
    spec = AlarmSpec("daily", 1.0, "Minimum", 86_400, 2, 1, ComparisonOperator.LESS_THAN_THRESHOLD)
    day = 20 * 86_400
    datapoints = {day - 3_600: StatisticSet.of([1.0]), day + 10 * 3_600 + 120: StatisticSet.of([0.0])}
    before = AlarmState(State.OK, "", None, 0, 0)
    seen = [
        evaluate(spec, datapoints, before, day + hour * 3_600 + minute * 60).state.value.value
        for hour, minute in [(10, 3), (10, 59), (11, 0), (11, 3)]
    ]
    assert seen == ["OK", "OK", "ALARM", "ALARM"]
    assert [t.at for t in timeline(spec, datapoints, day, day + 86_400)] == [day + 11 * 3_600]


def test_high_resolution_alarms_look_ten_seconds_back() -> None:
    """Recorded of period 10: the newest slot ends at floor((t - 10) / 10) * 10, and the range is N + 6 slots."""
    spec = AlarmSpec("fast", 1.0, period=10, treat_missing_data=NOT_BREACHING)
    data = {1000: StatisticSet.of([1.0])}
    found = [(t.new, t.at) for t in timeline(spec, data, 900, 1200)]
    assert found == [(State.ALARM, 1020), (State.OK, 1090)]
    assert evaluate(spec, data, AlarmState.initial(0), 1019).state.value is State.OK


def test_the_range_can_be_configured() -> None:
    spec = replace(MINUTELY, treat_missing_data=NOT_BREACHING, evaluation_range=1)
    assert course(spec, ".1...") == "OAOOO"


def test_low_sample_percentiles() -> None:
    """Recorded of p90: with `ignore` 99 samples keep the state, 100 are evaluated; with `evaluate` 99 are too."""
    spec = replace(MINUTELY, statistic="p90", threshold=5.0)
    few, enough = StatisticSet(), StatisticSet()
    few.add(10.0, 99)
    enough.add(10.0, 100)
    before = AlarmState(State.OK, "", None, 0, 0)
    ignoring = replace(spec, evaluate_low_sample_count_percentile="ignore")
    assert evaluate(ignoring, {0: few}, before, 60).state.value is State.OK
    assert evaluate(ignoring, {0: enough}, before, 60).state.value is State.ALARM
    assert evaluate(spec, {0: few}, before, 60).state.value is State.ALARM


def test_a_percentile_of_negative_values_is_no_datapoint() -> None:
    spec = replace(MINUTELY, statistic="p90")
    before = AlarmState(State.OK, "", None, 0, 0)
    assert evaluate(spec, {0: StatisticSet.of([-1.0, 9.0])}, before, 60).state.value is State.INSUFFICIENT_DATA


def test_average_with_a_default_of_zero_is_a_ratio_that_never_alarms() -> None:
    """Spec 3.11: one hit among 18 events averages 0.056, so `Average >= 1` stays silent where `Sum >= 1` speaks."""
    minute = StatisticSet.of([1.0, *[0.0] * 17])
    before = AlarmState(State.OK, "", None, 0, 0)
    assert evaluate(replace(MINUTELY, statistic="Average"), {0: minute}, before, 60).state.value is State.OK
    assert evaluate(replace(MINUTELY, statistic="Sum"), {0: minute}, before, 60).state.value is State.ALARM


def test_a_new_alarm_looks_at_data_from_before_it_existed() -> None:
    """PutMetricAlarm: state INSUFFICIENT_DATA at first; an evaluation follows, and the new state's actions run."""
    initial = AlarmState.initial(600)
    assert (initial.value, initial.reason) == (State.INSUFFICIENT_DATA, "Unchecked: Initial alarm creation")
    evaluation = evaluate(MINUTELY, {540: StatisticSet.of([1.0])}, initial, 600)
    actions = Actions(alarm=("page",), ok=("note",), insufficient_data=("ask",))
    assert actions.of(evaluation.transition) == ("page",)
    assert evaluation.state.updated == evaluation.state.transitioned == 600


def test_a_standing_state_changes_nothing_and_runs_nothing() -> None:
    """Evaluations that do not change the value leave the reason, its data and both times as they were."""
    first = evaluate(MINUTELY, {0: StatisticSet.of([1.0])}, AlarmState.initial(0), 60)
    again = evaluate(MINUTELY, {0: StatisticSet.of([1.0]), 60: StatisticSet.of([5.0])}, first.state, 120)
    assert again.state == first.state
    assert Actions(alarm=("page",)).of(again.transition) == ()


@pytest.mark.parametrize(
    ("state", "ran"), [(State.ALARM, ("page",)), (State.OK, ("note",)), (State.INSUFFICIENT_DATA, ("ask",))]
)
def test_actions_belong_to_the_state_entered(state: State, ran: tuple[str, ...]) -> None:
    """SetAlarmState to another value runs that state's actions; to the same value it does nothing."""
    actions = Actions(alarm=("page",), ok=("note",), insufficient_data=("ask",))
    other = State.OK if state is State.ALARM else State.ALARM
    before = AlarmState(other, "as it was", None, 1, 1)
    told = set_state(before, state, "a drill", 99, reason_data="{}")
    assert actions.of(told.transition) == ran
    assert told.state == AlarmState(state, "a drill", "{}", 99, 99)
    assert told.transition is not None
    assert told.transition.slots == ()
    assert replace(actions, enabled=False).of(told.transition) == ()
    same = set_state(told.state, state, "again", 100)
    assert (same.state, same.transition) == (told.state, None)


def test_an_isolated_datapoint_is_looked_at_a_few_times_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the speed of a timeline comes from: three looks for a lone datapoint, however many slots there are."""
    from vedette.alarms import verdict

    looks = []
    judge = verdict.Judge.state
    monkeypatch.setattr(verdict.Judge, "state", lambda self, end: looks.append(end) or judge(self, end))
    series = {day * 86_400: StatisticSet.of([1.0]) for day in range(1, 101)}
    timeline(replace(MINUTELY, evaluation_periods=60, datapoints_to_alarm=2), series, 0, 200 * 86_400)
    assert len(looks) <= 1 + 3 * len(series)
