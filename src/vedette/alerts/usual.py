"""Whether what an alert tells of is usual for its actor: pure, from the days before it. In words that say how it knows.

It claims nothing that the days do not show: after a short watch, or of values too many to keep, it says that it does
not know.
"""

from __future__ import annotations

import enum
import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from vedette.alerts.evidence import Evidence, Sighting
from vedette.alerts.habits import DAY, ActorDay, Some, program_of
from vedette.cloudtrail.moment import print_time

LEAST_DAYS = 3
"""Days of watching before anything is called usual or unusual, and days of an actor before its habits count."""

LEAST_FOR_HOURS = 5
"""Days of an actor before the hours of the day count."""

_RARE = 7
"""Of so many days or more, one is rare."""

_LONG = 14
"""Days of watching after which an actor seen on fewer than LEAST_DAYS is a rare one."""

_MOST_ACTORS = 3
_MOST_NAMED = 2
_MOST_LINES = 5
_SIGN_INS = frozenset({"ConsoleLogin"})


class Judgement(enum.Enum):
    """Unusual if anything is new; usual if all is known; unknown if the days do not tell."""

    USUAL = "usual"
    UNUSUAL = "unusual"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Usual:
    """The judgement, and its grounds: sentences without a full stop, the most telling first."""

    judgement: Judgement
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f"{line}. " for line in self.lines).rstrip()


