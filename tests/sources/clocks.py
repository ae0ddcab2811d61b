"""A clock that stands still until a test moves it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Stopped:
    """Called for its seconds."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now

    def __iadd__(self, seconds: float) -> Stopped:
        self.now += seconds
        return self
