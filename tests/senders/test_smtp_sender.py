"""Mail against a real server: with TLS in both ways, logins, threads, recipients that are refused; and bad servers."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from senders.certificates import Certificate, make
from senders.mailing import PASSWORD, USER, Post, mail_server, scripted
from senders.telling import empty, hostile, message
from vedette.alerts import render
from vedette.alerts.delivery import Dead, Outcome, Reason, Retry, Sent
from vedette.errors import InputError
from vedette.senders import MailServer, Security, SmtpSender
from waiting import PATIENCE, held_port

ALICE, BOB, CAROL = "alice@example.com", "Bob Smith <bob@example.com>", "carol@example.com"


@pytest.fixture
def post() -> Iterator[Post]:
    with mail_server() as found:
        yield found


def plain(port: int, *, timeout: float = PATIENCE, deadline: float = PATIENCE) -> MailServer:
    return served(port, Security.PLAIN, timeout=timeout, deadline=deadline)


served = partial(MailServer, "127.0.0.1", timeout=PATIENCE, deadline=PATIENCE)


def sender(server: MailServer, *recipients: str, password: str | None = None) -> SmtpSender:
    return SmtpSender(
        "mail",
        server,
        "Vedette <vedette@example.com>",
        recipients or (ALICE,),
        None if password is None else (lambda: password),
    )


def retried(outcome: Outcome) -> Retry:
    assert isinstance(outcome, Retry), outcome
    return outcome


def test_a_message_arrives_as_it_was_rendered(post: Post) -> None:
    told = message()
    outcome = sender(plain(post.port), ALICE, BOB).send(told)
    [letter], [envelope] = post.letters, post.envelopes
    content = render.email(told.notice, domain="example.com")
    assert outcome == Sent(letter["Message-ID"], letter["Message-ID"])
    assert letter["Message-ID"] == content.headers["Message-ID"]
    assert (letter["Subject"], letter["From"]) == (content.subject, "Vedette <vedette@example.com>")
    assert letter["To"] == "alice@example.com, Bob Smith <bob@example.com>"
    assert parsedate_to_datetime(letter["Date"]).replace(tzinfo=UTC).timestamp() == told.notice.now
    assert letter["Date"].endswith(" -0000"), "in UTC, of which no zone is told"
    assert (envelope.mail_from, envelope.rcpt_tos) == ("vedette@example.com", [ALICE, "bob@example.com"])
    text, html = (letter.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == content.text
    assert html.get_content().replace("\r\n", "\n").strip() == content.html.strip()


def test_one_incident_is_one_thread(post: Post) -> None:
    mail = sender(plain(post.port))
    first = mail.send(message(key="a"))
    assert isinstance(first, Sent)
    second = mail.send(message(key="b", thread=first.thread, reason=Reason.NEW_ADDRESS))
    again = mail.send(message(key="b", thread=first.thread, reason=Reason.NEW_ADDRESS))
    assert isinstance(second, Sent)
    assert second == again, "the same delivery has the same Message-ID"
    assert second.thread == first.thread != second.reference
    letters = post.letters
    assert letters[1]["In-Reply-To"] == first.reference
    assert first.reference in letters[1]["References"]


@pytest.mark.parametrize("told", [hostile(), empty(), empty(Reason.SUMMARY), message(reason=Reason.TEST)])
def test_any_message_can_be_sent(post: Post, told: object) -> None:
    assert isinstance(sender(plain(post.port)).send(told), Sent)  # type: ignore[arg-type]
    [letter], [envelope] = post.letters, post.envelopes
    assert letter["Bcc"] is None
    assert envelope.rcpt_tos == [ALICE]
    assert letter.get_content_type() == "multipart/alternative"
    assert not letter.defects


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_tls_and_login(certificate: Certificate, security: Security) -> None:
    context = certificate.context()
    tls = {"tls": context} if security is Security.TLS else {"starttls": context}
    with mail_server(**tls, auth=True) as post:  # type: ignore[arg-type]
        server = served(post.port, security, USER, str(certificate.certificate))
        assert isinstance(sender(server, password=PASSWORD).send(message()), Sent)
        refused = retried(sender(server, password="wr0ng-password").send(message()))
        without = retried(sender(served(post.port, security, ca=server.ca)).send(message()))
        unknown = retried(sender(served(post.port, security, USER), password="x").send(message()))
    assert len(post.envelopes) == 1
    assert refused.credentials
    assert refused.why.startswith(f"127.0.0.1 does not let `{USER}` in: 535")
    assert "hint: look at `username`" in refused.why
    assert without.credentials
    assert without.why.startswith("127.0.0.1 answered 530")
    assert not unknown.credentials
    assert unknown.why.startswith("the certificate of 127.0.0.1 is not accepted: self-signed certificate\nhint: ")


@pytest.mark.parametrize(
    ("reply", "credentials"), [("454 try later", False), ("535 5.7.8 no", True), ("534 app", True)]
)
def test_logins_that_are_refused(post: Post, reply: str, credentials: bool) -> None:
    with mail_server(auth=True) as guarded:
        guarded.login = reply
        server = served(guarded.port, Security.PLAIN, USER)
        outcome = retried(sender(server, password=PASSWORD).send(message()))
    assert outcome.credentials is credentials
    assert reply.replace(" ", ": ", 1) in outcome.why


def test_a_password_that_the_server_repeats_is_not_told() -> None:
    told = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    replies = [b"220 x\r\n", b"250-x\r\n250 AUTH PLAIN\r\n", f"535 AUTH PLAIN {told} {PASSWORD}\r\n".encode()]
    with scripted([*replies, b"535 again\r\n"]) as port:
        server = served(port, Security.PLAIN, USER)
        outcome = retried(sender(server, password=PASSWORD).send(message()))
    assert told not in outcome.why
    assert PASSWORD not in outcome.why


def test_a_password_that_cannot_be_sent() -> None:
    with mail_server(auth=True) as guarded:
        server = served(guarded.port, Security.PLAIN, USER)
        outcome = retried(sender(server, password="pässword").send(message()))
    assert "characters" in outcome.why
    assert "pässword" not in outcome.why


def test_certificates_that_are_not_accepted(tmp_path: Path) -> None:
    for name, options, word in (("old", {"expired": True}, "expired"), ("other", {"address": "192.0.2.1"}, "mismatch")):
        made = make(tmp_path / name, **options)  # type: ignore[arg-type]
        with mail_server(starttls=made.context()) as post:
            server = served(post.port, ca=str(made.certificate))
            outcome = retried(sender(server).send(message()))
        assert word in outcome.why


def test_authorities_that_cannot_be_used(post: Post, tmp_path: Path) -> None:
    server = served(post.port, Security.TLS, ca=str(tmp_path / "absent"))
    assert "cannot use the authorities" in retried(sender(server).send(message())).why


def test_the_wrong_kind_of_tls_is_named(post: Post) -> None:
    outcome = retried(sender(served(post.port, Security.TLS)).send(message()))
    assert outcome.why.endswith('hint: security = "starttls", usually on port 587')
    outcome = retried(sender(served(post.port, Security.STARTTLS)).send(message()))
    assert outcome.why.endswith('hint: security = "tls", usually on port 465')
    for hello in (b"250 x\r\n", b"250-x\r\n250 AUTH XOAUTH2\r\n"):
        with scripted([b"220 x\r\n", hello]) as port:
            outcome = retried(sender(served(port, Security.PLAIN, USER), password="x").send(message()))
        assert outcome.why.startswith(f"127.0.0.1 offers no login by password on port {port}\nhint: ")
    assert not post.envelopes


def test_a_recipient_that_must_wait_is_tried_again_alone(post: Post) -> None:
    """Whoever has the message does not get it a second time because another was busy."""
    post.recipients = {"bob@example.com": "450 4.2.1 busy", CAROL: "550 5.1.1 unknown"}
    mail = sender(plain(post.port), ALICE, BOB, CAROL)
    assert mail.send(message()) == Retry(
        f"{BOB}: 127.0.0.1 answered 450: 4.2.1 busy; {CAROL}: 127.0.0.1 answered 550: 5.1.1 unknown"
    )
    post.recipients["bob@example.com"] = "250 OK"
    outcome = mail.send(message())
    assert isinstance(outcome, Sent)
    assert outcome.note == f"{CAROL}: 127.0.0.1 answered 550: 5.1.1 unknown"
    assert [envelope.rcpt_tos for envelope in post.envelopes] == [[ALICE], ["bob@example.com"]]


@pytest.mark.parametrize(
    ("replies", "outcome"),
    [
        (["550 no", "550 no"], Dead("127.0.0.1 answered 550: no")),
        (["550 no", "551 away"], Dead(f"{ALICE}: 127.0.0.1 answered 550: no; {CAROL}: 127.0.0.1 answered 551: away")),
        (
            ["451 later", "550 no"],
            Retry(f"{ALICE}: 127.0.0.1 answered 451: later; {CAROL}: 127.0.0.1 answered 550: no"),
        ),
        (["451 later", "451 later"], Retry("127.0.0.1 answered 451: later")),
        (["421 closing", "250 OK"], Retry("127.0.0.1 answered 421: closing")),
    ],
)
def test_recipients_that_are_refused(post: Post, replies: Sequence[str], outcome: Outcome) -> None:
    post.recipients = dict(zip((ALICE, CAROL), replies, strict=True))
    assert sender(plain(post.port), ALICE, CAROL).send(message()) == outcome
    assert not post.envelopes


@pytest.mark.parametrize(
    ("data", "mail", "outcome"),
    [
        ("451 greylisted", "", Retry("127.0.0.1 answered 451: greylisted")),
        ("554 spam", "", Dead("127.0.0.1 answered 554: spam")),
        ("250 taken", "452 full", Retry("127.0.0.1 answered 452: full")),
        ("250 taken", "550 sender", Dead("127.0.0.1 answered 550: sender")),
        ("250 taken", "552 too large", Dead("127.0.0.1 answered 552: too large")),
    ],
)
def test_messages_that_are_refused(post: Post, data: str, mail: str, outcome: Outcome) -> None:
    post.data, post.mail = data, mail
    assert sender(plain(post.port)).send(message()) == outcome


HELLO = [b"220 x\r\n", b"250 x\r\n"]


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        ([None], "127.0.0.1 closed the connection"),
        ([b"220 x\r\n", None], "127.0.0.1 closed the connection"),
        ([*HELLO, b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", None], "127.0.0.1 closed the connection"),
        ([b"421 too many\r\n"], "127.0.0.1 answered 421: too many"),
        ([b"554 go away\r\n"], "127.0.0.1 answered 554: go away"),
        ([b"HTTP/1.1 400 Bad Request\r\n"], "127.0.0.1 does not answer in SMTP"),
        ([b"220 " + b"x" * 9000 + b"\r\n"], "127.0.0.1 answered 500: Line too long."),
        ([*HELLO, b"250 \x1b[2J\xff\r\n", b"451 \x1b[31mred\r\n"], "127.0.0.1 answered 451: \ufffd[31mred"),
    ],
)
def test_servers_that_misbehave(replies: list[bytes | None], why: str) -> None:
    with scripted(replies) as port:
        outcome = sender(plain(port)).send(message())
    assert not isinstance(outcome, Sent)
    assert outcome.why == why


@pytest.mark.parametrize("replies", [[b""], [b"220 x\r\n", b""]])
def test_a_server_that_says_nothing_is_not_waited_for(replies: list[bytes]) -> None:
    with scripted(replies) as port:
        assert sender(plain(port, timeout=0.4)).send(message()) == Retry("no answer from 127.0.0.1 in time")


def test_a_server_that_drips_is_cut_off() -> None:
    import itertools
    import threading

    end = threading.Event()

    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            for _ in itertools.count():
                if end.wait(0.05):
                    return
                try:
                    connection.sendall(b"220-x\r\n")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        outcome = sender(plain(server.getsockname()[1], deadline=0.5)).send(message())
        end.set()
        thread.join()
    assert outcome == Retry("no answer from 127.0.0.1 in time")


def test_what_was_accepted_stays_accepted() -> None:
    """The connection breaks after the message was taken: it is sent, or it would arrive twice."""
    replies = [*HELLO, b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"]
    with taking(replies) as port:
        assert isinstance(sender(plain(port)).send(message()), Sent)


def taking(replies: list[bytes]) -> object:
    import contextlib
    import threading

    @contextlib.contextmanager
    def run() -> Iterator[int]:
        def serve(server: socket.socket) -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as lines:
                for number, reply in enumerate(replies):
                    if number:
                        lines.readline()
                    connection.sendall(reply)
                while lines.readline() != b".\r\n":
                    pass
                connection.sendall(b"250 taken\r\n")

        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = threading.Thread(target=serve, args=(server,))
            thread.start()
            yield server.getsockname()[1]
            thread.join()

    return run()


def test_nobody_there() -> None:
    with held_port() as port:
        assert sender(plain(port)).send(message()) == Retry("127.0.0.1 refuses connections")


def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    nobody = MailServer("nobody.invalid", 25, Security.PLAIN)
    assert sender(nobody).send(message()) == Retry("no address is known for nobody.invalid")


@pytest.mark.parametrize(
    "address", ["", "alice", "alice@", "@example.com", "a@b c", "a@example.com\r\nBcc: m@example.com", "ä@example.com",
                "a@example.com>\nRCPT TO:<m@example.com", "Alice\n <a@example.com>"],
)  # fmt: skip
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(InputError, match="is not a mail address"):
        sender(plain(25), address)


def test_settings_that_cannot_be_meant() -> None:
    with pytest.raises(InputError, match="has no recipient"):
        SmtpSender("mail", plain(25), "vedette@example.com", ())
    with pytest.raises(InputError, match="in clear") as caught:
        MailServer("mail.example.com", 25, Security.PLAIN, USER)
    assert 'security = "starttls"' in (caught.value.hint or "")
    sender(plain(25)).close()
