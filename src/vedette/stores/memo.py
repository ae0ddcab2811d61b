"""Rows that come again need not be decoded again: what a row means follows from its content alone.

A group's newest minutes and alerts are read with every record that is added to it. Whatever another process, a rollback
or a restore did to the table in between, a row of the same content means the same; so nothing here is ever outdated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from vedette.stores.schema import Row, Value

T = TypeVar("T")

MOST = 6 << 20
"""Characters of the rows that one memo holds, about; what was made of them takes some times as much."""


class Memo(Generic[T]):
    """Calls `make` with the values of a row, unless what it made of such a row is still there.

    Two generations, as in `engine.seen`: once the younger holds half of `most`, the older is forgotten. What it answers
    is shared, and must not be changed. Any number of threads may use it.
    """

    def __init__(self, make: Callable[..., T], most: int = MOST) -> None:
        self._make = make
        self._most = most // 2
        self._young: dict[Row, T] = {}
        self._old: dict[Row, T] = {}
        self._weight = 0

    def __call__(self, *row: Value) -> T:
        """What the row means."""
        found = self._young.get(row)
        if found is not None:
            return found
        meaning = self._old.get(row)
        if meaning is None:
            meaning = self._make(*row)
        self.keep(row, meaning)
        return meaning

    def once(self, *row: Value) -> T:
        """The same, without remembering it: rows of a crowd would drive out those that come again."""
        found = self._young.get(row)
        if found is None:
            found = self._old.get(row)
        return self._make(*row) if found is None else found

    def keep(self, row: Row, meaning: T) -> None:
        """Remember what a row means that is being written: it is likely to be read soon."""
        for value in row[-2:]:  # the long texts come last in every table
            if type(value) is str:
                self._weight += len(value)
        if self._weight > self._most:
            self._old, self._young, self._weight = self._young, {}, 0
        self._young[row] = meaning
