"""What an answer means, how long it asks to wait, and what of it may be quoted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.senders.answers import LONGEST_WAIT, document, retry_after, said, without
from vedette.senders.http import Response


def response(body: bytes = b"", **headers: str) -> Response:
    return Response(400, {name.replace("_", "-"): value for name, value in headers.items()}, body, "example.com")


DATE = "Sat, 21 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "30"}, 30),
        ({"retry_after": " 0 "}, 0),
        ({"retry_after": "9" * 5000}, LONGEST_WAIT),
        ({"retry_after": "²"}, None),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "1.5"}, None),
        ({}, None),
        ({"retry_after": "Sat, 21 Nov 2026 10:02:00 GMT", "date": DATE}, 120),
        ({"retry_after": "Sat, 21 Nov 2026 09:00:00 GMT", "date": DATE}, 0),
        ({"retry_after": "Sat, 21 Nov 2037 09:00:00 GMT", "date": DATE}, LONGEST_WAIT),
        ({"retry_after": "Sat, 21 Nov 2026 10:02:00 GMT"}, None),
        ({"retry_after": "Sat, 21 Nov 2026 10:02:00", "date": DATE}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: int | None) -> None:
    assert retry_after(response(**headers)) == seconds


@given(st.binary(max_size=400))
def test_what_is_quoted_is_a_short_line(body: bytes) -> None:
    """A quotation is one line without controls, whatever the other side answered."""
    quoted = said(response(body))
    assert len(quoted) <= 202
    assert "\n" not in quoted
    assert "\x1b" not in quoted


def test_an_empty_body_is_not_quoted() -> None:
    assert said(response(b" \n ")) == ""
    assert said(response(b"x" * 300)) == ": " + "x" * 199 + "…"


def test_secrets_are_taken_out_of_what_is_quoted() -> None:
    url = "https://hooks.example.com/services/T00000000/B00000000/abcdefghijkl"
    told = said(response(f"Cannot POST /services/T00000000/B00000000/abcdefghijkl ({url})".encode()), [url])
    assert "T00000000" not in told
    assert "abcdefghijkl" not in told
    assert without("a p@ss b p%40ss c cEBzcw== d", ["p@ss", ""]) == "a [secret] b [secret] c [secret]== d"


def test_documents() -> None:
    assert document(response(b'{"a": 1}')) == {"a": 1}
    for body in (b"", b"[1]", b"\xff", b"[" * 100_000):
        assert document(response(body)) == {}
