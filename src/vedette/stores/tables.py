"""Tables in memory: rows by key, found by what they share, and changes that can be taken back."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Index(Generic[_K, _V]):
    """The keys of a table's rows by something that the rows share, in an order that ends with what no two share."""

    def __init__(self, share: Callable[[_V], Hashable], order: Callable[[_V], tuple[object, ...]]) -> None:
        self._share, self._order = share, order
        self._lists: dict[Hashable, list[tuple[tuple[object, ...], _K]]] = {}

    def add(self, key: _K, row: _V) -> None:
        insort(self._lists.setdefault(self._share(row), []), (self._order(row), key))

    def remove(self, key: _K, row: _V) -> None:
        entries = self._lists[self._share(row)]
        del entries[bisect_left(entries, (self._order(row), key))]
        if not entries:
            del self._lists[self._share(row)]

    def keys(self, share: Hashable, low: int | None = None, high: int | None = None) -> list[_K]:
        """The keys of the rows that share this, in order; those whose order begins in `[low, high)`."""
        entries = self._lists.get(share, [])
        first = 0 if low is None else bisect_left(entries, ((low,),))
        last = len(entries) if high is None else bisect_left(entries, ((high,),))
        return [key for _, key in entries[first:last]]

    def backwards(self, share: Hashable, low: int | None = None) -> Iterator[_K]:
        """As `keys`, from the last on."""
        for order, key in reversed(self._lists.get(share, [])):
            if low is not None and order < (low,):
                return
            yield key


@dataclass(slots=True)
class Table(Generic[_K, _V]):
    """Rows by key. What a change replaces goes to the journal, so that it can be taken back."""

    journal: list[Callable[[], None]]
    indexes: Sequence[Index[_K, _V]] = ()
    rows: dict[_K, _V] = field(default_factory=dict)

    def put(self, key: _K, row: _V | None) -> None:
        """Insert or replace; None deletes."""
        old = self.rows.get(key)
        self.journal.append(lambda: self._set(key, old))
        self._set(key, row)

    def _set(self, key: _K, row: _V | None) -> None:
        old = self.rows.get(key)
        for index in self.indexes:
            if old is not None:
                index.remove(key, old)
            if row is not None:
                index.add(key, row)
        if row is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = row

    def found(self, keys: Iterable[_K]) -> list[_V]:
        """The rows of these keys."""
        return [self.rows[key] for key in keys]


def drop(table: Table[_K, _V], is_old: Callable[[_V], bool]) -> int:
    """Delete what is old; how many rows that were."""
    old = [key for key, row in table.rows.items() if is_old(row)]
    for key in old:
        table.put(key, None)
    return len(old)
