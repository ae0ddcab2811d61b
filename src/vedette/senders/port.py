"""The port of the senders: a message goes in, an outcome comes out.

A sender renders the notice for its channel and hands it over. It answers `Sent`, `Retry` or `Dead`, and raises nothing
for what the other side does: what it raises is a bug. Senders may be called from several threads at once; they keep no
connection open between messages, and every wait has an end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from vedette.alerts.delivery import Outcome, Retry
from vedette.alerts.notice import Notice
from vedette.errors import VedetteError

Credential: TypeAlias = Callable[[], str]
"""Answers a secret's value; raises VedetteError. Asked at every message, so that a rotation needs no restart."""


@dataclass(frozen=True, slots=True)
class Message:
    """A delivery on its way: `key` is its identity, which receivers see; `thread` is what `Sent.thread` was before."""

    key: str
    notice: Notice
    thread: str = ""


class Sender(Protocol):
    """A channel's way out."""

    @property
    def name(self) -> str:
        """The channel's name in the settings."""

    def send(self, message: Message) -> Outcome:
        """Hand it over, once."""

    def close(self) -> None:
        """Let go of what is held; `send` is not called afterwards."""


class Renewing:
    """A sender whose credentials are renewed when they are refused: if they changed, the message goes out at once.

    `renew` answers whether anything is another than before; nothing has been accepted by then, so nobody gets it twice.
    """

    def __init__(self, sender: Sender, renew: Callable[[], bool]) -> None:
        self._sender = sender
        self._renew = renew

    @property
    def name(self) -> str:
        """The channel's name."""
        return self._sender.name

    def send(self, message: Message) -> Outcome:
        """Hand it over; once more if the credentials were refused and there are new ones."""
        outcome = self._sender.send(message)
        if not (isinstance(outcome, Retry) and outcome.credentials):
            return outcome
        try:
            changed = self._renew()
        except VedetteError as error:
            return Retry(f"{outcome.why}\nnew credentials: {error.render()}", outcome.after, credentials=True)
        return self._sender.send(message) if changed else outcome

    def close(self) -> None:
        """Close the sender."""
        self._sender.close()


def read(credential: Credential) -> str | Retry:
    """The value, without the white space around it that files and consoles add; Retry if it cannot be had now."""
    try:
        return credential().strip()
    except VedetteError as error:
        return Retry(error.render())
