"""The forms that values have, and the examples in their docstrings."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.alerts.policy import Rate
from vedette.errors import InputError
from vedette.settings import load_settings
from vedette.settings.formats import ADDRESS, RATE, STORE
from vedette.settings.kinds import FLAG, Refusal, Where, print_seconds, seconds_of, table_of

HERE = Where("x", Path("/etc/vedette"))


@pytest.mark.parametrize("name", ["positions", "kinds", "formats", "reading"])
def test_the_examples_in_the_docstrings_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"vedette.settings.{name}"))
    assert result.failed == 0
    assert result.attempted


@given(st.integers(0, 400 * 86_400))
@settings(max_examples=200, deadline=None)
def test_a_duration_that_is_printed_is_read_back(seconds: int) -> None:
    assert seconds_of(print_seconds(seconds)) == seconds


@given(st.integers(1, 999_999), st.integers(1, 10**6))
@settings(max_examples=100, deadline=None)
def test_a_rate_that_is_printed_is_read_back(messages: int, seconds: int) -> None:
    rate = Rate(messages, seconds)
    assert RATE.read(RATE.write(rate), HERE) == rate


@pytest.mark.parametrize("text", ["https://[", "ftp://example.com", "https://", "https://me@example.com/"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        ADDRESS.read(text, HERE)


@pytest.mark.parametrize(
    "text", ["postgresql://", "sqlite://", "x", "postgresql://u:p@h/d", "postgres://h/d?password=p"]
)
def test_what_is_no_store_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        STORE.read(text, HERE)


def test_a_table_is_no_array() -> None:
    with pytest.raises(Refusal, match="not a table"):
        table_of(FLAG).read([], HERE)


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vedette.toml").write_text("", encoding="utf-8")

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputError, match="permission denied"):
        load_settings(None, {}, tmp_path)
