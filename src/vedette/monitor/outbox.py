"""Deliveries: planned so that what belongs together is one message and no channel floods; claimed, settled, retried.

Conservation: every decision that tells names one delivery for each channel, and a delivery is of exactly the alerts
whose decisions name it; deliveries planned = waiting + sent + dead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from vedette.alerts.delivery import Dead, Delivery, DeliveryState, Outcome, Reason, Retry, Sent
from vedette.alerts.policy import Backoff, Policy
from vedette.alerts.record import AlertRecord
from vedette.errors import InputError
from vedette.monitor.store import Transaction

LEASE = 120
"""Seconds for which a sender has a delivery to itself."""

"""Questions about single incidents after which one about all is cheaper."""
_ONE_BY_ONE = 20
_MOST_WAITING = 5_000

_ORDER = [
    Reason.FIRST, Reason.NEW_ACTOR, Reason.NEW_ADDRESS, Reason.REPEAT, Reason.RESOLVED, Reason.SUMMARY, Reason.TEST,
]  # fmt: skip
"""Of several reasons in one message the first counts."""


@dataclass(slots=True)
class _Open:
    """A message that still takes alerts; `fresh` if it is not in the store yet."""

    delivery: Delivery
    alerts: dict[str, None]
    fresh: bool

    def take(self, alert: str, reason: Reason) -> None:
        """Put an alert in, once."""
        self.alerts[alert] = None
        if self.delivery.reason is not Reason.SUMMARY:
            reason = min(self.delivery.reason, reason, key=_ORDER.index)
            self.delivery = replace(self.delivery, reason=reason)


@dataclass(slots=True)
class Outbox:
    """What one transaction plans. `flush` writes it; without that nothing is planned."""

    tx: Transaction
    policy: Policy
    now: int
    planned: int = 0
    _open: dict[tuple[str, str, bool], _Open] = field(default_factory=dict)
    _recent: dict[str, list[int]] = field(default_factory=dict)
    _changed: dict[str, _Open] = field(default_factory=dict)
    _asked: dict[str, int] = field(default_factory=dict)
    _waits: dict[str, dict[str, list[Delivery]]] = field(default_factory=dict)
    """By channel and incident: what waits in the store; what is planned here is in `_open`."""

    def plan(self, alert: AlertRecord, channel: str, reason: Reason) -> tuple[str, bool]:
        """The key of the delivery that tells of the alert on the channel, and whether it was planned for it."""
        resolving = reason is Reason.RESOLVED
        found = self._waiting(channel, alert.incident, resolving=resolving)
        own = False
        if found is None:
            free_at = self._free_at(channel)
            summing = free_at > self.now
            incident = f"summary/{channel}" if summing else alert.incident
            found = self._waiting(channel, incident, resolving=False) if summing else None
            if found is None:
                own = True
                due = max(free_at, self.now + self.policy.group_wait)
                planned = Delivery(
                    _key(channel, alert), channel, incident, (), Reason.SUMMARY if summing else reason, self.now, due
                )
                found = self._opened(planned, resolving=resolving and not summing)
        found.take(alert.id, reason)
        self._changed[found.delivery.key] = found
        return found.delivery.key, own

    def flush(self) -> None:
        """Write what was planned."""
        for each in self._changed.values():
            delivery = replace(each.delivery, alerts=tuple(each.alerts))
            if each.fresh:
                self.tx.put_delivery(delivery)
            else:
                self.tx.replace_delivery(delivery)
        self._changed.clear()
        self._open.clear()
        self._asked.clear()
        self._waits.clear()

    def _opened(self, delivery: Delivery, *, resolving: bool) -> _Open:
        self.planned += 1
        self._recent[delivery.channel].append(self.now)
        found = _Open(delivery, {}, fresh=True)
        self._open[(delivery.channel, delivery.incident, resolving)] = found
        return found

    def _waiting(self, channel: str, incident: str, *, resolving: bool) -> _Open | None:
        """The message of the incident that waits for others. That something is over has a message of its own."""
        place = (channel, incident, resolving)
        if place not in self._open:
            for each in self._told_of(channel, incident):
                untried = each.attempts == 0 and each.due > self.now and each.lease <= self.now
                if untried and (each.reason is Reason.RESOLVED) is resolving:
                    self._open[place] = _Open(each, dict.fromkeys(each.alerts), fresh=False)
                    break
        return self._open.get(place)

    def _told_of(self, channel: str, incident: str) -> Iterable[Delivery]:
        """The deliveries of the incident that wait, the newest first; after some questions all of the channel."""
        asked = self._asked[channel] = self._asked.get(channel, 0) + 1
        if asked == _ONE_BY_ONE:
            every = self.tx.deliveries(state=DeliveryState.WAITING, channel=channel, limit=_MOST_WAITING)
            if len(every) < _MOST_WAITING:
                waits: dict[str, list[Delivery]] = {}
                for each in every:
                    waits.setdefault(each.incident, []).append(each)
                self._waits[channel] = waits
        if channel in self._waits:
            return self._waits[channel].get(incident, ())
        return self.tx.deliveries(state=DeliveryState.WAITING, channel=channel, incident=incident)

    def _free_at(self, channel: str) -> int:
        """When the channel bears another message."""
        rate = self.policy.rate_of(channel)
        if channel not in self._recent:
            newest = self.tx.deliveries(channel=channel, limit=rate.messages)
            self._recent[channel] = [each.created for each in reversed(newest)]
        last = self._recent[channel][-rate.messages :]
        return last[0] + rate.seconds if len(last) == rate.messages else self.now


def _key(channel: str, alert: AlertRecord) -> str:
    parts = "\0".join((channel, alert.id, str(alert.told.times)))
    return hashlib.blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def claim(tx: Transaction, holder: str, now: int, limit: int = 50) -> Sequence[Delivery]:
    """Deliveries to send now, for LEASE seconds nobody else's; each continues the thread of its incident."""
    claimed = tx.claim_deliveries(holder, now, now + LEASE, limit)
    return [replace(each, thread=each.thread or thread_of(tx, each)) for each in claimed]


