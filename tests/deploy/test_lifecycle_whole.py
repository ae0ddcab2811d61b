"""A deployment's life with the real template: made, changed, tampered with, removed, and made again.

What ministack lacks is added by emulator.py: trails, composite alarms, and taking over a bucket that was kept.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from vedette.aws import AwsError, AwsSession
from vedette.deploy import assets, stacks
from vedette.deploy.apply import Point, apply
from vedette.deploy.bundle import Bundle, zipped
from vedette.deploy.destroy import destroy
from vedette.deploy.destroy import look as look_at_removal
from vedette.deploy.drift import Fault
from vedette.deploy.freshness import freshness
from vedette.deploy.intrinsics import Place
from vedette.deploy.plan import Fate, Plan, discard, make_plan
from vedette.deploy.status import look, problems
from vedette.deploy.subscribers import Confirmation
from vedette.deploy.template import build
from vedette.deploy.wanted import Subscription, Wanted
from vedette.detections.definition import Detection, Severity
from vedette.detections.loader import load_builtin

REGION = "us-east-1"
NOW = 1_795_000_000
BUILTIN = load_builtin(tests=False)
A_FEW = tuple(one for one in BUILTIN if one.id in ("root-login", "trail-stopped", "console-login-failures"))


def quickly(_: float) -> None:
    """The emulator needs no waiting."""


@dataclass
class Room:
    """A deployment in an account, and its code."""

    aws: AwsSession
    wanted: Wanted
    code: Bundle

    def plan(self, wanted: Wanted | None = None) -> Plan:
        chosen = assets.with_code(wanted or self.wanted, self.code)
        return make_plan(self.aws, chosen, build(chosen), quickly)

    def apply(self, wanted: Wanted | None = None) -> Plan:
        plan = self.plan(wanted)
        assets.upload_code(self.aws, self.wanted, self.code)
        for _ in apply(self.aws, plan, quickly):
            pass
        return plan

    def changed(self, wanted: Wanted | None = None) -> list[tuple[str, str, list[tuple[str, str | None, str | None]]]]:
        plan = self.plan(wanted)
        discard(self.aws, plan.wanted, plan.stacks)
        return [
            (row.operation.value, row.subject, [(one.path, one.before, one.after) for one in row.details])
            for row in plan.rows
        ]

    @property
    def place(self) -> Place:
        return Place.of(self.wanted)


@pytest.fixture
def room(aws: AwsSession, account: str, tmp_path: Path) -> Room:
    data = zipped({"handler.py": b"def handler(event, context):\n    return event\n"})
    path = tmp_path / "code.zip"
    path.write_bytes(data)
    mail = Subscription("email", "ops@example.com", Severity.HIGH)
    wanted = Wanted(account=account, region=REGION, detections=A_FEW, subscriptions=(mail,), owner="security")
    return Room(aws, wanted, Bundle(path, hashlib.sha256(data).hexdigest(), len(data)))


def with_threshold(detections: tuple[Detection, ...], name: str, threshold: float) -> tuple[Detection, ...]:
    return tuple(
        dataclasses.replace(one, alarm=dataclasses.replace(one.alarm, threshold=threshold))
        if one.id == name and one.alarm is not None
        else one
        for one in detections
    )


def test_a_whole_life(room: Room) -> None:
    room.apply()
    assert room.changed() == []

    title = next(one.title for one in A_FEW if one.id == "root-login")
    other = dataclasses.replace(room.wanted, detections=with_threshold(A_FEW, "root-login", 4))
    assert room.changed(other) == [("~", title, [("Threshold", "1", "4")])]
    room.apply(other)
    assert room.changed(other) == []

    _looked_at(room)
    _tampered_with(room)
    _put_back(room, other)

    _removed(room)
    # What was kept is taken over: without that, the bucket's own name would be in the way.
    again = {(sign, subject) for sign, subject, _ in room.changed() if sign == "*"}
    assert again == {
        ("*", f"vedette-trail-{room.wanted.account}-{REGION}"),
        ("*", "/vedette/cloudtrail"),
    }
    room.apply()
    assert room.changed() == []


def _looked_at(room: Room) -> None:
    found = look(room.aws, room.place, NOW)
    assert {one.status for one in found.stacks} <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    assert found.trail is not None
    assert found.trail.logging
    assert found.drifts == ()
    assert found.storyteller is not None
    assert found.storyteller.state == "Active"
    assert {(one.protocol, one.endpoint) for one in found.subscriptions} == {("email", "ops@example.com")}
    assert problems(found) == []
    fresh = freshness(found.deployed, BUILTIN, room.place, dt_today())
    assert fresh.changed == ("root-login",)  # its threshold is another than that of its file
    assert fresh.unknown == ()


def dt_today() -> object:
    import datetime as dt

    return dt.date(2026, 11, 23)


def _tampered_with(room: Room) -> None:
    """By hand: an alarm's threshold, its actions, a pattern, a filter that is gone, recording, a subscription."""
    cloudwatch, logs = room.aws.client("cloudwatch"), room.aws.client("logs")
    (alarm,) = cloudwatch.call("describe_alarms", AlarmNames=["vedette-root-login"])["MetricAlarms"]
    cloudwatch.call(
        "put_metric_alarm",
        AlarmName=alarm["AlarmName"], Namespace=alarm["Namespace"], MetricName=alarm["MetricName"], Period=300,
        EvaluationPeriods=1, Threshold=99, ComparisonOperator=alarm["ComparisonOperator"], Statistic="Sum",
        AlarmActions=alarm["AlarmActions"], AlarmDescription=alarm["AlarmDescription"],
        TreatMissingData=alarm["TreatMissingData"], ActionsEnabled=False,
    )  # fmt: skip
    group = "/vedette/cloudtrail"
    logs.call("delete_metric_filter", logGroupName=group, filterName="vedette-trail-stopped")
    logs.call("put_retention_policy", logGroupName=group, retentionInDays=1)
    cloudwatch.call("delete_alarms", AlarmNames=["vedette-undelivered", "vedette-any-high"])
    room.aws.client("cloudtrail").call("update_trail", Name="vedette-trail", IsMultiRegionTrail=False)
    (kept,) = logs.call("describe_metric_filters", logGroupName=group, filterNamePrefix="vedette-root")["metricFilters"]
    logs.call(
        "put_metric_filter", logGroupName=group, filterName=kept["filterName"], filterPattern='{ $.a = "b" }',
        metricTransformations=kept["metricTransformations"],
    )  # fmt: skip
    room.aws.client("cloudtrail").call("stop_logging", Name="vedette-trail")
    sns = room.aws.client("sns")
    topic = f"arn:aws:sns:{REGION}:{room.wanted.account}:vedette-high"
    policy = sns.call("get_topic_attributes", TopicArn=topic)["Attributes"]["Policy"]
    opened = json.dumps({"Version": "2012-10-17", "Statement": json.loads(policy)["Statement"][1:]})
    sns.call("set_topic_attributes", TopicArn=topic, AttributeName="Policy", AttributeValue=opened)
    (subscription,) = sns.call("list_subscriptions_by_topic", TopicArn=topic)["Subscriptions"]
    sns.call("unsubscribe", SubscriptionArn=subscription["SubscriptionArn"])

    found = look(room.aws, room.place, NOW)
    drifts = {(one.kind, one.name): one for one in found.drifts}
    assert set(drifts) == {
        ("alarm", "vedette-root-login"),
        ("metric filter", "vedette-root-login"),
        ("metric filter", "vedette-trail-stopped"),
        ("policy of the topic", "vedette-high"),
        ("log group", "/vedette/cloudtrail"),
        ("trail", "vedette-trail"),
        ("alarm", "vedette-undelivered"),
        ("composite alarm", "vedette-any-high"),
    }
    assert drifts["metric filter", "vedette-trail-stopped"].fault is Fault.MISSING
    of_alarm = {one.path: (one.before, one.after) for one in drifts["alarm", "vedette-root-login"].details}
    assert of_alarm == {"Threshold": ("4", "99"), "ActionsEnabled": ("true", "false")}
    assert [one.path for one in drifts["metric filter", "vedette-root-login"].details] == ["FilterPattern"]
    states = {one.topic: one.confirmation for one in found.subscriptions}
    assert states == {"vedette-high": Confirmation.ABSENT, "vedette-critical": Confirmation.CONFIRMED}
    told = "\n".join(problems(found))
    assert "vedette-trail is switched off" in told
    assert "is not subscribed any more (vedette-high)" in told


