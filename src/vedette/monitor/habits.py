"""What actors usually do, learnt from every record that the monitor reads, and looked up when an alert is told.

A day of an actor is a set of what was seen on it: records that come late, twice, or in any order leave the same days
behind. Only what is new on a day is written, so that learning costs little once the day has begun.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from vedette.alerts.habits import DAY, ActorDay, Digest, Hour, Seen, Shown, digest, hour_bit, kinds_of
from vedette.alerts.usual import History
from vedette.cloudtrail.body import Malformed
from vedette.engine.result import BodyResult
from vedette.monitor.store import Transaction

MOST_DAYS = 200_000
"""How many days, of all actors together, the store keeps."""

_MOST_KNOWN = 50_000
"""How many values the learner remembers: some ten megabytes."""


@dataclass(frozen=True, slots=True)
class News:
    """What the learner has not seen committed."""

    days: tuple[ActorDay, ...]


class _Known:
    """What is committed of one day: hours and days by actor; what each shows, kind by kind; what is beyond bounds."""

    __slots__ = ("days", "limits", "shown")

    def __init__(self) -> None:
        self.days: dict[str, ActorDay] = {}
        self.shown: tuple[set[Shown], ...] = (set(), set(), set(), set())
        self.limits: tuple[dict[str, Digest], ...] = ({}, {}, {}, {})

    @property
    def size(self) -> int:
        return len(self.days) + sum(map(len, self.shown))

    def fresh(self, kind: int, pairs: frozenset[Shown]) -> Iterator[Shown]:
        """Those of the pairs that may change the day."""
        limits = self.limits[kind]
        for pair in pairs - self.shown[kind]:
            limit = limits.get(pair[0])
            if limit is None or digest(pair[1]) < limit:
                yield pair

    def has_hour(self, actor: str, bit: int) -> bool:
        """Whether the actor is known to have been there in that hour."""
        day = self.days.get(actor)
        return day is not None and bool(day.hours & bit)

    def add(self, day: ActorDay) -> None:
        """Remember what was committed, together with what was before."""
        before = self.days.get(day.actor)
        self.days[day.actor] = after = day if before is None else before.merge(day)
        for kind, some in enumerate(after.kinds):
            self.shown[kind].update((day.actor, value) for value in some.values)
            limit = some.limit()
            if limit is not None:
                self.limits[kind][day.actor] = limit


_NOTHING = _Known()


class Learner:
    """Learns from results. It remembers what is committed, so that the store is asked only about what is new.

    Any number of threads may share one: forgetting, and remembering twice, cost time and change nothing. However many
    actors there are and whatever they do, it holds no more than `_MOST_KNOWN` values, or those of one transaction.
    """

    def __init__(self) -> None:
        self._days: dict[int, _Known] = {}

    def news(self, results: Iterable[BodyResult | Malformed]) -> News:
        """What of the results may be new to the store."""
        found: dict[tuple[str, int], Seen] = {}
        for result in results:
            if isinstance(result, BodyResult):
                for hour in result.hours:
                    self._add_news(hour, found)
        return News(tuple([seen.day(actor, start) for (actor, start), seen in found.items()]))

    def _add_news(self, hour: Hour, found: dict[tuple[str, int], Seen]) -> None:
        start, bit = hour.start - hour.start % DAY, hour_bit(hour.start)
        known = self._days.get(start, _NOTHING)
        for actor in hour.actors:
            if not known.has_hour(actor, bit):
                found.setdefault((actor, start), Seen()).hours |= bit
        for kind, pairs in enumerate(kinds_of(hour)):
            for actor, value in known.fresh(kind, pairs):
                found.setdefault((actor, start), Seen()).kinds[kind].add(value)

    def remember(self, news: News) -> None:
        """The transaction that has learnt it is committed."""
        for day in news.days:
            self._days.setdefault(day.start, _Known()).add(day)
        self._forget()

    def _forget(self) -> None:
        """Let the days go that were met first, until the others are few enough."""
        days = list(self._days.items())
        size = sum(known.size for _, known in days)
        for start, known in days:
            if size <= _MOST_KNOWN:
                return
            self._days.pop(start, None)
            size -= known.size


def learn(tx: Transaction, news: News) -> int:
    """Add the news to what the store has; how many days changed."""
    by_start: dict[int, dict[str, ActorDay]] = defaultdict(dict)
    for day in news.days:
        before = by_start[day.start].get(day.actor)
        by_start[day.start][day.actor] = day if before is None else before.merge(day)
    changed: list[ActorDay] = []
    for start, days in sorted(by_start.items()):
        known = {day.actor: day for day in tx.habits_on(start, days)}
        for actor, day in days.items():
            before = known.get(actor)
            after = day if before is None else before.merge(day)
            if after != before:
                changed.append(after)
    if changed:
        tx.put_habits(changed)
    return len(changed)


def trim(tx: Transaction) -> int:
    """Keep the store within bounds, however many actors there are; how many days went."""
    return tx.trim_habits(MOST_DAYS)


def history_of(tx: Transaction, actors: Sequence[str], until: int, reach: int) -> dict[str, History]:
    """What these actors (by key) did before the day of `until` (epoch seconds), at most `reach` seconds back.

    The day of `until` itself is in no history: an alert's own records must not make themselves usual.
    """
    today = until - until % DAY
    since = tx.habits_since()
    start = max(today - reach, 0 if since is None else since)
    return {
        actor: History(actor, today, None if since is None else start, tuple(tx.habits(actor, start, today)))
        for actor in dict.fromkeys(actors)
    }
