"""What a template is told to give the function is what the function takes, and no more than it calls."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace

import pytest

from vedette.deploy import names
from vedette.deploy.storyteller import contract
from vedette.deploy.storyteller.config import read_config
from vedette.deploy.storyteller.handler import handler
from vedette.deploy.wanted import ChannelWanted, Wanted
from vedette.detections.definition import Severity
from vedette.detections.loader import load_builtin
from vedette.errors import InputError

SLACK = ChannelWanted("slack", "slack", "secret://aws/vedette/slack#url")
MAIL = ChannelWanted(
    "smtp", "smtp", "", (("host", "smtp.example.com"), ("from", "a@example.com"), ("to", "b@example.com"))
)
HOOK = ChannelWanted(
    "webhook", "webhook", "secret://aws/hook#url",
    (("key", "secret://aws/arn:aws:secretsmanager:us-east-1:111122223333:secret:sign-AbCdEf"),),
)  # fmt: skip


def wanted(*channels: ChannelWanted, **changes: object) -> Wanted:
    found = {"account": "111122223333", "region": "eu-west-1", "detections": load_builtin(tests=False)[:4]}
    return Wanted(**found | {"channels": channels} | changes)  # type: ignore[arg-type]


def test_the_handler_is_there() -> None:
    module, name = contract.HANDLER.rsplit(".", 1)
    assert getattr(importlib.import_module(module), name) is handler


def test_the_variable_is_read_as_it_is_written() -> None:
    given = wanted(SLACK, MAIL, HOOK, name="watch", partition="aws-us-gov", log_group="/trail")
    config = read_config(contract.environment(given))
    assert (config.name, config.account, config.region) == ("watch", "111122223333", "eu-west-1")
    assert (config.partition, config.log_group, config.severity) == ("aws-us-gov", "/trail", {})
    assert [(one.kind, one.name) for one in config.channels] == [
        ("slack", "slack"), ("smtp", "smtp"), ("webhook", "webhook"),
    ]  # fmt: skip


def test_without_a_channel_it_is_the_topic_that_the_template_makes() -> None:
    given = wanted()
    config = read_config(contract.environment(given))
    for severity in Severity:
        (channel,) = config.channels_for(severity)
        assert channel.topic_arn == names.topic_arn(given, severity)  # type: ignore[union-attr]


def test_a_severity_that_differs_from_the_file_goes_along() -> None:
    first, *rest = load_builtin(tests=False)[:4]
    other = Severity.CRITICAL if first.severity is not Severity.CRITICAL else Severity.LOW
    given = wanted(detections=(replace(first, severity=other), *rest))
    assert read_config(contract.environment(given)).severity == {first.id: other}


def test_a_variable_that_is_too_long_is_refused_before_lambda_does() -> None:
    channels = [ChannelWanted(f"slack-{number}", "slack", "secret://aws/x#y" * 3) for number in range(60)]
    with pytest.raises(InputError, match="longer than a function's variables"):
        contract.environment(wanted(*channels))


def test_permissions_are_what_is_called_on_what_is_named() -> None:
    """With channels it publishes to no topic; without, it reads no secret. The key is that of the topics."""
    with_channels = {one.sid: one for one in contract.permissions(wanted(SLACK, MAIL, HOOK), "arn:key")}
    assert set(with_channels) == {"WriteItsOwnLog", "ReadTheRecords", "ReadItsSecrets"}
    start = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"
    assert with_channels["ReadItsSecrets"].resources == (
        f"{start}hook-??????",
        f"{start}vedette/slack-??????",
        "arn:aws:secretsmanager:us-east-1:111122223333:secret:sign-AbCdEf",
    )
    without = {one.sid: one for one in contract.permissions(wanted(), "arn:key")}
    assert set(without) == {"WriteItsOwnLog", "ReadTheRecords", "TellTheTopics", "UseTheTopicsKey"}
    assert without["UseTheTopicsKey"].resources == ("arn:key",)
    assert {one.sid for one in contract.permissions(wanted())} == set(without) - {"UseTheTopicsKey"}
    assert all("*" not in resource.rstrip("*:") for one in without.values() for resource in one.resources)


def test_a_rule_hands_over_the_event_and_says_whose_it_is() -> None:
    template = str(contract.event_input("root-login")["InputTemplate"])
    event = json.loads(template.replace("<aws.events.event.json>", '{"detail": 1}'))
    assert event == {"detection": "root-login", "event": {"detail": 1}}


def test_a_zone_that_the_runtime_does_not_know_keeps_nobody_from_hearing() -> None:
    given = json.loads(contract.environment(wanted())[contract.CONFIG])
    for zone, read in (("Europe/Berlin", "Europe/Berlin"), ("Mars/Olympus", "UTC"), (7, "UTC"), ("", "UTC")):
        config = read_config({contract.CONFIG: json.dumps(given | {"zone": zone})})
        assert config.settings.monitor.zone == read
