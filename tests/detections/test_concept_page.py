"""docs/concepts/detections.md: its example works, and what it shows is what is printed."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from vedette.detections.lint import lint
from vedette.detections.loader import load_text
from vedette.detections.testing import run_tests
from vedette.errors import ProblemsError

PAGE = (Path(__file__).parents[2] / "docs" / "concepts" / "detections.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\w*\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLE, RULE, FAILED_TEST, WRONG_FILE = BLOCKS
TODAY = dt.date(2026, 11, 22)


def test_the_example_is_sound() -> None:
    detection = load_text(EXAMPLE)
    assert lint([detection], TODAY, built_in=True) == ()
    assert all(result.passed for result in run_tests([detection], TODAY))


def test_the_rule_is_one() -> None:
    head = EXAMPLE[: EXAMPLE.index("pattern:")]
    rule = load_text(head + RULE).rule
    assert rule is not None
    assert rule.children == ("console-login-failures", "console-login-success")


def test_a_failed_test_looks_like_this() -> None:
    text = EXAMPLE.replace("event: {eventSource: sns.amazonaws.com, eventName: DeleteTopic}", "event: {EVENT}")
    text = text.replace("{EVENT}", "{eventSource: sns.amazonaws.com, eventName: CreateTopic}")
    (failed,) = [result for result in run_tests([load_text(text)], TODAY) if not result.passed]
    assert failed.why + "\n" == FAILED_TEST


def test_a_wrong_file_looks_like_this() -> None:
    old = re.search(r"^pattern: >-\n.*\n", EXAMPLE, re.MULTILINE)
    assert old is not None
    line = WRONG_FILE.splitlines()[1].partition("| ")[2]
    with pytest.raises(ProblemsError) as caught:
        load_text(EXAMPLE.replace(old.group(), f"pattern: >-\n{line}\n"), "topic-deleted.yaml")
    assert str(caught.value) + "\n" == WRONG_FILE
