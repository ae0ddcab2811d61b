"""From what the minutes say to the alerts in the store: new ones, longer ones, joined ones, and those that are gone.

An alert is never deleted: one that is none any more says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from vedette.alerts.alert import alert_id
from vedette.alerts.evidence import Evidence
from vedette.alerts.policy import Policy
from vedette.alerts.record import AlertRecord, Group, Lifecycle, Status, Told
from vedette.cloudtrail.identity import ActorKind
from vedette.detections.definition import Detection
from vedette.monitor.evaluation import Draft, View
from vedette.monitor.store import AlertFilter, Transaction
from vedette.monitor.watching import CANARY

BY_ITSELF = "vedette"
"""Who changed an alert that nobody touched."""

_NAMELESS = frozenset({ActorKind.UNKNOWN, ActorKind.SERVICE})
_LOOKED_AT = 20


def reconcile(
    tx: Transaction, policy: Policy, detection: Detection, group: Group, view: View, now: int
) -> tuple[list[AlertRecord], list[str]]:
    """Make the stored alerts of the view say what its drafts say.

    The alerts that changed, as they are now; and the ids of those among them that were not there before.
    """
    changed: list[AlertRecord] = []
    opened: list[str] = []
    free = sorted(view.stored, key=lambda alert: (alert.created, alert.minutes, alert.id))
    for draft in view.drafts:
        own = [alert for alert in free if _meet(alert.minutes, draft.minutes)]
        free = [alert for alert in free if not _meet(alert.minutes, draft.minutes)]
        before = _joined(own) if own else None
        after = _new(tx, policy, detection, group, draft, now) if before is None else _changed(before, draft, now)
        if before is None and tx.alert(after.id) is None:
            opened.append(after.id)
        after = replace(after, title=detection.title, severity=detection.severity)
        if after != before or len(own) > 1:
            changed.append(replace(after, changed=now))
        changed += (_withdrawn(alert, f"joined with {after.id}", now) for alert in own[1:])
    changed += (_withdrawn(alert, "late records took its ground away", now) for alert in free)
    for alert in changed:
        tx.put_alert(alert)
    return changed, opened


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _joined(own: Sequence[AlertRecord]) -> AlertRecord:
    """The first of them, which knows what people have heard of any."""
    first = own[0]
    every = [alert.told for alert in own]
    told = Told(
        max(told.at for told in every),
        sum(told.times for told in every),
        frozenset().union(*(told.actors for told in every)),
        frozenset().union(*(told.addresses for told in every)),
        frozenset().union(*(told.channels for told in every)),
        first.told.over,
    )
    return replace(first, told=told)


def _changed(before: AlertRecord, draft: Draft, now: int) -> AlertRecord:
    closes = None if draft.closed is None else draft.closed.at
    after = replace(
        before,
        opened=draft.opened,
        reason=draft.reason,
        closes=closes,
        # What had closed and goes on is open again; it closes anew when its time has come.
        closed=before.closed if before.closed == closes else None,
        closing="" if draft.closed is None else draft.closed.reason,
        minutes=draft.minutes,
        evidence=draft.evidence,
        actor=before.actor or _actor(draft.evidence, before.detection, before.group),
        withdrawn="",
        base=draft.base,
    )
    if before.lifecycle.status is Status.RESOLVED and draft.evidence.count > before.evidence.count:
        lifecycle = Lifecycle(Status.OPEN, BY_ITSELF, now, "new records after it was resolved")
        return replace(after, lifecycle=lifecycle, told=replace(after.told, over=True))
    return after


def _withdrawn(alert: AlertRecord, why: str, now: int) -> AlertRecord:
    lifecycle = Lifecycle(Status.RESOLVED, BY_ITSELF, now, why)
    return replace(alert, withdrawn=why, lifecycle=lifecycle, changed=now)


def _new(tx: Transaction, policy: Policy, detection: Detection, group: Group, draft: Draft, now: int) -> AlertRecord:
    before = next(_namesakes(tx, alert_id(detection.id, group, draft.evidence.first)))
    if isinstance(before, AlertRecord):
        revived = replace(before, lifecycle=Lifecycle(Status.OPEN, BY_ITSELF, now, "it holds again"))
        return _changed(revived, draft, now)
    actor = _actor(draft.evidence, detection.id, group)
    fresh = AlertRecord(
        id=before,
        detection=detection.id,
        title=detection.title,
        severity=detection.severity,
        group=group,
        opened=draft.opened,
        closed=None,
        reason=draft.reason,
        minutes=draft.minutes,
        evidence=draft.evidence,
        incident=_incident(tx, policy, actor, draft.evidence) or before,
        created=now,
        changed=now,
        kind="canary" if detection.id == CANARY else "detection",
        actor=actor,
    )
    return _changed(fresh, draft, now)


def _namesakes(tx: Transaction, name: str) -> Iterator[AlertRecord | str]:
    """The withdrawn alert of that id, which holds again; or an id that is free: its number tells it from its like."""
    number = 1
    while True:
        numbered = name if number == 1 else f"{name}-{number}"
        found = tx.alert(numbered)
        if found is None:
            yield numbered
        elif found.withdrawn:
            yield found
        number += 1


def _actor(evidence: Evidence, detection: str, group: Group) -> str:
    """The key of the actor whom most of the sightings show; without one, what the alert is of."""
    keys = [seen.actor.key for seen in evidence.sightings if seen.actor.kind not in _NAMELESS]
    return max(sorted(set(keys)), key=keys.count) if keys else "/".join((detection, *group))


def _incident(tx: Transaction, policy: Policy, actor: str, evidence: Evidence) -> str | None:
    """The incident of the actor's latest alert whose records are near enough."""
    for other in tx.alerts(AlertFilter(actor=actor, limit=_LOOKED_AT)):
        gap = max(evidence.first - other.evidence.last, other.evidence.first - evidence.last)
        if not other.withdrawn and gap <= policy.group_window:
            return other.incident
    return None
