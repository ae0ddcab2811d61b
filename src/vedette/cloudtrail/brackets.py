"""A bracket scanner over JSON bytes: where values begin and end, when no parser will say because the text is broken.

It knows strings, brackets and commas and nothing else, never recurses, and reads each byte once; whether a value is
valid JSON is for its caller to judge. It must not be used where a parser works: it is many times slower.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SPACE = re.compile(rb"[ \t\r\n]*+")
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SCALAR = re.compile(rb'[^,:\[\]{}" \t\r\n]*+')
_JUNK = re.compile(rb'[^,\[\]{}"]*+')
MOST_OPEN = 100_000
"""Brackets that may be open at once before a text is given up: nothing that closes so many has a use."""

_OPENERS = b"{["
_CLOSER = {ord("{"): ord("}"), ord("["): ord("]")}

DOCUMENT_BOUNDARY = re.compile(rb'\}[ \t\r\n]*+\{[ \t\r\n]*+"\w')
"""Where one object ends and the next begins, with no comma between.

Sound in valid JSON: within a string this quotation mark would have to be the string's end, and no letter can follow
that; outside strings `}{` stands only between documents.
"""


@dataclass(frozen=True, slots=True)
class Value:
    """`text[start:end]` is one value, with at most `depth` brackets open at once; not `closed` if its end is missing
    (then `end` is where the structure is lost)."""

    start: int
    end: int
    depth: int = 0
    closed: bool = True

    @property
    def lost(self) -> bool:
        """Whether the text behind this value can no longer be followed (an empty place between commas can)."""
        return not self.closed and self.end > self.start


def skip_space(text: bytes, at: int) -> int:
    """The index of the first byte at or after `at` that is not white space."""
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def value_at(text: bytes, at: int) -> Value:
    """The value that begins at `at`, where no white space stands."""
    first = text[at : at + 1]
    if first and first in _OPENERS:
        return _container(text, at)
    if first == b'"':
        string = _STRING.match(text, at)
        return Value(at, len(text), closed=False) if string is None else Value(at, string.end())
    scalar = _SCALAR.match(text, at)
    end = at if scalar is None else scalar.end()
    return Value(at, end, closed=end > at)


def _container(text: bytes, at: int) -> Value:
    expected = bytearray()
    depth = 0
    for token in _TOKEN.finditer(text, at):
        byte = text[token.start()]
        if byte in _CLOSER:
            expected.append(_CLOSER[byte])
            depth = max(depth, len(expected))
            if depth > MOST_OPEN:
                return Value(at, token.start(), depth, closed=False)
        elif byte != 0x22:
            if expected.pop() != byte:
                return Value(at, token.start(), depth, closed=False)
            if not expected:
                return Value(at, token.end(), depth)
    return Value(at, len(text), depth, closed=False)


def members(text: bytes, at: int) -> Iterator[tuple[bytes, Value]]:
    """The members of the object that begins at `at`: the key as written, without quotation marks, and its value.

    Stops where the object ends or can no longer be followed; a value that is not closed is the last.
    """
    at = skip_space(text, at + 1)
    while True:
        key = _STRING.match(text, at)
        if key is None:
            return
        colon = skip_space(text, key.end())
        if text[colon : colon + 1] != b":":
            return
        value = value_at(text, skip_space(text, colon + 1))
        yield key.group()[1:-1], value
        comma = skip_space(text, value.end)
        if not value.closed or text[comma : comma + 1] != b",":
            return
        at = skip_space(text, comma + 1)


class Elements:
    """The elements of the array that begins at `at`, one Value each, even if what stands between them is broken.

    After the iteration, `end` is the index behind the array's closing bracket, or None if the array does not end:
    because the text stops, or because an element's brackets do not fit, so that the rest cannot be told apart.
    """

    def __init__(self, text: bytes, at: int) -> None:
        self._text = text
        self._at = at
        self.end: int | None = None

    def __iter__(self) -> Iterator[Value]:
        text = self._text
        at = skip_space(text, self._at + 1)
        if text[at : at + 1] == b"]":
            self.end = at + 1
            return
        while at < len(text):
            value = self._with_junk(value_at(text, at))
            if value.end == value.start and text[at] in b"}:":
                return
            yield value
            if value.lost:
                return
            at = skip_space(text, value.end)
            sign = text[at : at + 1]
            if sign == b"]":
                self.end = at + 1
                return
            if sign == b",":
                at = skip_space(text, at + 1)

    def _with_junk(self, value: Value) -> Value:
        """`value` and whatever stands between it and the next comma or bracket: `{…} x` is one broken element."""
        text = self._text
        if not value.closed:
            return value
        after = skip_space(text, value.end)
        junk = _JUNK.match(text, after)
        if junk is None or junk.end() == after:
            return value
        return Value(value.start, junk.end(), value.depth)
