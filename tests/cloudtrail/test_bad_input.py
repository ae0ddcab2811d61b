"""Hostile and broken objects: each costs a counted fault, never an exception, never the rest of the work."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import random
import tarfile
import time
import tracemalloc
import zlib

import pytest

from cloudtrail.samples import (
    Grudging,
    bodies,
    data_message,
    dump,
    eventbridge,
    faults,
    found,
    found_in,
    in_base64,
    log_file,
    reasons,
    record,
    records,
)
from vedette.cloudtrail.envelope import Body, Kind, Malformed, Reason, read_bodies, split
from vedette.cloudtrail.limits import DEFAULT_LIMITS, Limits

CHANCE = random.Random(7)
TEXTS = [dump(record(number, requestID=f"{CHANCE.getrandbits(600):x}")) for number in range(40)]
WHOLE = log_file(TEXTS)
STORED = gzip.compress(WHOLE)


def is_start_of(part: list[bytes], whole: list[bytes]) -> bool:
    return part == whole[: len(part)]


@pytest.mark.parametrize("at", range(200, len(STORED), 100))
def test_truncated_gzip_yields_what_was_whole(at):
    """Truncated gzip yields what was whole: no record that is whole in the decompressed part is lost."""
    part = zlib.decompressobj(wbits=31).decompress(STORED[:at])
    got = records(STORED[:at])
    assert is_start_of(got, TEXTS)
    assert len(got) == sum(
        log_file(TEXTS[: n + 1])[:-2] == part[: len(log_file(TEXTS[: n + 1])) - 2] for n in range(40)
    )
    (fault,) = faults(STORED[:at])
    assert fault.reason is Reason.CUT_SHORT
    assert fault.place.startswith(f"record {len(got) + 1}")


def test_truncated_gzip_gives_bodies_that_are_whole():
    """A consumer that decodes bodies by itself meets no broken body behind a truncation."""
    for at in range(60, len(STORED), 50):
        for body in bodies(STORED[:at]):
            if isinstance(body, Body):
                assert json.loads(body.data)["Records"]


def test_a_missing_gzip_trailer_loses_no_record():
    assert records(STORED[:-8]) == TEXTS
    assert reasons(STORED[:-8]) == [Reason.CUT_SHORT]


@pytest.mark.parametrize("joined", [b"\n".join(TEXTS), b"[" + b",".join(TEXTS) + b"]", b"".join(TEXTS)])
def test_truncation_of_other_shapes(joined):
    stored = gzip.compress(joined)
    for at in range(100, len(stored), 37):
        part = zlib.decompressobj(wbits=31).decompress(stored[:at])
        got = records(stored[:at])
        assert is_start_of(got, TEXTS)
        assert len(got) == sum(part.find(text) >= 0 for text in TEXTS)
        assert reasons(stored[:at]) == [Reason.CUT_SHORT]


def test_truncated_payloads_of_log_messages():
    stored = gzip.compress(data_message(TEXTS))
    for at in range(40, len(stored), 37):
        assert is_start_of(records(stored[:at]), TEXTS)
        assert reasons(stored[:at]) == [Reason.CUT_SHORT]


def test_a_corrupt_payload_yields_what_came_before_it():
    payload = bytearray(gzip.compress(data_message(TEXTS)))
    payload[-6] ^= 0xFF
    data = dump({"awslogs": {"data": base64.b64encode(bytes(payload)).decode()}})
    assert records(data) == TEXTS
    assert reasons(data) == [Reason.CORRUPT]


@pytest.mark.parametrize("at", range(60, len(STORED) - 8, 97))
def test_corrupt_gzip_yields_what_came_before(at):
    """Compared with a slow reference that inflates a byte at a time until the fault."""
    broken = bytearray(STORED)
    broken[at] ^= 0x55
    part, reference = b"", zlib.decompressobj(wbits=31)
    try:
        for byte in broken:
            part += reference.decompress(bytes((byte,)))
    except zlib.error:
        pass
    got = found(bytes(broken))
    assert any(isinstance(item, Malformed) for item in got)
    whole = sum(part.startswith(log_file(TEXTS[: n + 1])[:-2]) for n in range(len(TEXTS)))
    assert [item for item in got if isinstance(item, bytes)][:whole] == TEXTS[:whole]


def test_a_wrong_checksum_loses_no_record():
    broken = bytearray(STORED)
    broken[-6] ^= 1
    assert records(bytes(broken)) == TEXTS
    assert reasons(bytes(broken)) == [Reason.CORRUPT]


def test_corruption_in_a_later_member_keeps_the_earlier_ones():
    second = bytearray(STORED)
    second[-6] ^= 1
    assert records(STORED + bytes(second)) == TEXTS * 2


def test_data_behind_the_gzip_stream():
    assert found(STORED + b"junk")[:-1] == TEXTS
    assert reasons(STORED + b"junk") == [Reason.TRAILING_DATA]
    assert reasons(STORED + b"x") == [Reason.CUT_SHORT]
    assert faults(STORED + bytes(100)) == []


class Bomb(io.RawIOBase):
    """One GiB of zeros, compressed as it is read; remembers how much was asked for."""

    def __init__(self) -> None:
        self.given = 0
        self._blocks = 1024
        packer = zlib.compressobj(9, wbits=31)
        self._block = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
        self._next = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)

    def read(self, size: int = -1) -> bytes:
        if not self._blocks:
            return b""
        self._blocks -= 1
        out, self._block = self._block, self._next
        self.given += len(out)
        return out


def test_a_bomb_is_left_early_and_costs_little_memory():
    """Decompression is bounded: 200 times the stored size, once 16 MiB are passed."""
    bomb = Bomb()
    tracemalloc.start()
    try:
        got = list(found_in(bomb))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [item.reason for item in got if isinstance(item, Malformed)] == [Reason.NOT_JSON]
    assert peak < 64 << 20

    head = io.BytesIO(gzip.compress(b'{"Records":[{"eventName":"' + bytes(100 << 20), 9))
    (fault,) = found_in(head)
    assert isinstance(fault, Malformed)
    assert fault.reason is Reason.EXPANDS_TOO_MUCH


def test_a_bomb_behind_records_keeps_the_records():
    got = found(gzip.compress(b"\n".join(TEXTS) + b"\n" + bytes(64 << 20), 9))
    assert got[:-1] == TEXTS
    assert got[-1].reason is Reason.EXPANDS_TOO_MUCH


def test_repetitive_records_are_no_bomb():
    """Real records repeat all but their identifiers, which no compression removes."""
    shape = dump(record(eventID="ID", requestID="ID2", requestParameters={"names": ["same"] * 200}))
    texts = [
        shape.replace(b"ID2", b"%032x" % CHANCE.getrandbits(128)).replace(b"ID", b"%032x" % CHANCE.getrandbits(128))
        for _ in range(12_000)
    ]
    data = log_file(texts)
    assert len(data) > DEFAULT_LIMITS.ratio_free_bytes
    assert len(records(gzip.compress(data, 9))) == 12_000


def test_more_than_may_be_held():
    limits = Limits(decompressed_bytes=50_000, chunk_bytes=4_096)
    many = [dump(record(number)) for number in range(5_000)]
    got = found(log_file(many), limits)
    assert is_start_of([item for item in got if isinstance(item, bytes)], many)
    assert [item.reason for item in got if isinstance(item, Malformed)] == [Reason.TOO_LARGE]
    assert records(b"\n".join(many), limits) == many
    assert records(b"".join(many), limits) == many


def test_a_line_longer_than_may_be_held_is_dropped_alone():
    limits = Limits(decompressed_bytes=50_000, chunk_bytes=4_096)
    giant = dump(record(userAgent="x" * 3_000_000))
    data = b"\n".join([*TEXTS, giant, *TEXTS])
    got = found(data, limits)
    assert [item for item in got if isinstance(item, bytes)] == TEXTS * 2
    assert [(item.place, item.reason) for item in got if isinstance(item, Malformed)] == [("line 41", Reason.TOO_LARGE)]
    assert reasons(b"\n".join([*TEXTS, giant]), limits) == [Reason.TOO_LARGE]


def test_base64_longer_than_may_be_held():
    got = found(b"\n".join([in_base64(data_message(TEXTS)).encode()] * 20), Limits(decompressed_bytes=100_000))
    assert Reason.TOO_LARGE in [item.reason for item in got if isinstance(item, Malformed)]


def test_a_payload_that_expands_to_more_than_may_be_held():
    data = dump({"awslogs": {"data": in_base64(data_message(TEXTS))}})
    assert Reason.TOO_LARGE in reasons(data, Limits(decompressed_bytes=5_000))


def test_more_stored_bytes_than_allowed():
    noise = gzip.compress(log_file(TEXTS), 0)
    assert reasons(noise, Limits(compressed_bytes=1_000)) == [Reason.TOO_LARGE]


@pytest.mark.parametrize("wrap", [log_file, b"\n".join, lambda texts: b"[" + b",".join(texts) + b"]"])
@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (dump(record()).replace(b'"alice"', b"[" * 10_000 + b"]" * 10_000), Reason.TOO_DEEP),
        (dump(record()).replace(b'"alice"', b'{"a":' * 100 + b"1" + b"}" * 100), Reason.TOO_DEEP),
        (dump(record(userAgent="x" * (40 << 20))), Reason.TOO_LARGE),
        (dump(record()).replace(b"alice", b"al\xffice"), Reason.NOT_UTF8),
        (dump(record()).replace(b'"alice"', b"tru"), Reason.BROKEN_JSON),
        (dump(record()).replace(b'"alice"', b'"\\q"'), Reason.BROKEN_JSON),
        (dump(record()).replace(b'"alice"', b'"\x01"'), Reason.BROKEN_JSON),
        (dump(record()).replace(b'"alice"', b"01"), Reason.BROKEN_JSON),
        (dump(record()).replace(b'"userName":', b'"userName"'), Reason.BROKEN_JSON),
        (b"17", Reason.NOT_AN_OBJECT),
        (b'"text"', Reason.NOT_AN_OBJECT),
        (b"null", Reason.NOT_AN_OBJECT),
        (b"NaN", Reason.NOT_AN_OBJECT),
    ],
    ids=lambda value: value.name if isinstance(value, Reason) else value[:12].decode(),
)
def test_one_bad_record_is_the_only_one_lost(wrap, odd, reason):
    got = found(wrap([*TEXTS[:2], odd, *TEXTS[2:4]]))
    assert [item for item in got if isinstance(item, bytes)] == TEXTS[:4]
    assert [item.reason for item in got if isinstance(item, Malformed)] == [reason]
    assert got[2].place.startswith(("record 3", "line 3"))


@pytest.mark.parametrize("wrap", [log_file, b"\n".join, lambda texts: b"[" + b",".join(texts) + b"]"])
@pytest.mark.parametrize(
    "odd",
    [
        dump(record()).replace(b'"alice"', b"NaN"),
        dump(record()).replace(b'"alice"', b"-Infinity"),
        dump(record()).replace(b'"alice"', b"9" * 20_000),
        dump(record()).replace(b'"alice"', b"1e999999"),
        dump(record()).replace(b'"alice"', b'"a","userName":"b"'),
        dump(record()).replace(b"alice", b"\\ud800"),
        dump(record()).replace(b"alice", "zoë\u2028".encode()),
        dump(record()).replace(b'"alice"', b"[" * 60 + b"]" * 60),
    ],
    ids=["NaN", "Infinity", "long integer", "overflow", "duplicate key", "lone surrogate", "UTF-8", "60 deep"],
)
def test_odd_records_survive_as_written(wrap, odd):
    """NaN, huge integers and duplicate keys can be split: the record is kept, and its reader decides."""
    texts = [*TEXTS[:2], odd, *TEXTS[2:4]]
    assert found(wrap(texts)) == texts


def test_brackets_that_do_not_fit_lose_what_follows_and_say_where():
    texts = [*TEXTS[:3], b'{"eventName":[}', *TEXTS[3:5]]
    got = found(log_file(texts))
    assert got[:3] == TEXTS[:3]
    (fault,) = got[3:]
    assert fault.reason is Reason.BROKEN_JSON
    assert fault.place == f"record 4, byte {len(log_file(TEXTS[:3])) - 1}"
    assert "cannot be told apart" in fault.detail


@pytest.mark.parametrize("cut", [1, 2, 30, 400])
def test_a_log_file_cut_short_without_compression(cut):
    got = found(WHOLE[:-cut])
    whole = [item for item in got if isinstance(item, bytes)]
    assert is_start_of(whole, TEXTS)
    assert len(whole) >= len(TEXTS) - 2
    assert [item.reason for item in got if isinstance(item, Malformed)] == [Reason.CUT_SHORT]


@pytest.mark.parametrize(
    ("text", "count", "wanted"),
    [
        (log_file(TEXTS[:2]) + b"x", 2, [Reason.BROKEN_JSON]),
        (log_file(TEXTS[:2])[:-1] + b',"a":tru}', 2, [Reason.BROKEN_JSON]),
        (log_file([TEXTS[0], b"", TEXTS[1]]), 2, [Reason.NOT_AN_OBJECT]),
        (log_file([TEXTS[0], TEXTS[1] + b" x"]), 1, [Reason.BROKEN_JSON]),
        (log_file([TEXTS[0] + b" " + TEXTS[1]]), 2, []),
        (b'{"Records":[' + TEXTS[0] + b"}", 1, [Reason.CUT_SHORT]),
        (b'{"a":[}],"Records":[' + TEXTS[0] + b"]}", 0, [Reason.BROKEN_JSON]),
        (b'{"Records" [' + TEXTS[0] + b"]}", 0, [Reason.BROKEN_JSON]),
        (log_file([b'{"eventName":"a']), 0, [Reason.CUT_SHORT]),
        (log_file([TEXTS[0], b"}"]), 1, [Reason.CUT_SHORT]),
    ],
)
def test_broken_between_records(text, count, wanted):
    got = found(text)
    assert len([item for item in got if isinstance(item, bytes)]) == count
    assert [item.reason for item in got if isinstance(item, Malformed)] == wanted


def test_a_broken_array():
    got = found(b"[" + TEXTS[0] + b"," + eventbridge(TEXTS[1]) + b",tru," + log_file(TEXTS[2:4]) + b"]x")
    assert [item for item in got if isinstance(item, bytes)] == TEXTS[:4]
    assert [item.reason for item in got if isinstance(item, Malformed)] == [Reason.NOT_AN_OBJECT, Reason.TRAILING_DATA]


def test_a_broken_document_in_a_row_is_the_only_one_lost():
    got = found(b"\n".join([TEXTS[0], TEXTS[1][:-2].replace(b'","', b'",\n"'), TEXTS[2], b'{"a":\n1}', TEXTS[3]]))
    assert [item for item in got if isinstance(item, bytes)] == [TEXTS[0], TEXTS[2], TEXTS[3]]
    pretty = [json.dumps(json.loads(text), indent=1).encode() for text in TEXTS[:4]]
    pretty[1] = pretty[1].replace(b'"alice"', b"tru")
    got = found(b"\n".join(pretty))
    assert [item for item in got if isinstance(item, bytes)] == [pretty[0], pretty[2], pretty[3]]
    assert [item.reason for item in got if isinstance(item, Malformed)] == [Reason.BROKEN_JSON]


class Failing(io.RawIOBase):
    """A stream whose disk gives up."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int = -1) -> bytes:
        if not self._data:
            raise OSError(5, "Input/output error")
        data, self._data = self._data, b""
        return data


