"""The engine against a slow reference, on random questions and records, and its promises one by one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import gzip
import os
import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.reference_engine import documents_of, matches_of
from engine.samples import NOON, TODAY, by, detection, exception, lines, log_file, metric, record
from random_trees import documents, tidy_documents, values
from vedette.alarms.composite import Rule
from vedette.cloudtrail.body import Body, Kind, Reason
from vedette.cloudtrail.limits import Limits
from vedette.detections.loader import load_builtin
from vedette.engine import Engine
from vedette.engine.result import EventIds
from vedette.errors import InputError, PatternSyntaxError
from vedette.patterns import FilterPattern

SHARED = Path(os.environ.get("VEDETTE_SHARED", Path(__file__).parents[2] / ".." / "shared"))
CORPORA = sorted(SHARED.glob("corpora/*.jsonl.gz"))


def found(engine: Engine, body: Body):
    """(place, detection, group, event name) of the matches, as the reference gives them."""
    result = pickle.loads(pickle.dumps(engine.process(body)))
    return [(match.sighting.place, match.detection, match.group) for match in result.matches]


def expected(engine: Engine, body: Body):
    return [each[:3] for each in matches_of(engine.detections, TODAY, body)]


def is_pattern(text: str) -> bool:
    """Whether the text keeps within the quotas for regular expressions and wildcards."""
    try:
        FilterPattern.parse(text)
    except PatternSyntaxError:
        return False
    return True


FIELDS = [
    "$.eventName", "$.eventSource", "$.errorCode", "$.userAgent", "$.readOnly", "$.userIdentity.type", "$.userIdentity",
    "$.userIdentity.sessionContext.attributes.mfaAuthenticated", "$.userIdentity.arn", "$.requestParameters",
    "$.requestParameters.bucketName", "$.requestParameters.items[0].id", "$.requestParameters.items[*].id",
    "$.resources[*].ARN", "$.unknown", "$.eventName.below", "$.*", "$.userIdentity[*]",
]  # fmt: skip
TESTS = [
    '= "a*"',
    "= a",
    '!= "ab"',
    "= 1",
    "> 0",
    "IS NULL",
    "IS TRUE",
    "NOT EXISTS",
    "= *",
    "= %^a%",
    '= "*ab"',
    "= Root",
]
conditions = st.builds("{} {}".format, st.sampled_from(FIELDS), st.sampled_from(TESTS))
json_questions = (
    st.recursive(
        conditions,
        lambda part: st.one_of(st.builds("({} && {})".format, part, part), st.builds("({} || {})".format, part, part)),
        max_leaves=4,
    )
    .map(lambda text: "{ " + text + " }")
    .filter(is_pattern)
)
text_questions = st.sampled_from(
    ["GetObject", '"ab"', "-Root", "?a ?Console", "%Log[a-z]+%", "[a, b]", '[a="{*", ...]']
)
groups = st.sampled_from([(), by("eventName"), by("userIdentity.type", "requestParameters.bucketName"), by("readOnly")])
times = st.sampled_from(
    ["2026-11-21T12:00:00Z", "2026-11-21T12:00:59Z", "2026-02-30T12:00:00Z", "2024-02-29T23:59:60Z"]
)


@st.composite
def detections(draw):
    pattern = draw(st.one_of(json_questions, json_questions, json_questions, text_questions))
    allowed = draw(st.lists(st.one_of(json_questions, text_questions), max_size=1))
    exceptions = tuple(exception(text, draw(st.sampled_from([TODAY, TODAY - dt.timedelta(1)]))) for text in allowed)
    return detection(
        pattern, exceptions=exceptions, **draw(st.one_of(st.just({}), groups.map(lambda g: {"group_by": g})))
    )


def timed(draw, document):
    stamp = draw(st.one_of(times, times, times, values))
    return document if draw(st.integers(0, 9)) == 0 else {"eventTime": stamp, **document}


@st.composite
def bodies(draw):
    one = st.one_of(tidy_documents, tidy_documents, documents)
    records = [timed(draw, document) for document in draw(st.lists(one, max_size=6))]
    odd = draw(
        st.lists(
            st.sampled_from([1, None, "text", [], [{}], {"detail": {"eventName": "a"}}, {"Records": []}]), max_size=1
        )
    )
    return draw(st.sampled_from([log_file, lines]))(*records, *odd)


@settings(max_examples=150, deadline=None)
@given(st.lists(detections(), max_size=6), bodies())
def test_the_engine_finds_what_a_slow_one_finds(asked, body):
    """Same records, same verdicts, same groups as decoding everything and asking every question of every record."""
    engine = Engine(asked, TODAY)
    assert found(engine, body) == expected(engine, body)
    assert engine.process(body).records == len(documents_of(body))


builtin = functools.cache(load_builtin)


@pytest.mark.skipif(not CORPORA, reason=f"no corpora under {SHARED}: set VEDETTE_SHARED")
@pytest.mark.parametrize("corpus", CORPORA, ids=lambda path: path.name.split(".")[0])
def test_real_records(corpus):
    """The built-in detections, on real or realistic records."""
    data = gzip.decompress(corpus.read_bytes())
    if len(data) > 600_000:
        data = b"\n".join(data.splitlines()[::8]) + b"\n"
    body = Body(Kind.NDJSON, data, corpus.name)
    engine = Engine(builtin(), TODAY)
    assert found(engine, body) == expected(engine, body)
    whole = b'{"Records":[' + b",".join(text for text, _ in documents_of(body)) + b"]}"
    assert found(engine, Body(Kind.LOG_FILE, whole, "file")) == expected(engine, body)


LOGIN = '{ $.eventName = "ConsoleLogin" }'


def test_what_a_match_tells():
    """A sighting says when, who, from where, what, and where its text is found again."""
    engine = Engine([detection(LOGIN)], TODAY)
    whole = record(3, errorCode="Denied", resources=[{"ARN": "arn:1"}, "odd", {"ARN": 2}, {"ARN": "arn:2"}])
    (match,) = engine.process(log_file({}, whole, name="object", first_line=5)).matches
    seen = match.sighting
    assert (seen.time, seen.event_id, seen.order) == (NOON + 3, whole["eventID"], seen[:5])
    assert (seen.object_name, seen.first_line, seen.place) == ("object", 5, 1)
    assert (seen.actor.name, match.group, match.value) == ("alice", (seen.actor.key,), 1.0)
    assert (seen.address, seen.region, seen.account) == ("198.51.100.7", "us-east-1", "111122223333")
    assert (seen.event_source, seen.event_name) == ("signin.amazonaws.com", "ConsoleLogin")
    assert (seen.user_agent, seen.error, seen.resources) == ("Mozilla/5.0", "Denied", ("arn:1",))


@pytest.mark.parametrize(
    ("parameters", "resources"),
    [
        ({"name": "n", "bucketName": "b", "other": "o"}, ("b", "n")),
        ({"secretIdList": ["s1", 2, "s3", "s4"], "name": "n"}, ("s1", "s3", "n")),
        ({"id": {"odd": 1}, "name": ""}, ()),
        (["odd"], ()),
        (None, ()),
    ],
)
def test_resources_are_named_by_the_parameters_if_none_are_listed(parameters, resources):
    engine = Engine([detection(LOGIN)], TODAY)
    (match,) = engine.process(log_file(record(requestParameters=parameters, resources=[]))).matches
    assert match.sighting.resources[: len(resources)] == resources


def test_texts_of_sightings_are_cut_and_made_encodable():
    """At most LONGEST characters that can be encoded; empty for what is no text."""
    engine = Engine([detection(LOGIN, group_by=by("userAgent", "errorCode", "readOnly", "apiVersion"))], TODAY)
    odd = record(userAgent="\ud800é" + "x" * 5000, errorCode=7, sourceIPAddress=["a"], readOnly=True, apiVersion={})
    (match,) = engine.process(log_file(odd)).matches
    assert match.sighting.user_agent == "?é" + "x" * 510
    assert (match.sighting.error, match.sighting.address) == ("", "")
    assert match.group == ("?é" + "x" * 510, "7", "true", "")


def test_the_metric_value_of_a_match():
    """A number, or the number a selector finds; no datapoint without it, nor without a dimension's field."""
    asked = [
        detection(LOGIN, metric=metric(value="2.5")),
        detection(LOGIN, metric=metric(value="$.requestParameters.size")),
        detection(LOGIN, metric=metric(dimensions=(("Region", "$.awsRegion"),))),
        detection("[first, ..., last]", metric=metric(value="$last")),
    ]
    engine = Engine(asked, TODAY)
    records = [record(requestParameters={"size": "7"}), record(requestParameters={"size": "x"}, awsRegion=None)]
    result = engine.process(log_file(*records))
    assert [(m.sighting.place, m.detection, m.value) for m in result.matches if m.detection < 3] == [
        (0, 0, 2.5), (0, 1, 7.0), (0, 2, 1.0), (1, 0, 2.5), (1, 1, None), (1, 2, None)
    ]  # fmt: skip
    with pytest.raises(InputError):
        Engine([detection(LOGIN, metric=metric(value="seven"))], TODAY)


