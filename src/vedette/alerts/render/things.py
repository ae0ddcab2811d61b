"""What the records are about, with its kind: what can be opened in the console, or named in a command.

A name alone says little (`backup` may be a user, a role or a bucket): kinds come from ARNs, from the form of an id, and
from the service and the call. What none of them tells is left out.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

from vedette.alerts.evidence import Evidence, Sighting


class Kind(enum.Enum):
    """The kinds that a console page or a command is known for; the value is what a reader calls it."""

    SECRET = "secret"  # noqa: S105  # a word, not a secret
    SECURITY_GROUP = "security group"
    INSTANCE = "instance"
    KEY = "key"
    BUCKET = "bucket"
    TRAIL = "trail"
    FUNCTION = "function"
    DETECTOR = "detector"
    USER = "user"
    ROLE = "role"
    ACCESS_KEY = "access key"


@dataclass(frozen=True, slots=True)
class Thing:
    """One resource: `name` is how its service calls it, `arn` is empty where the record gives none."""

    kind: Kind
    name: str
    arn: str = ""

    @property
    def reference(self) -> str:
        """What a command takes for it: the ARN where there is one and the service takes it."""
        return self.arn if self.arn and self.kind in _BY_ARN else self.name


_BY_ARN = frozenset({Kind.SECRET, Kind.KEY, Kind.TRAIL, Kind.FUNCTION})
_ARNS = (
    ("secretsmanager", "secret:", Kind.SECRET),
    ("ec2", "security-group/", Kind.SECURITY_GROUP),
    ("ec2", "instance/", Kind.INSTANCE),
    ("kms", "key/", Kind.KEY),
    ("s3", "", Kind.BUCKET),
    ("cloudtrail", "trail/", Kind.TRAIL),
    ("lambda", "function:", Kind.FUNCTION),
    ("guardduty", "detector/", Kind.DETECTOR),
    ("iam", "user/", Kind.USER),
    ("iam", "role/", Kind.ROLE),
)
_FORMS = (
    (re.compile(r"sg-[0-9a-f]{8,17}"), Kind.SECURITY_GROUP),
    (re.compile(r"i-[0-9a-f]{8,17}"), Kind.INSTANCE),
    (re.compile(r"A[KS]IA[A-Z0-9]{12,}"), Kind.ACCESS_KEY),
)
_CALLS = (
    ("secretsmanager", re.compile(r"\w*Secret\w*"), Kind.SECRET),
    ("s3", re.compile(r"\w*(Bucket|Object|PublicAccessBlock)\w*"), Kind.BUCKET),
    ("kms", re.compile(r"\w*(Key|Grant)\w*"), Kind.KEY),
    ("cloudtrail", re.compile(r"StopLogging|StartLogging|DeleteTrail|UpdateTrail|CreateTrail"), Kind.TRAIL),
    ("lambda", re.compile(r"\w*Function\w*|AddPermission\w*"), Kind.FUNCTION),
    ("guardduty", re.compile(r"(Delete|Update)Detector"), Kind.DETECTOR),
    ("iam", re.compile(r"\w*(User|LoginProfile|AccessKey)\w*"), Kind.USER),
    ("iam", re.compile(r"\w*(Role|AssumeRolePolicy)\w*"), Kind.ROLE),
)


def things_of(sightings: Iterable[Sighting]) -> tuple[Thing, ...]:
    """What these records are about, each once, in order."""
    found = (thing for seen in sightings for thing in _things(seen))
    return tuple(dict.fromkeys(found))


def only_thing(evidence: Evidence, kind: Kind) -> Thing | None:
    """The one thing of its kind, if there is one, and no record can be about another."""
    sighted = {name for seen in evidence.sightings for name in seen.resources}
    counted = evidence.resources
    if evidence.untold or not counted.complete or not counted.values.keys() <= sighted:
        return None
    found = [thing for thing in things_of(evidence.sightings) if thing.kind is kind]
    return found[0] if len(found) == 1 else None


def _things(seen: Sighting) -> Iterable[Thing]:
    named = False
    for resource in seen.resources:
        thing = _by_arn(resource) or _by_form(resource)
        if thing is None and not named and not resource.startswith("arn:"):
            thing, named = _by_call(resource, seen), True
        if thing is not None:
            yield thing


def _by_arn(resource: str) -> Thing | None:
    parts = resource.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return None
    for service, start, kind in _ARNS:
        if parts[2] == service and parts[5].startswith(start) and parts[5] != start:
            return Thing(kind, _name(kind, parts[5].removeprefix(start)), resource)
    return None


def _name(kind: Kind, rest: str) -> str:
    match kind:
        case Kind.SECRET:
            return re.sub(r"-[A-Za-z0-9]{6}$", "", rest)
        case Kind.USER | Kind.ROLE:
            return rest.rpartition("/")[2]
        case Kind.BUCKET:
            return rest.partition("/")[0]
        case Kind.FUNCTION:
            return rest.partition(":")[0]
        case _:
            return rest


def _by_form(resource: str) -> Thing | None:
    return next((Thing(kind, resource) for form, kind in _FORMS if form.fullmatch(resource)), None)


def _by_call(resource: str, seen: Sighting) -> Thing | None:
    service = seen.event_source.partition(".")[0]
    for known, call, kind in _CALLS:
        if service == known and call.fullmatch(seen.event_name):
            return Thing(kind, resource)
    return None
