"""The terminal: the only module that draws on it. Data goes to stdout; errors, progress, tallies, hints to stderr.

Colour carries meaning (severity, error, hint) and is left out where the stream is no terminal or NO_COLOR is set.
Text from logs is attacker-written: every string passes `printable` before it is shown.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from vedette.errors import printable

WIDTH_LIMIT = 100
SEVERITY_STYLES = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "informational": "dim",
}


def console(stream: TextIO | None = None) -> Console:
    """A console on stdout (or `stream`): no wrapping, no markup, no guessing at what looks like a number."""
    return Console(file=stream or sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)


def width() -> int:
    """Columns to lay tables out for: the terminal's, at least 60 and at most 100; 80 where there is no terminal."""
    screen = console(sys.stdout if sys.stdout.isatty() else sys.stderr)
    return max(60, min(screen.width, WIDTH_LIMIT)) if screen.is_terminal else 80


def print_error(text: str) -> None:
    """An error on stderr: `error:` in red, each `hint:` line in cyan."""
    out = console(sys.stderr)
    lines = text.splitlines() or [""]
    placed = ": error: " in lines[0] or ": warning: " in lines[0]
    for number, line in enumerate(lines):
        shown = Text()
        if number == 0 and not placed:
            shown.append("error: ", "bold red")
        if line.startswith("hint: "):
            shown.append("hint: ", "bold cyan")
            line = line.removeprefix("hint: ")
        shown.append(line)
        _colour_level(shown)
        out.print(shown)


def _colour_level(text: Text) -> None:
    text.highlight_regex(r"(?<=: )error(?=: )", "bold red")
    text.highlight_regex(r"(?<=: )warning(?=: )", "bold yellow")


def print_problems(rendered: Iterable[str]) -> None:
    """Problems with their places, on stderr, a blank line between them."""
    for text in rendered:
        print_error(text)
        console(sys.stderr).print()


def say(text: str | Text, style: str = "") -> None:
    """A line for the human who watches (stderr)."""
    console(sys.stderr).print(text, style=style)


def write(text: str | Text) -> None:
    """A line of data (stdout)."""
    console().print(text)


def write_raw(text: str) -> None:
    """A line of machine-readable data, untouched."""
    sys.stdout.write(text + "\n")


def heading(text: str) -> Text:
    """A heading between parts of a longer output."""
    return Text(text, "bold cyan")


def severity(name: str) -> Text:
    """A severity in its colour."""
    return Text(name, SEVERITY_STYLES[name])


def fold(text: str, columns: int, *, first: str = "", rest: str = "") -> list[str]:
    """`text` in lines of at most `columns`, with the indents `first` and `rest`; long words are cut, not lost."""
    return textwrap.wrap(
        printable(text), columns, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    ) or [first.rstrip()]


def cut(text: str, columns: int) -> str:
    """`text` in at most `columns` characters, with an ellipsis where something is left out."""
    shown = printable(text)
    return shown if len(shown) <= columns else shown[: columns - 1] + "…"


class Table:
    """A plain table: a header, aligned columns, one column that takes what is left. No borders: they carry nothing."""

    def __init__(self, *columns: str, stretch: int, right: Iterable[int] = ()) -> None:
        self._rows: list[list[Text]] = [[Text(column, "bold") for column in columns]]
        self._stretch = stretch
        self._right = frozenset(right)

    def add(self, *cells: str | Text) -> None:
        """One row; a string is shown with hostile characters replaced."""
        self._rows.append([cell if isinstance(cell, Text) else Text(printable(cell)) for cell in cells])

    def lines(self, columns: int) -> Iterator[Text]:
        """The table in lines of at most `columns`."""
        widths = [max(cell.cell_len for cell in column) for column in zip(*self._rows, strict=True)]
        spare = columns - (sum(widths) - widths[self._stretch]) - 2 * (len(widths) - 1)
        widths[self._stretch] = max(10, min(widths[self._stretch], spare))
        for row in self._rows:
            line = Text()
            for number, (cell, wide) in enumerate(zip(row, widths, strict=True)):
                cell = cell.copy()
                cell.truncate(wide, overflow="ellipsis")
                pad = " " * (wide - cell.cell_len)
                if number in self._right:
                    line.append(pad)
                line.append_text(cell)
                if number not in self._right:
                    line.append(pad)
                line.append("  ")
            line.rstrip()
            yield line

    def write(self, columns: int | None = None) -> None:
        """The table on stdout."""
        for line in self.lines(columns or width()):
            write(line)


class Bar:
    """A progress bar in bytes with a note beside it, moved by the caller (no thread of its own)."""

    def __init__(self, progress: Progress, total: int | None, label: str) -> None:
        self._progress = progress
        self._task = progress.add_task(label, total=total, note="")

    def advance(self, amount: int, note: str) -> None:
        """`amount` more bytes are done; `note` is the text at the right."""
        self._progress.update(self._task, advance=amount, note=note)
        self._progress.refresh()


@contextmanager
def progress_bar(label: str, total: int | None) -> Iterator[Bar]:
    """A bar on stderr, drawn only on a terminal and gone when the work is done."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
        console=console(sys.stderr),
        transient=True,
        auto_refresh=False,
        disable=not sys.stderr.isatty(),
    )
    with progress:
        yield Bar(progress, total, label)
