"""Alarms: what CloudWatch decides from a metric, and when.

Everything here is a pure function of its arguments; time is one of them. Knows neither CloudTrail nor a database.
"""

from vedette.alarms.actions import Actions
from vedette.alarms.composite import Rule, composite_timeline
from vedette.alarms.course import Episode, episodes, timeline
from vedette.alarms.evaluation import Evaluation, evaluate, set_state
from vedette.alarms.rule_parser import RuleSyntaxError
from vedette.alarms.script import parse_script
from vedette.alarms.spec import AlarmSpec, ComparisonOperator, State, TreatMissingData, Violation, violations
from vedette.alarms.state import AlarmState, ChildChange, Told, Transition
from vedette.alarms.suppression import ActionRun, Suppression, action_runs
from vedette.alarms.verdict import Slot

__all__ = [
    "ActionRun",
    "Actions",
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
    "Suppression",
    "Told",
    "Transition",
    "TreatMissingData",
    "Violation",
    "action_runs",
    "composite_timeline",
    "episodes",
    "evaluate",
    "parse_script",
    "set_state",
    "timeline",
    "violations",
]
