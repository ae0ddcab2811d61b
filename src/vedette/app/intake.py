"""The way in: sources are polled, and what they find waits in a short queue until a thread reads it.

An object is acknowledged only once everything that follows from it is committed. Killed before that, the monitor gets
it again, goes on behind the part that was committed, and counts nothing twice.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace

from vedette.app.aside import freed, put_aside
from vedette.app.clock import Clock
from vedette.app.figures import QUEUE, SOURCE_ERRORS, Figures
from vedette.app.journal import Journal
from vedette.app.objects import Held, Place, Reader
from vedette.app.taking import Taking
from vedette.app.work import Stopped, Work
from vedette.errors import VedetteError, reason_of
from vedette.monitor.store import SourceHealth, Transaction
from vedette.sources.port import Item, PoisonError, Source

WAITING = 64
"""Objects that may wait to be read: few, because each is leased from its queue meanwhile."""

TOGETHER = 16
"""Objects that one thread takes at a time."""

EXTENSION = 180
EXTEND_EVERY = 45.0
LONGEST_PAUSE = 300.0
_MOMENT = 0.2


@dataclass(slots=True)
class Intake:
    """`poll` and `work_on` are what the threads run, one for each source and one for each reader."""

    taking: Taking
    work: Work
    clock: Clock
    journal: Journal
    figures: Figures
    stop: threading.Event
    _queue: queue.Queue[Held] = field(default_factory=lambda: queue.Queue(WAITING))
    _held: dict[Place, Held] = field(default_factory=dict)
    _noted: dict[str, tuple[str, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def poll(self, source: Source, interval: float) -> None:
        """Ask a source again and again, until told to stop; one that fails is asked ever more seldom."""
        failures = 0
        while not self.stop.is_set():
            found = 0
            try:
                found = self.poll_once(source)
                failures = 0
            except (OSError, VedetteError) as error:
                failures += 1
                self.source_failed(source, error, failures)
            if not found:
                self.stop.wait(min(interval * 2 ** min(failures, 5), max(interval, LONGEST_PAUSE)))

    def poll_once(self, source: Source) -> int:
        """Put what the source has now in the queue; how many objects that was. Raises what the source raises."""
        found = self._poll_again(source)
        items = source.poll(self.clock.now())
        try:
            for item in items:
                found += self._offer(source, item)
                if self.stop.is_set():
                    break
        finally:
            if isinstance(items, Generator):
                items.close()
        self.taking.caught_up(source.name)
        self._note(source, "")
        return found

    def _poll_again(self, source: Source) -> int:
        """Put what was put aside, and is to be read again, in the queue."""
        found = 0
        for name in self.work.do(lambda tx: freed(tx, source.name)):
            self.journal.info("read again", source=source.name, object=name)
            try:
                item = source.fetch(name)
            except PoisonError as error:
                self.work.do(lambda tx, name=name, why=error.message: put_aside(  # type: ignore[misc]
                    tx, source.name, name, why, self.clock.now()))  # fmt: skip
                continue
            found += self._offer(source, item)
        return found

    def _offer(self, source: Source, item: Item) -> bool:
        """Whether the object was put in the queue: not if it is in hand already, or everything ends."""
        held = Held(source.name, item, self.clock.elapsed())
        with self._lock:
            if held.place in self._held:
                return False
            self._held[held.place] = held
        while not self.stop.is_set():
            try:
                self._queue.put(held, timeout=_MOMENT)
            except queue.Full:
                continue
            return True
        self._let_go(held)
        return False

    def work_on(self, reader: Reader) -> None:
        """Read objects until told to stop; what is at hand is finished, or left at the end of a part."""
        while not self.stop.is_set():
            try:
                self.work_off(reader)
            except Stopped:
                return

    def work_off(self, reader: Reader) -> None:
        """Read what is in the queue, until it has been empty for a moment. Raises Stopped."""
        while batch := list(self._batch()):
            try:
                self.taking.take(batch, reader)
            finally:
                for held in batch:
                    self._let_go(held)
            self.figures.set(QUEUE, to=self.waiting)
            if self.stop.is_set():
                return

    def _batch(self) -> Iterator[Held]:
        try:
            yield self._queue.get(timeout=_MOMENT)
            for _ in range(TOGETHER - 1):
                yield self._queue.get_nowait()
        except queue.Empty:
            return

    @property
    def waiting(self) -> int:
        """Objects in the queue or in hand."""
        return len(self._held)

    def extend(self) -> None:
        """Make the leases of what waits and what is being read longer, where they have become old."""
        now = self.clock.elapsed()
        with self._lock:
            old = [held for held in self._held.values() if now - held.since > EXTEND_EVERY]
        for held in old:
            held.since = now
            try:
                held.item.extend(EXTENSION)
            except (OSError, VedetteError) as error:
                self.journal.warning("lease not extended", source=held.source, object=held.item.name, why=str(error))

    def _let_go(self, held: Held) -> None:
        with self._lock:
            self._held.pop(held.place, None)

    def source_failed(self, source: Source, error: OSError | VedetteError, failures: int) -> None:
        """Tell, and remember, that a source could not be asked."""
        why = error.message if isinstance(error, VedetteError) else reason_of(error)
        hint = error.hint if isinstance(error, VedetteError) else None
        self.figures.add(SOURCE_ERRORS, source.name)
        self.journal.error("source fails", source=source.name, why=why, hint=hint, times=failures)
        self._note(source, self.journal.hide(why)[:500])

    def _note(self, source: Source, why: str) -> None:
        """Keep why the source could not be asked (empty: it could), and its cursor, where they are others than before.

        What the cursor has passed is acknowledged, and so committed earlier than the cursor.
        """
        name, now = source.name, (why, source.cursor)

        def note(tx: Transaction) -> None:
            health = tx.health(name) or SourceHealth(name)
            tx.put_health(replace(health, last_error=why, errors=health.errors + bool(why), cursor=now[1]))

        if why or self._noted.get(name) != now:
            self.work.do(note)
            self._noted[name] = now
