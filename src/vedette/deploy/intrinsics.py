"""CloudFormation's functions, as far as they need no AWS: what a template's names and values come to in an account.

What only CloudFormation can resolve is UNKNOWN. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vedette.deploy.answers import mapping, text
from vedette.deploy.wanted import Wanted


class Unknown:
    """A value that is known only in AWS."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
_NAMES = (
    "AlarmName", "FilterName", "TrailName", "BucketName", "LogGroupName", "TopicName", "FunctionName", "RoleName",
    "DashboardName", "AliasName", "QueueName", "PolicyName", "ManagedPolicyName", "Name", "Endpoint",
)  # fmt: skip
"""The properties that name a thing, the most telling first."""
_PLACEHOLDER = re.compile(r"\$\{(!?[^}]*)\}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a deployment is."""

    name: str
    account: str
    region: str
    partition: str = "aws"

    @classmethod
    def of(cls, wanted: Wanted) -> Place:
        """Where something is wanted."""
        return cls(wanted.name, wanted.account, wanted.region, wanted.partition)


def name_of(resource: Mapping[str, object], given: Mapping[str, object], place: Place) -> str:
    """The name that a resource's properties give it; empty where they give none, or one that only AWS knows."""
    properties = mapping(resource, "Properties")
    for name in _NAMES:
        if name in properties:
            found = resolved(properties[name], given, place)
            if isinstance(found, str) and found:
                return found
    return ""


def resolved(value: object, given: Mapping[str, object], place: Place) -> object:
    """A property's value with the functions carried out that need no AWS; UNKNOWN where one does."""
    if isinstance(value, list):
        return [resolved(one, given, place) for one in value]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Ref" and isinstance(argument, str):
            return reference(argument, given, place)
        if name == "Fn::Sub" and isinstance(argument, str):
            return _substituted(argument, given, place)
        if name == "Fn::GetAtt" or name.startswith("Fn::"):
            return _attribute(argument, given, place) if name == "Fn::GetAtt" else UNKNOWN
    return {name: resolved(one, given, place) for name, one in value.items()}


def reference(name: str, given: Mapping[str, object], place: Place) -> object:
    """What `Ref` gives: of a topic its ARN, of other things their name."""
    pseudo = {"AWS::AccountId": place.account, "AWS::Region": place.region, "AWS::Partition": place.partition}
    if name in pseudo:
        return pseudo[name]
    one = mapping(given, name)
    called = name_of(one, given, place)
    if text(one, "Type") == "AWS::SNS::Topic" and called:
        return f"arn:{place.partition}:sns:{place.region}:{place.account}:{called}"
    return called or UNKNOWN


def _attribute(argument: object, given: Mapping[str, object], place: Place) -> object:
    match argument:
        case [str(name), "TopicArn"] if text(mapping(given, name), "Type") == "AWS::SNS::Topic":
            return reference(name, given, place)
        case [str(name), "QueueName"] if text(mapping(given, name), "Type") == "AWS::SQS::Queue":
            return reference(name, given, place)
        case _:
            return UNKNOWN


def _substituted(template: str, given: Mapping[str, object], place: Place) -> object:
    values: dict[str, str] = {}
    for name in _PLACEHOLDER.findall(template):
        found = f"${{{name[1:]}}}" if name.startswith("!") else reference(name, given, place)
        if not isinstance(found, str):
            return UNKNOWN
        values[name] = found
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)
