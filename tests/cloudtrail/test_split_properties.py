"""Properties of splitting and scanning, on made and on mutilated texts."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloudtrail.samples import COMPRESSIONS, ENVELOPES, dump, found, log_file, record, records
from vedette.cloudtrail import brackets
from vedette.cloudtrail.envelope import Body, Kind, Malformed, Reason, split
from vedette.cloudtrail.limits import Limits

SETTINGS = settings(max_examples=50, deadline=None)
SMALL = Limits(chunk_bytes=50, decompressed_bytes=4_000, record_bytes=500, depth=8)

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)
spaces = st.text(" \t\r\n", max_size=2).map(str.encode)


@st.composite
def good_records(draw: st.DrawFn) -> bytes:
    """A record in any of the spellings of JSON."""
    fields = draw(st.dictionaries(st.text(), values, max_size=4))
    fields = {"eventName": "a"} | fields
    text = json.dumps(fields, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 0, 1])))
    return text.encode("utf-8", "replace")


bad_elements = st.sampled_from(
    [
        b"1",
        b'"{"',
        b"null",
        b"[]",
        b'[{"eventName":1}]',
        b"true",
        b"NaN",
        b'{"a":tru}',
        b'{"a" 1}',
        b'{"a":"\xff"}',
        b'{"a":01}',
        b'{"a":"\\x"}',
        b"{,}",
        b"{" + b'"a":[' * 200 + b"]" * 200 + b"}",
        b'{"a":' + b"[" * 1_500 + b"]" * 1_500 + b"}",
        b"{} x",
        b"",
    ]
)


@SETTINGS
@given(st.lists(st.tuples(spaces, good_records() | bad_elements, spaces), max_size=8))
def test_every_element_is_exactly_one_record_or_one_malformed(elements):
    """Conservation: records in = records out + malformed, in order, each where it stood."""
    inner = [before + element + after for before, element, after in elements]
    if len(inner) == 1 and not inner[0].strip():
        return
    got = list(split(Body(Kind.LOG_FILE, log_file(inner), "x")))
    assert len(got) == len(elements)
    for number, (item, (_, element, _)) in enumerate(zip(got, elements, strict=True), 1):
        if is_record(element):
            assert item == element
        else:
            assert isinstance(item, Malformed)
            assert re.match(rf"record {number}\b", item.place)


def is_record(element: bytes) -> bool:
    """The slow reference: Python's own reading, and a count of brackets outside strings."""
    try:
        text = element.decode()
        value = json.loads(text)
        return isinstance(value, dict) and depth_of(value) <= 64
    except (ValueError, RecursionError):
        return False


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@SETTINGS
@given(
    st.lists(good_records(), min_size=1, max_size=4),
    st.sampled_from(sorted(ENVELOPES)),
    st.sampled_from(sorted(COMPRESSIONS)),
)
def test_unwrap_of_wrap_is_identity(texts, envelope, compression):
    _, wrap = ENVELOPES[envelope]
    one_line = [text.replace(b"\n", b"") for text in texts]
    assert found(COMPRESSIONS[compression](wrap(one_line))) == one_line
    assert found(wrap(one_line), Limits(chunk_bytes=30)) == one_line


@SETTINGS
@given(values, spaces)
def test_a_value_ends_where_a_parser_says(value, space):
    """The scanner agrees with Python's parser about the end and the depth of every valid value."""
    text = json.dumps(value).encode()
    scanned = brackets.value_at(text + space + b",]}", 0)
    assert (scanned.end, scanned.closed) == (len(text), True)
    assert scanned.depth == depth_of(value)
    again = json.dumps([value, value], indent=1).encode() + b" tail"
    elements = brackets.Elements(again, 0)
    assert [json.loads(again[item.start : item.end]) for item in elements] == [value, value]
    assert elements.end == len(again) - len(b" tail")


@SETTINGS
@given(st.dictionaries(st.text(), values, max_size=5))
def test_members_are_what_a_parser_finds(fields):
    text = json.dumps(fields, indent=1).encode()
    got = {
        json.loads(b'"' + key + b'"'): json.loads(text[item.start : item.end])
        for key, item in brackets.members(text, 0)
    }
    assert got == fields


