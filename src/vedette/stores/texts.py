"""Texts from outside as any database takes them: bounded where they are keys, without what no encoding holds."""

from __future__ import annotations

import functools
import hashlib
import re

_UNSTORABLE = re.compile("[\\\\\x00\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(\\|u[0-9a-f]{4})")


def digest(*texts: str) -> bytes:
    """16 bytes that stand for these texts in a key: a key of a database has a bounded length, a text from a log not."""
    framed = b"".join(len(raw).to_bytes(8) + raw for raw in (text.encode("utf-8", "surrogatepass") for text in texts))
    return hashlib.blake2b(framed, digest_size=16).digest()


@functools.lru_cache(maxsize=4_096)
def place_digest(detection: str, group: tuple[str, ...]) -> bytes:
    """`digest` of a detection and one of its groups: a transaction asks for each several times."""
    return digest(detection, *group)


def storable(text: str) -> str:
    r"""`text` as any database takes it: NUL and half surrogate pairs as `\u0000`, the backslash doubled; reversible.

    >>> storable("C:\\logs\x00"), restored(storable("C:\\logs\x00"))
    ('C:\\\\logs\\u0000', 'C:\\logs\x00')
    """
    return _UNSTORABLE.sub(_escape, text)


def restored(text: str) -> str:
    """What `storable` was given."""
    return _ESCAPED.sub(_unescape, text) if "\\" in text else text


def _escape(found: re.Match[str]) -> str:
    return "\\\\" if found[0] == "\\" else f"\\u{ord(found[0]):04x}"


def _unescape(found: re.Match[str]) -> str:
    return "\\" if found[1] == "\\" else chr(int(found[1][1:], 16))
