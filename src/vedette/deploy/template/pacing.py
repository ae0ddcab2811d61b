"""What must not be made all at once, in turn.

CloudFormation begins everything at once that waits for nothing. The services behind it count calls: of metric filters
CloudWatch Logs takes five a second and one at a time for a log group, of alarms CloudWatch takes three a second, and
what they refuse CloudFormation does not always try again: the stack fails with `Rate exceeded`, or with `A separate
request to update this alarm is in progress`. So each waits for an earlier one of its kind.
Sources: CloudWatch and CloudWatch Logs user guides, quotas; on GitHub, issue 12 of
aws-quickstart/quickstart-compliance-cis-benchmark and issue 7605 of hashicorp/terraform-provider-aws.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vedette.deploy.template.values import Json

AT_ONCE: Final[Mapping[str, int]] = {
    "AWS::Logs::MetricFilter": 1,
    "AWS::CloudWatch::Alarm": 3,
    "AWS::CloudWatch::CompositeAlarm": 3,
}
"""How many of a kind are made at the same time."""


def paced(resources: Mapping[str, Json]) -> dict[str, Json]:
    """The same resources, of which those of a kind wait for one another; what they wait for already comes first."""
    found: dict[str, Json] = {}
    of_kind: dict[str, list[str]] = {}
    for name, one in resources.items():
        assert isinstance(one, Mapping)
        kind = str(one["Type"])
        before = of_kind.setdefault(kind, [])
        lanes = AT_ONCE.get(kind, 0)
        waits = [before[-lanes]] if lanes and len(before) >= lanes else []
        found[name] = _waiting(one, waits)
        before.append(name)
    return found


def _waiting(resource: Mapping[str, Json], more: list[str]) -> Mapping[str, Json]:
    there = resource.get("DependsOn", [])
    assert isinstance(there, list)
    waits = list(dict.fromkeys((*there, *more)))
    if waits == there:
        return resource
    head = {"Type": resource["Type"], "DependsOn": waits}
    return head | {key: value for key, value in resource.items() if key not in head}
