"""What a CloudWatch alarm is told to do: the settings of PutMetricAlarm, with AWS's names and limits."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator
from dataclasses import dataclass

from vedette.errors import InputError
from vedette.metrics.extended import Trimmed, parse_statistic
from vedette.metrics.units import UNITS


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


@dataclass(frozen=True, slots=True)
class Violation:
    """A limit of PutMetricAlarm that a setting breaks: the name of the setting, and what is wrong with it."""

    setting: str
    message: str


def violations(spec: AlarmSpec) -> tuple[Violation, ...]:
    """Every limit that the alarm breaks; none if CloudWatch would accept it. Source: PutMetricAlarm."""
    found = (*_name(spec), *_statistic(spec), *_times(spec), *_counts(spec), *_words(spec))
    return tuple(Violation(setting, message) for setting, message in found)


def _name(spec: AlarmSpec) -> Iterator[tuple[str, str]]:
    if not 1 <= len(spec.name) <= 255:
        yield "name", f"an alarm's name has from 1 to 255 characters, this one has {len(spec.name)}"
    if any(char < " " or char == "\x7f" for char in spec.name):
        yield "name", "an alarm's name has no control characters"


def _statistic(spec: AlarmSpec) -> Iterator[tuple[str, str]]:
    if not math.isfinite(spec.threshold):
        yield "threshold", "a threshold is a finite number"
    try:
        wanted = parse_statistic(spec.statistic)
    except InputError as error:
        yield "statistic", error.message
        return
    if isinstance(wanted, Trimmed) and wanted.percent and spec.statistic.endswith(")"):
        outside = [bound for bound in (wanted.low, wanted.high) if bound is not None and not 10 <= bound <= 90]
        if outside:
            yield "statistic", "an alarm trims at percentages from 10 to 90"


def _times(spec: AlarmSpec) -> Iterator[tuple[str, str]]:
    if spec.period not in (10, 20, 30) and (spec.period < 60 or spec.period % 60):
        yield "period", "a period is 10, 20 or 30 seconds, or a multiple of 60"
    length = spec.period * spec.evaluation_periods
    longest, name = (86_400, "a day") if spec.period < 3_600 else (604_800, "seven days")
    if length > longest:
        yield "evaluation_periods", f"the periods together last {length:,} seconds, longer than {name} ({longest:,})"


def _counts(spec: AlarmSpec) -> Iterator[tuple[str, str]]:
    if spec.evaluation_periods < 1:
        yield "evaluation_periods", "an alarm evaluates at least one period"
    if spec.datapoints_to_alarm is not None and not 1 <= spec.datapoints_to_alarm <= spec.evaluation_periods:
        yield "datapoints_to_alarm", f"from 1 to {spec.evaluation_periods} datapoints can be asked for"
    if spec.evaluation_range is not None and spec.evaluation_range < spec.evaluation_periods:
        yield "evaluation_range", "the evaluation range holds at least the evaluation periods"


def _words(spec: AlarmSpec) -> Iterator[tuple[str, str]]:
    if spec.evaluate_low_sample_count_percentile not in ("evaluate", "ignore"):
        yield "evaluate_low_sample_count_percentile", "expected `evaluate` or `ignore`"
    if spec.unit is not None and spec.unit not in UNITS:
        yield "unit", f"`{spec.unit}` is not a unit that CloudWatch knows"