def _put_back(room: Room, wanted: Wanted) -> None:
    """A plan shows what was changed by hand, and nothing else; applying puts it back as it was deployed."""
    plan = room.plan(wanted)
    assert {(row.operation.value, row.subject, row.kind) for row in plan.rows} == {
        ("~", "The root user signed in to the console", "alarm changed by hand"),
        ("~", "The root user signed in to the console", "metric filter changed by hand"),
        ("+", "A trail stopped recording", "metric filter deleted by hand"),
        ("~", "vedette-high", "policy of the topic changed by hand"),
        ("~", "/vedette/cloudtrail", "log group changed by hand"),
        ("~", "vedette-trail", "trail changed by hand"),
        ("+", "vedette-undelivered", "alarm deleted by hand"),
        ("+", "vedette-any-high", "composite alarm deleted by hand"),
    }
    assert "IsLogging" in {one.path for row in plan.rows for one in row.details}
    (threshold,) = [one for row in plan.rows for one in row.details if one.path == "Threshold"]
    assert (threshold.before, threshold.after) == ("99", "4")
    assert all(one.fate is Fate.KEEP for one in plan.stacks)
    steps = list(apply(room.aws, plan, quickly))
    assert [(step.subject, step.point) for step in steps] == [
        ("What was changed by hand", Point.BEGUN), ("What was changed by hand", Point.DONE),
    ]  # fmt: skip
    found = look(room.aws, room.place, NOW)
    assert found.drifts == ()
    assert found.trail is not None
    assert found.trail.logging  # the first thing that whoever breaks in switches off
    assert room.changed(wanted) == []


