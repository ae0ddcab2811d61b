"""One document or line opened down to its records, through whatever carries them; sure rather than fast.

Every element in the place of a record becomes exactly one record (its verbatim bytes) or one Malformed, as `judge`
says. Must not read streams (framing does) or look at what a record tells.
"""

from __future__ import annotations

import binascii
from collections.abc import Generator, Iterator
from typing import TypeAlias

import msgspec

from vedette.cloudtrail import brackets
from vedette.cloudtrail.body import Kind, Malformed, Reason
from vedette.cloudtrail.decompress import GZIP_IN_BASE64, GZIP_MAGIC, unwrap_layers
from vedette.cloudtrail.judge import Judge, excerpt, json_error
from vedette.cloudtrail.limits import Limits
from vedette.cloudtrail.projection import raw_array, raw_records
from vedette.cloudtrail.recognise import (
    DECODING_ERRORS,
    MESSAGE_LISTS,
    Fields,
    fields_of,
    is_plain_log_file,
    is_plain_record,
    kind_of,
)

Found: TypeAlias = bytes | Malformed

_LAYERS = 4
_MOST_BROKEN = 8


class _Message(msgspec.Struct):
    message: str | None = None
    cloudtrail_event: str | None = msgspec.field(name="CloudTrailEvent", default=None)


class _Data(msgspec.Struct):
    data: str


class _KinesisRecord(msgspec.Struct):
    kinesis: _Data


_MESSAGE = msgspec.json.Decoder(_Message)
_DATA = msgspec.json.Decoder(_Data)
_KINESIS = msgspec.json.Decoder(_KinesisRecord)


def _join(*places: str) -> str:
    return ", ".join(filter(None, places))


