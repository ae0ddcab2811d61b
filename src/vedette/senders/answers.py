"""What an HTTP answer means for a delivery, and what of the answer may be shown.

Who answers may repeat what was sent to it: secrets are taken out before an answer is quoted.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from vedette.alerts.delivery import Dead, Outcome, Retry, Sent
from vedette.errors import printable
from vedette.senders.http import Response

HIDDEN = "[secret]"
LONGEST_WAIT = 86_400
"""Seconds: a wish beyond this is a mistake, or hostile."""

_QUOTED = 200
_PIECE = re.compile(r"[A-Za-z0-9_-]{8,}")


def settled(response: Response, *, hide: Collection[str] = ()) -> Outcome:
    """The usual meaning of a status.

    2xx is Sent; 401 and 403 ask for new credentials; 408, 425, 429 and 5xx for a later try; a redirect that is not
    for ever may end; anything else is Dead.
    """
    status = response.status
    if 200 <= status < 300:
        return Sent()
    why = f"{response.host} answered {status}{said(response, hide)}"
    if status in (401, 403):
        return Retry(why, credentials=True)
    if status in (408, 425, 429) or status >= 500:
        return Retry(why, retry_after(response))
    if status in (301, 308):
        return Dead(f"{why}\nhint: the receiver has moved, and redirects are not followed: set the new address")
    if 300 <= status < 400:
        return Retry(f"{why}\nhint: redirects are not followed: set the address to which it leads")
    return Dead(why)


def said(response: Response, hide: Collection[str] = ()) -> str:
    """`: ` and the beginning of the body in a line, without secrets; empty for an empty body."""
    text = " ".join(without(response.body.decode("utf-8", "replace"), hide).split())
    if not text:
        return ""
    return ": " + printable(text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…")


def without(text: str, secrets: Collection[str]) -> str:
    """`text` without the secrets: as they are, percent-encoded, in base64, and in pieces that are long enough."""
    forms: set[str] = set()
    for secret in filter(None, secrets):
        encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
        forms |= {secret, quote(secret), quote(secret, safe=""), encoded, *_PIECE.findall(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return text


def retry_after(response: Response) -> int | None:
    """The receiver's wish in seconds: a number, or a date, which counts from the answer's own Date."""
    wish = response.headers.get("retry-after", "").strip()
    if wish.isascii() and wish.isdigit():
        return min(int(wish[:9]), LONGEST_WAIT)
    try:
        seconds = parsedate_to_datetime(wish) - parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return min(max(0, int(seconds.total_seconds())), LONGEST_WAIT)


def document(response: Response) -> dict[str, object]:
    """The body as a JSON object; empty if it is none."""
    try:
        found = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def as_json(value: object) -> bytes:
    """ASCII JSON, which no encoding on the way can change."""
    return json.dumps(value, separators=(",", ":")).encode()
