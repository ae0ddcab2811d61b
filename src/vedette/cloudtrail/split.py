"""A body split into the verbatim bytes of its records: generic, and sure for every broken shape."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vedette.cloudtrail.body import APART, Body, Kind, Malformed
from vedette.cloudtrail.limits import DEFAULT_LIMITS, Limits
from vedette.cloudtrail.opening import Opener, documents

_LINE = re.compile(rb"[^\n]++")


def split(body: Body, limits: Limits = DEFAULT_LIMITS) -> Iterator[bytes | Malformed]:
    """Each record of `body` as written, and a Malformed for whatever stands in the place of one and is none.

    Elements are conserved: every element of a log file or array, and every line that is not blank, gives one record
    or one Malformed, unless it is an envelope, which gives one for each of its own elements, or a control message,
    which gives nothing. Where brackets no longer fit, what follows cannot be told apart: all records before it and
    one Malformed that tells the place. In NDJSON the lines after a broken one go on.

    A line (or single document) must have a top-level key of a CloudTrail record to be one; in the `Records` of a log
    file any object is a record. Bodies that are counted apart (`APART`) hold no records and give nothing.
    """
    opener = Opener(body.name, limits)
    match body.kind:
        case Kind.LOG_FILE:
            yield from _log_files(opener, body)
        case Kind.NDJSON:
            yield from _lines(opener, body, "line")
        case Kind.SUBSCRIPTION:
            yield from _lines(opener, body, "message")
        case Kind.ARRAY:
            yield from opener.array(body.data, first=body.first_line)
        case Kind.RECORD | Kind.EVENTBRIDGE:
            yield from opener.document(body.data, f"record {body.first_line}")
        case _:
            assert body.kind in APART


def _log_files(opener: Opener, body: Body) -> Iterator[bytes | Malformed]:
    """The records of one log file, or of several that were joined."""
    parts = documents(body.data)
    if len(parts) == 1:
        yield from opener.log_file(body.data, first=body.first_line)
        return
    for number, part in enumerate(parts, 1):
        yield from opener.document(part, f"document {number}")


def _lines(opener: Opener, body: Body, unit: str) -> Iterator[bytes | Malformed]:
    at = 0
    number = body.first_line
    for line in _LINE.finditer(body.data):
        number += body.data.count(b"\n", at, line.start())
        at = line.start()
        if text := line.group().strip():
            yield from opener.document(text, f"{unit} {number}")
