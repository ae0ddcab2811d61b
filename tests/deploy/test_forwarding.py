"""Events of other regions: which are forwarded, by which rules, and that nothing comes twice or goes in a circle."""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from deploy.event_evaluator import event_of, matches
from deploy.wishes import ACCOUNT, own, wish
from vedette.deploy import names
from vedette.deploy.deployment import MAX_INLINE, Deployment, Stack
from vedette.deploy.event_pattern import LONGEST
from vedette.deploy.event_reads import called_names
from vedette.deploy.event_regions import chosen_regions, usual_regions
from vedette.deploy.selection import select
from vedette.deploy.template import build, resolve
from vedette.deploy.template.rules import MAX_RULES, Ruled, choose_rules, recorded_at_home
from vedette.deploy.verify import samples
from vedette.deploy.wanted import Wanted
from vedette.detections.definition import Detection, Severity
from vedette.detections.loader import load_builtin
from vedette.detections.question import question
from vedette.errors import InputError
from vedette.predicates.document import load_document
from vedette.predicates.evaluate import evaluate

HOME = "eu-west-1"
REGIONS = usual_regions("aws", HOME)


@functools.cache
def everywhere() -> tuple[Wanted, Deployment]:
    wanted = wish(event_regions=REGIONS)
    return wanted, build(wanted)


def ruled_of(wanted: Wanted) -> tuple[Ruled, ...]:
    return choose_rules(wanted, select(wanted))[0]


def far(deployment: Deployment, region: str = "") -> list[Stack]:
    return [stack for stack in deployment.stacks if stack.region and region in ("", stack.region)]


def forwarders(wanted: Wanted, deployment: Deployment, region: str) -> list[dict[str, Any]]:
    """The rules of a region, with the names worked out as they are there."""
    there = replace(wanted, region=region, event_regions=())
    found: list[dict[str, Any]] = []
    for stack in far(deployment, region):
        resources: Any = stack.template["Resources"]
        for body in resources.values():
            text = json.dumps(body["Properties"]).replace('{"Ref": "AWS::Region"}', f'"{region}"')
            found.append(resolve(there, json.loads(text)))  # type: ignore[arg-type]
    return found


def event(record: Mapping[str, object], region: str) -> dict[str, object]:
    return {**event_of(record), "region": region}


# Which regions


@pytest.mark.parametrize(
    ("given", "partition", "home", "expected"),
    [
        ((), "aws", "eu-west-1", ("ap-southeast-2", "eu-north-1", "us-east-1", "us-east-2")),
        ((), "aws", "us-east-1", ("ap-southeast-2", "eu-north-1", "us-east-2")),
        (("home",), "aws", "eu-west-1", ()),
        (("home", "us-east-1"), "aws", "eu-west-1", ("us-east-1",)),
        (("eu-west-1", "us-east-1", "sa-east-1"), "aws", "eu-north-1",
         ("ap-southeast-2", "eu-west-1", "sa-east-1", "us-east-1", "us-east-2")),
        ((), "aws-cn", "cn-north-1", ()),
        ((), "aws-us-gov", "us-gov-west-1", ()),
        (("us-gov-east-1",), "aws-us-gov", "us-gov-west-1", ("us-gov-east-1",)),
    ],
)  # fmt: skip
def test_the_regions_are_those_of_sign_ins_and_those_that_are_named(
    given: tuple[str, ...], partition: str, home: str, expected: tuple[str, ...]
) -> None:
    assert chosen_regions(given, partition, home) == expected


@pytest.mark.parametrize("region", ["us_east_1", "everywhere", "us-east", HOME, "us-east-1"])
def test_what_is_no_further_region_is_refused(region: str) -> None:
    with pytest.raises(InputError):
        wish("root-login", region=HOME, event_regions=("us-east-1", region))


# What is forwarded


def test_what_a_rule_at_home_asks_for_is_forwarded_once() -> None:
    """Records of the tests of every detection with a rule, as if it happened in each of the regions.

    Twice only where a detection that names no call asks for it, too.
    """
    wanted, deployment = everywhere()
    ruled = ruled_of(wanted)
    tested = {one.id: one for one in load_builtin()}
    records = {sample.message for one in ruled for sample in samples(tested[one.detection.id])[:4]}
    forwarding = {region: forwarders(wanted, deployment, region) for region in REGIONS}
    taken = 0
    for message in records:
        record = load_document(message)
        if record is None:
            continue
        asking = [one for one in ruled if evaluate(one.asked, record)]
        for region in ("us-east-1", "us-east-2"):
            here = [one for one in asking if region == "us-east-1" or not recorded_at_home(one.asked)]
            times = sum(matches(one["EventPattern"], event(record, region)) for one in forwarding[region])
            named = any(called_names(one.asked) is not None for one in here)
            unnamed = any(called_names(one.asked) is None for one in here)
            assert times == named + unnamed, (message, region)
            taken += times
    assert taken > 100


