"""The shape of a CloudTrail record: its fields in the order in which they are delivered, and the kinds of identity.

Source: the CloudTrail user guide, "CloudTrail record contents" and "CloudTrail userIdentity element", and the order of
fields seen in delivered files. Pure functions to plain JSON values; nothing is drawn here and nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeAlias

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | bool | None"
Object: TypeAlias = dict[str, Json]

KEY_ORDER = (
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "requestID",
    "eventID",
    "readOnly",
    "resources",
    "eventType",
    "apiVersion",
    "managementEvent",
    "recipientAccountId",
    "sharedEventID",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "serviceEventDetails",
    "eventCategory",
    "tlsDetails",
    "sessionCredentialFromConsole",
)
_RANK = {name: rank for rank, name in enumerate(KEY_ORDER)}


def in_order(fields: Mapping[str, Json]) -> Object:
    """`fields` in the order of a delivered record."""
    return {name: fields[name] for name in sorted(fields, key=_RANK.__getitem__)}


@lru_cache(maxsize=8192)
def iso(at: int) -> str:
    """Epoch seconds as CloudTrail writes an `eventTime`.

    >>> iso(1_795_255_200)
    '2026-11-21T10:00:00Z'
    """
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


@lru_cache(maxsize=8192)
def long_date(at: int) -> str:
    """Epoch seconds as Java prints a date inside `responseElements`.

    >>> long_date(1_795_255_200)
    'Nov 21, 2026, 10:00:00 AM'
    """
    moment = datetime.fromtimestamp(at, UTC)
    return (
        f"{_MONTHS[moment.month - 1]} {moment.day}, {moment.year}, {moment.hour % 12 or 12}:{moment:%M:%S} {_half(at)}"
    )


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _half(at: int) -> str:
    return "AM" if at % 86_400 < 43_200 else "PM"


def session_attributes(created: int, *, mfa: bool) -> Object:
    """`sessionContext.attributes`: `mfaAuthenticated` is the text "true" or "false", never a boolean."""
    return {"creationDate": iso(created), "mfaAuthenticated": "true" if mfa else "false"}


def iam_user(account: str, name: str, principal_id: str, key: str | None) -> Object:
    """An IAM user that calls with a long-lived key; `key` is None on the console's sign-in records."""
    identity: Object = {
        "type": "IAMUser",
        "principalId": principal_id,
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
    }
    if key is not None:
        identity["accessKeyId"] = key
    identity["userName"] = name
    return identity


def with_session(identity: Object, attributes: Object) -> Object:
    """`identity` in a session of its own, as the console gives to users and root."""
    context: Object = {"sessionIssuer": {}, "webIdFederationData": {}, "attributes": attributes}
    return {**identity, "sessionContext": context}


def failed_user(account: str, name: str, principal_id: str) -> Object:
    """A known user whose password was wrong: no `arn`, an empty key."""
    return {
        "type": "IAMUser",
        "principalId": principal_id,
        "accountId": account,
        "accessKeyId": "",
        "userName": name,
    }


def unknown_user(account: str) -> Object:
    """A user name that does not exist; AWS hides what was typed, as it may be a password."""
    return {
        "type": "IAMUser",
        "accountId": account,
        "accessKeyId": "",
        "userName": "HIDDEN_DUE_TO_SECURITY_REASONS",
    }


def root(account: str, key: str | None = "") -> Object:
    """The account's root user."""
    identity: Object = {
        "type": "Root",
        "principalId": account,
        "arn": f"arn:aws:iam::{account}:root",
        "accountId": account,
    }
    return identity if key is None else {**identity, "accessKeyId": key}


def assumed_role(
    account: str,
    role: str,
    role_id: str,
    session: str,
    key: str,
    attributes: Object,
    *,
    path: str = "/",
    more: Object | None = None,
) -> Object:
    """A session of a role. `more` is added to `sessionContext` (`ec2RoleDelivery`, `sourceIdentity`)."""
    issuer: Object = {
        "type": "Role",
        "principalId": role_id,
        "arn": f"arn:aws:iam::{account}:role{path}{role}",
        "accountId": account,
        "userName": role,
    }
    context: Object = {"sessionIssuer": issuer, "attributes": attributes, **(more or {})}
    return {
        "type": "AssumedRole",
        "principalId": f"{role_id}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        "accountId": account,
        "accessKeyId": key,
        "sessionContext": context,
    }


def aws_service(service: str) -> Object:
    """An AWS service that calls on its own account."""
    return {"type": "AWSService", "invokedBy": service}


def service_event(account: str, service: str) -> Object:
    """The identity of an `AwsServiceEvent`: it has no `type`."""
    return {"accountId": account, "invokedBy": service}


def web_identity(provider: str, subject: str) -> Object:
    """A workload that changes an OpenID Connect token for a role."""
    return {
        "type": "WebIdentityUser",
        "principalId": f"{provider}:sts.amazonaws.com:{subject}",
        "userName": subject,
        "identityProvider": provider,
    }


def identity_center_user(account: str, store: str, user_id: str) -> Object:
    """A person at the access portal of IAM Identity Center."""
    return {
        "type": "IdentityCenterUser",
        "accountId": account,
        "onBehalfOf": {
            "userId": user_id,
            "identityStoreArn": f"arn:aws:identitystore::{account}:identitystore/{store}",
        },
        "credentialId": user_id[::-1],
    }
