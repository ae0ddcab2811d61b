"""Who holds a lease: a name that is nobody else's, and from which it can be told that its process has ended.

A monitor that was killed leaves leases behind. Where the next one can see that their holder is gone, it takes them
back at once instead of waiting for them to end.
"""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from vedette.alerts.delivery import DeliveryState
from vedette.monitor.store import Transaction

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")
MOST = 10_000


def _place() -> str:
    """What the processes have in common that can see each other: the host, its boot, and its table of processes."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(_BOOT.read_text().strip()[:8])
    with suppress(OSError):
        parts.append(str(_PROCESSES.stat().st_ino))
    return ".".join(parts)


def own_holder() -> str:
    """The name under which this process holds leases; another one with each call."""
    return f"{_place()}/{os.getpid()}/{secrets.token_hex(4)}"


def has_ended(holder: str) -> bool:
    """Whether the process of that name has certainly ended; False if it cannot be seen from here."""
    place, _, rest = holder.rpartition("/")[0].rpartition("/")
    if place != _place() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def take_back(tx: Transaction, lease: str, note: str) -> int:
    """Free the deliveries, and the lease whose holder is in `note`, of processes that have ended; how many it freed."""
    freed = 0
    for delivery in tx.deliveries(state=DeliveryState.WAITING, limit=MOST):
        if delivery.holder and has_ended(delivery.holder):
            tx.replace_delivery(replace(delivery, holder="", lease=0))
            freed += 1
    holder = tx.note(note)
    if holder and has_ended(holder):
        tx.release(lease, holder)
        freed += 1
    return freed
