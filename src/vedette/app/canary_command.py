"""One canary, sent now and waited for: through the monitor that runs, or, where none does, through this process."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from vedette.app.canary import arrival, conclude, new_name
from vedette.app.run import Run
from vedette.app.upkeep import LEASE
from vedette.app.wiring import Parts
from vedette.app.work import Work
from vedette.monitor.store import Transaction

PAUSE = 0.5
_LEASE = 30


@dataclass(frozen=True, slots=True)
class Flown:
    """How it went: `missing` says, by channel, why it did not arrive; `alone` that no monitor was running."""

    name: str
    seconds: float
    missing: Mapping[str, str]
    alone: bool


def fly(parts: Parts, within: float, stop: threading.Event) -> Flown:
    """Send a canary and wait for it, at most `within` seconds or until `stop` is set."""
    run = Run(parts)
    work = Work(parts.store, stop, parts.journal, parts.figures)
    work.patience = run.work.patience = within
    name, started = new_name(parts.clock.now()), parts.clock.elapsed()
    alone = work.do(lambda tx: _is_alone(tx, parts))
    run.flights.leave(name, parts.clock.now(), here=alone)
    channels = [sender.name for sender in parts.senders]
    ahead = parts.monitor.policy.group_wait
    while True:
        if alone:
            for dispatcher in run.dispatchers:
                while not stop.is_set() and dispatcher.send_one(stop.is_set, ahead):
                    continue
        missing = work.do(lambda tx: arrival(tx, name)).missing(channels)
        seconds = parts.clock.elapsed() - started
        if not missing or seconds >= within or stop.wait(PAUSE):
            break
    work.once(lambda tx: conclude(tx, parts.monitor, name, channels, parts.clock.now()))
    run.flights.clear(name)
    if alone:
        work.once(lambda tx: tx.release(LEASE, parts.holder))
    return Flown(name, seconds, missing, alone)


def _is_alone(tx: Transaction, parts: Parts) -> bool:
    """Whether no monitor looks after the store; if so, none begins to while the canary is on its way."""
    now = parts.clock.now()
    return tx.lease(LEASE, parts.holder, now, now + _LEASE)
