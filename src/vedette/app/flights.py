"""Canaries of a running monitor, on a schedule: sent, waited for, and told of if they do not arrive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from vedette.app.canary import Flight, arrival, canary_item, conclude, leave_in, new_name
from vedette.app.clock import Clock
from vedette.app.journal import Journal
from vedette.app.work import Work
from vedette.monitor.watching import CANARY, Monitor
from vedette.sources.port import Item

Take = Callable[[str, Item], None]
"""Reads an object as if the source of that name had given it."""


class Flights:
    """Sends canaries; `every` and `within` are seconds, 0 for never."""

    def __init__(
        self, monitor: Monitor, work: Work, clock: Clock, journal: Journal, channels: Sequence[str],
        folders: Sequence[Path], take: Take, every: int, within: int,
    ) -> None:  # fmt: skip
        self._monitor = monitor
        self._work = work
        self._clock = clock
        self._journal = journal
        self._channels = channels
        self._folders = folders
        self._take = take
        self._every = every
        self._within = within

    def round(self) -> None:
        """Send one if it is time; look after the one on its way."""
        if not self._every:
            return
        now = self._clock.now()
        last = self._work.do(Flight.last)
        if not last.over:
            self._look_after(last, now)
        elif now >= last.sent + self._every:
            self.send(new_name(now), now)

    def send(self, name: str, now: int) -> None:
        """Send a canary, and remember it."""
        self._work.do(Flight(name, now, over=False).keep)
        self.leave(name, now)
        self._journal.info("canary sent", name=name)

    def leave(self, name: str, now: int, *, here: bool = False) -> None:
        """Put the record where its way begins: in the first folder; else, or with `here`, in this process."""
        if here or not any(leave_in(folder, name, now) for folder in self._folders[:1]):
            self._take(CANARY, canary_item(name, now))

    def clear(self, name: str) -> None:
        """Take the record away again."""
        for folder in self._folders[:1]:
            with suppress(OSError):
                (folder / f"{CANARY}-{name}.json").unlink(missing_ok=True)

    def _look_after(self, flight: Flight, now: int) -> None:
        missing = self._work.do(lambda tx: arrival(tx, flight.name)).missing(self._channels)
        if missing and now < flight.sent + self._within:
            return
        missing = self._work.do(lambda tx: conclude(tx, self._monitor, flight.name, self._channels, now))
        self._work.do(Flight(flight.name, flight.sent, over=True).keep)
        self.clear(flight.name)
        if missing:
            self._journal.error("canary missing", name=flight.name, channels=", ".join(sorted(missing)))
        else:
            self._journal.info("canary arrived", name=flight.name, seconds=now - flight.sent)
