"""Text in pieces to bodies: finds out whether it is lines or documents, and cuts where a record or document ends.

Holds at most one chunk of lines, or one document within the limits. Must not decode records: `split` and the engine do.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace

from vedette.cloudtrail import brackets
from vedette.cloudtrail.body import APART, Body, Kind, Malformed, Reason
from vedette.cloudtrail.crowd import numbered, without_short_lines
from vedette.cloudtrail.decompress import GZIP_IN_BASE64, Piece
from vedette.cloudtrail.judge import excerpt, json_error
from vedette.cloudtrail.limits import Limits
from vedette.cloudtrail.numbering import Numbering, records_array
from vedette.cloudtrail.opening import Opener, documents
from vedette.cloudtrail.recognise import fields_of, is_plain_log_file, is_plain_record, kind_of

_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_CARRIERS = {Kind.LOG_FILE, Kind.SUBSCRIPTION, *APART}
_GOES_ON = b"{[,:"
_LINES_LOOKED_AT = 65_536
_HEAD = 512
_TAR = slice(257, 262)
_UTF_16 = "UTF-16 text; make it UTF-8 with `iconv -f UTF-16 -t UTF-8`"
_UTF_32 = "UTF-32 text; make it UTF-8 with `iconv -f UTF-32 -t UTF-8`"
_UTF_16_BARE = "UTF-16 text without its mark; make it UTF-8 with `iconv -f UTF-16LE -t UTF-8`"
_FORMATS = (
    (b"PK\x03\x04", "a zip archive; unpack it first: `unzip`"),
    (b"\x28\xb5\x2f\xfd", "zstd compression; unpack it first: `zstd -d`"),
    (b"BZh", "bzip2 compression; unpack it first: `bunzip2`"),
    (b"\xfd7zXZ\x00", "xz compression; unpack it first: `unxz`"),
    (b"\x04\x22\x4d\x18", "lz4 compression; unpack it first: `unlz4`"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first: `7z x`"),
    (b"\xff\x06\x00\x00sNaPpY", "Snappy compression; unpack it first"),
    (b"PAR1", "a Parquet file; write it as lines of JSON first"),
    (b"ORC", "an ORC file; write it as lines of JSON first"),
    (b"Obj\x01", "an Avro file; write it as lines of JSON first"),
    (b"\xff\xfe\x00\x00", _UTF_32),
    (b"\x00\x00\xfe\xff", _UTF_32),
    (b"\xff\xfe", _UTF_16),
    (b"\xfe\xff", _UTF_16),
    (b"{\x00", _UTF_16_BARE),
    (b"[\x00", _UTF_16_BARE),
    (b"<", "markup: a page of the web, rather than a log?"),
)


def frame(pieces: Iterable[Piece], name: str, limits: Limits) -> Iterator[Body | Malformed]:
    """The bodies in a text, and a Malformed for each part that is none."""
    source = _Source(pieces, limits)
    source.fill(limits.chunk_bytes)
    skipped = source.strip_start()
    head = bytes(source.held[:1])
    if not head:
        if source.fault is None:
            yield Malformed(name, "", Reason.EMPTY, "")
    elif head not in b"{[" or source.held[1:2] == b"\x00":
        yield _foreign(name, bytes(source.held[:_HEAD]))
        return
    elif _is_lines(source):
        yield from _Lines(source, name, limits, first_line=1 + skipped).bodies()
    else:
        yield from _Documents(source, name, limits).bodies()
        return
    if source.fault is not None:
        yield source.fault


def _foreign(name: str, head: bytes) -> Malformed:
    for magic, words in _FORMATS:
        if head.startswith(magic):
            return Malformed(name, "byte 0", Reason.NOT_JSON, words)
    if head[_TAR] == b"ustar":
        return Malformed(name, "byte 0", Reason.NOT_JSON, "a tar archive; unpack it first: `tar -x`")
    text = head.decode("utf-8", "replace")
    words = (
        f"text: {excerpt(head)}" if text[:200].isprintable() or ("\n" in text and "\0" not in text) else "binary data"
    )
    return Malformed(name, "byte 0", Reason.NOT_JSON, words)


class _Source:
    """Text that was read and not yet used, the fault that ended it, if one did, and whether it ended."""

    def __init__(self, pieces: Iterable[Piece], limits: Limits) -> None:
        self.held = bytearray()
        self.fault: Malformed | None = None
        self.ended = False
        self._pieces = iter(pieces)
        self._limits = limits

    def fill(self, size: int) -> bool:
        """Read until more than `size` bytes are held: then True, False at the end. Of faults the first is kept."""
        while not self.ended and len(self.held) <= size:
            piece = next(self._pieces, None)
            if isinstance(piece, bytes):
                self.held += piece
            elif piece is None:
                self.ended = True
            else:
                self.fault = self.fault or piece
        return not self.ended

    def strip_start(self) -> int:
        """Drop a byte order mark and white space; returns how many line ends were among it."""
        if self.held.startswith(_BOM):
            del self.held[: len(_BOM)]
        text = self.held.lstrip(_SPACE)
        dropped = self.held[: len(self.held) - len(text)]
        self.held = text
        return dropped.count(b"\n")

    def take(self, size: int) -> bytes:
        """Use up the first `size` bytes held."""
        taken = bytes(memoryview(self.held)[:size])
        del self.held[:size]
        return taken


def _is_lines(source: _Source) -> bool:
    """Whether each line is a value of its own: the first is one; or, being broken, does not go on into the next two."""
    end = source.held.find(b"\n")
    if end < 0 or (source.ended and not source.held[end:].strip(_SPACE)) or not source.held.startswith(b"{"):
        return False
    line = bytes(source.held[:end]).rstrip(_SPACE)
    if json_error(line) is None:
        return True
    followers = [text for text in bytes(source.held[end : end + _LINES_LOOKED_AT]).split(b"\n") if text.strip(_SPACE)]
    return line[-1:] not in _GOES_ON and all(_is_object(text) for text in followers[:2])


def _is_object(text: bytes) -> bool:
    text = text.strip(_SPACE)
    return text.startswith(b"{") and json_error(text) is None


class _Lines:
    """NDJSON cut into chunks of whole lines; lines that hold log files or messages become bodies of their own."""

    def __init__(self, source: _Source, name: str, limits: Limits, first_line: int) -> None:
        self._source = source
        self._name = name
        self._limits = limits
        self._line = first_line
        self._numbering = Numbering()
        first = bytes(source.held[: source.held.find(b"\n")])
        self._plain = not _carries(first)

    def bodies(self) -> Iterator[Body | Malformed]:
        source, limits = self._source, self._limits
        want = limits.chunk_bytes
        while True:
            source.fill(want)
            end = len(source.held) if source.ended else source.held.rfind(b"\n") + 1
            if source.ended and source.fault is not None:
                end = _whole_lines(source.held)
            if end:
                yield from self._chunk(source.take(end))
                want = limits.chunk_bytes
            elif source.ended:
                return
            elif len(source.held) > limits.decompressed_bytes:
                yield self._drop_line()
            else:
                want = min(2 * len(source.held), limits.decompressed_bytes)
            if source.ended and (source.fault is not None or not source.held):
                return

    def _chunk(self, data: bytes) -> Iterator[Body | Malformed]:
        data, lost = without_short_lines(data)
        if lost:
            place = f"from line {self._line} on"
            yield Malformed(self._name, place, Reason.NOT_CLOUDTRAIL, f"{lost:,} lines are too short to be records")
        if self._plain:
            if data.strip(_SPACE):
                yield Body(Kind.NDJSON, data, self._name, self._line)
            self._line += data.count(b"\n")
            return
        lines = data.split(b"\n")
        for carries, run in itertools.groupby(lines, _carries):
            text = list(run)
            yield from self._carriers(text) if carries else self._run(text)
        self._line -= 1

    def _carriers(self, lines: list[bytes]) -> Iterator[Body | Malformed]:
        before: Kind | None = None
        for line in lines:
            for document in documents(line):
                for found in bodies_of(document, self._name, self._limits, f"line {self._line}"):
                    kind = found.kind if isinstance(found, Body) else None
                    if kind is not Kind.SIMULATION or kind is not before:  # a ground truth is one, not one a line
                        yield from (found,) if isinstance(found, Malformed) else numbered(found, self._numbering)
                    before = kind
            self._line += 1

    def _run(self, lines: list[bytes]) -> Iterator[Body]:
        body = Body(Kind.NDJSON, b"\n".join(lines), self._name, self._line)
        if body.data.strip(_SPACE):
            self._numbering.place(body)
            yield body
        self._line += len(lines)

    def _drop_line(self) -> Malformed:
        """Give up the rest of a line that is longer than anything that may be held."""
        source, place = self._source, f"line {self._line}"
        while (end := source.held.find(b"\n")) < 0 and not source.ended:
            source.held.clear()
            source.fill(self._limits.chunk_bytes)
        source.take(end + 1 if end >= 0 else len(source.held))
        self._line += 1
        return Malformed(self._name, place, Reason.TOO_LARGE, f"more than {self._limits.decompressed_bytes} bytes")


def _carries(line: bytes) -> bool:
    """Whether a line is something that `split` is not to open: it makes a body of its own."""
    return not is_plain_record(line) and kind_of(fields_of(line).values) in _CARRIERS


def _is_record_or_event(text: bytes) -> bool:
    return is_plain_record(text) or (json_error(text) is None and not _carries(text))


def _whole_lines(held: bytearray) -> int:
    """How much of a text that was cut short is whole lines; its last line counts if it is whole JSON."""
    end = held.rfind(b"\n") + 1
    last = bytes(held[end:])
    return len(held) if last.strip(_SPACE) and json_error(last) is None else end


class _Documents:
    """JSON documents, pretty-printed or on one line, one or many; each is held whole."""

    def __init__(self, source: _Source, name: str, limits: Limits) -> None:
        self._source = source
        self._name = name
        self._limits = limits
        self._document = 1
        self._numbering = Numbering()

    def bodies(self) -> Iterator[Body | Malformed]:
        source, limits = self._source, self._limits
        want = 4 * limits.chunk_bytes
        while source.fill(want):
            end = _last_boundary(source.held)
            if end:
                yield from self._emit(documents(source.take(end)))
            elif len(source.held) > limits.decompressed_bytes:
                detail = f"more than {limits.decompressed_bytes} bytes in one document; the rest is not read"
                source.fault = Malformed(self._name, "", Reason.TOO_LARGE, detail)
                break
            want = min(2 * len(source.held) + 4 * limits.chunk_bytes, limits.decompressed_bytes)
        yield from self._last(source.take(len(source.held)), source.fault)

    def _last(self, text: bytes, fault: Malformed | None) -> Iterator[Body | Malformed]:
        is_one = fault is None and not is_plain_log_file(text) and json_error(text) is None
        parts = [text] if is_one else documents(text)
        if fault is None:
            yield from self._emit(parts, more=not is_one)
            return
        *whole, last = parts
        yield from self._emit(whole)
        if last.strip(_SPACE) and json_error(last) is None:
            yield from self._emit([last])
            yield fault
            return
        yield from _salvage(last, self._name, self._limits, fault, self._numbering)

    def _emit(self, parts: list[bytes], *, more: bool = True) -> Iterator[Body | Malformed]:
        """Bodies for these documents; records in a row become one array, so that they travel together."""
        run: list[bytes] = []
        for part in parts:
            text = part.strip(_SPACE)
            if not text:
                continue
            if len(parts) > 1 and not is_plain_log_file(text) and _is_record_or_event(text):
                run.append(text)
                continue
            yield from self._array(run)
            run = []
            place = f"document {self._document}" if len(parts) > 1 or self._document > 1 else ""
            for found in bodies_of(text, self._name, self._limits, place):
                if isinstance(found, Body):
                    yield from numbered(found, self._numbering, more=more)
                else:
                    yield found
            self._document += 1
        yield from self._array(run)

    def _array(self, run: list[bytes]) -> Iterator[Body]:
        if run:
            yield self._numbering.place(Body(Kind.ARRAY, b"[" + b",".join(run) + b"]", self._name))
            self._document += len(run)


def _last_boundary(held: bytearray) -> int:
    end = 0
    for found in brackets.DOCUMENT_BOUNDARY.finditer(held):
        end = found.start() + 1
    return end


def bodies_of(text: bytes, name: str, limits: Limits, place: str) -> Iterator[Body | Malformed]:
    """The body that one document is; messages of a carrier are unpacked into one."""
    text = text.strip(_SPACE)
    if is_plain_log_file(text):
        yield Body(Kind.LOG_FILE, text, name)
        return
    if text.startswith(b"["):
        yield Body(Kind.ARRAY, text, name)
        return
    kind = Kind.SUBSCRIPTION if text.startswith(GZIP_IN_BASE64) else kind_of(fields_of(text).values)
    if kind is None:
        error = json_error(text)
        reason = Reason.NOT_CLOUDTRAIL if error is None else Reason.BROKEN_JSON
        yield Malformed(name, place, reason, error or "no key of a CloudTrail record")
    elif kind is Kind.SUBSCRIPTION:
        yield from _unpacked(text, name, limits, place)
    else:
        yield Body(kind, text, name)


def _unpacked(text: bytes, name: str, limits: Limits, place: str) -> Iterator[Body | Malformed]:
    opener = Opener(name, limits)
    records = []
    for found in opener.document(text, place):
        if isinstance(found, Malformed):
            yield found
        else:
            # Line ends in valid JSON stand outside strings, where a space means the same.
            records.append(found.replace(b"\r", b" ").replace(b"\n", b" "))
    if records:
        yield Body(Kind.SUBSCRIPTION, b"\n".join(records), name)
    if opener.controls:
        yield Body(Kind.CONTROL, text, name)


def _salvage(
    text: bytes, name: str, limits: Limits, fault: Malformed, numbering: Numbering
) -> Iterator[Body | Malformed]:
    """The whole records of a document that was cut short, as a document that ends behind the last of them."""
    start, kind = _array_of_records(text)
    if start is None:
        if kind is Kind.SUBSCRIPTION:
            found = _unpacked(text, name, limits, "")
            yield from (numbering.place(body) for body in found if isinstance(body, Body))
        yield fault
        return
    elements = brackets.Elements(text, start)
    whole = [value for value in elements if value.closed]
    if whole:
        tail = b"]}" if kind is Kind.LOG_FILE else b"]"
        yield from numbered(Body(kind, text[: whole[-1].end] + tail, name), numbering)
    yield replace(fault, place=", ".join(filter(None, (f"record {numbering.next}", fault.place))))


def _array_of_records(text: bytes) -> tuple[int | None, Kind]:
    """Where the array of a cut document begins, and the kind of body that its whole elements make."""
    if text.startswith(b"["):
        return 0, Kind.ARRAY
    kind = kind_of(fields_of(text).values)
    if kind is Kind.LOG_FILE:
        return records_array(text), kind
    return None, kind or Kind.RECORD