@pytest.mark.parametrize("data", [WHOLE[:-20], STORED[:-20], b"\n".join(TEXTS), WHOLE])
def test_a_read_that_fails_keeps_what_came_before(data):
    got = list(found_in(Failing(data)))
    whole = [item for item in got if isinstance(item, bytes)]
    assert is_start_of(whole, TEXTS)
    assert len(whole) >= len(TEXTS) - 4
    (fault,) = [item for item in got if isinstance(item, Malformed)]
    assert fault.reason is Reason.UNREADABLE


def test_a_read_that_fails_at_once():
    assert [item.reason for item in found_in(Failing(b""))] == [Reason.UNREADABLE]


def test_a_stream_of_lines_is_held_in_chunks():
    """Constant memory for NDJSON of any length."""

    class Lines(io.RawIOBase):
        def __init__(self) -> None:
            self.left = 64

        def read(self, size: int = -1) -> bytes:
            self.left -= 1
            return b"".join(text + b"\n" for text in TEXTS) * 50 if self.left >= 0 else b""

    tracemalloc.start()
    try:
        count = sum(body.data.count(b"\n") for body in read_bodies(Lines(), "lines"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 64 * 50 * len(TEXTS)
    assert peak < 16 << 20


def test_bodies_without_records_split_to_nothing():
    assert [list(split(Body(kind, b"{}", "x"))) for kind in (Kind.DIGEST, Kind.INSIGHT, Kind.CONTROL)] == [[], [], []]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04\x14\x00", "a zip archive; unpack it first: `unzip`"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd compression; unpack it first: `zstd -d`"),
        (bz2.compress(b"{}"), "bzip2 compression; unpack it first: `bunzip2`"),
        (lzma.compress(b"{}"), "xz compression; unpack it first: `unxz`"),
        (b"PAR1\x15\x04", "a Parquet file; write it as lines of JSON first"),
        ("{}".encode("utf-16"), "UTF-16 text; make it UTF-8 with `iconv -f UTF-16 -t UTF-8`"),
        ("{}".encode("utf-32"), "UTF-32 text; make it UTF-8 with `iconv -f UTF-32 -t UTF-8`"),
        ("{}".encode("utf-16-le"), "UTF-16 text without its mark; make it UTF-8 with `iconv -f UTF-16LE -t UTF-8`"),
        (b"<!doctype html>", "markup: a page of the web, rather than a log?"),
    ],
)
def test_what_another_program_opens_is_told_with_its_name(data, words):
    """Wrapped in gzip or not, at the beginning of a pipe or of a file."""
    told = [Malformed("object", "byte 0", Reason.NOT_JSON, words)]
    assert found(data) == found(gzip.compress(data)) == list(found_in(Grudging(data + bytes(600)))) == told


def test_a_tar_archive_is_told_with_its_name():
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("log.json"))
    (told,) = found(gzip.compress(made.getvalue()))
    assert str(told) == "object, byte 0: not JSON: a tar archive; unpack it first: `tar -x`"


@pytest.mark.parametrize("before", [b"", b'{"Records":[' + TEXTS[0] + b","])
@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
def test_brackets_without_end_are_given_up(before, bracket):
    """Fifty megabytes of them took half a minute to follow, and led nowhere: many times what a good document takes."""
    good = b'{"Records":[' + b",".join(TEXTS[:1] * 25_000) + b"]}"
    usual, records = _seconds(good)
    assert len(records) == 25_000
    taken, got = _seconds(before + bracket * 3_000_000)
    assert taken < 20 * usual
    assert got[:-1] == TEXTS[:1] * bool(before)
    assert got[-1].reason in {Reason.TOO_DEEP, Reason.BROKEN_JSON, Reason.CUT_SHORT}


def _seconds(data):
    """How long this process works on what is found in the data, by its own clock, and what that is."""
    started = time.process_time()
    got = found(data)
    return time.process_time() - started, got
