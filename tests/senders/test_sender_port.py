"""What all senders have in common: credentials asked for each time and renewed, threads, parts that arrived."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from senders.receiving import Answer, Receiver
from senders.telling import message
from vedette.alerts.delivery import Dead, Outcome, Retry, Sent
from vedette.errors import VedetteError
from vedette.senders import (
    MailServer,
    Message,
    PagerDutySender,
    Renewing,
    Security,
    SlackBot,
    SlackWebhook,
    SmtpSender,
    TeamsSender,
    WebhookSender,
)
from vedette.senders.progress import REMEMBERED, Progress


class Scripted:
    """A sender that answers in turn."""

    name = "scripted"

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.closed = False

    def send(self, message: Message) -> Outcome:
        return self.outcomes.pop(0)

    def close(self) -> None:
        self.closed = True


REFUSED = Retry("refused", credentials=True)


@pytest.mark.parametrize(
    ("outcomes", "changed", "outcome"),
    [
        ([Sent("1")], True, Sent("1")),
        ([Dead("no")], True, Dead("no")),
        ([Retry("later")], True, Retry("later")),
        ([REFUSED, Sent("2")], True, Sent("2")),
        ([REFUSED, REFUSED], True, REFUSED),
        ([REFUSED], False, REFUSED),
    ],
)
def test_credentials_are_renewed_at_once(outcomes: list[Outcome], changed: bool, outcome: Outcome) -> None:
    inner = Scripted(*outcomes)
    sender = Renewing(inner, lambda: changed)
    assert sender.name == "scripted"
    assert sender.send(message()) == outcome
    assert inner.outcomes == []
    sender.close()
    assert inner.closed


def test_credentials_that_cannot_be_renewed() -> None:
    def renew() -> bool:
        raise VedetteError("away", hint="look")

    outcome = Renewing(Scripted(REFUSED), renew).send(message())
    assert outcome == Retry("refused\nnew credentials: away\nhint: look", credentials=True)


def test_a_rotation_needs_no_restart(receiver: Receiver) -> None:
    tokens = ["new-token-1"]
    current = ["old-token-1"]

    def renew() -> bool:
        current[0] = tokens.pop()
        return True

    receiver.answers = [Answer(200, b'{"ok": false, "error": "invalid_auth"}'), Answer(200, b'{"ok": true, "ts": "1"}')]
    sender = Renewing(SlackBot("chat", lambda: current[0], "C1", receiver.url()), renew)
    assert sender.send(message()) == Sent("1", "1")
    assert [request.headers["authorization"] for request in receiver.requests] == [
        "Bearer old-token-1",
        "Bearer new-token-1",
    ]


def test_a_secret_that_cannot_be_read_is_tried_again(receiver: Receiver) -> None:
    def away() -> str:
        raise VedetteError("cannot read secret://aws/slack", hint="allow it")

    server = MailServer("127.0.0.1", 9, Security.PLAIN)
    for sender in (
        SlackWebhook("chat", away),
        SlackBot("chat", away, "C1"),
        TeamsSender("chat", away),
        PagerDutySender("page", away),
        WebhookSender("hook", away),
        WebhookSender("hook", receiver.url, (away,)),
        WebhookSender("hook", receiver.url, (), away),
        SmtpSender("mail", server, "v@example.com", ("a@example.com",), away),
    ):
        assert sender.send(message()) == Retry("cannot read secret://aws/slack\nhint: allow it")
        sender.close()
    assert not receiver.requests


def test_white_space_around_a_secret_is_none_of_it(receiver: Receiver) -> None:
    assert isinstance(SlackWebhook("chat", lambda: f" {receiver.url()}\n").send(message()), Sent)


def test_senders_are_used_by_many_threads(receiver: Receiver) -> None:
    sender = SlackWebhook("chat", receiver.url)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(sender.send, (message(key=f"key-{number}") for number in range(40))))
    assert outcomes == [Sent()] * 40
    assert {request.headers["idempotency-key"] for request in receiver.requests} == {
        f"key-{number}" for number in range(40)
    }


def parts(**outcomes: Outcome) -> Callable[[str], Outcome]:
    return lambda part: outcomes[part]


def test_a_part_that_arrived_is_not_sent_again() -> None:
    progress = Progress()
    first = progress.each("k", "abc", parts(a=Sent("1"), b=Retry("busy", 5), c=Dead("gone")))
    assert first == Retry("b: busy; c: gone", 5)
    assert progress.arrived("k") == {"a"}
    assert progress.arrived("other") == set()
    second = progress.each("k", "abc", parts(b=Sent("2"), c=Dead("gone")))
    assert second == Sent("2", "", "c: gone")
    assert progress.arrived("k") == set(), "a delivery that is over is forgotten"


def test_one_outcome_for_all() -> None:
    progress = Progress()
    assert progress.each("k", "ab", parts(a=Dead("gone"), b=Dead("gone"))) == Dead("gone")
    assert progress.each("k", "ab", parts(a=Dead("gone"), b=Dead("full"))) == Dead("a: gone; b: full")
    assert progress.each("k", "ab", parts(a=Retry("x", 1), b=Retry("y", 9, credentials=True))) == Retry(
        "a: x; b: y", 9, credentials=True
    )
    assert progress.each("k", "a", parts(a=Retry("x"))) == Retry("x")
    assert progress.each("k2", "ab", parts(a=Sent("1"), b=Sent("2"))) == Sent("2")
    assert progress.each("k3", "ab", parts(a=Sent("1"), b=Retry("later"))) == Retry("b: later")
    assert progress.each("k3", "ab", parts(b=Dead("gone"))) == Sent("", "", "b: gone")


def test_what_is_remembered_is_bounded() -> None:
    progress = Progress()
    for number in range(REMEMBERED + 10):
        progress.each(str(number), "ab", parts(a=Sent(), b=Retry("x")))
    assert progress.arrived("0") == set()
    assert progress.arrived(str(REMEMBERED + 9)) == {"a"}
    assert threading.active_count() < 50
