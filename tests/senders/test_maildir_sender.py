"""Maildir: whole files or none, for their owner only, each delivery once."""

from __future__ import annotations

import errno
import mailbox
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from senders.telling import NOON, empty, hostile, message
from vedette.alerts import render
from vedette.alerts.delivery import Retry, Sent
from vedette.senders import MaildirSender


def letters(path: Path) -> list[Path]:
    return sorted((path / "new").iterdir())


def test_a_message_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "mail"
    told = message()
    outcome = MaildirSender("mail", path).send(told)
    [file] = letters(path)
    letter = message_from_bytes(file.read_bytes(), policy=default)
    assert outcome == Sent(letter["Message-ID"], letter["Message-ID"])
    assert letter["Subject"] == render.email(told.notice).subject
    assert file.name.startswith(f"{NOON + 62}.")
    assert file.suffix == ".eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"\r" not in file.read_bytes()
    for folder in (path, path / "tmp", path / "new", path / "cur"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list((path / "tmp").iterdir()) == []


def test_other_programs_read_it(tmp_path: Path) -> None:
    sender = MaildirSender("mail", tmp_path / "mail")
    for number in range(3):
        sender.send(message(key=f"k{number}"))
    box = mailbox.Maildir(tmp_path / "mail", create=False)
    assert len(box) == 3
    box.close()
    sender.close()


def test_a_delivery_is_there_once_even_after_it_was_read(tmp_path: Path) -> None:
    sender = MaildirSender("mail", tmp_path)
    first = sender.send(message())
    assert sender.send(message()) == first
    [file] = letters(tmp_path)
    file.rename(tmp_path / "cur" / f"{file.name}:2,S")
    assert sender.send(message()) == first
    assert letters(tmp_path) == []
    assert isinstance(sender.send(message(key="another")), Sent)
    assert len(letters(tmp_path)) == 1


def test_threads(tmp_path: Path) -> None:
    sender = MaildirSender("mail", tmp_path)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(sender.send, (message(key=f"k{number % 10}") for number in range(40))))
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert len(letters(tmp_path)) == 10


@pytest.mark.parametrize("told", [hostile(), hostile(key="../../etc/\r\n\0\ud800"), empty()])
def test_any_message_can_be_kept(tmp_path: Path, told: object) -> None:
    assert isinstance(MaildirSender("mail", tmp_path).send(told), Sent)  # type: ignore[arg-type]
    [file] = letters(tmp_path)
    letter = message_from_bytes(file.read_bytes(), policy=default)
    assert letter["Bcc"] is None
    assert letter.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(("number", "hint"), [(errno.ENOSPC, "the disk is full"), (errno.EIO, "")])
def test_a_disk_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, hint: str
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    sender = MaildirSender("mail", tmp_path)
    monkeypatch.setattr(os, "fsync", fail)
    outcome = sender.send(message())
    assert isinstance(outcome, Retry)
    assert outcome.why.startswith(f"cannot write to {tmp_path}: {os.strerror(number).lower()}")
    assert outcome.why.endswith(f"\nhint: {hint}") is bool(hint)
    assert letters(tmp_path) == list((tmp_path / "tmp").iterdir()) == []
    monkeypatch.undo()
    assert isinstance(sender.send(message()), Sent)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outcome = MaildirSender("mail", tmp_path / "file").send(message())
    assert isinstance(outcome, Retry)
    assert outcome.why.endswith("hint: a file stands where the folder should be")
