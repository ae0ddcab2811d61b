"""Documents of far more elements than any log file has: taken apart a few thousand at a time, so that memory holds.

A list of a hundred million numbers, or of `{}`, is a small file; decoded at once, it is gigabytes. Nothing that could
be a record is left out: what is skipped is too short to hold even a time.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import replace

from vedette.cloudtrail import brackets
from vedette.cloudtrail.body import Body, Kind, Malformed, Reason
from vedette.cloudtrail.numbering import Numbering, records_array

_NEVER_CROWDED = 1 << 20
_STRIDE = 61
"""Of so many bytes one is looked at: all would cost a tenth of a scan. A prime, so that no simple pattern hides."""

_ORDINARY = 16
"""Bytes to a comma. Records have more than 20 each, and log files about 30."""

_AT_ONCE = 4_096
_SLICE = 1 << 16
_SPACE = rb"[ \t\r\n]*+"
_SCALAR = rb'(?:[-+.\w]{0,24}|"[^"\\]{0,22}")'
_MEMBER = rb'(?:"[^"\\]{0,22}"' + _SPACE + b":" + _SPACE + _SCALAR + _SPACE + b")?"
_ELEMENT = rb"(?:" + rb"|".join((_SCALAR, rb"\{" + _SPACE + _MEMBER + rb"\}", rb"\[" + _SPACE + rb"\]")) + rb")"
_ONE_TOO_SHORT = re.compile(_ELEMENT + _SPACE + b"," + _SPACE)
_TOO_SHORT = re.compile(b"(?:" + _ONE_TOO_SHORT.pattern + b")++")
"""Elements, commas included, that are short and have one member at most: a record has a time, and a name."""


_SHORT_LINE = re.compile(rb"^(?![ \t\r]*+$)[^\n]{1,24}$", re.MULTILINE)


def without_short_lines(lines: bytes) -> tuple[bytes, int]:
    """The text, and how many of its lines it lost (their ends remain): only where most are too short for a record."""
    if len(lines) <= _SLICE or lines[::_STRIDE].count(b"\n") * _STRIDE * _ORDINARY <= len(lines):
        return lines, 0
    parts, lost, start = [], 0, 0
    while start < len(lines):
        end = lines.find(b"\n", start + _SLICE) + 1 or len(lines)  # a substitution holds a list of what it leaves
        part, count = _SHORT_LINE.subn(b"", lines[start:end])
        parts.append(part)
        lost += count
        start = end
    return b"".join(parts), lost


def numbered(body: Body, numbering: Numbering, *, more: bool = True) -> Iterator[Body | Malformed]:
    """`body` with the number of its first record, or what it is taken apart into if it is crowded."""
    start = _array(body) if is_crowded(body.data) else None
    if start is None:
        yield numbering.place(body, more=more)
    else:
        yield from _Crowd(body, start, numbering).taken_apart()


def is_crowded(text: bytes) -> bool:
    """Whether a document has so many commas that its elements may be far shorter than records."""
    return len(text) > _NEVER_CROWDED and text[::_STRIDE].count(b",") * _STRIDE * _ORDINARY > len(text)


def _array(body: Body) -> int | None:
    match body.kind:
        case Kind.LOG_FILE:
            return records_array(body.data)
        case Kind.ARRAY:
            return brackets.skip_space(body.data, 0)
        case _:
            return None


class _Crowd:
    def __init__(self, body: Body, start: int, numbering: Numbering) -> None:
        self._body = body
        self._start = start
        self._numbering = numbering
        self._ends = (b'{"Records":[', b"]}") if body.kind is Kind.LOG_FILE else (b"[", b"]")

    def taken_apart(self) -> Iterator[Body | Malformed]:
        """Bodies of some thousand elements, and one Malformed for all that are too short to be records."""
        text, skipped = self._body.data, 0
        at: int | None = brackets.skip_space(text, self._start + 1)
        while at is not None and at < len(text):
            short = _TOO_SHORT.match(text, at)
            if short is None:
                at = yield from self._some(at)
                continue
            count = sum(1 for _ in _ONE_TOO_SHORT.finditer(text, at, short.end()))
            skipped += count
            self._numbering.next += count
            at = short.end()
        if skipped:
            detail = f"{skipped:,} elements are too short to be records"
            yield Malformed(self._body.name, "", Reason.NOT_CLOUDTRAIL, detail)

    def _some(self, start: int) -> Generator[Body, None, int | None]:
        """A body of the elements from `start` on; returns where the next one begins, None if nothing follows."""
        text = self._body.data
        end, count = start, 0
        elements = brackets.Elements(text, start - 1)
        for value in elements:
            if value.lost:
                break
            end, count = value.end, count + 1
            behind = self._behind(end)
            if count == _AT_ONCE or _TOO_SHORT.match(text, behind):
                yield self._part(start, end, count)
                return behind
        whole = elements.end is not None
        if count or not whole:
            yield self._part(start, end if whole else None, count)
        return None

    def _part(self, start: int, end: int | None, count: int) -> Body:
        """The elements of `text[start:end]` as a document of their own, without an end where the text has none."""
        before, after = self._ends
        data = before + self._body.data[start:end] + (b"" if end is None else after)
        part = replace(self._body, data=data, first_line=self._numbering.next)
        self._numbering.next += count
        return part

    def _behind(self, end: int) -> int:
        """Where the element behind a comma begins."""
        text = self._body.data
        comma = brackets.skip_space(text, end)
        return brackets.skip_space(text, comma + 1) if text[comma : comma + 1] == b"," else comma
