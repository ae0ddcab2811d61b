"""AWS's limits on an alarm's settings."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from vedette.alarms import AlarmSpec, violations

GOOD = AlarmSpec("good", 1.0)


@pytest.mark.parametrize(
    "spec",
    [
        GOOD,
        replace(GOOD, name="n" * 255, period=86_400, evaluation_periods=7, datapoints_to_alarm=7),
        replace(GOOD, period=3_540, evaluation_periods=24),
        replace(GOOD, period=10, statistic="p99.9", evaluate_low_sample_count_percentile="ignore", unit="Count/Second"),
        *(replace(GOOD, statistic=name) for name in ("TM(10%:90%)", "tm99", "IQM", "PR(:300)", "TM(1:2)")),
        replace(GOOD, evaluation_periods=3, evaluation_range=3),
    ],
)
def test_what_is_allowed(spec: AlarmSpec) -> None:
    assert violations(spec) == ()


@pytest.mark.parametrize(
    ("spec", "setting", "message"),
    [
        (replace(GOOD, name=""), "name", "from 1 to 255 characters, this one has 0"),
        (replace(GOOD, name="n" * 256), "name", "this one has 256"),
        (replace(GOOD, name="a\nb"), "name", "no control characters"),
        (replace(GOOD, threshold=math.nan), "threshold", "a finite number"),
        (replace(GOOD, statistic="Total"), "statistic", "`Total` is not a statistic"),
        (replace(GOOD, statistic="TM(2%:98%)"), "statistic", "percentages from 10 to 90"),
        (replace(GOOD, period=0), "period", "10, 20 or 30 seconds, or a multiple of 60"),
        (replace(GOOD, period=40), "period", "multiple of 60"),
        (replace(GOOD, period=90), "period", "multiple of 60"),
        (replace(GOOD, evaluation_periods=0), "evaluation_periods", "at least one"),
        (
            replace(GOOD, evaluation_periods=289),
            "evaluation_periods",
            "last 86,700 seconds, longer than a day (86,400)",
        ),
        (
            replace(GOOD, period=86_400, evaluation_periods=8),
            "evaluation_periods",
            "last 691,200 seconds, longer than seven days (604,800)",
        ),
        (replace(GOOD, datapoints_to_alarm=0), "datapoints_to_alarm", "from 1 to 1 datapoints"),
        (replace(GOOD, datapoints_to_alarm=2), "datapoints_to_alarm", "from 1 to 1 datapoints"),
        (
            replace(GOOD, evaluation_periods=3, evaluation_range=2),
            "evaluation_range",
            "at least the evaluation periods",
        ),
        (
            replace(GOOD, evaluate_low_sample_count_percentile="no"),
            "evaluate_low_sample_count_percentile",
            "expected `evaluate` or `ignore`",
        ),
        (replace(GOOD, unit="Furlongs"), "unit", "`Furlongs` is not a unit"),
    ],
)
def test_what_is_refused(spec: AlarmSpec, setting: str, message: str) -> None:
    """Spec 3.1."""
    (found,) = violations(spec)
    assert found.setting == setting
    assert message in found.message
