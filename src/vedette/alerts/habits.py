"""What actors do day by day: from where, when, what, with which programs. Values only.

Days merge in any order, and merging one twice changes nothing: so late records, duplicates and objects that are read
again leave them as they are. Each is bounded, whatever an actor does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nsmallest
from typing import NamedTuple, TypeAlias

DAY = 86_400
MAX_VALUES = 48
"""How many distinct values of one kind are kept of a day."""

Digest: TypeAlias = tuple[bytes, str]


Shown: TypeAlias = tuple[str, str]
"""An actor's key, and what it showed: never empty."""


class Hour(NamedTuple):
    """What the records of one hour show of their actors, by the hour's first second (epoch seconds).

    `actors` are all who were seen, by `Actor.key`; `addresses` as recorded (the names of AWS services among them),
    `calls` names of events, `programs` families of user agents.
    """

    start: int
    actors: frozenset[str]
    addresses: frozenset[Shown]
    calls: frozenset[Shown]
    regions: frozenset[Shown]
    programs: frozenset[Shown]


@dataclass(frozen=True, slots=True)
class Some:
    """The values of one kind that a day showed. Up to MAX_VALUES all are there.

    Beyond that `complete` is false and those are kept whose digests are smallest: which ones does not depend on the
    order in which they came.
    """

    values: frozenset[str] = frozenset()
    complete: bool = True

    @classmethod
    def of(cls, values: Iterable[str]) -> Some:
        """All of these, or as many as are kept."""
        return _bounded(frozenset(values), complete=True)

    def limit(self) -> Digest | None:
        """What lies beyond this digest is not kept, whatever else comes; None while everything is."""
        return None if self.complete else max(map(digest, self.values), default=None)

    def merge(self, other: Some) -> Some:
        """Both together."""
        if other.values <= self.values and (other.complete or not self.complete):
            return self
        return _bounded(self.values | other.values, complete=self.complete and other.complete)


def _bounded(values: frozenset[str], *, complete: bool) -> Some:
    if len(values) <= MAX_VALUES:
        return Some(values, complete)
    return Some(frozenset(nsmallest(MAX_VALUES, values, key=digest)), complete=False)


def digest(value: str) -> Digest:
    """By what values are ordered that are too many: nobody chooses where a value of theirs comes."""
    return hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest(), value


NONE = Some()


@dataclass(frozen=True, slots=True)
class ActorDay:
    """What one actor did on one day (UTC). `actor` is `Actor.key`; `start` the day's first second.

    Bit h of `hours` is set if anything happened in hour h. `addresses` are as recorded, names of AWS services among
    them; `calls` are event names; `programs` are families of user agents.
    """

    actor: str
    start: int
    hours: int
    addresses: Some = NONE
    calls: Some = NONE
    regions: Some = NONE
    programs: Some = NONE

    @property
    def kinds(self) -> tuple[Some, Some, Some, Some]:
        """What was shown, in the order of the fields."""
        return self.addresses, self.calls, self.regions, self.programs

    def merge(self, other: ActorDay) -> ActorDay:
        """Both together; they must be of one actor and one day."""
        if (self.actor, self.start) != (other.actor, other.start):
            raise ValueError("days of different actors, or different days")
        return ActorDay(
            self.actor,
            self.start,
            self.hours | other.hours,
            self.addresses.merge(other.addresses),
            self.calls.merge(other.calls),
            self.regions.merge(other.regions),
            self.programs.merge(other.programs),
        )


def together(days: Iterable[ActorDay]) -> dict[tuple[str, int], ActorDay]:
    """The days by actor and start, each once."""
    found: dict[tuple[str, int], ActorDay] = {}
    for day in days:
        key = day.actor, day.start
        known = found.get(key)
        found[key] = day if known is None else known.merge(day)
    return found


def program_of(user_agent: str) -> str:
    """The family of a user agent: `aws-cli` of `aws-cli/2.15.30 Python/3.11.8`, `a browser` of any `Mozilla/…`.

    >>> program_of("[S3Console/0.4, aws-internal/3]"), program_of("cloudformation.amazonaws.com")
    ('S3Console', 'cloudformation.amazonaws.com')
    """
    if user_agent.startswith("Mozilla/"):
        return "a browser"
    words = user_agent.lstrip("[ ").split(maxsplit=1)
    return words[0].partition("/")[0].rstrip(",]")[:64] if words else ""


def days_of(hours: Iterable[Hour]) -> list[ActorDay]:
    """What each actor did on each of the days that the hours are of."""
    found: dict[tuple[str, int], Seen] = {}
    for hour in hours:
        day = hour.start - hour.start % DAY
        for actor in hour.actors:
            found.setdefault((actor, day), Seen()).hours |= hour_bit(hour.start)
        for kind, pairs in enumerate(kinds_of(hour)):
            for actor, value in pairs:
                found.setdefault((actor, day), Seen()).kinds[kind].add(value)
    return [seen.day(actor, start) for (actor, start), seen in found.items()]


def hour_bit(start: int) -> int:
    """The bit of `ActorDay.hours` that stands for the hour that begins at `start`."""
    return 1 << start % DAY // 3_600


def kinds_of(hour: Hour) -> tuple[frozenset[Shown], ...]:
    """What is shown, kind by kind, in the order that `ActorDay` has."""
    return hour.addresses, hour.calls, hour.regions, hour.programs


class Seen:
    """A day of an actor that is being put together."""

    __slots__ = ("hours", "kinds")

    def __init__(self) -> None:
        self.hours = 0
        self.kinds: tuple[set[str], ...] = (set(), set(), set(), set())

    def day(self, actor: str, start: int) -> ActorDay:
        """What was seen, within bounds."""
        return ActorDay(actor, start, self.hours, *map(Some.of, self.kinds))
