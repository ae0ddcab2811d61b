"""Numbers of records through a whole object, however many documents it joins: by them a user finds a record again.

    gzip -dc joined.gz | jq -c '.Records[]' | sed -n 57p

The number counts every element in the place of a record, readable or not, as the command above does.
"""

from __future__ import annotations

from dataclasses import replace

from vedette.cloudtrail import brackets
from vedette.cloudtrail.body import Body, Kind
from vedette.cloudtrail.projection import raw_array, raw_records
from vedette.cloudtrail.recognise import DECODING_ERRORS


class Numbering:
    """Which number the next record of the object has, from 1."""

    def __init__(self) -> None:
        self.next = 1

    def place(self, body: Body, *, more: bool = True) -> Body:
        """`body` with the number of its first record; its own are only counted if there may be `more` behind it."""
        first = self.next
        if more:
            self.next += elements_in(body)
        return body if body.first_line == first else replace(body, first_line=first)


def elements_in(body: Body) -> int:
    """How many elements stand in the place of records; of NDJSON the lines that are not blank."""
    match body.kind:
        case Kind.LOG_FILE | Kind.ARRAY:
            return _elements(body.data, body.kind)
        case Kind.NDJSON | Kind.SUBSCRIPTION:
            return sum(1 for line in body.data.split(b"\n") if line.strip())
        case Kind.RECORD | Kind.EVENTBRIDGE:
            return 1
        case _:
            return 0


def _elements(text: bytes, kind: Kind) -> int:
    try:
        return len(raw_array(text) if kind is Kind.ARRAY else raw_records(text))
    except DECODING_ERRORS:
        start = records_array(text) if kind is Kind.LOG_FILE else brackets.skip_space(text, 0)
        return 0 if start is None else sum(not value.lost for value in brackets.Elements(text, start))


def records_array(text: bytes) -> int | None:
    """Where the array of records of a log file begins, whole or not; None if there is none."""
    members = brackets.members(text, brackets.skip_space(text, 0))
    return next((value.start for key, value in members if key == b"Records"), None)