def test_a_record_without_a_readable_time_is_counted_and_malformed():
    """Counted as a record, told as Malformed, matching nothing."""
    engine = Engine([detection(LOGIN, metric=metric(default=0.0))], TODAY)
    result = engine.process(log_file(record(0), record(1, eventTime="soon"), record(2, eventTime=None), record(60)))
    assert result.records == 4
    assert [match.sighting.place for match in result.matches] == [0, 3]
    assert [(bad.place, bad.reason, bad.detail) for bad in result.malformed] == [
        ("record 2", Reason.BAD_TIME, "'soon'"),
        ("record 3", Reason.BAD_TIME, "missing"),
    ]
    assert result.minutes == (NOON, None, None, NOON + 60)


def test_minutes_are_told_only_for_metrics_with_a_default():
    assert Engine([detection(LOGIN)], TODAY).process(log_file(record())).minutes is None


def test_an_exception_holds_through_its_last_day():
    """An exception not expired, its last day included, keeps records from matching."""
    asked = [detection(LOGIN, exceptions=(exception('{ $.userIdentity.userName = "alice" }', TODAY),))]
    assert not Engine(asked, TODAY).process(log_file(record())).matches
    assert Engine(asked, TODAY + dt.timedelta(1)).process(log_file(record())).matches


@pytest.mark.parametrize("kind", [Kind.DIGEST, Kind.INSIGHT, Kind.CONTROL])
def test_bodies_without_records(kind):
    result = Engine([detection(LOGIN)], TODAY).process(Body(kind, b'{"eventName":"ConsoleLogin"}', "other"))
    assert (result.kind, result.records, result.malformed) == (kind, 0, ())


