"""What a source has handed out and not heard of: leases that end, names that are done, and how far all is done.

All of it is safe to use from several threads.
"""

from __future__ import annotations

import bisect
import heapq
import threading
import time
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Clock = Callable[[], float]
LEASE = 120.0
"""Seconds for which an object is taken to be in good hands."""

_FRESH = 4096


class Leases:
    """Keys that are handed out, each for a while: one that is never heard of is handed out again."""

    def __init__(self, seconds: float = LEASE, clock: Clock = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._ends: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, key: str) -> bool:
        """Lease a key; False while it is leased."""
        with self._lock:
            now = self._clock()
            if self._ends.get(key, now) > now:
                return False
            self._ends[key] = now + self._seconds
            return True

    def holds(self, key: str) -> bool:
        """Whether a key is leased."""
        with self._lock:
            return self._ends.get(key, 0.0) > self._clock()

    def extend(self, key: str, seconds: float) -> None:
        """Let the lease end so long from now, if there is one."""
        with self._lock:
            if key in self._ends:
                self._ends[key] = self._clock() + seconds

    def release(self, key: str) -> None:
        """End a lease."""
        with self._lock:
            self._ends.pop(key, None)

    def forget_ended(self) -> None:
        """Let go of keys that were never heard of."""
        with self._lock:
            now = self._clock()
            self._ends = {key: end for key, end in self._ends.items() if end > now}


class Names:
    """A set of texts that grows to millions: eight bytes each, as their hashes.

    Two of ten million differ and share a hash with a chance of one in 400,000; the later would not be handed out until
    the process starts again.
    """

    def __init__(self) -> None:
        self._old = array("q")
        self._fresh: set[int] = set()
        self._lock = threading.Lock()

    def add(self, name: str) -> None:
        """Put a name in."""
        with self._lock:
            self._fresh.add(hash(name))
            if len(self._fresh) >= max(_FRESH, len(self._old) // 8):
                self._old = array("q", heapq.merge(self._old, sorted(self._fresh)))
                self._fresh.clear()

    def __contains__(self, name: str) -> bool:
        key = hash(name)
        with self._lock:
            if key in self._fresh:
                return True
            place = bisect.bisect_left(self._old, key)
            return place < len(self._old) and self._old[place] == key


@dataclass(slots=True)
class _Open:
    position: int
    until: float


class Window:
    """Keys at positions of an ordered source (times, say): which are out, which are done, and how far all is done.

    Reading begins anew at `start`, `overlap` before `low`, because some come late; what is done there is known. What
    comes later than that is not handed out: what was done there is forgotten.
    """

    def __init__(self, low: int, overlap: int, lease: float = LEASE, clock: Clock = time.monotonic) -> None:
        self._high = low
        self._floor = low - overlap
        self._overlap = overlap
        self._lease = lease
        self._clock = clock
        self._open: dict[str, _Open] = {}
        self._done: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def low(self) -> int:
        """Everything that was handed out before this position is done."""
        with self._lock:
            return min((one.position for one in self._open.values()), default=self._high)

    @property
    def start(self) -> int:
        """Where to read from."""
        return max(self.low - self._overlap, self._floor)

    def offer(self, key: str, position: int) -> bool:
        """Whether to hand a key out: it is not done, nor in good hands. It counts as handed out then."""
        with self._lock:
            now = self._clock()
            known = self._open.get(key)
            if position < self._floor or key in self._done or (known is not None and known.until > now):
                return False
            self._open[key] = _Open(position, now + self._lease)
            self._high = max(self._high, position)
            return True

    def advance(self, position: int) -> None:
        """Nothing more is expected before this position."""
        with self._lock:
            self._high = max(self._high, position)

    def settle(self, keys: Iterable[str]) -> None:
        """These are done."""
        with self._lock:
            for key in keys:
                one = self._open.pop(key, None)
                if one is not None:
                    self._done[key] = one.position

    def extend(self, keys: Iterable[str], seconds: float) -> None:
        """These take longer."""
        with self._lock:
            for key in keys:
                if key in self._open:
                    self._open[key].until = self._clock() + seconds

    def forget(self) -> None:
        """Let go of what lies before `start`: it is not read again."""
        start = self.start
        with self._lock:
            self._floor = start
            self._done = {key: position for key, position in self._done.items() if position >= start}
