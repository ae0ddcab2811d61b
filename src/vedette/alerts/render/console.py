"""Links into the AWS console, for the account and region of the records.

Every part that comes from a record is percent-encoded, and a region that does not look like one makes no link: a link
never leads anywhere but to the console.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from vedette.alerts.evidence import Sighting
from vedette.alerts.notice import Links
from vedette.alerts.render.clean import shown
from vedette.alerts.render.regions import is_region, partition_of
from vedette.alerts.render.things import Kind, Thing, things_of
from vedette.cloudtrail.identity import Actor, ActorKind

MOST = 6
_LABELLED = 60
_LONGEST = 1_000
"""Servers and chat tools refuse or cut longer addresses."""


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go: what it shows, and where it is."""

    label: str
    url: str


_PAGES = {
    Kind.SECRET: "secretsmanager/secret?name={name}&region={region}",
    Kind.SECURITY_GROUP: "ec2/home?region={region}#SecurityGroup:groupId={name}",
    Kind.INSTANCE: "ec2/home?region={region}#InstanceDetails:instanceId={name}",
    Kind.KEY: "kms/home?region={region}#/kms/keys/{name}",
    Kind.BUCKET: "s3/buckets/{name}?region={region}",
    Kind.TRAIL: "cloudtrailv2/home?region={region}#/trails",
    Kind.FUNCTION: "lambda/home?region={region}#/functions/{name}",
    Kind.DETECTOR: "guardduty/home?region={region}#/settings",
    Kind.USER: "iam/home?region={region}#/users/details/{name}",
    Kind.ROLE: "iam/home?region={region}#/roles/details/{name}",
}
_GLOBAL = frozenset({Kind.USER, Kind.ROLE})
_SERVICES = {
    "guardduty": ("GuardDuty findings", "guardduty/home?region={region}#/findings"),
    "securityhub": ("Security Hub", "securityhub/home?region={region}#/findings"),
    "config": ("AWS Config", "config/home?region={region}#/dashboard"),
    "logs": ("Log groups", "cloudwatch/home?region={region}#logsV2:log-groups"),
    "monitoring": ("CloudWatch alarms", "cloudwatch/home?region={region}#alarmsV2:"),
    "cloudtrail": ("Trails", "cloudtrailv2/home?region={region}#/trails"),
    "organizations": ("The organization", "organizations/v2/home/accounts"),
    "sso": ("IAM Identity Center", "singlesignon/home?region={region}"),
    "signin": ("Users in IAM", "iam/home?region={region}#/users"),
    "iam": ("IAM", "iam/home?region={region}#/home"),
    "rds": ("Databases", "rds/home?region={region}#databases:"),
    "ec2": ("EC2", "ec2/home?region={region}#Home:"),
    "kms": ("Keys", "kms/home?region={region}#/kms/keys"),
    "secretsmanager": ("Secrets", "secretsmanager/listsecrets?region={region}"),
    "s3": ("Buckets", "s3/buckets?region={region}"),
}


def console_links(sightings: tuple[Sighting, ...], links: Links) -> tuple[Link, ...]:
    """The first record, all that its actor did, what it was about, who acted; at most MOST, none without a region."""
    if not sightings or not is_region(sightings[0].region):
        return ()
    first = sightings[0]
    found = list({link.url: link for link in _found(first, sightings)}.values())[:MOST]
    return tuple(Link(link.label, through_portal(link.url, first.account, links)) for link in found)


def _found(first: Sighting, sightings: tuple[Sighting, ...]) -> Iterator[Link]:
    history = "cloudtrailv2/home?region={region}#/events"
    if first.event_id:
        yield _link("The first record in CloudTrail", f"{history}/{{name}}", first.region, first.event_id)
    if user := _user_name(first.actor):
        yield _link(f"All that {_short(user)} did", f"{history}?Username={{name}}", first.region, user)
    things = [thing for thing in things_of(sightings) if thing.kind in _PAGES]
    for thing in things[:2]:
        yield _thing_link(thing, first.region)
    if first.actor.account in (None, first.account) and (actor := _actor_thing(first.actor)) is not None:
        yield _thing_link(actor, first.region)
    service = first.event_source.partition(".")[0]
    if not things and service in _SERVICES:
        label, page = _SERVICES[service]
        yield _link(label, page, first.region)


def _user_name(actor: Actor) -> str | None:
    """By what Event history finds the actor: the user's name, of a role the session's."""
    match actor.kind:
        case ActorKind.ROOT:
            return "root"
        case ActorKind.IAM_USER:
            return actor.name
        case ActorKind.ROLE | ActorKind.SSO_USER:
            return actor.session
        case _:
            return None


def _actor_thing(actor: Actor) -> Thing | None:
    if actor.kind is ActorKind.IAM_USER:
        return Thing(Kind.USER, actor.name)
    if actor.kind in {ActorKind.ROLE, ActorKind.SSO_USER} and actor.role:
        return Thing(Kind.ROLE, actor.role)
    return None


def _thing_link(thing: Thing, region: str) -> Link:
    at = partition_of(region).home if thing.kind in _GLOBAL else region
    return _link(f"The {thing.kind.value} {_short(thing.name)}", _PAGES[thing.kind], at, thing.name)


def _short(name: str) -> str:
    return shown(name, _LABELLED)


def _link(label: str, page: str, region: str, name: str = "") -> Link:
    return Link(label, console_url(page.format(region=region, name=encoded(name)), region))


def encoded(text: str) -> str:
    """Text as one part of a URL; nothing in it can end the part."""
    return quote(text.encode("utf-8", "replace")[: _LONGEST // 3], safe="")


def console_url(page: str, region: str) -> str:
    """The address of a page of the region's console."""
    return f"https://{region}.{partition_of(region).console}/{page}"


def through_portal(url: str, account: str, links: Links) -> str:
    """The address that enters the account by the access portal first, if the reader has one."""
    if not (links.portal and links.role and account.isdecimal() and len(account) == 12):
        return url
    role, destination = quote(links.role, safe=""), quote(url, safe="")
    return f"{links.portal.rstrip('/')}/#/console?account_id={account}&role_name={role}&destination={destination}"
