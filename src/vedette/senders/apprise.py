"""Apprise: any of the services that it knows, by URL (an extra). The URL holds the credentials, and is one.

Apprise answers yes or no and no more, so every refusal is tried again. It knows no idempotency key: the
delivery's is the last line of the text.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from types import ModuleType

from vedette.alerts import render
from vedette.alerts.delivery import Outcome, Reason, Retry, Sent
from vedette.alerts.notice import Notice
from vedette.detections.definition import Severity
from vedette.errors import VedetteError
from vedette.senders.port import Credential, Message, read


@dataclass(frozen=True, slots=True)
class AppriseSender:
    """One URL."""

    name: str
    url: Credential

    def send(self, message: Message) -> Outcome:
        """Hand it to Apprise."""
        url = read(self.url)
        if isinstance(url, Retry):
            return url
        try:
            apprise = require_apprise()
        except VedetteError as error:
            return Retry(error.render())
        target = apprise.Apprise()
        if not target.add(url):
            return Retry("Apprise does not know what to do with the URL", credentials=True)
        title, _, body = render.plain(message.notice).partition("\n")
        accepted: bool | None = target.notify(
            title=title,
            body=f"{body.strip()}\n\n{message.key}",
            notify_type=_kind(message.notice),
            body_format="text",
        )
        return Sent(message.key) if accepted else Retry("Apprise could not deliver it; it does not say why")

    def close(self) -> None:
        """Nothing is held."""


def require_apprise() -> ModuleType:
    """Apprise, or the error that says how to install it. It is kept from logging: it writes whole URLs, with tokens."""
    try:
        import apprise
    except ImportError:
        raise VedetteError("`apprise` is not installed", hint="pip install 'vedette[apprise]'") from None
    logging.getLogger("apprise").handlers = [logging.NullHandler()]
    logging.getLogger("apprise").propagate = False
    module: ModuleType = apprise
    return module


def _kind(notice: Notice) -> str:
    if notice.reason is Reason.RESOLVED:
        return "success"
    worst = max((alert.severity.rank for alert in notice.alerts), default=0)
    if worst >= Severity.HIGH.rank:
        return "failure"
    return "warning" if worst >= Severity.MEDIUM.rank else "info"
