"""Objects that were put aside, remembered by name: once somebody lets one be read again, its source is asked for it."""

from __future__ import annotations

import json
from dataclasses import replace

from vedette.monitor.store import ObjectRow, Transaction

_NOTE = "put aside"
MOST = 1_000


def put_aside(tx: Transaction, source: str, name: str, why: str, now: int) -> None:
    """Record that an object cannot be read."""
    known = tx.object(source, name) or ObjectRow(source, name, now, 0, 0, 0, False)
    tx.put_object(replace(known, at=now, poison=why or "unknown"))
    kept = [one for one in _kept(tx) if one != [source, name]]
    tx.put_note(_NOTE, json.dumps([*kept, [source, name]][-MOST:]))


def freed(tx: Transaction, source: str) -> list[str]:
    """The names of objects of the source that are to be read again; each is answered once."""
    kept = _kept(tx)
    own = [name for owner, name in kept if owner == source]
    found = [name for name in own if (row := tx.object(source, name)) is not None and not row.poison]
    if found:
        tx.put_note(_NOTE, json.dumps([one for one in kept if one[0] != source or one[1] not in found]))
    return found


def _kept(tx: Transaction) -> list[list[str]]:
    kept: list[list[str]] = json.loads(tx.note(_NOTE) or "[]")
    return kept
