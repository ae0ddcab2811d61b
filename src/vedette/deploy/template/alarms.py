"""A detection's metric filter and alarm, as its file has them, and the composite alarms over alarms.

An alarm in CloudWatch counts for everybody together: what a detection groups by (an actor, an address) is told by the
storyteller, and a threshold is reached sooner than in `vedette scan`, never later.
Sources: PutMetricFilter, PutMetricAlarm, PutCompositeAlarm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from vedette.alarms.composite import Rule
from vedette.alarms.rule_tree import AtLeast, Every, Expression, InState, Literal, Negation, Some
from vedette.alarms.spec import AlarmSpec, State
from vedette.deploy import names
from vedette.deploy.template.storyteller import function_arn
from vedette.deploy.template.values import Json, Resources, logical_id, portable, tag_list
from vedette.deploy.template.wording import worded
from vedette.deploy.wanted import Wanted
from vedette.detections.definition import Detection, Severity

MAX_DESCRIPTION: Final = 1_024
MAX_RULE: Final = 10_240
MAX_CHILDREN: Final = 100
_STANDARD: Final = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


def filter_id(detection: Detection) -> str:
    """The logical id of its metric filter."""
    return logical_id(detection.id, "Filter")


def alarm_id(detection: Detection) -> str:
    """The logical id of its alarm."""
    return logical_id(detection.id, "Alarm")


def add_filter(wanted: Wanted, detection: Detection, text: str, resources: Resources) -> None:
    """The metric filter. Dimensions are left out: no alarm could name the values that they take."""
    metric = detection.metric
    assert metric is not None
    transformation: dict[str, Json] = {
        "MetricNamespace": metric.namespace,
        "MetricName": metric.name,
        "MetricValue": metric.value,
    }
    if metric.default is not None:
        transformation["DefaultValue"] = _number(metric.default)
    if metric.unit is not None:
        transformation["Unit"] = metric.unit
    properties: dict[str, Json] = {
        "FilterName": names.filter_name(wanted, detection.id),
        "FilterPattern": text,
        "LogGroupName": names.log_group_name(wanted),
        "MetricTransformations": [transformation],
    }
    resources.add(filter_id(detection), "AWS::Logs::MetricFilter", properties)


def add_alarm(wanted: Wanted, detection: Detection, resources: Resources) -> None:
    """The alarm over the filter's metric, with the detection's own settings."""
    metric, alarm = detection.metric, detection.alarm
    assert metric is not None
    assert alarm is not None
    properties: dict[str, Json] = {
        "AlarmName": names.alarm_name(wanted, detection.id),
        "AlarmDescription": description(wanted, detection),
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        **_settings(alarm),
        "ActionsEnabled": True,
        "AlarmActions": actions(wanted, detection),
        "Tags": tag_list(wanted, detection.id),
    }
    resources.add(alarm_id(detection), "AWS::CloudWatch::Alarm", properties)


def add_composite(wanted: Wanted, detection: Detection, among: Sequence[str], resources: Resources) -> None:
    """The composite alarm of a rule; `among` are the ids of rules that are in the same stack and stand before it."""
    assert detection.rule is not None
    after = [logical_id(child, "Alarm") for child in detection.rule.children if child in among]
    properties: dict[str, Json] = {
        "AlarmName": names.alarm_name(wanted, detection.id),
        "AlarmDescription": description(wanted, detection),
        "AlarmRule": str(renamed(wanted, detection.rule)),
        "ActionsEnabled": True,
        "AlarmActions": actions(wanted, detection),
        "Tags": tag_list(wanted, detection.id),
    }
    resources.add(alarm_id(detection), "AWS::CloudWatch::CompositeAlarm", properties, after=after)


def actions(wanted: Wanted, detection: Detection) -> list[Json] | None:
    """The topic of its severity, and the storyteller; nothing for a building block."""
    if not detection.notify:
        return None
    topic = portable(wanted, names.topic_arn(wanted, detection.severity))
    return [topic, *([function_arn(wanted)] if wanted.storyteller else [])]


def description(wanted: Wanted, detection: Detection) -> str:
    """What the plain mail says: severity, title, first steps, and where to read on. As many steps as fit, whole."""
    link = runbook(wanted, detection)
    text = headline(detection)
    end = f"\n\nRunbook: {worded(link)}" if link else ""
    steps = ""
    for number, step in enumerate(detection.respond, 1):
        more = f"{steps}\n{number}. {worded(step)}"
        if len(text) + len("\n\nFirst steps:") + len(more) + len(end) > MAX_DESCRIPTION:
            break
        steps = more
    return (text + (f"\n\nFirst steps:{steps}" if steps else "") + end)[:MAX_DESCRIPTION]


def headline(detection: Detection) -> str:
    """What is told first: `HIGH: The root user signed in to the console`."""
    return f"{detection.severity.value.upper()}: {worded(detection.title)}"


def runbook(wanted: Wanted, detection: Detection) -> str:
    """The runbook's page of the detection, or else the first page that its file refers to."""
    if not wanted.runbook_url:
        return detection.references[0] if detection.references else ""
    if "{detection}" in wanted.runbook_url:
        return wanted.runbook_url.replace("{detection}", detection.id)
    return f"{wanted.runbook_url.rstrip('/')}/{detection.id}"


