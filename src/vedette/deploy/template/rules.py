"""EventBridge rules: critical detections told in seconds, and those told that no metric filter had room for.

A rule sees what happens in its own region and what `forwarding` sends there, and each match is told: it is for
detections that one event decides. Sources: EventBridge user guide, "Input transformation", "Receiving read-only
management events"; EventBridge quotas.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vedette.alarms.spec import AlarmSpec, ComparisonOperator
from vedette.alerts.words import joined
from vedette.deploy import names
from vedette.deploy.deployment import LeftOut
from vedette.deploy.event_pattern import EventPattern, event_pattern
from vedette.deploy.event_reads import needs_read_only
from vedette.deploy.event_regions import global_region, seen_regions
from vedette.deploy.selection import Selection
from vedette.deploy.storyteller.contract import event_input
from vedette.deploy.template.alarms import headline, runbook
from vedette.deploy.template.storyteller import function_arn
from vedette.deploy.template.topics import dead_queue_arn
from vedette.deploy.template.values import Json, Resources, logical_id, portable, tag_list
from vedette.deploy.template.wording import worded
from vedette.deploy.wanted import Wanted
from vedette.detections.definition import Detection, Metric, Severity
from vedette.detections.question import question
from vedette.predicates.tree import Compare, Predicate, TextGlob, conditions

MAX_RULES: Final = 300
"""The rules of one event bus; the quota can be raised."""
MAX_INPUT: Final = 8_192
"""Characters of what a target is given. Source: EventBridge API reference, InputTransformer."""
_STEPS: Final = 3
"""How many of the first steps a notice tells at most."""
_PATHS: Final[Mapping[str, Json]] = {
    "account": "$.account",
    "actor": "$.detail.userIdentity.arn",
    "address": "$.detail.sourceIPAddress",
    "call": "$.detail.eventName",
    "id": "$.detail.eventID",
    "region": "$.detail.awsRegion",
    "service": "$.detail.eventSource",
    "time": "$.detail.eventTime",
    "type": "$.detail.userIdentity.type",
}
_GLOBAL: Final = frozenset(
    f"{name}.amazonaws.com"
    for name in (
        "account",
        "cloudfront",
        "iam",
        "organizations",
        "route53",
        "route53domains",
        "shield",
        "support",
        "waf",
    )
)
_SIGN_IN: Final = "signin.amazonaws.com"
_RETRY: Final[Mapping[str, Json]] = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86_400}


@dataclass(frozen=True, slots=True)
class Ruled:
    """A detection with its rule; `read_only` if events are needed that EventBridge sends only when asked to."""

    detection: Detection
    asked: Predicate
    pattern: EventPattern
    read_only: bool
    overflow: bool


def choose_rules(wanted: Wanted, selection: Selection) -> tuple[tuple[Ruled, ...], tuple[LeftOut, ...]]:
    """Which detections get a rule, and the reasons of those that ask for one and get none."""
    ruled: list[Ruled] = []
    left_out: list[LeftOut] = []
    critical = [
        (one.detection, "")
        for one in selection.chosen
        if wanted.events and one.detection.notify and one.detection.severity is Severity.CRITICAL
    ]
    for detection, reason in (*critical, *selection.overflow):
        found = _ruled(wanted, detection, overflow=bool(reason))
        if isinstance(found, Ruled) and len(ruled) < MAX_RULES:
            ruled.append(found)
            if reason:
                left_out.append(LeftOut(detection.id, f"{reason} {_instead(wanted)}"))
            continue
        why = found if isinstance(found, str) else f"The event bus takes {MAX_RULES} rules"
        if reason:
            left_out.append(LeftOut(detection.id, f"{reason} EventBridge cannot stand in. {why}."))
        else:
            left_out.append(LeftOut(detection.id, f"Its alarm tells of it in minutes, and no rule in seconds. {why}."))
    return tuple(ruled), tuple(left_out)


def _instead(wanted: Wanted) -> str:
    seen = joined(seen_regions(wanted))
    return f"An EventBridge rule tells of it, which sees what happens in {seen}, and in no other region."


def _ruled(wanted: Wanted, detection: Detection, *, overflow: bool) -> Ruled | str:
    if not wanted.events:
        return "Rules of EventBridge are not wanted"
    if overflow and detection.category == "cis":
        return "What the benchmark asks for is a metric filter, and a rule is none"
    if detection.alarm is None or detection.metric is None or not one_decides(detection.metric, detection.alarm):
        return "A single event does not decide it"
    asked = question(detection, wanted.today or dt.date.min)
    if asked is None:
        return "Its pattern reads records as text"
    seen, home = seen_regions(wanted), global_region(wanted)
    if home not in seen and recorded_at_home(asked):
        return f"What it asks about is recorded in {home}, and a rule sees what happens in {joined(seen)} only"
    pattern = event_pattern(asked)
    if isinstance(pattern, EventPattern):
        return Ruled(detection, asked, pattern, needs_read_only(asked), overflow)
    return pattern.reason.rstrip(".")


def recorded_at_home(asked: Predicate) -> bool:
    """Whether all that a question can match is recorded in the one region of global services.

    That is so where every event source it names is such a service, or it asks for sign-ins of the root user.
    Source: CloudTrail user guide, "Global service events" and "Sign-in events".
    """
    texts = {
        (".".join(map(str, one.selector.steps)), one.rule.pattern)
        for one in conditions(asked)
        if isinstance(one, Compare) and not one.negated and isinstance(one.rule, TextGlob)
    }
    sources = {text for field, text in texts if field == "eventSource"}
    root = ("userIdentity.type", "Root") in texts
    return bool(sources) and all(source in _GLOBAL or (root and source == _SIGN_IN) for source in sources)


def one_decides(metric: Metric, alarm: AlarmSpec) -> bool:
    """Whether a single matching event puts the alarm into ALARM, whatever else happens."""
    enough = alarm.datapoints_to_alarm or alarm.evaluation_periods
    try:
        value = float(metric.value)
    except ValueError:
        return False
    counted = 1.0 if alarm.statistic == "SampleCount" else value
    reached = {
        ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD: counted >= alarm.threshold,
        ComparisonOperator.GREATER_THAN_THRESHOLD: counted > alarm.threshold,
    }
    summed = alarm.statistic in ("Sum", "Maximum", "SampleCount") and value > 0 and (metric.default or 0) >= 0
    return enough == 1 and summed and reached.get(alarm.comparison_operator, False)


def rule_id(detection: Detection) -> str:
    """The logical id of its rule."""
    return logical_id(detection.id, "Rule")


def add_rule(wanted: Wanted, one: Ruled, resources: Resources) -> str:
    """The rule with its targets, the topic and the storyteller; answers its logical id."""
    state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" if one.read_only else "ENABLED"
    dead: Json = {"Arn": dead_queue_arn(wanted)}
    topic = portable(wanted, names.topic_arn(wanted, one.detection.severity))
    targets: list[Json] = [
        {
            "Id": "topic",
            "Arn": topic,
            "InputTransformer": {"InputPathsMap": _PATHS, "InputTemplate": notice(wanted, one)},
            "DeadLetterConfig": dead,
            "RetryPolicy": _RETRY,
        }
    ]
    if wanted.storyteller:
        targets.append(
            {
                "Id": "storyteller",
                "Arn": function_arn(wanted),
                "InputTransformer": dict(_transformer(one.detection.id)),
                "DeadLetterConfig": dead,
                "RetryPolicy": _RETRY,
            }
        )
    properties: dict[str, Json] = {
        "Name": names.event_rule_name(wanted, one.detection.id),
        "Description": headline(one.detection)[:512],
        "EventPattern": dict(one.pattern.document),
        "State": state,
        "Targets": targets,
        "Tags": tag_list(wanted, one.detection.id),
    }
    return resources.add(rule_id(one.detection), "AWS::Events::Rule", properties)


def _transformer(detection_id: str) -> Mapping[str, Json]:
    return {name: str(value) for name, value in event_input(detection_id).items()}


def notice(wanted: Wanted, one: Ruled) -> str:
    """What the topic is told: lines of text, with as many of the first steps as find room.

    Of a record goes in what AWS writes, and nothing that a caller chooses freely, such as a user agent.
    """
    detection = one.detection
    lines = [
        _literal(headline(detection)),
        "<time>, account <account>, region <region>",
        "Who: <type> <actor>, from <address>",
        "What: <call> of <service>, event <id>",
    ]
    if not one.overflow:
        lines.append("The alarm of the same name follows within minutes.")
    link = runbook(wanted, detection)
    last = [_literal(f"Runbook: {worded(link)}")] if link else []
    for number, step in enumerate(detection.respond[:_STEPS], 1):
        more = _literal(f"{number}. {worded(step)}")
        if len(_quoted([*lines, more, *last])) > MAX_INPUT:
            break
        lines.append(more)
    return _quoted([*lines, *last])


def _quoted(lines: Sequence[str]) -> str:
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)


def _literal(text: str) -> str:
    """Text without the brackets that would make EventBridge look for a value."""
    return text.replace("<", "(").replace(">", ")")
