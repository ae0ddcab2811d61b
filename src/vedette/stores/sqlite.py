"""The store in one SQLite file: the default. Any number of threads and processes of one machine may use it at once.

Each transaction is durable when it ends (WAL, synchronous=FULL) and alone while it lasts (BEGIN IMMEDIATE): others wait
for it. The file is made and migrated when it is first used, for its owner's eyes only. Not for network file systems,
whose locks do not hold.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

from vedette.errors import reason_of
from vedette.monitor.store import StoreError
from vedette.stores import migrations
from vedette.stores.bulk import InBulk
from vedette.stores.connections import Connections
from vedette.stores.schema import TABLES, Row, Table, Value
from vedette.stores.sql import SqlTransaction, count

T = TypeVar("T")

APPLICATION = int.from_bytes(b"Vdtt")
"""The file's application_id: a file that has another one, or tables and none, is not ours."""

PATIENCE = 30.0
"""Seconds to wait for other processes before a transaction is given up."""

_DIALECT = "sqlite"
_CACHE = 2 * 2**20
_WAL_LIMIT = 64 * 2**20
_MOMENT = 0.01


class _Session:
    """`sql.Session` over one connection."""

    claiming = ""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def rows(self, sql: str, values: Sequence[Value], make: Callable[..., T]) -> list[T]:
        return [make(*row) for row in self.connection.execute(sql, values)]

    def change(self, sql: str, values: Sequence[Value] = ()) -> int:
        return self.connection.execute(sql, values).rowcount

    def put(self, table: Table, new: Sequence[Row]) -> None:
        self.connection.executemany(_upsert(table), new)

    def add(self, table: Table, new: Sequence[Row]) -> set[Value]:
        (key,) = table.key
        place = table.written.index(key)
        run, sql = self.connection.execute, _insert(table)
        return {row[place] for row in new if run(sql, row).rowcount == 1}

    def stream(self, sql: str, make: Callable[..., T]) -> Iterator[T]:
        """The rows of a query, fetched as they are asked for."""
        for row in self.connection.execute(sql):
            yield make(*row)

    def close(self) -> None:
        self.connection.close()


@cache
def _insert(table: Table) -> str:
    names, places = ", ".join(table.written), ", ".join("?" * len(table.written))
    return " ".join(("INSERT INTO", table.name, f"({names}) VALUES ({places}) ON CONFLICT DO NOTHING"))


@cache
def _upsert(table: Table) -> str:
    changes = ", ".join(f"{name} = excluded.{name}" for name in table.written if name not in table.key)
    key = ", ".join(table.key)
    return _insert(table).replace("ON CONFLICT DO NOTHING", f"ON CONFLICT ({key}) DO UPDATE SET {changes}")


