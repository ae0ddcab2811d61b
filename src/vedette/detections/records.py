"""A test's record, from YAML to the bytes that CloudTrail would have written.

Numbers keep their spelling (`1.0` stays `1.0`), `null`, `true` and `false` stay what they are, and a record that says
only what matters is filled up with `RECORD_DEFAULTS`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from json.encoder import encode_basestring

from vedette.detections.fields import Fields, shown
from vedette.detections.format import RECORD_DEFAULTS
from vedette.detections.yaml import Mapping, Node, Scalar, Sequence
from vedette.errors import closest

_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")


def read_records(fields: Fields) -> tuple[bytes, ...]:
    """The records of a verdict test, in order."""
    if ("event" in fields) == ("events" in fields):
        fields.report.at(fields.start, "a test has either `event` or `events`, or `points` and `states`")
        return ()
    without = _left_out(fields)
    nodes = (fields.values["event"],) if "event" in fields else fields.items("events", "a list of records")
    if not nodes and "events" in fields:
        fields.report.at(fields.place("events"), "`events` holds no record")
    return tuple(read_record(fields, node, without, number) for number, node in enumerate(nodes, start=1))


def _left_out(fields: Fields) -> frozenset[str]:
    names = []
    for scalar in fields.scalars("without"):
        near = None if scalar.text in RECORD_DEFAULTS else closest(scalar.text, RECORD_DEFAULTS, likeness=0.8)
        if near is not None:
            fields.report.at(scalar.place, f"{shown(scalar.text)} is no field", note=f"did you mean `{near}`?")
        names.append(scalar.text)
    return frozenset(names)


def read_record(fields: Fields, node: Node, without: Collection[str], number: int) -> bytes:
    """One record as JSON; a text is taken verbatim. `number` counts the records of one test from 1."""
    if isinstance(node, Mapping):
        given = {key.text: json_text(fields, value) for key, value in node.entries}
        for key, _ in node.entries:
            if key.text in without:
                fields.report.at(key.place, f"{shown(key.text)} is there, and is to be left out by `without`")
        filled = {key: text for key, text in _defaults(number).items() if key not in given and key not in without}
        return _object(filled | given).encode()
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.text.strip().encode()
    fields.report.at(node.place, f"a record must be a mapping, not {node.kind}")
    return b""


def _defaults(number: int) -> dict[str, str]:
    return RECORD_DEFAULTS | {"eventID": f'"00000000-0000-4000-8000-{number:012d}"'}


def json_text(fields: Fields, node: Node) -> str:
    """A node as compact JSON. Infinity and NaN have no place in JSON, and are reported."""
    match node:
        case Mapping():
            return _object({key.text: json_text(fields, value) for key, value in node.entries})
        case Sequence():
            return "[" + ",".join(json_text(fields, item) for item in node.items) + "]"
        case Scalar():
            return _scalar(fields, node)


def _object(members: dict[str, str]) -> str:
    return "{" + ",".join(f"{_quote(key)}:{text}" for key, text in members.items()) + "}"


def _scalar(fields: Fields, node: Scalar) -> str:
    if not node.style and _JSON_NUMBER.match(node.text):
        return node.text
    value = node.value
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if not math.isfinite(value):
        fields.report.at(node.place, f"JSON cannot say `{node.text}`", hint="quote it to make it a text")
        return "null"
    return json.dumps(value)


def _quote(text: str) -> str:
    return encode_basestring(text)
