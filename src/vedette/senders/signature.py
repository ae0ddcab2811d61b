"""Signed webhooks, as Standard Webhooks 1.0 describes them: HMAC-SHA256 over id, time and body.

    webhook-id: KEY
    webhook-timestamp: SECONDS
    webhook-signature: v1,BASE64 [v1,BASE64]

The signed text is `id.timestamp.body`. There is a signature for each key, so that a receiver may still know only the
old one, or only the new one, while a key is being changed. Receivers verify with `verify`, or with any library of that
standard; a message that is older than the window, or whose id was seen before, is a replay.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from vedette.errors import VedetteError

WINDOW = 300
"""Seconds by which a message's time may differ from the receiver's clock."""

PREFIX = "whsec_"


class SignatureError(VedetteError):
    """A message that does not come from whom it says, or came too late."""


def key_bytes(secret: str) -> bytes:
    """The key in a secret: base64 after `whsec_`, as the standard writes it, else the text itself.

    >>> key_bytes("whsec_c2VjcmV0"), key_bytes("secret")
    (b'secret', b'secret')
    """
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        pass
    raise SignatureError("the key after `whsec_` is not base64")


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers. `message_id` is visible ASCII without `.`, which parts the signed text."""
    signatures = [_signature(key_bytes(secret), message_id, str(timestamp), body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: float, *, window: int = WINDOW) -> str:
    """The message's id, if one of the keys signed this body within the window; raises SignatureError.

    `body` is what arrived, byte for byte; parse it only afterwards. Remember the id for the window: who sees it again
    sees a repetition.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not message_id or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureError("the message is not signed")
    if abs(now - int(timestamp)) > window:
        raise SignatureError("the message is too old, or from the future", hint="are both clocks right?")
    known = [_signature(key_bytes(secret), message_id, timestamp, body) for secret in secrets]
    offered = given.get("webhook-signature", "").split()
    # Every pair is compared, in constant time each.
    matches = [hmac.compare_digest(mine.encode(), theirs.encode()) for mine in known for theirs in offered]
    if not any(matches):
        raise SignatureError("no signature of the message fits")
    return message_id


def _signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
