"""Times, against Python's own datetime."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.cloudtrail.moment import parse_time, print_time


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_agrees_with_datetime(moment):
    whole = moment.replace(microsecond=0)
    seconds = int((whole - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)).total_seconds())
    text = f"{whole:%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0")
    assert parse_time(text) == seconds
    assert print_time(seconds) == text
    assert parse_time(moment.isoformat()) == seconds


@given(st.integers(-(10**15), 10**15))
def test_printing_never_raises(seconds):
    assert parse_time(print_time(seconds)) is not None


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-21T10:00:00.999Z", "2026-11-21T10:00:00Z"),
        ("2026-11-21t10:00:00z", "2026-11-21T10:00:00Z"),
        ("2026-11-21 10:00:00+00:00", "2026-11-21T10:00:00Z"),
        ("2026-11-21T10:00:00+0130", "2026-11-21T08:30:00Z"),
        ("2026-11-21T10:00:00-02:00", "2026-11-21T12:00:00Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
    ],
)
def test_other_spellings(text, same):
    assert print_time(parse_time(text)) == same


@pytest.mark.parametrize(
    "text",
    [
        *(None, 17, "", "2026-11-21", "2026-11-21T10:00:00", "2026-02-30T10:00:00Z", "0000-01-01T00:00:00Z"),
        *("2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z", "2026-11-21T10:00:61Z", "2026-11-21T10:00:00Zx", b"2026"),
        "２０26-11-21T10:00:00Z",
    ],
)
def test_other_things_are_none(text):
    assert parse_time(text) is None


@given(st.text())
def test_no_text_raises(text):
    assert parse_time(text) is None or isinstance(text, str)
