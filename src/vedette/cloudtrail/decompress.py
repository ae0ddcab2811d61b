"""Stored bytes to text: gzip (members in a row, twice over if need be) and base64, recognised by content, bounded.

Nothing here knows JSON or records. A fault is a value in the stream of pieces: what came before it is whole and used.
"""

from __future__ import annotations

import binascii
import itertools
import zlib
from collections.abc import Generator, Iterable, Iterator
from typing import BinaryIO, TypeAlias, cast

from isal import igzip_lib

from vedette.cloudtrail.body import Malformed, Reason
from vedette.cloudtrail.limits import MEBIBYTE, Limits
from vedette.errors import reason_of

GZIP_MAGIC = b"\x1f\x8b"
GZIP_IN_BASE64 = b"H4sI"
READ_BYTES = MEBIBYTE
_STEP_BYTES = 4 * MEBIBYTE
_SALVAGE_BYTES = 4096
_LAYERS = 4
_ISAL_ERROR = cast(type[Exception], igzip_lib.IsalError)  # the stub calls it an instance

Piece: TypeAlias = bytes | Malformed


def open_text(stream: BinaryIO, name: str, limits: Limits) -> Iterator[Piece]:
    """The object's text in pieces of at most a few MB, every layer of gzip and base64 removed.

    A double gzip is what a delivery stream makes when its compression is on and its input was compressed already.
    """
    return unwrap_layers(read_pieces(stream, name), name, limits)


def unwrap_layers(pieces: Iterator[Piece], name: str, limits: Limits) -> Iterator[Piece]:
    """`pieces` without their compression; at most four layers, so that a matryoshka ends."""
    for _ in range(_LAYERS):
        first = next(pieces, b"")
        pieces = itertools.chain((first,), pieces)
        if isinstance(first, Malformed):
            break
        if first.startswith(GZIP_MAGIC):
            pieces = gunzip(pieces, name, limits)
        elif first[:64].lstrip().startswith(GZIP_IN_BASE64):
            pieces = _decode_base64(pieces, name, limits)
        else:
            break
    return pieces


def read_pieces(stream: BinaryIO, name: str) -> Iterator[Piece]:
    """The stream in full pieces of READ_BYTES, the last one shorter; a failing read ends it with a fault."""
    position = 0
    while True:
        parts: list[bytes] = []
        size = 0
        try:
            while size < READ_BYTES and (data := stream.read(READ_BYTES - size)):
                parts.append(data)
                size += len(data)
        except OSError as error:
            yield from filter(None, (b"".join(parts),))
            yield Malformed(name, f"byte {position + size}", Reason.UNREADABLE, reason_of(error))
            return
        if not parts:
            return
        yield b"".join(parts)
        position += size


def gunzip(pieces: Iterable[Piece], name: str, limits: Limits) -> Iterator[Piece]:
    """The decompressed content of gzip members in a row, by isal (twice as fast as zlib; see docs/performance.md).

    A stream that ends early, is corrupt, expands too much, or is followed by something else than zeros gives all
    that was whole and then one fault.
    """
    inflation = _Inflation(name, limits)
    for piece in pieces:
        if isinstance(piece, Malformed):
            yield piece
            inflation.forget_member()
            continue
        yield from inflation.feed(piece)
        if inflation.failed:
            return
    yield from inflation.finish()


