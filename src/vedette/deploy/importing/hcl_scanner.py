"""Where a reader of HCL stands in its text: signs, names and white space; and how a fault is told with its place."""

from __future__ import annotations

import re
from typing import NoReturn

from vedette.deploy.importing.lines import Lines
from vedette.detections.yaml import Text
from vedette.errors import ProblemsError

MAX_DEPTH = 64

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
BLANK = re.compile(r"(?:[ \t\r]|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
"""White space within a line, and comments."""
SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
"""White space over lines, and comments."""


class Scanner:
    """A text and a place in it."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.source = text.text
        self.lines = Lines(text.text)
        self.at = 0

    def fail(self, message: str, start: int, end: int | None = None, hint: str | None = None) -> NoReturn:
        place = self.lines.place(min(start, len(self.source)), end if end is not None else start + 1)
        raise ProblemsError([self.text.problem(place, message, hint=hint)])

    def deepen(self, depth: int) -> int:
        """One level deeper; a file that is nested deeper than any that somebody wrote is refused."""
        if depth > MAX_DEPTH:
            self.fail(f"nested deeper than {MAX_DEPTH} levels", self.at)
        return depth + 1

    def skip(self, pattern: re.Pattern[str] = SPACE) -> None:
        found = pattern.match(self.source, self.at)
        assert found is not None
        self.at = found.end()
        if self.source.startswith("/*", self.at):
            self.fail("a comment that is not closed", self.at, self.at + 2, "close it with `*/`")

    def sees(self, *signs: str) -> bool:
        return self.source.startswith(signs, self.at)

    def take(self, sign: str) -> bool:
        if self.source.startswith(sign, self.at):
            self.at += len(sign)
            return True
        return False

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Step over what the pattern matches here, if it does."""
        found = pattern.match(self.source, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def name(self) -> str | None:
        found = self.match(_NAME)
        return found.group() if found is not None else None

    def since(self, start: int) -> str:
        """What was read since `start`, in one line."""
        return " ".join(self.source[start : self.at].split())
