"""An alert as an OCSF Detection Finding (class 2004), for a SIEM or a security lake.

Source: the Open Cybersecurity Schema Framework, version 1.5.0, class `detection_finding` with the `cloud` profile. The
tests hold every finding against the JSON schema made from OCSF's own definitions.
"""

from __future__ import annotations

from collections.abc import Mapping

from vedette import __version__
from vedette.alerts import words
from vedette.alerts.alert import Alert
from vedette.alerts.evidence import Sighting
from vedette.cloudtrail.identity import ActorKind
from vedette.cloudtrail.origin import OriginKind, origin_of
from vedette.detections.definition import Detection

OCSF_VERSION = "1.5.0"
CLASS_UID = 2004
_CREATE = 1
_SEVERITY_IDS = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
_SEVERITY_NAMES = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical"}
_RULE = 1
_AWS_ACCOUNT = 10
_IP_ADDRESS, _USER_NAME, _RESOURCE_UID = 2, 4, 10
_OBSERVED = 10


_CLASS: dict[str, object] = {
    "activity_id": _CREATE,
    "activity_name": "Create",
    "category_uid": 2,
    "category_name": "Findings",
    "class_uid": CLASS_UID,
    "class_name": "Detection Finding",
    "type_uid": CLASS_UID * 100 + _CREATE,
    "type_name": "Detection Finding: Create",
}
"""What every finding says of itself."""


def finding(alert: Alert, records: Mapping[Sighting, str] | None = None) -> dict[str, object]:
    """The finding. Times are milliseconds since 1970; `records` gives the verbatim records of the alert's sightings."""
    detection, evidence = alert.detection, alert.evidence
    severity = _SEVERITY_IDS[detection.severity.value]
    told: dict[str, object] = {
        **_CLASS,
        "time": evidence.first * 1000,
        "start_time": evidence.first * 1000,
        "end_time": evidence.last * 1000,
        "count": evidence.count,
        "severity_id": severity,
        "severity": _SEVERITY_NAMES[severity],
        "status_id": 1,
        "status": "New",
        "is_alert": True,
        "message": words.sentence(alert),
        "metadata": _metadata(detection),
        "cloud": _cloud(alert),
        "finding_info": _finding_info(alert),
        "evidences": [_evidence(seen, records or {}) for seen in evidence.sightings],
        "observables": _observables(alert),
    }
    if detection.respond:
        told["remediation"] = _remediation(detection)
    if evidence.resources.values:
        told["resources"] = [{"uid": name} for name, _ in evidence.resources.most_common(_OBSERVED)]
    return told


def _metadata(detection: Detection) -> dict[str, object]:
    return {
        "version": OCSF_VERSION,
        "profiles": ["cloud"],
        "product": {"name": "Vedette", "vendor_name": "Vedette", "version": __version__},
        "log_name": "CloudTrail",
        "event_code": detection.id,
    }


def _remediation(detection: Detection) -> dict[str, object]:
    told: dict[str, object] = {"desc": "\n".join(detection.respond)}
    if detection.references:
        told["references"] = list(detection.references)
    return told


def _cloud(alert: Alert) -> dict[str, object]:
    cloud: dict[str, object] = {"provider": "AWS"}
    if accounts := alert.evidence.accounts.most_common(1):
        cloud["account"] = {"uid": accounts[0][0], "type": "AWS Account", "type_id": _AWS_ACCOUNT}
    if regions := alert.evidence.regions.most_common(1):
        cloud["region"] = regions[0][0]
    return cloud


def _finding_info(alert: Alert) -> dict[str, object]:
    detection, evidence = alert.detection, alert.evidence
    told: dict[str, object] = {
        "uid": alert.id,
        "title": detection.title,
        "desc": detection.description,
        "types": [detection.category] if detection.category else ["CloudTrail"],
        "created_time": alert.opened.at * 1000,
        "first_seen_time": evidence.first * 1000,
        "last_seen_time": evidence.last * 1000,
        "data_sources": ["AWS CloudTrail"],
        "analytic": {"uid": detection.id, "name": detection.title, "type": "Rule", "type_id": _RULE},
    }
    if detection.attack:
        told["attacks"] = [_technique(uid) for uid in detection.attack]
    return told


def _technique(uid: str) -> dict[str, object]:
    parent, _, sub = uid.partition(".")
    attack: dict[str, object] = {"technique": {"uid": parent}}
    if sub:
        attack["sub_technique"] = {"uid": uid}
    return attack


def _evidence(seen: Sighting, records: Mapping[Sighting, str]) -> dict[str, object]:
    api: dict[str, object] = {"operation": seen.event_name or "unknown", "service": {"name": seen.event_source}}
    if seen.error:
        api["response"] = {"error": seen.error}
    told: dict[str, object] = {"uid": seen.event_id, "api": api, "actor": {"user": _user(seen)}}
    if endpoint := _endpoint(seen):
        told["src_endpoint"] = endpoint
    if seen in records:
        told["data"] = records[seen]
    return told


def _user(seen: Sighting) -> dict[str, object]:
    kind = seen.actor.kind
    type_id = 2 if kind is ActorKind.ROOT else 3 if kind is ActorKind.SERVICE else 1
    user: dict[str, object] = {
        "name": seen.actor.name,
        "type_id": type_id,
        "type": {1: "User", 2: "Admin", 3: "System"}[type_id],
    }
    if seen.actor.arn:
        user["uid"] = seen.actor.arn
    if seen.actor.access_key_id:
        user["credential_uid"] = seen.actor.access_key_id
    return user


def _endpoint(seen: Sighting) -> dict[str, object]:
    origin = origin_of(seen.address)
    if origin.is_address:
        return {"ip": seen.address}
    return {"svc_name": seen.address} if origin.kind is OriginKind.SERVICE else {}


def _observables(alert: Alert) -> list[dict[str, object]]:
    evidence = alert.evidence
    addresses = [name for name, _ in evidence.addresses.most_common(_OBSERVED) if origin_of(name).is_address]
    found: list[dict[str, object]] = [
        {"name": "evidences.src_endpoint.ip", "type": "IP Address", "type_id": _IP_ADDRESS, "value": address}
        for address in addresses
    ]
    found += [
        {"name": "evidences.actor.user.name", "type": "User Name", "type_id": _USER_NAME, "value": name}
        for name, _ in evidence.actors.most_common(_OBSERVED)
    ]
    found += [
        {"name": "resources.uid", "type": "Resource UID", "type_id": _RESOURCE_UID, "value": name}
        for name, _ in evidence.resources.most_common(_OBSERVED)
    ]
    return found