def test_all_regions_but_that_of_global_services_forward_the_same() -> None:
    wanted, deployment = everywhere()
    patterns = {
        region: [{**one["EventPattern"], "region": []} for one in forwarders(wanted, deployment, region)]
        for region in REGIONS
    }
    assert patterns["us-east-2"] == patterns["eu-north-1"] == patterns["ap-southeast-2"] != patterns["us-east-1"]
    served = {one.detection.id for one in ruled_of(wanted)}
    for region in REGIONS:
        told = {name for one in deployment.forwarded if one.region == region for name in one.detections}
        at_home = {one.detection.id for one in ruled_of(wanted) if recorded_at_home(one.asked)}
        assert told == (served if region == "us-east-1" else served - at_home)


def test_nothing_goes_in_a_circle() -> None:
    """A rule elsewhere takes what happened there; one at home sends to no bus, and takes events of every region."""
    wanted, deployment = everywhere()
    record = load_document(samples({one.id: one for one in load_builtin()}["root-access-key-used"])[0].message)
    assert record is not None
    rules = forwarders(wanted, deployment, "us-east-1")
    assert sum(matches(one["EventPattern"], event(record, "us-east-1")) for one in rules) == 1
    assert not any(matches(one["EventPattern"], event(record, HOME)) for one in rules)
    (events,) = [stack for stack in deployment.stacks if stack.name == "vedette-events"]
    resources: Any = events.template["Resources"]
    for rule in (one["Properties"] for one in resources.values() if one["Type"] == "AWS::Events::Rule"):
        assert "region" not in rule["EventPattern"]
        assert "event-bus" not in json.dumps(rule["Targets"])


