"""What a message about new objects says: of which bucket, which keys. Pure: texts in, values out.

    body = S3 event | EventBridge event | trail's own message | SNS notification of one of these | a test of the way

Sources: "Event message structure" and "Using EventBridge" (Amazon S3 user guide), "Configuring Amazon SNS notifications
for CloudTrail". Keys are URL-encoded in S3 events alone; emulators encode them differently, `unquote_plus` reads all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

_LAYERS = 3
_SHOWN = 80
_TEST_TEXT = "CloudTrail validation message"


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object of a bucket; `size` is 0 where the message does not tell."""

    bucket: str
    key: str
    size: int = 0

    @property
    def name(self) -> str:
        """`s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}"

    @classmethod
    def parse(cls, name: str) -> ObjectRef | None:
        """The reference in a name; None for another text.

        >>> ObjectRef.parse("s3://trail/AWSLogs/x.json.gz")
        ObjectRef(bucket='trail', key='AWSLogs/x.json.gz', size=0)
        """
        scheme, _, rest = name.partition("://")
        bucket, _, key = rest.partition("/")
        return cls(bucket, key) if scheme == "s3" and bucket and key else None


class NotificationError(ValueError):
    """A message that says nothing of objects."""


def unwrap(body: str) -> str:
    """The message within SNS notifications; a body that is none is returned as it is. Raises NotificationError."""
    for _ in range(_LAYERS):
        document = _object(body)
        if document is None or "Message" not in document or "TopicArn" not in document:
            return body
        kind, message = document.get("Type"), document["Message"]
        if kind != "Notification" or not isinstance(message, str):
            raise NotificationError("an SNS subscription that waits to be confirmed, or ended")
        body = message
    raise NotificationError("SNS notifications within each other")


def objects_in(body: str) -> tuple[ObjectRef, ...]:
    """The objects that came, each once, in order; none for tests and for other things that happen to objects.

    Raises NotificationError for what is no notification.
    """
    text = unwrap(body)
    document = _object(text)
    if document is None:
        if text.startswith(_TEST_TEXT):
            return ()
        raise NotificationError(f"not a notification: {_cut(text)}")
    return tuple(dict.fromkeys(one for one in _objects(document) if not one.key.endswith("/")))


def _objects(document: Mapping[str, object]) -> Iterator[ObjectRef]:
    if document.get("Event") == "s3:TestEvent":
        return
    records = document.get("Records")
    if isinstance(records, list):
        for record in records:
            yield from _of_s3(_mapping(record))
    elif isinstance(document.get("s3ObjectKey"), list | str):
        yield from _of_trail(document)
    elif document.get("source") == "aws.s3" and "detail" in document:
        yield from _of_eventbridge(document)
    else:
        raise NotificationError(f"not a notification: an object with {_cut(', '.join(map(str, document)))}")


def _of_s3(record: Mapping[str, object]) -> Iterator[ObjectRef]:
    if not str(record.get("eventName", "")).removeprefix("s3:").startswith("ObjectCreated"):
        if record.get("eventSource") in ("aws:s3", None) and "eventName" in record:
            return
        raise NotificationError("a record that is not of S3")
    s3 = _mapping(record.get("s3"))
    found = _mapping(s3.get("object"))
    yield _ref(_mapping(s3.get("bucket")).get("name"), found.get("key"), found.get("size"), encoded=True)


def _of_trail(document: Mapping[str, object]) -> Iterator[ObjectRef]:
    keys = document["s3ObjectKey"]
    for key in keys if isinstance(keys, list) else [keys]:
        yield _ref(document.get("s3Bucket"), key, 0, encoded=False)


def _of_eventbridge(document: Mapping[str, object]) -> Iterator[ObjectRef]:
    if document.get("detail-type") == "Object Created":
        detail = _mapping(document["detail"])
        found = _mapping(detail.get("object"))
        yield _ref(_mapping(detail.get("bucket")).get("name"), found.get("key"), found.get("size"), encoded=False)


def _ref(bucket: object, key: object, size: object, *, encoded: bool) -> ObjectRef:
    if not (isinstance(bucket, str) and bucket and isinstance(key, str) and key):
        raise NotificationError("a notification without a bucket and a key")
    return ObjectRef(bucket, unquote_plus(key) if encoded else key, size if isinstance(size, int) else 0)


def _object(text: str) -> Mapping[str, object] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
