"""Identifiers as AWS makes them, drawn from a seeded stream so that the same seed gives the same ones.

Key ids and principal ids end in `EXAMPLE`, so that no scanner takes a simulated one for a leaked one. This module knows
no record and no account.
"""

from __future__ import annotations

import base64
import string
from random import Random

_UPPER = string.ascii_uppercase + "234567"
_ALNUM = string.ascii_letters + string.digits


def uuid(rng: Random) -> str:
    """A version-4 UUID in lower case."""
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def access_key(rng: Random, prefix: str) -> str:
    """A key id of 20 characters: `AKIA` for a user's, `ASIA` for a session's."""
    return f"{prefix}{''.join(rng.choices(_UPPER, k=9))}EXAMPLE"


def principal(rng: Random, prefix: str) -> str:
    """A principal id of 21 characters: `AIDA` for a user, `AROA` for a role."""
    return f"{prefix}{''.join(rng.choices(_UPPER, k=10))}EXAMPLE"


def resource(rng: Random, prefix: str) -> str:
    """A resource id with 17 hexadecimal digits: `i-0123…`, `sg-0123…`."""
    return f"{prefix}-0{rng.getrandbits(64):016x}"


def digits(rng: Random, count: int) -> str:
    """`count` lower-case hexadecimal digits."""
    return f"{rng.getrandbits(4 * count):0{count}x}"


def suffix(rng: Random, count: int) -> str:
    """`count` letters and digits: the tail of a secret's ARN, the unique part of a log file's name."""
    return "".join(rng.choices(_ALNUM, k=count))


def amazon_request(rng: Random) -> str:
    """A request id of Amazon S3: 16 hexadecimal digits in capitals."""
    return f"{rng.getrandbits(64):016X}"


def amazon_id_2(rng: Random) -> str:
    """The `x-amz-id-2` of Amazon S3: 76 characters of base 64."""
    return base64.b64encode(rng.randbytes(56)).decode()


def session_token(rng: Random) -> str:
    """What a session token looks like; it opens nothing."""
    return "IQoJb3JpZ2luX2VjEXAMPLE" + base64.b64encode(rng.randbytes(300)).decode()
