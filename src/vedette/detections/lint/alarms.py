"""Checks of the metric and its alarm: whether it can fire at all, rest at all, and be put into CloudWatch.

The reach of a statistic follows from what the metric can hold: the value of a match, and the default of the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from vedette.alarms.spec import AlarmSpec, ComparisonOperator, TreatMissingData
from vedette.detections.definition import Metric
from vedette.detections.lint import rules
from vedette.detections.lint.finding import Finding, Subject

_DAY = 86_400
_WEEK = 604_800
_HOUR = 3_600

_COUNTED = ("SampleCount", "TC", "tc")
_SUMMED = ("Sum", "TS", "ts")


@dataclass(frozen=True, slots=True)
class Reach:
    """The lowest and the highest that a statistic can be where there is data."""

    low: float
    high: float


def check_alarm(subject: Subject) -> Iterator[Finding]:
    """Every rule on the metric and the alarm."""
    metric, alarm = subject.detection.metric, subject.detection.alarm
    if metric is None or alarm is None:
        return
    yield from _metric(metric, alarm)
    yield from _limits(alarm)
    yield from _units(metric, alarm)
    yield from _thresholds(metric, alarm)


def _metric(metric: Metric, alarm: AlarmSpec) -> Iterator[Finding]:
    if metric.default is None:
        return
    if metric.dimensions:
        message = "a metric has either dimensions or a default value"
        yield Finding(rules.DIMENSIONS_WITH_DEFAULT, message, ("metric", "default"))
    if not alarm.statistic.startswith(("Sum", "SampleCount", "Minimum", "Maximum", "TC", "tc", "TS", "ts", "PR")):
        message = f"`{alarm.statistic}` is taken over the records that do not match too, each counted as the default"
        hint = "count matches with `statistic: Sum`, or remove the default"
        yield Finding(rules.AVERAGE_WITH_DEFAULT, message, ("alarm", "statistic"), hint=hint)


def _limits(alarm: AlarmSpec) -> Iterator[Finding]:
    span = alarm.period * alarm.evaluation_periods
    limit = _DAY if alarm.period < _HOUR else _WEEK
    if span > limit:
        message = (
            f"{alarm.evaluation_periods} periods of {alarm.period} s are {span:,} s; at most {limit:,} s are taken"
        )
        hint = "periods of an hour or more reach a week" if limit == _DAY else None
        yield Finding(rules.ALARM_REFUSED, message, ("alarm", "evaluation_periods"), hint=hint)
    if alarm.datapoints_to_alarm is not None and alarm.datapoints_to_alarm > alarm.evaluation_periods:
        message = f"{alarm.datapoints_to_alarm} of {alarm.evaluation_periods} datapoints can never breach"
        yield Finding(rules.ALARM_REFUSED, message, ("alarm", "datapoints_to_alarm"))
    if alarm.period < 60:
        message = f"a metric filter's datapoints are a minute apart, the periods {alarm.period} s"
        yield Finding(rules.PERIOD_BELOW_RESOLUTION, message, ("alarm", "period"))


def _units(metric: Metric, alarm: AlarmSpec) -> Iterator[Finding]:
    published = metric.unit or "None"
    if alarm.unit is not None and alarm.unit != published:
        message = f"the alarm reads the unit {alarm.unit}, and the metric publishes {published}"
        yield Finding(rules.ALARM_CANNOT_FIRE, message, ("alarm", "unit"))


def _thresholds(metric: Metric, alarm: AlarmSpec) -> Iterator[Finding]:
    reach = reach_of(metric, alarm.statistic)
    if reach is None or alarm.treat_missing_data is TreatMissingData.BREACHING:
        return
    if alarm.statistic.startswith("p") and reach.low < 0:
        message = "CloudWatch takes no percentile of a metric with negative values"
        yield Finding(rules.ALARM_CANNOT_FIRE, message, ("alarm", "statistic"))
    elif not _breaches_somewhere(reach, alarm):
        message = f"{alarm.statistic} of this metric is {_words(reach)}, and never {_condition(alarm)}"
        hint = "to count matches, use `statistic: Sum`" if alarm.statistic != "Sum" else None
        yield Finding(rules.ALARM_CANNOT_FIRE, message, ("alarm", "threshold"), hint=hint)
    elif metric.default is not None and _breaches_everywhere(reach, alarm):
        message = f"{alarm.statistic} of this metric is always {_condition(alarm)}, for the default counts too"
        yield Finding(rules.ALARM_ALWAYS_ON, message, ("alarm", "threshold"))


def reach_of(metric: Metric, statistic: str) -> Reach | None:
    """What the statistic can be; None where a record's field decides."""
    if statistic.startswith(_COUNTED):
        return Reach(1.0 if statistic == "SampleCount" else 0.0, math.inf)
    if statistic.startswith("PR"):
        return Reach(0.0, 100.0)
    if metric.value.startswith("$"):
        return None
    values = [float(metric.value)] + ([] if metric.default is None else [metric.default])
    low, high = min(values), max(values)
    if statistic.startswith(_SUMMED):
        return Reach(low if low >= 0 else -math.inf, high if high <= 0 else math.inf)
    return Reach(low, high)


def _breaches_somewhere(reach: Reach, alarm: AlarmSpec) -> bool:
    return _holds(alarm.comparison_operator, _best(reach, alarm), alarm.threshold)


def _breaches_everywhere(reach: Reach, alarm: AlarmSpec) -> bool:
    worst = reach.low if _best(reach, alarm) == reach.high else reach.high
    return _holds(alarm.comparison_operator, worst, alarm.threshold) and _breaches_somewhere(reach, alarm)


def _best(reach: Reach, alarm: AlarmSpec) -> float:
    """The end of the reach that is likeliest to breach."""
    upward = alarm.comparison_operator in (
        ComparisonOperator.GREATER_THAN_THRESHOLD,
        ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    )
    return reach.high if upward else reach.low


def _holds(operator: ComparisonOperator, value: float, threshold: float) -> bool:
    match operator:
        case ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD:
            return value >= threshold
        case ComparisonOperator.GREATER_THAN_THRESHOLD:
            return value > threshold
        case ComparisonOperator.LESS_THAN_THRESHOLD:
            return value < threshold
        case ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD:
            return value <= threshold


_SIGNS = {
    ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD: "≥",
    ComparisonOperator.GREATER_THAN_THRESHOLD: ">",
    ComparisonOperator.LESS_THAN_THRESHOLD: "<",
    ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD: "≤",
}


def _condition(alarm: AlarmSpec) -> str:
    return f"{_SIGNS[alarm.comparison_operator]} {alarm.threshold:g}"


def _words(reach: Reach) -> str:
    if reach.low == reach.high:
        return f"{reach.low:g}"
    if math.isinf(reach.high):
        return f"at least {reach.low:g}"
    if math.isinf(reach.low):
        return f"at most {reach.high:g}"
    return f"from {reach.low:g} to {reach.high:g}"


def check_deployable(subject: Subject) -> Iterator[Finding]:
    """pattern-over-quota and cannot-deploy-natively."""
    detection = subject.detection
    for excess in detection.pattern.over_quota if detection.pattern is not None else ():
        yield Finding(rules.PATTERN_OVER_QUOTA, f"a metric filter cannot hold this pattern: {excess}", ("pattern",))
    if detection.exceptions:
        message = "a metric filter knows no exceptions: deployed natively, it counts these matches"
        yield Finding(rules.CANNOT_DEPLOY_NATIVELY, message, ("exceptions",))
