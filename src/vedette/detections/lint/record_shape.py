"""The fields that a CloudTrail record can have, and which of them are often absent.

Source: "CloudTrail record contents for management, data, and network activity events" and "CloudTrail userIdentity
element", event version 1.11; `eventContext` is left out because it is written to event data stores only, never to
trails.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from vedette.predicates.tree import Selector, Step


class Kind(enum.Enum):
    """What stands in a field; FREE is whatever the service writes."""

    TEXT = "a text"
    BOOLEAN = "true or false"
    FREE = "whatever the service writes"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field without known fields below it; `optional` where records without it are common."""

    kind: Kind
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A field with known fields below it."""

    fields: Mapping[str, Shape]
    optional: bool = False
    listed: bool = False


Shape: TypeAlias = Leaf | Group


@dataclass(frozen=True, slots=True)
class Unknown:
    """A step that leads nowhere: the name, and the names that would lead somewhere (none below a text)."""

    step: Step
    siblings: tuple[str, ...]


def _texts(names: str, *, optional: bool = False) -> dict[str, Shape]:
    return dict.fromkeys(names.split(), Leaf(Kind.TEXT, optional))


def _free(names: str) -> dict[str, Shape]:
    return dict.fromkeys(names.split(), Leaf(Kind.FREE, optional=True))


_SESSION = Group(
    {
        "sessionIssuer": Group(_texts("type principalId arn accountId userName"), optional=True),
        "attributes": Group(_texts("creationDate mfaAuthenticated"), optional=True),
        **_free("webIdFederationData"),
        **_texts("sourceIdentity ec2RoleDelivery assumedRoot", optional=True),
    },
    optional=True,
)
_IDENTITY = Group(
    {
        **_texts("type principalId arn accountId"),
        **_texts("accessKeyId userName invokedBy identityProvider credentialId", optional=True),
        "sessionContext": _SESSION,
        "onBehalfOf": Group(_texts("userId identityStoreArn"), optional=True),
        "invokedByDelegate": Group(_texts("accountId"), optional=True),
        **_free("inScopeOf"),
    }
)
RECORD = Group(
    {
        **_texts(
            "eventVersion eventTime eventSource eventName awsRegion sourceIPAddress eventID eventType eventCategory"
        ),
        **_texts("recipientAccountId userAgent requestID"),
        "userIdentity": _IDENTITY,
        **_texts("errorCode errorMessage apiVersion sharedEventID", optional=True),
        **_texts("vpcEndpointId vpcEndpointAccountId sessionCredentialFromConsole", optional=True),
        "readOnly": Leaf(Kind.BOOLEAN),
        "managementEvent": Leaf(Kind.BOOLEAN),
        **_free("requestParameters responseElements additionalEventData serviceEventDetails edgeDeviceDetails"),
        **_free("insightDetails"),
        "resources": Group(_texts("accountId type ARN"), optional=True, listed=True),
        "addendum": Group(
            {**_texts("reason updatedFields originalRequestID originalEventID")},
            optional=True,
        ),
        "tlsDetails": Group(
            _texts("tlsVersion cipherSuite clientProvidedHostHeader keyExchange"),
            optional=True,
        ),
    }
)


def find(selector: Selector) -> Shape | Unknown:
    """What stands at the selector's end, or the first step that no record has."""
    here: Shape = RECORD
    for step in selector.steps:
        if isinstance(here, Leaf):
            if here.kind is Kind.FREE:
                return here
            return Unknown(step, ())
        if not isinstance(step, str):
            if here.listed:
                here = Group(here.fields, here.optional)
                continue
            return Unknown(step, ())
        if here.listed:
            return Unknown(step, tuple(f"[*].{name}" for name in here.fields))
        if step not in here.fields:
            return Unknown(step, tuple(here.fields))
        here = here.fields[step]
    return here


def often_absent(selector: Selector) -> bool:
    """Whether records without the field are common: some step on the way is optional."""
    here: Shape = RECORD
    for step in selector.steps:
        if isinstance(here, Leaf):
            break
        if isinstance(step, str) and step in here.fields:
            here = here.fields[step]
            if here.optional:
                return True
    return here.optional
