"""Layers of compression, and the frames of gzip."""

from __future__ import annotations

import gzip
import zlib

import pytest

from cloudtrail.samples import dump, found, log_file, reasons, record
from vedette.cloudtrail.body import Malformed, Reason
from vedette.cloudtrail.decompress import gunzip, unwrap_layers
from vedette.cloudtrail.limits import DEFAULT_LIMITS

TEXTS = [dump(record(number)) for number in range(5)]


def member(flags: int, extra: bytes, data: bytes, checksum: int | None = None) -> bytes:
    """A gzip member with an optional header, as RFC 1952 has it."""
    packer = zlib.compressobj(wbits=-15)
    body = packer.compress(data) + packer.flush()
    crc = zlib.crc32(data) if checksum is None else checksum
    header = b"\x1f\x8b\x08" + bytes((flags,)) + bytes(6)
    return header + extra + body + crc.to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")


HEADERS = [(0, b""), (4, b"\x03\x00abc"), (8, b"name.json\0"), (16, b"remark\0"), (28, b"\x01\x00xn\0r\0")]


@pytest.mark.parametrize(("flags", "extra"), HEADERS)
def test_optional_headers(flags, extra):
    assert found(member(flags, extra, log_file(TEXTS))) == TEXTS


@pytest.mark.parametrize(("flags", "extra"), [*HEADERS, (2, b"\x00\x00")])
def test_a_wrong_checksum_behind_any_header(flags, extra):
    data = member(flags, extra, b"\n".join(TEXTS), checksum=1)
    assert found(data)[: len(TEXTS)] == TEXTS or flags == 2
    assert len(reasons(data)) == 1


def test_a_header_that_never_ends():
    assert reasons(b"\x1f\x8b\x08\x08" + b"x" * 100) == [Reason.CUT_SHORT]
    assert reasons(b"\x1f\x8b\x09\x08" + b"x" * 100) == [Reason.CORRUPT]
    assert reasons(b"\x1f\x8b") == [Reason.CUT_SHORT]


def test_a_stated_size_is_only_a_hint():
    data = bytearray(gzip.compress(log_file(TEXTS)))
    for stated in (0, 1, 10**6, 2**32 - 1):
        data[-4:] = stated.to_bytes(4, "little")
        assert found(bytes(data))[: len(TEXTS)] == TEXTS


def test_a_matryoshka_ends():
    data = log_file(TEXTS)
    for _ in range(4):
        data = gzip.compress(data)
    assert found(data) == TEXTS
    assert reasons(gzip.compress(data)) == [Reason.NOT_JSON]


@pytest.mark.parametrize("step", [1, 2, 3, 50])
def test_members_cut_anywhere(step):
    stored = gzip.compress(b"one") + gzip.compress(b"") + gzip.compress(b"two") + bytes(9)
    pieces = (stored[at : at + step] for at in range(0, len(stored), step))
    assert b"".join(gunzip(pieces, "x", DEFAULT_LIMITS)) == b"onetwo"


def test_a_fault_of_a_lower_layer_is_passed_on_once():
    fault = Malformed("x", "byte 5", Reason.UNREADABLE)
    stored = gzip.compress(b"text")
    assert list(gunzip([stored[:-3], fault], "x", DEFAULT_LIMITS))[-1] is fault
    assert list(unwrap_layers(iter([fault]), "x", DEFAULT_LIMITS)) == [fault]
    assert list(unwrap_layers(iter([b"H4sI", fault]), "x", DEFAULT_LIMITS))[-1] is fault


def test_a_corrupt_piece_in_the_middle_of_a_long_member():
    """What a member gave before the piece with the fault is not given twice."""
    import random

    noise = random.Random(3).randbytes(400_000)
    stored = bytearray(gzip.compress(noise, 1))
    stored[300_000] ^= 0xFF
    pieces = [bytes(stored[:200_000]), bytes(stored[200_000:])]
    got = list(gunzip(pieces, "x", DEFAULT_LIMITS))
    text = b"".join(piece for piece in got if isinstance(piece, bytes))
    assert len(text) >= 190_000
    assert noise.startswith(text[:190_000])
    assert [piece.reason for piece in got if isinstance(piece, Malformed)] == [Reason.CORRUPT]
