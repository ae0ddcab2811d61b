"""What an alert can show for itself: single sightings, and many of them put together.

Evidence is bounded, however many records there are, and putting it together is associative and commutative: any
partition of the same sightings, in any order, gives the same evidence. Texts in it were written by whoever acted, and
may be hostile: whoever shows them escapes them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import NamedTuple, TypeAlias

from vedette.cloudtrail.identity import Actor

MAX_VALUES = 64
"""How many distinct values of one kind are counted."""

FIRST_SIGHTINGS = 3
LAST_SIGHTINGS = 2


class Sighting(NamedTuple):
    """One matching record: when, who, from where, what, and where its verbatim text is found again.

    `time` is eventTime in epoch seconds. Texts are empty where the record has none; `error` is its code, or its message
    if it has no code. `place` is the index of the record among those of its body (`Engine.records_at` reads it again);
    `first_line` and it together are the record's `number`.
    """

    time: int
    event_id: str
    object_name: str
    first_line: int
    place: int
    actor: Actor
    address: str
    region: str
    account: str
    event_source: str
    event_name: str
    user_agent: str
    error: str
    resources: tuple[str, ...]

    @property
    def number(self) -> int:
        """The number of the record, or its line, in the object `object_name`, from 1."""
        return self.first_line + self.place

    @property
    def order(self) -> tuple[int, str, str, int, int]:
        """The total order by which the first and the last are told: time, then what no two records share."""
        return self[:5]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records show each value of one kind.

    Up to MAX_VALUES distinct values all are there. Beyond that `complete` is false and the values kept are those whose
    digests are smallest: a fair sample with exact counts, which is what makes merging independent of the order.
    """

    values: Mapping[str, int]
    complete: bool = True

    def most_common(self, count: int | None = None) -> list[tuple[str, int]]:
        """(value, records) from the most common on; equals in the order of their text."""
        return sorted(self.values.items(), key=lambda pair: (-pair[1], pair[0]))[:count]

    def merge(self, other: Counts) -> Counts:
        """Both together."""
        if not other.values:
            return self
        if not self.values:
            return other
        values = dict(self.values)
        for value, count in other.values.items():
            values[value] = values.get(value, 0) + count
        return _bounded(values, complete=self.complete and other.complete)


def _bounded(values: Mapping[str, int], *, complete: bool = True) -> Counts:
    if len(values) <= MAX_VALUES:
        return Counts(dict(values), complete)
    return Counts({value: values[value] for value in sorted(values, key=_digest)[:MAX_VALUES]}, complete=False)


def _digest(value: str) -> tuple[bytes, str]:
    return hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest(), value


NO_COUNTS = Counts({})