def test_each_target_is_the_bus_at_home_with_a_role_that_may_do_nothing_else() -> None:
    wanted, deployment = everywhere()
    for region in REGIONS:
        for rule in forwarders(wanted, deployment, region):
            (target,) = rule["Targets"]
            assert target["Arn"] == f"arn:aws:events:{HOME}:{ACCOUNT}:event-bus/default"
            assert target["RoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/vedette-forward-{HOME}"
            assert len(rule["Name"]) <= 64
            assert len(rule["Description"]) <= 512
            assert len(json.dumps(rule["EventPattern"], separators=(",", ":"))) <= LONGEST
    (events,) = [stack for stack in deployment.stacks if stack.name == "vedette-events"]
    role: Any = resolve(wanted, events.template["Resources"]["ForwardRole"]["Properties"])  # type: ignore[index]
    (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert statement["Action"] == "events:PutEvents"
    assert statement["Resource"] == f"arn:aws:events:{HOME}:{ACCOUNT}:event-bus/default"
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"]["ArnLike"]["aws:SourceArn"] == [
        f"arn:aws:events:{region}:{ACCOUNT}:rule/vedette-to-{HOME}-*" for region in REGIONS
    ]
    assert events.capabilities == ("CAPABILITY_NAMED_IAM",)


def test_read_only_events_are_asked_for_where_a_detection_needs_them() -> None:
    wanted, deployment = everywhere()
    needed = {one.detection.id for one in ruled_of(wanted) if one.read_only}
    rules = {one["Name"]: one for one in forwarders(wanted, deployment, "us-east-1")}
    for one in deployment.forwarded:
        if one.region == "us-east-1":
            wide = rules[one.rule]["State"] == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
            assert wide is bool(needed & set(one.detections))


# Where the stacks stand


def test_a_region_where_nothing_can_happen_gets_no_stack() -> None:
    """Home in us-east-1, and a detection of what is recorded nowhere else."""
    deployment = build(wish("root-access-key-created", region="us-east-1", event_regions=("us-east-2",)))
    assert far(deployment) == []
    (events,) = [stack for stack in deployment.stacks if stack.name == "vedette-events"]
    assert "ForwardRole" not in events.body
    assert events.capabilities == ()


def test_global_services_are_heard_of_through_their_region() -> None:
    """Rule: from another home, what is recorded in us-east-1 only is seen through a rule there, or is left out."""
    alone = build(wish("root-access-key-created"))
    assert "recorded in us-east-1, and a rule sees what happens in eu-west-1 only" in alone.left_out[0].reason
    beside = build(wish("root-access-key-created", event_regions=("us-east-1", "us-east-2")))
    assert [stack.region for stack in far(beside)] == ["us-east-1"]
    assert beside.placed[0].event_rule == "vedette-root-access-key-created"
    assert beside.left_out == ()


def test_what_only_a_rule_tells_of_says_of_which_regions() -> None:
    deployment = build(wish("trail-stopped", filters_taken=100, event_regions=("us-east-1", "us-east-2")))
    assert deployment.left_out[0].reason.endswith(
        "An EventBridge rule tells of it, which sees what happens in eu-west-1, us-east-1 and us-east-2, and in no "
        "other region."
    )


def test_names_tell_regions_and_homes_apart() -> None:
    """Deployments of one name with different homes meet in the regions of sign-ins."""
    stacks: dict[tuple[str, str], set[str]] = {}
    rules: dict[str, set[str]] = {}
    for home in ("eu-west-1", "eu-central-1"):
        wanted = wish("root-access-key-used", region=home, event_regions=usual_regions("aws", home))
        for one in build(wanted).forwarded:
            assert one.stack not in stacks.setdefault(("", ""), set())
            stacks["", ""].add(one.stack)
            assert one.rule not in rules.setdefault(one.region, set())
            rules[one.region].add(one.rule)
    assert "vedette-events-us-east-1-to-eu-west-1" in stacks["", ""]


def test_without_rules_there_is_nothing_to_forward() -> None:
    assert far(build(wish("root-access-key-used", events=False, event_regions=("us-east-1",)))) == []
    assert far(build(wish("root-login", event_regions=("us-east-1",)))) == []


# Many, and odd ones


def many(count: int) -> tuple[Detection, ...]:
    return tuple(
        own(f"own-{n:03}", f'{{ $.eventName = "Call{n:03}" && $.requestParameters.a{n} = "{n}{"x" * 300}" }}')
        for n in range(count)
    )


def test_what_is_too_long_for_a_call_is_split_and_nothing_is_lost() -> None:
    wanted = wish("root-login", detections=many(MAX_RULES), filters_taken=100, event_regions=("us-east-1",))
    deployment = build(wanted)
    there = far(deployment)
    assert len(there) > 1
    assert all(stack.size <= MAX_INLINE for stack in there)
    assert [stack.name for stack in there][:2] == [
        "vedette-events-us-east-1-to-eu-west-1",
        "vedette-events-us-east-1-to-eu-west-1-2",
    ]
    rules = [one.rule for one in deployment.forwarded]
    assert len(rules) == len(set(rules)) <= MAX_RULES
    assert {name for one in deployment.forwarded for name in one.detections} == {f"own-{n:03}" for n in range(300)}


def test_detections_of_one_call_share_a_rule_and_those_of_none_come_last() -> None:
    one, other = (
        replace(own(name, f'{{ $.eventName = "Same" && $.a{name} = "x" }}'), severity=Severity.CRITICAL)
        for name in ("first", "other")
    )
    glob = replace(own("glob", '{ $.eventName = "Sa*" && $.b = "y" }'), severity=Severity.CRITICAL)
    anything = replace(own("anything", '{ $.errorCode = "Bad" }'), severity=Severity.CRITICAL)
    wanted = wish("root-login", detections=(anything, glob, one, other), event_regions=("us-east-1",))
    (rule,) = build(wanted).forwarded
    assert set(rule.detections[:-1]) == {"first", "other", "glob"}
    assert rule.detections[-1] == "anything"


def test_what_no_pattern_can_say_together_is_forwarded_apart() -> None:
    """Each of a family of one call is longer than half a pattern; the rule's own region has no room in the longest."""
    long = [
        replace(own(f"long-{n}", f'{{ $.eventName = "Same" && $.a{n} = "{"x" * 1_850}" }}'), severity=Severity.CRITICAL)
        for n in range(2)
    ]
    wanted = wish("root-login", detections=tuple(long), event_regions=("us-east-1",))
    deployment = build(wanted)
    assert [one.detections for one in deployment.forwarded] == [("long-0",), ("long-1",)]
    for rule in forwarders(wanted, deployment, "us-east-1"):
        assert len(json.dumps(rule["EventPattern"], separators=(",", ":"))) <= LONGEST


def test_exceptions_hold_for_what_is_forwarded() -> None:
    excepted = (
        "exceptions:\n  - owner: a@example.com\n    reason: it deploys\n    expires: 2030-01-01\n"
        "    pattern: '{ $.userIdentity.arn = \"arn:aws:iam::111122223333:role/ci\" }'\n"
    )
    one = replace(own("one", more=excepted), severity=Severity.CRITICAL)
    today = dt.date(2026, 11, 23)
    wanted = wish("root-login", detections=(one,), event_regions=("us-east-1",), today=today)
    (rule,) = forwarders(wanted, build(wanted), "us-east-1")
    asked = question(one, today)
    assert asked is not None
    for arn in ("arn:aws:iam::111122223333:role/ci", "arn:aws:iam::111122223333:role/cd"):
        record = {"eventName": "X", "userIdentity": {"arn": arn}}
        assert matches(rule["EventPattern"], event(record, "us-east-1")) is evaluate(asked, record)


def test_a_template_elsewhere_names_no_account_and_writes_its_home_out() -> None:
    _, deployment = everywhere()
    for stack in far(deployment):
        assert ACCOUNT not in stack.body
        assert f"events:{HOME}:" in stack.body
        assert stack.after == ("vedette-events",)
        metadata: Any = stack.template["Metadata"]
        assert metadata["Vedette"]["Home"] == HOME


def test_names_fit() -> None:
    """A rule has at most 64 characters, a role 64, a stack 128."""
    wanted = wish("root-login", name="a" * 20, region="ap-southeast-99", event_regions=("ap-northeast-99",))
    assert len(names.forward_rule_name(wanted, 300)) <= 64
    assert len(names.forward_role_name(wanted)) <= 64
    assert len(names.stack_name(wanted, names.forwarding_part(wanted, "ap-northeast-99", 99))) <= 128
