"""What a JSON object is, by its top-level keys: a record, or one of the envelopes that carry records.

Only top-level keys count: clients choose the keys further down, and must not be able to disguise a log file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from vedette.cloudtrail import brackets
from vedette.cloudtrail.body import Kind

_INSIGHT_CATEGORY = msgspec.Raw(b'"Insight"')
_INSIGHT_TYPE = msgspec.Raw(b'"AwsCloudTrailInsight"')
_KINESIS = b'"aws:kinesis"'
_RECORD_MARKS = ("eventName", "eventSource", "userIdentity", "eventVersion", "eventType", "eventID")
MESSAGE_LISTS = {"logEvents": "message", "events": "message", "Events": "CloudTrailEvent"}
"""Lists of messages and the key of the text in each: a CloudWatch Logs subscription's payload, the answers of
filter-log-events and of CloudTrail's lookup-events."""


_LOG_FILE_START = b'{"Records":['
_DELIVERED_START = b'{"Records":[{"eventVersion":'
_LOG_FILE_ENDS = (b"]}", b"]}\n")
_OTHER_SIGNS = (b"AwsCloudTrailInsight", b'"kinesis"')
_SIMULATION_MAKER = b'"vedette simulate"'
_TRUTH_MARKS = frozenset({"scenario", "step", "expected", "object_key"})
"""What `simulate` writes in its manifest and in each line of its ground truth; no record has any of it at its top."""


class _Marks(msgspec.Struct):
    name: msgspec.Raw | msgspec.UnsetType = msgspec.field(name="eventName", default=msgspec.UNSET)
    source: msgspec.Raw | msgspec.UnsetType = msgspec.field(name="eventSource", default=msgspec.UNSET)
    category: msgspec.Raw | msgspec.UnsetType = msgspec.field(name="eventCategory", default=msgspec.UNSET)
    type: msgspec.Raw | msgspec.UnsetType = msgspec.field(name="eventType", default=msgspec.UNSET)
    step: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_MARKS = msgspec.json.Decoder(_Marks)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])

DECODING_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises on hostile text."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The top-level members of an object, values undecoded; `error` says why the text is not valid JSON, if it is not.

    Of a broken object these are the members up to the broken place.
    """

    values: Mapping[str, bytes]
    error: str | None = None


def is_plain_log_file(text: bytes) -> bool:
    """Whether `text` begins and ends as the log files that CloudTrail delivers; looks at nothing in between."""
    if not (text.startswith(_LOG_FILE_START) and text.endswith(_LOG_FILE_ENDS)):
        return False
    # An Insights event names its type within its first 200 bytes where the keys stand in AWS's order.
    head = text[: 512 if text.startswith(_DELIVERED_START) else 4096]
    return not any(sign in head for sign in _OTHER_SIGNS)


def is_plain_record(text: bytes) -> bool:
    """Whether `text` is valid JSON and for sure a record: what `kind_of` says of most, in a twentieth of the time."""
    try:
        marks = _MARKS.decode(text)
    except DECODING_ERRORS:
        return False
    if isinstance(marks.name, msgspec.UnsetType) and isinstance(marks.source, msgspec.UnsetType):
        return False
    if not isinstance(marks.step, msgspec.UnsetType):
        return False
    return marks.category != _INSIGHT_CATEGORY and marks.type != _INSIGHT_TYPE


def fields_of(text: bytes) -> Fields:
    """The top-level members of the object that `text` holds. Never raises."""
    try:
        return Fields({key: bytes(memoryview(raw)) for key, raw in _FIELDS.decode(text).items()})
    except DECODING_ERRORS as error:
        return Fields(_followed(text), str(error))


def _followed(text: bytes) -> dict[str, bytes]:
    start = brackets.skip_space(text, 0)
    if text[start : start + 1] != b"{":
        return {}
    found = brackets.members(text, start)
    return {key.decode("utf-8", "replace"): text[value.start : value.end] for key, value in found}


def kind_of(fields: Mapping[str, bytes]) -> Kind | None:
    """The kind of the object with these members; None if it is nothing that CloudTrail or its carriers write."""
    if _is_insight(fields):
        return Kind.INSIGHT
    if fields.get("made_by") == _SIMULATION_MAKER or fields.keys() >= _TRUTH_MARKS:
        return Kind.SIMULATION
    if "eventName" in fields or "eventSource" in fields:
        return Kind.RECORD
    if "Records" in fields:
        return _kind_of_records(fields["Records"])
    if "detail" in fields and fields["detail"].startswith(b"{"):
        return Kind.EVENTBRIDGE
    if "digestS3Object" in fields or "digestEndTime" in fields:
        return Kind.DIGEST
    if fields.get("messageType") == b'"CONTROL_MESSAGE"':
        return Kind.CONTROL
    if carries_messages(fields):
        return Kind.SUBSCRIPTION
    return Kind.RECORD if any(mark in fields for mark in _RECORD_MARKS) else None


def carries_messages(fields: Mapping[str, bytes]) -> bool:
    """Whether this is a list of log messages, or carries one in base64, as Lambda and Firehose get it."""
    if any(fields.get(key, b"").startswith(b"[") for key in MESSAGE_LISTS):
        return True
    return fields.get("awslogs", b"").startswith(b"{") or fields.get("records", b"").startswith(b"[")


def _is_insight(fields: Mapping[str, bytes]) -> bool:
    return fields.get("eventCategory") == b'"Insight"' or fields.get("eventType") == b'"AwsCloudTrailInsight"'


def _kind_of_records(records: bytes) -> Kind | None:
    """A log file, unless the first element is a Kinesis record, or every element is an Insights event."""
    if not records.startswith(b"["):
        return None
    first = next(iter(brackets.Elements(records, 0)), None)
    if first is None or not first.closed:
        return Kind.LOG_FILE
    fields = fields_of(records[first.start : first.end]).values
    if "kinesis" in fields and fields.get("eventSource", _KINESIS) == _KINESIS:
        return Kind.SUBSCRIPTION
    return Kind.INSIGHT if _is_insight(fields) and _all_insights(records) else Kind.LOG_FILE


def _all_insights(records: bytes) -> bool:
    elements = brackets.Elements(records, 0)
    return all(_is_insight(fields_of(records[value.start : value.end]).values) for value in elements)