@dataclass(frozen=True, slots=True)
class Evidence:
    """Many sightings put together. `first` and `last` are epoch seconds; an empty one has a count of 0.

    `count` is exact. `untold` of these records are only counted: memory did not allow to keep what they show, and
    they are in none of the counts by value.
    """

    count: int = 0
    first: int = 0
    last: int = 0
    actors: Counts = NO_COUNTS
    addresses: Counts = NO_COUNTS
    regions: Counts = NO_COUNTS
    accounts: Counts = NO_COUNTS
    event_names: Counts = NO_COUNTS
    errors: Counts = NO_COUNTS
    user_agents: Counts = NO_COUNTS
    resources: Counts = NO_COUNTS
    earliest: tuple[Sighting, ...] = ()
    latest: tuple[Sighting, ...] = ()
    untold: int = 0

    @classmethod
    def of(cls, sightings: Iterable[Sighting]) -> Evidence:
        """The evidence of these sightings, each of another record."""
        ordered = sorted(sightings, key=_order)
        if len(ordered) == 1:
            return _of_one(ordered[0])
        if not ordered:
            return cls()
        return cls(
            count=len(ordered),
            first=ordered[0].time,
            last=ordered[-1].time,
            actors=_counts([seen.actor.name for seen in ordered]),
            addresses=_counts([seen.address for seen in ordered]),
            regions=_counts([seen.region for seen in ordered]),
            accounts=_counts([seen.account for seen in ordered]),
            event_names=_counts([seen.event_name for seen in ordered]),
            errors=_counts([seen.error for seen in ordered]),
            user_agents=_counts([seen.user_agent for seen in ordered]),
            resources=_counts([name for seen in ordered for name in set(seen.resources)]),
            earliest=tuple(ordered[:FIRST_SIGHTINGS]),
            latest=tuple(ordered[-LAST_SIGHTINGS:]),
        )

    @classmethod
    def untold_records(cls, count: int, first: int, last: int) -> Evidence:
        """Records of which only the number and the times are known."""
        return cls(count=count, first=first, last=last, untold=count)

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """The most telling ones: the first and the last, in order, each once."""
        return tuple(sorted({*self.earliest, *self.latest}, key=_order))

    def merge(self, other: Evidence) -> Evidence:
        """Both together; the records of one must not be those of the other."""
        if not other.count:
            return self
        if not self.count:
            return other
        return Evidence(
            count=self.count + other.count,
            first=min(self.first, other.first),
            last=max(self.last, other.last),
            actors=self.actors.merge(other.actors),
            addresses=self.addresses.merge(other.addresses),
            regions=self.regions.merge(other.regions),
            accounts=self.accounts.merge(other.accounts),
            event_names=self.event_names.merge(other.event_names),
            errors=self.errors.merge(other.errors),
            user_agents=self.user_agents.merge(other.user_agents),
            resources=self.resources.merge(other.resources),
            earliest=tuple(sorted((*self.earliest, *other.earliest), key=_order)[:FIRST_SIGHTINGS]),
            latest=tuple(sorted((*self.latest, *other.latest), key=_order)[-LAST_SIGHTINGS:]),
            untold=self.untold + other.untold,
        )


_Order: TypeAlias = tuple[int, str, str, int, int]


def _order(sighting: Sighting) -> _Order:
    return sighting[:5]


def _of_one(seen: Sighting) -> Evidence:
    """The evidence of a record alone, as most are where little happens."""
    itself = (seen,)
    names = (seen.actor.name, *seen[6:9], seen.event_name, seen.error, seen.user_agent)
    actors, addresses, regions, accounts, calls, errors, agents = [
        alone(name, 1) if name else NO_COUNTS for name in names
    ]
    resources = (
        alone(seen.resources[0], 1) if len(seen.resources) == 1 else _counts(list(dict.fromkeys(seen.resources)))
    )
    time = seen.time
    return Evidence(
        1, time, time, actors, addresses, regions, accounts, calls, errors, agents, resources, itself, itself
    )


@lru_cache(maxsize=8192)
def alone(value: str, count: int) -> Counts:
    """The counts of one value, which is by far the most frequent case: thousands of alerts that show one region, each
    once, share theirs."""
    return Counts({value: count})


def _counts(values: Sequence[str]) -> Counts:
    first = values[0] if values else ""
    if values.count(first) == len(values):  # by far the most frequent case
        return alone(first, len(values)) if first else NO_COUNTS
    counter = Counter(values)
    counter.pop("", None)
    return _bounded(counter)


class EvidenceByMinute(Mapping[int, Evidence]):
    """The evidence of each minute, by its start in epoch seconds; an entry has at least one record.

    Whoever has single sightings can say what several minutes show at less cost than by merging them.
    """

    def count(self, start: int) -> int:
        """How many records the minute has."""
        return self[start].count

    def together(self, starts: Iterable[int]) -> Evidence:
        """What these minutes show."""
        return reduce(Evidence.merge, map(self.__getitem__, starts), Evidence())


def counter_of(by_minute: Mapping[int, Evidence]) -> Callable[[int], int]:
    """From the start of a minute that is there to how many records it has."""
    return by_minute.count if isinstance(by_minute, EvidenceByMinute) else lambda start: by_minute[start].count


def together(by_minute: Mapping[int, Evidence], starts: Iterable[int]) -> Evidence:
    """What these minutes show."""
    if isinstance(by_minute, EvidenceByMinute):
        return by_minute.together(starts)
    return reduce(Evidence.merge, map(by_minute.__getitem__, starts), Evidence())
