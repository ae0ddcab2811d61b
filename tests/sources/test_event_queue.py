"""Single events from EventBridge: several messages an object, each message acknowledged."""

from __future__ import annotations

import json

import pytest

from sources.clocks import Stopped
from sources.cloud import NOW, Cloud, read
from vedette.cloudtrail.envelope import Body, read_bodies, split
from vedette.sources.eventbridge import EventQueue, line_of
from vedette.sources.notification import NotificationError
from vedette.sources.port import PoisonError
from vedette.sources.sqs import Queue


def source_of(cloud: Cloud, **given: object) -> EventQueue:
    return EventQueue("events", Queue(cloud.sqs, cloud.url, **{"wait": 0, **given}))  # type: ignore[arg-type]


def event(name: str) -> dict[str, object]:
    detail = {"eventVersion": "1.11", "eventSource": "signin.amazonaws.com", "eventName": name}
    return {
        "version": "0",
        "detail-type": "AWS Console Sign In via CloudTrail",
        "source": "aws.signin",
        "detail": detail,
    }


def events_in(data: bytes) -> list[str]:
    return [json.loads(line)["eventName"] for line in data.splitlines()]


def test_messages_are_one_object_of_lines(cloud: Cloud) -> None:
    for number in range(25):
        cloud.send(event(f"e{number}"))
    (item,) = source_of(cloud).poll(NOW)
    data = read(item)
    assert sorted(events_in(data)) == sorted(f"e{number}" for number in range(25))
    assert item.size == len(data)
    assert item.delivered is not None
    assert cloud.waiting() == 25
    item.ack()
    assert cloud.waiting() == 0


def test_an_objects_name_is_that_of_its_messages(cloud: Cloud) -> None:
    cloud.send(event("a"))
    source = source_of(cloud)
    (item,) = source.poll(NOW)
    item.extend(0)
    (again,) = source.poll(NOW)
    assert again.name == item.name
    again.extend(0)
    cloud.send(event("b"))
    (other,) = source.poll(NOW)
    assert other.name != item.name
    with pytest.raises(PoisonError):
        source.fetch(other.name)


def test_the_lines_are_records_to_whoever_reads_them(cloud: Cloud) -> None:
    cloud.send(json.dumps(event("a"), indent=2))
    cloud.send(event("b")["detail"])
    (item,) = source_of(cloud).poll(NOW)
    with item.open() as stream:
        bodies = list(read_bodies(stream, item.name))
    records = [record for body in bodies if isinstance(body, Body) for record in split(body)]
    assert sorted(json.loads(record)["eventName"] for record in records if isinstance(record, bytes)) == ["a", "b"]


def test_a_message_that_holds_no_event_is_poison_apart_from_the_others(cloud: Cloud) -> None:
    cloud.send("words")
    cloud.send(event("a"))
    items = list(source_of(cloud).poll(NOW))
    (bad,) = [item for item in items if item.size == len("words")]
    (good,) = [item for item in items if item is not bad]
    with pytest.raises(PoisonError, match="not a JSON object"):
        bad.open()
    bad.reject("told")
    assert events_in(read(good)) == ["a"]
    good.reject("broken")
    assert cloud.waiting() == 0


def test_a_message_received_too_often_is_poison(cloud: Cloud) -> None:
    cloud.send(event("a"))
    source = source_of(cloud, max_receives=1)
    (item,) = source.poll(NOW)
    item.extend(0)
    (item,) = source.poll(NOW)
    with pytest.raises(PoisonError, match="received 2 times"):
        item.open()


def test_messages_whose_time_ran_out_are_left_to_the_queue(cloud: Cloud) -> None:
    clock = Stopped()
    cloud.send("words")
    cloud.send(event("a"))
    items = source_of(cloud, visibility=60, clock=clock).poll(NOW)
    next(items)
    clock += 60
    assert list(items) == []


def test_an_empty_queue_has_nothing(cloud: Cloud) -> None:
    assert list(source_of(cloud).poll(NOW)) == []
    assert source_of(cloud).cursor == ""


def test_a_line_is_one_line_and_verbatim() -> None:
    text = '{"detail": {"eventName": "a\\nb",\r\n  "n": 1.50, "u": "\\u00e4"}}'
    assert line_of(text) == b'{"eventName": "a\\nb",    "n": 1.50, "u": "\\u00e4"}'
    wrapped = json.dumps({"Type": "Notification", "TopicArn": "t", "Message": text})
    assert line_of(wrapped) == line_of(text)


@pytest.mark.parametrize("text", ["", "words", "[1]", "3", '{"detail": ', "[" * 100_000])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(NotificationError):
        line_of(text)
