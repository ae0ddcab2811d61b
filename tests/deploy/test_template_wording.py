"""What a detection file may not do to whoever deploys it: its texts go into templates, and into mails."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.wishes import own, properties, resources, wish
from vedette.deploy.template import build
from vedette.deploy.template.rules import MAX_INPUT
from vedette.deploy.template.wording import refers, worded
from vedette.detections.definition import Severity
from vedette.errors import InputError

SECRET = "{{resolve:secretsmanager:prod/db:SecretString:password}}"
ASKED = '{ $.eventSource = "kms.amazonaws.com" && $.eventName = "DisableKey" }'


def hostile(name: str = "hostile", pattern: str = ASKED, **more: Any) -> Any:
    """A critical detection whose texts ask CloudFormation for a secret."""
    given: dict[str, Any] = {"title": f"Look: {SECRET}", "respond": (f"Read {SECRET}.", "\x1b[2J\u202eend")}
    return replace(own(name, pattern), severity=Severity.CRITICAL, **given | more)


def test_no_text_of_a_detection_gets_at_a_secret() -> None:
    """ "You can use a dynamic reference for a secret in any resource property": its value would be mailed."""
    made = build(wish(detections=(hostile(),)))
    text = json.dumps([stack.template["Resources"] for stack in made.stacks], ensure_ascii=False)
    assert "resolve:secretsmanager" in text  # it is told, as what it is
    assert not refers(text)
    [alarm] = [one for one in properties(made, "CloudWatch::Alarm").values() if one["AlarmName"].endswith("-hostile")]
    assert alarm["AlarmDescription"].startswith(
        "CRITICAL: Look: { {resolve:secretsmanager:prod/db:SecretString:password}}\n\nFirst steps:\n1. Read { {resolve:"
    )
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_pattern_that_must_stay_to_the_letter_is_left_out_for_it() -> None:
    asked = f'{{ $.eventName = "{SECRET}" }}'
    more = f"exceptions:\n  - {{pattern: '{asked}', owner: a, reason: r, expires: 2030-01-01}}\n"
    excepted = own("excepted", more=more)
    made = build(wish(detections=(hostile("pattern", asked), excepted, own())))
    assert [one.detection for one in made.placed] == ["own"]
    assert {one.detection: one.reason for one in made.left_out} == dict.fromkeys(
        ("excepted", "pattern"), "CloudFormation would put a secret in the place of `{{resolve:` in its pattern."
    )


def test_what_nobody_may_change_is_refused_with_its_place() -> None:
    """A metric's name must be to the letter, too; as are the settings of a channel."""
    one = own()
    assert one.metric is not None
    with pytest.raises(InputError, match=r"in the place of `\{\{resolve:` in `OwnFilter`"):
        build(wish(detections=(replace(one, metric=replace(one.metric, name=SECRET)),)))


@given(st.text(alphabet="{ RESOLVEresolve:x", max_size=30))
def test_a_worded_text_never_refers(text: str) -> None:
    """Whatever the spelling; and a text that refers to nothing stays as it is, but for its blanks."""
    assert not refers(worded(text))
    if not refers(text):
        assert worded(text) == " ".join(text.split())


def test_a_notice_has_as_many_steps_as_eventbridge_takes() -> None:
    long = tuple(f"{number} {'x' * 3_000}" for number in range(3))
    made = build(wish(detections=(hostile(respond=long),)))
    [rule] = [body for _, body in resources(made) if body["Type"] == "AWS::Events::Rule"]
    told = rule["Properties"]["Targets"][0]["InputTransformer"]["InputTemplate"]
    assert len(told) <= MAX_INPUT
    assert told.count("xxx") > 0
    assert "2. 1 x" in told
    assert "3. 2 x" not in told
    assert told.splitlines()[-1] == '"Runbook: https://example.com/x"'
