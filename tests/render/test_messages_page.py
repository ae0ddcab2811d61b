"""docs/concepts/messages.md says what messages are like; this holds it to them."""

from __future__ import annotations

import re
from pathlib import Path

from render.notices import variants
from vedette.alerts import render
from vedette.alerts.render.letter import BYTES as HTML_BYTES
from vedette.alerts.render.slack import BLOCKS, TEXT
from vedette.alerts.render.sms import SEPTETS
from vedette.alerts.render.webhook import BYTES

PAGE = (Path(__file__).parents[2] / "docs" / "concepts" / "messages.md").read_text(encoding="utf-8")


def test_subjects_begin_as_the_page_says() -> None:
    starts = re.findall(r"^\| `(\[.*?)` \|", PAGE, re.MULTILINE)
    subjects = [render.email(notice).subject for notice in variants().values()]
    assert len(starts) == 9
    assert all(any(subject.startswith(start) for subject in subjects) for start in starts)
    assert all(any(subject.startswith(start) for start in [*starts, "[MEDIUM]"]) for subject in subjects)


def test_the_example_is_a_subject() -> None:
    assert f"    {render.email(variants()['first']).subject}\n" in PAGE


def test_limits_are_those_of_the_code() -> None:
    assert f"{SEPTETS} septets" in PAGE
    assert f"{BLOCKS} blocks, {TEXT:,} characters" in PAGE
    assert f"{BYTES // 1000} kB; long" in PAGE
    assert HTML_BYTES < 100_000


def test_sections_come_in_the_order_of_the_page() -> None:
    text = render.plain(variants()["first"])
    sections = re.findall(r"^\| ([a-zA-Z ]+) \| ", PAGE, re.MULTILINE)[2:11]
    places = [text.index(f"\n{name.upper()}\n") for name in sections if name != "how to answer"]
    assert places == sorted(places)
