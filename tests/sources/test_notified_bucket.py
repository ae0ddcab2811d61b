"""Objects that a queue tells of: acknowledged message by message, with everything that queues and buckets do."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from aws_server import ACCOUNT, REGION, connect, running
from sources.clocks import Stopped
from sources.cloud import NOW, Cloud, drain, key_at, log_file, names, read
from vedette.aws import AwsClient, AwsError, Failure
from vedette.cloudtrail.limits import Limits
from vedette.sources.port import PoisonError
from vedette.sources.s3 import NotifiedBucket
from vedette.sources.sqs import Queue
from waiting import held_port

KEYS = [key_at(NOW, f"UNIQUE000000000{number}") for number in range(3)]


def source_of(cloud: Cloud, **given: object) -> NotifiedBucket:
    queue = Queue(cloud.sqs, cloud.url, **{"wait": 0, **given})  # type: ignore[arg-type]
    return NotifiedBucket("trail", cloud.s3, queue)


# --- ways by which notifications come ---


def test_from_s3_to_sqs_with_the_test_message_before(cloud: Cloud) -> None:
    configuration = {"QueueConfigurations": [{"QueueArn": cloud.queue_arn, "Events": ["s3:ObjectCreated:*"]}]}
    cloud.s3.call("put_bucket_notification_configuration", Bucket=cloud.bucket, NotificationConfiguration=configuration)
    names_put = [cloud.put(key) for key in (*KEYS, "o-org 1/ä+b.json.gz")]
    assert sorted(drain(source_of(cloud))) == sorted(names_put)
    assert cloud.waiting() == 0


@pytest.mark.parametrize("raw", ["true", "false"])
def test_from_a_topic_raw_or_wrapped(cloud: Cloud, raw: str) -> None:
    topic = cloud.sns.call("create_topic", Name=f"topic-{cloud.id}")["TopicArn"]
    cloud.sns.call(
        "subscribe", TopicArn=topic, Protocol="sqs", Endpoint=cloud.queue_arn, Attributes={"RawMessageDelivery": raw}
    )
    name = cloud.put(KEYS[0])
    message = json.dumps({"s3Bucket": cloud.bucket, "s3ObjectKey": [KEYS[0]]})
    cloud.sns.call("publish", TopicArn=topic, Message=message)
    cloud.sns.call("publish", TopicArn=topic, Message="CloudTrail validation message.")
    assert drain(source_of(cloud)) == [name]
    assert cloud.waiting() == 0


def test_an_item_tells_what_the_notification_does(cloud: Cloud) -> None:
    data = log_file("a")
    cloud.put(KEYS[0], data)
    detail = {"bucket": {"name": cloud.bucket}, "object": {"key": KEYS[0], "size": len(data)}}
    cloud.send({"source": "aws.s3", "detail-type": "Object Created", "detail": detail})
    (item,) = source_of(cloud).poll(NOW)
    assert (item.name, item.size, item.delivered) == (f"s3://{cloud.bucket}/{KEYS[0]}", len(data), NOW)
    assert read(item) == data
    assert read(item) == data


# --- acknowledging ---


def test_a_message_goes_when_the_last_of_its_objects_is_settled(cloud: Cloud) -> None:
    for key in KEYS:
        cloud.put(key)
    cloud.tell(*KEYS)
    first, second, third = source_of(cloud).poll(NOW)
    first.ack()
    first.ack()
    third.reject("broken")
    assert cloud.waiting() == 1
    second.ack()
    assert cloud.waiting() == 0
    second.ack()


def test_what_is_not_acknowledged_comes_again(cloud: Cloud) -> None:
    """Killed before the acknowledgement: the queue gives the message out again once its time has run out."""
    name = cloud.put(KEYS[0])
    cloud.tell(KEYS[0])
    source = source_of(cloud)
    (item,) = source.poll(NOW)
    assert list(source.poll(NOW)) == []
    item.extend(0)
    (again,) = source.poll(NOW)
    assert again.name == name
    item.ack()
    again.ack()
    assert drain(source) == []
    assert cloud.waiting() == 0


def test_an_acknowledgement_that_fails_can_be_repeated(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.put(KEYS[0])
    cloud.tell(KEYS[0])
    (item,) = source_of(cloud).poll(NOW)
    with monkeypatch.context() as patch:
        patch.setattr(AwsClient, "call", refusing("delete_message"))
        with pytest.raises(AwsError):
            item.ack()
    assert cloud.waiting() == 1
    item.ack()
    assert cloud.waiting() == 0


def test_what_is_acknowledged_together_is_told_ten_at_a_time(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQS takes ten messages with a request, and charges by the request."""
    source = source_of(cloud)
    for number in range(12):
        cloud.tell(f"key{number}")
    items = [*source.poll(NOW), *source.poll(NOW)]
    with monkeypatch.context() as patch:
        calls = counting(patch)
        with items[0].together():
            for item in items:
                item.ack()
            assert calls == []
    assert calls == ["delete_message_batch"] * 2
    assert cloud.waiting() == 0


