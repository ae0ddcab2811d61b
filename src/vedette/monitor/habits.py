"""What actors usually do, learnt from every record that the monitor reads, and looked up when an alert is told.

A day of an actor is a set of what was seen on it: records that come late, twice, or in any order leave the same days
behind. Only what is new on a day is written, so that learning costs little once the day has begun.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vedette.alerts.habits import DAY, ActorDay, Hour, Trace, days_of
from vedette.alerts.usual import History
from vedette.cloudtrail.body import Malformed
from vedette.engine.result import BodyResult
from vedette.monitor.store import Transaction

MOST_DAYS = 200_000
"""How many days, of all actors together, the store keeps."""

_MOST_KNOWN = 300_000


@dataclass(frozen=True, slots=True)
class News:
    """What the learner has not seen committed: traces by the start of their day, and the hours of actors."""

    traces: frozenset[tuple[int, Trace]]
    hours: frozenset[tuple[int, str]]
    days: tuple[ActorDay, ...]


class Learner:
    """Learns from results. It remembers what is committed, so that the store is asked only about what is new.

    Any number of threads may share one: forgetting, and remembering twice, cost time and change nothing.
    """

    def __init__(self) -> None:
        self._traces: set[tuple[int, Trace]] = set()
        self._hours: set[tuple[int, str]] = set()

    def news(self, results: Iterable[BodyResult | Malformed]) -> News:
        """What of the results may be new to the store."""
        hours = [hour for result in results if isinstance(result, BodyResult) for hour in result.hours]
        traces: set[tuple[int, Trace]] = set()
        met: set[tuple[int, str]] = set()
        fresh = []
        for hour in hours:
            day = hour.start - hour.start % DAY
            keyed = {(day, trace) for trace in hour.traces}
            actors = {(hour.start, trace.actor) for trace in hour.traces}
            new_traces, new_actors = keyed - self._traces, actors - self._hours
            if new_traces or new_actors:
                # One trace of an actor whose hour is new will do, if there is no other news of it.
                one_each = {trace.actor: trace for trace in hour.traces if (hour.start, trace.actor) in new_actors}
                fresh.append(Hour(hour.start, (*(trace for _, trace in new_traces), *one_each.values())))
            traces |= new_traces
            met |= new_actors
        return News(frozenset(traces), frozenset(met), tuple(days_of(fresh)))

    def remember(self, news: News) -> None:
        """The transaction that has learnt it is committed."""
        if len(self._traces) + len(self._hours) > _MOST_KNOWN:
            self._traces, self._hours = set(), set()
        self._traces |= news.traces
        self._hours |= news.hours


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
