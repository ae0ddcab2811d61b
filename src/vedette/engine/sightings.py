"""From a matching record to its sighting: the few facts that an alert tells, made plain text, cut to sane lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import cast

import msgspec
from msgspec import UNSET, UnsetType

from vedette.alerts.evidence import Sighting
from vedette.cloudtrail.identity import Actor, actor_of, identity_fields
from vedette.cloudtrail.projection import Projection, Record, put
from vedette.engine.reader import RecordReader, open_raw
from vedette.predicates.compile import compile_read
from vedette.predicates.tree import Selector

LONGEST = 512
MAX_RESOURCES = 3
_MEMO_ENTRIES = 8192

# fmt: off
RESOURCE_PARAMETERS = (
    "secretId", "secretIdList", "bucketName", "keyId", "roleName", "roleArn", "userName", "groupId", "groupName",
    "policyArn", "accessKeyId", "instanceId", "functionName", "snapshotId", "imageId", "volumeId",
    "dBInstanceIdentifier", "dBSnapshotIdentifier", "trailName", "detectorId", "configurationRecorderName",
    "stackName", "clusterName", "repositoryName", "tableName", "topicArn", "queueUrl", "hostedZoneId", "vpcId",
    "subnetId", "networkAclId", "routeTableId", "certificateArn", "domainName", "parameterName", "logGroupName",
    "accountId", "name", "id",
)
# fmt: on
"""Request parameters that name what a call was about, the most telling first; for records that list no resources."""


_RANKS = {name: rank for rank, name in enumerate(RESOURCE_PARAMETERS)}
_TYPES_WITH_NAMES = frozenset({"Root", "IAMUser", "AssumedRole", "Role", "AWSAccount", "AWSService"})
"""Identities of which `actor_of` asks no name entered at a sign-in page."""


class _Issuer(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    user_name: str | UnsetType | None = UNSET
    arn: str | UnsetType | None = UNSET


class _Session(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What `actor_of` reads of a session; any other shape does not fit, and is read the slow way."""

    source_identity: str | UnsetType | None = UNSET
    assumed_root: str | bool | UnsetType | None = UNSET
    session_issuer: _Issuer = _Issuer()


class _Resource(msgspec.Struct, frozen=True, gc=False):
    """One of a record's `resources`; any other shape does not fit, and is read the slow way."""

    arn: str = msgspec.field(default="", name="ARN")


_listed = msgspec.json.Decoder(list[_Resource]).decode
_session = msgspec.json.Decoder(_Session).decode
_NO_SESSION = _Session()
_TEXTS = frozenset({str, UnsetType, type(None)})
"""Types of which no two values are equal and yet told differently, as 1 and True are."""

_IDENTITY = "user_identity"
_UNDECODED = tuple(f"{_IDENTITY}.{name}" for name in ("sessionContext", "onBehalfOf"))
_PLAIN = ("type", "userName", "principalId", "arn", "accountId", "accessKeyId", "invokedBy", "identityProvider")
_identity_of = attrgetter(*_UNDECODED, "recipient_account_id", *(f"{_IDENTITY}.{name}" for name in _PLAIN))


class SightingMaker:
    """Makes sightings of the records of one projection, which must hold `identity_fields`."""

    def __init__(self, projection: Projection) -> None:
        self._actors: dict[tuple[object, ...], Actor] = {}
        self._known: dict[tuple[object, ...], tuple[str, ...]] = {}
        self._same: dict[str, str] = {}
        reader = RecordReader(projection)
        self._identity = [(path, compile_read(Selector(path), reader)) for path in identity_fields]

    def actor(self, record: Record) -> Actor:
        """`actor_of` the record; one whose identity is told in the same words came before is remembered.

        What else a record holds of a session (when it began, say) is new with each, and makes no other actor.
        """
        session, behalf, *texts = _identity_of(record)
        kind = texts[1]
        if type(kind) is not str or kind not in _TYPES_WITH_NAMES or behalf is not UNSET:
            return self._actor(record)
        try:
            key = (*texts, _NO_SESSION if session is UNSET else _session(session))
            found = self._actors.get(key)
        except (TypeError, msgspec.MsgspecError, RecursionError):
            return self._actor(record)
        if found is None:
            found = self._actor(record)
            if _TEXTS.issuperset(map(type, texts)):
                if len(self._actors) >= _MEMO_ENTRIES:
                    self._actors.clear()
                self._actors[key] = found
        return found

    def _actor(self, record: Record) -> Actor:
        document: dict[str, object] = {}
        for path, read in self._identity:
            value = read(record)
            if value is not UNSET:
                put(document, path, value)
        return actor_of(document)

    def sighting(self, record: Record, time: int, name: str, first_line: int, place: int) -> Sighting:
        """The sighting of the record at `place` among those of a body of the object `name`."""
        address, region, account, source, call, agent, error = self._facts(record)
        event_id = record.event_id
        if type(event_id) is not str or len(event_id) > LONGEST or not event_id.isascii():
            event_id = _text(event_id)
        return _make(
            Sighting,
            (
                time,
                event_id,
                name,
                first_line,
                place,
                self.actor(record),
                address,
                region,
                account,
                source,
                call,
                agent,
                error,
                _resources(record),
            ),
        )

    def _facts(self, record: Record) -> Sequence[str]:
        """What the record has in common with others, each text once in memory."""
        values = _facts_of(record)
        if values[-1] is UNSET:
            # A sign-in that fails has a message and no code ("Console sign-in events").
            values = (*values[:-1], record.error_message)
        try:
            found = self._known.get(values)
        except TypeError:
            return list(map(_text, values))
        if found is None:
            texts = list(map(_text, values))
            if len(self._known) >= _MEMO_ENTRIES:
                self._known.clear()
                self._same.clear()
            found = self._known[values] = tuple(map(self._same.setdefault, texts, texts))
        return found


_make = tuple.__new__
"""What `Sighting(…)` comes to, at a third of its price."""

_facts_of = attrgetter(
    "source_ip_address",
    "aws_region",
    "recipient_account_id",
    "event_source",
    "event_name",
    "user_agent",
    "error_code",
)


def _text(value: object) -> str:
    """A text that can be encoded, at most LONGEST characters of it; empty for anything else."""
    if type(value) is not str:
        return ""
    text = value if len(value) <= LONGEST else value[:LONGEST]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _resources(record: Record) -> tuple[str, ...]:
    """What the call was about: the record's resources by ARN, else what its parameters name."""
    listed = cast("object", record.resources)
    if listed is not UNSET and (arns := _arns(listed)):
        return arns
    parameters = open_raw(record.request_parameters)
    return _named(parameters) if isinstance(parameters, dict) else ()


def _arns(listed: object) -> tuple[str, ...]:
    found: list[object]
    try:
        found = [resource.arn for resource in _listed(cast(msgspec.Raw, listed))[:MAX_RESOURCES]]
    except (TypeError, msgspec.MsgspecError, RecursionError):
        opened = open_raw(listed)
        items = opened[:MAX_RESOURCES] if type(opened) is list else ()
        found = [item.get("ARN") for item in items if type(item) is dict]
    return tuple(filter(None, map(_text, found)))


def _named(parameters: Mapping[str, object]) -> tuple[str, ...]:
    names = [name for name in parameters if name in _RANKS]
    if not names:
        return ()
    names.sort(key=_RANKS.__getitem__)
    values = [parameters[name] for name in names]
    several = [text for value in values for text in (value[:MAX_RESOURCES] if type(value) is list else (value,))]
    return tuple(filter(None, map(_text, several[: 2 * MAX_RESOURCES])))[:MAX_RESOURCES]
