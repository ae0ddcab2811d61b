"""The storyteller against services that answer over HTTP and SMTP: log group, secrets, topics, mail, Slack.

moto's FilterLogEvents takes every JSON pattern for one that matches: what is told here has been asked by our engine.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from aws_server import ACCOUNT, REGION, bare_environment, connect, emptied
from deploy.stories import by_user, environment, hook, notification_2026, root_login
from senders.mailing import mail_server
from senders.receiving import Receiver
from vedette.aws import AwsClient, AwsSession
from vedette.deploy.storyteller import contract
from vedette.deploy.storyteller import handler as entry
from vedette.deploy.storyteller.handler import make
from vedette.deploy.storyteller.storyteller import Storyteller, UntoldError
from vedette.deploy.wanted import ChannelWanted, Wanted

GROUP = "/vedette/cloudtrail"
NOW = int(time.time())
SLOT = NOW // 60 * 60 - 420


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with emptied() as address:
        session = connect(address)
        with pytest.MonkeyPatch.context() as patch:
            bare_environment(patch)
            logs = session.client("logs")
            stream = f"{ACCOUNT}_CloudTrail_{REGION}"
            logs.call("create_log_group", logGroupName=GROUP)
            logs.call("create_log_stream", logGroupName=GROUP, logStreamName=stream)
            records = [
                (SLOT - 60, root_login(SLOT - 200, 1, "192.0.2.1")),
                (SLOT + 60, root_login(SLOT - 30, 2, "203.0.113.99")),
                (SLOT + 61, by_user("mallory", SLOT - 20, 3)),
                (SLOT + 300, root_login(SLOT + 200, 4, "192.0.2.4")),
            ]
            events = [{"timestamp": moment * 1000, "message": json.dumps(record)} for moment, record in records]
            logs.call("put_log_events", logGroupName=GROUP, logStreamName=stream, logEvents=events)
        yield address


@pytest.fixture
def aws(server: str, monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    bare_environment(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return connect(server)


def teller(*channels: dict[str, object], **changes: object) -> Storyteller:
    return make(environment(*channels, **changes), lambda: NOW, lambda _: None)


def root_alarm() -> dict[str, object]:
    return notification_2026(points=[(1.0, SLOT)], changed=NOW)


def hear(storyteller: Storyteller) -> int:
    return storyteller.hear(root_alarm(), lambda: 120.0)


def test_the_record_of_the_window_and_of_the_question_alone(
    aws: AwsSession, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    """Delivered before the slot, and after it; in it, but not what is asked: none of these is in the story."""
    assert hear(teller(hook(receiver.url()))) == 1
    (request,) = receiver.requests
    text = request.body.decode()
    assert "203.0.113.99" in text
    assert [word for word in ("192.0.2.1", "192.0.2.4", "mallory") if word in text] == []
    logged = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in logged] == ["looked", "told"]


def test_slack_by_a_secret_of_secrets_manager(
    aws: AwsSession, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    address = receiver.url("/services/T000/B000/xyzzy-token")
    aws.client("secretsmanager").call("create_secret", Name="slack", SecretString=json.dumps({"url": address}))
    receiver.answers[0] = type(receiver.answers[0])(200, b"ok")
    assert hear(teller({"name": "slack", "kind": "slack", "secret": "secret://aws/slack#url"})) == 1
    (request,) = receiver.requests
    assert request.path == "/services/T000/B000/xyzzy-token"
    assert "203.0.113.99" in request.body.decode()
    assert "xyzzy" not in capsys.readouterr().err


def test_mail(aws: AwsSession) -> None:
    with mail_server() as post:
        options = {
            "host": "127.0.0.1", "port": str(post.port), "security": "none", "from": "vedette@example.com",
            "to": "ops@example.com, night@example.com",
        }  # fmt: skip
        assert hear(teller({"name": "mail", "kind": "smtp", "secret": "", "options": options})) == 1
        (letter,) = post.letters
        assert letter["Subject"].startswith("[HIGH]")
        body = letter.get_body(("plain",))
        assert body is not None
        assert "203.0.113.99" in body.get_content()
        assert "vedette alerts" not in body.get_content(), "nobody keeps the alert, so nobody can answer it"


def test_without_a_channel_the_topic_of_the_severity_gets_the_story(aws: AwsSession, server: str) -> None:
    """A second message beside the alarm's own: in CloudWatch's form, of the alarm's own name, with our context."""
    topic = aws.client("sns").call("create_topic", Name="vedette-high")["TopicArn"]
    queue = aws.client("sqs").call("create_queue", QueueName="ops")["QueueUrl"]
    where = f"arn:aws:sqs:{REGION}:{ACCOUNT}:ops"
    aws.client("sns").call("subscribe", TopicArn=topic, Protocol="sqs", Endpoint=where)
    assert hear(teller()) == 1
    answer = aws.client("sqs").call("receive_message", QueueUrl=queue, MessageAttributeNames=["All"])
    messages = answer["Messages"]
    assert isinstance(messages, list)
    told = json.loads(messages[0]["Body"])
    alarm = json.loads(told["Message"])
    assert alarm["AlarmName"] == "vedette-root-login"
    assert alarm["AlarmArn"] == f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:vedette-root-login"
    assert told["MessageAttributes"]["detection"]["Value"] == "root-login"
    # Were the function subscribed to that topic, this message would call it: it must not be told of again.
    attributes = {name: {"Type": "String", "Value": one["Value"]} for name, one in told["MessageAttributes"].items()}
    event = {"Records": [{"Sns": {"Message": told["Message"], "MessageAttributes": attributes}}]}
    assert teller().hear(event, lambda: 120.0) == 0


