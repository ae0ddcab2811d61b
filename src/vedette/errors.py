"""The errors that an operator may see, their exit codes, and how a place in a text is drawn.

    VedetteError                     exit 4: something outside failed
    ├── InputError                   exit 2: what was given is wrong
    │   ├── PatternSyntaxError       a filter pattern that CloudWatch Logs would reject
    │   ├── ProblemsError            one or more problems in files, each with its place
    │   └── UsageError               arguments that contradict each other
    ├── NothingToDoError             exit 3: the input holds nothing to work on
    └── OutputError                  exit 4: a result could not be written

An error message says what, where and how to mend it. Messages are lower-case, without a full stop; literals stand in
back-ticks; a hint has a line of its own.
"""

from __future__ import annotations

import enum
import errno
import shlex
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath


class ExitCode(enum.IntEnum):
    """What the process answers; scripts rely on these."""

    DONE = 0
    FINDINGS = 1
    WRONG_INPUT = 2
    NOTHING_TO_DO = 3
    FAILURE = 4
    INTERRUPTED = 130


class VedetteError(Exception):
    """Root of the tree. `hint` says how to mend it, on a line of its own."""

    exit_code = ExitCode.FAILURE

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def render(self) -> str:
        """The text for a terminal: the message and, where there is one, the hint."""
        return self.message if self.hint is None else f"{self.message}\nhint: {self.hint}"


class InputError(VedetteError):
    """What was given is wrong: a pattern, a file, a setting."""

    exit_code = ExitCode.WRONG_INPUT


class UsageError(InputError):
    """Arguments that contradict each other or name nothing."""


class NothingToDoError(VedetteError):
    """The input is well-formed and holds nothing to work on."""

    exit_code = ExitCode.NOTHING_TO_DO


class OutputError(VedetteError):
    """A result could not be written."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters, `[start, end)`, in a text."""

    start: int
    end: int


class PatternSyntaxError(InputError):
    """A filter pattern that CloudWatch Logs rejects.

    `aws_message` is the text of AWS's InvalidParameterException; `message` is ours; `span` is the place in `pattern`.
    """

    def __init__(self, message: str, *, aws_message: str, pattern: str, span: Span, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.aws_message = aws_message
        self.pattern = pattern
        self.span = span

    def render(self) -> str:
        """Our message, the pattern with a caret under the place, AWS's own text, and the hint."""
        lines = [f"invalid filter pattern: {printable(self.message)}"]
        lines += ["    " + line for line in draw_span(self.pattern, self.span)]
        lines.append(f"CloudWatch Logs says: {_middle_cut(printable(self.aws_message))}")
        if self.hint is not None:
            lines.append(f"hint: {printable(self.hint)}")
        return "\n".join(lines)


def _middle_cut(text: str, width: int = 240) -> str:
    # AWS's words may repeat the whole pattern; both their ends carry the sense.
    half = width // 2
    return text if len(text) <= width else f"{text[:half]}…{text[-half:]}"


class Level(enum.Enum):
    """How bad a problem is: an error makes the file unusable, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at a place in a file; `line` and `column` count from 1, `length` is in characters."""

    path: str
    line: int
    column: int
    message: str
    level: Level = Level.ERROR
    rule: str | None = None
    source_line: str = ""
    length: int = 1
    note: str | None = None
    hint: str | None = None

    def render(self) -> str:
        """`path:line:column: error: message [rule]`, the source line, a caret with the note, and the hint."""
        rule = f" [{self.rule}]" if self.rule else ""
        lines = [f"{self.path}:{self.line}:{self.column}: {self.level.value}: {self.message}{rule}"]
        if self.source_line:
            number = str(self.line)
            start = self.column - 1
            text, marks = draw_span(self.source_line, Span(start, start + self.length))
            lines.append(f"{number:>5} | {text}")
            lines.append(" " * 5 + f" | {marks}" + (f" {self.note}" if self.note else ""))
        if self.hint is not None:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


class ProblemsError(InputError):
    """All the problems of one piece of work, reported at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = tuple(sorted(problems, key=lambda p: (p.path, p.line, p.column)))
        super().__init__("\n".join(problem.render() for problem in self.problems))


def draw_span(text: str, span: Span, *, width: int = 96) -> tuple[str, str]:
    """One line of `text` and a line of carets under `span`, both cut to `width` columns around the span.

    Characters that a terminal would obey (controls, bidirectional marks) are replaced, so that a hostile text cannot
    draw over its own error message.
    """
    shown = printable(text)
    start = min(max(span.start, 0), len(shown))
    end = min(max(span.end, start + 1), max(len(shown), start + 1))
    left = 0
    if len(shown) > width:
        left = max(0, min(start - width // 3, len(shown) - width))
        shown = (
            ("…" if left else "") + shown[left + bool(left) : left + width] + ("…" if left + width < len(shown) else "")
        )
    carets = " " * _columns(shown[: start - left]) + "^" * max(1, min(end - start, width - (start - left)))
    return shown, carets


def reason_of(error: OSError) -> str:
    """`no such file or directory`: the system's words without their capital letter."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


_MARKS = 2
"""Combining marks that one letter may carry: more are no language, but paint over the lines above."""

_WRITABLE = {
    errno.EACCES: "choose a place that you may write to",
    errno.EPERM: "choose a place that you may write to",
    errno.EROFS: "choose a place that you may write to",
    errno.EEXIST: "give a name that is still free",
    errno.ENOTDIR: "give a name that is still free",
    errno.EISDIR: "name a file in it",
    errno.ENOSPC: "make room on the disk, or choose another place",
}


def unwritable(what: str, error: OSError) -> OutputError:
    """The error that says why `what` could not be written, and how to mend that."""
    hint = _WRITABLE.get(error.errno or 0)
    if isinstance(error, FileNotFoundError) and isinstance(error.filename, str | PurePath):
        hint = f"make the folder first: `mkdir -p {shlex.quote(str(PurePath(error.filename).parent))}`"
    return OutputError(f"cannot write {what}: {reason_of(error)}", hint=hint)


def closest(word: str, words: Iterable[str], likeness: float = 0.6) -> str | None:
    """The one of `words` that `word` was probably meant to be; case does not matter."""
    import difflib  # slow to import, and only what is wrong needs it

    by_case = {known.casefold(): known for known in words}
    near = difflib.get_close_matches(word.casefold(), by_case, n=1, cutoff=likeness)
    return by_case[near[0]] if near else None


def did_you_mean(word: str, words: Iterable[str]) -> str | None:
    """`did you mean …?`, or None."""
    near = closest(word, words)
    return None if near is None else f"did you mean `{near}`?"


def printable(text: str) -> str:
    """`text` with each character that could steer a terminal or hide its neighbours replaced by one visible sign."""
    return text if text.isascii() and text.isprintable() else "".join(map(_visible, text))


def calm(text: str) -> str:
    """`text` on one line, `printable`, and without the piles of combining marks that paint over their surroundings."""
    shown = printable(text)
    if shown.isascii():
        return shown
    kept, marks = [], 0
    for char in shown:
        marks = marks + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        if marks <= _MARKS:
            kept.append(char)
    return "".join(kept)


def _visible(char: str) -> str:
    if char in "\t\n\r":
        return " "
    category = unicodedata.category(char)
    return "\N{REPLACEMENT CHARACTER}" if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} else char


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else not unicodedata.combining(char) for char in text)
