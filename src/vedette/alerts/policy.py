"""Who hears of an alert, how soon, how often: routes, hours, rates, and what a silence matches.

Pure values and questions about them; time is an argument. What becomes of an answer is the monitor's business.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from vedette.alerts.record import AlertRecord
from vedette.detections.definition import Severity
from vedette.errors import InputError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"(?:([a-z,-]+)\s+)?([01]\d|2[0-3]):([0-5]\d)\s*-\s*(?:([01]\d|2[0-3]):([0-5]\d)|(24:00))", re.I)


def fits(pattern: str, text: str) -> bool:
    """Whether the whole of `text` fits `pattern`, in which each `*` stands for any run of characters.

    >>> fits("root-*", "root-login"), fits("*aa", "aaa"), fits("*a*b", "ba"), fits("*a", "a")
    (True, True, False, True)
    """
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


@dataclass(frozen=True, slots=True)
class Labels:
    """What routes and silences ask of an alert. `partial` are those kinds of which not every value is known."""

    detection: str
    category: str
    severity: Severity
    kind: str
    actors: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    partial: frozenset[str] = frozenset()

    @classmethod
    def of(cls, alert: AlertRecord, category: str = "") -> Labels:
        """The labels of an alert; `category` is its detection's, empty if that is gone."""
        evidence = alert.evidence
        counts = {
            "actor": evidence.actors,
            "address": evidence.addresses,
            "account": evidence.accounts,
            "region": evidence.regions,
        }
        partial = frozenset(kind for kind, counted in counts.items() if evidence.untold or not counted.complete)
        actors, addresses, accounts, regions = (frozenset(counted.values) for counted in counts.values())
        severity, kind = alert.severity, alert.kind
        return cls(alert.detection, category, severity, kind, actors, addresses, accounts, regions, partial)


_MATCHERS = ("detection", "category", "severity", "actor", "address", "account", "region")


def checked_matchers(matchers: Mapping[str, str]) -> dict[str, str]:
    """The matchers of a silence; InputError if there is none, or one that is not known."""
    if not matchers:
        raise InputError("a silence without a matcher would hold back everything", hint="name a detection or an actor")
    for name in matchers:
        if name not in _MATCHERS:
            raise InputError(f"unknown matcher `{name}`", hint=f"one of {', '.join(_MATCHERS)}")
    return dict(matchers)


def holds_back(matchers: Mapping[str, str], labels: Labels) -> bool:
    """Whether a silence with these matchers (globs) holds an alert back: all of them must match.

    Of what an alert may show several of, every one must match, and none be unknown: an expected actor does not hide
    another behind it.
    """
    return bool(matchers) and all(_matches(name, pattern, labels) for name, pattern in matchers.items())


def _matches(name: str, pattern: str, labels: Labels) -> bool:
    match name:
        case "detection":
            return fits(pattern, labels.detection)
        case "category":
            return fits(pattern, labels.category)
        case "severity":
            return fits(pattern, labels.severity.value)
        case "actor":
            values = labels.actors
        case "address":
            values = labels.addresses
        case "account":
            values = labels.accounts
        case "region":
            values = labels.regions
        case _:
            return False
    return bool(values) and name not in labels.partial and all(fits(pattern, value) for value in values)


@dataclass(frozen=True, slots=True)
class Hours:
    """A time of day on some days of the week, as a clock on the wall of `zone` (IANA) shows it.

    `start` and `end` are minutes after midnight. An end that is not after the start is on the next day; the days are
    those on which it begins. Where clocks are changed, the wall's time counts: an hour that comes twice is in twice.
    """

    start: int
    end: int
    zone: str = "UTC"
    days: frozenset[int] = frozenset(range(7))

    @classmethod
    def parse(cls, text: str, zone: str = "UTC") -> Hours:
        """`09:00-18:00`, `Mon-Fri 09:00-18:00`, `Sat,Sun 22:00-06:00`; InputError for anything else.

        >>> Hours.parse("Mon-Fri 22:00-06:00").holds(1_795_255_200 - 10 * 3600)  # midnight of a Saturday, 2026-11-21
        True
        """
        found = _HOURS.fullmatch(text.strip())
        if found is None:
            raise InputError(f"`{text}` is no time of day", hint="write `Mon-Fri 09:00-18:00`")
        days, start_hour, start_minute, end_hour, end_minute, midnight = found.groups()
        end = 24 * 60 if midnight else int(end_hour) * 60 + int(end_minute)
        return cls(int(start_hour) * 60 + int(start_minute), end, _known(zone), _days(days or "mon-sun", text))

    def holds(self, now: int) -> bool:
        """Whether `now` (epoch seconds) is within."""
        local = dt.datetime.fromtimestamp(now, ZoneInfo(self.zone))
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        return (day in self.days and minute >= self.start) or ((day - 1) % 7 in self.days and minute < self.end)


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise InputError(f"unknown time zone `{zone}`", hint="an IANA name such as `Europe/Berlin`") from error
    return zone


