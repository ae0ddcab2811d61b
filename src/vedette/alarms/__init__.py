"""Alarms: what CloudWatch decides from a metric, and when.

Everything here is a pure function of its arguments; time is one of them. Knows neither CloudTrail nor a database.
"""

from vedette.alarms.composite import Rule
from vedette.alarms.rule_parser import RuleSyntaxError
from vedette.alarms.spec import AlarmSpec, ComparisonOperator, State, TreatMissingData

__all__ = ["AlarmSpec", "ComparisonOperator", "Rule", "RuleSyntaxError", "State", "TreatMissingData"]
