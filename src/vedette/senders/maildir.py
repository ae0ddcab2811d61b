"""Maildir: each message a file in a folder, as mail programs read it. The default: it needs no server and no account.

A file is written under `tmp`, made durable, and moved to `new`, so that nobody sees half a message. Its name holds a
digest of the delivery's key: the same delivery is never there twice.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vedette.alerts import render
from vedette.alerts.delivery import Outcome, Retry, Sent
from vedette.errors import reason_of
from vedette.senders.letters import compose, domain, message_id, wire
from vedette.senders.port import Message

_HINTS = {
    errno.EACCES: "look at the folder's owner and mode",
    errno.EPERM: "look at the folder's owner and mode",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.ENOTDIR: "a file stands where the folder should be",
}


@dataclass(frozen=True, slots=True)
class MaildirSender:
    """A folder with `tmp`, `new` and `cur`, made when the first message comes; only its owner may look in."""

    name: str
    path: Path
    sender: str = "Vedette <vedette@localhost>"
    recipient: str = "you@localhost"

    def send(self, message: Message) -> Outcome:
        """Put it there."""
        content = render.email(message.notice, domain=domain(self.sender), thread=message.thread)
        letter = compose(content, self.sender, [self.recipient], message.notice.now)
        identity = message_id(letter)
        digest = hashlib.blake2b(message.key.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        try:
            if not any(digest in name for name in self._names()):
                self._write(f"{message.notice.now}.{digest}.vedette.eml", wire(letter, "\n"))
        except OSError as error:
            hint = _HINTS.get(error.errno or 0)
            why = f"cannot write to {self.path}: {reason_of(error)}"
            return Retry(f"{why}\nhint: {hint}" if hint else why)
        return Sent(identity, message.thread or identity)

    def close(self) -> None:
        """Nothing is held."""

    def _names(self) -> Iterator[str]:
        for folder in ("new", "cur"):
            with contextlib.suppress(FileNotFoundError), os.scandir(self.path / folder) as found:
                for entry in found:
                    yield entry.name

    def _write(self, name: str, data: bytes) -> None:
        for folder in (self.path, self.path / "tmp", self.path / "new", self.path / "cur"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        start = self.path / "tmp" / f"{name}.{os.getpid()}.{threading.get_ident()}"
        try:
            with open(start, "wb", opener=_private) as file:  # Path.open takes no opener
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            start.replace(self.path / "new" / name)
        except OSError:
            with contextlib.suppress(OSError):
                start.unlink()
            raise
        _make_durable(self.path / "new")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _make_durable(folder: Path) -> None:
    # A rename is on the disk only once its folder is.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