@dataclass(frozen=True)
class History:
    """What an actor did before the day that begins at `today` (epoch seconds).

    `since` is the start of the first day that was watched at all; None if none was. `days` are in order.
    """

    actor: str
    today: int
    since: int | None
    days: tuple[ActorDay, ...]

    @property
    def watched(self) -> int:
        """Whole days between the first one watched and today."""
        return 0 if self.since is None else max(0, (self.today - self.since) // DAY)

    @cached_property
    def addresses(self) -> Kind:
        """From where, as recorded."""
        return Kind.of(day.addresses for day in self.days)

    @cached_property
    def networks(self) -> Kind:
        """From which networks."""
        seen = (day.addresses for day in self.days)
        return Kind.of(Some(frozenset(map(network_of, some.values)), some.complete) for some in seen)

    @cached_property
    def calls(self) -> Kind:
        """What was called."""
        return Kind.of(day.calls for day in self.days)

    @cached_property
    def regions(self) -> Kind:
        """In which regions."""
        return Kind.of(day.regions for day in self.days)

    @cached_property
    def programs(self) -> Kind:
        """With which programs."""
        return Kind.of(day.programs for day in self.days)

    @cached_property
    def hours(self) -> tuple[int, ...]:
        """On how many days the actor was seen in each hour of the day (UTC)."""
        return tuple(sum(day.hours >> hour & 1 for day in self.days) for hour in range(24))


@dataclass(frozen=True, slots=True)
class Kind:
    """On how many days each value of one kind was seen; `complete` if no day had too many to keep."""

    days: Mapping[str, int]
    complete: bool

    @classmethod
    def of(cls, seen: Iterable[Some]) -> Kind:
        """From what each day shows."""
        counts: Counter[str] = Counter()
        complete = True
        for some in seen:
            counts.update(some.values)
            complete = complete and some.complete
        return cls(counts, complete)

    def most_common(self) -> str:
        """The value of most days; empty if there is none."""
        return min(self.days, key=lambda value: (-self.days[value], value), default="")


@dataclass(frozen=True, slots=True)
class _Shown:
    """What an alert tells of one actor."""

    name: str
    addresses: Sequence[str]
    calls: Sequence[str]
    regions: Sequence[str]
    programs: Sequence[str]
    times: Sequence[int]


_Ground: TypeAlias = tuple[Judgement, str]


def actors_of(evidence: Evidence) -> tuple[str, ...]:
    """The keys of the actors about whom `usual` has something to say, as far as the sightings name them."""
    return tuple(dict.fromkeys(seen.actor.key for seen in evidence.sightings))[:_MOST_ACTORS]


def usual(evidence: Evidence, histories: Mapping[str, History]) -> Usual | None:
    """Whether it is usual, by the histories of its actors; None where there is nothing to judge.

    One actor is judged by all that the evidence shows, several by the sightings of each.
    """
    keys = [key for key in actors_of(evidence) if key in histories]
    if not keys:
        return None
    several = len(evidence.actors.values) > 1 or not evidence.actors.complete
    grounds: list[_Ground] = []
    for key in keys:
        seen = [sighting for sighting in evidence.sightings if sighting.actor.key == key]
        shown = _of_sightings(seen) if several else _of_evidence(seen, evidence)
        prefix = f"{shown.name}: " if several else ""
        grounds += [
            (judgement, line if shown.name in line or not line else prefix + line)
            for judgement, line in _grounds(shown, histories[key])
        ]
    return _together(grounds)


def _together(grounds: Sequence[_Ground]) -> Usual:
    order = (Judgement.UNUSUAL, Judgement.UNKNOWN, Judgement.USUAL)
    judgements = {judgement for judgement, _ in grounds}
    ranked = [line for judgement in order for found, line in grounds if found is judgement and line]
    return Usual(next(one for one in order if one in judgements), tuple(dict.fromkeys(ranked))[:_MOST_LINES])


def _of_sightings(seen: Sequence[Sighting]) -> _Shown:
    def values(texts: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(filter(None, texts)))

    return _Shown(
        seen[0].actor.name,
        values(one.address for one in seen),
        values(one.event_name for one in seen),
        values(one.region for one in seen),
        values(program_of(one.user_agent) for one in seen),
        [one.time for one in seen],
    )


def _of_evidence(seen: Sequence[Sighting], evidence: Evidence) -> _Shown:
    agents = [agent for agent, _ in evidence.user_agents.most_common()]
    return _Shown(
        seen[0].actor.name,
        [value for value, _ in evidence.addresses.most_common()],
        [value for value, _ in evidence.event_names.most_common()],
        [value for value, _ in evidence.regions.most_common()],
        list(dict.fromkeys(filter(None, map(program_of, agents)))),
        [one.time for one in seen],
    )


def _grounds(shown: _Shown, history: History) -> Iterator[_Ground]:
    name, seen = shown.name, len(history.days)
    if history.watched < LEAST_DAYS:
        yield Judgement.UNKNOWN, _short(history)
    elif not seen:
        yield Judgement.UNUSUAL, f"New actor: {name} was not seen in the {_days(history.watched)} before"
    elif seen < LEAST_DAYS:
        rare = Judgement.UNUSUAL if history.watched >= _LONG else Judgement.UNKNOWN
        last = _date(history.days[-1].start)
        only = f"{name} was seen on {seen} of {_days(history.watched)} before, last on {last}"
        yield rare, only if rare is Judgement.UNUSUAL else f"{only}, too few to say"
    else:
        yield from _addresses(shown, history)
        yield from _hours(shown, history)
        yield from _calls(shown, history)
        yield from _others("in", shown.regions, history.regions, history)
        yield from _others("with", shown.programs, history.programs, history)


def _short(history: History) -> str:
    if history.watched:
        return f"Watched for {_days(history.watched)} only, too short to say"
    return "Watched for less than a day, too short to say"


def _addresses(shown: _Shown, history: History) -> Iterator[_Ground]:
    act = "signs in" if _SIGN_INS.intersection(shown.calls) else "calls"
    addresses, networks, seen = history.addresses, history.networks, len(history.days)
    for address in shown.addresses[:_MOST_NAMED]:
        network = network_of(address)
        days, near = addresses.days.get(address, 0), networks.days.get(network, 0)
        if days and not _is_rare(days, seen):
            yield Judgement.USUAL, f"From {address}, as on {days} of {_days(seen)}"
        elif near and not _is_rare(near, seen):
            yield Judgement.USUAL, f"From {address}, of the usual network {network} (on {near} of {_days(seen)})"
        elif days or near:
            yield Judgement.UNUSUAL, f"From {address if days else network} on 1 of {_days(seen)} before"
        elif not addresses.complete:
            yield Judgement.UNKNOWN, f"{shown.name} {act} from too many addresses to say which is usual"
        else:
            first = f"First time in {_days(history.watched)} that {shown.name} {act} from {address}"
            yield Judgement.UNUSUAL, first + _instead(addresses, seen)


def _instead(kind: Kind, seen: int) -> str:
    most = kind.most_common()
    return f" (usually {most}, on {kind.days[most]} of {_days(seen)})" if most else ""


def _is_rare(days: int, seen: int) -> bool:
    return days == 1 and seen >= _RARE


def _calls(shown: _Shown, history: History) -> Iterator[_Ground]:
    seen = len(history.days)
    new = [call for call in shown.calls if call not in history.calls.days]
    if new and history.calls.complete:
        more = f" and {len(new) - _MOST_NAMED} more" if len(new) > _MOST_NAMED else ""
        yield Judgement.UNUSUAL, f"Never called {', '.join(new[:_MOST_NAMED])}{more} before"
    elif new:
        yield Judgement.UNKNOWN, f"{shown.name} calls too much to say what is usual"
    for call in [call for call in shown.calls if call not in new][:_MOST_NAMED]:
        days = history.calls.days[call]
        judgement = Judgement.UNUSUAL if _is_rare(days, seen) else Judgement.USUAL
        yield judgement, f"Called {call} on {days} of {_days(seen)} before"


def _others(word: str, values: Sequence[str], kind: Kind, history: History) -> Iterator[_Ground]:
    for value in values[:_MOST_NAMED]:
        if value in kind.days:
            yield Judgement.USUAL, ""
        elif kind.complete:
            yield Judgement.UNUSUAL, f"First time {word} {value}{_instead(kind, len(history.days))}"


def _hours(shown: _Shown, history: History) -> Iterator[_Ground]:
    if len(history.days) < LEAST_FOR_HOURS:
        return
    counts = history.hours
    for time in shown.times:
        hour = time % DAY // 3_600
        if any(counts[(hour + near) % 24] for near in (-1, 0, 1)):
            yield Judgement.USUAL, ""
        else:
            yield Judgement.UNUSUAL, f"At {_clock(time)} UTC; usually active {active(counts)}"
            return


def active(counts: Sequence[int]) -> str:
    """The shortest span of hours (UTC) that has all those seen, its end included: `08-17`, `22-05`.

    >>> active([0] * 8 + [1, 0, 3] + [0] * 13)
    '08-10'
    """
    seen = [hour for hour in range(24) if counts[hour]]
    # It begins behind the longest gap.
    gaps = [((after - before - 1) % 24, after) for before, after in zip(seen, [*seen[1:], seen[0]], strict=True)]
    _, first = max(gaps, key=lambda gap: (gap[0], -gap[1]))
    last = seen[seen.index(first) - 1]
    return f"{first:02}" if first == last else f"{first:02}-{last:02}"


def network_of(address: str) -> str:
    """The network that an address counts with: /24, /48 for IPv6; names, of AWS services say, are their own.

    >>> network_of("198.51.100.7"), network_of("2001:db8:1:2::3"), network_of("ec2.amazonaws.com")
    ('198.51.100.0/24', '2001:db8:1::/48', 'ec2.amazonaws.com')
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(ipaddress.IPv4Network((int(found), 24), strict=False))
    return str(ipaddress.IPv6Network((int(found), 48), strict=False))


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _date(seconds: int) -> str:
    return print_time(seconds)[:10]


def _clock(seconds: int) -> str:
    return print_time(seconds)[11:16]
