"""Whether a file that may still be written is whole already, by its content: its last byte says so, or nothing does."""

from __future__ import annotations

import zlib
from typing import BinaryIO

import msgspec

MOST_STORED = 64 << 20
"""Larger files are not looked at: they are taken once they have rested."""

_MOST_PLAIN = 16 << 20
_STEP = 1 << 20
_GZIP = b"\x1f\x8b"
_OPENING = 256


def is_whole(stream: BinaryIO, size: int) -> bool:
    """Whether it is gzip up to its end, or one log file or array that is closed.

    Lines of records never are: another may follow.
    """
    if not 2 < size <= MOST_STORED:
        return False
    start = stream.read(_OPENING)
    if start.startswith(_GZIP):
        return _ends_gzip(start, stream)
    if size > _MOST_PLAIN or not start.lstrip().startswith((b"{", b"[")):
        return False
    is_log_file = start.lstrip().startswith(b"[") or b'"Records"' in start
    return is_log_file and _is_document(start + stream.read(_MOST_PLAIN))


def _is_document(data: bytes) -> bool:
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _ends_gzip(data: bytes, stream: BinaryIO) -> bool:
    member = zlib.decompressobj(31)
    try:
        while data:
            member.decompress(data, _STEP)
            if member.eof:
                data = member.unused_data or stream.read(_STEP)
                if not data:
                    return True
                member = zlib.decompressobj(31)
            else:
                data = member.unconsumed_tail or stream.read(_STEP)
    except zlib.error:
        return False
    return False
