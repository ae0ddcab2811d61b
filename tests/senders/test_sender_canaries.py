"""No credential comes out of a sender: not in an outcome, a repr, a log or a file, whatever the other side answers."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator

import pytest

from canaries import Canaries
from senders.mailing import USER, mail_server
from senders.receiving import Answer, Receiver
from senders.telling import message
from senders.test_apprise_sender import FakeApprise
from vedette.senders import (
    AppriseSender,
    MailServer,
    PagerDutySender,
    Renewing,
    Security,
    Sender,
    SlackBot,
    SlackWebhook,
    SmtpSender,
    TeamsSender,
    WebhookSender,
)

Making = Callable[[Receiver, Canaries], Sender]


def _url(receiver: Receiver, canaries: Canaries, name: str) -> Callable[[], str]:
    value = receiver.url("/services/" + canaries.plant(name) + "?sig=" + canaries.plant(name + "-sig"))
    return lambda: value


MAKERS: dict[str, Making] = {
    "slack webhook": lambda r, c: SlackWebhook("x", _url(r, c, "hook")),
    "slack bot": lambda r, c: SlackBot("x", c.credential("token"), "C1", r.url()),
    "teams": lambda r, c: TeamsSender("x", _url(r, c, "hook")),
    "pagerduty": lambda r, c: PagerDutySender("x", c.credential("routing"), r.url()),
    "webhook": lambda r, c: WebhookSender(
        "x", _url(r, c, "hook"), (c.credential("key"), c.credential("old")), c.credential("token")
    ),
}


@pytest.fixture(autouse=True)
def _all_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize("name", MAKERS)
def test_a_receiver_that_repeats_what_it_was_sent(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], name: str, status: int
) -> None:
    canaries = Canaries()
    receiver.answers = [Answer(status, b"", {"Location": "https://example.com/"})]
    receiver.echo = True
    sender = MAKERS[name](receiver, canaries)
    outcome = Renewing(sender, lambda: True).send(message())
    assert receiver.requests
    assert canaries.planted
    captured = capsys.readouterr()
    canaries.check(outcome, sender, caplog.text, captured.out, captured.err)


@pytest.mark.parametrize("name", MAKERS)
def test_a_receiver_that_is_not_there(caplog: pytest.LogCaptureFixture, name: str) -> None:
    canaries = Canaries()
    for address in ("http://127.0.0.1:9", "ftp://127.0.0.1", "http://nobody.invalid", "http://127.0.0.1:9/a b"):
        receiver = Receiver()
        receiver.address = address
        canaries.check(MAKERS[name](receiver, canaries).send(message()), caplog.text)


@pytest.mark.parametrize("name", MAKERS)
def test_a_credential_that_cannot_be_sent(receiver: Receiver, name: str) -> None:
    canaries = Canaries()

    class Broken(Canaries):
        def plant(self, name: str, form: str = "{}") -> str:
            return canaries.plant(name) + "\r\nX: é"

    canaries.check(MAKERS[name](receiver, Broken()).send(message()))


@pytest.fixture
def mail() -> Iterator[int]:
    with mail_server(auth=True) as post:
        post.login = "535 5.7.8 no"
        yield post.port


def test_mail(mail: int, caplog: pytest.LogCaptureFixture) -> None:
    canaries = Canaries()
    server = MailServer("127.0.0.1", mail, Security.PLAIN, USER)
    sender = SmtpSender("x", server, "v@example.com", ("a@example.com",), canaries.credential("password"))
    outcome = sender.send(message())
    assert canaries.planted
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("mail.")]
    canaries.check(outcome, sender, *ours)


def test_apprise_which_logs_its_urls(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = FakeApprise()
    fake.accepts = False
    monkeypatch.setitem(sys.modules, "apprise", fake)
    canaries = Canaries()
    url = canaries.plant("url", "json://{}@127.0.0.1/")
    canaries.check(AppriseSender("x", lambda: url).send(message()), caplog.text)
    canaries.check(AppriseSender("x", canaries.credential("text")).send(message()), caplog.text, *capsys.readouterr())