class Opener:
    """Opens the documents of one object. `controls` counts the CloudWatch Logs control messages passed over."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.controls = 0
        self._name = name
        self._limits = limits
        self._judge = Judge(name, limits)

    def document(self, text: bytes, place: str, layer: int = 0) -> Iterator[Found]:
        """The records in one JSON value (or base64 payload) of any known shape; `place` says where it stands."""
        if layer > _LAYERS:
            yield self._judge.malformed(place, Reason.TOO_DEEP, f"envelopes more than {_LAYERS} deep")
            return
        text = text.strip(b" \t\r\n")
        if text.startswith(GZIP_IN_BASE64):
            yield from self._payload(text, place, layer)
        elif text.startswith(b"["):
            yield from self.array(text, place, layer=layer + 1)
        elif is_plain_record(text):
            yield self._judge.bounds(text, place) or text
        elif text.startswith(b"{"):
            yield from self._object(text, place, layer)
        else:
            yield self._judge.record(text, place)

    def _object(self, text: bytes, place: str, layer: int) -> Iterator[Found]:
        fields = fields_of(text)
        match kind_of(fields.values):
            case Kind.LOG_FILE:
                yield from self.log_file(text, place)
            case Kind.EVENTBRIDGE:
                yield from self._detail(text, fields, place, layer)
            case Kind.SUBSCRIPTION:
                yield from self._carrier(text, fields, place, layer)
            case Kind.CONTROL:
                self.controls += 1
            case None | Kind.DIGEST | Kind.SIMULATION:
                fault = self._judge.record(text, place)
                foreign = self._judge.malformed(place, Reason.NOT_CLOUDTRAIL, "no key of a CloudTrail record")
                yield fault if isinstance(fault, Malformed) else foreign
            case _:
                yield self._judge.record(text, place)

    def log_file(self, text: bytes, place: str = "", first: int = 1) -> Iterator[Found]:
        """The elements of the `Records` array of one document, broken or not."""
        try:
            records = raw_records(text)
        except DECODING_ERRORS as error:
            yield from self._broken_log_file(text, place, first, str(error))
            return
        for number, raw in enumerate(records, first):
            record = bytes(raw)
            yield self._judge.bounds(record, _join(place, f"record {number}")) or record

    def _broken_log_file(self, text: bytes, place: str, first: int, error: str) -> Iterator[Found]:
        start = brackets.skip_space(text, 0)
        for key, value in brackets.members(text, start):
            if key == b"Records" and text[value.start : value.start + 1] == b"[":
                end = yield from self._elements(text, value.start, place, first)
                if end is not None:
                    yield from self._shell(text, value.start, end, place)
                return
        yield self._judge.malformed(_join(place, "byte 0"), Reason.BROKEN_JSON, error)

    def _shell(self, text: bytes, start: int, end: int, place: str) -> Iterator[Malformed]:
        """What stands around the records array must be a whole document without it; else that is a fault of its own."""
        error = json_error(text[:start] + b"[]" + text[end:])
        if error is not None:
            reason = Reason.BROKEN_JSON if text[end:].strip() else Reason.CUT_SHORT
            yield self._judge.malformed(_join(place, f"byte {end}"), reason, f"after the records: {error}")

    def array(self, text: bytes, place: str = "", first: int = 1, layer: int = 0) -> Iterator[Found]:
        """The records of a JSON array whose elements may be records or envelopes."""
        try:
            elements = raw_array(text)
        except DECODING_ERRORS:
            yield from self._broken_array(text, place, first, layer)
            return
        for number, element in enumerate(elements, first):
            yield from self.document(bytes(element), _join(place, f"record {number}"), layer)

    def _broken_array(self, text: bytes, place: str, first: int, layer: int) -> Iterator[Found]:
        end = yield from self._elements(text, brackets.skip_space(text, 0), place, first, layer)
        if end is not None and text[end:].strip():
            yield self._judge.malformed(_join(place, f"byte {end}"), Reason.TRAILING_DATA, "after the array")

    def _elements(
        self, text: bytes, at: int, place: str, first: int, layer: int | None = None
    ) -> Generator[Found, None, int | None]:
        """The elements of a broken array; returns where the array ends, None if it does not.

        Elements are records, or, if `layer` is given, documents to open from that layer on.
        """
        elements = brackets.Elements(text, at)
        number = first
        for value in elements:
            where = _join(place, f"record {number}, byte {value.start}")
            if value.lost:
                yield self._lost(text, value, where)
                return None
            number += 1
            element = text[value.start : value.end]
            if layer is None:
                yield self._judge.record(element, where)
            else:
                yield from self.document(element, where, layer)
        if elements.end is None:
            where = _join(place, f"record {number}, byte {len(text)}")
            yield self._judge.malformed(where, Reason.CUT_SHORT, "the array does not end")
        return elements.end

    def _lost(self, text: bytes, value: brackets.Value, where: str) -> Malformed:
        if value.end >= len(text):
            return self._judge.malformed(where, Reason.CUT_SHORT, "the record does not end")
        if value.depth > brackets.MOST_OPEN:
            detail = f"more than {brackets.MOST_OPEN} brackets open; what follows is not read"
            return self._judge.malformed(where, Reason.TOO_DEEP, detail)
        detail = f"brackets do not fit at byte {value.end}; what follows cannot be told apart"
        return self._judge.malformed(where, Reason.BROKEN_JSON, detail)

    def _detail(self, text: bytes, fields: Fields, place: str, layer: int) -> Iterator[Found]:
        envelope = text if fields.error is None else self._judge.record(text, place)
        if isinstance(envelope, Malformed):
            yield envelope
        else:
            yield from self.document(fields.values["detail"], place, layer + 1)

    def _carrier(self, text: bytes, fields: Fields, place: str, layer: int) -> Iterator[Found]:
        """The records in a list of log messages, or in base64 payloads of such lists."""
        values = fields.values
        if "awslogs" in values:
            yield from self._encoded(_DATA, values["awslogs"], place, layer)
            return
        key = next(key for key in (*MESSAGE_LISTS, "Records", "records") if key in values)
        elements = brackets.Elements(values[key], 0)
        for number, value in enumerate(elements, 1):
            element = values[key][value.start : value.end]
            where = _join(place, f"message {number}")
            if key in MESSAGE_LISTS:
                yield from self._message(element, where, layer)
            else:
                yield from self._encoded(_KINESIS if key == "Records" else _DATA, element, where, layer)
        if fields.error is not None and json_error(text) is not None:
            yield self._judge.malformed(place, Reason.BROKEN_JSON, fields.error)

    def _message(self, element: bytes, place: str, layer: int) -> Iterator[Found]:
        try:
            decoded = _MESSAGE.decode(element)
        except DECODING_ERRORS as error:
            yield self._judge.malformed(place, Reason.BROKEN_JSON, str(error))
            return
        text = decoded.message if decoded.cloudtrail_event is None else decoded.cloudtrail_event
        if text is None:
            yield self._judge.malformed(place, Reason.NOT_CLOUDTRAIL, "a log event without a message")
        else:
            yield from self.document(text.encode("utf-8", "surrogatepass"), place, layer + 1)

    def _encoded(
        self,
        decoder: msgspec.json.Decoder[_Data] | msgspec.json.Decoder[_KinesisRecord],
        element: bytes,
        place: str,
        layer: int,
    ) -> Iterator[Found]:
        try:
            decoded = decoder.decode(element)
        except DECODING_ERRORS as error:
            yield self._judge.malformed(place, Reason.BROKEN_JSON, str(error))
            return
        data = decoded.data if isinstance(decoded, _Data) else decoded.kinesis.data
        yield from self._payload(data.encode("utf-8", "surrogatepass"), place, layer)

    def _payload(self, text: bytes, place: str, layer: int) -> Iterator[Found]:
        """The records in base64 text, gzipped inside or not."""
        try:
            data = binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error as error:
            yield self._judge.malformed(place, Reason.BAD_BASE64, f"{error} in {excerpt(text)}")
            return
        inflated, faults = self._inflated(data) if data.startswith(GZIP_MAGIC) else (data, [])
        for number, document in enumerate(documents(inflated), 1):
            yield from self.document(document, _join(place, f"document {number}"), layer + 1)
        for fault in faults:
            yield self._judge.malformed(_join(place, fault.place), fault.reason, fault.detail)

    def _inflated(self, data: bytes) -> tuple[bytes, list[Malformed]]:
        text = bytearray()
        faults = []
        for piece in unwrap_layers(iter((data,)), self._name, self._limits):
            if isinstance(piece, Malformed):
                faults.append(piece)
            elif len(text) + len(piece) <= self._limits.decompressed_bytes:
                text += piece
            else:
                detail = f"more than {self._limits.decompressed_bytes} bytes"
                faults.append(Malformed(self._name, "", Reason.TOO_LARGE, detail))
                break
        return bytes(text), faults


def documents(text: bytes) -> list[bytes]:
    """JSON objects that follow each other without a comma, separated; one document for any other text.

    A comma missing within a document looks like the end of one; the brackets tell, and are asked a few times at most.
    """
    starts = [0, *(found.start() + 1 for found in brackets.DOCUMENT_BOUNDARY.finditer(text))]
    if len(starts) == 1:
        return [text]
    parts = []
    start, asked = 0, 0
    for end in (*starts[1:], len(text)):
        if end <= start:
            continue
        part = text[start:end]
        if asked < _MOST_BROKEN and not is_plain_log_file(part) and json_error(part) is not None:
            asked += 1
            value = brackets.value_at(text, brackets.skip_space(text, start))
            if value.closed:
                end = next((later for later in starts if later >= value.end), len(text))
        parts.append(text[start:end])
        start = end
    return parts
