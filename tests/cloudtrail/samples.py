"""Records made for these tests, ways to carry them, and the reading of an object to its end."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vedette.cloudtrail.envelope import Body, Kind, Malformed, Reason, read_bodies, split
from vedette.cloudtrail.limits import DEFAULT_LIMITS, Limits


def record(number: int = 0, **fields: object) -> dict[str, object]:
    """A record with everything that its place in a text could make difficult: brackets and quotes within strings."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "userName": "alice", "accountId": "111122223333"},
        "eventTime": "2026-11-21T10:00:00Z",
        "eventSource": "secretsmanager.amazonaws.com",
        "eventName": "GetSecretValue",
        "userAgent": 'quoted "}]},{" and \\ back \u00e9 }{"a',
        "requestParameters": {"filters": [{"values": []}, {"values": ["]}", '"']}]},
        "eventID": f"00000000-0000-4000-8000-{number:012}",
        **fields,
    }


def dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def log_file(texts: list[bytes]) -> bytes:
    return b'{"Records":[' + b",".join(texts) + b"]}"


def data_message(texts: list[bytes]) -> bytes:
    events = [{"id": str(n), "timestamp": 1, "message": text.decode()} for n, text in enumerate(texts)]
    return dump({"messageType": "DATA_MESSAGE", "owner": "111122223333", "logEvents": events})


CONTROL_MESSAGE = dump(
    {
        "messageType": "CONTROL_MESSAGE",
        "owner": "CloudwatchLogs",
        "logEvents": [{"id": "", "timestamp": 1, "message": "CWL CONTROL MESSAGE: Checking health of destination."}],
    }
)


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def in_base64(data: bytes) -> str:
    return base64.b64encode(_gzip(data)).decode()


def eventbridge(text: bytes) -> bytes:
    return b'{"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.x","detail":' + text + b"}"


ENVELOPES: dict[str, tuple[Kind, Callable[[list[bytes]], bytes]]] = {
    "log file": (Kind.LOG_FILE, log_file),
    "log file, line end": (Kind.LOG_FILE, lambda t: log_file(t) + b"\n"),
    "log file, spaced": (Kind.LOG_FILE, lambda t: b' {\n "Records" : [ ' + b" ,\r\n".join(t) + b" ]\n}\n"),
    "log file, other keys": (
        Kind.LOG_FILE,
        lambda t: b'{"a":[{"Records":1}],"Records":[' + b",".join(t) + b'],"z":{}}',
    ),
    "log file, BOM": (Kind.LOG_FILE, lambda t: b"\xef\xbb\xbf" + log_file(t)),
    "log files in lines": (Kind.LOG_FILE, lambda t: b"\n".join(log_file([text]) for text in t) + b"\n"),
    "log files joined, spaced": (Kind.LOG_FILE, lambda t: b"\n".join(b'{ "Records":[' + text + b"]}" for text in t)),
    "NDJSON": (Kind.NDJSON, lambda t: b"\n".join(t) + b"\n"),
    "NDJSON, CRLF and blank lines": (Kind.NDJSON, lambda t: b"\r\n\r\n" + b"\r\n\r\n".join(t) + b"\r\n\r\n"),
    "NDJSON of EventBridge": (Kind.NDJSON, lambda t: b"\n".join(map(eventbridge, t))),
    "NDJSON, log files among": (Kind.NDJSON, lambda t: b"\n".join([*t[:1], *(log_file([x]) for x in t[1:])]) + b"\n"),
    "array": (Kind.ARRAY, lambda t: b"[" + b",".join(t) + b"]"),
    "array, spaced": (Kind.ARRAY, lambda t: b" [\n" + b" ,\n".join(t) + b"\n]\n"),
    "array of EventBridge": (Kind.ARRAY, lambda t: b"[" + b",".join(map(eventbridge, t)) + b"]"),
    "records joined": (Kind.ARRAY, lambda t: b"".join(t)),
    "EventBridge joined": (Kind.ARRAY, lambda t: b"".join(map(eventbridge, t))),
    "subscription": (Kind.SUBSCRIPTION, data_message),
    "subscription, base64": (Kind.SUBSCRIPTION, lambda t: in_base64(data_message(t)).encode()),
    "subscription, wrapped base64": (Kind.SUBSCRIPTION, lambda t: base64.encodebytes(_gzip(data_message(t)))),
    "subscriptions, base64 lines": (
        Kind.SUBSCRIPTION,
        lambda t: b"\n".join(in_base64(data_message([text])).encode() for text in t),
    ),
    "subscriptions joined": (Kind.SUBSCRIPTION, lambda t: b"".join(data_message([text]) for text in t)),
    "Lambda": (Kind.SUBSCRIPTION, lambda t: dump({"awslogs": {"data": in_base64(data_message(t))}})),
    "Kinesis": (
        Kind.SUBSCRIPTION,
        lambda t: dump(
            {
                "Records": [
                    {"kinesis": {"data": in_base64(data_message([text]))}, "eventSource": "aws:kinesis"} for text in t
                ]
            }
        ),
    ),
    "Kinesis, bare": (
        Kind.SUBSCRIPTION,
        lambda t: dump({"Records": [{"kinesis": {"data": in_base64(data_message(t))}}]}),
    ),
    "Firehose": (
        Kind.SUBSCRIPTION,
        lambda t: dump({"records": [{"recordId": "1", "data": in_base64(data_message(t))}]}),
    ),
    "lookup-events": (
        Kind.SUBSCRIPTION,
        lambda t: dump({"Events": [{"EventId": "x", "CloudTrailEvent": text.decode()} for text in t]}),
    ),
    "filter-log-events": (
        Kind.SUBSCRIPTION,
        lambda t: dump({"events": [{"message": text.decode()} for text in t], "searchedLogStreams": []}),
    ),
}


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": _gzip,
    "gzip twice": lambda data: _gzip(_gzip(data)),
    "gzip members": lambda data: b"".join(_gzip(data[at : at + 700]) for at in range(0, len(data), 700)),
    "gzip, zeros after": lambda data: _gzip(data) + bytes(512),
}


