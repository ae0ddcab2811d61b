"""Opens the store that an address names, or the settings. Adapters, and what they need, are imported when asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from vedette.errors import InputError, printable
from vedette.monitor.store import Store, StoreError
from vedette.secrets import SecretRef
from vedette.settings.load import load_settings
from vedette.settings.model import Settings
from vedette.stores.schema import BY_NAME, HABITS, LEASES, RECORDS, RETENTION, TABLES, Table

__all__ = [
    "BY_NAME",
    "RETENTION",
    "TABLES",
    "KeptStore",
    "Table",
    "kept_for",
    "open_kept",
    "open_kept_by",
    "open_store",
    "settings_from",
]

Tell = Callable[[str, int], None]

_HINT = "write sqlite:PATH, postgresql://USER@HOST/DATABASE or memory:"


class KeptStore(Store, Protocol):
    """A store that outlives the process: it can be looked after."""

    applied: list[str]
    """The migrations that opening it has applied."""

    def prune(self, before: Mapping[str, int], tell: Tell | None = None) -> Mapping[str, int]:
        """Delete rows older than a time, by table name; `tell` hears each table and how many of it went so far."""

    def expired(self, before: Mapping[str, int]) -> Mapping[str, int]:
        """How many rows `prune` would delete, by table name."""

    def export(self, tables: Sequence[Table] = TABLES) -> Iterator[str]:
        """Every row as a line of JSON, of one moment."""


def open_store(url: str, *, create: bool = True, password: Callable[[], str] | None = None) -> Store:
    """The store at `sqlite:PATH` (`sqlite:///PATH` too), `postgresql://USER@HOST/DATABASE?schema=NAME` or `memory:`.

    It is made and migrated as needed, unless `create` is false. `password` is asked for with each connection to a
    server. InputError for an address that is none, StoreError for a store that cannot be opened.
    """
    if url == "memory:":
        from vedette.stores.memory import MemoryStore

        return MemoryStore()
    return open_kept(url, create=create, password=password)


def open_kept(url: str, *, create: bool = True, password: Callable[[], str] | None = None) -> KeptStore:
    """As `open_store`, for stores that outlive the process."""
    scheme, _, rest = url.partition(":")
    match scheme.lower():
        case "sqlite":
            return _sqlite(rest, create=create)
        case "postgresql" | "postgres":
            return _postgres(url, create=create, password=password)
        case "memory":
            raise InputError("a store in memory ends with its process: there is nothing to look after", hint=_HINT)
        case _:
            # An address can hold a password: only its kind is repeated.
            raise InputError(f"`{printable(scheme[:20])}` is no kind of store", hint=_HINT)


def settings_from(given: str | None) -> Settings:
    """The settings that hold here; `given` is the file of `--settings`. Raises InputError for what is wrong in them."""
    return load_settings(given, os.environ, Path.cwd())


def open_kept_by(settings: Settings, url: str | None = None, *, create: bool = True) -> KeptStore:
    """The store that the settings name, or the one at `url`; the password is the settings'."""
    ref = settings.store.password
    password = None if ref is None or url is not None else _credential(settings, ref)
    return open_kept(url or settings.store.url, create=create, password=password)


def kept_for(settings: Settings) -> Mapping[str, int]:
    """How many seconds the rows of each table are kept, of the tables that are pruned."""
    given, records = settings.store, {table.name for table in RECORDS}
    kept = {name: given.record_retention if name in records else given.retention for name in RETENTION}
    return {**kept, HABITS.name: settings.habits.retention, LEASES.name: 86_400}


def _credential(settings: Settings, ref: SecretRef) -> Callable[[], str]:
    from vedette.app.accounts import Accounts
    from vedette.app.vault import open_secrets

    return open_secrets(Accounts(settings)).credential(ref)


def _sqlite(place: str, *, create: bool) -> KeptStore:
    from vedette.stores.sqlite import SqliteStore

    path = place.removeprefix("//")
    if not path or "\0" in path:
        raise InputError("the store's address names no file", hint=_HINT)
    return SqliteStore(Path(path).expanduser(), create=create)


def _postgres(url: str, *, create: bool, password: Callable[[], str] | None) -> KeptStore:
    try:
        from vedette.stores.postgres import Address, PostgresStore
    except ImportError as error:
        raise StoreError(
            "a store in PostgreSQL needs a driver that is not installed", hint="pip install 'vedette[postgres]'"
        ) from error
    return PostgresStore(Address.parse(url), create=create, password=password)
