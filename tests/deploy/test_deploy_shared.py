"""A log group that others use: its quotas are shared. And what was changed by hand where no whole life shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.samples import Shell
from deploy.wishes import own, wish
from vedette.aws import AwsSession
from vedette.cli.deploy_view import left_out_lines
from vedette.deploy.bundle import zipped
from vedette.deploy.deployed import Resource, resources
from vedette.deploy.discovery import filters_taken
from vedette.deploy.drift import Drift, Fault, find
from vedette.deploy.intrinsics import UNKNOWN, Place
from vedette.deploy.mending import mend, mendable
from vedette.deploy.template import build
from vedette.errors import ExitCode, InputError

GROUP = "/central/cloudtrail"
THREE = ("--only", "root-login", "--only", "trail-stopped", "--only", "root-access-key-created")


def crowded(aws: AwsSession, plain: int, regexes: int) -> None:
    logs = aws.client("logs")
    logs.call("create_log_group", logGroupName=GROUP)
    made = ['{ $.a = "b" }'] * plain + ["{ $.a = %ab.c% }"] * regexes
    for number, pattern in enumerate(made):
        logs.call(
            "put_metric_filter", logGroupName=GROUP, filterName=f"theirs-{number}", filterPattern=pattern,
            metricTransformations=[{"metricName": "x", "metricNamespace": "y", "metricValue": "1"}],
        )  # fmt: skip


def test_filters_of_others_are_counted_page_by_page(aws: AwsSession) -> None:
    """DescribeMetricFilters answers 50 at a time."""
    crowded(aws, 93, 5)
    assert filters_taken(aws, GROUP, ()) == (98, 5)
    assert filters_taken(aws, GROUP, {"theirs-0", "theirs-97"}) == (96, 4)
    with pytest.raises(InputError) as raised:
        filters_taken(aws, "/nowhere", ())
    assert raised.value.message == "there is no log group `/nowhere`"


def test_what_is_taken_is_left_to_others(shell: Shell, aws: AwsSession, tmp_path: Path) -> None:
    """100 filters a log group: with 98 of others there is room for two; our own are not counted the next time."""
    crowded(aws, 98, 0)
    (tmp_path / "code.zip").write_bytes(zipped({"handler.py": b""}))
    options = ("--log-group", GROUP, "--no-events", "--no-composites", *THREE, "--bundle", "code.zip")
    first = shell("deploy", "apply", *options, "--yes")
    assert first.code == ExitCode.DONE, first.err
    assert "100 metric filters are taken" in " ".join(first.out.split())
    again = json.loads(shell("deploy", "plan", "--bundle", "code.zip", "-o", "json").out)
    assert again["changed"] is False
    assert len(again["left_out"]) == 1
    names = {one["filterName"] for one in aws.client("logs").call(
        "describe_metric_filters", logGroupName=GROUP, filterNamePrefix="vedette-")["metricFilters"]}  # fmt: skip
    assert len(names) == 2


def test_a_rule_that_was_changed_or_deleted_is_put_back(aws: AwsSession, account: str) -> None:
    wanted = wish("trail-stopped", "root-access-key-created", account=account, region="us-east-1", storyteller=False)
    place = Place.of(wanted)
    deployed = [
        one
        for stack in build(wanted).stacks
        for one in resources(stack.name, stack.template, place)
        if one.type == "AWS::Events::Rule"
    ]
    assert deployed
    found = find(aws, deployed)
    assert {one.fault for one in found} == {Fault.MISSING}
    assert all(map(mendable, found))
    mend(aws, found)
    assert find(aws, deployed) == ()
    events = aws.client("events")
    name = deployed[0].name
    assert [one["Id"] for one in events.call("list_targets_by_rule", Rule=name)["Targets"]] == ["topic"]
    events.call("disable_rule", Name=name)
    (drift,) = find(aws, deployed)
    assert [(one.path, one.after) for one in drift.details] == [("State", "DISABLED")]
    mend(aws, [drift])
    assert find(aws, deployed) == ()


def test_what_holds_data_or_needs_a_key_is_not_made_anew() -> None:
    """A log group that is gone took its records along; a topic, its subscribers' consent."""
    group = Resource("s", "G", "AWS::Logs::LogGroup", "/g", {"RetentionInDays": 30, "KmsKeyId": UNKNOWN}, kept=True)
    assert not mendable(Drift("log group", "/g", "", Fault.MISSING, group))
    assert mendable(Drift("log group", "/g", "", Fault.CHANGED, group))
    topic = Resource("s", "T", "AWS::SNS::Topic", "t", {}, kept=False)
    assert not mendable(Drift("topic", "t", "", Fault.MISSING, topic))
    alarm = Resource("s", "A", "AWS::CloudWatch::Alarm", "a", {"Dimensions": [{"Value": UNKNOWN}]}, kept=False)
    assert not mendable(Drift("alarm", "a", "", Fault.CHANGED, alarm))


def test_what_cannot_be_put_back_is_said(shell: Shell, aws: AwsSession, account: str, tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(zipped({"handler.py": b""}))
    code = ("--bundle", "code.zip")
    assert shell("deploy", "apply", *THREE[:2], "--no-storyteller", "--no-events", "--yes").code == ExitCode.DONE
    aws.client("sns").call("delete_topic", TopicArn=f"arn:aws:sns:us-east-1:{account}:vedette-low")
    found = json.loads(shell("deploy", "plan", *code, "-o", "json").out)
    by_hand = {(one["kind"], one["fault"], one["put_back"]) for one in found["changed_by_hand"]}
    assert ("topic", "missing", False) in by_hand
    assert (
        "The topic vedette-low was deleted by hand: only `vedette deploy destroy` and `apply` make it anew."
        in (found["todo"])
    )
    told = shell("deploy", "status")
    assert told.code == ExitCode.FINDINGS
    assert "topic vedette-low is not as it was deployed: missing; only `vedette deploy destroy`" in (
        " ".join(told.err.split())
    )


def test_what_is_left_out_is_gathered_by_what_stands_in_for_it() -> None:
    everything = build(wish())
    text = "\n".join(line.plain for line in left_out_lines(everything, ("us-east-1",), 80, verbose=False))
    assert "detections have neither filter nor rule: " in text
    assert len(text.splitlines()) < 30
    assert all(len(line) <= 80 for line in text.splitlines())
    whole = " ".join(line.plain.strip() for line in left_out_lines(everything, ("us-east-1",), 80, verbose=True))
    assert all(one.detection in whole for one in everything.left_out)
    assert "--verbose" not in whole
    one = build(wish(detections=(own(more="exceptions: []\nnotify: false\n"),)))
    (head, line, *_) = [line.plain for line in left_out_lines(one, ("us-east-1",), 200, verbose=False)]
    assert head == "What is left out"
    assert line.startswith("  own: ")
    assert list(left_out_lines(build(wish("root-login", events=False)), ("us-east-1",), 80, verbose=False)) == []
