"""The kinds of call that are simulated: those of an ordinary day (`CALLS`) and those of the attacks (`ATTACKS`).

The shapes stand in `catalogue.json` and `attacks.json` beside this module, one entry for each shape of a call, with the
fields of `template.Call`; markers in braces are the holes of `template`. They follow the services' API references and
the shapes of delivered records; a response is null for reads, as CloudTrail writes it. Where one event name has several
shapes, their keys have a word after it (`Decrypt secret`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources

from vedette.simulate.template import Call


def _load(file: str) -> Mapping[str, Call]:
    text = resources.files(__package__).joinpath(file).read_text(encoding="utf-8")
    return {key: _call(key, entry) for key, entry in json.loads(text).items()}


def _call(key: str, entry: dict[str, object]) -> Call:
    error = entry.pop("error", None)
    call: Call = Call(**{"name": key, **entry})  # type: ignore[arg-type]  # the entries are ours, and tests fill each
    return call if error is None else replace(call, error=tuple(error))  # type: ignore[arg-type]


CALLS: Mapping[str, Call] = _load("catalogue.json")
ATTACKS: Mapping[str, Call] = _load("attacks.json")


def denied(call: Call, *, arn: str, action: str, on: str) -> Call:
    """`call` refused to `arn`: the error as its service words it, and no answer.

    EC2 prefixes its codes with `Client.`; STS drops the request's parameters, most services keep them (spec of records:
    "whether requestParameters survives is per service").
    """
    message = (
        f"User: {arn} is not authorized to perform: {action} on resource: {on} "
        f"because no identity-based policy allows the {action} action"
    )
    if call.service == "ec2":
        words = f"You are not authorized to perform this operation. {message}"
        return replace(call, error=("Client.UnauthorizedOperation", words), response=None)
    code = "AccessDeniedException" if call.service in _EXCEPTIONS else "AccessDenied"
    return replace(call, error=(code, message), request=None if call.service == "sts" else call.request, response=None)


_EXCEPTIONS = frozenset({"secretsmanager", "ce", "kms", "ssm", "guardduty", "organizations"})
"""Services of the JSON protocols, whose code for a refusal ends in `Exception`."""
