"""Roll-ups, the dashboard, and the rules of EventBridge: what CloudFormation takes without looking at it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from deploy.wishes import ACCOUNT, REGION, SMALL, builtin, everything, own, properties, resources, wish
from vedette.alarms.composite import Rule
from vedette.alarms.spec import State
from vedette.deploy import names
from vedette.deploy.deployment import Deployment
from vedette.deploy.event_pattern import EventPattern, event_pattern
from vedette.deploy.template import build
from vedette.deploy.template.dashboard import problems
from vedette.deploy.template.rules import MAX_RULES, one_decides
from vedette.detections.definition import Detection, Severity
from vedette.predicates.tree import Constant

ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:"


def alarm_names(deployment: Deployment) -> set[str]:
    kinds = ("CloudWatch::Alarm", "CloudWatch::CompositeAlarm")
    return {one["AlarmName"] for kind in kinds for one in properties(deployment, kind).values()}


def metrics(deployment: Deployment) -> set[tuple[str, str]]:
    found = properties(deployment, "Logs::MetricFilter").values()
    return {(m["MetricNamespace"], m["MetricName"]) for one in found for m in one["MetricTransformations"]}


def body(deployment: Deployment) -> str:
    [found] = properties(deployment, "CloudWatch::Dashboard").values()
    return str(found["DashboardBody"])


def many(count: int, severity: str = "medium") -> tuple[Detection, ...]:
    one = replace(own(), severity=Severity(severity))
    return tuple(replace(one, id=f"own-{number:03}-{'long-' * 16}end") for number in range(count))


def test_a_roll_up_stands_over_all_alarms_of_its_severity() -> None:
    found = properties(everything(), "CloudWatch::CompositeAlarm")
    placed = {one.detection: one.alarm_name for one in everything().placed if one.alarm_name}
    for severity in Severity:
        wanted = {
            alarm for name, alarm in placed.items() if builtin()[name].severity is severity and builtin()[name].notify
        }
        rules = [one for name, one in found.items() if one["AlarmName"] == f"vedette-any-{severity.value}"]
        assert bool(rules) == bool(wanted)
        if rules:
            assert set(Rule.parse(rules[0]["AlarmRule"]).children) == wanted
            assert "AlarmActions" not in rules[0]


def test_a_roll_up_that_would_be_too_long_is_one_over_parts() -> None:
    """AlarmRule has at most 10,240 characters and 100 children. Source: PutCompositeAlarm."""
    deployment = build(wish("root-login", detections=(*many(100), replace(own("quiet"), notify=False))))
    found = properties(deployment, "CloudWatch::CompositeAlarm")
    assert list(found) == ["AnyMedium1Alarm", "AnyMedium2Alarm", "AnyMediumAlarm"]
    whole = Rule.parse(found["AnyMediumAlarm"]["AlarmRule"])
    assert whole.children == ("vedette-any-medium-1", "vedette-any-medium-2")
    children = [child for part in whole.children for child in rule_of(found, part).children]
    assert sorted(children) == sorted(f"vedette-{one.id}" for one in many(100))
    assert all(len(one["AlarmRule"]) <= 10_240 for one in found.values())
    body = dict(resources(deployment))["AnyMediumAlarm"]
    assert body["DependsOn"] == ["AnyMedium1Alarm", "AnyMedium2Alarm"]
    assert whole.evaluate({"vedette-any-medium-2": State.ALARM})


def rule_of(found: dict[str, Any], name: str) -> Rule:
    [rule] = [one["AlarmRule"] for one in found.values() if one["AlarmName"] == name]
    return Rule.parse(rule)


# --- the dashboard ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deployment", [everything(), build(wish(*SMALL)), build(wish(*SMALL, storyteller=False))])
def test_the_dashboard_shows_what_there_is(deployment: Deployment) -> None:
    text = body(deployment)
    alarms = {ARN + name for name in alarm_names(deployment)}
    assert problems(text, alarms, metrics(deployment)) == []
    shown = {name for widget in json.loads(text)["widgets"] for name in widget["properties"].get("alarms", [])}
    told = {ARN + one.alarm_name for one in deployment.placed if one.alarm_name and builtin()[one.detection].notify}
    assert shown >= told
    assert len(text.encode()) < 1_000_000


def test_widgets_do_not_lie_on_one_another() -> None:
    places = [
        {(w["x"] + dx, w["y"] + dy) for dx in range(w["width"]) for dy in range(w["height"])}
        for w in json.loads(body(everything()))["widgets"]
    ]
    assert sum(map(len, places)) == len(set().union(*places))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "the body is no JSON object with widgets"),
        ("{", "the body is no JSON object with widgets"),
        (
            '{"widgets": [{"type": "graph", "x": 0, "width": 6, "properties": {}}]}',
            "widget 0: no widget is called `graph`",
        ),
        ('{"widgets": [{"type": "text", "x": 20, "width": 6, "properties": {}}]}', "widget 0: wider than 24 columns"),
        ('{"widgets": [{"type": "text", "x": 0, "width": 6}]}', "widget 0: no properties"),
        (
            '{"widgets": [{"type": "alarm", "x": 0, "width": 6, "properties": {"alarms": []}}]}',
            "widget 0: an alarm widget shows from 1 to 100 alarms",
        ),
        (
            '{"widgets": [{"type": "alarm", "x": 0, "width": 6, "properties": {"alarms": ["b"]}}]}',
            "widget 0: no alarm `b`",
        ),
        (
            '{"widgets": [{"type": "metric", "x": 0, "width": 6, "properties": {"metrics": [["A", "B"]]}}]}',
            "widget 0: a metric widget has a region, and shows from 1 to 500 metrics",
        ),
        (
            ('{"widgets": [{"type": "metric", "x": 0, "width": 6,'
            ' "properties": {"region": "r", "metrics": [["A", "C"]]}}]}'),
            "widget 0: no metric `A` `C`",
        ),
    ],
)  # fmt: skip
def test_what_a_dashboard_may_lack_is_seen(text: str, problem: str) -> None:
    assert problems(text, {"a"}, {("A", "B")}) == [problem]


# --- EventBridge ------------------------------------------------------------------------------------------------------


HOME = {"region": "us-east-1"}


@pytest.mark.parametrize(
    ("pattern", "at_home"),
    [
        ('{ $.eventSource = "iam.amazonaws.com" && $.eventName = "CreateUser" }', True),
        ('{ $.eventSource = "iam.amazonaws.com" || $.eventSource = "ec2.amazonaws.com" }', False),
        ('{ $.eventSource != "iam.amazonaws.com" }', False),
        ('{ $.userIdentity.type = "Root" }', False),
        ('{ $.eventSource = "signin.amazonaws.com" && $.userIdentity.type = "Root" }', True),
        ('{ $.eventSource = "signin.amazonaws.com" && $.userIdentity.type = "IAMUser" }', False),
    ],
)
def test_what_is_recorded_elsewhere_gets_no_rule_here(pattern: str, at_home: bool) -> None:
    """Calls of global services are recorded in us-east-1, where a rule of another region does not see them."""
    one = replace(own(pattern=pattern), severity=Severity.CRITICAL)
    elsewhere = build(wish("root-login", detections=(one,)))
    assert (elsewhere.placed[0].event_rule is None) is at_home
    assert [
        left.reason.endswith("is recorded in us-east-1, and a rule sees what happens in eu-west-1 only.")
        for left in elsewhere.left_out
    ] == [True] * at_home
    assert build(wish("root-login", detections=(one,), **HOME)).placed[0].event_rule == "vedette-own"


def test_a_critical_detection_has_an_alarm_and_a_rule() -> None:
    [placed] = build(wish("root-access-key-created", **HOME)).placed
    assert placed.alarm_name == "vedette-root-access-key-created"
    assert placed.event_rule == "vedette-root-access-key-created"
    home = wish("root-access-key-created", **HOME)
    [rule] = properties(build(home), "Events::Rule", home).values()
    topic, storyteller = rule["Targets"]
    assert topic["Arn"] == f"arn:aws:sns:us-east-1:{ACCOUNT}:vedette-critical"
    assert storyteller["Arn"] == f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:vedette-storyteller"
    for target in rule["Targets"]:
        assert target["DeadLetterConfig"] == {"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:vedette-notices-dead"}
    [alone] = properties(build(wish("root-access-key-created", storyteller=False, **HOME)), "Events::Rule").values()
    assert [target["Id"] for target in alone["Targets"]] == ["topic"]


def test_each_rule_asks_exactly_what_its_detection_asks() -> None:
    rules = {
        tag["Value"]: one
        for one in properties(everything(), "Events::Rule").values()
        for tag in one["Tags"]
        if tag["Key"] == "vedette:detection"
    }
    assert rules
    for name, rule in rules.items():
        pattern = builtin()[name].pattern
        asked = event_pattern((pattern.predicate if pattern else None) or Constant(True))
        assert isinstance(asked, EventPattern)
        assert rule["EventPattern"] == asked.document
        assert len(json.dumps(rule["EventPattern"], separators=(",", ":"))) <= 2_048
        assert 1 <= len(rule["Name"]) <= 64
        assert rule["State"] in ("ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")


def test_events_that_only_read_are_asked_for_where_they_are_needed() -> None:
    reads = own("reads", '{ $.eventSource = "ec2.amazonaws.com" && $.eventName = "DescribeInstances" }')
    found = properties(
        build(wish("root-login", detections=(replace(reads, severity=Severity.CRITICAL),))), "Events::Rule"
    )
    assert found["ReadsRule"]["State"] == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def test_the_notice_is_lines_of_text_that_name_known_values_only() -> None:
    """Each line is a JSON string; `<name>` stands for a value of InputPathsMap. At most 8,192 characters."""
    for rule in properties(everything(), "Events::Rule").values():
        transformer = rule["Targets"][0]["InputTransformer"]
        assert len(transformer["InputTemplate"]) <= 8_192
        lines = [json.loads(line) for line in transformer["InputTemplate"].split("\n")]
        assert re.match(r"[A-Z]+: \S", lines[0])
        used = set(re.findall(r"<([^>]*)>", transformer["InputTemplate"]))
        assert used <= set(transformer["InputPathsMap"])
        assert not {"$.detail.userAgent", "$.detail.errorMessage"} & set(transformer["InputPathsMap"].values())


def test_brackets_of_a_title_are_no_values() -> None:
    one = replace(own(), title="A <b> c", severity=Severity.CRITICAL)
    [rule] = properties(build(wish("root-login", detections=(one,))), "Events::Rule").values()
    assert rule["Targets"][0]["InputTransformer"]["InputTemplate"].startswith('"CRITICAL: A (b) c"\n')


def test_without_room_for_a_filter_a_detection_gets_a_rule_of_one_region() -> None:
    wanted = wish("root-login", filters_taken=100, **HOME)
    deployment = build(wanted)
    [placed] = deployment.placed
    assert (placed.filter_name, placed.alarm_name) == ("", "")
    assert placed.event_rule == names.event_rule_name(wanted, "root-login")
    assert deployment.left_out[0].reason == (
        "The log group's 100 metric filters are taken by what matters more. "
        "An EventBridge rule tells of it, which sees what happens in us-east-1, and in no other region."
    )


@pytest.mark.parametrize(
    ("detection", "reason"),
    [
        (own(more="alarm: {threshold: 3}\n"), "A single event does not decide it."),
        (own(pattern="text"), "Its pattern reads records as text."),
        (replace(own(), category="cis"), "What the benchmark asks for is a metric filter, and a rule is none."),
    ],
)
def test_what_no_rule_can_tell_is_named(detection: Detection, reason: str) -> None:
    deployment = build(wish("root-login", detections=(detection,), filters_taken=100))
    assert not deployment.placed
    assert deployment.left_out[0].reason.endswith(f"EventBridge cannot stand in. {reason}")
    critical = replace(detection, severity=Severity.CRITICAL)
    if detection.category != "cis":
        [left] = build(wish("root-login", detections=(critical,))).left_out
        assert left.reason == f"Its alarm tells of it in minutes, and no rule in seconds. {reason}"


def test_a_bus_takes_so_many_rules() -> None:
    """300 rules an event bus. Source: EventBridge quotas."""
    deployment = build(wish("root-login", detections=many(305), filters_taken=100))
    assert len(properties(deployment, "Events::Rule")) == MAX_RULES
    assert [one.reason.endswith("The event bus takes 300 rules.") for one in deployment.left_out].count(True) == 5


@pytest.mark.parametrize(
    ("more", "decides"),
    [
        ("", True),
        ("alarm: {threshold: 2}\n", False),
        ("alarm: {threshold: 0, comparison_operator: GreaterThanThreshold}\n", True),
        ("alarm: {threshold: 1, comparison_operator: GreaterThanThreshold}\n", False),
        ("alarm: {threshold: 1, comparison_operator: LessThanThreshold}\n", False),
        ("alarm: {evaluation_periods: 3, datapoints_to_alarm: 1}\n", True),
        ("alarm: {evaluation_periods: 3}\n", False),
        ("alarm: {statistic: Average}\n", False),
        ("metric: {value: 5}\nalarm: {threshold: 5}\n", True),
        ("metric: {value: 5}\nalarm: {threshold: 5, statistic: SampleCount}\n", False),
        ("metric: {value: $.size}\n", False),
    ],
)
def test_whether_one_event_decides(more: str, decides: bool) -> None:
    one = own(more=more)
    assert one.metric is not None
    assert one.alarm is not None
    assert one_decides(one.metric, one.alarm) is decides