def test_bodies_of_every_other_kind():
    """Arrays, single records and envelopes give the same match."""
    text = log_file(record()).data.removeprefix(b'{"Records":').removesuffix(b"}")
    engine = Engine([detection(LOGIN), detection("alice")], TODAY)
    for kind, data in (
        (Kind.ARRAY, text),
        (Kind.RECORD, text[1:-1]),
        (Kind.SUBSCRIPTION, text[1:-1]),
        (Kind.EVENTBRIDGE, b'{"detail-type":"AWS API Call via CloudTrail","detail":' + text[1:-1] + b"}"),
        (Kind.NDJSON, b"\n" + text[1:-1] + b"\r\n\n" + b'{"detail":' + text[1:-1] + b"}\n"),
        (Kind.ARRAY, b'[{"detail":' + text[1:-1] + b"}]"),
    ):
        body = Body(kind, data, "body")
        assert found(engine, body) == expected(engine, body)
        assert len(found(engine, body)) in (2, 4)


def test_broken_bodies_give_what_is_whole():
    """Truncated, not UTF-8, not JSON, not an object: what is whole is used, the rest is told by its place."""
    engine = Engine([detection(LOGIN)], TODAY)
    good = log_file(record()).data
    cut = Body(Kind.LOG_FILE, good[:-2] + b',{"eventName":"Cons', "cut")
    assert found(engine, cut) == [(0, 0, found(engine, log_file(record()))[0][2])]
    assert [bad.reason for bad in engine.process(cut).malformed] == [Reason.CUT_SHORT]
    bad_text = good[:-2] + b',{"a":"\xff"},7,{"a":NaN}]}'
    told = [
        re.sub(r", byte \d+", "", str(bad)) for bad in engine.process(Body(Kind.LOG_FILE, bad_text, "bad")).malformed
    ]
    assert told == [
        "bad, record 2: not UTF-8: at byte 6 of the record",
        "bad, record 3: not a JSON object: `7`",
        "bad, record 4: broken JSON: NaN or Infinity, which JSON does not have",
    ]
    deep = log_file(record(), {"a": 1}).data.replace(b'{"a": 1}', b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}")
    result = engine.process(Body(Kind.LOG_FILE, deep, "deep"))
    assert (result.records, [bad.reason for bad in result.malformed]) == (1, [Reason.TOO_DEEP])


