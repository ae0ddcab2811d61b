"""SNS against moto's server, read back through an SQS subscription; errors as botocore's stub gives them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_server import ACCOUNT, REGION, bare_environment, connect, emptied
from senders.telling import HOSTILE, empty, hostile, message, notice, record
from vedette.alerts import render
from vedette.alerts.delivery import Dead, Outcome, Reason, Retry, Sent
from vedette.aws import AwsClient, AwsError, AwsSession, Failure
from vedette.errors import InputError
from vedette.senders import SmsSender, SnsSender
from vedette.senders.sns import BYTES, fitting


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with emptied() as address:
        yield address


@pytest.fixture
def aws(server: str, monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    bare_environment(monkeypatch)
    return connect(server)


@dataclass
class Topic:
    """A topic with a queue behind it."""

    aws: AwsSession
    name: str
    arn: str = ""
    queue: str = ""

    def __post_init__(self) -> None:
        fifo = {"Attributes": {"FifoTopic": "true"}} if self.name.endswith(".fifo") else {}
        self.arn = str(self.aws.client("sns").call("create_topic", Name=self.name, **fifo)["TopicArn"])
        sqs = self.aws.client("sqs")
        fifo = {"Attributes": {"FifoQueue": "true"}} if self.name.endswith(".fifo") else {}
        self.queue = str(sqs.call("create_queue", QueueName=self.name, **fifo)["QueueUrl"])
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"
        self.aws.client("sns").call("subscribe", TopicArn=self.arn, Protocol="sqs", Endpoint=arn)

    @property
    def client(self) -> AwsClient:
        return self.aws.client("sns")

    def received(self) -> list[dict[str, object]]:
        answer = self.aws.client("sqs").call("receive_message", QueueUrl=self.queue, MaxNumberOfMessages=10)
        found = answer.get("Messages", [])
        assert isinstance(found, list)
        return [json.loads(each["Body"]) for each in found]


def test_what_a_subscriber_receives_is_cloudwatchs(aws: AwsSession) -> None:
    topic = Topic(aws, "one")
    told = message()
    outcome = SnsSender("topic", topic.client, topic.arn).send(told)
    [got] = topic.received()
    assert outcome == Sent(str(got["MessageId"]))
    published = replace(told.notice, topic=topic.arn)
    assert got["Message"] == render.cloudwatch_json(published)
    assert got["Subject"] == render.cloudwatch_subject(published)
    assert json.loads(str(got["Message"]))["AlarmActions"] == [topic.arn]
    attributes = got["MessageAttributes"]
    assert isinstance(attributes, dict)
    assert {name: value["Value"] for name, value in attributes.items()} == {
        "severity": "high",
        "detection": "secret-read",
        "account": "111122223333",
        "reason": "first",
        "idempotency_key": f"{told.key}/secret-read-00000001",
    }


@dataclass
class Recorder:
    """A publisher that remembers, and fails as it is told to."""

    errors: list[AwsError | None] = field(default_factory=list)
    published: list[Mapping[str, object]] = field(default_factory=list)

    def call(self, method: str, **parameters: object) -> Mapping[str, object]:
        assert method == "publish"
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        self.published.append(parameters)
        return {"MessageId": f"m{len(self.published)}"}


TOPIC = f"arn:aws:sns:{REGION}:111122223333:alerts"


def bodies(published: Mapping[str, object]) -> dict[str, str]:
    assert published["MessageStructure"] == "json"
    found = json.loads(str(published["Message"]))
    assert isinstance(found, dict)
    return found


def test_mail_gets_our_context_and_plain_is_byte_exact() -> None:
    told = notice()
    ours, exact = Recorder(), Recorder()
    SnsSender("topic", ours, TOPIC).send(message())
    SnsSender("topic", exact, TOPIC, plain=True).send(message())
    published = replace(told, topic=TOPIC)
    assert bodies(exact.published[0]) == {
        "default": render.cloudwatch_json(published),
        "email": render.cloudwatch_email(published),
        "sms": render.cloudwatch_sms(published),
    }
    assert "MessageAttributes" not in exact.published[0]
    assert bodies(ours.published[0])["email"] == render.cloudwatch_email(published, context=True)
    assert bodies(ours.published[0])["email"].startswith(render.cloudwatch_email(published).rstrip())


def test_an_alarm_has_a_message_of_its_own_and_none_is_repeated() -> None:
    busy = AwsError("busy", Failure.THROTTLED)
    publisher = Recorder([None, busy, None])
    sender = SnsSender("topic", publisher, TOPIC)
    told = message(record(1), record(2, account="123456789012"), record(3))
    assert sender.send(told) == Retry("secret-read-00000002: busy")
    assert sender.send(told) == Sent("m3")
    keys = [published["MessageAttributes"]["idempotency_key"]["StringValue"] for published in publisher.published]  # type: ignore[index,call-overload]
    assert keys == [f"{told.key}/secret-read-0000000{number}" for number in (1, 3, 2)]


def test_a_fifo_topic_is_given_what_it_compares(aws: AwsSession) -> None:
    topic = Topic(aws, "ordered.fifo")
    sender = SnsSender("topic", topic.client, topic.arn)
    assert isinstance(sender.send(message()), Sent)
    assert isinstance(SnsSender("topic", topic.client, topic.arn).send(message()), Sent)
    recorder = Recorder()
    SnsSender("topic", recorder, topic.arn).send(message())
    SnsSender("topic", recorder, topic.arn).send(message(key="another"))
    first, second = recorder.published
    assert first["MessageGroupId"] == second["MessageGroupId"]
    assert first["MessageDeduplicationId"] != second["MessageDeduplicationId"]


@pytest.mark.parametrize("told", [empty(), empty(Reason.SUMMARY), message(reason=Reason.TEST), hostile()])
def test_any_message_can_be_published(aws: AwsSession, told: object) -> None:
    topic = Topic(aws, "any")
    topic.received()
    assert isinstance(SnsSender("topic", topic.client, topic.arn).send(told), Sent)  # type: ignore[arg-type]
    for got in topic.received():
        subject = str(got["Subject"])
        assert subject.isascii()
        assert subject.isprintable()
        assert len(subject) <= 100


def test_several_accounts_are_an_array() -> None:
    alert = record()
    both = replace(alert, evidence=alert.evidence.merge(record(2, account="123456789012").evidence))
    nobody = replace(alert, evidence=record(account="").evidence)
    publisher = Recorder()
    SnsSender("topic", publisher, TOPIC).send(message(both))
    SnsSender("topic", publisher, TOPIC).send(message(nobody, key="k"))
    attributes = publisher.published[0]["MessageAttributes"]
    assert isinstance(attributes, dict)
    assert attributes["account"] == {"DataType": "String.Array", "StringValue": '["111122223333", "123456789012"]'}
    assert "account" not in publisher.published[1]["MessageAttributes"]  # type: ignore[operator]


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200), st.integers(0, 2000), st.integers(300, 4000))
def test_a_message_fits_or_is_not_sent(text: str, times: int, room: int) -> None:
    """What is published is valid JSON in at most `room` bytes, and only the e-mail gives way."""
    given_bodies = {"default": "{}", "email": text * times, "sms": "s"}
    found = fitting(given_bodies, room)
    assert found is not None
    assert len(found.encode()) <= room
    parsed = json.loads(found)
    assert (parsed["default"], parsed["sms"]) == ("{}", "s")


def test_what_cannot_fit_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fitting({"default": "x" * 400, "email": "y"}, 300) is None
    assert fitting({"default": "x" * 400}, 300) is None
    monkeypatch.setattr(render, "cloudwatch_json", lambda told: "x" * BYTES)
    assert SnsSender("topic", Recorder(), TOPIC).send(message()) == Dead(
        "the message is larger than SNS takes (262144 bytes)"
    )


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (AwsError("not allowed", Failure.DENIED, hint="allow `sns:Publish`"),
         Retry("not allowed\nhint: allow `sns:Publish`")),
        (AwsError("expired", Failure.CREDENTIALS), Retry("expired", credentials=True)),
        (AwsError("busy", Failure.THROTTLED), Retry("busy")),
        (AwsError("away", Failure.UNREACHABLE), Retry("away")),
        (AwsError("broken", Failure.BROKEN), Retry("broken")),
        (AwsError("no topic", Failure.MISSING), Dead("no topic")),
        (AwsError("bad", Failure.REFUSED, code="InvalidParameter"), Dead("bad")),
        (AwsError("key", Failure.REFUSED, code="KMSDisabledException"), Retry("key")),
    ],
)  # fmt: skip
def test_what_sns_answers(error: AwsError, outcome: Outcome) -> None:
    assert SnsSender("topic", Recorder([error]), TOPIC).send(message()) == outcome
    assert SmsSender("sms", Recorder([error]), ("+12025550123",)).send(message()) == outcome


def test_a_topic_that_is_not_there_is_dead(aws: AwsSession) -> None:
    outcome = SnsSender("topic", aws.client("sns"), TOPIC + "-none").send(message())
    assert isinstance(outcome, Dead)
    assert TOPIC + "-none" in outcome.why


def test_a_publisher_without_permission_is_told_which(aws: AwsSession) -> None:
    from botocore.stub import Stubber

    client = aws.client("sns")
    who = "User: arn:aws:iam::111122223333:user/monitor is not authorized to perform: SNS:Publish on resource: "
    with Stubber(client._boto) as stub:
        stub.add_client_error("publish", "AuthorizationError", who + TOPIC, 403)
        outcome = SnsSender("topic", client, TOPIC).send(message())
    assert isinstance(outcome, Retry)
    assert outcome.why.endswith(f"hint: allow `SNS:Publish` on `{TOPIC}`")


def test_sms_to_several_numbers(aws: AwsSession) -> None:
    numbers = ("+12025550123", "+12025550124")
    assert isinstance(SmsSender("sms", aws.client("sns"), numbers).send(message()), Sent)
    publisher = Recorder([None, AwsError("busy", Failure.THROTTLED)])
    sender = SmsSender("sms", publisher, numbers, "VEDETTE")
    assert sender.send(message()) == Retry("+12025550124: busy")
    assert sender.send(message()) == Sent("m2")
    assert [published["PhoneNumber"] for published in publisher.published] == list(numbers)
    assert publisher.published[0]["Message"] == render.sms(notice())
    assert publisher.published[0]["MessageAttributes"] == {
        "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
        "AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": "VEDETTE"},
    }
    sender.close()
    SnsSender("topic", publisher, TOPIC).close()


@pytest.mark.parametrize("number", ["", "12025550123", "+1", "+1202555012a", "+1 202 555 0123", "+²2222222", HOSTILE])
def test_numbers_that_are_none(number: str) -> None:
    with pytest.raises(InputError, match="is not a telephone number"):
        SmsSender("sms", Recorder(), (number,))


def test_no_number_at_all() -> None:
    with pytest.raises(InputError, match="has no number"):
        SmsSender("sms", Recorder(), ())
