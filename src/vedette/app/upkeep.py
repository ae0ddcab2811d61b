"""What time brings about: alerts that close and repeat, the watch on itself, old rows that go, the canary's hour.

Of several monitors on one store one does this at a time: the one that holds the lease.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vedette.app.clock import Clock, SteadyClock
from vedette.app.figures import TICK_SECONDS, Figures
from vedette.app.holder import take_back
from vedette.app.journal import Journal, Level
from vedette.app.selfwatch import Watch, watch
from vedette.app.work import Stopped, Work
from vedette.monitor.configured import note_configured
from vedette.monitor.habits import trim
from vedette.monitor.settling import give_up
from vedette.monitor.store import Store, StoreError, Transaction
from vedette.monitor.ticking import Ticked, tick
from vedette.monitor.watching import Monitor

LEASE = "upkeep"
PRUNE_EVERY = 86_400
_PRUNED = "pruned at"
HOLDER = "upkeep holder"
SET_BACK = 5
"""Seconds by which the wall clock may be behind ours before it is told."""


@dataclass(slots=True)
class Upkeep:
    """`run` is what its thread runs; `once` is a single round. `retention` is in seconds, by table of the store."""

    monitor: Monitor
    watch: Watch
    retention: Mapping[str, int]
    store: Store
    work: Work
    holder: str
    clock: Clock
    journal: Journal
    figures: Figures
    interval: int
    planned: Callable[[], None] = lambda: None
    """Called when something was planned that people are told."""

    also: Callable[[], None] = lambda: None
    """Called in every round of whoever holds the lease: the canary, where there is one."""

    rounds: int = 0
    _is_set_back: bool = False
    _standing: frozenset[str] = field(default_factory=frozenset)

    def run(self, stop: threading.Event) -> None:
        """Round after round, until told to stop."""
        try:
            self.take_back()
            while not stop.is_set():
                self.once()
                stop.wait(self.interval)
        except Stopped:
            return

    def once(self) -> bool:
        """One round; False if another monitor does it."""
        self._look_at_clock()
        if not self.work.do(self._take_lease):
            return False
        started = self.clock.elapsed()
        told = self._tick()
        self.work.do(lambda tx: give_up(tx, self.monitor, self.watch.channels, self.clock.now()))
        alerts = self.work.do(lambda tx: watch(tx, self.monitor, self.watch, self.clock.now()))
        self._tell(frozenset(f"{alert.title}: {alert.group[0]}: {alert.reason}" for alert in alerts))
        self.figures.observe(TICK_SECONDS, self.clock.elapsed() - started)
        if told or alerts:
            self.planned()
        self._prune(self.clock.now())
        self.also()
        self.rounds += 1
        return True

    def take_back(self) -> None:
        """At the start: free what a monitor that was killed on this machine still holds; note how alarms are set."""
        self.work.do(lambda tx: note_configured(tx, self.monitor.detections, self.clock.now()))
        freed = self.work.do(lambda tx: take_back(tx, LEASE, HOLDER))
        if freed:
            self.journal.info("took back what an ended process held", leases=freed)

    def _take_lease(self, tx: Transaction) -> bool:
        now = self.clock.now()
        taken = tx.lease(LEASE, self.holder, now, now + max(60, 3 * self.interval))
        if taken and tx.note(HOLDER) != self.holder:
            tx.put_note(HOLDER, self.holder)
        return taken

    def release(self, tx: Transaction) -> None:
        """Let another monitor do it from now on."""
        tx.release(LEASE, self.holder)
        if tx.note(HOLDER) == self.holder:
            tx.put_note(HOLDER, "")

    def _tick(self) -> int:
        told = 0
        while True:
            done: Ticked = self.work.do(lambda tx: tick(tx, self.monitor, self.clock.now()))
            told += done.told
            if done.groups:
                self.journal.debug("tick", groups=done.groups, closed=done.closed, told=done.told)
            if not done.more:
                return told

    def _tell(self, standing: frozenset[str]) -> None:
        for words in sorted(standing - self._standing):
            self.journal.warning("concern", what=words)
        self._standing = standing

    def _prune(self, now: int) -> None:
        pruned = int(self.work.do(lambda tx: tx.note(_PRUNED)) or "0")
        if now < pruned + PRUNE_EVERY:
            return
        try:
            # What could still be told of is kept, however short the retention.
            least = self.monitor.policy.max_age
            gone = self.store.prune({table: now - max(kept, least) for table, kept in self.retention.items()})
        except StoreError as error:
            self.journal.warning("prune failed", why=error.message)
            return
        self.work.do(lambda tx: tx.put_note(_PRUNED, str(now)))
        rows = sum(gone.values()) + self.work.do(trim)
        self.journal.tell(Level.INFO if rows else Level.DEBUG, "pruned", {"rows": rows})

    def _look_at_clock(self) -> None:
        behind = self.clock.behind if isinstance(self.clock, SteadyClock) else 0
        is_set_back = behind > SET_BACK
        if is_set_back and not self._is_set_back:
            self.journal.warning("the clock was set back", seconds=behind)
        self._is_set_back = is_set_back
