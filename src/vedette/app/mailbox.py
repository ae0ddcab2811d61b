"""Reads a maildir: the letters that the mail-folder channel wrote, or any others. It changes nothing in it.

A letter is anybody's text: what comes out here is to be made harmless by whoever shows it, and no letter, however
broken, stops the others from being read.
"""

from __future__ import annotations

import datetime as dt
import email
import os
import re
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

from vedette.errors import NothingToDoError

_MOST_BYTES = 4_000_000
_NAMED = re.compile(r"(\d{9,11})\.")


@dataclass(frozen=True, slots=True)
class Letter:
    """A file of the folder. `number` counts from the oldest, from 1; `fresh` until a mail program has opened it."""

    number: int
    path: Path
    fresh: bool


@dataclass(frozen=True, slots=True)
class Content:
    """What a letter says. `at` is its date (epoch seconds), 0 if it has none."""

    at: int
    sender: str
    subject: str
    text: str


def letters(folder: Path) -> list[Letter]:
    """The letters of a maildir, the newest first; NothingToDoError where there is none. Raises OSError."""
    if not (folder / "new").is_dir() and not (folder / "cur").is_dir():
        raise NothingToDoError(
            f"there is no mail folder `{folder}` yet", hint="`vedette run` makes it with the first mail"
        )
    found = [
        (entry.name, Path(entry.path), part == "new") for part in ("new", "cur") for entry in _files(folder / part)
    ]
    ordered = sorted(found, key=lambda one: (_time(one[0]), one[0]))
    return [Letter(number, path, fresh) for number, (_, path, fresh) in enumerate(ordered, 1)][::-1]


def _files(folder: Path) -> list[os.DirEntry[str]]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return [entry for entry in entries if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)]


def _time(name: str) -> int:
    found = _NAMED.match(name)
    return int(found[1]) if found else 0


def read(letter: Letter) -> Content:
    """What the letter says, its text part only. Raises OSError."""
    with letter.path.open("rb") as file:
        message = email.message_from_bytes(file.read(_MOST_BYTES), policy=default)
    at = _date(_header(message, "Date")) or _time(letter.path.name)
    return Content(at, _header(message, "From"), _header(message, "Subject"), _text(message))


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message[name] or "").split())  # a long one begins on the next line
    except (MessageError, ValueError, LookupError, IndexError, AttributeError):
        # What the parser of a header trips over is no less a letter.
        return ""


def _date(text: str) -> int:
    try:
        found = parsedate_to_datetime(text)
        # One in `-0000` is in UTC, of which no zone is told (RFC 5322, 3.3): ours has nothing to do with it.
        return int((found if found.tzinfo else found.replace(tzinfo=dt.UTC)).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0


def _text(message: EmailMessage) -> str:
    try:
        part = message.get_body(("plain",))
        return "" if part is None else str(part.get_content())
    except (MessageError, LookupError, ValueError, AttributeError, KeyError):
        payload = message.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