def _days(text: str, whole: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise InputError(f"`{part}` in `{whole}` is no day of the week", hint="write `Mon-Fri` or `Sat,Sun`")
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(days)


@dataclass(frozen=True, slots=True)
class Route:
    """Alerts of this kind go to these channels. Globs; an empty tuple asks for nothing.

    Of what an alert may show several of (accounts, regions), one that fits is enough. With `stop` no later route is
    asked once this one took the alert.
    """

    channels: tuple[str, ...]
    min_severity: Severity = Severity.INFORMATIONAL
    detections: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    hours: Hours | None = None
    stop: bool = False

    def takes(self, labels: Labels, now: int) -> bool:
        """Whether the alert goes this way at `now`."""
        return (
            labels.severity >= self.min_severity
            and _any_fits(self.detections, {labels.detection})
            and _any_fits(self.categories, {labels.category})
            and _any_fits(self.accounts, labels.accounts)
            and _any_fits(self.regions, labels.regions)
            and (self.hours is None or self.hours.holds(now))
        )


def _any_fits(patterns: tuple[str, ...], values: frozenset[str] | set[str]) -> bool:
    return not patterns or any(fits(pattern, value) for pattern in patterns for value in values)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `messages` in any `seconds`; what is over waits for one summary."""

    messages: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Backoff:
    """When a delivery is tried again: after `first` seconds, then twice that, up to `longest`.

    It is given up after `attempts` tries or, if that is later, `age` seconds after it was planned.
    """

    first: int = 15
    longest: int = 1_800
    attempts: int = 12
    age: int = 86_400

    def delay(self, key: str, attempts: int) -> int:
        """Seconds until the next try after so many; spread by a quarter either way, always alike for the same key.

        >>> [Backoff().delay("d", tries) for tries in (1, 2, 3, 30)]
        [12, 35, 46, 1766]
        """
        whole = min(self.longest, self.first << min(attempts - 1, 20))
        digest = hashlib.blake2b(f"{key}/{attempts}".encode("utf-8", "surrogatepass"), digest_size=4).digest()
        share = int.from_bytes(digest, "big") / (1 << 32)
        return max(1, round(whole * (0.75 + share / 2)))

    def is_spent(self, attempts: int, waited: int) -> bool:
        """Whether there is no next try."""
        return attempts >= self.attempts and waited >= self.age


@dataclass(frozen=True, slots=True)
class Policy:
    """How alerts reach people. Times are seconds.

    A standing alert is told again after `repeat_after` (0: never) unless somebody has acknowledged it, new actors and
    addresses in it after `news_after` at the soonest. Alerts of one actor within `group_window` (by the times of their
    records) share an incident; a message waits `group_wait` for others of its incident. An alert whose records are
    older than `max_age` when it is found is kept and not told. An alert is over once its alarm has been out of ALARM
    for `resolve_after`: a burst that goes on within that time is no news. What is over a channel's rate is gathered
    into one summary.
    """

    routes: tuple[Route, ...]
    repeat_after: int = 4 * 3_600
    news_after: int = 300
    group_window: int = 3_600
    group_wait: int = 10
    max_age: int = 86_400
    resolve_after: int = 600
    tell_resolved: bool = True
    rates: Mapping[str, Rate] = field(default_factory=dict)
    rate: Rate = Rate(20, 600)
    backoff: Backoff = field(default_factory=Backoff)

    @property
    def channels(self) -> tuple[str, ...]:
        """Every channel that some route names, each once."""
        return tuple(dict.fromkeys(channel for route in self.routes for channel in route.channels))

    def channels_for(self, labels: Labels, now: int) -> tuple[str, ...]:
        """The channels to which an alert goes at `now`, in the order of the routes, each once."""
        channels: dict[str, None] = {}
        for route in self.routes:
            if route.takes(labels, now):
                channels.update(dict.fromkeys(route.channels))
                if route.stop:
                    break
        return tuple(channels)

    def rate_of(self, channel: str) -> Rate:
        """How much the channel bears."""
        return self.rates.get(channel, self.rate)