@SETTINGS
@given(values, values)
def test_a_document_boundary_never_stands_within_a_document(first, second):
    """The quotation mark of the boundary can be no string's end, and `}{` stands only between documents."""
    texts = [json.dumps({"a": value}).encode() for value in (first, second)]
    for text in texts:
        assert brackets.DOCUMENT_BOUNDARY.search(text) is None
    assert len(brackets.DOCUMENT_BOUNDARY.findall(b"\n".join(texts))) == 1


fragments = st.sampled_from(
    [
        *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\n", b" ", b"\xff", b"\x00", b"1", b"tru", b"null"),
        *(b'{"Records":[', b'{"eventName":"a"}', b'"eventName"', b'{"logEvents":[', b'{"message":"{}"}', b'"detail":{'),
        *(
            b'{"awslogs":{"data":"',
            b"H4sI",
            b"\x1f\x8b\x08\x00",
            b'{"kinesis":{"data":"',
            b"\xef\xbb\xbf",
            b"]}",
            b'"digestEndTime"',
        ),
        *(
            b'{"messageType":"CONTROL_MESSAGE"}',
            b'"Records"',
            b'"events":[',
            b'{"records":[{"data":"e30="}]}',
            b"}{",
            b'\n{"a',
        ),
    ]
)


@settings(max_examples=250, deadline=None)
@given(st.lists(fragments, max_size=14).map(b"".join) | st.binary(max_size=80))
@example(b'{"Records":[{"kinesis":{"data":"')
@example(b'{"detail":{')
@example(b'{"records":[1')
@example(b'{"records":{}}{"Records":[[[')
def test_no_bytes_raise(data):
    """Whatever the bytes: no exception, and what is called a record is a JSON object of the text."""
    for limits in (Limits(), SMALL):
        for stored in (data, gzip.compress(data)):
            got = found(stored, limits)
            assert (
                got or not data.strip() or b"essage" in data or b"Records" in data or b"[" in data or b"digest" in data
            )
            for item in got:
                if isinstance(item, bytes):
                    assert isinstance(json.loads(item), dict)


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_mutilated_objects_never_raise_and_never_invent(data):
    """A byte changed, lost or added costs at most what it touches and what cannot be followed behind it."""
    texts = [dump(record(number)) for number in range(4)]
    name = data.draw(st.sampled_from(sorted(ENVELOPES)))
    compress = data.draw(st.sampled_from([bytes, _gzip]))
    whole = compress(ENVELOPES[name][1](texts))
    at = data.draw(st.integers(0, len(whole) - 1))
    middle = data.draw(st.sampled_from([b"", whole[at : at + 1] * 2, b"\x00", b'"', b"}", b"[", b",", b"\xfe"]))
    got = found(whole[:at] + middle + whole[at + 1 :])
    for item in got:
        if isinstance(item, bytes):
            assert isinstance(json.loads(item), dict)
    lost = [text for text in texts if text not in got]
    assert not lost or len(got) > len(texts) - len(lost)


@SETTINGS
@given(st.lists(good_records(), min_size=2, max_size=5), st.data())
def test_a_broken_line_is_the_only_one_lost(texts, data):
    """In NDJSON the lines after a broken one go on."""
    lines = [text.replace(b"\n", b"") for text in texts]
    at = data.draw(st.integers(0, len(lines) - 1))
    broken = [*lines[:at], lines[at][:-1], *lines[at + 1 :]]
    assert records(b"\n".join(broken)) == lines[:at] + lines[at + 1 :]


def test_huge_integers_are_valid_json():
    text = b'{"eventName":' + b"7" * 10_000 + b"}"
    assert list(split(Body(Kind.RECORD, text, "x"))) == [text]
    nan = b'{"eventName":NaN,"a":' + b"7" * 10_000 + b"}"
    assert list(split(Body(Kind.RECORD, nan, "x"))) == [nan]


@pytest.mark.parametrize("depth", [63, 64])
def test_the_depth_limit_counts_open_brackets(depth):
    text = b'{"eventName":' + b"[" * depth + b"]" * depth + b"}"
    (item,) = split(Body(Kind.RECORD, text, "x"))
    assert item == text if depth < 64 else item.reason is Reason.TOO_DEEP


def test_depth_beyond_what_any_parser_takes_is_the_limit_s_to_allow():
    text = b'{"eventName":' + b"[" * 5_000 + b"]" * 5_000 + b"}"
    (item,) = split(Body(Kind.RECORD, text, "x"), Limits(depth=10_000))
    assert item.reason is Reason.BROKEN_JSON
