"""E-mails as bytes: what `render` wrote, in a MIME message that no text in it can change.

`render` makes its texts harmless already; here they are cleaned once more, because a line break in a header would be
a header of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import formataddr, formatdate, parseaddr

from vedette.alerts.render import EmailContent
from vedette.errors import InputError, printable

_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}"
_MAILBOX = re.compile(rf'{_ADDRESS}|(?:[^<>@"(),:;\\]+|"[^<>@"\\]+") <{_ADDRESS}>')
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_LONGEST = 998
"""RFC 5322, 2.1.1: "Each line of characters MUST be no more than 998 characters"."""

_OURS = frozenset({"from", "to", "subject", "date", "mime-version", "cc", "bcc", "sender", "reply-to"})


class _Policy(EmailPolicy):
    """Headers of ASCII in one line, as far as lines of a mail may go; other texts whole in encoded words.

    Folded by `email`, one of 70 to 77 characters begins with an empty line, of which some programs show only that; and
    between two encoded words a blank gets lost.
    """

    def fold(self, name: str, value: str) -> str:
        """The header as it is written."""
        return _written(name, value, self.linesep) or super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """The same in bytes."""
        return _written(name, value, self.linesep).encode() or super().fold_binary(name, value)


def _written(name: str, value: str, line_end: str) -> str:
    """Empty where it is left to `email`: what has parts, such as addresses."""
    line = f"{name}: {value}"
    if line.isascii() and len(line) <= _LONGEST:
        return line + line_end
    if name == "Subject" or name.startswith("X-"):
        return f"{name}: {Header(str(value), 'utf-8', header_name=name).encode(linesep=line_end)}{line_end}"
    return ""


def mail_address(text: str, what: str) -> str:
    """An address as `alice@example.com` or `Alice <alice@example.com>`; raises InputError.

    Only ASCII: a domain with other letters is written in its `xn--` form.
    """
    if _MAILBOX.fullmatch(text) and text == printable(text):
        return text
    raise InputError(f"{what}: `{printable(text)}` is not a mail address", hint="alice@example.com")


def bare(address: str) -> str:
    """`alice@example.com` of `Alice <alice@example.com>`."""
    return parseaddr(address)[1]


def domain(address: str) -> str:
    """What stands behind the `@`."""
    return bare(address).rpartition("@")[2]


def compose(content: EmailContent, sender: str, recipients: Sequence[str], at: int) -> EmailMessage:
    """The message, dated `at` (epoch seconds); addresses are as `mail_address` accepts them."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _mailbox(sender)
    message["To"] = ", ".join(map(_mailbox, recipients))
    message["Subject"] = _line(content.subject)
    message["Date"] = formatdate(at)
    for name, value in content.headers.items():
        if _HEADER.fullmatch(name) and name.lower() not in _OURS and not name.lower().startswith("content-"):
            del message[name]
            message[name] = _line(value)
    message.set_content(_sound(content.text))
    message.add_alternative(_sound(content.html), subtype="html")
    return message


def wire(message: EmailMessage, line_end: str = "\r\n") -> bytes:
    """The message as it is handed to a server, or kept in a file: in seven bits, which everything takes."""
    return message.as_bytes(policy=_Policy(cte_type="7bit", linesep=line_end))


def message_id(message: EmailMessage) -> str:
    """Its Message-ID, with the angle brackets."""
    return str(message["Message-ID"] or "").strip()


def _mailbox(address: str) -> str:
    return formataddr(parseaddr(_line(address)))


def _line(text: str) -> str:
    # A lone surrogate cannot be encoded, and a line end begins another header: also one within an encoded word,
    # because `email` decodes those that a value holds, and may write what comes out as it is.
    return " ".join(printable(_sound(text)).replace("=?", "= ?").split())


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