def _settings(alarm: AlarmSpec) -> dict[str, Json]:
    found: dict[str, Json] = {
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "Threshold": _number(alarm.threshold),
        "ComparisonOperator": alarm.comparison_operator.value,
        "TreatMissingData": alarm.treat_missing_data.value,
    }
    if alarm.statistic in _STANDARD:
        found["Statistic"] = alarm.statistic
    else:
        found["ExtendedStatistic"] = alarm.statistic
        if alarm.evaluate_low_sample_count_percentile != "evaluate":
            found["EvaluateLowSampleCountPercentile"] = alarm.evaluate_low_sample_count_percentile
    if alarm.datapoints_to_alarm is not None:
        found["DatapointsToAlarm"] = alarm.datapoints_to_alarm
    if alarm.unit is not None:
        found["Unit"] = alarm.unit
    return found


def _number(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def renamed(wanted: Wanted, rule: Rule) -> Rule:
    """The rule over the alarms that are deployed, in place of the detections that it names."""
    return Rule(_renamed(wanted, rule.expression))


def _renamed(wanted: Wanted, expression: Expression) -> Expression:
    match expression:
        case InState(state, child):
            return InState(state, names.alarm_name(wanted, child))
        case AtLeast(amount, percent, negated, state, children):
            return AtLeast(
                amount, percent, negated, state, tuple(names.alarm_name(wanted, child) for child in children)
            )
        case Negation(part):
            return Negation(_renamed(wanted, part))
        case Every(parts):
            return Every(tuple(_renamed(wanted, part) for part in parts))
        case Some(parts):
            return Some(tuple(_renamed(wanted, part) for part in parts))
        case Literal():
            return expression


def add_roll_ups(wanted: Wanted, told: Sequence[Detection], resources: Resources, among: Sequence[str]) -> list[str]:
    """A composite alarm for each severity, over all its alarms; the names of the alarms, most severe first.

    It has no actions, because each of its alarms tells for itself: it is for the dashboard, and for whatever asks one
    question. Where a rule would be too long, it is an alarm over parts.
    """
    found: list[str] = []
    for severity in sorted(Severity, reverse=True):
        alarms = [names.alarm_name(wanted, one.id) for one in told if one.severity is severity]
        if not alarms:
            continue
        after = [logical_id(one, "Alarm") for one in among]
        parts = list(_parts(alarms))
        if len(parts) > 1:
            ids = []
            for number, part in enumerate(parts, 1):
                ids.append(_add_roll_up(wanted, severity, number, part, resources, after))
            after, parts = ids, [[names.roll_up_name(wanted, severity, number + 1) for number in range(len(parts))]]
        _add_roll_up(wanted, severity, 0, parts[0], resources, after)
        found.append(names.roll_up_name(wanted, severity))
    return found


def _add_roll_up(
    wanted: Wanted, severity: Severity, number: int, alarms: Sequence[str], resources: Resources, after: Sequence[str]
) -> str:
    part = f", part {number}" if number else ""
    properties: dict[str, Json] = {
        "AlarmName": names.roll_up_name(wanted, severity, number),
        "AlarmDescription": f"Some alarm of severity {severity.value} rings{part}. Each alarm tells for itself.",
        "AlarmRule": str(_any(alarms)),
        "ActionsEnabled": True,
        "Tags": tag_list(wanted),
    }
    name = logical_id(f"any-{severity.value}", f"{number or ''}Alarm")
    return resources.add(name, "AWS::CloudWatch::CompositeAlarm", properties, after=after)


def _any(alarms: Sequence[str]) -> Rule:
    states = tuple(InState(State.ALARM, name) for name in alarms)
    return Rule(states[0] if len(states) == 1 else Some(states))


def _parts(alarms: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for name in alarms:
        if part and (len(part) == MAX_CHILDREN or len(str(_any([*part, name]))) > MAX_RULE):
            yield part
            part = []
        part.append(name)
    yield part
