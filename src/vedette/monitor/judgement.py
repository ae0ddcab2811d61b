"""Should people hear of this alert now, and why? One function, one named reason; a pure question about values.

Everything follows from what the alert is and what people have heard of it, so that asking again after a crash, or after
a silence has ended, gives the right answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vedette.alerts.delivery import Reason
from vedette.alerts.policy import Labels, Policy, holds_back
from vedette.alerts.record import AlertRecord, Status
from vedette.monitor.store import Silence

MOST_NAMED = 256
"""Actors, and addresses, that are told one by one; beyond that an alert's repetitions tell of them."""

NOT_ARRIVED = "vedette-canary-missing"
"""The id under which the monitor tells that a canary did not arrive."""

_LATER = 900
_NEWS = frozenset({Reason.NEW_ACTOR, Reason.NEW_ADDRESS})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is told, to which channels; or, without channels, why nothing is. `again` is when to ask again (None: when
    something changes)."""

    reason: Reason
    detail: str = ""
    channels: tuple[str, ...] = ()
    again: int | None = None


@dataclass(frozen=True, slots=True)
class _News:
    reason: Reason
    detail: str = ""


def judge(alert: AlertRecord, category: str, policy: Policy, silences: Sequence[Silence], now: int) -> Verdict | None:
    """What to do about the alert at `now`; None if there is nothing to say. `silences` are those in force."""
    news = _news(alert, policy, now)
    if news is None:
        return None
    return (
        _too_old(alert, news, policy, now)
        or _silenced(alert, category, silences)
        or _put_off(alert, news, now)
        or _routed(alert, news, category, policy, now)
    )


def _news(alert: AlertRecord, policy: Policy, now: int) -> _News | None:
    """What people do not know yet, the most important first."""
    told = alert.told
    if alert.withdrawn or alert.lifecycle.status is Status.RESOLVED:
        unfinished = told.times and not told.over and alert.kind != "canary"
        why = alert.withdrawn or f"by {alert.lifecycle.who}"
        return _News(Reason.RESOLVED, why) if unfinished and policy.tell_resolved else None
    if not told.times:
        return _News(Reason.FIRST)
    if now >= told.at + policy.news_after:
        if actors := unnamed_actors(alert):
            return _News(Reason.NEW_ACTOR, _named(actors))
        if addresses := unnamed_addresses(alert):
            return _News(Reason.NEW_ADDRESS, _named(addresses))
    if not alert.standing:
        return None if told.over or not policy.tell_resolved else _News(Reason.RESOLVED)
    return _repetition(alert, policy, now)


def _named(names: frozenset[str], most: int = 3) -> str:
    more = len(names) - most
    return ", ".join(sorted(names)[:most]) + (f" and {more} more" if more > 0 else "")


def _repetition(alert: AlertRecord, policy: Policy, now: int) -> _News | None:
    life, told = alert.lifecycle, alert.told
    if told.over:
        return _News(Reason.REPEAT, life.note or "it goes on")
    if life.status is Status.SNOOZED and life.until is not None and now >= life.until:
        return _News(Reason.REPEAT, "the snooze has ended")
    if policy.repeat_after and now >= told.at + policy.repeat_after:
        return _News(Reason.REPEAT)
    return None


def unnamed_actors(alert: AlertRecord) -> frozenset[str]:
    """Actors of which people have not heard; none once they have heard of MOST_NAMED."""
    return _unnamed(alert.told.actors, frozenset(alert.evidence.actors.values))


def unnamed_addresses(alert: AlertRecord) -> frozenset[str]:
    """Addresses, as `unnamed_actors`."""
    return _unnamed(alert.told.addresses, frozenset(alert.evidence.addresses.values))


def _unnamed(known: frozenset[str], seen: frozenset[str]) -> frozenset[str]:
    return seen - known if len(known) < MOST_NAMED else frozenset()


def _too_old(alert: AlertRecord, news: _News, policy: Policy, now: int) -> Verdict | None:
    is_old = alert.evidence.count and alert.evidence.last < now - policy.max_age
    return Verdict(Reason.TOO_OLD) if is_old and (news.reason is Reason.FIRST or news.reason in _NEWS) else None


def _silenced(alert: AlertRecord, category: str, silences: Sequence[Silence]) -> Verdict | None:
    if not silences:
        return None
    labels = Labels.of(alert, category)
    for silence in silences:
        if holds_back(silence.matchers, labels):
            return Verdict(Reason.SILENCED, silence.id, again=silence.until)
    return None


def _put_off(alert: AlertRecord, news: _News, now: int) -> Verdict | None:
    life = alert.lifecycle
    if life.status is Status.SNOOZED and life.until is not None and now < life.until:
        return Verdict(Reason.SNOOZED, f"by {life.who}", again=life.until)
    if life.status is Status.ACKNOWLEDGED and news.reason in (Reason.FIRST, Reason.REPEAT):
        return Verdict(Reason.ACKNOWLEDGED, f"by {life.who}")
    return None


def _routed(alert: AlertRecord, news: _News, category: str, policy: Policy, now: int) -> Verdict:
    """Where it goes. What is over goes to those who heard of it, of the channels that there still are; what the monitor
    says of itself goes somewhere."""
    if news.reason is Reason.RESOLVED:
        heard = alert.told.channels.intersection(policy.channels)
        return Verdict(news.reason, news.detail, tuple(sorted(heard)))
    channels = policy.channels_for(Labels.of(alert, category), now)
    # That alerts do not arrive is told to everyone who can be reached.
    to_all = alert.detection == NOT_ARRIVED
    if to_all or (not channels and alert.kind != "detection"):
        channels = tuple(each for each in policy.channels if each not in alert.group) or policy.channels
    if not channels:
        # A route with hours may take it later.
        timed = any(route.hours is not None for route in policy.routes)
        return Verdict(Reason.NO_ROUTE, again=now - now % _LATER + _LATER if timed and alert.standing else None)
    return Verdict(news.reason, news.detail, channels)


def next_look(alert: AlertRecord, verdict: Verdict | None, policy: Policy, now: int) -> int | None:
    """When the alert must be looked at again though nothing happens to it, `verdict` being what was found at `now`."""
    moments: list[int] = []
    life, told = alert.lifecycle, alert.told
    if verdict is not None and verdict.again is not None:
        moments.append(verdict.again)
    if alert.standing and alert.closes is not None:
        moments.append(alert.closes + policy.resolve_after)
    if told.times and not alert.withdrawn and life.status is not Status.RESOLVED:
        if unnamed_actors(alert) or unnamed_addresses(alert):
            moments.append(told.at + policy.news_after)
        if alert.standing and life.status is Status.SNOOZED and life.until is not None:
            moments.append(life.until)
        elif alert.standing and policy.repeat_after and life.status is Status.OPEN:
            moments.append(told.at + policy.repeat_after)
    return min((moment for moment in moments if moment > now), default=None)
