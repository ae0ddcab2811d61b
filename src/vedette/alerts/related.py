"""Alerts that tell of the same records: one act often answers several detections, and a reader wants it told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from vedette.alerts.alert import Alert


@dataclass(slots=True)
class Told:
    """An alert as it is shown: `also` are alerts about nothing but records that `alert` is about."""

    alert: Alert
    also: list[Alert] = field(default_factory=list)


def fold_related(alerts: Iterable[Alert]) -> list[Told]:
    """The alerts in their order, each that adds no record to an earlier (so more severe) one put under it.

    Alerts are the same in records if their sightings and counts are; an alert of few records, all of them sighted, is
    also put under one that has them all among its sightings. Nothing is dropped.
    """
    told: list[Told] = []
    exact: dict[tuple[int, frozenset[str]], Told] = {}
    holders: dict[str, list[Told]] = {}
    for alert in alerts:
        ids = _ids(alert)
        home = exact.get((alert.evidence.count, ids)) if ids else None
        home = home or (_holder(ids, holders) if ids and alert.evidence.count == len(ids) else None)
        if home is not None:
            home.also.append(alert)
            continue
        fresh = Told(alert)
        told.append(fresh)
        exact.setdefault((alert.evidence.count, ids), fresh)
        for event_id in ids:
            holders.setdefault(event_id, []).append(fresh)
    return told


def _ids(alert: Alert) -> frozenset[str]:
    return frozenset(seen.event_id for seen in alert.evidence.sightings if seen.event_id)


def _holder(ids: frozenset[str], holders: dict[str, list[Told]]) -> Told | None:
    """The first alert that has all of these records among its sightings."""
    candidates = [holders.get(event_id, []) for event_id in ids]
    for told in min(candidates, key=len):
        if all(told in others for others in candidates):
            return told
    return None
