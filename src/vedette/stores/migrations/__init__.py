"""Numbered changes of the schema, one file each and dialect (`0001-first.sqlite.sql`), applied in order and recorded.

An adapter calls `migrate` within a transaction that no other process can be in at the same time, so that all steps
commit together and each once. A file that was released is never changed: what it lacks comes in the next one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from vedette.monitor.store import StoreError
from vedette.stores.sql import Session

RECORD = "CREATE TABLE vedette_migrations (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied {integer})"
_FILE = re.compile(r"(?P<version>\d{4})-(?P<name>[a-z0-9-]+)\.(?P<dialect>[a-z]+)\.sql")
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: it leads to `version`."""

    version: int
    name: str
    statements: tuple[str, ...]


@cache
def migrations(dialect: str) -> tuple[Migration, ...]:
    """The steps for `sqlite` or `postgres`, in order; versions count from 1 without a gap."""
    found = [(match, file) for file in files(__name__).iterdir() if (match := _FILE.fullmatch(file.name))]
    steps = [
        Migration(int(match["version"]), match["name"], _statements(file.read_text(encoding="utf-8")))
        for match, file in found
        if match["dialect"] == dialect
    ]
    return tuple(sorted(steps, key=lambda step: step.version))


def latest(dialect: str) -> int:
    """The version that this program makes and reads."""
    return migrations(dialect)[-1].version


def _statements(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _COMMENT.sub("", text).split(";") if part.strip())


def version(session: Session) -> int:
    """The schema's version, where its record exists."""
    return session.rows("SELECT coalesce(max(version), 0) FROM vedette_migrations", (), int)[0]


def check(found: int, dialect: str) -> bool:
    """Whether the schema is this program's; False if it must be migrated, StoreError if it is of a newer program."""
    known = latest(dialect)
    if found > known:
        raise StoreError(
            f"the store's schema has version {found}, and this program knows versions up to {known}",
            hint="a newer Vedette has migrated it: upgrade this one, `pip install --upgrade vedette`",
        )
    return found == known


def migrate(session: Session, dialect: str, found: int, now: int, upto: int | None = None) -> list[str]:
    """Apply what comes after version `found`, 0 being an empty database; the names of the steps, for the operator."""
    if not found:
        session.change(RECORD.format(integer="INTEGER" if dialect == "sqlite" else "BIGINT"))
    wanted = [step for step in migrations(dialect) if found < step.version <= (upto or latest(dialect))]
    for step in wanted:
        for statement in step.statements:
            session.change(statement)
        session.change("INSERT INTO vedette_migrations VALUES (?, ?, ?)", (step.version, step.name, now))
    return [f"{step.version:04}-{step.name}" for step in wanted]
