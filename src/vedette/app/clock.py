"""The clocks of a live monitor. Everything below `app` gets the time as an argument; this is where it comes from."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

SLOWEST = 2
"""When the wall clock was set back, ours runs at one part in so many of its pace until it agrees again."""


class Clock(Protocol):
    """What the parts of a monitor ask."""

    def now(self) -> int:
        """Epoch seconds; never less than an earlier answer."""

    def elapsed(self) -> float:
        """Seconds since some moment, for durations."""


class SteadyClock:
    """The wall's time, but never backwards: leases, waits and the order of decisions rely on it.

    A wall clock that jumps ahead (a machine that slept) is followed at once; one that was set back is waited for, at
    half the pace, so that nothing stands still meanwhile. `behind` says by how many seconds it is.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._last = wall()
        self._at = monotonic()
        self.behind = 0

    def now(self) -> int:
        """Epoch seconds."""
        with self._lock:
            wall, at = self._wall(), self._monotonic()
            passed, self._at = at - self._at, at
            self._last = max(wall, self._last + passed / SLOWEST)
            self.behind = round(self._last - wall)
            return int(self._last)

    def elapsed(self) -> float:
        """Seconds of the monotonic clock."""
        return self._monotonic()
