"""What someone does at AWS in one go: who calls, which calls follow from one another, and the records of that.

Reading a secret is two records: the caller's GetSecretValue, and the Decrypt that Secrets Manager makes in the caller's
name. This module turns an act into records as text; it decides nothing about when, or how often.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import NamedTuple

from vedette.simulate.catalogue import CALLS
from vedette.simulate.company import Place
from vedette.simulate.shape import Object, iso, long_date
from vedette.simulate.template import GLOBAL_REGION, Call, Transport, Values, template

SECRETS_MANAGER = "secretsmanager.amazonaws.com"
S3 = "AWS Internal"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls and from where: `identity` is the JSON of `userIdentity`, `name` and `arn` are for people to read."""

    identity: str
    ip: str
    agent: str
    name: str
    arn: str
    transport: Transport = Transport.DIRECT

    def through(self, service: str) -> Caller:
        """The same identity, when an AWS service calls in its name: the service stands in three places."""
        identity = f'{self.identity[:-1]},"invokedBy":"{service}"}}'
        return replace(self, identity=identity, ip=service, agent=service, transport=Transport.FORWARDED)


def caller(identity: Object, ip: str, agent: str, *, name: str, transport: Transport = Transport.DIRECT) -> Caller:
    """A caller from the values of `shape`."""
    text = json.dumps(identity, separators=(",", ":"))
    return Caller(text, ip, agent, name, str(identity.get("arn", name)), transport)


def by_service(identity: Object, service: str) -> Caller:
    """An AWS service that calls: it stands where an address and a user agent would."""
    return caller(identity, service, service, name=service, transport=Transport.FORWARDED)


class Written(NamedTuple):
    """One record: epoch seconds, where its log file belongs, its JSON, and the row of the ground truth, if any."""

    at: int
    account: str
    region: str
    text: str
    truth: Mapping[str, object] | None = None


class Step(NamedTuple):
    """One call of an act; `via` is the service that makes it in the caller's name."""

    call: Call
    via: str | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Calls that share what they are about. `batch` is the least and most secrets of a BatchGetSecretValue."""

    steps: tuple[Step, ...]
    batch: tuple[int, int] | None = None


def single(call: Call) -> Act:
    """The act of one call."""
    return Act((Step(call),))


_PAIRS = {
    "read secret": ("GetSecretValue", "Decrypt secret", SECRETS_MANAGER),
    "write secret": ("PutSecretValue", "GenerateDataKey secret", SECRETS_MANAGER),
    "read object": ("GetObject", "Decrypt bucket", S3),
    "write object": ("PutObject", "GenerateDataKey bucket", S3),
    "read parameter": ("GetParameter", "Decrypt parameter", "ssm.amazonaws.com"),
}
ACTS: Mapping[str, Act] = {
    **{name: single(call) for name, call in CALLS.items()},
    **{name: Act((Step(CALLS[a]), Step(CALLS[b], via))) for name, (a, b, via) in _PAIRS.items()},
    "read secrets": Act((Step(CALLS["BatchGetSecretValue"]),), batch=(2, 4)),
}
"""The acts of an ordinary day by name; a call's name is the act of that one call."""


def perform(
    act: Act, who: Caller, place: Place, at: int, rng: Random, chosen: Values | None = None
) -> Iterator[Written]:
    """The records of `act`. `chosen` fixes values that would be drawn."""
    values = place.base | chosen if chosen else place.base.copy()
    if act.batch is not None:
        yield from _batch(act.batch, who, place, at, rng, values)
        return
    for call, via in act.steps:
        yield write(call, who if via is None else who.through(via), place, at, rng, values)


def write(call: Call, who: Caller, place: Place, at: int, rng: Random, values: Values) -> Written:
    """The record of one call. Draws stay in `values`, so that a following call is about the same things."""
    made = template(call, who.transport)
    values["identity"], values["ip"], values["agent"] = who.identity, who.ip, who.agent
    values["time"] = iso(at)
    if made.expires:
        values["expires"] = long_date(at + 3600)
    text = made.fill(rng, values, place.pools)
    return Written(at, place.account, GLOBAL_REGION if made.is_global else place.region, text)


def _batch(size: tuple[int, int], who: Caller, place: Place, at: int, rng: Random, values: Values) -> Iterator[Written]:
    """A BatchGetSecretValue, then for each secret what Secrets Manager logs in the caller's name.

    No delivered sample of the records for each secret is known; AWS documents that they exist, and the known samples
    suggest that they do not carry the caller's user agent. So they are written as forwarded calls.
    """
    pool = place.pools["secret"]
    secrets = rng.sample(pool, min(len(pool), rng.randint(*size)))
    values["secret_list"] = json.dumps([secret["secret.asked"] for secret in secrets])
    values["secret"] = ""
    yield write(CALLS["BatchGetSecretValue"], who, place, at, rng, values)
    forwarded = who.through(SECRETS_MANAGER)
    for secret in secrets:
        values.update(secret)
        values["secret.asked"] = secret["secret.arn"]
        yield write(CALLS["GetSecretValue"], forwarded, place, at, rng, values)
        yield write(CALLS["Decrypt secret"], forwarded, place, at, rng, values)
