"""What holds for every room of tests."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Let Ctrl-C mean something: a shell that starts the tests in the background has it ignored, and so would every
    process that they start and interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
