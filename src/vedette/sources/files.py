"""Log objects on disk: files, folders (walked in a fixed order), standard input and other pipes.

What comes through a pipe is spooled to a temporary file first, so that the records an alert shows can be read a second
time.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from vedette.errors import reason_of, unwritable

STDIN = "-"
_SPOOLED_AT_ONCE = 1 << 20
_OPEN_FILES = "/proc/self/fd"
"""Where Linux lets a process, and those forked from it, open its open files anew, deleted or not."""


@dataclass(frozen=True, slots=True)
class FileObject:
    """One object: the name that messages use, where its bytes are, and how many (compressed) there are."""

    name: str
    path: str
    size: int

    def open(self) -> BinaryIO:
        """A fresh binary stream; raises OSError as the file system does."""
        return Path(self.path).open("rb")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A path that cannot be read, and the system's reason."""

    name: str
    reason: str


def size_of(found: FileObject | Unreadable) -> int:
    """Bytes as stored; none of what cannot be read."""
    return found.size if isinstance(found, FileObject) else 0


def find_objects(paths: Sequence[str]) -> Iterator[FileObject | Unreadable]:
    """Every file under `paths`, each once, in name order within a folder.

    Folders are walked depth first; names that start with a dot are passed over below a folder (named directly they
    are taken), and so are sockets, devices and pipes; symbolic links to folders are not followed, so there is no cycle.
    """
    seen: set[tuple[int, int]] = set()
    for given in paths:
        for found in _walk(given):
            if isinstance(found, Unreadable):
                yield found
                continue
            info, name = found
            identity = (info.st_dev, info.st_ino)
            if identity not in seen:
                seen.add(identity)
                yield FileObject(name, name, info.st_size)


def _walk(path: str) -> Iterator[tuple[os.stat_result, str] | Unreadable]:
    pending = [path]  # and not by recursion: somebody may have made folders a thousand deep
    while pending:
        path = pending.pop()
        try:
            info = Path(path).stat()
            if stat.S_ISDIR(info.st_mode):
                pending += reversed(_entries(path))
            elif stat.S_ISREG(info.st_mode):
                yield info, path
        except OSError as error:
            yield Unreadable(path, reason_of(error))


def _entries(folder: str) -> list[str]:
    with os.scandir(folder) as entries:
        taken = [
            entry for entry in entries if not entry.name.startswith(".") and not (entry.is_symlink() and entry.is_dir())
        ]
    return [entry.path for entry in sorted(taken, key=lambda entry: entry.name)]


def is_pipe(path: str) -> bool:
    """Whether `path` names a pipe, such as what a shell makes of `<(…)`; never raises."""
    try:
        return stat.S_ISFIFO(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return False


@contextmanager
def spooled_stdin(stream: BinaryIO | None = None) -> Iterator[FileObject]:
    """Standard input as an object that can be read twice; its temporary file goes when the context ends."""
    with _spooled(STDIN, stream or sys.stdin.buffer) as found:
        yield found


@contextmanager
def spooled_pipe(path: str) -> Iterator[FileObject]:
    """As `spooled_stdin`, of the pipe that `path` names: waits for whoever writes to it."""
    with Path(path).open("rb") as stream, _spooled(path, stream) as found:
        yield found


@contextmanager
def _spooled(name: str, stream: BinaryIO) -> Iterator[FileObject]:
    with _spool() as spool:
        while data := stream.read(_SPOOLED_AT_ONCE):
            try:
                spool.write(data)
                spool.flush()
            except OSError as error:
                raise unwritable(f"what `{name}` gives to `{tempfile.gettempdir()}`", error) from error
        path = spool.name if isinstance(spool.name, str) else f"{_OPEN_FILES}/{spool.fileno()}"
        yield FileObject(name, path, spool.tell())


def _spool() -> IO[bytes]:
    """A temporary file: without a name where the system lets it be opened again, for a process that is killed would
    leave a named one, with somebody's logs in it, behind."""
    if Path(_OPEN_FILES).is_dir():
        return tempfile.TemporaryFile()
    return tempfile.NamedTemporaryFile(prefix="vedette-", suffix=".input")
