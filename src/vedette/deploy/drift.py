"""Filters, alarms, rules, topics and groups as they are now, compared with what was deployed.

CloudFormation's own drift detection does not know metric filters, and takes minutes; this asks the services. What AWS
adds by itself is no drift: only what the template says is compared.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vedette.aws import AwsClient, AwsError, AwsSession, Failure
from vedette.deploy.answers import mapping, records, text, texts
from vedette.deploy.changes import KINDS
from vedette.deploy.deployed import Resource
from vedette.deploy.differences import Detail, differences
from vedette.deploy.intrinsics import UNKNOWN
from vedette.predicates.document import load_document

_BATCH = 100
_POLICY = "AWS::SNS::TopicPolicy"
_RIGHT = "AWS::Lambda::Permission"
Live = Mapping[str, Mapping[str, object]]
Reader = Callable[[AwsSession, Sequence[Resource]], Live]


class Fault(enum.Enum):
    """What is wrong with a thing."""

    MISSING = "missing"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Drift:
    """A thing that is not as it was deployed; `details` say what it was to be (before) and what it is (after)."""

    kind: str
    name: str
    detection: str
    fault: Fault
    resource: Resource
    details: tuple[Detail, ...] = ()

    @property
    def called(self) -> str:
        """Its name, with its region where that is not the home's."""
        return f"{self.name} in {self.resource.region}" if self.resource.region else self.name


def find(session: AwsSession, deployed: Iterable[Resource]) -> tuple[Drift, ...]:
    """What is missing or changed, in the order of the templates."""
    return tuple(drifts(deployed, lambda type_, found: _READERS[type_](session, found)))


def drifts(deployed: Iterable[Resource], live: Callable[[str, Sequence[Resource]], Live]) -> Iterator[Drift]:
    """The same from what `live` gives: the properties of a type's things in one region by their names."""
    gathered: dict[tuple[str, str], list[Resource]] = {}
    for one in deployed:
        if one.type in _READERS:
            gathered.setdefault((one.type, one.region), []).append(one)
    for (type_, _), found in gathered.items():
        there = live(type_, found)
        for one in found:
            yield from _compared(one, there.get(_key(one)))


def _key(one: Resource) -> str:
    """What tells it from others of its type: its name, and of a right to call a function whose right it is."""
    return one.name if one.type != _RIGHT else f"{text(one.properties, 'Principal')} may call {one.name}"


def _compared(one: Resource, there: Mapping[str, object] | None) -> Iterator[Drift]:
    kind = KINDS.get(one.type, one.type)
    name = _key(one) if one.type != _POLICY else _topic_of(one).rpartition(":")[2]
    if there is None:
        yield Drift(kind, name, one.detection, Fault.MISSING, one)
        return
    wanted = {name: plain(value) for name, value in one.properties.items() if name in there and known(value)}
    actual = {name: plain(there[name]) for name in wanted}
    details = tuple(differences(wanted, actual))
    if details:
        yield Drift(kind, name, one.detection, Fault.CHANGED, one, details)


def known(value: object) -> bool:
    """Whether a value needs nothing that only CloudFormation knows."""
    if isinstance(value, list):
        return all(map(known, value))
    if isinstance(value, Mapping):
        return all(map(known, value.values()))
    return value is not UNKNOWN


