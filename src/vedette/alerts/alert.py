"""An alert: what a human is told of one episode of an alarm, for one group."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from vedette.alarms import Transition
from vedette.alerts.evidence import Evidence
from vedette.detections.definition import Detection


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode. `group` holds the values of the detection's `group_by`; `closed` is None while it stands.

    `evidence` is of the records behind the episode: those of the periods that made the alarm fire, and those that came
    while it was in ALARM.
    """

    detection: Detection
    group: tuple[str, ...]
    opened: Transition
    closed: Transition | None
    evidence: Evidence

    @property
    def id(self) -> str:
        """Stable, see `alert_id`."""
        return alert_id(self.detection.id, self.group, self.evidence.first)

    @property
    def order(self) -> tuple[int, int, str, tuple[str, ...]]:
        """The order in which alerts are told: the most severe first, then by time."""
        return (-self.detection.severity.rank, self.evidence.first, self.detection.id, self.group)


def alert_id(detection: str, group: tuple[str, ...], first: int) -> str:
    """The same detection, group and first record's minute (`first` in epoch seconds) give the same id."""
    parts = (detection, *group, str(first // 60))
    digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{detection}-{digest}"
