"""Waiting for what other threads and processes do, and ports that nobody else is given meanwhile."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 300.0
"""Seconds after which what does not come about counts as hanging: on a machine that is slow, or busy with others, too.

No test that passes waits for so long, and so no test has a reason to wait for less.
"""

_PAUSE = 0.01


def until(holds: Callable[[], object], what: Callable[[], str] = lambda: "") -> None:
    """Wait until `holds()` does; fails with `what()` where it never does.

    Looks are counted, not seconds: those of a machine that stood still meanwhile are nobody's.
    """
    for _ in range(int(PATIENCE / _PAUSE)):
        if holds():
            return
        time.sleep(_PAUSE)
    raise AssertionError(f"it did not come about. {what()}")


@contextmanager
def held_port() -> Iterator[int]:
    """A port of the loopback where nobody listens, and that the system gives to nobody else within the block.

    A server of ours can still listen there, with SO_REUSEADDR as servers do. Elsewhere than on Linux a port that is
    held is taken, and it is only likely that nobody else is given it.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port = int(holder.getsockname()[1])
        if sys.platform != "linux":
            holder.close()
        yield port
