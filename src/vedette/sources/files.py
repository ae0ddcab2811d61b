"""Log objects on disk: files, folders (walked in a fixed order), and standard input.

Standard input is spooled to a temporary file first, so that the records an alert shows can be read a second time.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vedette.errors import reason_of

STDIN = "-"


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
    try:
        info = Path(path).stat()
        if stat.S_ISDIR(info.st_mode):
            for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
                if not entry.name.startswith(".") and not (entry.is_symlink() and entry.is_dir()):
                    yield from _walk(entry.path)
        elif stat.S_ISREG(info.st_mode):
            yield info, path
    except OSError as error:
        yield Unreadable(path, reason_of(error))


@contextmanager
def spooled_stdin(stream: BinaryIO | None = None) -> Iterator[FileObject]:
    """Standard input as an object that can be read twice; its temporary file goes when the context ends."""
    with tempfile.NamedTemporaryFile(prefix="vedette-", suffix=".input") as spool:
        shutil.copyfileobj(stream or sys.stdin.buffer, spool, 1 << 20)
        spool.flush()
        yield FileObject(STDIN, spool.name, spool.tell())
