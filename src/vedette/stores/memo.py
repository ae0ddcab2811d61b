"""Rows that come again need not be decoded again: what a row means follows from its content alone.

A group's newest minutes and alerts are read with every record that is added to it. Whatever another process, a rollback
or a restore did to the table in between, a row of the same content means the same; so nothing here is ever outdated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from vedette.stores.schema import Row, Value

T = TypeVar("T")

MOST = 2 << 20
"""Characters of the rows that one memo holds, about; what was made of them takes some times as much."""


class Memo(Generic[T]):
    """Calls `make` with the values of a row, unless what it made of such a row is still there.

    The first `key` values say which row of the table it is: of its contents the last one met is held. Two generations,
    as in `engine.seen`: once the younger holds half of `most`, the older is forgotten. What it answers is shared, and
    must not be changed. Any number of threads may use it.
    """

    def __init__(self, make: Callable[..., T], key: int, most: int = MOST) -> None:
        self._make = make
        self._key = key
        self._most = most // 2
        self._young: dict[Row, tuple[Row, T]] = {}
        self._old: dict[Row, tuple[Row, T]] = {}
        self._weight = 0

    def __call__(self, *row: Value) -> T:
        """What the row means."""
        key = row[: self._key]
        found = self._young.get(key)
        if found is not None and found[0] == row:
            return found[1]
        found = self._old.get(key)
        meaning = found[1] if found is not None and found[0] == row else self._make(*row)
        self.keep(row, meaning)
        return meaning

    def once(self, *row: Value) -> T:
        """The same, without remembering it: rows of a crowd would drive out those that come again."""
        key = row[: self._key]
        for found in (self._young.get(key), self._old.get(key)):
            if found is not None and found[0] == row:
                return found[1]
        return self._make(*row)

    def keep(self, row: Row, meaning: T) -> None:
        """Remember what a row means that is being written: it is likely to be read soon."""
        key = row[: self._key]
        before = self._young.get(key)
        weight = _weight(row)
        self._weight += weight if before is None else weight - _weight(before[0])
        if self._weight > self._most:
            self._old, self._young, self._weight = self._young, {}, weight
        self._young[key] = row, meaning


def _weight(row: Row) -> int:
    return sum([len(value) for value in row[-2:] if type(value) is str])  # the long texts come last in every table
