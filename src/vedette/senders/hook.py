"""A message posted to a chat's webhook, whose address is itself the credential."""

from __future__ import annotations

from collections.abc import Callable

from vedette.alerts.delivery import Outcome, Retry
from vedette.senders.answers import as_json
from vedette.senders.http import JSON, HttpClient, Response, key_header
from vedette.senders.port import Credential, read


def post(
    http: HttpClient, address: Credential, body: object, key: str, judge: Callable[[Response, str], Outcome]
) -> Outcome:
    """Post `body` as JSON under the delivery's key; `judge` makes the outcome of the answer and the address, which it
    must not show."""
    url = read(address)
    if isinstance(url, Retry):
        return url
    response = http.post(url, as_json(body), {"Content-Type": JSON, **key_header(key)})
    return response if isinstance(response, Retry) else judge(response, url)
