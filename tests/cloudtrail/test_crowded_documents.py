"""Documents of millions of elements: no memory is spent on them, and no record among them is lost."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtrail.samples import bodies, dump, found, log_file, record, records
from vedette.cloudtrail import crowd
from vedette.cloudtrail.envelope import Body, Malformed, Reason, read_bodies

SHORT = [
    b"0",
    b"-1.5e3",
    b"null",
    b"{}",
    b'""',
    b'"a,b"',
    b'{"a,":"},{"}',
    b'{ "x" : 1 }',
    b'"2026-11-21T10:00"',
    b"[ ]",
    b"{ \n}",
]
OTHERS = [
    dump(record(1)),
    b'{"a":1,"b":2}',
    b'{"a":[]}',
    b'{"a":"\\"},"}',
    b"[1,2]",
    b'"\\u00e9"',
    dump("x" * 40),
    dump(record(2)),
]
elements = st.lists(st.sampled_from(SHORT + OTHERS), max_size=30)


@pytest.mark.parametrize(("before", "after"), [(b"[", b"]"), (b'{"a":[1],"Records": [', b"]\n}")])
@settings(deadline=None, max_examples=60)
@given(texts=elements, comma=st.sampled_from([b",", b" ,\n", b", "]), at_once=st.integers(1, 5))
def test_nothing_that_could_be_a_record_is_left_out(before, after, texts, comma, at_once):
    """What is too short for a record is counted; all else keeps its text and its number."""
    data = before + comma.join(texts) + after
    with pytest.MonkeyPatch.context() as patch:
        whole = found(data)
        for name, value in (("_NEVER_CROWDED", 0), ("_STRIDE", 1), ("_ORDINARY", 1_000_000), ("_AT_ONCE", at_once)):
            patch.setattr(crowd, name, value)
        parts = bodies(data)
        assert objects(found(data)) == objects(whole)
    for body in parts:
        if isinstance(body, Body):
            start = body.first_line - 1
            inside = inside_of(body)
            assert inside == [json.loads(text) for text in texts[start : start + len(inside)]]
    told = sum(len(inside_of(body)) for body in parts if isinstance(body, Body))
    skipped = [int(fault.detail.split()[0]) for fault in parts if isinstance(fault, Malformed)]
    assert told + sum(skipped) == len(texts)


def objects(found):
    """What was read, without objects of one member: in a log file they are records, which have no time."""
    return [one for one in found if isinstance(one, bytes) and len(json.loads(one)) > 1]


def inside_of(body):
    document = json.loads(body.data)
    return document["Records"] if isinstance(document, dict) else document


@pytest.mark.parametrize("element", [b"0", b"{}", b'"xx"', b'{"a":1}'])
@pytest.mark.parametrize("wrap", [log_file, lambda texts: b"[" + b",".join(texts) + b"]"], ids=["log file", "array"])
def test_a_crowd_costs_no_memory(element, wrap):
    """Decoded at once, each element would take a hundred bytes and more; a small object could hold millions."""
    real = dump(record(7))
    data = gzip.compress(wrap([*[element] * 150_000, real, *[element] * 150_000]), 1)
    tracemalloc.start()
    got = [one for one in read_bodies(io.BytesIO(data), "object") if isinstance(one, Malformed) or real in one.data]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000
    assert sum(isinstance(one, Body) for one in got) == 1
    assert {one.reason for one in got if isinstance(one, Malformed)} <= {Reason.NOT_CLOUDTRAIL}


def test_a_crowd_of_lines_costs_no_memory():
    """Each would be a fault of its own; blank lines are none, and records among them are where they were."""
    real = dump(record(7))
    data = b"{}\n" * 400_000 + b"\n \r\n" + real + b"\n" + b"{}\n" * 400_000
    tracemalloc.start()
    got = list(read_bodies(io.BytesIO(data), "object"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000
    lost = [int(fault.detail.split()[0].replace(",", "")) for fault in got if isinstance(fault, Malformed)]
    assert sum(lost) == 800_000
    assert [line for body in got if isinstance(body, Body) for line in body.data.split(b"\n") if line.strip()] == [real]
    (body,) = (body for body in got if isinstance(body, Body))
    assert body.first_line + body.data[: body.data.index(real)].count(b"\n") == 400_003


def test_a_few_short_lines_are_no_crowd():
    """Each is judged as it stands: what is short may still be an event's name, and is told by its line."""
    assert records(b'{"eventName":"x"}\n' * 3) == [b'{"eventName":"x"}'] * 3


def test_a_crowd_that_is_cut_short_is_told():
    real = dump(record(7))
    data = b'{"Records":[' + b"0," * 900_000 + real + b"," + real[:-9]
    assert records(data) == [real]
    (skipped, cut) = sorted((one for one in found(data) if isinstance(one, Malformed)), key=lambda one: one.place)
    assert skipped.detail == "900,000 elements are too short to be records"
    assert (cut.reason, cut.place.split(", ")[0]) == (Reason.CUT_SHORT, "record 900002")


def test_log_files_are_no_crowd():
    texts = [dump(record(number)) for number in range(4_000)]
    data = log_file(texts)
    assert len(data) > crowd._NEVER_CROWDED
    assert not crowd.is_crowded(data)
    assert len(bodies(data)) == 1