class Grudging(io.RawIOBase):
    """A stream that gives a few bytes at a time, as pipes do."""

    def __init__(self, data: bytes, step: int = 7) -> None:
        self._data = data
        self._step = step

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        taken, self._data = self._data[: self._step], self._data[self._step :]
        return taken


def bodies(data: bytes, limits: Limits = DEFAULT_LIMITS) -> list[Body | Malformed]:
    return list(read_bodies(io.BytesIO(data), "object", limits))


def found(data: bytes, limits: Limits = DEFAULT_LIMITS) -> list[bytes | Malformed]:
    """Every record and every fault of an object."""
    return list(found_in(io.BytesIO(data), limits))


def found_in(stream: io.RawIOBase | io.BytesIO, limits: Limits = DEFAULT_LIMITS) -> Iterator[bytes | Malformed]:
    for body in read_bodies(stream, "object", limits):  # type: ignore[arg-type]
        if isinstance(body, Malformed):
            yield body
        else:
            yield from split(body, limits)


def records(data: bytes, limits: Limits = DEFAULT_LIMITS) -> list[bytes]:
    return [item for item in found(data, limits) if isinstance(item, bytes)]


def faults(data: bytes, limits: Limits = DEFAULT_LIMITS) -> list[Malformed]:
    return [item for item in found(data, limits) if isinstance(item, Malformed)]


def reasons(data: bytes, limits: Limits = DEFAULT_LIMITS) -> list[Reason]:
    return [fault.reason for fault in faults(data, limits)]


def corpus() -> list[bytes]:
    """Every line of the reference corpora; skips the test where they are not at hand."""
    shared = Path(os.environ.get("VEDETTE_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    files = sorted((shared / "corpora").glob("*.jsonl.gz"))
    if not files:
        pytest.skip(f"reference corpora are not at {shared} (set VEDETTE_SHARED)")
    return [line for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]