def test_a_record_larger_than_the_limit_is_malformed():
    engine = Engine([detection(LOGIN)], TODAY, Limits(record_bytes=2000))
    body = log_file(record(), record(1, userAgent="x" * 3000), record(2))
    for each in (body, lines(record(), record(1, userAgent="x" * 3000), record(2))):
        result = engine.process(each)
        assert (result.records, [bad.reason for bad in result.malformed]) == (2, [Reason.TOO_LARGE])
    small = Engine([detection(LOGIN)], TODAY, Limits(record_bytes=1000)).process(log_file(record(), record(1)))
    assert (small.records, small.malformed) == (2, ())


def test_records_are_found_again():
    """`records_at` reads the verbatim bytes of the records that sightings name."""
    engine = Engine([detection(LOGIN)], TODAY)
    for body in (
        log_file(record(), record(1, x=[1])),
        log_file(record(), 7, record(1, userAgent=["odd"])),
        lines(record()),
    ):
        texts = [text for text, _ in documents_of(body)]
        places = {match.sighting.place for match in engine.process(body).matches}
        assert engine.records_at(body, places | {99}) == {place: texts[place] for place in places}


def test_event_ids_survive_pickling():
    for ids in ((), ("",), ("", ""), ("a", "", "b"), ("with\nline", "b"), ("\ud800",)):
        assert pickle.loads(pickle.dumps(EventIds(ids))) == ids


def test_detections_that_no_field_schema_can_serve_read_the_text():
    """Wildcards over a whole record or over userIdentity, and names that no schema can hold."""
    asked = [
        detection('{ $.* = "ConsoleLogin" }'),
        detection("{ $.userIdentity[*] = alice }"),
        detection("{ $.['a\"b'] = 1 }"),
    ]
    engine = Engine(asked, TODAY)
    body = log_file(record(), record(1, **{'a"b': 1, "eventName": "x"}))
    assert found(engine, body) == expected(engine, body)
    assert len(found(engine, body)) == 4


def test_numbers_beyond_a_double_inside_undecoded_fields():
    """JSON that the quick decoder refuses is read all the same."""
    engine = Engine(
        [detection("{ $.requestParameters.size = * }"), detection("{ $.requestParameters.size > 5 }")], TODAY
    )
    data = log_file(record(requestParameters={"size": 0})).data.replace(b'"size": 0', b'"size": 1e309')
    body = Body(Kind.LOG_FILE, data, "file")
    assert [hit[:2] for hit in found(engine, body)] == [hit[:2] for hit in expected(engine, body)] == [(0, 0)]


def test_actors_are_remembered_within_bounds(monkeypatch):
    """The same identity is the same actor, also when the memory for them has been emptied, and for odd identities."""
    monkeypatch.setattr("vedette.engine.sightings._MEMO_ENTRIES", 3)
    engine = Engine([detection(LOGIN)], TODAY)
    names = ["alice", "bob", "carol", "dan", "erin", "alice", 10**30, "\ud800"]
    identities = [{"type": "IAMUser", "userName": name, "accountId": "111122223333"} for name in names]
    body = log_file(*(record(number, userIdentity=each) for number, each in enumerate(identities)))
    assert found(engine, body) == expected(engine, body)
    assert len(found(engine, body)) == len(names)


def test_minutes_are_remembered_within_bounds(monkeypatch):
    monkeypatch.setattr("vedette.engine.times._MAX_MINUTES", 2)
    engine = Engine([detection(LOGIN)], TODAY)
    body = log_file(*(record(60 * number) for number in range(6)))
    assert [match.sighting.time for match in engine.process(body).matches] == [NOON + 60 * n for n in range(6)]


def test_a_field_looked_up_for_ever_new_values(monkeypatch):
    """What guards remember is bounded, and forgetting changes no answer."""
    monkeypatch.setattr("vedette.engine.guards._MEMO_ENTRIES", 3)
    asked = [detection(f'{{ $.userAgent = "*{letter * 600}*" }}') for letter in "abcdefghijklmnopqrstuvwxyzABCDEFG"]
    engine = Engine([*asked, detection("{ $.userAgent = %a$% }")], TODAY)
    body = log_file(*(record(n, userAgent=chr(97 + n % 26) * (600 + n % 2) + str(n)) for n in range(40)))
    for _ in range(2):
        assert found(engine, body) == expected(engine, body)


def test_a_detection_without_a_pattern_asks_nothing():
    """Detections with a `rule` (composite) need no matching, and keep their number."""
    composite = dataclasses.replace(detection(LOGIN), pattern=None, rule=Rule.parse('ALARM("a")'))
    engine = Engine([composite, detection(LOGIN, group_by=by("requestParameters"))], TODAY)
    assert found(engine, log_file(record())) == [(0, 1, ("",))]
