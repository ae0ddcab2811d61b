"""The values that pass between reading an object and splitting it: bodies, and what could not be read."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from vedette.errors import printable


class Kind(enum.Enum):
    """What a body is, recognised by its content, never by its name."""

    LOG_FILE = "log file"
    """One `{"Records": […]}` document, as CloudTrail delivers to S3."""

    NDJSON = "lines"
    """Whole lines; each a record, or an envelope, a subscription message or a log file that `split` opens."""

    ARRAY = "array"
    """One JSON array of records or envelopes."""

    RECORD = "record"
    """One record."""

    EVENTBRIDGE = "EventBridge event"
    """One EventBridge envelope: the record is its `detail`."""

    SUBSCRIPTION = "CloudWatch Logs messages"
    """The messages of CloudWatch Logs payloads, already unpacked: one record a line."""

    DIGEST = "digest file"
    """A digest of log-file integrity: counted, holds no records."""

    INSIGHT = "Insights file"
    """CloudTrail Insights events: counted, not records of calls."""

    CONTROL = "control message"
    """A CloudWatch Logs CONTROL_MESSAGE, which only tests that the destination is reachable: counted."""

    SIMULATION = "file beside simulated logs"
    """What `vedette simulate` writes beside its logs, the ground truth and the manifest: counted, holds no records."""


APART = (Kind.DIGEST, Kind.INSIGHT, Kind.CONTROL, Kind.SIMULATION)
"""Kinds of bodies that hold no records, and are counted apart."""


class Reason(enum.Enum):
    """Why something could not be read, in the words that the tally shows."""

    EMPTY = "empty"
    UNREADABLE = "could not be read"
    NOT_JSON = "not JSON"
    NOT_CLOUDTRAIL = "JSON, but not CloudTrail"
    NOT_AN_OBJECT = "not a JSON object"
    NOT_UTF8 = "not UTF-8"
    BROKEN_JSON = "broken JSON"
    CUT_SHORT = "cut short"
    CORRUPT = "corrupt compression"
    BAD_BASE64 = "broken base64"
    TRAILING_DATA = "data after the end"
    EXPANDS_TOO_MUCH = "expands too much"
    TOO_LARGE = "too large"
    TOO_DEEP = "nested too deeply"
    BAD_TIME = "eventTime is not a time"


@dataclass(frozen=True, slots=True)
class Body:
    """A decompressed piece of an object that holds whole records.

    `first_line` is the number, from 1, of the first line of `data` (kind NDJSON) or of its first record (other kinds)
    within the object, so that places can be told.
    """

    kind: Kind
    data: bytes
    name: str
    first_line: int = 1


@dataclass(frozen=True, slots=True)
class Malformed:
    """Something that could not be read: of which object, where in it (`record 17`, `line 3`, `byte 1024`), why."""

    name: str
    place: str
    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        place = f", {self.place}" if self.place else ""
        detail = f": {self.detail}" if self.detail else ""
        return printable(f"{self.name}{place}: {self.reason.value}{detail}")
