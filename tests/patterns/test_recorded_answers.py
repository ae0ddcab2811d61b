"""Recorded and documented answers of CloudWatch Logs, read from outside the project where they are at hand."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from vedette.errors import PatternSyntaxError
from vedette.patterns import FilterPattern

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("VEDETTE_SHARED", ROOT.parent / "shared"))
CAPTURES = SHARED / "vectors" / "filter-pattern-captures.json"
VECTORS = SHARED / "vectors" / "filter-pattern-vectors.jsonl"
EVIDENCE = ROOT / "docs" / "reference" / "filter-pattern-evidence.md"

pytestmark = pytest.mark.skipif(
    not (CAPTURES.exists() and VECTORS.exists()), reason=f"the recorded answers are not at {SHARED} (VEDETTE_SHARED)"
)


def captures() -> list[dict[str, object]]:
    return json.loads(CAPTURES.read_text(encoding="utf-8"))["cases"] if CAPTURES.exists() else []


def vectors() -> list[dict[str, object]]:
    if not VECTORS.exists():
        return []
    return [json.loads(line) for line in VECTORS.read_text(encoding="utf-8").splitlines() if line.strip()]


def our_answer(row: dict[str, object]) -> object:
    """`invalid`, `valid` where there is no message, else whether it matches."""
    try:
        pattern = FilterPattern.parse(str(row["pattern"]))
    except PatternSyntaxError:
        return "invalid"
    return "valid" if row["event"] is None else pattern.matches(str(row["event"]))


def is_authority(row: dict[str, object]) -> bool:
    return str(row["evidence"]).startswith(("aws-live-test", "aws-documented"))


@pytest.mark.parametrize("case", captures(), ids=lambda case: f"{case['source']}-{case['id']}")
def test_recorded_answer(case: dict[str, object]) -> None:
    """TestMetricFilter's answer, or the documentation's: the same matches, values and words of rejection."""
    text, messages = str(case["pattern"]), case["messages"] or []
    assert isinstance(messages, list)
    if case["error"]:
        with pytest.raises(PatternSyntaxError) as caught:
            FilterPattern.parse(text)
        assert caught.value.aws_message == case["error"]["message"]
        return
    pattern = FilterPattern.parse(text)
    assert [n for n, message in enumerate(messages, 1) if pattern.matches(message)] == case["matches"]
    for number, values in (case["extracted"] or {}).items():
        assert pattern.extract(messages[int(number) - 1]) == values
    assert FilterPattern.parse(str(pattern)) == pattern


@pytest.mark.parametrize("row", [row for row in vectors() if is_authority(row)], ids=lambda row: row["id"])
def test_authoritative_row(row: dict[str, object]) -> None:
    """What was tested against AWS, or is documented by it."""
    assert our_answer(row) == row["expected"]


def test_every_difference_from_other_programs_is_explained() -> None:
    """Rows of other evidence that differ are listed in the documentation: exactly those, with both answers and a
    reason."""
    table = re.findall(
        r"^\| (fp\d+) \| (`+)(.*?)\2 \| (\S+) \| (\S+) \| (.{10,}) \|$", EVIDENCE.read_text("utf-8"), re.M
    )
    listed = {row: (pattern.strip().replace("\\|", "|"), theirs, ours) for row, _, pattern, theirs, ours, _ in table}
    words = {True: "matches", False: "no", "valid": "valid", "invalid": "rejected"}
    differing = {
        row["id"]: (str(row["pattern"]).strip(), words[row["expected"]], words[our_answer(row)])
        for row in vectors()
        if not is_authority(row) and our_answer(row) != row["expected"]
    }
    assert listed == differing
