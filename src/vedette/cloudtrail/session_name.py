"""What the name of a role session tells: a human, a machine, or nothing that lasts.

Callers choose these names. Those of IAM Identity Center (SSO) roles are the exception: only SSO can assume them, and it
writes the user's name.
"""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[^@\s/:]+@[^@\s/:.]+(?:\.[^@\s/:.]+)+")
_INSTANCE = re.compile(r"m?i-[0-9a-f]{8,17}")
_MANY_DIGITS = re.compile(r"\d{6}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9]{12,}")
_SSO_PREFIX = "AWSReservedSSO_"


def is_email(name: str) -> bool:
    """Whether `name` is an e-mail address, and so names a human."""
    return _EMAIL.fullmatch(name) is not None


def is_instance(name: str) -> bool:
    """Whether `name` is an EC2 instance id (`i-…`) or a managed node's (`mi-…`)."""
    return _INSTANCE.fullmatch(name) is not None


def is_passing(name: str) -> bool:
    """Whether `name` is made for one session only: an instance id, a time stamp, a UUID, a random word.

    Six digits in a row are a time stamp or a serial number (`botocore-session-1700000000`). A word of twelve or more
    letters and digits, three of them digits, is random (container ids, hashes).

    >>> is_passing("botocore-session-1700000000"), is_passing("nightly-backup")
    (True, False)
    """
    if is_instance(name) or _MANY_DIGITS.search(name) or _UUID.search(name):
        return True
    return any(sum(map(str.isdigit, word)) >= 3 for word in _WORD.findall(name))


def permission_set(role: str) -> str | None:
    """The SSO permission set whose role this is; None for a role of another kind.

    IAM Identity Center names its roles `AWSReservedSSO_<permission set>_<16 hexadecimal digits>`.

    >>> permission_set("AWSReservedSSO_AdministratorAccess_0123456789abcdef")
    'AdministratorAccess'
    """
    if not role.startswith(_SSO_PREFIX):
        return None
    name, _, suffix = role.removeprefix(_SSO_PREFIX).rpartition("_")
    return name or suffix or None