def plain(value: object) -> object:
    """A value without the freedom that the services take: numbers as they count, lists of names sorted, JSON read."""
    match value:
        case bool():
            return value
        case int() | float():
            return f"{value:g}"
        case str() if value[:1] == "{" and value[-1:] == "}":
            return _document(value)
        case str():
            return _number(value)
        case list() if value and all(isinstance(one, Mapping) and "Id" in one for one in value):
            return {str(one["Id"]): plain(one) for one in value}
        case list():
            return sorted((plain(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
        case Mapping():
            return {name: plain(one) for name, one in value.items()}
        case _:
            return value


def _document(text_: str) -> object:
    try:
        return plain(json.loads(text_))
    except ValueError:
        return text_


def _number(text_: str) -> object:
    if text_ in ("true", "false"):
        return text_ == "true"
    try:
        return f"{float(text_):g}" if text_[-1:].isdigit() else text_
    except ValueError:
        return text_


def _filters(session: AwsSession, found: Sequence[Resource]) -> Live:
    client = session.client("logs")
    there: dict[str, Mapping[str, object]] = {}
    for group in sorted({name for one in found if isinstance(name := one.properties.get("LogGroupName"), str)}):
        try:
            for page in client.pages("describe_metric_filters", logGroupName=group):
                for one in records(page, "metricFilters"):
                    there[text(one, "filterName")] = {
                        "FilterPattern": text(one, "filterPattern"),
                        "MetricTransformations": [
                            {f"{name[0].upper()}{name[1:]}": value for name, value in each.items()}
                            for each in records(one, "metricTransformations")
                        ],
                    }
        except AwsError as error:
            if error.failure is not Failure.MISSING:
                raise
    return there


def _alarms(session: AwsSession, found: Sequence[Resource]) -> Live:
    return {text(one, "AlarmName"): one for one in described_alarms(session, [one.name for one in found])}


def described_alarms(session: AwsSession, names: Sequence[str]) -> Iterator[Mapping[str, object]]:
    """The alarms of those names, metric and composite ones."""
    client = session.client("cloudwatch")
    for start in range(0, len(names), _BATCH):
        asked = list(names[start : start + _BATCH])
        for page in client.pages("describe_alarms", AlarmNames=asked, AlarmTypes=["MetricAlarm", "CompositeAlarm"]):
            yield from records(page, "MetricAlarms")
            yield from records(page, "CompositeAlarms")


def _rules(session: AwsSession, found: Sequence[Resource]) -> Live:
    """Rules of one region, with what they call: a rule says nothing of its targets."""
    client = session.client("events", found[0].region or None)

    def ask(one: Resource) -> Mapping[str, object]:
        rule = client.call("describe_rule", Name=one.name)
        return {**rule, "Targets": [*targets_of(client, one.name)]}

    return dict(_each(found, ask))


def targets_of(client: AwsClient, rule: str) -> Iterator[Mapping[str, object]]:
    """What a rule calls."""
    for page in client.pages("list_targets_by_rule", Rule=rule):
        yield from records(page, "Targets")


def _topics(session: AwsSession, found: Sequence[Resource]) -> Live:
    client = session.client("sns")
    return dict(_each(found, lambda one: mapping(client.call("get_topic_attributes", TopicArn=one.arn), "Nothing")))


def _policies(session: AwsSession, found: Sequence[Resource]) -> Live:
    client = session.client("sns")

    def ask(one: Resource) -> Mapping[str, object]:
        attributes = mapping(client.call("get_topic_attributes", TopicArn=_topic_of(one)), "Attributes")
        return {"PolicyDocument": text(attributes, "Policy")}

    return dict(_each(found, ask))


def _topic_of(one: Resource) -> str:
    """The ARN of the topic that a policy is for."""
    return next(iter(texts(one.properties, "Topics")), "")


def _groups(session: AwsSession, found: Sequence[Resource]) -> Live:
    client = session.client("logs")
    there: dict[str, Mapping[str, object]] = {}
    for one in found:
        for page in client.pages("describe_log_groups", logGroupNamePrefix=one.name):
            for group in records(page, "logGroups"):
                there[text(group, "logGroupName")] = {"RetentionInDays": group.get("retentionInDays")}
    return there


def _trails(session: AwsSession, found: Sequence[Resource]) -> Live:
    client = session.client("cloudtrail")
    answer = client.call("describe_trails", trailNameList=[one.name for one in found])
    return {text(one, "Name"): _trail(client, one) for one in records(answer, "trailList")}


def _trail(client: AwsClient, one: Mapping[str, object]) -> Mapping[str, object]:
    return {
        "IsLogging": client.call("get_trail_status", Name=text(one, "TrailARN")).get("IsLogging"),
        "IsMultiRegionTrail": one.get("IsMultiRegionTrail"),
        "EnableLogFileValidation": one.get("LogFileValidationEnabled"),
        "IncludeGlobalServiceEvents": one.get("IncludeGlobalServiceEvents"),
        "S3BucketName": one.get("S3BucketName"),
    }


def _rights(session: AwsSession, found: Sequence[Resource]) -> Live:
    """Who may call a function: without the right an alarm calls it in vain, and nothing tells of that."""
    client = session.client("lambda")
    held = dict(_each(found, lambda one: client.call("get_policy", FunctionName=one.name)))
    there: dict[str, Mapping[str, object]] = {}
    for one in found:
        policy = load_document(text(held.get(one.name, {}), "Policy")) or {}
        alike = [right for right in map(_right, records(policy, "Statement")) if right["Principal"] == _caller(one)]
        asked = one.properties.get("SourceArn")
        exact = next((right for right in alike if right["SourceArn"] == asked), None)
        if exact or alike:
            there[_key(one)] = exact or alike[0]
    return there


def _caller(one: Resource) -> str:
    return text(one.properties, "Principal")


def _right(statement: Mapping[str, object]) -> Mapping[str, object]:
    conditions = mapping(statement, "Condition")
    sources = {name.lower(): each for one in conditions for name, each in mapping(conditions, one).items()}
    return {
        "Principal": text(mapping(statement, "Principal"), "Service"),
        "Action": statement.get("Action"),
        "SourceArn": sources.get("aws:sourcearn"),
    }


def _each(
    found: Sequence[Resource], ask: Callable[[Resource], Mapping[str, object]]
) -> Iterator[tuple[str, Mapping[str, object]]]:
    for one in found:
        try:
            yield one.name, ask(one)
        except AwsError as error:
            if error.failure is not Failure.MISSING:
                raise


_READERS: Mapping[str, Reader] = {
    "AWS::CloudTrail::Trail": _trails,
    "AWS::Logs::LogGroup": _groups,
    "AWS::Logs::MetricFilter": _filters,
    "AWS::CloudWatch::Alarm": _alarms,
    "AWS::CloudWatch::CompositeAlarm": _alarms,
    "AWS::Events::Rule": _rules,
    "AWS::SNS::Topic": _topics,
    _POLICY: _policies,
    _RIGHT: _rights,
}