def _removed(room: Room) -> None:
    found = look_at_removal(room.aws, room.wanted)
    assert [one.kind for one in found.kept] == ["log group", "bucket", "key"] or {one.kind for one in found.kept} == {
        "log group", "bucket", "key",
    }  # fmt: skip
    assert found.kept[-1].kind == "key"  # the logs cannot be read without it
    for _ in destroy(room.aws, room.wanted, found.stacks, quickly):
        pass
    assert stacks.ours(room.aws.client("cloudformation"), "vedette") == ()
    assert room.aws.client("cloudwatch").call("describe_alarms")["MetricAlarms"] == []
    buckets = {one["Name"] for one in room.aws.client("s3").call("list_buckets")["Buckets"]}
    assert buckets == {f"vedette-trail-{room.wanted.account}-{REGION}"}
    groups = room.aws.client("logs").call("describe_log_groups")["logGroups"]
    assert [one["logGroupName"] for one in groups] == ["/vedette/cloudtrail"]
    with pytest.raises(AwsError):
        room.aws.client("lambda").call("get_function_configuration", FunctionName="vedette-storyteller")


def test_new_code_is_seen(room: Room, tmp_path: Path) -> None:
    """The key of the code holds its whole SHA-256: CloudFormation looks at the key, and never into the bucket."""
    small = dataclasses.replace(room.wanted, detections=A_FEW[:1], composites=False, dashboard=False)
    room.apply(small)
    assert room.changed(small) == []
    before, data = room.code.sha256, zipped({"handler.py": b"# new\n"})
    path = tmp_path / "new.zip"
    path.write_bytes(data)
    room.code = Bundle(path, hashlib.sha256(data).hexdigest(), len(data))
    ((sign, subject, details),) = room.changed(small)
    assert (sign, subject) == ("~", "vedette-storyteller")
    assert details == [("Code.S3Key", f"code/{before}.zip", f"code/{room.code.sha256}.zip")]


def test_every_built_in_detection(room: Room) -> None:
    """Beyond 51,200 bytes the templates go through the bucket; the first plan, which may not make one, compares."""
    every = dataclasses.replace(room.wanted, detections=BUILTIN)
    first = room.plan(every)
    discard(room.aws, first.wanted, first.stacks)
    assert any(one.stack is not None and one.stack.needs_upload and one.change_set is None for one in first.stacks)
    assert room.aws.client("s3").call("list_buckets")["Buckets"] == []
    applied = room.apply(every)
    assert {row.subject for row in applied.rows} == {row.subject for row in first.rows}
    deployed = {one.detection for one in applied.deployment.placed}
    assert len(deployed) > 100
    again = room.plan(every)
    assert not again.changed
    found = look(room.aws, room.place, NOW)
    assert found.drifts == ()
    assert freshness(found.deployed, BUILTIN, room.place, dt_today()).changed == ()
    alarms = [one for one in applied.deployment.placed if one.alarm_name]
    assert sum(found.alarms.values()) >= len(alarms)
    # Long templates wait for the bucket, so that their stacks are younger than those that stand on them.
    removal = look_at_removal(room.aws, room.wanted)
    assert [one.name.removeprefix("vedette-") for one in removal.stacks] == [
        "events", "overview", "detections-1", "storyteller", "base",
    ]  # fmt: skip
    for _ in destroy(room.aws, room.wanted, removal.stacks, quickly):
        pass
    assert room.aws.client("events").call("list_rules")["Rules"] == []
