"""Webhook: the alerts as a CloudEvent, signed.

Sources: CloudEvents 1.0.2, "HTTP Protocol Binding" (structured mode); Standard Webhooks 1.0 for the signature. The
delivery's key is the event's `id`, the `webhook-id` and the `Idempotency-Key`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from vedette.alerts import render
from vedette.alerts.delivery import Outcome, Retry, Sent
from vedette.senders.answers import as_json, settled
from vedette.senders.http import HttpClient, key_header
from vedette.senders.port import Credential, Message, read
from vedette.senders.signature import SignatureError, sign

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """An address, the keys that sign (none: unsigned), and a bearer token if asked for.

    A secret may hold several keys, with white space between them: all of them sign, while one is being changed. The
    address is a credential as well, because many hold a token.
    """

    name: str
    url: Credential
    keys: tuple[Credential, ...] = ()
    token: Credential | None = None
    http: HttpClient = field(default_factory=HttpClient)
    clock: Callable[[], float] = time.time

    def send(self, message: Message) -> Outcome:
        """Post the event; any 2xx is taken for its acceptance."""
        url = read(self.url)
        token = read(self.token) if self.token is not None else ""
        keys = [read(key) for key in self.keys]
        for value in (url, token, *keys):
            if isinstance(value, Retry):
                return value
        return self._post(message, str(url), str(token), [key for given in keys for key in str(given).split()])

    def close(self) -> None:
        """Nothing is held."""

    def _post(self, message: Message, url: str, token: str, keys: list[str]) -> Outcome:
        body = as_json(render.webhook(message.notice))
        headers = {"Content-Type": CONTENT_TYPE, **key_header(message.key)}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            signed = sign(keys, message_id(message.key), int(self.clock()), body) if keys else {}
        except SignatureError as error:
            return Retry(error.render(), credentials=True)
        response = self.http.post(url, body, {**headers, **signed})
        if isinstance(response, Retry):
            return response
        outcome = settled(response, hide=(url, token, *keys))
        return Sent(message.key) if isinstance(outcome, Sent) else outcome


def message_id(key: str) -> str:
    """The delivery's key as a `webhook-id`: itself, or a digest where it holds what an id may not."""
    header = key_header(key)["Idempotency-Key"]
    return header if "." not in header else hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
