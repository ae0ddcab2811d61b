"""SMTP: STARTTLS, TLS from the start or plain; authenticated; one transaction for all recipients.

Sources: RFC 5321 (a reply of 4yz is to be tried again, 5yz is final, 421 ends the session), RFC 3207, RFC 4954.
The delivery's key makes the Message-ID: a server or mailbox that compares these keeps one copy.
"""

from __future__ import annotations

import contextlib
import enum
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

from vedette.alerts import render
from vedette.alerts.delivery import Dead, Outcome, Retry, Sent
from vedette.errors import InputError, VedetteError, printable
from vedette.senders.answers import without
from vedette.senders.deadline import cut_off
from vedette.senders.http import connection_words
from vedette.senders.letters import bare, compose, domain, mail_address, message_id, wire
from vedette.senders.port import Credential, Message, read
from vedette.senders.progress import Progress
from vedette.senders.trust import trusting

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_BASE64 = re.compile(r"[A-Za-z0-9+/=]{24,}")
_LOGIN = frozenset({530, 534, 535, 538})
_CLOSING = 421


class Security(enum.Enum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    PLAIN = "none"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `user` empty: no login. `ca` is a file of authorities; times are in seconds.

    Usual ports: 587 with STARTTLS, 465 with TLS, 25 without.
    """

    host: str
    port: int = 587
    security: Security = Security.STARTTLS
    user: str = ""
    ca: str | None = None
    timeout: float = 20.0
    deadline: float = 60.0

    def __post_init__(self) -> None:
        if self.user and self.security is Security.PLAIN and self.host not in _LOOPBACK:
            raise InputError(
                f"the password for `{self.host}` would go over the network in clear",
                hint='security = "starttls" (port 587) or "tls" (port 465)',
            )


@dataclass(frozen=True, slots=True)
class SmtpSender:
    """A server, who writes, and to whom: addresses as `mail_address` accepts them."""

    name: str
    server: MailServer
    sender: str
    recipients: tuple[str, ...]
    password: Credential | None = None
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        if not self.recipients:
            raise InputError(f"channel `{self.name}` has no recipient")
        for address in (self.sender, *self.recipients):
            mail_address(address, f"channel `{self.name}`")

    def send(self, message: Message) -> Outcome:
        """Hand it to the server for every recipient that does not have it yet."""
        password = read(self.password) if self.password is not None else ""
        if isinstance(password, Retry):
            return password
        content = render.email(message.notice, domain=domain(self.sender), thread=message.thread)
        letter = compose(content, self.sender, self.recipients, message.notice.now)
        identity = message_id(letter)
        arrived = self.progress.arrived(message.key)
        wanted = [recipient for recipient in self.recipients if recipient not in arrived]
        sent = Sent(identity, message.thread or identity)
        outcome = _Session(self.server, password).hand_over(bare(self.sender), wanted, wire(letter), sent)
        outcomes = outcome if isinstance(outcome, dict) else dict.fromkeys(wanted, outcome)
        return self.progress.conclude(message.key, outcomes)

    def close(self) -> None:
        """Nothing is held."""


class _Session:
    """One connection: from the greeting to QUIT."""

    def __init__(self, server: MailServer, password: str) -> None:
        self.server = server
        self.password = password

    def hand_over(self, sender: str, recipients: list[str], data: bytes, sent: Sent) -> Outcome | dict[str, Outcome]:
        """What became of each recipient; or one outcome, when there was no answer for any of them."""
        try:
            with self._connected() as smtp:
                return self._transaction(smtp, sender, recipients, data, sent)
        except smtplib.SMTPAuthenticationError as error:
            return self._login_refused(error.smtp_code, error.smtp_error)
        except smtplib.SMTPResponseException as error:
            return self._refused(error.smtp_code, error.smtp_error)
        except smtplib.SMTPServerDisconnected as error:
            if isinstance(error.__context__, TimeoutError):
                return Retry(self._broken(error.__context__))
            return Retry(f"{self.server.host} closed the connection")
        except smtplib.SMTPException as error:
            return self._not_offered(error)
        except VedetteError as error:
            return Retry(error.render())
        except (OSError, UnicodeError) as error:
            return Retry(self._broken(error))

    @contextlib.contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self.server
        kind = _TlsConnection if server.security is Security.TLS else _Connection
        smtp = kind(server)
        with cut_off(server.deadline, lambda: smtp.sock) as passed:
            try:
                smtp.open()
                if server.security is Security.STARTTLS:
                    smtp.starttls(context=_context(server))
                if server.user:
                    smtp.login(server.user, self.password)
                yield smtp
            except (OSError, smtplib.SMTPException) as error:
                if passed.is_set():
                    raise TimeoutError from error
                raise
            finally:
                smtp.close()

    def _transaction(
        self, smtp: smtplib.SMTP, sender: str, recipients: list[str], data: bytes, sent: Sent
    ) -> Outcome | dict[str, Outcome]:
        smtp.ehlo_or_helo_if_needed()
        size = [f"size={len(data)}"] if smtp.has_extn("size") else []
        self._require(smtp.mail(sender, size))
        outcomes: dict[str, Outcome] = {}
        for recipient in recipients:
            code, text = smtp.rcpt(bare(recipient))
            if code == _CLOSING:
                raise smtplib.SMTPResponseException(code, text)
            outcomes[recipient] = sent if code in (250, 251) else self._refused(code, text)
        if sent in outcomes.values():
            self._require(smtp.data(data))
            # The message is the server's now: whatever happens to the connection does not matter any more.
            with contextlib.suppress(OSError, smtplib.SMTPException):
                smtp.quit()
        return outcomes

    @staticmethod
    def _require(reply: tuple[int, bytes]) -> None:
        if reply[0] // 100 != 2:
            raise smtplib.SMTPResponseException(*reply)

    def _refused(self, code: int, text: bytes | str) -> Outcome:
        if code < 0:
            return Retry(f"{self.server.host} does not answer in SMTP")
        why = f"{self.server.host} answered {code}{self._said(text)}"
        if code in _LOGIN:
            return Retry(f"{why}\nhint: set `username` and `password`, or renew them", credentials=True)
        return Dead(why) if 500 <= code < 600 else Retry(why)

    def _login_refused(self, code: int, text: bytes | str) -> Outcome:
        why = f"{self.server.host} does not let `{printable(self.server.user)}` in: {code}{self._said(text)}"
        if code // 100 == 4:
            return Retry(why)
        return Retry(f"{why}\nhint: look at `username`; many providers want a password for apps", credentials=True)

    def _not_offered(self, error: Exception) -> Outcome:
        host, port = self.server.host, self.server.port
        if "STARTTLS" in str(error).upper():
            return Retry(f'{host} offers no STARTTLS on port {port}\nhint: security = "tls", usually on port 465')
        hint = "use the port for handing in mail, usually 587, and a password: tokens (XOAUTH2) are not spoken"
        return Retry(f"{host} offers no login by password on port {port}\nhint: {hint}")

    def _broken(self, error: OSError | UnicodeError) -> str:
        if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
            host, port = self.server.host, self.server.port
            return f'{host} does not begin with TLS on port {port}\nhint: security = "starttls", usually on port 587'
        if isinstance(error, UnicodeError):
            return "the password holds characters that the server's way to log in does not take"
        return connection_words(self.server.host, error)

    def _said(self, text: bytes | str) -> str:
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        # A login travels in base64, and some servers repeat it.
        words = _BASE64.sub("…", without(words, (self.password,)))
        words = printable(" ".join(words.split()))
        return f": {words[:200]}" if words else ""


class _Connection(smtplib.SMTP):
    """A connection that is opened apart from being made, so that a deadline can watch its socket from the start."""

    def __init__(self, server: MailServer) -> None:
        super().__init__(timeout=server.timeout, local_hostname=_own_name())
        self._server = server
        self._host = server.host

    def open(self) -> None:
        """Connect, and read the greeting."""
        code, text = self.connect(self._server.host, self._server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)


class _TlsConnection(_Connection):
    """The same with TLS from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        context = _context(self._server)
        return context.wrap_socket(socket.create_connection((host, port), timeout), server_hostname=host)


def _context(server: MailServer) -> ssl.SSLContext:
    return trusting(server.ca)


def _own_name() -> str:
    # Not getfqdn: it asks the name server, and may wait long for it.
    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", name) else "[127.0.0.1]"
