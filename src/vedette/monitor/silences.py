"""Silences: what one would hold back, and how one begins and ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from vedette.alerts.policy import Labels, checked_matchers, fits, holds_back
from vedette.alerts.record import AlertRecord
from vedette.detections.definition import Severity
from vedette.errors import InputError, did_you_mean, printable
from vedette.monitor.selfwatch import Concern
from vedette.monitor.store import AlertFilter, Silence, Transaction
from vedette.monitor.watching import Monitor

_MOST = 100_000


def check_known(monitor: Monitor, matchers: Mapping[str, str]) -> None:
    """InputError for a detection, category or severity that there is none of: such a silence holds nothing back."""
    known = {
        "detection": [*monitor.by_id, *(concern.value for concern in Concern)],
        "category": sorted({detection.category for detection in monitor.detections}),
        "severity": [severity.value for severity in Severity],
    }
    for name, pattern in matchers.items():
        if name in known and not any(fits(pattern, one) for one in known[name]):
            hint = did_you_mean(pattern, known[name]) or "`vedette detections list` shows what there is"
            raise InputError(f"no {name} fits `{printable(pattern)}`: the silence would hold nothing back", hint=hint)


def preview(monitor: Monitor, matchers: Mapping[str, str], alerts: Iterable[AlertRecord]) -> list[AlertRecord]:
    """Those of the alerts that a silence with these matchers would hold back."""
    wanted = checked_matchers(matchers)
    return [alert for alert in alerts if holds_back(wanted, _labels(monitor, alert))]


def silence(
    tx: Transaction, name: str, matchers: Mapping[str, str], *, owner: str, reason: str, now: int, until: int
) -> Silence:
    """Hold back from now until `until` (epoch seconds). InputError for matchers that match all or nothing known."""
    if until <= now:
        raise InputError("a silence must end in the future", hint="give a time to come, or how long")
    made = Silence(name, checked_matchers(matchers), owner, reason, now, until)
    tx.put_silence(made)
    return made


def lift(tx: Transaction, monitor: Monitor, name: str, now: int) -> Silence:
    """End a silence now; what it held back of standing alerts is told with the next tick."""
    known = next((each for each in tx.silences(now) if each.id == name), None)
    if known is None:
        raise InputError(f"there is no silence `{name}`", hint="`vedette silences list` shows them")
    tx.put_silence(replace(known, until=now))
    for alert in preview(monitor, known.matchers, tx.alerts(AlertFilter(since=known.created, limit=_MOST))):
        tx.set_due(alert.detection, alert.group, now)
    return known


def _labels(monitor: Monitor, alert: AlertRecord) -> Labels:
    detection = monitor.by_id.get(alert.detection)
    return Labels.of(alert, "" if detection is None else detection.category)
