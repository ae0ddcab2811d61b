"""Places in texts, and how they are drawn."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.errors import (
    ExitCode,
    InputError,
    Level,
    NothingToDoError,
    OutputError,
    PatternSyntaxError,
    Problem,
    ProblemsError,
    Span,
    UsageError,
    VedetteError,
    closest,
    did_you_mean,
    draw_span,
    printable,
    reason_of,
    unwritable,
)


def test_a_pattern_error_shows_the_place_and_both_texts() -> None:
    error = PatternSyntaxError(
        "`==` is not an operator",
        aws_message="Invalid character(s) in term '='",
        pattern="{ $.a == 1 }",
        span=Span(6, 8),
        hint="write a single `=`",
    )
    assert error.render().splitlines() == [
        "invalid filter pattern: `==` is not an operator",
        "    { $.a == 1 }",
        "          ^^",
        "CloudWatch Logs says: Invalid character(s) in term '='",
        "hint: write a single `=`",
    ]


def test_a_problem_shows_file_line_column_and_note() -> None:
    problem = Problem(
        path="detections/root-login.yaml",
        line=12,
        column=5,
        message="unknown key `treshold`",
        source_line="    treshold: 1",
        length=8,
        note="did you mean `threshold`?",
    )
    assert problem.render().splitlines() == [
        "detections/root-login.yaml:12:5: error: unknown key `treshold`",
        "   12 |     treshold: 1",
        "      |     ^^^^^^^^ did you mean `threshold`?",
    ]


def test_a_warning_names_its_rule_and_its_mend() -> None:
    problem = Problem("a.yaml", 1, 1, "no test", level=Level.WARNING, rule="missing-test", hint="write one")
    assert problem.render() == "a.yaml:1:1: warning: no test [missing-test]\nhint: write one"


def test_problems_are_told_in_the_order_of_their_places() -> None:
    late, early = Problem("b", 3, 1, "late"), Problem("b", 1, 9, "early")
    error = ProblemsError([late, Problem("a", 9, 9, "first"), early])
    assert [problem.message for problem in error.problems] == ["first", "early", "late"]
    assert error.render().count("error:") == 3


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (VedetteError("x"), ExitCode.FAILURE),
        (InputError("x"), ExitCode.WRONG_INPUT),
        (UsageError("x"), ExitCode.WRONG_INPUT),
        (NothingToDoError("x"), ExitCode.NOTHING_TO_DO),
        (OutputError("x"), ExitCode.FAILURE),
        (ProblemsError([Problem("a", 1, 1, "x")]), ExitCode.WRONG_INPUT),
    ],
)
def test_each_error_knows_its_exit_code(error: VedetteError, code: ExitCode) -> None:
    assert error.exit_code is code


def test_a_long_line_is_cut_around_its_place() -> None:
    text = "a" * 300 + "HERE" + "b" * 300
    shown, carets = draw_span(text, Span(300, 304))
    assert len(shown) <= 98
    assert shown[carets.index("^") : carets.index("^") + 4] == "HERE"
    assert shown.startswith("…")
    assert shown.endswith("…")


def test_a_wide_character_before_the_place_moves_the_caret_two_columns() -> None:
    assert draw_span("日x", Span(1, 2)) == ("日x", "  ^")


@pytest.mark.parametrize(
    "hostile",
    ["\x1b[2J", "\u202e", "\u200b", "\x07", "\u2066", "\x9b31m", "\ufeff"],
    ids=["escape", "right-to-left override", "zero width", "bell", "isolate", "C1 control", "byte order mark"],
)
def test_a_character_that_steers_a_terminal_is_replaced(hostile: str) -> None:
    shown = printable(f"before{hostile}after")
    assert hostile[0] not in shown
    assert shown.startswith("before�")
    assert shown.endswith("after")


@given(st.text(), st.integers(-5, 50), st.integers(-5, 50))
def test_drawing_never_fails_and_never_steers(text: str, start: int, end: int) -> None:
    """Any text, any span: one printable line, and at least one caret."""
    shown, carets = draw_span(text, Span(start, end))
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert set(carets) <= {" ", "^"}
    assert "^" in carets


@pytest.mark.parametrize(
    ("number", "path", "rendered"),
    [
        (errno.ENOENT, "a b/x", "no such file or directory\nhint: make the folder first: `mkdir -p 'a b'`"),
        (errno.ENOENT, None, "no such file or directory"),
        (errno.EACCES, "x", "permission denied\nhint: choose a place that you may write to"),
        (errno.EEXIST, "x", "file exists\nhint: give a name that is still free"),
        (errno.ENOSPC, None, "no space left on device\nhint: make room on the disk, or choose another place"),
        (errno.EIO, None, "input/output error"),
    ],
)
def test_what_cannot_be_written_is_told_with_the_reason_and_the_mending(
    number: int, path: str | None, rendered: str
) -> None:
    error = unwritable("`x`", OSError(number, os.strerror(number), path))
    assert error.render() == f"cannot write `x`: {rendered}"


def test_the_systems_words_lose_their_capital_and_nothing_else() -> None:
    assert reason_of(OSError(1, "I/O error")) == "I/O error"
    assert reason_of(OSError(1, "Is a Folder")) == "is a Folder"
    assert reason_of(OSError("Told in words of its own")) == "told in words of its own"


def test_the_word_that_was_meant() -> None:
    assert closest("tresHold", ["period", "Threshold"]) == "Threshold"
    assert closest("period", []) is None
    assert did_you_mean("prot", ["port", "host"]) == "did you mean `port`?"
    assert did_you_mean("colour", ["port", "host"]) is None
