"""Since when each alarm is as it is: notifications in CloudWatch's form tell it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from vedette.detections.definition import Detection
from vedette.monitor.store import Transaction

NOTE = "configured"
"""The note that keeps, by the detection's id, a digest of its question and alarm, and since when it is that."""


def note_configured(tx: Transaction, detections: Sequence[Detection], now: int) -> int:
    """Remember the detections as they are at `now` (epoch seconds); how many are new, or others than before."""
    known = _known(tx)
    found: dict[str, tuple[str, int]] = {}
    for detection in detections:
        digest = _digest(detection)
        before = known.get(detection.id)
        found[detection.id] = before if before is not None and before[0] == digest else (digest, now)
    changed = sum(found[name] != known.get(name) for name in found)
    if changed:
        tx.put_note(NOTE, json.dumps(known | found))
    return changed


def configured(tx: Transaction) -> Mapping[str, int]:
    """Since when (epoch seconds) each alarm is as it is, by the detection's id."""
    return {name: since for name, (_, since) in _known(tx).items()}


def _known(tx: Transaction) -> dict[str, tuple[str, int]]:
    kept: dict[str, list[object]] = json.loads(tx.note(NOTE) or "{}")
    return {name: (str(digest), int(str(since))) for name, (digest, since) in kept.items()}


def _digest(detection: Detection) -> str:
    """Of what decides when the alarm fires; prose may change without the alarm being another."""
    exceptions = [f"{one.pattern} {one.expires}" for one in detection.exceptions]
    parts = (
        str(detection.pattern), str(detection.rule), repr(detection.metric), repr(detection.alarm),
        repr(detection.group_by), *exceptions,
    )  # fmt: skip
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
