"""The bundle as a function: an emulator runs it, is called as CloudWatch and SNS call, and messages arrive."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from deploy.bundles import ARCHITECTURE, version_of, wheels
from deploy.conftest import REGION, tool
from deploy.stories import action, environment, notification_2026, reason_data, root_login, state_change
from senders.mailing import mail_server
from senders.receiving import Receiver
from vedette.aws import AwsSession
from vedette.deploy.bundle import Bundle, bundle
from vedette.deploy.storyteller import contract
from vedette.detections.loader import load_builtin
from waiting import PATIENCE

NOW = int(time.time())
SLOT = NOW // 60 * 60 - 420
GROUP = "/vedette/cloudtrail"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    python = version_of(tool("python"))
    detections = [one for one in load_builtin(tests=False) if one.category == "root"]
    destination = tmp_path_factory.mktemp("function") / "code.zip"
    return bundle(destination, architecture=ARCHITECTURE, python=python, detections=detections, wheels=wheels())


def deployed(aws: AwsSession, account: str, code: Bundle, *channels: dict[str, object]) -> str:
    """The function's name; the group holds one record in the slot."""
    logs = aws.client("logs")
    logs.call("create_log_group", logGroupName=GROUP)
    logs.call("create_log_stream", logGroupName=GROUP, logStreamName="trail")
    events = [{"timestamp": (SLOT + 60) * 1000, "message": json.dumps(root_login(SLOT - 60, 1, "203.0.113.99"))}]
    logs.call("put_log_events", logGroupName=GROUP, logStreamName="trail", logEvents=events)
    variables = environment(*channels, account=account) | {
        "AWS_ENDPOINT_URL": aws.access.endpoint_url or "",
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "example",
    }
    aws.client("lambda").call(
        "create_function",
        FunctionName="vedette-storyteller",
        Runtime=contract.RUNTIME,
        Handler=contract.HANDLER,
        Role=f"arn:aws:iam::{account}:role/storyteller",
        Code={"ZipFile": Path(code.path).read_bytes()},
        Timeout=contract.TIMEOUT,
        MemorySize=contract.MEMORY,
        Environment={"Variables": variables},
    )
    return "vedette-storyteller"


def call(aws: AwsSession, name: str, event: dict[str, object]) -> tuple[str, dict[str, object]]:
    """The kind of error, empty if there was none, and what the function answered."""
    answer = aws.client("lambda").call("invoke", FunctionName=name, Payload=json.dumps(event))
    body = answer["Payload"]
    assert hasattr(body, "read")
    return str(answer.get("FunctionError", "")), json.loads(body.read())


def root_alarm() -> dict[str, object]:
    return notification_2026(points=[(1.0, SLOT)], changed=NOW)


def test_an_alarm_calls_and_the_story_arrives(aws: AwsSession, account: str, code: Bundle, receiver: Receiver) -> None:
    """From the alarm's own call to a webhook, a mail and a Slack message whose address is a secret."""
    address = receiver.url("/services/T000/B000/xyzzy")
    aws.client("secretsmanager").call("create_secret", Name="chat", SecretString=json.dumps({"url": address}))
    with mail_server() as post:
        options = {
            "host": "127.0.0.1", "port": str(post.port), "security": "none", "from": "vedette@example.com",
            "to": "ops@example.com",
        }  # fmt: skip
        name = deployed(
            aws, account, code,
            {"name": "mail", "kind": "smtp", "secret": "", "options": options},
            {"name": "chat", "kind": "slack", "secret": "secret://aws/chat#url"},
            {"name": "hook", "kind": "webhook", "secret": "", "options": {"url": receiver.url("/hook")}},
        )  # fmt: skip
        event = action(data=reason_data((1.0, SLOT)))
        assert call(aws, name, event) == ("", {"stories": 1})
        assert sorted(request.path for request in receiver.requests) == ["/hook", "/services/T000/B000/xyzzy"]
        assert all("203.0.113.99" in request.body.decode() for request in receiver.requests)
        (letter,) = post.letters
        body = letter.get_body(("plain",))
        assert body is not None
        assert "203.0.113.99" in body.get_content()
        told_before = {"state": "same transition"}
        assert call(aws, name, state_change(data=reason_data((1.0, SLOT)))) == ("", {"stories": 1}), told_before
        assert (len(post.letters), len(receiver.requests)) == (1, 2)


def test_a_topic_calls_and_the_story_goes_to_the_topic(aws: AwsSession, account: str, code: Bundle) -> None:
    """Without a channel; the function is subscribed to the topic that it publishes to, and does not go round."""
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic = str(sns.call("create_topic", Name="vedette-high")["TopicArn"])
    queue = str(sqs.call("create_queue", QueueName="ops")["QueueUrl"])
    name = deployed(aws, account, code)
    sns.call("subscribe", TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{account}:ops")
    function = f"arn:aws:lambda:{REGION}:{account}:function:{name}"
    sns.call("subscribe", TopicArn=topic, Protocol="lambda", Endpoint=function)
    sns.call("publish", TopicArn=topic, Subject="ALARM", Message=json.dumps(root_alarm()))
    bodies = _messages(aws, queue, 2)
    plain, story = sorted(bodies, key=lambda body: "MessageAttributes" in body and bool(body["MessageAttributes"]))
    assert json.loads(str(plain["Message"])) == root_alarm()
    assert json.loads(str(story["Message"]))["AlarmName"] == "vedette-root-login"
    assert _messages(aws, queue, 1, patience=1.0) == [], "its own message does not call it again"


def test_what_fails_is_an_error_of_the_function(
    aws: AwsSession, account: str, code: Bundle, receiver: Receiver
) -> None:
    """So that Lambda tries again and the alarm over the function sees it; the other channel has its message."""
    name = deployed(
        aws, account, code,
        {"name": "chat", "kind": "slack", "secret": "secret://aws/nothing#url"},
        {"name": "hook", "kind": "webhook", "secret": "", "options": {"url": receiver.url("/hook")}},
    )  # fmt: skip
    kind, answer = call(aws, name, root_alarm())
    assert kind
    assert "cannot read secret://aws/nothing" in json.dumps(answer)
    assert len(receiver.requests) == 1


def _messages(aws: AwsSession, queue: str, count: int, patience: float = PATIENCE) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    end = time.monotonic() + patience
    while len(found) < count and time.monotonic() < end:
        answer = aws.client("sqs").call("receive_message", QueueUrl=queue, WaitTimeSeconds=1, MaxNumberOfMessages=10)
        messages = answer.get("Messages", [])
        assert isinstance(messages, list)
        found += [json.loads(message["Body"]) for message in messages]
        for message in messages:
            aws.client("sqs").call("delete_message", QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return found