class _Inflation:
    """The state of one decompression: the open member, and how much went in and came out."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.failed = False
        self._name = name
        self._limits = limits
        self._taken = 0
        self._given = 0
        self._member: igzip_lib.IgzipDecompressor | None = None
        self._member_given = 0
        self._held = b""

    def forget_member(self) -> None:
        """Drop the open member: its end is not coming, and has been reported."""
        self._member = None
        self._held = b""

    def finish(self) -> Iterator[Piece]:
        """A fault if the last member did not end."""
        if self._member is not None or self._held.strip(b"\0"):
            yield self._fault(Reason.CUT_SHORT, "the gzip stream ends early")

    def feed(self, piece: bytes) -> Iterator[Piece]:
        """What `piece` decompresses to, in steps."""
        data, self._held = self._held + piece, b""
        self._taken += len(piece)
        if self._taken > self._limits.compressed_bytes:
            yield self._fault(Reason.TOO_LARGE, f"more than {self._limits.compressed_bytes} bytes as stored")
            return
        while data and not self.failed:
            if self._member is None:
                data = yield from self._begin(data)
            else:
                data = yield from self._inflate(data, begins_here=False)

    def _begin(self, data: bytes) -> Generator[Piece, None, bytes]:
        if len(data) < len(GZIP_MAGIC):
            self._held = data
            return b""
        if not data.startswith(GZIP_MAGIC):
            if data.strip(b"\0"):
                yield self._fault(Reason.TRAILING_DATA, "the gzip stream is followed by something else")
            return b""
        self._member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        self._member_given = 0
        return (yield from self._inflate(data, begins_here=True))

    def _inflate(self, data: bytes, *, begins_here: bool) -> Generator[Piece, None, bytes]:
        member = self._member
        assert member is not None
        size = _expected_size(data) if begins_here else _STEP_BYTES
        pending = data
        while True:
            try:
                out = member.decompress(pending, size)
            except _ISAL_ERROR as error:
                yield from self._salvage(data if begins_here else b"")
                yield self._fault(Reason.CORRUPT, str(error))
                return b""
            if not (yield from self._give(out)):
                return b""
            if member.eof:
                self._member = None
                return member.unused_data
            if member.needs_input:
                return b""
            pending, size = b"", _STEP_BYTES

    def _give(self, out: bytes) -> Generator[Piece, None, bool]:
        self._given += len(out)
        self._member_given += len(out)
        if out:
            yield out
        if self._given > self._limits.ratio_free_bytes and self._given > self._limits.ratio * self._taken:
            ratio = f"{self._given} bytes from {self._taken}"
            yield self._fault(Reason.EXPANDS_TOO_MUCH, f"{ratio}, more than {self._limits.ratio} times")
        return not self.failed

    def _salvage(self, member: bytes) -> Iterator[bytes]:
        """What a corrupt member holds before its fault, beyond what was given: the step that fails is discarded."""
        whole_steps = sum(1 for _ in _until_fault(member, itertools.repeat(_SALVAGE_BYTES)))
        steps = itertools.chain(itertools.repeat(_SALVAGE_BYTES, whole_steps), itertools.repeat(1))
        skipped = 0
        for out in _until_fault(member, steps):
            fresh = out[max(0, self._member_given - skipped) :]
            skipped += len(out) - len(fresh)
            if fresh:
                yield fresh

    def _fault(self, reason: Reason, detail: str) -> Malformed:
        self.failed = True
        return Malformed(self._name, f"byte {self._taken}", reason, detail)


def _until_fault(member: bytes, sizes: Iterator[int]) -> Iterator[bytes]:
    """The output of a fresh decompression of `member`, in steps of these sizes, up to the step that fails.

    By zlib, which decodes no further than it is asked (isal decodes ahead, and fails before it gives what was whole),
    and without gzip's frame, whose checksum would take the last step with it.
    """
    decompressor = zlib.decompressobj(wbits=-15)
    pending = member[_header_size(member) :]
    try:
        while not decompressor.eof:
            out = decompressor.decompress(pending, next(sizes))
            pending = decompressor.unconsumed_tail
            if not out:
                return
            yield out
    except zlib.error:
        return


def _header_size(member: bytes) -> int:
    """The length of a gzip member's header (RFC 1952, section 2.3)."""
    flags = member[3] if len(member) > 3 else 0
    at = 10
    if flags & 4:
        at += 2 + int.from_bytes(member[10:12], "little")
    for text_flag in (8, 16):
        if flags & text_flag:
            at = member.find(0, at) + 1 or len(member)
    return at + 2 if flags & 2 else at


def _expected_size(member: bytes) -> int:
    """How much to ask of a member's first step: the size that its last four bytes state, if that is believable.

    With the whole output asked for in one step isal allocates once: a third of the time of a log file. The statement
    is a hint only, bounded here and checked by nobody: a false one costs a few more steps.
    """
    if len(member) >= READ_BYTES:
        return _STEP_BYTES
    stated = int.from_bytes(member[-4:], "little")
    return min(max(stated, _SALVAGE_BYTES), 4 * _STEP_BYTES) + 1


def _decode_base64(pieces: Iterable[Piece], name: str, limits: Limits) -> Iterator[Piece]:
    """The bytes behind base64 text: one payload, wrapped or not, or one payload a line."""
    text = bytearray()
    fault: Malformed | None = None
    for piece in pieces:
        if isinstance(piece, Malformed):
            fault = piece
            break
        text += piece
        if len(text) > limits.decompressed_bytes:
            detail = f"more than {limits.decompressed_bytes} bytes of base64"
            fault = Malformed(name, f"byte {len(text)}", Reason.TOO_LARGE, detail)
            break
    for payload in _payloads(bytes(text)):
        try:
            yield binascii.a2b_base64(payload, strict_mode=True)
        except binascii.Error as error:
            yield Malformed(name, "", Reason.BAD_BASE64, str(error))
    if fault is not None:
        yield fault


def _payloads(text: bytes) -> Iterator[bytes]:
    """Lines joined until the next one that begins a gzip stream."""
    lines: list[bytes] = []
    for line in text.split():
        if lines and line.startswith(GZIP_IN_BASE64):
            yield b"".join(lines)
            lines = []
        lines.append(line)
    if lines:
        yield b"".join(lines)
