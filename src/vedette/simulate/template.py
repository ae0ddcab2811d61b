"""Records as text with holes: a call's shape is printed to JSON once, and each record only fills the holes.

A marker `{name}` inside a string becomes a hole; a string that is `{#name}` alone becomes a hole without quotes, for
numbers and ready-made JSON. A hole is filled, in this order of precedence: by the values given; by a member of the pool
that the name's first part names (`{secret.arn}` and `{secret}` come from one member of the pool `secret`); by a fresh
draw. Values must be safe inside a JSON string; everything that the simulation draws is.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import TypeAlias

from vedette.simulate import identifiers
from vedette.simulate.shape import Json, Object, in_order

Values: TypeAlias = dict[str, str]
Pools: TypeAlias = Mapping[str, Sequence[Mapping[str, str]]]
GLOBAL_REGION = "us-east-1"


class Transport(enum.Enum):
    """How a call reached AWS; it decides which optional fields the record has."""

    DIRECT = "direct"  # over TLS from outside: tlsDetails
    ENDPOINT = "endpoint"  # through a VPC endpoint: tlsDetails, vpcEndpointId
    CONSOLE = "console"  # from the web console: tlsDetails, sessionCredentialFromConsole
    FORWARDED = "forwarded"  # made by an AWS service: none of these


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One kind of API call: everything of its record that does not change from one to the next.

    `service` is the first label of the event source; `error` is (errorCode, errorMessage); `is_global` marks a global
    service, whose records are in us-east-1 wherever the caller is. Compared by identity.
    """

    service: str
    name: str
    read: bool = True
    request: Json = None
    response: Json = None
    extra: Json = None
    resources: Sequence[Json] = ()
    error: tuple[str | None, str | None] | None = None
    version: str = "1.11"
    is_data: bool = False
    is_global: bool = False
    request_id: str | None = "{request}"
    host: str | None = None
    event_type: str = "AwsApiCall"
    more: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Template:
    """A call's record as text with holes, and what must be drawn to fill them."""

    name: str
    text: str
    pools: tuple[str, ...]
    fresh: tuple[tuple[str, Callable[[Random], str]], ...]
    is_global: bool
    expires: bool

    def fill(self, rng: Random, values: Values, pools: Pools) -> str:
        """The record's JSON. Draws are added to `values`, so that the next record of the same act shares the pools'."""
        for pool in self.pools:
            if pool not in values:
                members = pools[pool]
                values.update(members[int(rng.random() * len(members))])
        for name, draw in self.fresh:
            values[name] = draw(rng)
        return self.text % values


def _size(rng: Random) -> str:
    return str(int(200 * 1.00012 ** rng.randrange(60_000)))


def _object_key(rng: Random) -> str:
    return (
        f"{_FOLDERS[rng.randrange(len(_FOLDERS))]}/{rng.getrandbits(40):010x}{_ENDINGS[rng.randrange(len(_ENDINGS))]}"
    )


_FOLDERS = ("assets/img", "exports/daily", "invoices/2026", "uploads/tmp", "models/current", "logs/app", "backup/db")
_ENDINGS = (".parquet", ".json.gz", ".png", ".pdf", ".csv", ".tar.zst")

FRESH: Mapping[str, Callable[[Random], str]] = {
    "request": identifiers.uuid,
    "event": identifiers.uuid,
    "uuid": identifiers.uuid,
    "shared": identifiers.uuid,
    "amz": identifiers.amazon_request,
    "amz_id": identifiers.amazon_id_2,
    "token": identifiers.session_token,
    "new_key": lambda rng: identifiers.access_key(rng, "ASIA"),
    "new_sg": lambda rng: identifiers.resource(rng, "sg"),
    "new_rule": lambda rng: identifiers.resource(rng, "sgr"),
    "new_snap": lambda rng: identifiers.resource(rng, "snap"),
    "new_instance": lambda rng: identifiers.resource(rng, "i"),
    "digest": lambda rng: identifiers.digits(rng, 64),
    "object": _object_key,
    "size": _size,
}
_GIVEN = frozenset({"account", "region", "identity", "ip", "agent", "time", "expires", "vpce", "org"})
_MARK = re.compile(r'"\{#([a-z_.]+)\}"|\{([a-z_.]+)\}')


@lru_cache(maxsize=2048)
def template(call: Call, transport: Transport = Transport.DIRECT) -> Template:
    """`call` printed once, as it is when it comes by `transport`."""
    text = json.dumps(in_order(_fields(call, transport)), separators=(",", ":"), ensure_ascii=False)
    names = [match[1] or match[2] for match in _MARK.finditer(text)]
    drawn = [name for name in dict.fromkeys(names) if name not in _GIVEN]
    return Template(
        name=call.name,
        text=_MARK.sub(lambda match: f"%({match[1] or match[2]})s", text.replace("%", "%%")),
        pools=tuple(dict.fromkeys(name.partition(".")[0] for name in drawn if name not in FRESH)),
        fresh=tuple((name, FRESH[name]) for name in drawn if name in FRESH),
        is_global=call.is_global,
        expires="expires" in names,
    )


def _fields(call: Call, transport: Transport) -> Object:
    fields: Object = {
        "eventVersion": call.version,
        "userIdentity": "{#identity}",
        "eventTime": "{time}",
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": call.name,
        "awsRegion": GLOBAL_REGION if call.is_global else "{region}",
        "sourceIPAddress": "{ip}",
        "userAgent": "{agent}",
        "requestParameters": call.request,
        "responseElements": call.response,
        "eventID": "{event}",
        "readOnly": call.read,
        "eventType": call.event_type,
        "managementEvent": not call.is_data,
        "recipientAccountId": "{account}",
        "eventCategory": "Data" if call.is_data else "Management",
        **call.more,
    }
    if call.request_id is not None:
        fields["requestID"] = call.request_id
    if call.extra is not None:
        fields["additionalEventData"] = call.extra
    if call.resources:
        fields["resources"] = list(call.resources)
    return {**fields, **_error(call), **_transport_fields(call, transport)}


def _error(call: Call) -> Object:
    if call.error is None:
        return {}
    code, message = call.error
    return {**({"errorCode": code} if code else {}), **({"errorMessage": message} if message else {})}


def _transport_fields(call: Call, transport: Transport) -> Object:
    if transport is Transport.FORWARDED:
        return {}
    host = call.host or f"{call.service}.{'' if call.is_global else '{region}.'}amazonaws.com"
    fields: Object = {
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": host,
        }
    }
    if transport is Transport.ENDPOINT:
        fields |= {"vpcEndpointId": "{vpce}", "vpcEndpointAccountId": "{account}"}
    if transport is Transport.CONSOLE and call.event_type == "AwsApiCall":
        fields["sessionCredentialFromConsole"] = "true"
    return fields
