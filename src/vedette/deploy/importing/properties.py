"""From the resources of a template or configuration to what was found: one reading for CloudFormation's names and
Terraform's, which are the same words in other spellings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from vedette.deploy.importing.found import (
    Found,
    FoundAlarm,
    FoundFilter,
    FoundTopic,
    Open,
    Unread,
    Value,
    Where,
)  # fmt: skip

KINDS = {
    "AWS::Logs::MetricFilter": "filter",
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::SNS::Topic": "topic",
    "AWS::SNS::Subscription": "subscription",
    "AWS::CloudTrail::Trail": "trail",
    "aws_cloudwatch_log_metric_filter": "filter",
    "aws_cloudwatch_metric_alarm": "alarm",
    "aws_sns_topic": "topic",
    "aws_sns_topic_subscription": "subscription",
    "aws_cloudtrail": "trail",
}
"""The types that are read, in both languages."""

_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as its file has it."""

    type: str
    properties: Mapping[str, Value]
    where: Where


class _Properties:
    """The properties of a resource by CloudFormation's names, whichever language has them."""

    def __init__(self, properties: Mapping[str, Value]) -> None:
        self._known = {_flat(name): value for name, value in properties.items()}

    def value(self, name: str) -> Value:
        return self._known.get(_flat(name))

    def text(self, *names: str) -> str:
        """The first of the names that is there; what is open is spelled with its placeholders."""
        value = next((found for name in names if (found := self.value(name)) is not None), None)
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return str(value) if isinstance(value, str | int | float | Open) else ""

    def number(self, name: str) -> float | None:
        """The number, also where it is written as a text; None where it is open or not there."""
        value = self.value(name)
        try:
            return float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
        except ValueError:
            return None

    def whole(self, name: str) -> int | None:
        number = self.number(name)
        return int(number) if number is not None and number.is_integer() else None

    def flag(self, name: str, otherwise: bool) -> bool:
        value = self.value(name)
        if isinstance(value, str):
            return _BOOLEANS.get(value.lower(), otherwise)
        return value if isinstance(value, bool) else otherwise

    def items(self, *names: str) -> list[Value]:
        """A list, or a single value in the place of one."""
        value = next((found for name in names if (found := self.value(name)) is not None), None)
        if value is None:
            return []
        return value if isinstance(value, list) else [value]

    def inner(self, *names: str) -> list[_Properties]:
        return [_Properties(item) for item in self.items(*names) if isinstance(item, Mapping)]

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """Names and texts: a mapping, or a list of `Key` or `Name` with `Value`."""
        value = self.value(name)
        if isinstance(value, Mapping):
            return tuple((key, str(text)) for key, text in value.items() if not isinstance(text, list | dict))
        return tuple((one.text("Key", "Name"), one.text("Value")) for one in self.inner(name))


def _flat(name: str) -> str:
    return name.replace("_", "").lower()


def found_in(source: str, resources: Iterable[Resource | Unread]) -> Found:
    """All that the resources of one source describe."""
    filters: list[FoundFilter] = []
    alarms: list[FoundAlarm] = []
    unread: list[Unread] = []
    topics: dict[str, Resource] = {}
    hearing: list[_Properties] = []
    for resource in resources:
        if isinstance(resource, Unread):
            unread.append(resource)
            continue
        properties = _Properties(resource.properties)
        match KINDS.get(resource.type):
            case "filter":
                made = list(_filters(properties, resource.where))
                filters += made
                if not made:
                    unread.append(Unread(resource.where, "the filter's metric is not said in a way that can be read"))
            case "alarm" if properties.value("MetricName") is not None:
                alarms.append(_alarm(properties, resource.where))
            case "alarm":
                unread.append(Unread(resource.where, "the alarm watches an expression, not one metric"))
            case "topic":
                topics[_arn(resource, properties)] = resource
            case "subscription":
                hearing.append(properties)
    return Found(source, tuple(filters), tuple(alarms), tuple(_topics(topics, hearing)), tuple(unread))


def _filters(properties: _Properties, where: Where) -> Iterator[FoundFilter]:
    given = properties.value("FilterPattern")
    pattern = given if given is not None else properties.value("pattern")
    for made in properties.inner("MetricTransformations", "metric_transformation"):
        yield FoundFilter(
            name=_called(properties.value("FilterName") or properties.value("name"), where)
            or properties.text("FilterName", "name"),
            where=where,
            pattern=None if isinstance(pattern, Open) or pattern is None else str(pattern),
            log_group=properties.text("LogGroupName"),
            namespace=made.text("MetricNamespace", "namespace"),
            metric=made.text("MetricName", "name"),
            value=made.text("MetricValue", "value") or "1",
            default=made.number("DefaultValue"),
            unit=_given(made.text("Unit"), "None"),
            dimensions=made.pairs("Dimensions"),
        )


def _called(value: Value, where: Where) -> str:
    """What something is called where its own name is not told, or nothing of it is: as it is called in its file."""
    if value is None or (isinstance(value, Open) and _nothing_known(value.text)):
        return where.name.partition(".")[2] or where.name
    return ""


def _nothing_known(text: str) -> bool:
    """Whether a text is one `${…}` from its beginning to its end."""
    depth = 0
    for number, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if number and not depth:
            return number == len(text) - 1 and text.startswith("${")
    return text == "…"


def _given(text: str, otherwise: str) -> str | None:
    return text if text and text != otherwise else None


def _alarm(properties: _Properties, where: Where) -> FoundAlarm:
    return FoundAlarm(
        name=_called(properties.value("AlarmName"), where) or properties.text("AlarmName"),
        where=where,
        namespace=properties.text("Namespace"),
        metric=properties.text("MetricName"),
        threshold=properties.number("Threshold"),
        statistic=properties.text("Statistic") or properties.text("ExtendedStatistic") or "Average",
        period=properties.whole("Period"),
        evaluation_periods=properties.whole("EvaluationPeriods") or 1,
        datapoints_to_alarm=properties.whole("DatapointsToAlarm") or None,
        comparison_operator=properties.text("ComparisonOperator"),
        treat_missing_data=properties.text("TreatMissingData") or "missing",
        unit=_given(properties.text("Unit"), ""),
        dimensions=properties.pairs("Dimensions"),
        actions=tuple(
            str(action) for action in properties.items("AlarmActions") if action and not isinstance(action, list | dict)
        ),
        actions_enabled=properties.flag("ActionsEnabled", True),
        description=properties.text("AlarmDescription"),
    )


def _arn(resource: Resource, properties: _Properties) -> str:
    """How alarms of the same file name a topic: by its ARN where the file has it, else by the reference to it."""
    known = properties.text("arn")
    if known:
        return known
    address = resource.where.name
    return "${" + address + (".arn" if "." in address else "") + "}"


def _topics(topics: Mapping[str, Resource], hearing: Iterable[_Properties]) -> Iterator[FoundTopic]:
    confirmed = dict.fromkeys(topics, 0)
    pending = dict.fromkeys(topics, 0)
    for arn, resource in topics.items():
        confirmed[arn] += len(_Properties(resource.properties).inner("Subscription"))
    for one in hearing:
        arn = one.text("TopicArn")
        if arn in topics:
            waits = one.flag("pending_confirmation", False)
            pending[arn] += waits
            confirmed[arn] += not waits
    for arn in topics:
        yield FoundTopic(arn, confirmed[arn], pending[arn])
