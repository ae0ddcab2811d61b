"""What every SQL store does with rows in bulk: count what is old, let it go a little at a time, give all of it away."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from vedette.stores.export import Streaming, lines
from vedette.stores.schema import TABLES, Table
from vedette.stores.sql import CHUNK, Session, count, prunable, prune_chunk


class StreamingSession(Session, Streaming, Protocol):
    """A session that can hand out more rows than memory holds."""


class InBulk(ABC):
    """The part of a store that needs only sessions. `before` is a time for each table, by name (epoch seconds)."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[StreamingSession]:
        """A session that sees one moment of the store, and holds up nobody."""

    @abstractmethod
    def pruning(self) -> AbstractContextManager[Session]:
        """A session in which rows go that nobody changes any more."""

    def expired(self, before: Mapping[str, int]) -> Mapping[str, int]:
        """How many rows `prune` would delete, by table name."""
        with self.reading() as session:
            return {table.name: count(session, table, before[table.name]) for table in map(prunable, before)}

    def export(self, tables: Sequence[Table] = TABLES) -> Iterator[str]:
        """Every row as a line of JSON, of one moment (see `export`)."""
        with self.reading() as session:
            yield from lines(session, tables)

    def prune(self, before: Mapping[str, int], tell: Callable[[str, int], None] | None = None) -> Mapping[str, int]:
        """Delete rows older than a time, by table name; `tell` hears each table and how many of it went so far."""
        return {table.name: self._prune(table, before[table.name], tell) for table in map(prunable, before)}

    def _prune(self, table: Table, before: int, tell: Callable[[str, int], None] | None) -> int:
        gone, went = 0, CHUNK
        while went == CHUNK:
            with self.pruning() as session:
                went = prune_chunk(session, table, before)
            gone += went
            if tell is not None:
                tell(table.name, gone)
        return gone
