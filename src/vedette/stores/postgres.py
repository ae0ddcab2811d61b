"""The store in PostgreSQL (13 or newer), for several monitors at once. Needs the extra `vedette[postgres]`.

Transactions are SERIALIZABLE: they behave as if one came after the other, and where two cannot, one of them raises
ConflictError and is to be done again (`retry.committed`). A connection that died is replaced by the next transaction.
Everything is in one schema, `vedette` unless the address says `?schema=NAME`. Passwords are asked for at each
connection, and appear in no message.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import TypeVar, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from vedette.errors import InputError, printable
from vedette.monitor.store import ConflictError, StoreError
from vedette.stores import migrations
from vedette.stores.bulk import InBulk
from vedette.stores.connections import Connections
from vedette.stores.schema import TABLES, Row, Table, Value
from vedette.stores.sql import SqlTransaction, count

T = TypeVar("T")

_DIALECT = "postgres"
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_MIGRATION_LOCK = int.from_bytes(b"Vdtt")
_BEGIN = "BEGIN ISOLATION LEVEL SERIALIZABLE"
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_SETTINGS = "SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '5min'"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the database is. `place` names it without its password."""

    conninfo: str
    schema: str
    place: str

    @classmethod
    def parse(cls, url: str) -> Address:
        """From `postgresql://user@host/database?schema=NAME` and what else libpq takes; InputError if it is none."""
        try:
            parts = urlsplit(url)
            query = parse_qsl(parts.query, keep_blank_values=True)
            conninfo = urlunsplit(parts._replace(query=urlencode([pair for pair in query if pair[0] != "schema"])))
            fields = conninfo_to_dict(conninfo)
            _check_ports(str(fields.get("port") or ""))
        except (ValueError, psycopg.Error):
            # Their texts may quote the part of the address in which the password is.
            raise InputError(
                "the store's address is no PostgreSQL URL",
                hint="write postgresql://USER@HOST:PORT/DATABASE; other signs in names as %XX",
            ) from None
        schema = dict(query).get("schema", "vedette")
        if not _SCHEMA.fullmatch(schema):
            raise InputError(f"`{printable(schema)}` is no name for a schema", hint="use a to z, 0 to 9 and _")
        host, name = fields.get("host") or "local socket", fields.get("dbname") or "default database"
        return cls(conninfo, schema, f"{host}/{name}, schema {schema}")


def _check_ports(ports: str) -> None:
    """ValueError for what is no list of ports: a `/` in a password makes libpq take a part of that for one."""
    for port in filter(None, ports.split(",")):
        int(port)


class _Session:
    """`sql.Session` over one connection."""

    claiming = "FOR UPDATE SKIP LOCKED"

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self.connection = connection

    @property
    def dead(self) -> bool:
        """Whether the server, or the way to it, is gone."""
        return self.connection.closed

    def rows(self, sql: str, values: Sequence[Value], make: Callable[..., T]) -> list[T]:
        return [make(*row) for row in self.connection.execute(_placed(sql), values)]

    def change(self, sql: str, values: Sequence[Value] = ()) -> int:
        return self.connection.execute(_placed(sql), values or None).rowcount

    def put(self, table: Table, new: Sequence[Row]) -> None:
        if new:
            self.connection.execute(_upsert(table), (_rows(table, new),))

    def add(self, table: Table, new: Sequence[Row]) -> set[Value]:
        if not new:
            return set()
        return {cast(Value, key) for (key,) in self.connection.execute(_insert(table), (_rows(table, new),))}

    def stream(self, sql: str, make: Callable[..., T]) -> Iterator[T]:
        """The rows of a query, fetched as they are asked for."""
        with self.connection.cursor(name="vedette_export") as cursor:
            cursor.itersize = 500
            for row in cursor.execute(_placed(sql)):
                yield make(*row)

    def close(self) -> None:
        self.connection.close()


@cache
def _placed(sql: str) -> bytes:
    return sql.replace("%", "%%").replace("?", "%s").encode()


def _rows(table: Table, new: Sequence[Row]) -> str:
    """All rows as one JSON value, which costs a third of what arrays by column do.

    They are in the order of their keys: two transactions that lock the same rows cannot embrace.
    """
    places = [table.written.index(name) for name in table.key]
    ordered = sorted(new, key=lambda row: [str(row[place]) for place in places]) if len(new) > 1 else new
    return msgspec.json.encode([dict(zip(table.written, map(_jsonable, row), strict=True)) for row in ordered]).decode()


def _jsonable(value: Value) -> str | int | float | None:
    return f"\\x{value.hex()}" if isinstance(value, bytes) else value


@cache
def _statement(table: Table, conflict: str) -> bytes:
    names = ", ".join(table.written)
    typed = ", ".join(f"{name} {table.columns[name].value}" for name in table.written)
    source = f"json_to_recordset(%s::json) AS new ({typed})"
    return " ".join(
        ("INSERT INTO", table.name, f"({names})", "SELECT * FROM", source, "ON CONFLICT", conflict)
    ).encode()


def _insert(table: Table) -> bytes:
    return _statement(table, f"DO NOTHING RETURNING {table.key[0]}")


def _upsert(table: Table) -> bytes:
    changes = ", ".join(f"{name} = excluded.{name}" for name in table.written if name not in table.key)
    return _statement(table, f"({', '.join(table.key)}) DO UPDATE SET {changes}")


