"""The standard streams, made such that no text, and no lack of a stream, can break a command.

No terminal library is imported here: the boundary needs this before anything else is loaded.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

from vedette.errors import OutputError


def open_streams() -> None:
    """Prepare stdout and stderr; a stream that was closed before we started is None in Python.

    What would go to a closed stderr goes nowhere; writing to a closed stdout is told as the failure that it is.
    Characters that the terminal's encoding lacks are written as escapes.
    """
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  for as long as we run
    if sys.stdout is None:
        sys.stdout = ClosedOutput()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class ClosedOutput(io.StringIO):
    """Standard output that was closed before we started."""

    def write(self, text: str) -> int:
        """Refuse, as the system would."""
        raise OutputError("cannot write the answer: standard output is closed")


def abandon_output() -> None:
    """Let what is still to be written to stdout go nowhere.

    Python would try once more at its exit, complain, and change the exit code.
    """
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
