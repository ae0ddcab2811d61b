"""TOML with places: `tomllib` decides what a text means, and this room finds where each key and value of it stands.

The text is scanned only once `tomllib` has accepted it, so the scanner need not judge, only measure.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

Path = tuple[str | int, ...]

_KEY_PART = r"(?:[A-Za-z0-9_-]+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')"
_KEY = re.compile(rf"{_KEY_PART}(?:[ \t]*\.[ \t]*{_KEY_PART})*")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]*")
_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_FAULT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: line and column from 1, length in characters of its first line."""

    line: int
    column: int
    length: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a key stands, and where its value does: for a table, both are its header (`header` says so)."""

    key: Place
    value: Place
    header: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """What a text says, and where it says it. Elements of arrays have paths that end in their number, from 0."""

    values: Mapping[str, object]
    marks: Mapping[Path, Mark]
    lines: tuple[str, ...]


class TomlFaultError(ValueError):
    """A text that is not TOML, and where it ceases to be."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def parse_document(text: str) -> Document:
    """Read a text; raises TomlFaultError for one that is not TOML.

    >>> parse_document("[store]\\nurl = 'memory:'").marks["store", "url"].value
    Place(line=2, column=7, length=9)
    """
    text = text.replace("\r\n", "\n")
    lines = tuple(text.split("\n"))
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _fault(str(error), lines) from None
    except RecursionError:
        raise TomlFaultError("nested too deeply", 1, 1) from None
    scanner = _Scanner(text)
    scanner.document()
    return Document(values, scanner.marks, lines)


def _fault(message: str, lines: tuple[str, ...]) -> TomlFaultError:
    found = _FAULT.search(message)
    words = message[: found.start()] if found else message
    words = words[:1].lower() + words[1:]
    if found is None or found[1] is None:
        last = max((number for number, line in enumerate(lines, 1) if line.strip()), default=1)
        return TomlFaultError(words, last, len(lines[last - 1]) + 1)
    return TomlFaultError(words, int(found[1]), int(found[2]))


def key_parts(text: str) -> tuple[str, ...]:
    """The names in a (dotted, quoted) key.

    >>> key_parts('accounts . "a.b"')
    ('accounts', 'a.b')
    """
    names: list[str] = []
    inner: object = tomllib.loads(f"{text} = 0")
    while isinstance(inner, dict):
        ((name, inner),) = inner.items()
        names.append(name)
    return tuple(names)


class _Scanner:
    """Walks a valid document and notes places. `at` is the offset of the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.marks: dict[Path, Mark] = {}
        self._starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        self._elements: defaultdict[Path, int] = defaultdict(int)
        self._line = 0

    def document(self) -> None:
        """document = { header | pair }"""
        table: Path = ()
        self._skip()
        while self.at < len(self.text):
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip()

    def _header(self) -> Path:
        """header = "[" key "]" | "[[" key "]]" """
        start = self.at
        many = self.text.startswith("[[", start)
        self.at += 2 if many else 1
        self._blanks()
        path = self._resolve(self._key())
        self._blanks()
        self.at += 2 if many else 1
        if many:
            self._elements[path] += 1
            path = (*path, self._elements[path] - 1)
        place = self._place(start, self.at)
        self._note(path, Mark(place, place, header=True))
        return path

    def _resolve(self, names: tuple[str, ...]) -> Path:
        """A header's names as a path: within an array of tables it means the latest of them."""
        path: Path = ()
        for number, name in enumerate(names, 1):
            path = (*path, name)
            if path in self._elements and number < len(names):
                path = (*path, self._elements[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        """pair = key "=" value"""
        start = self.at
        path = (*table, *self._key())
        key = self._place(start, self.at)
        self._blanks()
        self.at += 1
        self._blanks()
        self._note(path, Mark(key, self._value(path)))

    def _key(self) -> tuple[str, ...]:
        """key = part { "." part }"""
        found = _KEY.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return key_parts(found[0])

    def _value(self, path: Path) -> Place:
        """value = string | array | inline table | anything else, up to where it ends"""
        start = self.at
        if self._peek() == "[":
            self._array(path)
        elif self._peek() == "{":
            self._inline(path)
        elif found := _STRING.match(self.text, start):
            self.at = found.end()
        else:
            found = _PLAIN.match(self.text, start)
            assert found is not None
            self.at = start + len(found[0].rstrip())
        return self._place(start, self.at)

    def _array(self, path: Path) -> None:
        """array = "[" [ value { "," value } [ "," ] ] "]" """
        for number in self._each("]"):
            place = self._value((*path, number))
            self._note((*path, number), Mark(place, place))

    def _inline(self, path: Path) -> None:
        """inline table = "{" [ pair { "," pair } ] "}" """
        for _ in self._each("}"):
            self._pair(path)

    def _each(self, end: str) -> Iterator[int]:
        """Stand at each element in turn; both brackets and the commas are taken."""
        number = 0
        self.at += 1
        while True:
            self._skip()
            if self._peek() == ",":
                self.at += 1
            elif self._peek() == end:
                self.at += 1
                return
            else:
                yield number
                number += 1

    def _note(self, path: Path, mark: Mark) -> None:
        for cut in range(1, len(path)):
            self.marks.setdefault(path[:cut], mark)
        self.marks[path] = mark

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _skip(self) -> None:
        found = _BLANK.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def _blanks(self) -> None:
        while self._peek() in (" ", "\t"):
            self.at += 1

    def _place(self, start: int, end: int) -> Place:
        # Places come in rising order but for the ends of nested values, which begin earlier.
        while self._line and self._starts[self._line] > start:
            self._line -= 1
        while self._starts[self._line + 1] <= start:
            self._line += 1
        line_end = self._starts[self._line + 1] - 1
        column = start - self._starts[self._line]
        return Place(self._line + 1, column + 1, max(1, min(end, line_end) - start))
