"""Texts that attackers and receivers wrote, shown by the commands about the monitor: nothing steers the terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from cli.samples import Shell, Terminal, record
from cli_live.room import NOW, Monitored
from stores import values
from vedette.alerts.delivery import Dead, Delivery, Retry
from vedette.alerts.record import AlertRecord
from vedette.cli import alerts, deliveries, output
from vedette.errors import printable

HOSTILE = [
    "\x1b[2J\x1b[31mred",
    "\x1b]0;title\x07",
    "\u202egnp.exe",
    "zero\u200bwidth",
    "line\nbreak\r\nHIGH  forged",
    "z" + "\u0335" * 80,
    "名前" * 60,
    "[bold red]x[/]",
    "Mozilla " * 400,
]
_STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff]")


def assert_harmless(lines: Sequence[Text], columns: int) -> None:
    for line in lines:
        assert cell_len(line.plain) <= columns
        assert printable(line.plain) == line.plain


@settings(max_examples=25, deadline=None)
@given(st.lists(values.alerts, min_size=1, max_size=4), st.integers(60, 100))
def test_the_table_of_alerts_is_as_wide_as_the_terminal(found: list[AlertRecord], columns: int) -> None:
    """Two lines an alert and a header, none wider than the terminal, none with a character that steers it."""
    lines = list(alerts.table(found, columns))
    assert len(lines) == 1 + 2 * len(found)
    assert_harmless(lines[1::2] + lines[2::2], columns)


@settings(max_examples=25, deadline=None)
@given(st.lists(values.deliveries, min_size=1, max_size=4))
def test_what_receivers_answer_is_shown_harmless(found: list[Delivery]) -> None:
    for line in (*deliveries.table(found, 80), *(line for each in found for line in alerts.delivered(each, 80, "  "))):
        assert printable(output.calm(line.plain)) == output.calm(line.plain)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_command_lets_a_hostile_text_through(shell: Shell, monitored: Monitored, text: str) -> None:
    more = {"userAgent": text, "errorMessage": text, "requestParameters": {"detectorId": text}}
    monitored.take([record(45, "DeleteDetector", "guardduty", text, eventID="x", **more)], text, NOW + 1)
    monitored.send(lambda channel: Retry(text) if channel == "mail" else Dead(text), NOW + 100)
    monitored.put_aside(text, text)
    monitored.fail("more-logs", text)
    shell("silences", "add", "--actor", text, "--for", "1h", "--reason", text, "--owner", text)
    name = next(line.split()[0] for line in shell("alerts", "list").out.splitlines() if "detector-deleted-" in line)
    shell("alerts", "ack", name, "--note", text, "--who", text)
    for command in (
        "alerts list",
        f"alerts show {name}",
        "deliveries list",
        "silences list",
        "sources list",
        "sources poison list",
        f"channels preview {name}",
    ):
        answer = shell(*command.split())
        assert answer.code in (0, 1), answer.err
        assert not _STEERING.search(answer.out + answer.err), command
        json = shell(*command.split(), "-o", "json") if " list" in command else answer
        assert not _STEERING.search(json.out), command


def test_hostile_letters_are_read_and_shown_harmless(shell: Shell, empty_room: Path) -> None:
    new = empty_room / "mail" / "new"
    new.mkdir(parents=True)
    letters = [
        b"Subject: =?utf-8?b?G1syShtbMzFt?=\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n\n\x1b[2Jbody\n",
        b"Subject: no such charset\nContent-Type: text/plain; charset=nonsense\n\nb\xffody\n",
        b"Content-Type: multipart/mixed; boundary=x\nSubject: \xff\xfe\n\n--x\nbroken",
        b"Date: yesterday\nFrom: =?\n\n" + b"x" * 100_000,
        b"",
        b"\x00\x01\x02",
        b"Content-Type: text/html\nSubject: page only\n\n<p>hello",
        b'Content-Type: multipart/alternative; boundary=""\n\n',
        b"Subject: =?utf-8?q?a=0ABcc:_x?=\nDate: Sat, 99 Nov 99999 10:00:00 +9999\n\nhi",
    ]
    for number, data in enumerate(letters, 1):
        (new / f"17952552{number:02}.x.eml").write_bytes(data)
    (new / ".hidden").write_bytes(b"Subject: hidden\n\n")
    (new / "17952553.link.eml").symlink_to("/etc/passwd")
    answer = shell("mail")
    assert answer.code == 0
    assert len(answer.out.splitlines()) == 1 + len(letters)
    for number in range(1, len(letters) + 1):
        shown = shell("mail", "show", str(number))
        assert shown.code == 0, shown.err
        assert not _STEERING.search(shown.out + shown.err)
    assert "it has no text part" in shell("mail", "show", "7").err
    assert not _STEERING.search(answer.out + shell("mail", "list", "-o", "json").out)


def test_colours_carry_meaning_on_a_terminal_and_nowhere_else(
    shell: Shell, monitored: Monitored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitored.fail("more-logs", "away")
    commands = ("alerts list", "alerts show detector-deleted", "deliveries list", "channels list", "sources list")
    for command in commands:
        assert "\x1b[" not in shell(*command.split()).out
        screen = Terminal()
        with monkeypatch.context() as patched:
            patched.setattr("sys.stdout", screen)
            shell(*command.split())
            shown = screen.getvalue()
        assert "\x1b[" in shown, command
        assert max(cell_len(line) for line in Text.from_ansi(shown).plain.splitlines()) <= 80 or "show" in command
        with monkeypatch.context() as patched:
            patched.setenv("NO_COLOR", "1")
            patched.setattr("sys.stdout", screen := Terminal())
            shell(*command.split())
            assert "\x1b[3" not in screen.getvalue()
