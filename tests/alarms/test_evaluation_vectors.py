"""Documented and recorded evaluations of real alarms, read from the shared reference beside the repository."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest

from vedette.alarms import AlarmSpec, AlarmState, ComparisonOperator, State, TreatMissingData, evaluate
from vedette.metrics import StatisticSet

SHARED = Path(os.environ.get("VEDETTE_SHARED", Path(__file__).parents[3] / "shared"))
VECTORS = SHARED / "vectors" / "alarm-evaluation.json"
BREACHING, WITHIN = 9.0, 0.0

if not VECTORS.is_file():
    pytest.skip(f"{VECTORS.name} is not there: set VEDETTE_SHARED to the reference folder", allow_module_level=True)

DATA = json.loads(VECTORS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", DATA["documented"], ids=lambda v: f"{v['M']}of{v['N']}-{v['points']}-{v['treat']}")
@pytest.mark.parametrize("previous", State)
def test_documented(vector: dict[str, object], previous: State) -> None:
    """Every row of the tables of "Alarms and missing data", from each previous state."""
    points, slots = str(vector["points"]), int(str(vector["range"]))
    spec = AlarmSpec(
        "documented",
        threshold=5.0,
        period=300,
        evaluation_periods=int(str(vector["N"])),
        datapoints_to_alarm=int(str(vector["M"])),
        treat_missing_data=TreatMissingData(vector["treat"]),
        evaluation_range=slots,
    )
    datapoints = {
        place * 300: StatisticSet.of([BREACHING if sign == "X" else WITHIN])
        for place, sign in enumerate(points)
        if sign != "-"
    }
    before = AlarmState(previous, "as it was", None, 0, 0)
    found = evaluate(spec, datapoints, before, 300 * slots).state.value
    expected = str(vector["expected"])
    if expected == "RETAIN":
        assert found is previous
    elif expected == "NOT_ALARM":
        assert found is not State.ALARM
    else:
        assert found is State(expected)


@pytest.mark.parametrize("vector", DATA["observed"], ids=lambda v: str(v["name"]))
def test_observed(vector: dict[str, object]) -> None:
    """Every recorded evaluation of a real alarm on 10 seconds, its reason included."""
    spec = AlarmSpec(
        "observed",
        threshold=float(str(vector["threshold"])),
        statistic=str(vector["stat"]),
        period=int(str(vector["period"])),
        evaluation_periods=int(str(vector["N"])),
        datapoints_to_alarm=int(str(vector["M"])),
        comparison_operator=ComparisonOperator(vector["op"]),
        treat_missing_data=TreatMissingData(vector["treat"]),
    )
    points = vector["points"]
    assert isinstance(points, list)
    datapoints = {clock(point["t"]): StatisticSet.of([float(point["v"])]) for point in points}
    before = AlarmState(State(vector["prior"]), "as it was", None, 0, 0)
    evaluation = evaluate(spec, datapoints, before, clock(str(vector["queryDate"])))
    if vector["expected"] == "NOT_ALARM":
        assert evaluation.state.value is not State.ALARM
        return
    assert evaluation.state.value is State(vector["expected"])
    assert evaluation.state.reason == vector["reason"]


def clock(text: str) -> int:
    """Epoch seconds of a time of day on the day of the recordings, 14 September 2026."""
    return int(dt.datetime.fromisoformat(f"2026-09-14T{text}+00:00").timestamp())
