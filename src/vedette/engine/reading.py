"""Bodies to projected records: all at once where everything fits, else record by record, none lost.

The fast way decodes a whole body in one call. If one record is odd (a list where AWS writes an object, half a
surrogate pair, a number beyond a double) the body is read again element by element, and only the odd ones are decoded
in full. What is no record is a Malformed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import msgspec
from msgspec import UNSET

from vedette.cloudtrail.body import Body, Kind, Malformed, Reason
from vedette.cloudtrail.limits import DEFAULT_LIMITS, Limits
from vedette.cloudtrail.projection import Projection, Record, raw_array, raw_records
from vedette.cloudtrail.split import split
from vedette.predicates.document import load_document

ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises on text that is broken, or that does not fit."""

_decode_object = msgspec.json.Decoder(dict[str, object]).decode

Element: TypeAlias = tuple[bytes, int]
"""The text of what may be a record, and how many records or lines of the body stand before it."""

_Found: TypeAlias = tuple[Element, Record, bool]
"""A record, where it stands, and whether it is odd."""


@dataclass(slots=True)
class Reading:
    """The records of one body in their order. `odd` are the indices of those that did not fit the schema.

    `texts` are the records verbatim, if they were asked for. `numbers` are how many elements or lines stand before each
    in the body: its index, and then None, unless something between them is no record, or a line holds several.
    """

    records: list[Record] = field(default_factory=list)
    odd: set[int] = field(default_factory=set)
    texts: list[bytes] | None = None
    numbers: list[int] | None = None
    malformed: list[Malformed] = field(default_factory=list)


class BodyReader:
    """Reads bodies with one projection."""

    def __init__(self, projection: Projection, limits: Limits = DEFAULT_LIMITS) -> None:
        self._projection = projection
        self._limits = limits

    def read(self, body: Body, *, verbatim: bool) -> Reading:
        """The body's records; digest, Insights and control bodies have none."""
        try:
            records = self._at_once(body)
            if records is not None:
                texts = [text for text, _ in self._elements(body)] if verbatim else None
                return Reading(records, texts=texts, numbers=self._line_numbers(body, len(records)))
        except ERRORS:
            pass
        return self._one_by_one(body, verbatim=verbatim)

    def _at_once(self, body: Body) -> list[Record] | None:
        """All records, if each fits; None or an exception if not."""
        data = body.data
        if not data.isascii():
            data.decode()
        if len(data) > self._limits.record_bytes and self._may_be_too_large(body):
            return None
        match body.kind:
            case Kind.LOG_FILE:
                return self._projection.log_file(data)
            case Kind.NDJSON | Kind.SUBSCRIPTION:
                records = self._projection.lines(data)
            case Kind.ARRAY:
                records = self._projection.array(data)
            case Kind.RECORD:
                records = [self._projection.record(data)]
            case _:
                return None
        return records if all(map(_is_record, records)) else None

    def _line_numbers(self, body: Body, records: int) -> list[int] | None:
        """The numbers of records in lines, if some lines are blank."""
        in_lines = body.kind in (Kind.NDJSON, Kind.SUBSCRIPTION)
        if not in_lines or body.data.rstrip().count(b"\n") == records - 1:
            return None
        return [offset for _, offset in self._elements(body)]

    def _may_be_too_large(self, body: Body) -> bool:
        longest = max((len(text) for text, _ in self._elements(body)), default=0)
        return longest > self._limits.record_bytes

    def _one_by_one(self, body: Body, *, verbatim: bool) -> Reading:
        reading, numbers = Reading(texts=[] if verbatim else None), []
        for found in self._found(body):
            if isinstance(found, Malformed):
                reading.malformed.append(found)
                continue
            (text, offset), record, is_odd = found
            if is_odd:
                reading.odd.add(len(reading.records))
            reading.records.append(record)
            numbers.append(offset)
            if reading.texts is not None:
                reading.texts.append(text)
        if numbers != list(range(len(numbers))):
            reading.numbers = numbers
        return reading

    def _found(self, body: Body) -> Iterator[_Found | Malformed]:
        try:
            elements: Iterable[Element] = self._elements(body)
        except ERRORS:
            elements = ((b"", 0),)
        more = 0
        for text, at in elements:
            offset = at + more
            record = self._fitting(text, body.kind) if text else None
            if record is not None:
                yield (text, offset), record, False
                continue
            document = self._plain_document(text) if body.kind is Kind.LOG_FILE and text else None
            if document is not None:
                yield (text, offset), self._projection.fit(document), True
                continue
            inside = 0
            for inside, found in enumerate(split(_alone(body, text, offset), self._limits), 1):
                yield found if isinstance(found, Malformed) else self._in_full(found, body, offset + inside - 1)
            more += max(inside - 1, 0)  # a line that is a log file counts as the records in it

    def _plain_document(self, text: bytes) -> dict[str, object] | None:
        """The element of a log file that is an object well within the limits; None if `split` has to judge it."""
        bounded = len(text) <= self._limits.record_bytes
        if not (bounded and text.startswith(b"{") and text.count(b"{") + text.count(b"[") <= self._limits.depth):
            return None
        try:
            if not text.isascii():
                text.decode()
            return _decode_object(text)
        except ERRORS:
            return load_document(text)

    def _elements(self, body: Body) -> list[Element]:
        """What stands in the places of records; raises as decoding does if the places cannot be told."""
        data = body.data
        match body.kind:
            case Kind.LOG_FILE:
                return [(bytes(memoryview(raw)), offset) for offset, raw in enumerate(raw_records(data))]
            case Kind.ARRAY:
                return [(bytes(memoryview(raw)), offset) for offset, raw in enumerate(raw_array(data))]
            case Kind.NDJSON | Kind.SUBSCRIPTION:
                return [(text, offset) for offset, line in enumerate(data.split(b"\n")) if (text := line.strip())]
            case Kind.RECORD:
                return [(data.strip(), 0)]
            case _:
                return [(b"", 0)]

    def _fitting(self, text: bytes, kind: Kind) -> Record | None:
        if len(text) > self._limits.record_bytes:
            return None
        try:
            if not text.isascii():
                text.decode()
            record = self._projection.record(text)
        except ERRORS:
            return None
        return record if kind is Kind.LOG_FILE or _is_record(record) else None

    def _in_full(self, text: bytes, body: Body, offset: int) -> _Found | Malformed:
        record = self._fitting(text, Kind.LOG_FILE)
        if record is not None:
            return (text, offset), record, False
        document = load_document(text)
        if document is None:
            why = "NaN or Infinity, which JSON does not have"  # all that `split` lets pass and no decoder takes
            return Malformed(body.name, f"record {body.first_line + offset}", Reason.BROKEN_JSON, why)
        return (text, offset), self._projection.fit(document), True


def _alone(body: Body, text: bytes, offset: int) -> Body:
    """A body that holds one element of `body` and nothing else; the whole body if that has no elements."""
    if not text:
        return body
    data = {Kind.LOG_FILE: b'{"Records":[' + text + b"]}", Kind.ARRAY: b"[" + text + b"]"}.get(body.kind, text)
    return replace(body, data=data, first_line=body.first_line + offset)


def _is_record(record: Record) -> bool:
    """Whether an object outside a log file is a record for sure: an envelope has neither of these."""
    return record.event_name is not UNSET or record.event_source is not UNSET
