"""What brings events of other regions to the rules of the home region: rules there that send them to its event bus.

The rules at home tell people; those elsewhere only forward, and only what a rule at home asks for. One asks for
several detections at once, and no two of them for calls of the same name, so that an event comes once: only for
detections that name no call it may come twice. What was forwarded is not forwarded again, neither by AWS nor by these
rules, which take events of their own region. Sources: EventBridge user guide, "Sending and receiving events between AWS
Regions", "Cross-service confused deputy prevention", quotas.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import accumulate
from typing import Final

from vedette.deploy import names
from vedette.deploy.event_pattern import LONGEST, EventPattern, event_pattern
from vedette.deploy.event_reads import called_names
from vedette.deploy.event_regions import global_region
from vedette.deploy.template.rules import Ruled, recorded_at_home
from vedette.deploy.template.values import Json, Resources, arn, policy, portable, service, statement, tag_list
from vedette.deploy.wanted import Wanted
from vedette.predicates.tree import Or

ROLE: Final = "ForwardRole"
_OWN_REGION: Final = 40
"""Characters of a pattern that are left for the rule's own region."""
_DESCRIPTION: Final = 512
_RETRY: Final[Mapping[str, Json]] = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86_400}


@dataclass(frozen=True, slots=True)
class Forward:
    """One rule that forwards: what several detections ask for together."""

    pattern: EventPattern
    read_only: bool
    detections: tuple[str, ...]


def forwards(wanted: Wanted, ruled: Sequence[Ruled], region: str) -> tuple[Forward, ...]:
    """What is forwarded from a region: of each detection with a rule, unless nothing that it asks can happen there."""
    far = region != global_region(wanted)
    return tuple(_packed(_families([one for one in ruled if not (far and recorded_at_home(one.asked))])))


def _families(ruled: Sequence[Ruled]) -> list[list[Ruled]]:
    """The detections, those together that ask for calls of the same name; at the end those that name no call."""
    families: list[list[Ruled]] = []
    unnamed: list[Ruled] = []
    for one in ruled:
        if called_names(one.asked) is None:
            unnamed.append(one)
            continue
        near = [family for family in families if any(_meet(one, other) for other in family)]
        families = [family for family in families if family not in near]
        families.append([*(each for family in near for each in family), one])
    return [*families, *([unnamed] if unnamed else [])]


def _meet(one: Ruled, other: Ruled) -> bool:
    mine, theirs = called_names(one.asked) or (), called_names(other.asked) or ()
    return any(fnmatchcase(a, b) or fnmatchcase(b, a) for a in mine for b in theirs)


def _packed(families: Sequence[Sequence[Ruled]]) -> Iterator[Forward]:
    """As many families in a rule as its pattern can say; one that is too long for a rule gets several."""
    rest = families
    while rest:
        many = _fitting(rest)
        yield from _made(_together(rest[:many]))
        rest = rest[many:]


def _fitting(families: Sequence[Sequence[Ruled]]) -> int:
    """How many of the first families fit into a rule: guessed by the length of their patterns, and then tried."""
    lengths = accumulate(sum(len(one.pattern.text) for one in family) for family in families)
    many = max(1, sum(length <= LONGEST for length in lengths))
    while many > 1 and _joint(_together(families[:many])) is None:
        many -= 1
    while many < len(families) and _joint(_together(families[: many + 1])) is not None:
        many += 1
    return many


def _together(families: Sequence[Sequence[Ruled]]) -> list[Ruled]:
    return [one for family in families for one in family]


def _made(held: Sequence[Ruled]) -> Iterator[Forward]:
    pattern = _joint(held)
    for those in [held] if pattern is not None else [[one] for one in held]:
        asked = pattern or those[0].pattern
        yield Forward(asked, any(one.read_only for one in those), tuple(one.detection.id for one in those))


def _joint(held: Sequence[Ruled]) -> EventPattern | None:
    """The pattern of them all; None where there is none that leaves room for the region."""
    if len(held) == 1:
        return held[0].pattern
    found = event_pattern(Or(tuple(one.asked for one in held)))
    fits = isinstance(found, EventPattern) and len(found.text) <= LONGEST - _OWN_REGION
    return found if fits and isinstance(found, EventPattern) else None


def add_role(wanted: Wanted, regions: Sequence[str], resources: Resources) -> None:
    """At home: the role of the rules elsewhere, which may do nothing but send events here.

    The regions are noted with it, so that whoever looks for the deployment finds them.
    """
    rules: list[Json] = [
        portable(wanted, f"arn:{wanted.partition}:events:{region}:{wanted.account}:rule/{_rules(wanted)}")
        for region in regions
    ]
    condition: Mapping[str, Json] = {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnLike": {"aws:SourceArn": rules},
    }
    assume = statement("EventBridge", ["sts:AssumeRole"], None, service("events"), condition)
    put = statement("SendHome", ["events:PutEvents"], arn(wanted, "events", "event-bus/default"))
    properties: dict[str, Json] = {
        "RoleName": portable(wanted, names.forward_role_name(wanted)),
        "Description": "EventBridge sends events of other regions home with it",
        "AssumeRolePolicyDocument": policy({name: value for name, value in assume.items() if name != "Resource"}),
        "Policies": [{"PolicyName": "forward", "PolicyDocument": policy(put)}],
        "Tags": tag_list(wanted),
    }
    resources.add(ROLE, "AWS::IAM::Role", properties, metadata={"Vedette": {"Regions": list(regions)}})


def _rules(wanted: Wanted) -> str:
    return names.forward_rule_name(wanted, "*")


def add_forward(wanted: Wanted, number: int, one: Forward, resources: Resources) -> str:
    """Elsewhere: a rule that sends events home; answers its logical id. The home region is written out."""
    own: Mapping[str, Json] = {"region": [{"Ref": "AWS::Region"}]}
    fits = len(one.pattern.text) <= LONGEST - _OWN_REGION
    told = f"Forwards to {wanted.region}: {', '.join(one.detections)}"
    target: Mapping[str, Json] = {
        "Id": "home",
        "Arn": _of_account(wanted, names.event_bus_arn(wanted)),
        "RoleArn": _of_account(
            wanted, f"arn:{wanted.partition}:iam::{wanted.account}:role/{names.forward_role_name(wanted)}"
        ),
        "RetryPolicy": _RETRY,
    }
    properties: dict[str, Json] = {
        "Name": names.forward_rule_name(wanted, number),
        "Description": told if len(told) <= _DESCRIPTION else f"{told[: _DESCRIPTION - 2]} …",
        "EventPattern": {**(own if fits else {}), **one.pattern.document},
        "State": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" if one.read_only else "ENABLED",
        "Targets": [target],
        "Tags": tag_list(wanted),
    }
    return resources.add(f"Forward{number}", "AWS::Events::Rule", properties)


def _of_account(wanted: Wanted, text: str) -> Json:
    """An ARN at home, written in a template that stands elsewhere: `AWS::Region` is not the home there."""
    found = text.replace(f":{wanted.account}:", ":${AWS::AccountId}:")
    return {"Fn::Sub": found.replace(f"arn:{wanted.partition}:", "arn:${AWS::Partition}:")}
