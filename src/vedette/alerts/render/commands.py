"""Commands to paste: `aws` commands with the names that the evidence has.

Names are written by attackers and go into a shell. A name that is not plain (`pasted` says what is) makes no command:
a reader in a hurry had better type than paste. Nothing here runs anything.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from vedette.alerts.evidence import Evidence, Sighting
from vedette.alerts.render.regions import is_region
from vedette.alerts.render.things import Kind, Thing, only_thing, things_of
from vedette.cloudtrail.identity import Actor, ActorKind
from vedette.cloudtrail.moment import print_time

MOST = 5

_PLAIN = re.compile(r"[A-Za-z0-9_+=,.@:/!~#*\[\]{} -]{1,300}", re.ASCII)
_ACCESS_KEY = re.compile(r"A[KS]IA[A-Z0-9]{12,28}", re.ASCII)
_EVENT_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,127}", re.ASCII)
_READ_BY_CLI = ("file:", "fileb:", "http:", "https:")
"""The AWS CLI takes such a value for the place of the value, and would send a file of the reader's machine."""


@dataclass(frozen=True, slots=True)
class Command:
    """What it is for, and the text to paste into a POSIX shell."""

    purpose: str
    text: str


def pasted(value: str) -> str | None:
    """The value as one word of a shell; None unless it is plain in every shell that an administrator may use.

    >>> pasted("alice"), pasted("two words"), pasted("$(reboot)"), pasted("--profile"), pasted("file:///etc/passwd")
    ('alice', "'two words'", None, None, None)
    """
    plain = _PLAIN.fullmatch(value) and not value.startswith(("-", " ")) and not value.endswith(" ")
    return shlex.quote(value) if plain and not value.lower().startswith(_READ_BY_CLI) else None


def ready(evidence: Evidence, now: int) -> tuple[Command, ...]:
    """Commands about who acted and what it was about, at most MOST; `now` (epoch seconds) ends older sessions."""
    sightings = evidence.sightings
    if not sightings or not is_region(sightings[0].region):
        return ()
    found = [*_about_actor(sightings[0], now), *_about_things(sightings), *_about_record(sightings[0])]
    return tuple(found[:MOST])


def _about_actor(seen: Sighting, now: int) -> Iterator[Command]:
    # An actor of another account has a namesake here at best.
    actor = seen.actor
    if actor.account in (None, seen.account):
        yield from _stopping(actor, now)
    key = actor.access_key_id or ""
    if _ACCESS_KEY.fullmatch(key):
        yield _history(f"See all that this key did in {seen.region}", "AccessKeyId", key, seen.region)


def _stopping(actor: Actor, now: int) -> Iterator[Command]:
    name, key = pasted(actor.name), actor.access_key_id or ""
    if actor.kind is ActorKind.IAM_USER and name and _ACCESS_KEY.fullmatch(key) and key.startswith("AKIA"):
        text = f"aws iam update-access-key --user-name {name} --access-key-id {key} --status Inactive"
        yield Command(f"Stop the access key of {actor.name}", text)
    role = pasted(actor.role or "")
    if actor.kind is ActorKind.ROLE and role:
        text = f"aws iam put-role-policy --role-name {role} --policy-name AWSRevokeOlderSessions"
        purpose = f"End every session that the role {actor.role} has now (whatever works with it must start anew)"
        yield Command(purpose, f"{text} --policy-document {shlex.quote(_revoking(now))}")


def _revoking(now: int) -> str:
    """The policy that "Revoke active sessions" in the IAM console writes."""
    older = {"DateLessThan": {"aws:TokenIssueTime": print_time(now)}}
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": older}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def _history(purpose: str, attribute: str, value: str, region: str) -> Command:
    attributes = f"AttributeKey={attribute},AttributeValue={value}"
    return Command(purpose, f"aws cloudtrail lookup-events --region {region} --lookup-attributes {attributes}")


_LOOKS = {
    Kind.SECRET: ("secretsmanager describe-secret --secret-id {}", True),
    Kind.SECURITY_GROUP: ("ec2 describe-security-groups --group-ids {}", True),
    Kind.INSTANCE: ("ec2 describe-instances --instance-ids {}", True),
    Kind.KEY: ("kms describe-key --key-id {}", True),
    Kind.BUCKET: ("s3api get-bucket-policy-status --bucket {}", True),
    Kind.TRAIL: ("cloudtrail get-trail-status --name {}", True),
    Kind.FUNCTION: ("lambda get-function-configuration --function-name {}", True),
    Kind.DETECTOR: ("guardduty get-detector --detector-id {}", True),
    Kind.USER: ("iam list-access-keys --user-name {}", False),
    Kind.ROLE: ("iam get-role --role-name {}", False),
    Kind.ACCESS_KEY: ("iam get-access-key-last-used --access-key-id {}", False),
}


def _about_things(sightings: tuple[Sighting, ...]) -> Iterator[Command]:
    for thing in things_of(sightings)[:2]:
        value = pasted(thing.reference)
        if value is not None:
            call, regional = _LOOKS[thing.kind]
            where = f" --region {sightings[0].region}" if regional else ""
            yield Command(f"Look at the {thing.kind.value} {thing.name}", f"aws {call.format(value)}{where}")


def _about_record(seen: Sighting) -> Iterator[Command]:
    if _EVENT_ID.fullmatch(seen.event_id):
        yield _history("See the first record", "EventId", seen.event_id, seen.region)


_PLACEHOLDERS = {
    "--secret-id SECRET": Kind.SECRET,
    "--group-id GROUP": Kind.SECURITY_GROUP,
    "Values=GROUP": Kind.SECURITY_GROUP,
    "--key-id KEY": Kind.KEY,
    "--bucket BUCKET": Kind.BUCKET,
    "--name TRAIL": Kind.TRAIL,
    "--trail-name TRAIL": Kind.TRAIL,
    "--trail-name-list TRAIL": Kind.TRAIL,
    "--instance-ids IDS": Kind.INSTANCE,
}
"""Not users and access keys: a step may mean the actor's or another's, and the wrong one would be stopped."""


def filled(step: str, evidence: Evidence) -> str:
    """The step with names in place of its placeholders, where there can be no doubt which is meant."""
    for placeholder, kind in _PLACEHOLDERS.items():
        if placeholder in step and (thing := only_thing(evidence, kind)) is not None:
            step = _with(step, placeholder, thing)
    return step


def _with(step: str, placeholder: str, thing: Thing) -> str:
    value = pasted(thing.reference)
    if value is None or "," in value:
        return step
    place = re.compile(re.escape(placeholder) + r"(?![A-Za-z0-9_-])")
    kept = placeholder[: placeholder.rindex("=" if placeholder.startswith("Values=") else " ") + 1]
    return place.sub(lambda _: kept + value, step)
