"""An alert as a JSON document, and as a row for spreadsheets. The keys are an interface: they do not change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vedette.alerts import words
from vedette.alerts.alert import Alert
from vedette.alerts.evidence import Counts, Evidence, Sighting
from vedette.cloudtrail.moment import print_time
from vedette.detections.definition import Derived
from vedette.errors import printable

COLUMNS = (
    "id", "severity", "detection", "title", "who", "what", "from", "regions", "accounts", "first", "last", "count",
    "next_step",
)  # fmt: skip

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""As OWASP's "CSV Injection" lists them; the last four are the full-width forms of the first four."""


def document(alert: Alert, records: Mapping[Sighting, str] | None = None) -> dict[str, object]:
    """Everything about the alert. Times are ISO 8601 in UTC; `records` gives the verbatim records of its sightings."""
    detection, evidence = alert.detection, alert.evidence
    return {
        "id": alert.id,
        "detection": detection.id,
        "title": detection.title,
        "severity": detection.severity.value,
        "category": detection.category,
        "summary": words.sentence(alert),
        "group": dict(zip(_fields(alert), alert.group, strict=False)),
        **seen(evidence),
        "alarm": {
            "entered": print_time(alert.opened.at),
            "left": None if alert.closed is None else print_time(alert.closed.at),
            "reason": alert.opened.reason,
        },
        "why": detection.why,
        "false_positives": list(detection.false_positives),
        "respond": list(detection.respond),
        "references": list(detection.references),
        "attack": list(detection.attack),
        "compliance": list(detection.compliance),
        "sightings": sightings(evidence, records),
    }


def seen(evidence: Evidence) -> dict[str, object]:
    """How often, when, who, from where, what."""
    return {
        "count": evidence.count,
        "first": print_time(evidence.first),
        "last": print_time(evidence.last),
        "actors": _counts(evidence.actors),
        "addresses": _counts(evidence.addresses),
        "regions": _counts(evidence.regions),
        "accounts": _counts(evidence.accounts),
        "events": _counts(evidence.event_names),
        "errors": _counts(evidence.errors),
        "user_agents": _counts(evidence.user_agents),
        "resources": _counts(evidence.resources),
    }


def sightings(evidence: Evidence, records: Mapping[Sighting, str] | None = None) -> list[dict[str, object]]:
    """The most telling records; `records` gives the verbatim text of those that have one."""
    return [_sighting(sighting, records or {}) for sighting in evidence.sightings]


def _fields(alert: Alert) -> list[str]:
    return ["actor" if field is Derived.ACTOR else str(field) for field in alert.detection.group_by]


def _counts(counts: Counts) -> dict[str, int]:
    return dict(counts.most_common())


def _sighting(seen: Sighting, records: Mapping[Sighting, str]) -> dict[str, object]:
    told: dict[str, object] = {
        "time": print_time(seen.time),
        "event_id": seen.event_id,
        "event": seen.event_name,
        "service": seen.event_source,
        "actor": seen.actor.name,
        "actor_kind": seen.actor.kind.value,
        "arn": seen.actor.arn,
        "access_key_id": seen.actor.access_key_id,
        "address": seen.address,
        "region": seen.region,
        "account": seen.account,
        "user_agent": seen.user_agent,
        "error": seen.error,
        "resources": list(seen.resources),
        "object": seen.object_name,
        "record": seen.number,
    }
    if seen in records:
        told["cloudtrail"] = records[seen]
    return told


def row(alert: Alert) -> Sequence[str]:
    """The alert under COLUMNS. A cell that a spreadsheet would take for a formula gets an apostrophe before it.

    Every cell is `printable`: the file may be shown on a terminal, which would obey what an attacker wrote.
    """
    evidence = alert.evidence
    cells = (
        alert.id,
        alert.detection.severity.value,
        alert.detection.id,
        alert.detection.title,
        words.who(alert),
        words.what(alert),
        words.whence(alert),
        "; ".join(name for name, _ in evidence.regions.most_common()),
        "; ".join(name for name, _ in evidence.accounts.most_common()),
        print_time(evidence.first),
        print_time(evidence.last),
        str(evidence.count),
        words.next_step(alert),
    )
    return ["'" * cell.startswith(_FORMULA_STARTS) + printable(cell) for cell in cells]
