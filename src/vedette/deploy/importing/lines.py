"""Places of characters in a long text, each found in no time: line breaks are looked for once."""

from __future__ import annotations

from bisect import bisect_right

from vedette.detections.yaml import Place


class Lines:
    """The lines of a text; only line feeds part them."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        start = text.find("\n")
        while start >= 0:
            self._starts.append(start + 1)
            start = text.find("\n", start + 1)

    def place(self, start: int, end: int) -> Place:
        """The place of the characters `[start, end)`."""
        line = bisect_right(self._starts, start)
        return Place(line, start - self._starts[line - 1] + 1, start, end)
