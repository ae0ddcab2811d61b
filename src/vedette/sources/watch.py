"""A folder that files come into, at any depth: looked at again and again, each file handed out once it is whole.

A file is whole when its content says so (gzip to its end, a closed log file), or when it has rested: its size and time
have not changed for a while. It is read once; what is appended later is not seen. Names that begin with a dot or end as
unfinished downloads do are passed over: they get their real names when they are done.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from vedette.sources.held import LEASE, Clock, Leases, Names
from vedette.sources.port import Item, PoisonError, SourceError
from vedette.sources.whole import is_whole

UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", "~")
_TICK = 2.0
"""Seconds within which a folder may change and keep its time: clocks of file systems are coarse."""

_TOGETHER = 4096


@dataclass(slots=True)
class _Folder:
    """What is remembered of a folder: its time when it was looked at, since when, and the folders in it.

    With `settled`, all its files are done, and only a change of its time can bring another.
    """

    changed: int
    since: float
    inner: tuple[str, ...] = ()
    settled: bool = False


@dataclass(slots=True)
class _Resting:
    """A file that was not whole: how it was, and since when it has been so."""

    size: int
    changed: int
    since: float


@dataclass(slots=True)
class WatchedFolder:
    """A folder as a source. `settle` is how many seconds a file rests that is not known to be whole.

    Memory grows with the number of folders, and by eight bytes a file.
    """

    name: str
    path: str
    settle: int = 10
    lease: float = LEASE
    clock: Clock = time.monotonic
    _folders: dict[str, _Folder] = field(default_factory=dict)
    _resting: dict[str, _Resting] = field(default_factory=dict)
    _done: Names = field(default_factory=Names)
    _leases: Leases = field(init=False)

    def __post_init__(self) -> None:
        self.path = str(Path(self.path).absolute())
        self._leases = Leases(self.lease, self.clock)

    @property
    def cursor(self) -> str:
        """None is needed: the store knows the names that are done."""
        return ""

    def poll(self, now: int) -> Iterator[Item]:
        """The files that are whole and not done; raises SourceError if there is no such folder."""
        if not Path(self.path).is_dir():
            raise SourceError(f"no folder `{self.path}`", hint=f"mkdir -p {self.path}")
        self._leases.forget_ended()
        self._resting = {path: one for path, one in self._resting.items() if Path(path).exists()}
        waiting = [self.path]
        while waiting:
            folder = waiting.pop()
            yield from self._visit(folder, now)
            known = self._folders.get(folder)
            waiting.extend(reversed(known.inner if known else ()))

    def fetch(self, name: str) -> Item:
        """The file of that name."""
        return Item(name, 0, lambda: _open(name))

    def _visit(self, folder: str, now: int) -> Iterator[Item]:
        try:
            changed = os.stat(folder).st_mtime_ns  # noqa: PTH116  # a million paths need not be objects
            known = self._folders.get(folder)
            if known is not None and known.changed == changed and known.settled:
                return
            if known is None or known.changed != changed:
                known = self._folders[folder] = _Folder(changed, self.clock(), known.inner if known else ())
            yield from self._look(folder, known, now)
        except FileNotFoundError:
            self._forget(folder)
        except OSError as error:
            # An item that cannot be opened, so that a folder that cannot be read is told like such a file.
            self._folders.pop(folder, None)
            yield from self._offer(folder, 0, None, error)

    def _forget(self, folder: str) -> None:
        known = self._folders.pop(folder, None)
        for inner in known.inner if known else ():
            self._forget(inner)

    def _look(self, folder: str, known: _Folder, now: int) -> Iterator[Item]:
        old = self.clock() - known.since >= _TICK
        inner: list[str] = []
        settled = True
        with os.scandir(folder) as entries:
            while some := sorted(islice(entries, _TOGETHER), key=lambda entry: entry.name):
                for entry in some:
                    if entry.name.startswith(".") or entry.name.endswith(UNFINISHED):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        inner.append(entry.path)
                    elif entry.path not in self._done and entry.is_file():
                        settled = False
                        yield from self._consider(entry, now)
        for gone in {*known.inner}.difference(inner):
            self._forget(gone)
        known.inner = tuple(inner)
        known.settled = settled and old

    def _consider(self, entry: os.DirEntry[str], now: int) -> Iterator[Item]:
        if self._leases.holds(entry.path):
            return
        try:
            info = entry.stat()
            if not self._is_ready(entry.path, info, now):
                return
        except FileNotFoundError:
            return
        except OSError as error:
            yield from self._offer(entry.path, 0, None, error)
            return
        yield from self._offer(entry.path, info.st_size, int(info.st_mtime), None)

    def _is_ready(self, path: str, info: os.stat_result, now: int) -> bool:
        if self._has_rested(path, info, now):
            return True
        with Path(path).open("rb") as stream:
            if not is_whole(stream, info.st_size):
                return False
        self._resting.pop(path, None)
        return True

    def _has_rested(self, path: str, info: os.stat_result, now: int) -> bool:
        """By the file's own time where that is past, or else by what was seen of it."""
        before = self._resting.get(path)
        if 0 <= self.settle <= now - info.st_mtime:
            self._resting.pop(path, None)
            return True
        if before is None or (before.size, before.changed) != (info.st_size, info.st_mtime_ns):
            self._resting[path] = _Resting(info.st_size, info.st_mtime_ns, self.clock())
            return False
        if self.clock() - before.since < self.settle:
            return False
        del self._resting[path]
        return True

    def _offer(self, path: str, size: int, delivered: int | None, error: OSError | None) -> Iterator[Item]:
        if path in self._done or not self._leases.take(path):
            return
        yield Item(
            name=os.fsencode(path).decode("utf-8", "backslashreplace"),
            size=size,
            open=lambda: _open(path, error),
            ack=lambda: self._settle(path),
            extend=lambda seconds: self._leases.extend(path, seconds),
            reject=lambda why: self._settle(path),
            delivered=delivered,
        )

    def _settle(self, path: str) -> None:
        self._done.add(path)
        self._leases.release(path)


def _open(path: str, error: OSError | None = None) -> BinaryIO:
    if error is not None:
        raise error
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        raise PoisonError(f"`{path}` is gone") from None
