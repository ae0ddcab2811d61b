"""The documentation of filter patterns says what is so: each of its examples is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vedette.errors import PatternSyntaxError
from vedette.patterns import FilterPattern

PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "filter-patterns.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| `(?P<pattern>.*)` \| (?:`(?P<message>.*)` )?\| (?P<verdict>matches|no|rejected) \|$", re.MULTILINE
)
ROWS = [
    (row["pattern"].replace("\\|", "|").replace("␠", " "), (row["message"] or "").replace("␠", " "), row["verdict"])
    for row in ROW.finditer(TEXT)
]


def test_no_example_is_overlooked() -> None:
    """Every row of a table with a verdict is one of the examples run."""
    heads = TEXT.count("| pattern | message | verdict |")
    assert heads >= 12
    assert len(ROWS) == len(re.findall(r"\| (?:matches|no|rejected) \|$", TEXT, re.MULTILINE)) > 80


@pytest.mark.parametrize(("pattern", "message", "verdict"), ROWS)
def test_example(pattern: str, message: str, verdict: str) -> None:
    """The verdict printed is the verdict given."""
    try:
        given = "matches" if FilterPattern.parse(pattern).matches(message) else "no"
    except PatternSyntaxError:
        given = "rejected"
    assert given == verdict


def test_the_rejection_shown_is_the_one_printed() -> None:
    """The block at the end is what `render` makes."""
    with pytest.raises(PatternSyntaxError) as caught:
        FilterPattern.parse('{ $.eventName == "ConsoleLogin" }')
    block = "\n".join("    " + line for line in caught.value.render().splitlines())
    assert block in TEXT
