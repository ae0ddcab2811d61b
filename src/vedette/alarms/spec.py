"""What a CloudWatch alarm is told to do: the settings of PutMetricAlarm, with AWS's names and limits."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class State(enum.Enum):
    """The three states of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class ComparisonOperator(enum.Enum):
    """How the statistic (left operand) is compared with the threshold."""

    GREATER_THAN_OR_EQUAL_TO_THRESHOLD = "GreaterThanOrEqualToThreshold"
    GREATER_THAN_THRESHOLD = "GreaterThanThreshold"
    LESS_THAN_THRESHOLD = "LessThanThreshold"
    LESS_THAN_OR_EQUAL_TO_THRESHOLD = "LessThanOrEqualToThreshold"


class TreatMissingData(enum.Enum):
    """What a slot without data counts as."""

    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"
    IGNORE = "ignore"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class AlarmSpec:
    """One metric alarm. Times are in seconds; `statistic` is a standard one or an extended one (`p99`, `TM(2%:98%)`).

    `datapoints_to_alarm` of None means `evaluation_periods`, and is remembered as unset because AWS words its state
    reason differently then. `evaluation_range` is the number of slots fetched; None takes the default of the
    documented hypothesis (`alarms.evaluate` says which).
    """

    name: str
    threshold: float
    statistic: str = "Sum"
    period: int = 300
    evaluation_periods: int = 1
    datapoints_to_alarm: int | None = None
    comparison_operator: ComparisonOperator = ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
    treat_missing_data: TreatMissingData = TreatMissingData.MISSING
    evaluate_low_sample_count_percentile: str = "evaluate"
    unit: str | None = None
    evaluation_range: int | None = None
