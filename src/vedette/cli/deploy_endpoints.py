"""Who is told by SNS itself, as somebody typed it: `high:ops@example.com`. What SNS would refuse is refused here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from vedette.cli.loading import nearest_hint
from vedette.deploy.wanted import Pack, Subscription
from vedette.detections.definition import Severity
from vedette.errors import UsageError

_SEVERITIES: Final = [severity.value for severity in Severity]
_LEAST: Final = {
    "email": Severity.MEDIUM,
    "sms": Severity.HIGH,
    "https": Severity.LOW,
    "sqs": Severity.INFORMATIONAL,
}
"""From which severity on somebody is told who did not say so."""
_MAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_QUEUE: Final = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}(\.fifo)?")
_KIND: Final = {"email": "a mail address", "sms": "a number", "https": "an https:// address", "sqs": "a queue's ARN"}
_LIKE: Final = {
    "email": "ops@example.com",
    "sms": "+441234567890",
    "https": "https://example.com/alerts",
    "sqs": "arn:aws:sqs:us-east-1:111122223333:alerts",
}


def subscription(protocol: str, given: str, pack: Pack = Pack.ALL) -> Subscription:
    """The subscription of `[SEVERITY:]ENDPOINT`. Raises UsageError for what SNS would take for nobody's address.

    Of the CIS pack everything is told, because its alarms are mild; Security Hub fails a control whose topic has no
    subscriber.
    """
    word, colon, rest = given.partition(":")
    named = bool(colon) and word in _SEVERITIES
    usual = _LEAST[protocol] if pack is Pack.ALL else Severity.INFORMATIONAL
    least, endpoint = (Severity(word), rest) if named else (usual, given)
    if protocol == "https" and "@" in urlsplit(endpoint).netloc:
        raise UsageError(
            "a password in an `--https` address would stand in templates for everybody to read",
            hint="keep the address in Secrets Manager, and name it: `--webhook secret://aws/NAME`",
        )
    if not _FITS[protocol](endpoint):
        raise UsageError(f"`{given}` is not {_KIND[protocol]}", hint=_hint(protocol, given, endpoint))
    return Subscription(protocol, endpoint, least)


def _hint(protocol: str, given: str, endpoint: str) -> str:
    """What was probably meant."""
    word, colon, rest = given.partition(":")
    bare = re.sub(r"[\s().-]|(?<=.)\+", "", endpoint)
    if protocol == "sms" and _NUMBER.fullmatch(bare):
        return f"without blanks and dashes: `{bare}`"
    address = re.search(r"[^\s<>]+@[^\s<>]+", endpoint)
    if protocol == "email" and address is not None and address[0] != endpoint and _MAIL.fullmatch(address[0]):
        return f"the address alone: `{address[0]}`"
    if protocol == "email" and not endpoint.isascii():
        return "SNS takes ASCII only; a domain may be written so: `xn--…`"
    if colon and _FITS[protocol](rest):
        return nearest_hint(word, _SEVERITIES) or f"before the colon stands a severity: {', '.join(_SEVERITIES)}"
    if endpoint != given:
        return f"after `{word}:` comes {_KIND[protocol]}"
    return f"such as `{_LIKE[protocol]}` or, with a severity from which on, `high:{_LIKE[protocol]}`"


def _is_address(endpoint: str) -> bool:
    parts = urlsplit(endpoint)
    return parts.scheme == "https" and bool(parts.hostname) and endpoint.isascii() and not re.search(r"\s", endpoint)


_FITS: Final[Mapping[str, Callable[[str], bool]]] = {
    "email": lambda endpoint: _MAIL.fullmatch(endpoint) is not None,
    "sms": lambda endpoint: _NUMBER.fullmatch(endpoint) is not None,
    "https": _is_address,
    "sqs": lambda endpoint: _QUEUE.fullmatch(endpoint) is not None,
}