def thread_of(tx: Transaction, delivery: Delivery) -> str:
    """What the channel gave for the incident's first message that had a thread; empty if there is none."""
    sent = tx.deliveries(state=DeliveryState.SENT, channel=delivery.channel, incident=delivery.incident)
    return next((each.thread for each in reversed(sent) if each.thread), "")


def settled(delivery: Delivery, outcome: Outcome, now: int, backoff: Backoff) -> Delivery:
    """The delivery after a try that ended so at `now`: sent, dead, or due again."""
    tried = replace(delivery, attempts=delivery.attempts + 1, holder="", lease=0)
    match outcome:
        case Sent(reference, thread, note):
            thread = delivery.thread or thread
            return replace(tried, state=DeliveryState.SENT, settled=now, detail=reference, thread=thread, note=note)
        case Dead(why):
            return replace(tried, state=DeliveryState.DEAD, settled=now, detail=why)
        case Retry(why, after):
            if backoff.is_spent(tried.attempts, now - delivery.created):
                return replace(tried, state=DeliveryState.DEAD, settled=now, detail=f"given up: {why}")
            delay = max(backoff.delay(delivery.key, tried.attempts), after or 0)
            return replace(tried, due=now + delay, detail=why)


def store_outcome(tx: Transaction, policy: Policy, delivery: Delivery, outcome: Outcome, now: int) -> Delivery:
    """Store how a try ended. What another has settled, or tries, meanwhile is left to it, unless this was accepted."""
    known = tx.delivery(delivery.key)
    if known is not None and not isinstance(outcome, Sent):
        is_tried = known.holder not in ("", delivery.holder) and known.lease > now
        if known.state is not DeliveryState.WAITING or is_tried:
            return known
    after = settled(delivery, outcome, now, policy.backoff)
    tx.replace_delivery(after)
    return after


def retry(tx: Transaction, key: str, now: int) -> Delivery:
    """Let a dead delivery, or one that waits, be tried at once; InputError if there is none such."""
    known = tx.delivery(key)
    if known is None or known.state is DeliveryState.SENT:
        raise InputError(f"there is no delivery `{key}` to try again", hint="`vedette deliveries list` shows them")
    after = replace(known, state=DeliveryState.WAITING, due=now, attempts=0, lease=0, settled=None)
    tx.replace_delivery(after)
    return after
