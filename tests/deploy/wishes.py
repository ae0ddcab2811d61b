"""Wishes for the template's tests, and ways to look at what they became."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from vedette.deploy.deployment import Deployment
from vedette.deploy.template import build, resolve
from vedette.deploy.wanted import Wanted
from vedette.detections.definition import Detection
from vedette.detections.loader import load_builtin, load_text

ACCOUNT, REGION = "111122223333", "eu-west-1"
SMALL = (
    "root-login",
    "root-access-key-created",
    "console-login-failures-recent",
    "console-login-success",
    "console-login-failures-then-success",
)


@functools.cache
def builtin() -> Mapping[str, Detection]:
    return {one.id: one for one in load_builtin(tests=False)}


def wish(*ids: str, **more: Any) -> Wanted:
    """A wish for built-in detections, all of them where none is named."""
    chosen = tuple(builtin()[one] for one in ids) if ids else tuple(builtin().values())
    return Wanted(**{"account": ACCOUNT, "region": REGION, "detections": chosen} | more)


@functools.cache
def everything() -> Deployment:
    """All the built-in detections."""
    return build(wish())


def properties(deployment: Deployment, kind: str, wanted: Wanted | None = None) -> dict[str, Any]:
    """The properties of each resource of a type, by logical id, with the names worked out."""
    wanted = wanted or wish("root-login")
    return {
        name: resolve(wanted, body["Properties"])
        for name, body in resources(deployment)
        if body["Type"] == f"AWS::{kind}"
    }


def resources(deployment: Deployment) -> Iterator[tuple[str, Any]]:
    """Every resource of every stack."""
    for stack in deployment.stacks:
        found: Any = stack.template["Resources"]
        yield from found.items()


def own(name: str = "own", pattern: str = '{ $.eventName = "X" }', more: str = "") -> Detection:
    """A detection of one's own; `more` is YAML."""
    return load_text(
        f"id: {name}\ntitle: Something happened\nseverity: medium\ncategory: data\ndescription: It is seen.\n"
        f"why: It matters.\nfalse_positives: [None.]\nrespond: [Ask.]\nreferences: ['https://example.com/x']\n"
        f"pattern: '{pattern}'\n{more}"
    )
