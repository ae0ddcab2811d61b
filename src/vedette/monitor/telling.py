"""Looking after a group's alerts: what is over is closed, what people should hear is planned, the next look is set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from vedette.alerts.delivery import Reason
from vedette.alerts.record import AlertRecord, Lifecycle, Status, Told
from vedette.monitor.judgement import MOST_NAMED, Verdict, judge, next_look
from vedette.monitor.outbox import Outbox
from vedette.monitor.store import Decision, Place, Silence, Transaction
from vedette.monitor.watching import Monitor

_LOOKED_AT = 64
"""Alerts of one group that are looked after, the newest change first: older ones have been over for long."""


@dataclass(slots=True)
class Desk:
    """What one transaction tells: make one, look after groups, `finish`."""

    tx: Transaction
    monitor: Monitor
    now: int
    outbox: Outbox = field(init=False)
    silences: Sequence[Silence] = field(init=False)
    closed: int = 0
    told: int = 0
    opened: list[str] = field(default_factory=list)
    _decisions: list[Decision] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.tx, self.monitor.policy, self.now)
        self.silences = self.tx.silences(self.now)

    def finish(self) -> None:
        """Write the deliveries that were planned."""
        self.outbox.flush()

    def look_after(self, places: Collection[Place]) -> None:
        """Close and tell what is due of the groups' alerts, and say when each is due again; no group twice."""
        dues: dict[Place, int | None] = {}
        changed: list[AlertRecord] = []
        found = self.tx.newest_alerts(places, _LOOKED_AT)
        for place in places:
            alerts = sorted(found[place], key=lambda alert: (alert.minutes, alert.id))
            looks = [self._look_after(alert, changed) for alert in alerts]
            dues[place] = min((look for look in looks if look is not None), default=None)
        self.tx.put_alerts(changed)
        self.tx.put_decisions(self._decisions)
        self._decisions.clear()
        self.tx.set_dues(dues)

    def _look_after(self, alert: AlertRecord, changed: list[AlertRecord]) -> int | None:
        policy = self.monitor.policy
        after = self._progressed(alert)
        known = self.monitor.by_id.get(alert.detection)
        verdict = judge(after, "" if known is None else known.category, policy, self.silences, self.now)
        if verdict is not None:
            after = self._told(after, verdict) if verdict.channels else self._held_back(after, verdict)
        if after is not alert:
            changed.append(after)
        return next_look(after, verdict, policy, self.now)

    def _progressed(self, alert: AlertRecord) -> AlertRecord:
        """The alert, closed if its alarm has been out of ALARM for long enough."""
        due = alert.closes is not None and self.now >= alert.closes + self.monitor.policy.resolve_after
        if not due or not alert.standing:
            return alert
        self.closed += 1
        return alert.amended(closed=alert.closes, changed=self.now)

    def _told(self, alert: AlertRecord, verdict: Verdict) -> AlertRecord:
        planned = [self.outbox.plan(alert, channel, verdict.reason) for channel in verdict.channels]
        keys = tuple(key for key, _ in planned)
        if any(own for _, own in planned):
            decision = Decision(alert.id, self.now, verdict.reason, verdict.detail, keys)
        else:
            why = f"{verdict.reason.value}, in a message that waits"
            decision = Decision(alert.id, self.now, Reason.GROUPED, why, keys)
        self._decisions.append(decision)
        self.told += 1
        return alert.amended(told=self._heard(alert, verdict), lifecycle=self._woken(alert.lifecycle))

    def _heard(self, alert: AlertRecord, verdict: Verdict) -> Told:
        told, evidence = alert.told, alert.evidence
        return Told(
            self.now,
            told.times + 1,
            _remembered(told.actors, evidence.actors.values),
            _remembered(told.addresses, evidence.addresses.values),
            told.channels.union(verdict.channels),
            over=not alert.standing or alert.lifecycle.status is Status.RESOLVED,
        )

    def _woken(self, life: Lifecycle) -> Lifecycle:
        is_over = life.status is Status.SNOOZED and life.until is not None and self.now >= life.until
        return replace(life, status=Status.OPEN, until=None) if is_over else life

    def _held_back(self, alert: AlertRecord, verdict: Verdict) -> AlertRecord:
        """Remember why, once."""
        before = self.tx.decisions(alert.id)
        if not before or (before[-1].reason, before[-1].detail) != (verdict.reason, verdict.detail):
            self._decisions.append(Decision(alert.id, self.now, verdict.reason, verdict.detail))
        return alert


def _remembered(known: frozenset[str], seen: Iterable[str]) -> frozenset[str]:
    """The values that people have heard of: bounded, so that a long attack does not make an alert grow for ever."""
    fresh = sorted(set(seen) - known)
    return known.union(fresh[: max(0, MOST_NAMED - len(known))])