class SqliteStore(InBulk):
    """`monitor.store.Store` in the file `path`.

    Without `create` a file that is missing is an error, and one of an older version is not migrated.
    """

    def __init__(self, path: Path, *, create: bool = True, patience: float = PATIENCE) -> None:
        self.path = path
        self._patience = patience
        self._connections = Connections(self._connect)
        self.applied: list[str] = []
        """The migrations that opening has applied."""
        try:
            with self._explained():
                self._connections.give(self._open(create=create))
        except OSError as error:
            raise StoreError(f"cannot open the store `{path}`: {reason_of(error)}") from error

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        with self._session() as session:
            yield SqlTransaction(session)

    @contextmanager
    def snapshot(self) -> Iterator[SqlTransaction]:
        """A transaction that only reads."""
        with self.reading() as session:
            yield SqlTransaction(session)

    @contextmanager
    def reading(self) -> Iterator[_Session]:
        """A session that sees one moment of the store, and holds up nobody."""
        with self._session("BEGIN") as session:
            yield session

    @contextmanager
    def _session(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[_Session]:
        with self._connections.alone(), self._explained():
            session = self._connections.take()
            try:
                session.change(begin)
                yield session
                session.change("COMMIT")
            except BaseException:
                _roll_back(session)
                raise
            finally:
                self._connections.give(session)

    @contextmanager
    def pruning(self) -> Iterator[_Session]:
        """A session in which rows go that nobody changes any more."""
        with self._session() as session:
            yield session

    def prune(self, before: Mapping[str, int], tell: Callable[[str, int], None] | None = None) -> Mapping[str, int]:
        """Delete rows older than a time, by table name, and make the file smaller by them."""
        gone = super().prune(before, tell)
        with self._connections.alone(), self._explained():
            session = self._connections.take()
            session.connection.execute("PRAGMA incremental_vacuum").fetchall()
            session.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._connections.give(session)
        return gone

    def status(self) -> Mapping[str, object]:
        """Kind, place, schema version and the newest known, size in bytes, rows by table."""
        with self.reading() as session:
            found = _version(session)
            rows = {table.name: count(session, table) for table in TABLES if found}
        return {
            "kind": "sqlite",
            "place": str(self.path),
            "version": found,
            "latest": migrations.latest(_DIALECT),
            "bytes": sum(part.stat().st_size for part in _parts(self.path)),
            "rows": rows,
        }

    def close(self) -> None:
        """Let go of the file."""
        self._connections.close()

    def _open(self, *, create: bool) -> _Session:
        if create:
            _make_private(self.path)
        elif not self.path.exists():
            raise StoreError(
                f"there is no store at `{self.path}`", hint="`vedette run` makes it, `vedette store migrate` too"
            )
        session = self._connect()
        try:
            current = migrations.check(_version(session), _DIALECT)
            if create and not current:
                self._migrate(session)
        except BaseException:
            session.close()
            raise
        return session

    def _migrate(self, session: _Session) -> None:
        session.change("PRAGMA auto_vacuum = INCREMENTAL")  # of effect in a new file only
        self._use_wal(session)
        session.change("BEGIN IMMEDIATE")
        try:
            found = _version(session)  # again: another process may have been quicker
            if not migrations.check(found, _DIALECT):
                self.applied = migrations.migrate(session, _DIALECT, found, int(time.time()))
            session.change("COMMIT")
        except BaseException:
            _roll_back(session)
            raise

    def _use_wal(self, session: _Session) -> None:
        # Of several that begin with a new file, SQLite tells some at once that it is locked, however patient they are.
        end = time.monotonic() + self._patience
        while True:
            try:
                session.change("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(_MOMENT)
            else:
                return

    def _connect(self) -> _Session:
        connection = sqlite3.connect(
            self.path, timeout=self._patience, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        session = _Session(connection)
        session.change("PRAGMA synchronous = FULL")
        session.change(f"PRAGMA cache_size = {-_CACHE // 1024}")
        session.change(f"PRAGMA journal_size_limit = {_WAL_LIMIT}")
        return session

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _explanation(error, self.path) from error


def _roll_back(session: _Session) -> None:
    # After some errors (a full disk among them) SQLite has rolled back by itself.
    with suppress(sqlite3.Error):
        if session.connection.in_transaction:
            session.change("ROLLBACK")


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _parts(path: Path) -> list[Path]:
    return [part for part in (path, Path(f"{path}-wal")) if part.exists()]


def _version(session: _Session) -> int:
    """The schema's version, 0 for an empty file; StoreError for another program's file."""
    tables = session.rows("SELECT name FROM sqlite_schema WHERE type = 'table'", (), str)
    (application,) = session.rows("PRAGMA application_id", (), int)
    if application == APPLICATION:
        return migrations.version(session)
    if application or tables:
        raise StoreError("the file is another program's SQLite database", hint="give the store a file of its own")
    return 0


_EXPLANATIONS = {
    sqlite3.SQLITE_FULL: (
        "the disk is full, nothing was kept of this transaction",
        "make room: `vedette store prune` deletes old rows; the monitor goes on by itself",
    ),
    sqlite3.SQLITE_READONLY: (
        "it is read-only",
        "the user who runs Vedette must be able to write the file and its directory",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "it cannot be opened",
        "the path must name a file in a directory that the user who runs Vedette can read and write",
    ),
    sqlite3.SQLITE_NOTADB: (
        "the file is not a database",
        "give the store a file of its own, or put a backup in its place",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "the file is damaged",
        "move it away and put a backup in its place; `sqlite3 FILE .recover` saves what can be saved",
    ),
    sqlite3.SQLITE_BUSY: (
        "another process has held its lock for too long",
        "`fuser FILE` names the processes that have it open; stop the one that hangs",
    ),
}


def _explanation(error: sqlite3.Error, path: Path) -> StoreError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_IOERR:
        # A limit on the size of files, and a quota, come as an I/O error.
        what, hint = f"the disk fails ({error})", "look at the disk's room, quota and health (`df`, `dmesg`)"
    else:
        what, hint = _EXPLANATIONS.get(code, (str(error), ""))
    return StoreError(f"the store `{path}`: {what}", hint=hint or None)
