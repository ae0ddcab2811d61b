"""The question of a detection: its pattern, and not its exceptions while they last."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.samples import COMPOSITE, SOUND, added, changed, with_pattern
from vedette.detections.loader import load_text
from vedette.detections.question import matcher, question, selectors_read
from vedette.predicates.evaluate import evaluate

EXCEPTIONS = """\
exceptions:
  - pattern: '{ $.userIdentity.arn = "*:role/deploy" }'
    owner: ops@example.com
    reason: deployments
    expires: 2026-11-30
  - pattern: '{ $.awsRegion = "eu-*" }'
    owner: ops@example.com
    reason: region is being left
    expires: 2026-12-31
"""
LAST_DAY = dt.date(2026, 11, 30)
DAY = dt.timedelta(days=1)


def record(arn: str = "arn:aws:iam::111122223333:role/other", region: str = "us-east-1") -> dict[str, object]:
    who = {"arn": arn}
    return {
        "eventSource": "sns.amazonaws.com",
        "eventName": "DeleteTopic",
        "userIdentity": who,
        "awsRegion": region,
    }


DEPLOY = "arn:aws:iam::111122223333:role/deploy"


@pytest.mark.parametrize(
    ("today", "document", "matches"),
    [
        (LAST_DAY, record(), True),
        (LAST_DAY, record(DEPLOY), False),
        (LAST_DAY + DAY, record(DEPLOY), True),
        (LAST_DAY + DAY, record(DEPLOY, "eu-west-1"), False),
        (dt.date(2027, 1, 1), record(DEPLOY, "eu-west-1"), True),
    ],
)
def test_an_exception_counts_until_its_last_day_is_over(
    today: dt.date, document: dict[str, object], matches: bool
) -> None:
    detection = load_text(added(EXCEPTIONS))
    asked = question(detection, today)
    assert asked is not None
    assert evaluate(asked, document) is matches
    assert matcher(detection, today)(json.dumps(document)) is matches


@given(
    arn=st.sampled_from([DEPLOY, "arn:x", ""]),
    region=st.sampled_from(["eu-west-1", "us-east-1"]),
    name=st.sampled_from(["DeleteTopic", "CreateTopic"]),
    day=st.integers(-3, 40),
)
def test_question_and_matcher_agree(arn: str, region: str, name: str, day: int) -> None:
    """The decoded record and its text get one verdict."""
    detection, today = load_text(added(EXCEPTIONS)), LAST_DAY + day * DAY
    document = record(arn, region) | {"eventName": name}
    asked = question(detection, today)
    assert asked is not None
    assert evaluate(asked, document) is matcher(detection, today)(json.dumps(document))


def test_without_exceptions_it_is_the_pattern() -> None:
    detection = load_text(SOUND)
    assert detection.pattern is not None
    assert question(detection, LAST_DAY) is detection.pattern.predicate


def test_patterns_that_read_text_have_a_matcher_only() -> None:
    detection = with_pattern("DeleteTopic -Create")
    assert question(detection, LAST_DAY) is None
    matches = matcher(detection, LAST_DAY)
    assert matches('{"eventName":"DeleteTopic"}')
    assert not matches('{"eventName":"DeleteTopic","x":"Create"}')
    assert selectors_read(detection) == frozenset()


def test_a_composite_matches_no_record() -> None:
    detection = load_text(COMPOSITE)
    assert question(detection, LAST_DAY) is None
    assert not matcher(detection, LAST_DAY)("{}")


def test_selectors_read_are_all_that_is_needed() -> None:
    text = changed(
        ("respond:", "group_by: [actor, $.sourceIPAddress]\nmetric: {value: $.n, dimensions: {A: $.d}}\nrespond:"),
        text=added(EXCEPTIONS),
    )
    names = {str(selector) for selector in selectors_read(load_text(text))}
    assert names == {
        "$.eventSource",
        "$.eventName",
        "$.userIdentity.arn",
        "$.awsRegion",
        "$.sourceIPAddress",
        "$.n",
        "$.d",
    }
