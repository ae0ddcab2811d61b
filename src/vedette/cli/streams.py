"""The standard streams, made such that no text, and no lack of a stream, can break a command.

No terminal library is imported here: the boundary needs this before anything else is loaded.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
from pathlib import Path

from vedette.errors import OutputError

_PLAIN_SIGNS = dict(zip("…·–→✓✗─×•−�", "~-->+x-x*-?", strict=True))
"""What stands for our own signs where an encoding lacks them: as wide, so that tables stay tables."""


def open_streams() -> None:
    """Prepare stdout and stderr; a stream that was closed before we started is None in Python.

    What would go to a closed stderr goes nowhere; writing to a closed stdout is told as the failure that it is.
    Of characters that the terminal's encoding lacks, our own signs are written as plain ones, all others as escapes.
    """
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  for as long as we run
    if sys.stdout is None:
        sys.stdout = ClosedOutput()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="vedette.plain")


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    after = error.start + 1
    char = error.object[error.start]
    escaped = UnicodeEncodeError(error.encoding, error.object, error.start, after, error.reason)
    return (_PLAIN_SIGNS[char], after) if char in _PLAIN_SIGNS else codecs.backslashreplace_errors(escaped)


codecs.register_error("vedette.plain", _plain)


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