def test_another_threads_answers_are_told_at_once(cloud: Cloud) -> None:
    """Each reader has messages of its own, and must not wait for another's."""
    source = source_of(cloud)
    cloud.tell(*KEYS[:1])
    cloud.tell(*KEYS[1:2])
    first, second = source.poll(NOW)
    with first.together():
        first.ack()
        other = threading.Thread(target=second.ack)
        other.start()
        other.join()
        assert cloud.waiting() == 1
    assert cloud.waiting() == 0


def test_of_several_told_together_one_that_is_not_ours_spoils_nothing(cloud: Cloud) -> None:
    source = source_of(cloud)
    for key in KEYS:
        cloud.tell(key)
    first, second, third = source.poll(NOW)
    second.extend(0)
    (again,) = source.poll(NOW)
    again.ack()
    with pytest.raises(RuntimeError), third.together():
        for item in (first, second, third):
            item.ack()
        raise RuntimeError("the reader broke: what is done is done")
    assert cloud.waiting() == 0


def test_answers_together_that_aws_refuses_are_an_error_and_come_again(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.tell(KEYS[0])
    source = source_of(cloud)
    (item,) = source.poll(NOW)
    failed = {"Failed": [{"Id": "0", "SenderFault": False, "Code": "InternalError", "Message": "try\nagain"}]}
    with monkeypatch.context() as patch:
        patch.setattr(AwsClient, "call", lambda *_, **__: failed)
        with pytest.raises(AwsError, match="InternalError: try") as caught, item.together():
            item.ack()
    assert caught.value.transient
    assert cloud.waiting() == 1
    item.extend(0)
    (again,) = source.poll(NOW)
    again.ack()
    assert cloud.waiting() == 0


def counting(patch: pytest.MonkeyPatch) -> list[str]:
    """The names of the methods that are called from now on."""
    original, calls = AwsClient.call, []

    def call(self: AwsClient, name: str, **parameters: object) -> object:
        calls.append(name)
        return original(self, name, **parameters)

    patch.setattr(AwsClient, "call", call)
    return calls


def refusing(method: str) -> object:
    original = AwsClient.call

    def call(self: AwsClient, name: str, **parameters: object) -> object:
        if name == method:
            raise AwsError("away", Failure.UNREACHABLE)
        return original(self, name, **parameters)

    return call


def test_twice_and_in_any_order_is_harmless(cloud: Cloud) -> None:
    """SQS delivers at least once and in any order; each copy is an item of the same name."""
    for key in KEYS:
        cloud.put(key)
    for given in (KEYS[2], KEYS[0], KEYS[2], KEYS[1]):
        cloud.tell(given)
    cloud.tell(*KEYS)
    found = drain(source_of(cloud))
    assert len(found) == 7
    assert set(found) == {f"s3://{cloud.bucket}/{key}" for key in KEYS}
    assert cloud.waiting() == 0


# --- time ---


def test_messages_that_wait_to_be_handed_out_stay_ours(cloud: Cloud) -> None:
    """A slow reader: what it has not been given yet is made ours anew, or left to the queue if it is too late."""
    clock = Stopped()
    for key in KEYS:
        cloud.put(key)
        cloud.tell(key)
    source = source_of(cloud, visibility=60, clock=clock)
    items = source.poll(NOW)
    next(items).ack()
    clock += 40
    next(items).ack()
    clock += 60
    assert list(items) == []
    assert cloud.waiting() == 1


def test_what_is_not_ours_any_more_is_passed_over(cloud: Cloud) -> None:
    clock = Stopped()
    cloud.put(KEYS[0])
    cloud.tell(KEYS[0])
    source = source_of(cloud, visibility=60, clock=clock)
    (message,) = source.queue.receive()
    assert source.queue.extend(message, 90)
    source.queue.delete(message)
    clock += 40
    assert not source.queue.keep(message)
    source.queue.delete(message)


# --- poison ---


def test_a_message_that_tells_nothing_is_poison_by_its_id(cloud: Cloud) -> None:
    number = cloud.send("words")
    (item,) = source_of(cloud).poll(NOW)
    assert item.name == f"sqs://queue-{cloud.id}/{number}"
    with pytest.raises(PoisonError, match="not a notification: words"):
        item.open()
    item.extend(60)
    item.reject("told")
    assert cloud.waiting() == 0
    with pytest.raises(PoisonError, match="was a message"):
        source_of(cloud).fetch(item.name)


def test_an_object_that_is_gone_is_poison(cloud: Cloud) -> None:
    cloud.tell(KEYS[0])
    (item,) = source_of(cloud).poll(NOW)
    with pytest.raises(PoisonError, match="is gone"):
        item.open()
    item.reject("gone")
    assert cloud.waiting() == 0


def test_a_bucket_that_is_not_there_is_an_error_and_no_poison(cloud: Cloud) -> None:
    cloud.send({"s3Bucket": f"other-{cloud.id}", "s3ObjectKey": ["a"]})
    (item,) = source_of(cloud).poll(NOW)
    with pytest.raises(AwsError) as caught:
        item.open()
    assert caught.value.failure is Failure.MISSING


def test_a_message_received_too_often_is_poison_by_its_objects(cloud: Cloud) -> None:
    """They can be read again by command, so the record names them."""
    name = cloud.put(KEYS[0])
    cloud.tell(KEYS[0])
    source = source_of(cloud, max_receives=2)
    for _ in range(2):
        (item,) = source.poll(NOW)
        assert read(item)
        item.extend(0)
    (item,) = source.poll(NOW)
    assert item.name == name
    with pytest.raises(PoisonError, match="received 3 times"):
        item.open()
    item.reject("worn")
    assert cloud.waiting() == 0
    assert read(source.fetch(name)) == log_file(KEYS[0])


@pytest.mark.parametrize("answer", ["reject", "ack"])
def test_poison_can_be_left_to_the_queue(cloud: Cloud, answer: str) -> None:
    """Neither deleted nor handed out again, so that the queue's own redrive takes it. A record that says so already
    leads to an acknowledgement: it must not delete the message either."""
    cloud.send("words")
    source = source_of(cloud, leave=True, max_receives=1)
    for times in (1, 2):
        (item,) = source.poll(NOW)
        if times == 1:
            item.extend(0)
    if answer == "ack":
        item.ack()
    else:
        item.reject("broken")
    item.extend(0)
    assert list(source.poll(NOW)) == []
    assert cloud.waiting() == 1


def test_few_ids_are_remembered_of_what_was_left(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vedette.sources.sqs._LEFT", 2)
    for _ in range(4):
        cloud.send("words")
    source = source_of(cloud, leave=True)
    for item in list(source.poll(NOW)):
        item.reject("broken")
    assert len(source.queue._left) == 2
    assert cloud.waiting() == 4


def test_an_object_beyond_the_limit_is_poison(cloud: Cloud) -> None:
    cloud.put(KEYS[0], b"x" * 5_000)
    cloud.tell(KEYS[0])
    source = source_of(cloud)
    source.limits = Limits(compressed_bytes=4_999)
    (item,) = source.poll(NOW)
    with pytest.raises(PoisonError, match="larger than 4999 bytes"):
        item.open()


# --- failures of the way ---


@contextmanager
def permissions_enforced(address: str) -> Iterator[None]:
    """The server asks policies from now on; the user of these tests has none."""

    def ask(count: str) -> None:
        headers = {"Content-Type": "text/plain"}
        request = urllib.request.Request(f"{address}/moto-api/reset-auth", count.encode(), headers, method="POST")
        urllib.request.urlopen(request).close()

    ask("0")
    try:
        yield
    finally:
        ask("inf")


def test_what_is_denied_is_told_by_its_permission(cloud: Cloud, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    iam = connect(server).client("iam")
    iam.call("create_user", UserName=f"monitor-{cloud.id}")
    key = iam.call("create_access_key", UserName=f"monitor-{cloud.id}")["AccessKey"]
    assert isinstance(key, dict)
    cloud.put(KEYS[0])
    cloud.tell(KEYS[0])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    stranger = connect(server)
    queue = Queue(stranger.client("sqs"), cloud.url, wait=0)
    source = NotifiedBucket("trail", stranger.client("s3"), queue)
    (item,) = NotifiedBucket("trail", stranger.client("s3"), Queue(cloud.sqs, cloud.url, wait=0)).poll(NOW)
    with permissions_enforced(server):
        with pytest.raises(AwsError) as asked:
            list(source.poll(NOW))
        with pytest.raises(AwsError) as opened:
            item.open()
    resource = f"arn:aws:s3:::{cloud.bucket}/{KEYS[0]}"
    assert (asked.value.failure, asked.value.action) == (Failure.DENIED, "sqs:ReceiveMessage")
    assert (opened.value.failure, opened.value.action) == (Failure.DENIED, "s3:GetObject")
    assert str(opened.value.hint) == f"allow `s3:GetObject` on `{resource}`"
    assert read(item)


def test_a_queue_that_is_not_there_is_told(cloud: Cloud) -> None:
    source = NotifiedBucket("trail", cloud.s3, Queue(cloud.sqs, f"{cloud.url}-not", wait=0))
    with pytest.raises(AwsError) as caught:
        list(source.poll(NOW))
    assert caught.value.failure is Failure.MISSING


def test_a_network_that_goes_and_comes_back_loses_nothing(cloud: Cloud) -> None:
    """The state of the server lives on in this process; its address goes away and comes back."""
    with held_port() as port:
        with running(port) as address:
            wired = connect(address)
            source = NotifiedBucket("trail", wired.client("s3"), Queue(wired.client("sqs"), cloud.url, wait=0))
            first = cloud.put(KEYS[0])
            cloud.tell(KEYS[0])
            assert drain(source) == [first]
        second = cloud.put(KEYS[1])
        cloud.tell(KEYS[1])
        with pytest.raises(AwsError) as caught:
            list(source.poll(NOW))
        assert caught.value.failure is Failure.UNREACHABLE
        assert caught.value.transient
        with running(port):
            assert drain(source) == [second]


def test_a_download_that_breaks_off_is_an_error_of_the_network(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.put(KEYS[0])
    cloud.tell(KEYS[0])
    (item,) = source_of(cloud).poll(NOW)
    original = AwsClient.call

    def cut(self: AwsClient, name: str, **parameters: object) -> dict[str, object]:
        answer = dict(original(self, name, **parameters))
        answer["Body"] = Broken()
        return answer

    monkeypatch.setattr(AwsClient, "call", cut)
    with pytest.raises(AwsError) as caught:
        item.open()
    assert caught.value.failure is Failure.UNREACHABLE


class Broken:
    """A body that ends before its length."""

    closed = 0

    def read(self, amount: int) -> bytes:
        from botocore.exceptions import IncompleteReadError

        raise IncompleteReadError(actual_bytes=1, expected_bytes=2)

    def close(self) -> None:
        Broken.closed += 1


def test_the_region_and_account_of_these_tests_are_those_of_the_server(cloud: Cloud) -> None:
    assert cloud.queue_arn == f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue-{cloud.id}"
    assert names(source_of(cloud).poll(NOW)) == []
    assert source_of(cloud).cursor == ""
