"""A real SMTP server (aiosmtpd) on loopback, and a scripted one for what no real server does."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from waiting import PATIENCE

USER, PASSWORD = "monitor@example.com", "c0rrect-h0rse"


@dataclass
class Post:
    """What the server took, and what it is to say: by recipient, and to DATA and MAIL."""

    envelopes: list[Envelope] = field(default_factory=list)
    recipients: dict[str, str] = field(default_factory=dict)
    data: str = "250 taken"
    mail: str = ""
    login: str = ""
    port: int = 0

    @property
    def letters(self) -> list[EmailMessage]:
        found = []
        for envelope in self.envelopes:
            assert isinstance(envelope.content, bytes)
            letter = message_from_bytes(envelope.content, policy=default)
            assert isinstance(letter, EmailMessage)
            found.append(letter)
        return found

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mail:
            return self.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self.recipients.get(address, "250 OK")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data.startswith("250"):
            self.envelopes.append(envelope)
        return self.data

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        if self.login:
            return AuthResult(success=False, handled=False, message=self.login)
        return AuthResult(success=given == (USER, PASSWORD), handled=False)


class _Controller(Controller):
    def _trigger_server(self) -> None:
        # Port 0 is any; the controller asks for the one that it got.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextlib.contextmanager
def mail_server(
    *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, auth: bool = False
) -> Iterator[Post]:
    post = Post()
    with warnings.catch_warnings():
        # It warns of logins without TLS, which a test is about.
        warnings.simplefilter("ignore", UserWarning)
        controller = _Controller(
            post,
            hostname="127.0.0.1",
            port=0,
            ready_timeout=PATIENCE,
            ssl_context=tls,
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=post.authenticate if auth else None,
            auth_required=auth,
            auth_require_tls=starttls is not None,
        )
        controller.start()
        try:
            post.port = controller.port
            yield post
        finally:
            controller.stop()


@contextlib.contextmanager
def scripted(replies: Sequence[bytes | None]) -> Iterator[int]:
    """The port of a server that says the first reply as its greeting and each other one to a line; None hangs up.

    After the last reply it says nothing more.
    """
    end = threading.Event()

    def serve(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as lines:
                for number, reply in enumerate(replies):
                    if number and not lines.readline():
                        return
                    if reply is None:
                        return
                    connection.sendall(reply)
                end.wait(PATIENCE)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            end.set()
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            thread.join()
