"""Alarms: what CloudWatch decides from a metric, and when.

Everything here is a pure function of its arguments; time is one of them. Knows neither CloudTrail nor a database.
"""

from vedette.alarms.composite import Rule
from vedette.alarms.course import Episode, episodes, timeline
from vedette.alarms.evaluation import Evaluation, evaluate
from vedette.alarms.rule_parser import RuleSyntaxError
from vedette.alarms.spec import AlarmSpec, ComparisonOperator, State, TreatMissingData
from vedette.alarms.state import AlarmState, ChildChange, Told, Transition
from vedette.alarms.verdict import Slot

__all__ = [
    "AlarmSpec",
    "AlarmState",
    "ChildChange",
    "ComparisonOperator",
    "Episode",
    "Evaluation",
    "Rule",
    "RuleSyntaxError",
    "Slot",
    "State",
    "Told",
    "Transition",
    "TreatMissingData",
    "episodes",
    "evaluate",
    "timeline",
]
