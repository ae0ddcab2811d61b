"""Microsoft Teams: the webhook of a workflow ("when a Teams webhook request is received"), or an old connector's.

Sources: Microsoft "Create incoming webhooks with Workflows for Microsoft Teams", and the rate limits of "Create and
send actionable messages". Teams has no key of its own: the delivery's goes out as the header `Idempotency-Key`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from vedette.alerts import render
from vedette.alerts.delivery import Dead, Outcome, Retry, Sent
from vedette.senders import hook
from vedette.senders.answers import said, settled
from vedette.senders.http import HttpClient, Response
from vedette.senders.port import Credential, Message

_FAILED = re.compile(r"webhook message delivery failed.*?(?:HTTP error |status(?: code)? )(\d{3})", re.I | re.S)
"""What an old connector answers with status 200 when Teams itself refused the message."""


@dataclass(frozen=True, slots=True)
class TeamsSender:
    """A webhook; its address is a secret."""

    name: str
    url: Credential
    http: HttpClient = field(default_factory=HttpClient)

    def send(self, message: Message) -> Outcome:
        """Post the card."""
        return hook.post(self.http, self.url, render.teams(message.notice), message.key, _outcome)

    def close(self) -> None:
        """Nothing is held."""


def _outcome(response: Response, url: str) -> Outcome:
    outcome = settled(response, hide=(url,))
    if not isinstance(outcome, Sent):
        return outcome
    inner = _FAILED.search(response.body.decode("utf-8", "replace"))
    if inner is None:
        return outcome
    why = f"Teams refused it behind {response.host}{said(response, (url,))}"
    status = int(inner[1])
    return Retry(why) if status == 429 or status >= 500 else Dead(why)
