"""The terminal: the only module that draws on it. Data goes to stdout; errors, progress, tallies, hints to stderr.

Colour carries meaning (severity, error, hint) and is left out where the stream is no terminal or NO_COLOR is set.
Text from logs is attacker-written: every string passes `printable` before it is shown.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from vedette.errors import calm as calm  # how it is shown is asked for here
from vedette.errors import printable

NARROWEST = 60
WIDTH_LIMIT = 100
_ROOM_FOR_TIME = 80
_REDRAW_SECONDS = 0.1
SEVERITY_STYLES = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "informational": "dim",
}


class _Screen(Console):
    """A console that leaves a closed pipe to the boundary; rich itself would end the process with 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console(stream: TextIO | None = None) -> Console:
    """A console on stdout (or `stream`): no wrapping, no markup, no guessing at what looks like a number."""
    return _Screen(
        file=stream or sys.stdout,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )


def width() -> int:
    """Columns to lay tables out for: the terminal's, at least 60 and at most 100; 80 where there is no terminal."""
    screen = console(sys.stdout if sys.stdout.isatty() else sys.stderr)
    return max(NARROWEST, min(screen.width, WIDTH_LIMIT)) if screen.is_terminal else 80


def print_error(text: str) -> None:
    """An error on stderr: `error:` in red, each `hint:` line in cyan."""
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
        say(shown)


def _colour_level(text: Text) -> None:
    text.highlight_regex(r"(?<=: )error(?=: )", "bold red")
    text.highlight_regex(r"(?<=: )warning(?=: )", "bold yellow")


def print_hint(text: str) -> None:
    """A hint on stderr that belongs to no error."""
    say(Text.assemble(("hint: ", "bold cyan"), text))


def print_problems(rendered: Iterable[str]) -> None:
    """Problems with their places, on stderr, a blank line after each."""
    for text in rendered:
        print_error(text)
        say("")


def say(text: str | Text, style: str = "") -> None:
    """A line for the human who watches (stderr)."""
    console(sys.stderr).print(_harmless(text), style=style)


def write(text: str | Text, stream: TextIO | None = None) -> None:
    """A line of data (stdout, or `stream`)."""
    write_all([text], stream)


def write_all(lines: Iterable[str | Text], stream: TextIO | None = None) -> None:
    """Many lines of data (stdout, or `stream`), each as soon as it is there."""
    screen = console(stream)
    for line in lines:
        screen.print(_harmless(line))


def write_raw(text: str) -> None:
    """A line of machine-readable data, untouched."""
    sys.stdout.write(text + "\n")


def _harmless(text: str | Text) -> Text:
    """One line whatever is in it: the last guard before the terminal, for what nobody made printable before."""
    shown = Text(text) if isinstance(text, str) else text
    safe = printable(shown.plain)
    if safe != shown.plain:
        shown = shown.copy()
        shown.plain = safe
    return shown


