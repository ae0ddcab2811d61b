"""What a running monitor writes: one line an event, whatever is in it, and never a secret."""

from __future__ import annotations

import io
import json

import pytest

from app_run.fakes import NOON
from vedette.app.journal import LONGEST, Journal, Level


def _written(form: str, **fields: str | int | float | bool | None) -> str:
    stream = io.StringIO()
    Journal(lambda: NOON, form=form, stream=stream).info("object read", **fields)
    return stream.getvalue()


def test_text() -> None:
    line = _written("text", source="logs", records=3, seconds=0.12345, known=True, name="a b", nothing="", left=None)
    assert line == (
        '2026-11-21T12:00:00Z  info     object read  source=logs records=3 seconds=0.123 known=true name="a b"'
        ' nothing=""\n'
    )


def test_json() -> None:
    assert json.loads(_written("json", source="logs", records=3)) == {
        "at": "2026-11-21T12:00:00Z", "level": "info", "event": "object read", "source": "logs", "records": 3,
    }  # fmt: skip


@pytest.mark.parametrize("form", ["text", "json"])
def test_hostile_texts_stay_in_their_line_and_steer_nothing(form: str) -> None:
    line = _written(form, object='x\nlevel=error "\x1b[2J\u202e\u200b\x9b' + "y" * 2 * LONGEST)
    assert line.count("\n") == 1
    assert not set(line) & set("\x1b\u202e\u200b\x9b")
    assert len(line) < LONGEST + 200


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_taken_out(form: str) -> None:
    stream = io.StringIO()
    journal = Journal(lambda: NOON, form=form, stream=stream, hide=lambda text: text.replace("hunter2", "[secret]"))
    journal.error("store fails", why="password hunter2 refused")
    assert "hunter2" not in stream.getvalue()
    assert "[secret]" in stream.getvalue()


def test_levels_below_the_least_are_left_out() -> None:
    stream = io.StringIO()
    journal = Journal(lambda: NOON, least=Level.WARNING, stream=stream)
    journal.debug("a")
    journal.info("b")
    journal.warning("c")
    journal.error("d")
    assert [line.split()[2] for line in stream.getvalue().splitlines()] == ["c", "d"]


def test_a_stream_that_is_gone_stops_nothing() -> None:
    stream = io.StringIO()
    stream.close()
    Journal(lambda: NOON, stream=stream).info("still here")


def test_without_a_stream_it_writes_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    Journal(lambda: NOON).info("hello")
    assert capsys.readouterr().err.endswith("hello\n")