@pytest.mark.parametrize("channels", [(), ("slack",)], ids=["topic", "channel"])
def test_it_calls_nothing_that_its_role_may_not(
    aws: AwsSession, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, channels: tuple[str, ...]
) -> None:
    """And the role may nothing that is not called, but for its own log and the topics' key."""
    aws.client("sns").call("create_topic", Name="vedette-high")
    secret = json.dumps({"url": receiver.url("/hook")})
    aws.client("secretsmanager").call("create_secret", Name=f"own-{len(channels)}", SecretString=secret)
    asked: set[str] = set()
    through = AwsClient.translating

    def noted(client: AwsClient, method: str, **parameters: object) -> AbstractContextManager[None]:
        operation = "".join(word.capitalize() for word in method.split("_"))
        asked.add(f"{client.service}:{operation}")
        return through(client, method, **parameters)

    monkeypatch.setattr(AwsClient, "translating", noted)
    reference = f"secret://aws/own-{len(channels)}#url"
    wanted = Wanted(
        account=ACCOUNT,
        region=REGION,
        detections=(),
        channels=tuple(ChannelWanted(kind, kind, reference) for kind in channels),
    )
    given = json.loads(contract.environment(wanted)[contract.CONFIG]) | {"log_group": GROUP}
    one = make({contract.CONFIG: json.dumps(given)}, lambda: NOW, lambda _: None)
    assert hear(one) == 1
    allowed = {action for each in contract.permissions(wanted) for action in each.actions}
    assert asked == allowed - {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_a_function_is_ready_before_it_is_called(aws: AwsSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda starts a function with more processor than it runs it with; what is wrong is said when it is called."""
    monkeypatch.setattr(entry, "_kept", {})
    monkeypatch.delenv("VEDETTE_CONFIG", raising=False)
    entry.prepare()
    assert entry._kept == {}
    monkeypatch.setenv("VEDETTE_CONFIG", environment()["VEDETTE_CONFIG"])
    entry.prepare()
    assert set(entry._kept) == {"one"}


def test_a_group_and_a_secret_that_are_not_there(aws: AwsSession, receiver: Receiver) -> None:
    """Both are said at once, with what to do; what can be told is told."""
    missing = {"name": "chat", "kind": "teams", "secret": "secret://aws/nothing#url"}
    storyteller = teller(hook(receiver.url()), missing, log_group="/not/there")
    with pytest.raises(UntoldError) as raised:
        hear(storyteller)
    assert "log group does not exist" in str(raised.value)
    assert "chat: cannot read secret://aws/nothing" in str(raised.value)
    assert len(receiver.requests) == 1
