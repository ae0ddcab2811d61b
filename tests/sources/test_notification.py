"""What messages about objects say, in every shape in which they reach a queue."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.sources.notification import NotificationError, ObjectRef, objects_in

KEY = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/21/a.json.gz"
A = ObjectRef("trail", KEY)


def s3_event(*keys: str, name: str = "ObjectCreated:Put", size: int | None = None) -> dict[str, object]:
    found = [{"key": key} if size is None else {"key": key, "size": size} for key in keys]
    return {
        "Records": [
            {"eventSource": "aws:s3", "eventName": name, "s3": {"bucket": {"name": "trail"}, "object": one}}
            for one in found
        ]
    }


def eventbridge(key: str, kind: str = "Object Created") -> dict[str, object]:
    detail = {"bucket": {"name": "trail"}, "object": {"key": key, "size": 5}}
    return {"version": "0", "detail-type": kind, "source": "aws.s3", "detail": detail}


def sns(message: object, kind: str = "Notification") -> dict[str, object]:
    text = message if isinstance(message, str) else json.dumps(message)
    return {"Type": kind, "TopicArn": "arn:aws:sns:us-east-1:111122223333:t", "Message": text}


@pytest.mark.parametrize(
    ("body", "refs"),
    [
        (s3_event(KEY), (A,)),
        (s3_event(KEY, size=7), (ObjectRef("trail", KEY, 7),)),
        (s3_event("a", "b", "a"), (ObjectRef("trail", "a"), ObjectRef("trail", "b"))),
        (s3_event(KEY, name="s3:ObjectCreated:Put"), (A,)),
        (s3_event(KEY, name="ObjectCreated:CompleteMultipartUpload"), (A,)),
        (s3_event("o%2Dorg/a+b%2Bc%C3%A4.json"), (ObjectRef("trail", "o-org/a b+cä.json"),)),
        (s3_event(KEY, name="ObjectRemoved:Delete"), ()),
        (s3_event("AWSLogs/"), ()),
        ({"Records": []}, ()),
        ({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "trail"}, ()),
        (eventbridge("a+b%20c"), (ObjectRef("trail", "a+b%20c", 5),)),
        (eventbridge("a", "Object Deleted"), ()),
        ({"s3Bucket": "trail", "s3ObjectKey": [KEY, "b+c"]}, (A, ObjectRef("trail", "b+c"))),
        ({"s3Bucket": "trail", "s3ObjectKey": KEY}, (A,)),
        (sns(s3_event(KEY)), (A,)),
        (sns(sns({"s3Bucket": "trail", "s3ObjectKey": [KEY]})), (A,)),
        (sns("CloudTrail validation message."), ()),
    ],
)
def test_objects_are_found_in_every_shape(body: dict[str, object], refs: tuple[ObjectRef, ...]) -> None:
    assert objects_in(json.dumps(body)) == refs


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("not JSON", "not a notification: not JSON"),
        ("[1]", "not a notification"),
        ("x" * 500, "…"),
        ('{"a": 1, "b": 2}', "an object with a, b"),
        (json.dumps(sns("x", "SubscriptionConfirmation")), "waits to be confirmed"),
        (json.dumps(sns(sns(sns(sns("x"))))), "within each other"),
        (json.dumps({"Records": [{"eventName": "ConsoleLogin", "eventSource": "signin.amazonaws.com"}]}), "not of S3"),
        (json.dumps({"Records": [1]}), "not of S3"),
        (json.dumps(s3_event("")), "without a bucket and a key"),
        (json.dumps({"s3Bucket": 1, "s3ObjectKey": ["a"]}), "without a bucket and a key"),
        (json.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": []}), "without a bucket and a key"),
    ],
)
def test_what_is_no_notification_is_told(body: str, why: str) -> None:
    with pytest.raises(NotificationError, match=why):
        objects_in(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["Records", "s3", "bucket", "object", "name", "key", "eventName", "s3ObjectKey", "s3Bucket",
                         "Message", "TopicArn", "Type", "source", "detail", "size"]),
        inner, max_size=4,
    ),
)  # fmt: skip


@given(JSON.map(json.dumps) | st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_nothing_but_a_notification_error_comes_of_any_text(text: str) -> None:
    with contextlib.suppress(NotificationError):
        assert isinstance(objects_in(text), tuple)


def test_brackets_beyond_reason_are_no_notification() -> None:
    with pytest.raises(NotificationError):
        objects_in("[" * 200_000)


@pytest.mark.parametrize("name", ["x", "s3://", "s3://bucket", "s3:///key", "sqs://queue/id"])
def test_other_names_are_no_objects(name: str) -> None:
    assert ObjectRef.parse(name) is None
    assert ObjectRef.parse(A.name) == A
