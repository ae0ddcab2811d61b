"""What the monitor has to say of itself: alerts of kind `self`, which go the way of all others.

Whoever notices something raises it by name and subject, as often as it notices, and clears it once it is well again.
"""

from __future__ import annotations

import enum
from dataclasses import replace

from vedette.alerts.alert import alert_id
from vedette.alerts.evidence import Evidence
from vedette.alerts.record import AlertRecord
from vedette.detections.definition import Severity
from vedette.monitor.judgement import NOT_ARRIVED
from vedette.monitor.lifecycle import look_after
from vedette.monitor.store import AlertFilter, Transaction
from vedette.monitor.watching import Monitor


class Concern(enum.Enum):
    """What can be wrong: the id of the alert's detection, as routes and silences name it."""

    SOURCE_QUIET = "vedette-source-quiet"
    SOURCE_FAILING = "vedette-source-failing"
    LAG = "vedette-lag"
    DETECTION_ERROR = "vedette-detection-error"
    CHANNEL_FAILING = "vedette-channel-failing"
    DELIVERY_DEAD = "vedette-delivery-dead"
    CANARY_MISSING = NOT_ARRIVED
    STORE_FAILING = "vedette-store-failing"

    @property
    def title(self) -> str:
        """What it means, in a line."""
        return _TITLES[self]


_TITLES = {
    Concern.SOURCE_QUIET: "A source has gone quiet",
    Concern.SOURCE_FAILING: "A source cannot be read",
    Concern.LAG: "Records arrive late",
    Concern.DETECTION_ERROR: "A detection fails",
    Concern.CHANNEL_FAILING: "A channel fails",
    Concern.DELIVERY_DEAD: "A message was given up",
    Concern.CANARY_MISSING: "The canary did not arrive",
    Concern.STORE_FAILING: "The store fails",
}


def raise_concern(
    tx: Transaction, monitor: Monitor, concern: Concern, subject: str, why: str, now: int,
    severity: Severity = Severity.HIGH,
) -> AlertRecord:  # fmt: skip
    """Something is wrong with `subject` (a source, a channel, …). What stands already only says `why` anew."""
    standing = _standing(tx, concern, subject)
    if standing is not None and (standing.reason, standing.severity) == (why, severity):
        return standing
    if standing is None:
        alert = _fresh(tx, concern, subject, why, now, severity)
    else:
        alert = replace(standing, reason=why, severity=severity, changed=now)
    tx.put_alert(alert)
    look_after(tx, monitor, alert, now)
    return tx.alert(alert.id) or alert


def clear_concern(tx: Transaction, monitor: Monitor, concern: Concern, subject: str, now: int) -> AlertRecord | None:
    """It is well again; None if nothing stood."""
    standing = _standing(tx, concern, subject)
    if standing is None:
        return None
    over = replace(standing, closed=now, closes=now, closing="It is well again.", changed=now)
    tx.put_alert(over)
    look_after(tx, monitor, over, now)
    return tx.alert(over.id)


def concerns(tx: Transaction) -> list[AlertRecord]:
    """What stands."""
    found = (tx.alerts(AlertFilter(detection=concern.value, standing=True)) for concern in Concern)
    return [alert for alerts in found for alert in alerts]


def _standing(tx: Transaction, concern: Concern, subject: str) -> AlertRecord | None:
    wanted = AlertFilter(detection=concern.value, group=(subject,), standing=True, limit=1)
    return next(iter(tx.alerts(wanted)), None)


def _fresh(tx: Transaction, concern: Concern, subject: str, why: str, now: int, severity: Severity) -> AlertRecord:
    name = alert_id(concern.value, (subject,), now)
    number = 1
    while tx.alert(name) is not None:
        number += 1
        name = f"{alert_id(concern.value, (subject,), now)}-{number}"
    minute = now - now % 60
    return AlertRecord(
        id=name,
        detection=concern.value,
        title=concern.title,
        severity=severity,
        group=(subject,),
        opened=now,
        closed=None,
        reason=why,
        minutes=(minute, minute),
        evidence=Evidence(),
        incident=name,
        created=now,
        changed=now,
        kind="self",
    )
