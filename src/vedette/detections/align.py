"""Where a character of a scalar's value stands in the file, whatever the quoting and folding did on the way.

A YAML scalar reaches us unescaped and folded; an error inside it (a filter pattern's) is counted in that value. White
space is what folding and indentation change, so the two texts are aligned by their other characters, in order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vedette.detections.yaml import Place, Scalar, Text
from vedette.errors import Span

_SPACE = " \t\r\n\x85\u2028\u2029"
_LINE_BREAK = re.compile("[ \t]*[\r\n\x85\u2028\u2029]+[ \t]*")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r\n|.)", re.DOTALL)
_SPACE_ESCAPES = frozenset("nrtNLP_ \t\r\n\x85\u2028\u2029")


def on_one_line(text: str) -> str:
    """`text` without the white space around it, and each line break in it (with its indentation) as one space."""
    return _LINE_BREAK.sub(" ", text.strip())


def locate(text: Text, scalar: Scalar, value: str, span: Span) -> Place:
    """The place in the file of `[span.start, span.end)` of `value`: the scalar's text, give or take white space.

    Falls back to the scalar's own start where the two texts cannot be aligned (escapes that spell white space by code).
    """
    units = list(_units(text.text, scalar))
    signs = [index for index, char in enumerate(value) if char not in _SPACE]
    if not signs or len(units) != len(signs):
        return Place(scalar.place.line, scalar.place.column, scalar.place.start, scalar.place.start + 1)
    first = sum(1 for index in signs if index < span.start)
    if first == len(signs):  # the place is behind the last sign
        end = units[-1][1]
        return text.place(end, end + 1)
    start = units[first][0]
    covered = sum(1 for index in signs if index < span.end)
    return text.place(start, max(start + 1, units[covered - 1][1] if covered else start + 1))


def _units(source: str, scalar: Scalar) -> Iterator[tuple[int, int]]:
    """The source ranges, in order, that each gave one character other than white space."""
    start, end = scalar.place.start, scalar.place.end
    match scalar.style:
        case '"':
            yield from _double_quoted(source, start + 1, end - 1)
        case "'":
            yield from _single_quoted(source, start + 1, end - 1)
        case "|" | ">":
            header_end = re.compile("[\r\n\x85\u2028\u2029]").search(source, start, end)
            yield from _plain(source, header_end.end() if header_end else end, end)
        case _:
            yield from _plain(source, start, end)


def _plain(source: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for index in range(start, end):
        if source[index] not in _SPACE:
            yield index, index + 1


def _single_quoted(source: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    index = start
    while index < end:
        width = 2 if source.startswith("''", index) else 1
        if source[index] not in _SPACE:
            yield index, index + width
        index += width


def _double_quoted(source: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    index = start
    while index < end:
        escape = _ESCAPE.match(source, index)
        width = len(escape.group()) if escape else 1
        space = source[index + 1] in _SPACE_ESCAPES if escape else source[index] in _SPACE
        if not space:
            yield index, index + width
        index += width
