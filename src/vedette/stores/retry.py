"""Doing a transaction again when another monitor's got in between: the one wrapper for whoever writes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from vedette.monitor.store import ConflictError, Store, Transaction

T = TypeVar("T")

ATTEMPTS = 12
_LONGEST = 0.5


def committed(
    store: Store,
    work: Callable[[Transaction], T],
    *,
    attempts: int = ATTEMPTS,
    sleep: Callable[[float], object] = time.sleep,
) -> T:
    """What `work` answers once its transaction has committed; it is called again after each conflict.

    It must have no effect but through the transaction. The last of `attempts` conflicts is raised.
    """
    for attempt in range(1, attempts):
        try:
            with store.transaction() as tx:
                return work(tx)
        except ConflictError:
            # Both would meet again if they waited for the same time.
            sleep(random.uniform(0, min(_LONGEST, 0.005 * 2**attempt)))  # noqa: S311
    with store.transaction() as tx:
        return work(tx)
