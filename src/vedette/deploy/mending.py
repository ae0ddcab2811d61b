"""Putting back what somebody changed or deleted by hand: the services are told again what the templates say.

CloudFormation does not: to it, nothing has changed. Each call is the one by which it makes the thing, with the same
values. What holds data, or what others hang on (a log group, a topic), is not made anew here.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping

from vedette.aws import AwsSession
from vedette.deploy.answers import mapping, records, text, texts
from vedette.deploy.changes import Change, Operation, Row, concern_of
from vedette.deploy.deployed import Resource
from vedette.deploy.differences import Detail
from vedette.deploy.drift import Drift, Fault, known, targets_of

RENEWAL = "only `vedette deploy destroy` and `apply` make it anew"
"""What helps where `mend` does not."""
Mender = Callable[[AwsSession, Resource], object]


def mendable(one: Drift) -> bool:
    """Whether `mend` can put it back."""
    menders = _MENDERS if one.fault is Fault.CHANGED else _MAKERS
    told = {name: one.resource.properties.get(name) for name in _TOLD.get(one.resource.type, one.resource.properties)}
    return one.resource.type in menders and known(told)


def mend(session: AwsSession, found: Iterable[Drift]) -> None:
    """Put each back as it was deployed. Raises AwsError for what is not allowed."""
    for one in found:
        _MENDERS[one.resource.type](session, one.resource)


def row_of(one: Drift, title: str) -> Row:
    """How a plan shows it: from what it is to what it was deployed as; `title` is the detection's, if it has one."""
    operation = Operation.CHANGE if one.fault is Fault.CHANGED else Operation.ADD
    details = tuple(Detail(each.path, each.after, each.before) for each in one.details)
    resource = one.resource
    change = Change(
        stack=resource.stack,
        logical_id=resource.logical_id,
        type=resource.type,
        name=one.name,
        operation=operation,
        detection=one.detection,
        details=details,
        concern=concern_of(resource.type, operation, details),
        region=resource.region,
    )
    return Row(operation, title or one.called, f"{one.kind} {did_by_hand(one)} by hand", (change,), one.detection)


def did_by_hand(one: Drift) -> str:
    """What somebody did: `changed` or `deleted`."""
    return "changed" if one.fault is Fault.CHANGED else "deleted"


def _filter(session: AwsSession, one: Resource) -> None:
    session.client("logs").call(
        "put_metric_filter",
        logGroupName=text(one.properties, "LogGroupName"),
        filterName=text(one.properties, "FilterName"),
        filterPattern=text(one.properties, "FilterPattern"),
        metricTransformations=[
            {f"{name[0].lower()}{name[1:]}": value for name, value in each.items()}
            for each in records(one.properties, "MetricTransformations")
        ],
    )


def _alarm(session: AwsSession, one: Resource) -> None:
    session.client("cloudwatch").call("put_metric_alarm", **one.properties)


def _composite(session: AwsSession, one: Resource) -> None:
    session.client("cloudwatch").call("put_composite_alarm", **one.properties)


def _rule(session: AwsSession, one: Resource) -> None:
    client, name = session.client("events", one.region or None), text(one.properties, "Name")
    targets = records(one.properties, "Targets")
    client.call(
        "put_rule",
        Name=name,
        Description=text(one.properties, "Description"),
        EventPattern=json.dumps(mapping(one.properties, "EventPattern")),
        State=text(one.properties, "State"),
        Tags=list(records(one.properties, "Tags")),
    )
    client.call("put_targets", Rule=name, Targets=list(targets))
    known_ids = {text(each, "Id") for each in targets}
    foreign = [found for each in targets_of(client, name) if (found := text(each, "Id")) not in known_ids]
    if foreign:
        client.call("remove_targets", Rule=name, Ids=foreign)


def _retention(session: AwsSession, one: Resource) -> None:
    days = one.properties.get("RetentionInDays")
    session.client("logs").call("put_retention_policy", logGroupName=one.name, retentionInDays=days)


def _trail(session: AwsSession, one: Resource) -> None:
    values = {name: one.properties[name] for name in _TOLD[one.type] if name in one.properties}
    session.client("cloudtrail").call("update_trail", Name=one.name, **values)
    session.client("cloudtrail").call("start_logging", Name=one.name)


def _topic_policy(session: AwsSession, one: Resource) -> None:
    policy = json.dumps(mapping(one.properties, "PolicyDocument"))
    for topic in texts(one.properties, "Topics"):
        session.client("sns").call(
            "set_topic_attributes", TopicArn=topic, AttributeName="Policy", AttributeValue=policy
        )


def _right(session: AwsSession, one: Resource) -> None:
    """Beside what is left of it: CloudFormation's own statement has a name that nobody knows."""
    names = "FunctionName", "Action", "Principal", "SourceAccount", "SourceArn"
    given = {name: text(one.properties, name) for name in names}
    session.client("lambda").call("add_permission", StatementId=f"vedette-{uuid.uuid4().hex}", **given)


_TOLD: Mapping[str, tuple[str, ...]] = {
    "AWS::CloudTrail::Trail": (
        "IsMultiRegionTrail", "EnableLogFileValidation", "IncludeGlobalServiceEvents", "S3BucketName",
    ),
    "AWS::Logs::LogGroup": ("RetentionInDays",),
}  # fmt: skip
"""The properties that are put back, where these are not all; a key, say, is known to CloudFormation only."""
_MAKERS: Mapping[str, Mender] = {
    "AWS::Logs::MetricFilter": _filter,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _composite,
    "AWS::Events::Rule": _rule,
    "AWS::Lambda::Permission": _right,
}
"""What is made anew by the call that changes it."""
_MENDERS: Mapping[str, Mender] = {
    **_MAKERS,
    "AWS::CloudTrail::Trail": _trail,
    "AWS::Logs::LogGroup": _retention,
    "AWS::SNS::TopicPolicy": _topic_policy,
}
