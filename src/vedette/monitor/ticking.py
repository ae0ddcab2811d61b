"""What time alone brings about: alerts that close, repetitions, snoozes and silences that end."""

from __future__ import annotations

from dataclasses import dataclass

from vedette.monitor.store import Transaction
from vedette.monitor.telling import Desk
from vedette.monitor.watching import Monitor

MOST = 10_000
"""Groups that one transaction looks after; the next tick goes on."""

_TOGETHER = 1_000
"""Groups of which the alerts are in memory at the same time."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """How many groups were looked after, alerts closed, alerts told; whether more groups are due."""

    groups: int = 0
    closed: int = 0
    told: int = 0
    more: bool = False


def tick(tx: Transaction, monitor: Monitor, now: int, limit: int = MOST) -> Ticked:
    """Look after the groups that are due at `now` (epoch seconds). Without any it costs one question to the store."""
    due = tx.due(now, limit)
    if not due:
        return Ticked()
    desk = Desk(tx, monitor, now)
    for at in range(0, len(due), _TOGETHER):
        desk.look_after(due[at : at + _TOGETHER])
    desk.finish()
    return Ticked(len(due), desk.closed, desk.told, len(due) == limit)
