"""Whether the bytes in the place of a record are a record: an object, within the limits, UTF-8, valid JSON.

NaN and Infinity are let pass (what reads values decides about them), and so are numbers of any length, duplicate keys
and lone surrogate escapes: the record is kept as written. Which fields it has is not judged here.
"""

from __future__ import annotations

import json

import msgspec

from vedette.cloudtrail import brackets
from vedette.cloudtrail.body import Malformed, Reason
from vedette.cloudtrail.limits import Limits
from vedette.cloudtrail.recognise import DECODING_ERRORS
from vedette.errors import printable

_RAW = msgspec.json.Decoder(msgspec.Raw)
_LAX_JSON = json.JSONDecoder(parse_int=str, parse_float=str)
_EXCERPT = 40


class Judge:
    """Judges the records of one object."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits

    def record(self, text: bytes, place: str) -> bytes | Malformed:
        """`text` itself if it is a record, else why not."""
        fault = self.bounds(text, place)
        if fault is not None:
            return fault
        error = json_error(text)
        return text if error is None else self.malformed(place, Reason.BROKEN_JSON, error)

    def bounds(self, text: bytes, place: str) -> Malformed | None:
        """What is wrong with `text`, apart from its grammar; enough where a parser has walked over it already."""
        limits = self._limits
        if not text.startswith(b"{"):
            return self.malformed(place, Reason.NOT_AN_OBJECT, excerpt(text))
        if len(text) > limits.record_bytes:
            return self.malformed(place, Reason.TOO_LARGE, f"{len(text)} bytes, more than {limits.record_bytes}")
        if not text.isascii():
            try:
                text.decode()
            except UnicodeDecodeError as error:
                return self.malformed(place, Reason.NOT_UTF8, f"at byte {error.start} of the record")
        if text.count(b"{") + text.count(b"[") > limits.depth:
            depth = brackets.value_at(text, 0).depth
            if depth > limits.depth:
                return self.malformed(place, Reason.TOO_DEEP, f"{depth} brackets open, more than {limits.depth}")
        return None

    def malformed(self, place: str, reason: Reason, detail: str) -> Malformed:
        """A fault of this object."""
        return Malformed(self._name, place, reason, detail)


def json_error(text: bytes) -> str | None:
    """Why `text` (UTF-8) is not one JSON value; None if it is, NaN and Infinity allowed."""
    try:
        _RAW.decode(text)
    except DECODING_ERRORS as error:
        return None if _is_lax_json(text) else str(error).removeprefix("JSON is malformed: ")
    return None


def _is_lax_json(text: bytes) -> bool:
    try:
        _LAX_JSON.decode(text.decode())
    except (ValueError, RecursionError):
        return False
    return True


def excerpt(text: bytes) -> str:
    """The beginning of `text` for a message."""
    shown = printable(text[:_EXCERPT].decode("utf-8", "replace"))
    return f"`{shown}…`" if len(text) > _EXCERPT else f"`{shown}`"
