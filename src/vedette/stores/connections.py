"""Connections that are open and idle: a thread takes one for a transaction and gives it back; never two at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from vedette.monitor.store import StoreError


class Closable(Protocol):
    """A connection of either kind."""

    def close(self) -> None:
        """Let go of it; another time does nothing."""


C = TypeVar("C", bound=Closable)


class Connections(Generic[C]):
    """Open as many as there are transactions at the same time. StoreError once closed."""

    def __init__(self, connect: Callable[[], C]) -> None:
        self._connect = connect
        self._idle: list[C] = []
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.local()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The time of one transaction; StoreError within another of the same thread, which would wait for itself."""
        if getattr(self._thread, "busy", False):
            raise StoreError("a transaction within a transaction")
        self._thread.busy = True
        try:
            yield
        finally:
            self._thread.busy = False

    def idle(self) -> C | None:
        """One that was given back, if there is any."""
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed")
            return self._idle.pop() if self._idle else None

    def take(self) -> C:
        """One that was given back, or a new one."""
        return self.idle() or self._connect()

    def new(self) -> C:
        """A new one, after one that was given back turned out dead: the others may be dead as well, and are closed."""
        self._close_idle()
        return self._connect()

    def give(self, connection: C) -> None:
        """Put it with the idle ones; close it if the store was closed meanwhile."""
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close the idle ones now, and the others when they are given back."""
        with self._lock:
            self._closed = True
        self._close_idle()

    def _close_idle(self) -> None:
        with self._lock:
            found, self._idle = self._idle, []
        for connection in found:
            connection.close()
