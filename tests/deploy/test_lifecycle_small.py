"""Plan, apply and what goes wrong, on a deployment of a few resources that each test can bend."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from vedette.aws import AwsSession, session
from vedette.deploy import stacks
from vedette.deploy.apply import Point, apply
from vedette.deploy.deployment import Deployment, Stack
from vedette.deploy.failures import DeployError
from vedette.deploy.plan import Fate, Plan, discard, make_plan
from vedette.deploy.wanted import Wanted
from vedette.detections.loader import load_builtin

REGION = "us-east-1"
DETECTION = next(one for one in load_builtin(tests=False) if one.id == "root-login")
Resources = dict[str, dict[str, object]]


def quickly(_: float) -> None:
    """The emulator needs no waiting."""


def group() -> dict[str, object]:
    return {
        "Type": "AWS::Logs::LogGroup",
        "DeletionPolicy": "Retain",
        "Properties": {"LogGroupName": "/vedette/cloudtrail", "RetentionInDays": 365},
    }


def filter_() -> dict[str, object]:
    return {
        "Type": "AWS::Logs::MetricFilter",
        "Properties": {
            "FilterName": "vedette-root-login",
            "LogGroupName": "/vedette/cloudtrail",
            "FilterPattern": '{ $.userIdentity.type = "Root" }',
            "MetricTransformations": [{"MetricNamespace": "Vedette", "MetricName": "RootLogin", "MetricValue": "1"}],
        },
    }


def alarm(threshold: float = 1) -> dict[str, object]:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": "vedette-root-login",
            "Namespace": "Vedette",
            "MetricName": "RootLogin",
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Tags": [{"Key": "vedette:detection", "Value": "root-login"}],
        },
    }


def topic(name: str = "vedette-high") -> dict[str, object]:
    return {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}


def wanted(account: str) -> Wanted:
    return Wanted(account=account, region=REGION, detections=(DETECTION,))


def stack(part: str, resources: Mapping[str, object], *after: str) -> Stack:
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Description": part, "Resources": dict(resources)}
    return Stack(f"vedette-{part}", part.capitalize(), template, {}, ("CAPABILITY_NAMED_IAM",), after)


def deployment(*made: Stack) -> Deployment:
    return Deployment(made, (), (), {})


def usual(threshold: float = 1) -> Deployment:
    detections = stack("detections-1", {"Filter": filter_(), "Alarm": alarm(threshold)}, "vedette-base")
    return deployment(stack("base", {"Group": group(), "Topic": topic()}), detections)


def planned(aws: AwsSession, account: str, given: Deployment) -> Plan:
    return make_plan(aws, wanted(account), given, quickly)


def applied(aws: AwsSession, account: str, given: Deployment) -> Plan:
    plan = planned(aws, account, given)
    for _ in apply(aws, plan, quickly):
        pass
    return plan


def statuses(aws: AwsSession) -> dict[str, str]:
    return {one.name: one.status for one in stacks.ours(aws.client("cloudformation"), "vedette")}


def test_a_first_plan_adds_everything_and_leaves_nothing_behind(aws: AwsSession, account: str) -> None:
    plan = planned(aws, account, usual())
    assert [(one.name, one.fate) for one in plan.stacks] == [
        ("vedette-base", Fate.CREATE),
        ("vedette-detections-1", Fate.CREATE),
    ]
    rows = {(row.operation.value, row.subject, row.kind) for row in plan.rows}
    assert rows == {
        ("+", "/vedette/cloudtrail", "log group"),
        ("+", "vedette-high", "topic"),
        ("+", DETECTION.title, "alarm"),
    }
    discard(aws, plan.wanted, plan.stacks)
    assert statuses(aws) == {}


def test_apply_then_plan_again_is_empty_and_a_threshold_shows_exactly(aws: AwsSession, account: str) -> None:
    plan = planned(aws, account, usual())
    steps = list(apply(aws, plan, quickly))
    done = [step.subject for step in steps if step.point is Point.DONE]
    assert set(done) == {
        "vedette-high", "/vedette/cloudtrail", "Base", DETECTION.title, "Detections-1",
    }  # fmt: skip
    assert set(statuses(aws).values()) == {"CREATE_COMPLETE"}
    again = planned(aws, account, usual())
    assert not again.changed
    other = planned(aws, account, usual(3))
    (row,) = other.rows
    assert (row.operation.value, row.subject) == ("~", DETECTION.title)
    assert [(one.path, one.before, one.after) for one in row.details] == [("Threshold", "1", "3")]
    assert [step.subject for step in apply(aws, other, quickly) if step.point is Point.DONE] == [
        DETECTION.title,
        "Detections-1",
    ]
    assert not planned(aws, account, usual(3)).changed


def test_a_failed_creation_leaves_nothing_and_names_the_first_cause(
    aws: AwsSession, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "444400000001")
    theirs = session(region=REGION, endpoint_url=aws.access.endpoint_url)
    theirs.client("s3").call("create_bucket", Bucket="already-there")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account)
    bucket = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": "already-there"}}
    bad = deployment(stack("base", {"Group": group(), "Bucket": bucket}))
    with pytest.raises(DeployError) as raised:
        applied(aws, account, bad)
    assert "the bucket's name is taken" in raised.value.message
    assert "nothing of `vedette-base` is left" in raised.value.message
    assert statuses(aws) == {}