def count(number: int, noun: str) -> str:
    """`1 record`, `1,204 records`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def match(number: int) -> str:
    """The verb of so many: one matches, two match."""
    return "matches" if number == 1 else "match"


def heading(text: str) -> Text:
    """A heading between parts of a longer output."""
    return Text(text, "bold cyan")


def severity(name: str) -> Text:
    """A severity in its colour."""
    return Text(name, SEVERITY_STYLES[name])


def cells(text: str) -> int:
    """Columns that a terminal needs for `text`: wide characters take two."""
    return cell_len(text)


def fold(
    text: str, columns: int, *, first: str = "", rest: str = "", most: int | None = None, whole: bool = False
) -> list[str]:
    """`text` in lines of at most `columns`, with the indents `first` and `rest`.

    Of a text that needs more than `most` lines the last one ends in an ellipsis. Words that are too long are cut over
    lines; with `whole` they are not, so that commands and addresses of our own can still be copied.
    """
    lines, line, begun = [], first, False
    for word in _pieces(calm(text), columns - max(cells(first), cells(rest)), whole):
        if begun and cells(line) + 1 + cells(word) > columns:
            lines.append(line)
            line, begun = rest, False
        line += f" {word}" if begun else word
        begun = True
    lines.append(line if begun else first.rstrip())
    if most is not None and len(lines) > most:
        lines[most - 1 :] = [cut(f"{lines[most - 1]} …", columns)]
    return lines


def _pieces(text: str, room: int, whole: bool) -> Iterator[str]:
    for word in text.split():
        if whole or cells(word) <= room:
            yield word
        else:
            yield from chop_cells(word, room)


def cut(text: str, columns: int) -> str:
    """`text` in at most `columns`, with an ellipsis where something is left out."""
    shown = calm(text[: 8 * columns])  # enough of it to fill the columns, however long it is
    if cells(shown) <= columns and len(text) <= 8 * columns:
        return shown
    return next(iter(chop_cells(shown, columns - 1)), "") + "…"


class Table:
    """A plain table: a header, aligned columns, one column that takes what is left. No borders: they carry nothing."""

    def __init__(self, *columns: str, stretch: int) -> None:
        self._rows: list[list[Text]] = [[Text(column, "bold") for column in columns]]
        self._stretch = stretch

    def add(self, *cells: str | Text) -> None:
        """One row; a string is shown with hostile characters replaced."""
        self._rows.append([cell if isinstance(cell, Text) else Text(calm(cell)) for cell in cells])

    def lines(self, columns: int | None) -> Iterator[Text]:
        """The table in lines of at most `columns`; None is without limit."""
        widths = [max(cell.cell_len for cell in column) for column in zip(*self._rows, strict=True)]
        if columns is not None:
            spare = columns - (sum(widths) - widths[self._stretch]) - 2 * (len(widths) - 1)
            widths[self._stretch] = max(10, min(widths[self._stretch], spare))
        for row in self._rows:
            line = Text()
            for cell, wide in zip(row, widths, strict=True):
                shown = cell.copy()
                shown.truncate(wide, overflow="ellipsis", pad=True)
                line.append_text(shown).append("  ")
            line.rstrip()
            yield line

    def write(self) -> None:
        """The table on stdout; in a pipe or a file nothing of it is cut."""
        for line in self.lines(width() if sys.stdout.isatty() else None):
            write(line)


class Bar:
    """A progress bar in bytes with a note beside it, moved by the caller (no thread of its own)."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total, note="")
        self._drawn = 0.0

    def advance(self, amount: int, note: str) -> None:
        """`amount` more bytes are done; `note` is the text at the right."""
        self._progress.update(self._task, advance=amount, note=note)
        now = time.monotonic()
        if now - self._drawn >= _REDRAW_SECONDS:  # drawing takes longer than reading a small object
            self._drawn = now
            self._progress.refresh()


@contextmanager
def activity(note: Callable[[], str]) -> Iterator[None]:
    """While the block runs, a line on stderr, drawn anew from `note`: only on a terminal, and gone when it is done."""
    if not sys.stderr.isatty():
        yield
        return
    columns = BarColumn(None, table_column=Column(ratio=1)), _Note(note, table_column=Column(no_wrap=True))
    with Progress(*columns, console=console(sys.stderr), expand=True, transient=True, refresh_per_second=5) as progress:
        progress.add_task("", total=None)
        yield


class _Note(ProgressColumn):
    def __init__(self, note: Callable[[], str], table_column: Column) -> None:
        super().__init__(table_column)
        self._note = note

    def render(self, _: Task) -> Text:
        return Text(self._note())


@contextmanager
def progress_bar(total: int) -> Iterator[Bar]:
    """A bar on stderr, drawn only on a terminal and gone when the work is done."""
    screen = console(sys.stderr)
    parts: list[ProgressColumn] = [
        BarColumn(None, table_column=Column(ratio=1)),
        DownloadColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[note]}", markup=False, table_column=Column(no_wrap=True)),
    ]
    if screen.width >= _ROOM_FOR_TIME:
        parts.append(TimeRemainingColumn(table_column=Column(no_wrap=True)))
    progress = Progress(
        *parts, console=screen, expand=True, transient=True, auto_refresh=False, disable=not sys.stderr.isatty()
    )
    with progress:
        yield Bar(progress, total)
