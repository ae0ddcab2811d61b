"""Our own table of examples, one or more for every rule of the language: `vectors.txt` beside this file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from vedette.errors import PatternSyntaxError
from vedette.patterns import FilterPattern

TABLE = Path(__file__).with_name("vectors.txt")
SHOWN = str.maketrans({"␠": " ", "␉": "\t", "␤": "\n", "␀": None})


def rows() -> Iterator[tuple[str, str, str, str]]:
    """(place and rule, pattern, kind of row, text) for each row of the table."""
    rule = pattern = message = ""
    for number, line in enumerate(TABLE.read_text(encoding="utf-8").splitlines(), start=1):
        kind, _, text = line.partition(" ")
        text = text.translate(SHOWN)
        if kind == "##":
            rule = text
        elif kind in ("pattern", "reject"):
            pattern = text
        elif kind == "+" or kind == "-":
            message = text
            yield f"{number}-{rule}", pattern, kind, text
        elif kind == "=":
            yield f"{number}-{rule}", pattern, message, text
        elif kind == "!":
            yield f"{number}-{rule}", pattern, kind, text
        else:
            assert not line or kind == "#", line


ROWS = list(rows())
VERDICTS = [(pattern, kind, text) for _, pattern, kind, text in ROWS if kind in ("+", "-")]
REJECTIONS = [(pattern, text) for _, pattern, kind, text in ROWS if kind == "!"]
EXTRACTIONS = [(pattern, kind, text) for _, pattern, kind, text in ROWS if kind not in ("+", "-", "!")]


def test_the_table_is_not_thin() -> None:
    """Every kind of row is there, and every pattern has a row."""
    assert len(VERDICTS) > 250
    assert len(REJECTIONS) > 80
    assert len(EXTRACTIONS) > 10


@pytest.mark.parametrize(("pattern", "sign", "message"), VERDICTS)
def test_verdict(pattern: str, sign: str, message: str) -> None:
    """The pattern matches, or does not; so does its canonical spelling."""
    parsed = FilterPattern.parse(pattern)
    assert parsed.matches(message) is (sign == "+")
    assert FilterPattern.parse(str(parsed)).matches(message) is (sign == "+")


@pytest.mark.parametrize(("pattern", "aws_message"), REJECTIONS)
def test_rejection(pattern: str, aws_message: str) -> None:
    """The pattern is rejected in AWS's words, and ours point into it."""
    with pytest.raises(PatternSyntaxError) as caught:
        FilterPattern.parse(pattern)
    assert caught.value.aws_message == aws_message
    assert caught.value.pattern == pattern
    assert 0 <= caught.value.span.start < caught.value.span.end <= len(pattern)


@pytest.mark.parametrize(("pattern", "message", "extracted"), EXTRACTIONS)
def test_extraction(pattern: str, message: str, extracted: str) -> None:
    """The words of a line by name or position."""
    assert FilterPattern.parse(pattern).extract(message) == json.loads(extracted)
