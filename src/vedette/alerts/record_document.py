"""An alert of the live monitor as a JSON document. The keys are an interface: they do not change."""

from __future__ import annotations

from vedette.alerts import words
from vedette.alerts.document import seen, sightings
from vedette.alerts.record import AlertRecord
from vedette.cloudtrail.moment import print_time


def record_document(alert: AlertRecord) -> dict[str, object]:
    """Everything that is kept of the alert, under the names that a scan's alerts have. Times are ISO 8601 in UTC."""
    evidence, life, told = alert.evidence, alert.lifecycle, alert.told
    return {
        "id": alert.id,
        "kind": alert.kind,
        "detection": alert.detection,
        "title": alert.title,
        "severity": alert.severity.value,
        "status": life.status.value,
        "standing": alert.standing,
        "summary": words.sentence(alert) if evidence.count else alert.reason,
        "group": list(alert.group),
        "incident": alert.incident,
        **seen(evidence),
        "alarm": {"entered": print_time(alert.opened), "left": moment_text(alert.closed), "reason": alert.reason},
        "lifecycle": {
            "status": life.status.value,
            "who": life.who,
            "when": moment_text(life.when),
            "note": life.note,
            "until": moment_text(life.until),
        },
        "told": {"times": told.times, "last": moment_text(told.at), "channels": sorted(told.channels)},
        "withdrawn": alert.withdrawn,
        "created": print_time(alert.created),
        "changed": print_time(alert.changed),
        "sightings": sightings(evidence),
    }


def moment_text(seconds: int | None) -> str | None:
    """ISO 8601; None for never, which the store keeps as 0 or as nothing."""
    return print_time(seconds) if seconds else None
