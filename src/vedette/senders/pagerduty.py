"""PagerDuty: Events API v2. The incident's deduplication key makes every message of an incident one incident there.

Source: PagerDuty "Send an event" (Events API v2): 202 is accepted, 400 an invalid event, 429 too many, 5xx later.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vedette.alerts import render
from vedette.alerts.delivery import Outcome, Retry, Sent
from vedette.senders.answers import as_json, document, said, settled
from vedette.senders.http import JSON, HttpClient, Response, key_header
from vedette.senders.port import Credential, Message, read

API = "https://events.pagerduty.com/v2/enqueue"
"""For accounts in Europe: https://events.eu.pagerduty.com/v2/enqueue."""


@dataclass(frozen=True, slots=True)
class PagerDutySender:
    """A service's integration; its routing key is a secret."""

    name: str
    routing_key: Credential
    api: str = API
    http: HttpClient = field(default_factory=HttpClient)

    def send(self, message: Message) -> Outcome:
        """Send the event: trigger, acknowledge or resolve, as the notice says."""
        key = read(self.routing_key)
        if isinstance(key, Retry):
            return key
        event = {**render.pagerduty(message.notice), "routing_key": key}
        response = self.http.post(self.api, as_json(event), {"Content-Type": JSON, **key_header(message.key)})
        return response if isinstance(response, Retry) else _outcome(response, key, event)

    def close(self) -> None:
        """Nothing is held."""


def _outcome(response: Response, key: str, event: dict[str, object]) -> Outcome:
    outcome = settled(response, hide=(key,))
    answer = document(response)
    if isinstance(outcome, Sent):
        found = answer.get("dedup_key") or event.get("dedup_key")
        return Sent(found if isinstance(found, str) else "")
    if response.status == 400 and "routing" in str(answer.get("errors", "")).lower():
        why = f"{response.host} answered 400{said(response, (key,))}"
        return Retry(f"{why}\nhint: copy the integration key of an Events API v2 integration", credentials=True)
    return outcome
