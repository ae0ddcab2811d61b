"""An end to everything that waits for a socket, however slowly the other side drips."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

_AGAIN = 0.1
"""Seconds after which the socket in use is looked at again, once the deadline has passed."""


@contextlib.contextmanager
def cut_off(seconds: float, current: Callable[[], socket.socket | None]) -> Iterator[threading.Event]:
    """Shuts the socket down when the block takes longer than `seconds`; the event tells whether that happened.

    `current` answers the socket in use, or None while there is none. A timeout of the socket's own bounds only the
    wait for the next byte, so a peer that sends one at a time would hold the thread for as long as it likes. One that
    is connected only after the deadline is shut down as well.
    """
    passed, over = threading.Event(), threading.Event()

    def cut() -> None:
        passed.set()
        shut(current())
        while not over.wait(_AGAIN):
            shut(current())

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield passed
    finally:
        timer.cancel()
        over.set()


def shut(found: socket.socket | None) -> None:
    """End both directions. Not `SSLSocket.shutdown`: that forgets the TLS under the thread that reads."""
    if found is not None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(found, socket.SHUT_RDWR)
