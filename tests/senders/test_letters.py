"""Letters: whatever stands in a text, the message has the headers and the parts that it is to have, and no others."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from senders.telling import HOSTILE
from vedette.alerts.render import EmailContent
from vedette.senders.letters import compose, wire

NASTY = st.lists(
    st.one_of(
        st.sampled_from(list("\r\n\0\x0b\x0c\x1c\x85\u2028\u2029\ud800 \t:=?<>\"'.,;()")),
        st.sampled_from(
            ["Bcc: m@example.com", "=?utf-8?q?", "=?utf-8?b?", "=0ABcc:_x", "CkJjYzogbQ==", "?=", "x" * 90]
        ),
        st.characters(),
    ),
    max_size=60,
).map("".join)


@settings(max_examples=120, deadline=None)
@given(NASTY, NASTY, NASTY, NASTY, NASTY)
@example(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
@example("a\r\nBcc: m@example.com", "\r\n.\r\nMAIL FROM:<m@example.com>", "</html>", "x\nBcc: y", "Bcc")
@example("=?utf-8?q?a=0ABcc:_m=40example.com?=", "", "", "=?utf-8?b?CkJjYzogbQ==?=", "x")
def test_no_text_makes_a_header(subject: str, text: str, html: str, value: str, name: str) -> None:
    """The names of the headers are always the same; the body is two parts; no byte is above 127; lines end in CRLF."""
    content = EmailContent(
        subject,
        text,
        html,
        {"Message-ID": "<a@example.com>", "X-Vedette-Key": value, "Bcc": "m@example.com", name: "x"},
    )
    data = wire(compose(content, "Vedette <v@example.com>", ["a@example.com"], 0))
    letter = message_from_bytes(data, policy=default)
    assert isinstance(letter, EmailMessage)
    names = {header.lower() for header in letter.keys()}  # noqa: SIM118  # a message is no mapping
    allowed = {"from", "to", "subject", "date", "message-id", "x-vedette-key", "mime-version", "content-type"}
    assert names - {name.lower()} <= allowed
    assert "bcc" not in names
    assert len(letter.get_all("Subject", [])) == 1
    assert [part.get_content_type() for part in letter.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 998


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(blacklist_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"]), max_size=300))
def test_an_honest_subject_comes_out_as_it_went_in(subject: str) -> None:
    """Encoding and folding change nothing but white space at the ends, and runs of it."""
    data = wire(compose(EmailContent(subject, "t", "h"), "v@example.com", ["a@example.com"], 0))
    letter = message_from_bytes(data, policy=default)
    assert str(letter["Subject"]).split() == subject.replace("=?", "= ?").split()


@pytest.mark.parametrize("length", range(60, 101))
def test_a_subject_begins_on_its_first_line(length: int) -> None:
    """Where the first line of a header is empty, some programs show no subject."""
    subject = ("[HIGH] Somebody was made an administrator - bruno - 111122223333 (+4 alerts) " * 2)[:length].rstrip()
    for text in (subject, subject.replace("e", "é")):
        data = wire(compose(EmailContent(text, "t", "h"), "v@example.com", ["a@example.com"], 0))
        (line,) = (line for line in data.split(b"\r\n") if line.startswith(b"Subject:"))
        assert len(line) > 40
        assert str(message_from_bytes(data, policy=default)["Subject"]) == text


def test_a_long_text_survives() -> None:
    text = "é" * 5000 + "\n.\nFrom the start\n" + "x" * 100_000
    data = wire(compose(EmailContent("s", text, text), "v@example.com", ["a@example.com"], 0))
    letter = message_from_bytes(data, policy=default)
    assert isinstance(letter, EmailMessage)
    body = letter.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == text + "\n"
