"""State reasons and their data, letter by letter, in a golden file.

The file was read against the recorded and published texts that the module `reasons` names.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

from golden import check_golden
from vedette.alarms import AlarmSpec, AlarmState, ComparisonOperator, State, Transition, TreatMissingData, evaluate
from vedette.metrics import StatisticSet

GOLDEN = Path(__file__).parent / "golden" / "reasons.txt"
TEN = int(dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC).timestamp())
SPEC = AlarmSpec("failures", threshold=3.0, evaluation_periods=3, datapoints_to_alarm=2)
BREACHING, NOT_BREACHING = TreatMissingData.BREACHING, TreatMissingData.NOT_BREACHING
UNSET = replace(SPEC, datapoints_to_alarm=None)
SIX = replace(SPEC, evaluation_periods=6, datapoints_to_alarm=5)
LESS = replace(SPEC, evaluation_periods=1, datapoints_to_alarm=1, unit="Count", statistic="Average")
OPERATORS = ComparisonOperator

CASES: list[tuple[str, AlarmSpec, list[str]]] = [
    ("2 of 3, missing", SPEC, ["505", "500", ".5.", "...", "..5", "5.0.5"]),
    ("2 of 3, breaching", replace(SPEC, treat_missing_data=BREACHING), ["5..", ".50", "00.", "...", "0.."]),
    ("2 of 3, notBreaching", replace(SPEC, treat_missing_data=NOT_BREACHING), ["55.", "0..", "...", "5.."]),
    ("3 periods, DatapointsToAlarm unset", UNSET, ["555", "055", ".5.."]),
    ("the same, breaching", replace(UNSET, treat_missing_data=BREACHING), ["55.", "0..", "..."]),
    ("5 of 6", SIX, ["555555", "500000"]),
    ("6 periods, unset", replace(SIX, datapoints_to_alarm=None), ["555555"]),
    ("greater", replace(LESS, comparison_operator=OPERATORS.GREATER_THAN_THRESHOLD), ["4", "3"]),
    ("less", replace(LESS, comparison_operator=OPERATORS.LESS_THAN_THRESHOLD), ["2", "3"]),
    ("less or equal", replace(LESS, comparison_operator=OPERATORS.LESS_THAN_OR_EQUAL_TO_THRESHOLD), ["3", "4"]),
]


def transition(spec: AlarmSpec, points: str, previous: State) -> Transition | None:
    """The transition at ten o'clock, `points` being the five minutes each before it, oldest first; `.` is no data."""
    count = len(points)
    datapoints = {
        TEN - (count - place) * spec.period: StatisticSet.of([float(sign)])
        for place, sign in enumerate(points)
        if sign != "."
    }
    return evaluate(spec, datapoints, AlarmState(previous, "", None, 0, 0), TEN).transition


def render() -> str:
    lines = []
    for title, spec, courses in CASES:
        for points in courses:
            found = transition(spec, points, State.OK) or transition(spec, points, State.ALARM)
            assert found is not None
            lines += [f"{title}: {points} is {found.new.value}", found.reason, found.reason_data or "", ""]
    return "\n".join(lines)


def test_reasons_and_their_data_are_the_golden_ones() -> None:
    check_golden(GOLDEN, render())


def test_reason_data_is_json_with_the_keys_in_order() -> None:
    found = transition(replace(SPEC, unit="Count"), "555", State.OK)
    assert found is not None
    keys = ["version", "queryDate", "startDate", "unit", "statistic", "period"]
    assert list(json.loads(found.reason_data or "")) == [*keys, "recentDatapoints", "threshold", "evaluatedDatapoints"]


def test_the_reason_does_not_know_the_state_before() -> None:
    """Recorded: `OK -> ALARM transition` is printed even when the alarm comes from INSUFFICIENT_DATA."""
    from_ok, from_unknown = (transition(SPEC, "505", state) for state in (State.OK, State.INSUFFICIENT_DATA))
    assert from_ok is not None
    assert from_unknown is not None
    assert from_ok.reason == from_unknown.reason


def test_a_transition_shows_its_slots_newest_first() -> None:
    found = transition(SPEC, "505", State.OK)
    assert found is not None
    assert [slot.value for slot in found.slots] == [5.0, 0.0, 5.0, None, None]
    assert [TEN - slot.start for slot in found.slots] == [300, 600, 900, 1200, 1500]
    assert found.slots[0].sample_count == 1
