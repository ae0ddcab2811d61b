"""The reference pages are what the tables of the code say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vedette.detections.format import SECTIONS
from vedette.detections.lint import RULES
from vedette.detections.reference import format_page, rules_page

DOCS = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize(("name", "page"), [("detection-file.md", format_page), ("lint-rules.md", rules_page)])
def test_the_page_is_fresh(name: str, page: Callable[[], str]) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == page(), f"write vedette.detections.reference's text to {name}"


def test_every_key_and_rule_is_described() -> None:
    for section in SECTIONS:
        assert all(key.type and key.meaning.endswith(".") for key in section.keys)
        assert all(f"| `{name}` |" in format_page() for name in section.names)
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(f"## {rule.id}\n" in rules_page() and rule.why.endswith(".") for rule in RULES)


def test_tables_are_whole() -> None:
    """A bar inside a cell would break the table."""
    for line in (format_page() + rules_page()).splitlines():
        if line.startswith("| "):
            assert line.count("|") in (4, 5) or line.count("|") == 3, line
