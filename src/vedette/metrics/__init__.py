"""Metrics: what matches count up to, minute by minute.

Statistic sets merge by an associative, commutative operation, so that one process, four, or a cluster count alike.
Knows neither CloudTrail nor alarms.
"""

from vedette.metrics.extended import parse_statistic, statistic
from vedette.metrics.filter import Clock, Event, MetricFilter, Sample, Transformation, publish, refusals
from vedette.metrics.series import Series
from vedette.metrics.statistics import StatisticSet, merge

__all__ = [
    "Clock",
    "Event",
    "MetricFilter",
    "Sample",
    "Series",
    "StatisticSet",
    "Transformation",
    "merge",
    "parse_statistic",
    "publish",
    "refusals",
    "statistic",
]
