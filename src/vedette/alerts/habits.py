"""What actors do day by day: from where, when, what, with which programs. Values only.

Days merge in any order, and merging one twice changes nothing: so late records, duplicates and objects that are read
again leave them as they are. Each is bounded, whatever an actor does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

DAY = 86_400
MAX_VALUES = 48
"""How many distinct values of one kind are kept of a day."""


class Trace(NamedTuple):
    """What of a record tells what its actor usually does; texts are empty where the record has none.

    `actor` is `Actor.key`, `address` as recorded (the names of AWS services among them), `call` the event's name,
    `program` the family of the user agent.
    """

    actor: str
    address: str
    call: str
    region: str
    program: str


class Hour(NamedTuple):
    """What different records show of one hour, by its first second (epoch seconds)."""

    start: int
    traces: tuple[Trace, ...]


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

    def merge(self, other: Some) -> Some:
        """Both together."""
        return _bounded(self.values | other.values, complete=self.complete and other.complete)


def _bounded(values: frozenset[str], *, complete: bool) -> Some:
    if len(values) <= MAX_VALUES:
        return Some(values, complete)
    return Some(frozenset(sorted(values, key=_digest)[:MAX_VALUES]), complete=False)


def _digest(value: str) -> tuple[bytes, str]:
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
    found: dict[tuple[str, int], list[tuple[int, Trace]]] = {}
    for start, traces in hours:
        bit = 1 << start % DAY // 3_600
        for trace in traces:
            found.setdefault((trace.actor, start - start % DAY), []).append((bit, trace))
    return [_day(actor, start, seen) for (actor, start), seen in found.items()]


def _day(actor: str, start: int, seen: list[tuple[int, Trace]]) -> ActorDay:
    hours = 0
    for bit, _ in seen:
        hours |= bit
    return ActorDay(
        actor,
        start,
        hours,
        Some.of(trace.address for _, trace in seen if trace.address),
        Some.of(trace.call for _, trace in seen if trace.call),
        Some.of(trace.region for _, trace in seen if trace.region),
        Some.of(trace.program for _, trace in seen if trace.program),
    )