class PostgresStore(InBulk):
    """`monitor.store.Store` in a schema of a PostgreSQL database.

    `password` is called for each new connection, so that one that was changed needs no restart. Without `create` a
    schema that is missing, or of an older version, is left as it is.
    """

    def __init__(self, address: Address, *, create: bool = True, password: Callable[[], str] | None = None) -> None:
        self.address = address
        self._password = password
        self._connections = Connections(self._connect)
        self.applied: list[str] = []
        """The migrations that opening has applied."""
        with self._explained():
            session = self._connect()
            try:
                self._prepare(session, create=create)
            except BaseException:
                session.close()
                raise
            self._connections.give(session)

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        """A transaction that commits when the block ends and rolls back when it raises; ConflictError: do it again."""
        with self._session(_BEGIN) as session:
            yield SqlTransaction(session)

    @contextmanager
    def snapshot(self) -> Iterator[SqlTransaction]:
        """A transaction that only reads."""
        with self.reading() as session:
            yield SqlTransaction(session)

    @contextmanager
    def reading(self) -> Iterator[_Session]:
        """A session that sees one moment of the store, and holds up nobody."""
        with self._session(_BEGIN_READING) as session:
            yield session

    @contextmanager
    def _session(self, begin: str) -> Iterator[_Session]:
        with self._connections.alone(), self._explained():
            session = self._begun(begin)
            try:
                yield session
                session.change("COMMIT")
            except BaseException:
                with suppress(psycopg.Error):
                    session.change("ROLLBACK")
                raise
            finally:
                if session.dead:
                    session.close()
                else:
                    self._connections.give(session)

    def _begun(self, begin: str) -> _Session:
        session = self._connections.idle()
        if session is not None:
            try:
                session.change(begin)
            except psycopg.Error:
                # The server was restarted since: that is no reason for this transaction to fail.
                session.close()
            else:
                return session
        session = self._connections.new()
        session.change(begin)
        return session

    @contextmanager
    def pruning(self) -> Iterator[_Session]:
        """A session in which rows go that nobody changes any more.

        Of a weaker isolation, which saves conflicts with those who only read them.
        """
        with self._session("BEGIN ISOLATION LEVEL READ COMMITTED") as session:
            yield session

    def status(self) -> Mapping[str, object]:
        """Kind, place, schema version and the newest known, size in bytes, rows by table."""
        with self.reading() as session:
            found = _version(session, self.address.schema)
            rows = {table.name: count(session, table) for table in TABLES if found}
            sizes = [
                session.rows("SELECT pg_total_relation_size(to_regclass(?))", (table.name,), int)[0]
                for table in TABLES
                if found
            ]
        return {
            "kind": "postgresql",
            "place": self.address.place,
            "version": found,
            "latest": migrations.latest(_DIALECT),
            "bytes": sum(sizes),
            "rows": rows,
        }

    def close(self) -> None:
        """Let go of the connections."""
        self._connections.close()

    def _prepare(self, session: _Session, *, create: bool) -> None:
        if migrations.check(_version(session, self.address.schema), _DIALECT) or not create:
            return
        session.change("BEGIN ISOLATION LEVEL READ COMMITTED")
        session.rows("SELECT pg_advisory_xact_lock(?)", (_MIGRATION_LOCK,), str)
        found = _version(session, self.address.schema)  # again: another monitor may have been quicker
        if not migrations.check(found, _DIALECT):
            if not session.rows("SELECT 1 FROM pg_namespace WHERE nspname = ?", (self.address.schema,), int):
                session.connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(self.address.schema)))
            self.applied = migrations.migrate(session, _DIALECT, found, int(time.time()))
        session.change("COMMIT")

    def _connect(self) -> _Session:
        connection = psycopg.connect(
            self.address.conninfo,
            autocommit=True,
            connect_timeout=10,
            tcp_user_timeout=30_000,
            fallback_application_name="vedette",
            password=None if self._password is None else self._password(),
        )
        connection.execute(_SETTINGS)
        connection.execute(SQL("SET search_path TO {}").format(Identifier(self.address.schema)))
        return _Session(connection)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise _explanation(error, self.address.place) from error


_THERE = "SELECT 1 FROM pg_tables WHERE schemaname = ? AND tablename = 'vedette_migrations'"


def _version(session: _Session, schema: str) -> int:
    # Not to_regclass: it may remember from before a lock was waited for that there is no such schema.
    return migrations.version(session) if session.rows(_THERE, (schema,), int) else 0


_CONFLICTS = {"40001", "40P01"}
_EXPLANATIONS = {
    "53100": ("the server's disk is full", "make room there: `vedette store prune` deletes old rows"),
    "53300": ("the server takes no more connections", "raise its max_connections, or stop what holds them"),
    "55P03": ("another transaction has held a lock for too long", "pg_stat_activity names who holds it"),
    "25006": ("the server is read-only, a standby perhaps", "give the address of the primary"),
    "28P01": ("the server refuses the password", "look at the user's name and password"),
    "28000": ("the server refuses the user", "look at the user's name, and at the server's pg_hba.conf"),
    "42P01": ("it is not made yet", "`vedette run` makes it, `vedette store migrate` too"),
    "3D000": ("there is no such database", "make it: `createdb NAME`"),
    "42501": ("the user lacks a permission", "it needs CREATE on the database, or a schema that it owns"),
}


def _explanation(error: psycopg.Error, place: str) -> StoreError:
    where = f"the store in PostgreSQL ({printable(place)})"
    if error.sqlstate in _CONFLICTS:
        return ConflictError(f"{where}: another transaction got in between", hint="do the same again")
    lines = str(error).strip().splitlines() or [type(error).__name__]
    said = printable(lines[0])
    if error.sqlstate in _EXPLANATIONS:
        what, hint = _EXPLANATIONS[error.sqlstate]
        return StoreError(f"{where}: {what} ({said})", hint=hint)
    if isinstance(error, psycopg.OperationalError):
        return StoreError(f"{where} cannot be reached: {said}", hint="is the server running, and the address right?")
    return StoreError(f"{where}: {said}")
