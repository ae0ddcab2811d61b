"""What runs all day: the records that workloads and AWS services make in one slot of five minutes.

A slot's records depend on the seed, the day and the slot alone. They are made as they are asked for, never kept.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from vedette.simulate.acts import Act, Caller, Written, perform
from vedette.simulate.company import Company
from vedette.simulate.workloads import LIFE, Post, callers, posts

SLOT = 300
_BATCH = 64


@dataclass(slots=True)
class Background:
    """The workloads of a company, and their present sessions. `growth` multiplies those of its own workloads."""

    company: Company
    growth: int = 1
    choices: list[tuple[Post, Act]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    _period: int = -1
    _sessions: dict[int, list[Caller]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = posts(self.company, self.growth)
        self.choices = [(post, act) for post in found for act in post.acts]
        self.weights = list(itertools.accumulate(weight for post in found for weight in post.weights))

    def records(self, start: int, count: int) -> Iterator[Written]:
        """About `count` records of the slot that starts at `start`: whole acts, so a few more at most."""
        rng = self.company.stream("background", start)
        made = 0
        while made < count:
            for post, act in rng.choices(self.choices, cum_weights=self.weights, k=min(_BATCH, count - made)):
                sessions = self._at_work(post, start // LIFE)
                who = sessions[int(rng.random() * len(sessions))]
                for record in perform(act, who, post.place, start + int(rng.random() * SLOT), rng):
                    made += 1
                    yield record
                if made >= count:
                    break

    def _at_work(self, post: Post, period: int) -> list[Caller]:
        if period != self._period:
            self._period, self._sessions = period, {}
        found = self._sessions.get(id(post))
        if found is None:
            found = self._sessions[id(post)] = callers(self.company, post, period, self.growth)
        return found


def share(second: int) -> float:
    """How busy the systems are at a second of the day, 1.0 on average: twice as busy at 13:00 UTC as at 01:00."""
    return 1 + math.cos((second - 13 * 3600) * math.tau / 86_400) / 3
