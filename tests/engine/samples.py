"""Detections and bodies for the engine's tests."""

from __future__ import annotations

import datetime as dt
import json
import zlib

from vedette.cloudtrail.body import Body, Kind
from vedette.detections.definition import Derived, Detection, Metric, ScopedException, Severity
from vedette.patterns import FilterPattern
from vedette.predicates.tree import Selector

TODAY = dt.date(2026, 11, 21)
NOON = 1_795_262_400


def detection(pattern: str, **settings) -> Detection:
    """A detection with that pattern; `metric`, `group_by` and so on as given."""
    defaults = {
        "id": f"detection-{zlib.crc32(pattern.encode(errors='surrogatepass')):08x}",
        "title": "Title",
        "severity": Severity.LOW,
        "description": "",
        "why": "",
        "rule": None,
        "metric": None,
        "alarm": None,
        "group_by": (Derived.ACTOR,),
    }
    return Detection(pattern=FilterPattern.parse(pattern), **{**defaults, **settings})


def metric(**settings) -> Metric:
    return Metric("Vedette", "Name", **settings)


def exception(pattern: str, expires: dt.date = TODAY) -> ScopedException:
    return ScopedException(FilterPattern.parse(pattern), "owner", "reason", expires)


def by(*names: str) -> tuple[Selector, ...]:
    return tuple(Selector(tuple(name.split("."))) for name in names)


def record(number: int = 0, **fields) -> dict[str, object]:
    """A record at noon and some seconds, with an id of its own; a field given as None is left out."""
    whole = {
        "eventVersion": "1.11",
        "eventID": f"00000000-0000-4000-8000-{number:012}",
        "eventTime": f"2026-11-21T12:{number // 60 % 60:02}:{number % 60:02}Z",
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "Mozilla/5.0",
        "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "userName": "alice", "accountId": "111122223333"},
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


def log_file(*records: object, name: str = "file", first_line: int = 1) -> Body:
    data = b'{"Records":[' + b",".join(json.dumps(each).encode() for each in records) + b"]}"
    return Body(Kind.LOG_FILE, data, name, first_line)


def lines(*records: object, name: str = "lines", first_line: int = 1) -> Body:
    data = b"".join(json.dumps(each).encode() + b"\n" for each in records)
    return Body(Kind.NDJSON, data, name, first_line)
