"""Every detection, read back from the template, is the detection: its question, its metric, its alarm, its topic."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.wishes import builtin, everything, own, properties, resources, wish
from vedette.alarms.composite import Rule
from vedette.alarms.spec import AlarmSpec, ComparisonOperator, TreatMissingData
from vedette.deploy import names
from vedette.deploy.template import build, resolve
from vedette.deploy.template.alarms import description
from vedette.detections.definition import Detection
from vedette.patterns import FilterPattern

PLACED = {one.detection: one for one in everything().placed}
FILTERED = sorted(name for name, one in PLACED.items() if one.filter_id)
STACKS = {stack.name: stack for stack in everything().stacks}


def read_back(name: str, logical_id: str) -> dict[str, object]:
    resources = STACKS[PLACED[name].stack].template["Resources"]
    return resolve(wish(name), resources[logical_id])["Properties"]  # type: ignore[index, call-overload, return-value]


@pytest.mark.parametrize("name", FILTERED)
def test_the_filter_is_the_detections(name: str) -> None:
    detection, found = builtin()[name], read_back(name, PLACED[name].filter_id)
    assert detection.metric is not None
    assert FilterPattern.parse(str(found["FilterPattern"])) == detection.pattern
    [metric] = found["MetricTransformations"]  # type: ignore[misc]
    assert (metric["MetricNamespace"], metric["MetricName"]) == (detection.metric.namespace, detection.metric.name)
    assert metric["MetricValue"] == detection.metric.value
    assert metric.get("DefaultValue") == detection.metric.default
    assert metric.get("Unit") == detection.metric.unit
    assert found["LogGroupName"] == names.log_group_name(wish(name))
    assert found["FilterName"] == PLACED[name].filter_name == f"vedette-{name}"


def alarm_of(found: dict[str, object], detection: Detection) -> AlarmSpec:
    assert detection.alarm is not None
    return AlarmSpec(
        name=detection.alarm.name,
        threshold=float(str(found["Threshold"])),
        statistic=str(found.get("Statistic", found.get("ExtendedStatistic"))),
        period=int(str(found["Period"])),
        evaluation_periods=int(str(found["EvaluationPeriods"])),
        datapoints_to_alarm=found.get("DatapointsToAlarm"),  # type: ignore[arg-type]
        comparison_operator=ComparisonOperator(found["ComparisonOperator"]),
        treat_missing_data=TreatMissingData(found["TreatMissingData"]),
        evaluate_low_sample_count_percentile=str(found.get("EvaluateLowSampleCountPercentile", "evaluate")),
        unit=found.get("Unit"),  # type: ignore[arg-type]
        evaluation_range=detection.alarm.evaluation_range,
    )


@pytest.mark.parametrize("name", FILTERED)
def test_the_alarm_is_the_detections_and_goes_to_the_topic_of_its_severity(name: str) -> None:
    detection, found = builtin()[name], read_back(name, PLACED[name].alarm_id)
    assert detection.metric is not None
    assert alarm_of(found, detection) == detection.alarm
    assert (found["Namespace"], found["MetricName"]) == (PLACED[name].namespace, PLACED[name].metric_name)
    assert "Dimensions" not in found
    wanted = wish(name)
    expected = [names.topic_arn(wanted, detection.severity), names.function_arn(wanted)] if detection.notify else None
    assert found.get("AlarmActions") == expected
    assert {"Key": "vedette:detection", "Value": name} in found["Tags"]  # type: ignore[operator]


@pytest.mark.parametrize("name", sorted(builtin()))
def test_the_description_says_what_and_what_now_within_the_limit(name: str) -> None:
    """AlarmDescription has at most 1,024 characters. Source: PutMetricAlarm."""
    detection = builtin()[name]
    text = description(wish(name, runbook_url="https://runbooks.example.com/aws"), detection)
    assert len(text) <= 1_024
    assert text.startswith(f"{detection.severity.value.upper()}: {detection.title}\n\nFirst steps:\n1. ")
    assert text.endswith(f"\nRunbook: https://runbooks.example.com/aws/{name}")


def test_a_runbook_may_have_its_name_anywhere_in_its_address() -> None:
    wanted = wish("root-login", runbook_url="https://x.example.com/?page={detection}&v=1")
    text = description(wanted, builtin()["root-login"])
    assert text.endswith("Runbook: https://x.example.com/?page=root-login&v=1")


def test_where_no_step_fits_none_is_begun() -> None:
    long = own(more="", name="long-steps")
    steps = tuple("x" * 1_100 for _ in range(2))
    text = description(wish("root-login"), Detection(**{
        name: getattr(long, name) for name in Detection.__slots__ if name != "respond"
    } | {"respond": steps}))  # fmt: skip
    assert text == "MEDIUM: Something happened\n\nRunbook: https://example.com/x"


def test_rules_name_alarms_that_are_there() -> None:
    """Each AlarmRule parses, and each of its children is an alarm of this deployment, made before it."""
    made: list[str] = []
    for _, body in resources(everything()):
        if body["Type"] not in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
            continue
        if "AlarmRule" in body["Properties"]:
            text = body["Properties"]["AlarmRule"]
            assert len(text) <= 10_240
            children = Rule.parse(text).children
            assert set(children) <= set(made)
            assert len(children) <= 100
        made.append(body["Properties"]["AlarmName"])
    assert len(made) == len(set(made))


def test_a_rule_is_the_detections_over_the_alarms_of_its_children() -> None:
    found = properties(everything(), "CloudWatch::CompositeAlarm")["ConsoleLoginFailuresThenSuccessAlarm"]
    assert (
        found["AlarmRule"]
        == 'ALARM("vedette-console-login-failures-recent") AND ALARM("vedette-console-login-success")'
    )
    assert found["AlarmActions"]


def test_each_deployed_detection_has_a_digest_and_each_other_a_reason() -> None:
    deployment = everything()
    digests = deployment.manifest["detections"]
    assert set(digests) == set(PLACED)  # type: ignore[call-overload]
    assert set(builtin()) == set(PLACED) | {one.detection for one in deployment.left_out}
    for one in deployment.left_out:
        assert one.reason[0].isupper() or one.reason.startswith("`"), one.reason
        assert one.reason.endswith("."), one.reason


def test_a_digest_changes_with_what_is_deployed_and_with_nothing_else() -> None:
    def digest(detection: Detection, **more: object) -> object:
        return build(wish("root-login", detections=(detection,), **more)).manifest["detections"]

    one = own(more="alarm: {threshold: 2}\n")
    assert digest(one) == digest(own(more="alarm: {threshold: 2}\ncompliance: [x]\n")) == digest(one, owner="me")
    assert digest(one) != digest(own(more="alarm: {threshold: 3}\n"))


def test_it_is_the_same_however_the_detections_come() -> None:
    again = build(wish(detections=tuple(reversed(tuple(builtin().values())))))
    assert [stack.body for stack in again.stacks] == [stack.body for stack in everything().stacks]
    assert again == everything()


def test_settings_of_every_kind_reach_the_alarm() -> None:
    one = own(
        more="metric: {namespace: Own, name: Size, value: $.size, unit: Bytes}\n"
        "alarm: {statistic: p99, period: 60, evaluation_periods: 5, datapoints_to_alarm: 3, threshold: 1.5,"
        " comparison_operator: GreaterThanThreshold, treat_missing_data: breaching}\n"
    )
    deployment = build(wish("root-login", detections=(one,)))
    [found] = [value for name, value in properties(deployment, "CloudWatch::Alarm").items() if name == "OwnAlarm"]
    assert alarm_of(found, one) == one.alarm
    assert "Statistic" not in found
    [metric] = properties(deployment, "Logs::MetricFilter")["OwnFilter"]["MetricTransformations"]
    assert metric == {"MetricNamespace": "Own", "MetricName": "Size", "MetricValue": "$.size", "Unit": "Bytes"}


def test_dimensions_are_left_out_and_said_to_be() -> None:
    """No aggregate metric is written beside those with dimensions: an alarm without them would see nothing."""
    one = own(more="metric: {name: Size, dimensions: {Account: $.recipientAccountId}}\n")
    deployment = build(wish("root-login", detections=(one,)))
    [metric] = properties(deployment, "Logs::MetricFilter")["OwnFilter"]["MetricTransformations"]
    assert "Dimensions" not in metric
    assert ["dimensions" in one.reason for one in deployment.left_out] == [True]


def test_defaults_and_low_counts_reach_metric_and_alarm() -> None:
    one = own(more="metric: {default: 0}\nalarm: {statistic: p90, evaluate_low_sample_count_percentile: ignore}\n")
    deployment = build(wish("root-login", detections=(one,)))
    [metric] = properties(deployment, "Logs::MetricFilter")["OwnFilter"]["MetricTransformations"]
    assert metric["DefaultValue"] == 0
    alarm = properties(deployment, "CloudWatch::Alarm")["OwnAlarm"]
    assert alarm_of(alarm, one) == one.alarm
    assert alarm["EvaluateLowSampleCountPercentile"] == "ignore"


def test_fractions_and_constants_are_kept() -> None:
    one = own(more="alarm: {threshold: 0.5}\n")
    rule = replace(builtin()["console-login-failures-then-success"], rule=Rule.parse('TRUE AND ALARM("own")'))
    found = properties(build(wish("root-login", detections=(one, rule))), "CloudWatch::Alarm")["OwnAlarm"]
    assert found["Threshold"] == 0.5
    composite = properties(build(wish("root-login", detections=(one, rule))), "CloudWatch::CompositeAlarm")
    assert composite["ConsoleLoginFailuresThenSuccessAlarm"]["AlarmRule"] == 'TRUE AND ALARM("vedette-own")'
