"""Times and days as people type them."""

from __future__ import annotations

import datetime as dt

import click
import pytest

from cli.samples import Shell
from vedette.cli.values import day, moment

NOW = 1_795_000_000
CONTEXT = click.Context(click.Command("x"))
OPTION = click.Option(["--since"])


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("90s", NOW - 90),
        ("15m", NOW - 900),
        ("24h", NOW - 86_400),
        ("7d", NOW - 604_800),
        (" 2 w ", NOW - 1_209_600),
        ("1970-01-02", 86_400),
        ("1970-01-01T01:00", 3_600),
        ("1970-01-01T01:00:01Z", 3_601),
        ("1970-01-01T01:00+01:00", 0),
        ("1970-01-01 00:01", 60),
    ],
)
def test_times(monkeypatch: pytest.MonkeyPatch, typed: str, expected: int) -> None:
    monkeypatch.setattr("vedette.cli.values.now", lambda: NOW)
    assert moment(CONTEXT, OPTION, typed) == expected


@pytest.mark.parametrize("typed", ["", "yesterday", "24", "h", "-1h", "1.5h", "2026-13-01", "2026-11-20T25:00", "٣h x"])
def test_what_is_no_time_names_the_option_and_examples(typed: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time; try 24h"):
        moment(CONTEXT, OPTION, typed)


def test_no_time_is_no_bound() -> None:
    assert moment(CONTEXT, OPTION, None) is None
    assert day(CONTEXT, OPTION, None) is None


def test_days() -> None:
    assert day(CONTEXT, OPTION, "2026-11-20") == dt.date(2026, 11, 20)
    with pytest.raises(click.BadParameter, match="is no day; try 2026-11-20"):
        day(CONTEXT, OPTION, "20.11.2026")


def test_a_span_counts_back_from_now(shell: Shell) -> None:
    """With the real clock: logs of 2026 are older than a second, or not yet there; either way all is answered."""
    assert shell("scan", "logs", "--no-builtin", "-d", "own", "--until", "1s", "--since", "52w").code == 0
