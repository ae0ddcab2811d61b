"""`vedette demo` and `vedette simulate`: what they make, what they say of it, and what they leave behind."""

from __future__ import annotations

import json
import tempfile
from datetime import date
from pathlib import Path

import pytest

from cli.samples import Shell, check_golden, the_records, write_logs
from vedette.simulate import Summary

pytestmark = pytest.mark.usefixtures("library")


def small_day(directory: Path, scenario: str, *, day: date, **_: object) -> Summary:
    """In the place of a simulated day, which changes with the simulation: the records of these tests."""
    write_logs(directory)
    steps = {"guess": 5, "persist": 3}
    expected = ["detector-deleted", "key-made", "not-there"]
    count = len(the_records())
    return Summary(
        scenario, "7", day.isoformat(), [], files=6, records=count, duplicates=1, delivered=count + 1,
        scenario_records=8, steps=steps, expected=expected, addresses=["203.0.113.66"],
    )  # fmt: skip


def test_the_demo_in_words(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vedette.cli.demo.write", small_day)
    check_golden("demo.txt", shell.transcript("demo"))


def test_the_demo_keeps_its_logs_where_told(shell: Shell, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vedette.cli.demo.write", small_day)
    answer = shell("demo", "--out", "kept")
    assert answer.code == 0
    assert "vedette scan kept/AWSLogs" in answer.out
    assert "The first record, as CloudTrail wrote it" in answer.out
    assert (room / "kept" / "AWSLogs").is_dir()


def test_the_demo_leaves_nothing_behind(shell: Shell, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (room / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(room / "tmp"))
    assert shell("demo", "--records", "200").code == 0
    assert list((room / "tmp").iterdir()) == []


def test_the_demo_says_when_nobody_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vedette.cli.demo.write", small_day)
    monkeypatch.setattr("vedette.cli.demo.load", lambda _: ())
    answer = shell("demo")
    assert "0 of 3 told; missed: detector-deleted, key-made, not-there" in answer.out


def test_a_simulation_tells_what_it_wrote(shell: Shell, room: Path) -> None:
    arguments = ("simulate", "--scenario", "root-use", "--out", "made", "--day", "2026-11-20", "--records", "50")
    answer = shell(*arguments)
    assert answer.out == ""
    manifest = json.loads((room / "made" / "manifest.json").read_text(encoding="utf-8"))
    assert f"wrote {manifest['records']:,} records and" in answer.err
    assert "of 2026-11-20 in" in answer.err
    assert "try `vedette scan made/AWSLogs`" in answer.err
    assert shell(*arguments).code == 2
    assert shell(*arguments, "--replace").code == 0


def test_scenarios_are_listed_whole(shell: Shell) -> None:
    answer = shell("simulate", "--list")
    assert answer.out.startswith("quiet-day")
    assert "…" not in answer.out
    assert all(len(line) <= 80 for line in answer.out.splitlines())
