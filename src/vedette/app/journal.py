"""What a running monitor says of its work: one line an event, on stderr, as text or as JSON.

A value in a line was perhaps written by an attacker (the name of an object, an error that quotes a record), and perhaps
holds a secret (what a server answered): each is made harmless, cut, and rid of every secret that was read.
"""

from __future__ import annotations

import enum
import json
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TextIO

from vedette.cloudtrail.moment import print_time
from vedette.errors import printable

LONGEST = 500

Value = str | int | float | bool | None


class Level(enum.Enum):
    """How much it matters; in rising order."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_ORDER = {level: place for place, level in enumerate(Level)}


class Journal:
    """Writes events; safe to use from several threads. A stream that is gone (`2>&-`, a full disk) stops nothing."""

    def __init__(
        self,
        now: Callable[[], int],
        *,
        form: str = "text",
        least: Level = Level.INFO,
        stream: TextIO | None = None,
        hide: Callable[[str], str] = str,
    ) -> None:
        self._now = now
        self._write = _as_json if form == "json" else _as_text
        self._least = _ORDER[least]
        self._stream = stream
        self._lock = threading.Lock()
        self.hide = hide
        """Takes secrets out of a text; set once there are some."""

    def debug(self, event: str, **fields: Value) -> None:
        """What only someone who looks for a fault wants to see."""
        self.tell(Level.DEBUG, event, fields)

    def info(self, event: str, **fields: Value) -> None:
        """What an operator may want to see."""
        self.tell(Level.INFO, event, fields)

    def warning(self, event: str, **fields: Value) -> None:
        """What passes by itself, or only costs something."""
        self.tell(Level.WARNING, event, fields)

    def error(self, event: str, **fields: Value) -> None:
        """What somebody has to mend."""
        self.tell(Level.ERROR, event, fields)

    def tell(self, level: Level, event: str, fields: Mapping[str, Value]) -> None:
        """Write one event; its words are ours and fixed, everything else is in its fields."""
        if _ORDER[level] < self._least:
            return
        line = self._write(print_time(self._now()), level.value, event, self._cleaned(fields))
        with self._lock:
            try:
                stream = self._stream or sys.stderr
                stream.write(line + "\n")
                stream.flush()
            except (OSError, ValueError):
                return

    def _cleaned(self, fields: Mapping[str, Value]) -> dict[str, Value]:
        return {name: self._clean(value) for name, value in fields.items() if value is not None}

    def _clean(self, value: Value) -> Value:
        if not isinstance(value, str):
            return round(value, 3) if isinstance(value, float) else value
        text = printable(self.hide(value))
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _as_json(at: str, level: str, event: str, fields: Mapping[str, Value]) -> str:
    return json.dumps({"at": at, "level": level, "event": event, **fields})


def _as_text(at: str, level: str, event: str, fields: Mapping[str, Value]) -> str:
    return "  ".join((at, f"{level:<7}", event, " ".join(f"{k}={_quoted(v)}" for k, v in fields.items()))).rstrip()


def _quoted(value: Value) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return json.dumps(text, ensure_ascii=False) if not text or set(text) & set(' "=') else text
