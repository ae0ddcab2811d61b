"""Transactions that get done: again at once after a conflict, again for as long as the store fails.

A monitor whose disk is full or whose database restarts waits and goes on; what it has in hand is neither lost nor
acknowledged meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from vedette.app.figures import STORE_ERRORS, Figures
from vedette.app.journal import Journal
from vedette.monitor.store import ConflictError, Store, StoreError, Transaction
from vedette.stores.retry import committed

T = TypeVar("T")

CONFLICTS = 20
"""Tries in a row that other monitors may spoil before it counts as a failure of the store."""

LONGEST_WAIT = 15.0


class Stopped(Exception):  # noqa: N818  # no error: the process ends
    """The wait for the store ended because the process does."""


class Work:
    """Runs functions over transactions of one store; safe to use from several threads."""

    patience: float | None = None
    """Seconds for which a store may fail before StoreError is raised; None is without end."""

    def __init__(self, store: Store, stop: threading.Event, journal: Journal, figures: Figures) -> None:
        self._store = store
        self._stop = stop
        self._journal = journal
        self._figures = figures
        self._lock = threading.Lock()
        self._failure = ""

    @property
    def trouble(self) -> str:
        """Why the store does not work now; empty if it does."""
        return self._failure

    def do(self, task: Callable[[Transaction], T]) -> T:
        """What `task` answers once its transaction is committed; Stopped if the process ends before that.

        Raises StoreError only once `patience` is at its end.

        The task may be run several times, and must not have effects of its own.
        """
        wait, waited = 0.5, 0.0
        while True:
            try:
                return self.once(task)
            except StoreError as error:
                self._failed(error)
                if self.patience is not None and waited >= self.patience:
                    raise
                if self._stop.wait(wait):
                    raise Stopped from error
                waited += wait
                wait = min(2 * wait, LONGEST_WAIT)

    def once(self, task: Callable[[Transaction], T]) -> T:
        """The same without waiting: raises StoreError."""
        try:
            answer = committed(self._store, task, attempts=CONFLICTS, sleep=self._stop.wait)
        except ConflictError as error:
            raise StoreError("other monitors got in between too often") from error
        self._worked()
        return answer

    def look(self, task: Callable[[Transaction], T]) -> T:
        """What `task`, which only reads, answers at once, while others write; raises StoreError."""
        with self._store.snapshot() as tx:
            return task(tx)

    def _failed(self, error: StoreError) -> None:
        self._figures.add(STORE_ERRORS)
        with self._lock:
            is_new, self._failure = not self._failure, error.message
        if is_new:
            self._journal.error("store fails", why=error.message, hint=error.hint)

    def _worked(self) -> None:
        if self._failure:
            with self._lock:
                self._failure = ""
            self._journal.info("store works again")
