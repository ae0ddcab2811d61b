"""Every way in which records are carried gives back their verbatim bytes, however compressed, however they arrive."""

from __future__ import annotations

import base64
import json

import pytest

from cloudtrail.samples import (
    COMPRESSIONS,
    CONTROL_MESSAGE,
    ENVELOPES,
    Grudging,
    bodies,
    corpus,
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
from vedette.cloudtrail.envelope import Body, Kind, Malformed, Reason
from vedette.cloudtrail.limits import DEFAULT_LIMITS, Limits

TEXTS = [dump(record(number)) for number in range(3)]
TINY = Limits(chunk_bytes=64)


@pytest.mark.parametrize("compress", COMPRESSIONS.values(), ids=COMPRESSIONS)
@pytest.mark.parametrize(("kind", "wrap"), ENVELOPES.values(), ids=ENVELOPES)
def test_unwrapping_gives_what_was_wrapped(kind, wrap, compress):
    data = compress(wrap(TEXTS))
    assert {body.kind for body in bodies(data)} == {kind}
    assert found(data) == TEXTS


@pytest.mark.parametrize(("kind", "wrap"), ENVELOPES.values(), ids=ENVELOPES)
def test_the_cut_of_pieces_does_not_matter(kind, wrap):
    data = wrap(TEXTS)
    assert found(data, TINY) == TEXTS
    assert list(found_in(Grudging(data))) == TEXTS
    assert list(found_in(Grudging(COMPRESSIONS["gzip"](data)), TINY)) == TEXTS


@pytest.mark.parametrize(
    ("kind", "text", "wrapped"),
    [
        (Kind.RECORD, TEXTS[0], TEXTS[0]),
        (Kind.RECORD, json.dumps(record(), indent=2).encode(), json.dumps(record(), indent=2).encode()),
        (Kind.EVENTBRIDGE, TEXTS[0], eventbridge(TEXTS[0])),
        (Kind.RECORD, TEXTS[0], b"\n\n" + TEXTS[0] + b"\n"),
    ],
)
def test_one_alone(kind, text, wrapped):
    assert [body.kind for body in bodies(wrapped)] == [kind]
    assert found(wrapped) == [text]


def test_pretty_printed_records_in_a_row():
    texts = [json.dumps(record(number), indent=2).encode() for number in range(5)]
    assert found(b"\n".join(texts)) == texts
    assert found(b"\n".join(texts), TINY) == texts


def test_a_message_loses_only_its_line_ends():
    """Messages are unpacked to one a line; a line end outside strings means the same as a space."""
    pretty = json.dumps(record(), indent=1).encode()
    assert found(data_message([pretty])) == [pretty.replace(b"\n", b" ")]


@pytest.mark.parametrize(
    "data",
    [
        CONTROL_MESSAGE,
        in_base64(CONTROL_MESSAGE).encode(),
        dump({"awslogs": {"data": in_base64(CONTROL_MESSAGE)}}),
        CONTROL_MESSAGE + b"\n",
    ],
)
def test_control_messages_are_told_apart(data):
    assert [body.kind for body in bodies(data)] == [Kind.CONTROL]
    assert found(data) == []


def test_control_messages_among_others():
    data = b"\n".join([CONTROL_MESSAGE, data_message(TEXTS), CONTROL_MESSAGE])
    assert [body.kind for body in bodies(data)] == [Kind.CONTROL, Kind.SUBSCRIPTION, Kind.CONTROL]
    assert found(data) == TEXTS
    assert found(b"\n".join([TEXTS[0], CONTROL_MESSAGE, TEXTS[1]])) == TEXTS[:2]


def test_lines_among_messages_stay_together_and_know_their_number():
    data = b"\n".join([CONTROL_MESSAGE, TEXTS[0], b"", b"{broken", data_message(TEXTS[1:2]), TEXTS[2], b""])
    assert [body.kind for body in bodies(data)] == [Kind.CONTROL, Kind.NDJSON, Kind.SUBSCRIPTION, Kind.NDJSON]
    assert records(data) == TEXTS
    assert [fault.place for fault in faults(data)] == ["line 4"]


def test_digests_and_insights_are_told_apart():
    digest = dump({"awsAccountId": "111122223333", "digestEndTime": "2026-11-21T10:00:00Z", "logFiles": []})
    insight = {"eventVersion": "1.08", "eventType": "AwsCloudTrailInsight", "insightDetails": {"state": "Start"}}
    assert [body.kind for body in bodies(digest)] == [Kind.DIGEST]
    assert [body.kind for body in bodies(dump({"Records": [insight, insight]}))] == [Kind.INSIGHT]
    assert [body.kind for body in bodies(dump({**insight, "eventCategory": "Insight"}))] == [Kind.INSIGHT]
    assert found(digest) == found(dump({"Records": [insight]})) == []


@pytest.mark.parametrize("limits", [DEFAULT_LIMITS, TINY], ids=["at once", "in pieces"])
def test_records_of_joined_log_files_are_numbered_through(limits):
    """As `cat *.gz` joins them: empty ones among them, and the last cut short behind something that is no record."""
    whole = [log_file(TEXTS[:2]), log_file([]), dump({"digestEndTime": "x"}), log_file(TEXTS[2:])]
    cut = b'{"Records":[17,' + TEXTS[0] + b',{"event'
    data = b"".join(map(COMPRESSIONS["gzip"], [*whole, cut]))
    assert [body.first_line for body in bodies(data, limits)] == [1, 3, 3, 3, 4]
    assert [fault.place.split(", ")[0] for fault in faults(data, limits)] == ["record 4", "record 6"]
    shorter = COMPRESSIONS["gzip"](b"".join([*whole, cut]))[:-9]
    assert [fault.place.split(", ")[0] for fault in faults(shorter, limits)] == ["record 4", "record 6"]


def test_what_a_simulation_writes_beside_its_logs_is_told_apart():
    """By what it holds, not by its name: a record never has these keys at its top, whatever a client puts below."""
    row = {"scenario": "root-use", "step": "sign-in", "expected": ["root-login"], "object_key": "AWSLogs/x", **record()}
    truth = b"\n".join(dump({**row, "eventID": str(number)}) for number in range(3)) + b"\n"
    assert [body.kind for body in bodies(truth)] == [body.kind for body in bodies(dump(row))] == [Kind.SIMULATION]
    manifest = json.dumps({"scenario": "root-use", "made_by": "vedette simulate"}, indent=2).encode()
    assert [body.kind for body in bodies(manifest)] == [Kind.SIMULATION]
    assert found(truth) == found(manifest) == []
    hostile = dump({**record(), "requestParameters": row})
    assert found(log_file([hostile])) == found(hostile) == found(hostile + b"\n" + hostile)[:1] == [hostile]
    assert records(truth + TEXTS[0] + b"\n" + truth) == TEXTS[:1]


@pytest.mark.parametrize("decoy", ["insightDetails", "kinesis", "digestEndTime", "detail", "logEvents", "Records"])
def test_clients_cannot_disguise_a_log_file(decoy):
    """Keys of requestParameters are the client's choice; only top-level keys tell what a document is."""
    hostile = dump({"requestParameters": {decoy: {"a": [1]}, "eventType": "AwsCloudTrailInsight"}, **record()})
    assert [body.kind for body in bodies(log_file([hostile]))] == [Kind.LOG_FILE]
    assert found(log_file([hostile])) == found(hostile) == found(hostile + b"\n" + hostile)[:1] == [hostile]


def test_an_insight_among_records_does_not_hide_them():
    insight = dump({"eventVersion": "1.08", "eventType": "AwsCloudTrailInsight"})
    assert found(log_file([insight, TEXTS[0]])) == [insight, TEXTS[0]]


def test_an_empty_log_file_holds_nothing():
    assert [body.kind for body in bodies(b'{"Records":[]}')] == [Kind.LOG_FILE]
    assert found(b'{"Records":[]}') == found(b"[]") == []


def test_ndjson_comes_in_chunks_of_whole_lines_that_know_their_number():
    lines = [dump(record(number)) for number in range(8_000)]
    chunks = bodies(b"\n\n" + b"\n".join(lines), Limits(chunk_bytes=100_000))
    assert len(chunks) >= 3
    data = b""
    for chunk in chunks:
        assert isinstance(chunk, Body)
        assert chunk.first_line == 3 + data.count(b"\n")
        data += chunk.data
    assert data == b"\n".join(lines)


def test_records_in_a_row_know_their_number():
    texts = [dump(record(number)) for number in range(40)]
    broken = [*texts[:30], b'{"eventName":tru}', *texts[30:]]
    (fault,) = faults(b"".join(broken), Limits(chunk_bytes=2_000))
    assert fault.place == "record 31"


def test_lines_keep_their_number_behind_a_fault():
    data = b"\n".join([TEXTS[0], b"", b'{"eventName":', TEXTS[1], b"[1]", b"null"])
    assert [(fault.place, fault.reason) for fault in faults(data)] == [
        ("line 3", Reason.BROKEN_JSON),
        ("line 5, record 1", Reason.NOT_AN_OBJECT),
        ("line 6", Reason.NOT_AN_OBJECT),
    ]
    assert records(data) == TEXTS[:2]


def test_a_payload_that_is_no_gzip_may_be_text():
    payload = base64.b64encode(TEXTS[0]).decode()
    assert found(dump({"awslogs": {"data": payload}})) == TEXTS[:1]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.EMPTY),
        (b" \n\t\r\n", Reason.EMPTY),
        (b"\xef\xbb\xbf", Reason.EMPTY),
        (
            b"79a59df900b949e55d96a1e698fbacedfd6e09d98eac example-bucket [06/Feb/2026:00:00:38 +0000] -\n",
            Reason.NOT_JSON,
        ),
        (b"PK\x03\x04....", Reason.NOT_JSON),
        (b"\x00\x01\x02\xff", Reason.NOT_JSON),
        (b"<html></html>", Reason.NOT_JSON),
        (b"\xff\xfe{\x00", Reason.NOT_JSON),
        (b'"a string"', Reason.NOT_JSON),
        (b"12", Reason.NOT_JSON),
        (b'{"name":"vedette"}', Reason.NOT_CLOUDTRAIL),
        (b'{"name":\n"vedette"}', Reason.NOT_CLOUDTRAIL),
        (b'{"name":"vedette"}\n{"name":"a"}', Reason.NOT_CLOUDTRAIL),
        (b'[{"name":"vedette"}]', Reason.NOT_CLOUDTRAIL),
        (b'{"Records":{}}', Reason.NOT_CLOUDTRAIL),
        (b"{", Reason.BROKEN_JSON),
        (b"{}x", Reason.BROKEN_JSON),
        (b"[", Reason.CUT_SHORT),
        (b"[]x", Reason.TRAILING_DATA),
        (b"H4sIxx!", Reason.BAD_BASE64),
        (b'{"awslogs":{"data":"!"}}', Reason.BAD_BASE64),
        (b'{"awslogs":{"data":1}}', Reason.BROKEN_JSON),
        (b'{"logEvents":[{"id":"1"}]}', Reason.NOT_CLOUDTRAIL),
        (b'{"logEvents":[1]}', Reason.BROKEN_JSON),
        (b'{"logEvents":[{"message":"hello"}]}', Reason.NOT_AN_OBJECT),
        (b'{"logEvents":[', Reason.BROKEN_JSON),
        (b'{"detail":{"eventName":"a"},', Reason.BROKEN_JSON),
    ],
)
def test_what_is_not_cloudtrail_says_so(data, reason):
    assert set(reasons(data)) == {reason}
    assert records(data) == []
    for fault in faults(data):
        assert fault.name == "object"
        assert str(fault).startswith("object")
        assert str(fault).isprintable()


def test_envelopes_in_envelopes_end():
    text = TEXTS[0]
    for _ in range(3):
        text = eventbridge(text)
    assert records(text) == TEXTS[:1]
    for _ in range(30):
        text = eventbridge(text)
    assert reasons(text) == [Reason.TOO_DEEP]


@pytest.mark.parametrize("name", ENVELOPES)
def test_real_records_survive_each_envelope(name):
    """Every record of the reference corpora comes out of each envelope as it went in."""
    texts = corpus()
    kind, wrap = ENVELOPES[name]
    if kind is not Kind.LOG_FILE:
        texts = [text for text in texts if found(text) == [text]]
    if kind is Kind.SUBSCRIPTION:
        texts = texts[::7]
    if name.startswith("log files"):
        texts = [text for text in texts if b"AwsCloudTrailInsight" not in text]
    assert len(texts) > 500
    assert found(wrap(texts)) == texts


def test_real_records_that_are_none_are_few():
    lost = [text for text in corpus() if found(text) != [text]]
    assert all(isinstance(item, Malformed) for text in lost for item in found(text))
    assert len(lost) <= 1
