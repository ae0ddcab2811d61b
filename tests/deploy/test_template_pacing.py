"""What CloudFormation would begin at once, and must not: the services behind it refuse many calls in a second."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from deploy.wishes import everything, wish
from vedette.deploy.export import STACKSET, Format, exported
from vedette.deploy.plan import local_answers
from vedette.deploy.template import build
from vedette.deploy.template.pacing import AT_ONCE, paced


def at_once(resources: Mapping[str, Any]) -> dict[str, int]:
    """How many of a kind CloudFormation has in hand at most, if everything takes the same time."""
    done: set[str] = set()
    most: Counter[str] = Counter()
    while len(done) < len(resources):
        begun = {
            name for name, one in resources.items() if name not in done and done.issuperset(one.get("DependsOn", ()))
        }
        assert begun, "they wait for one another in a circle"
        most |= Counter(resources[name]["Type"] for name in begun)
        done |= begun
    return dict(most)


def test_filters_of_one_log_group_come_one_after_the_other_and_alarms_few_at_once() -> None:
    """CloudWatch Logs and CloudWatch refuse what comes too fast, and the whole stack is rolled back."""
    seen: Counter[str] = Counter()
    for stack in everything().stacks:
        seen |= Counter(at_once(stack.template["Resources"]))  # type: ignore[arg-type]
    assert {kind: seen[kind] for kind in AT_ONCE} == AT_ONCE


def test_so_they_do_in_a_stack_set() -> None:
    wanted = wish("root-login", "trail-stopped", "trail-deleted", "secret-read", "access-key-created")
    template = json.loads(exported(Format.STACKSETS, wanted, build(wanted))[STACKSET])
    found = at_once(template["Resources"])
    assert found["AWS::Logs::MetricFilter"] == 1
    assert found["AWS::CloudWatch::Alarm"] <= 5  # those of the detections, and those of our own machinery


def test_each_still_waits_for_what_it_waited_for() -> None:
    alarm = "AWS::CloudWatch::CompositeAlarm"
    given: dict[str, Any] = {name: {"Type": alarm, "Properties": {}} for name in "abc"}
    given["d"] = {"Type": alarm, "DependsOn": ["b"], "Properties": {"AlarmName": "d"}}
    given["e"] = {"Type": "AWS::SNS::Topic", "Properties": {}}
    found: Any = paced(given)
    assert found["d"] == {"Type": alarm, "DependsOn": ["b", "a"], "Properties": {"AlarmName": "d"}}
    assert found["e"] == given["e"]


@pytest.mark.parametrize("change", [{"DependsOn": ["B"]}, {}])
def test_who_waits_for_whom_is_no_change_of_a_resource(change: dict[str, Any]) -> None:
    """Otherwise one detection more would show a change of the next one, which has none."""
    old = {"Resources": {"A": {"Type": "T", "DependsOn": ["C"]}, "B": {"Type": "T"}}}
    new = {"Resources": {"A": {"Type": "T", **change}, "B": {"Type": "T"}}}
    assert not list(local_answers(old, new))
