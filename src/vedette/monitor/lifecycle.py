"""What people do to an alert: they take it on, put it off, end it, open it again. Each with who, when and why.

Resolving is of the episode that was seen: if new records make it longer, the same alert opens again and is told again;
a later episode is an alert of its own.
"""

from __future__ import annotations

from dataclasses import replace

from vedette.alerts.delivery import Reason
from vedette.alerts.record import AlertRecord, Lifecycle, Status
from vedette.errors import InputError
from vedette.monitor.store import Decision, Transaction
from vedette.monitor.telling import Desk
from vedette.monitor.watching import Monitor


def acknowledge(tx: Transaction, monitor: Monitor, alert_id: str, who: str, now: int, note: str = "") -> AlertRecord:
    """Somebody is on it: no repetitions; new actors and addresses, and that it is over, are still told."""
    lifecycle = Lifecycle(Status.ACKNOWLEDGED, who, now, note)
    return _set(tx, monitor, alert_id, lifecycle, Reason.ACKNOWLEDGED)


def snooze(
    tx: Transaction, monitor: Monitor, alert_id: str, who: str, now: int, until: int, note: str = ""
) -> AlertRecord:
    """Nothing is told until `until` (epoch seconds); then a standing alert is told again."""
    if until <= now:
        raise InputError("a snooze must end in the future", hint="give a time to come, or how long")
    return _set(tx, monitor, alert_id, Lifecycle(Status.SNOOZED, who, now, note, until), Reason.SNOOZED)


def resolve(tx: Transaction, monitor: Monitor, alert_id: str, who: str, now: int, note: str = "") -> AlertRecord:
    """It is over for people, and those who heard of it hear that; no more, unless records make the episode longer."""
    return _set(tx, monitor, alert_id, Lifecycle(Status.RESOLVED, who, now, note), Reason.RESOLVED)


def reopen(tx: Transaction, monitor: Monitor, alert_id: str, who: str, now: int, note: str = "") -> AlertRecord:
    """Undo any of these."""
    return _set(tx, monitor, alert_id, Lifecycle(Status.OPEN, who, now, note), Reason.REPEAT)


def _set(tx: Transaction, monitor: Monitor, alert_id: str, lifecycle: Lifecycle, reason: Reason) -> AlertRecord:
    known = tx.alert(alert_id)
    if known is None:
        raise InputError(f"there is no alert `{alert_id}`", hint="`vedette alerts list` shows them")
    if known.withdrawn:
        raise InputError(f"`{alert_id}` is no alert any more: {known.withdrawn}")
    # Where people took it for over, and somebody opens it again, that it goes on is no news.
    over = known.told.over and (lifecycle.status is Status.RESOLVED or not known.standing)
    tx.put_alert(replace(known, lifecycle=lifecycle, told=replace(known.told, over=over), changed=lifecycle.when))
    detail = f"{lifecycle.status.value} by {lifecycle.who}" + (f": {lifecycle.note}" if lifecycle.note else "")
    tx.put_decision(Decision(alert_id, lifecycle.when, reason, detail))
    look_after(tx, monitor, known, lifecycle.when)
    after = tx.alert(alert_id)
    assert after is not None
    return after


def look_after(tx: Transaction, monitor: Monitor, alert: AlertRecord, now: int) -> None:
    """Tell what is to be told of the alert's group now, and say when it is due again."""
    desk = Desk(tx, monitor, now)
    desk.look_after([(alert.detection, alert.group)])
    desk.finish()
