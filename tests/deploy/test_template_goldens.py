"""The templates of a small deployment, in golden files: a change of theirs is a change in somebody's account."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.wishes import ACCOUNT, REGION, own, wish
from golden import check_golden
from vedette.deploy import names
from vedette.deploy.deployment import Deployment
from vedette.deploy.template import build
from vedette.deploy.wanted import ChannelWanted, ExistingTrail, Subscription, Wanted
from vedette.detections.definition import Severity
from vedette.detections.loader import load_text

GOLDEN = Path(__file__).parent / "golden"
TRAIL = ExistingTrail("main", f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main", "trail-logs", "trail-bucket")
EXCEPTION = (
    "exceptions:\n  - {pattern: '{ $.userIdentity.arn = \"*:role/ci\" }', owner: a@example.com, reason: it deploys, "
    "expires: 2030-01-01}\n"
)
OPENED = '{ $.eventSource = "kms.amazonaws.com" && $.eventName = "DisableKey" }'


def small(**more: object) -> Wanted:
    """A quiet, an excepted and a critical detection, and a rule: of each kind one, so that files stay readable."""
    rule = load_text(
        "id: both\ntitle: Both happened\nseverity: high\ncategory: data\ndescription: D.\nwhy: W.\n"
        "false_positives: [None.]\nrespond: [Ask., Act.]\nreferences: ['https://example.com/both']\n"
        'rule: \'ALARM("excepted") AND ALARM("quiet")\'\n'
    )
    detections = (
        own("excepted", more=EXCEPTION + "alarm: {threshold: 3, evaluation_periods: 3, datapoints_to_alarm: 1}\n"),
        replace(own("quiet", '{ $.eventName = "Y" }'), notify=False),
        replace(own("disabled", OPENED), severity=Severity.CRITICAL),
        rule,
    )
    return wish("root-login", detections=detections, **more)


WISHES = {
    "whole": small(
        subscriptions=(Subscription("email", "ops@example.com", Severity.HIGH),),
        channels=(ChannelWanted("chat", "slack", "secret://aws/vedette/slack#url"),),
        owner="ops@example.com",
        runbook_url="https://runbooks.example.com",
    ),
    "attached": small(trail=TRAIL, key=False, storyteller=False, events=False, dashboard=False, composites=False),
}


@pytest.fixture(autouse=True)
def _one_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version is in every tag; with its own, each release would change every file."""
    monkeypatch.setattr(names, "__version__", "1.2.3")
    monkeypatch.setattr(importlib.import_module("vedette.deploy.template.assembly"), "__version__", "1.2.3")


def drawn(deployment: Deployment) -> dict[str, object]:
    found: dict[str, object] = {stack.name: stack.template for stack in deployment.stacks}
    found["placed"] = [
        {name: getattr(one, name) for name in one.__slots__ if getattr(one, name)} for one in deployment.placed
    ]
    found["left_out"] = {one.detection: one.reason for one in deployment.left_out}
    found["manifest"] = deployment.manifest
    return found


def test_what_stands_in_other_regions_is_as_it_was() -> None:
    """And what stands at home for its sake: the rules there, with the role."""
    deployment = build(small(event_regions=("us-east-1", "us-east-2"), trail=TRAIL, key=False))
    found = {stack.name: stack.template for stack in deployment.stacks if names.EVENTS in stack.name}
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    check_golden(GOLDEN / "template-regions.json", text)


@pytest.mark.parametrize("name", WISHES)
def test_templates_are_as_they_were(name: str) -> None:
    text = json.dumps(drawn(build(WISHES[name])), indent=1, ensure_ascii=False) + "\n"
    check_golden(GOLDEN / f"template-{name}.json", text)
