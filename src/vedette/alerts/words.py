"""What an alert says in words: who, what, from where, when. Plain text; whoever shows it escapes for the medium.

The texts come from records, and so from attackers: nothing here may be trusted to be short or harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vedette.alerts.alert import Alert
from vedette.alerts.evidence import Counts, Evidence, Sighting
from vedette.cloudtrail.moment import print_time

MOST = 2
"""How many of a kind are named before the rest is only counted."""


class Seen(Protocol):
    """Whatever has evidence: an alert, or what the live monitor keeps of one."""

    @property
    def evidence(self) -> Evidence:
        """What it is about."""


def who(alert: Seen, most: int = MOST) -> str:
    """The actors: `alice`, `alice and bob`, `alice, bob and 3 others`."""
    return _listed(alert.evidence.actors, "an unknown actor", most)


def whence(alert: Seen, most: int = MOST) -> str:
    """Where the calls came from: addresses, or the names of AWS services."""
    return _listed(alert.evidence.addresses, "an unknown address", most)


def where(alert: Seen, most: int = MOST) -> str:
    """The regions in which it happened."""
    return _listed(alert.evidence.regions, "an unknown region", most)


def what(alert: Seen, most: int = MOST, *, short: bool = False) -> str:
    """The calls, what they were about (`short`: without the beginning of an ARN), and how many were refused."""
    evidence = alert.evidence
    text = _listed(evidence.event_names, "an unknown event", most)
    if evidence.resources.values:
        text += f" on {_listed(evidence.resources, '', most, short=short)}"
    if refused := sum(count for _, count in evidence.errors.most_common()):
        told = "refused" if refused == evidence.count else f"{refused} refused"
        text += f" ({told}: {_listed(evidence.errors, '', most)})"
    return text


def when(alert: Seen, *, with_date: bool = True) -> str:
    """The first and the last record in UTC, to the minute: `2026-11-21 10:02–10:07`."""
    first, last = print_time(alert.evidence.first), print_time(alert.evidence.last)
    start = (f"{first[:10]} " if with_date else "") + first[11:16]
    if first[:10] != last[:10]:
        return f"{start} – {last[5 * (first[:4] == last[:4]) : 10]} {last[11:16]}"
    return start if first[:16] == last[:16] else f"{start}–{last[11:16]}"


def times(count: int) -> str:
    """`once`, `twice`, `14 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def sentence(alert: Seen) -> str:
    """The whole in one sentence."""
    evidence = alert.evidence
    first = print_time(evidence.first)
    parts = [f"{who(alert)} called {_listed(evidence.event_names, 'an unknown event')} {times(evidence.count)}"]
    if evidence.resources.values:
        parts.append(f"on {_listed(evidence.resources, '', short=True)},")
    parts.append(f"from {whence(alert)} in {where(alert)}, {'first ' * (evidence.count > 1)}at {_utc(first)}")
    if refused := sum(count for _, count in evidence.errors.most_common()):
        which = "all" if refused == evidence.count > 1 else "it" if evidence.count == 1 else f"{refused:,}"
        parts.append(f"({which} {'was' if refused == 1 else 'were'} refused: {_listed(evidence.errors, '')})")
    return " ".join(parts) + "."


def _utc(time: str) -> str:
    return f"{time[:10]} {time[11:19]} UTC"


def next_step(alert: Alert) -> str:
    """The first thing to do."""
    return alert.detection.respond[0] if alert.detection.respond else "Ask the actor whether this was meant."


def telling(sighting: Sighting) -> str:
    """One record on one line."""
    parts = [print_time(sighting.time), sighting.event_name or "an unknown event", f"by {sighting.actor.name}"]
    if sighting.address:
        parts.append(f"from {sighting.address}")
    if sighting.resources:
        parts.append(f"on {', '.join(map(_tail, sighting.resources))}")
    if sighting.error:
        parts.append(f"→ {sighting.error}")
    return " ".join(parts)


def _listed(counts: Counts, otherwise: str, most: int = MOST, *, short: bool = False) -> str:
    names = [_tail(name) if short else name for name, _ in counts.most_common()]
    if not names:
        return otherwise
    others = len(names) - most
    if others <= 0 and counts.complete:
        return joined(names)
    number = f"{others}" if counts.complete else f"more than {others}"
    return f"{', '.join(names[:most])} and {number} other{'s' if others > 1 else ''}"


def _tail(resource: str) -> str:
    """What an administrator knows a resource by: `policy/ReadOnly` of `arn:aws:iam::111122223333:policy/ReadOnly`."""
    parts = resource.split(":", 5)
    return parts[5] if len(parts) == 6 and parts[0] == "arn" and parts[5] else resource


def joined(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
