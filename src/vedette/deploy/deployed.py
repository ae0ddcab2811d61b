"""What was deployed, read from the stacks' own templates: resources with their properties, names resolved.

No option is needed to find them: stacks are known by their tag. What only CloudFormation can resolve is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from vedette.aws import AwsSession
from vedette.deploy import stacks
from vedette.deploy.answers import mapping, text
from vedette.deploy.changes import detections_in
from vedette.deploy.intrinsics import Place, name_of, reference, resolved
from vedette.deploy.stacks import Phase, StackState


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a deployed template. `kept` is whether it stays when its stack is removed."""

    stack: str
    logical_id: str
    type: str
    name: str
    properties: Mapping[str, object]
    kept: bool
    detection: str = ""
    arn: str = ""
    """Of topics only."""
    region: str = ""
    """Where it is; empty for the home of the deployment."""


def read(session: AwsSession, states: Iterable[StackState], place: Place) -> tuple[Resource, ...]:
    """The resources of the stacks that stand."""
    found: list[Resource] = []
    for state in states:
        if state.phase not in (Phase.REVIEWED, Phase.FAILED):
            region = state.region or place.region
            template = stacks.template_of(session.client("cloudformation", region), state.name)
            far = region if region != place.region else ""
            there = replace(place, region=region)
            found += [replace(one, region=far) for one in resources(state.name, template, there)]
    return tuple(found)


def filter_names(session: AwsSession, place: Place) -> frozenset[str]:
    """The names of the metric filters of a deployment, none where nothing is deployed."""
    found = read(session, stacks.ours(session.client("cloudformation", place.region), place.name), place)
    return frozenset(one.name for one in found if one.type == "AWS::Logs::MetricFilter")


def resources(stack: str, template: Mapping[str, object], place: Place) -> list[Resource]:
    """The resources of one template."""
    given = mapping(template, "Resources")
    detections = detections_in(template, place)
    found = []
    for logical_id in given:
        one = mapping(given, logical_id)
        properties = mapping(one, "Properties")
        values = {name: resolved(value, given, place) for name, value in properties.items()}
        found.append(
            Resource(
                stack=stack,
                logical_id=logical_id,
                type=text(one, "Type"),
                name=name_of(one, given, place) or logical_id,
                properties=values,
                kept=text(one, "DeletionPolicy").startswith("Retain"),
                detection=detections.get(logical_id, ""),
                arn=_arn(logical_id, given, place),
            )
        )
    return found


def _arn(logical_id: str, given: Mapping[str, object], place: Place) -> str:
    found = reference(logical_id, given, place)
    return found if isinstance(found, str) and found.startswith("arn:") else ""
