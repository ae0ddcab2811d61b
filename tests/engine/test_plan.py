"""The fast way to the matches of many questions, against asking each question of each decoded record."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from random_trees import as_json, documents, predicates, tidy_documents
from vedette.cloudtrail.body import Body, Kind
from vedette.cloudtrail.identity import identity_fields
from vedette.cloudtrail.projection import Projection
from vedette.engine import plan as plan_module
from vedette.engine.plan import Plan
from vedette.engine.reader import RecordReader, answerable, paths_of
from vedette.engine.reading import BodyReader
from vedette.predicates.document import load_document
from vedette.predicates.evaluate import evaluate
from vedette.predicates.tree import And, Compare, IsNull, NotExists, Or, Selector, TextGlob, selectors


def arranged(questions):
    """A plan for the questions, and a reader of what it needs."""
    paths = {path for question in questions for path in paths_of(selectors(question))}
    projection = Projection(paths | set(identity_fields))
    return Plan(enumerate(questions), RecordReader(projection)), BodyReader(projection)


def log_file(found):
    return Body(Kind.LOG_FILE, b'{"Records":[' + b",".join(map(as_json, found)) + b"]}", "file")


def hits_of(plan, reading):
    if reading.odd:
        answers = ((place, list(plan.hits_of(record))) for place, record in enumerate(reading.records))
        return [(place, hits) for place, hits in answers if hits]
    return [(place, list(hits)) for place, hits in plan.matches(reading.records)]


def reference(questions, found):
    decoded = [load_document(as_json(document)) for document in found]
    answers = [[n for n, question in enumerate(questions) if evaluate(question, document)] for document in decoded]
    return [(place, hits) for place, hits in enumerate(answers) if hits]


answerable_questions = st.lists(predicates.filter(answerable), max_size=12)


def field(name: str, text: str) -> Compare:
    return Compare(Selector(tuple(name.split("."))), TextGlob(text))


@settings(max_examples=250, deadline=None)
@given(answerable_questions, st.lists(tidy_documents, max_size=8), st.lists(documents, max_size=4))
@example([NotExists(Selector(("userIdentity",)))], [{}, {"userIdentity": {}}], [{"userIdentity": None}])
@example([IsNull(Selector(("userIdentity",)))], [{}, {"userIdentity": {}}], [{"userIdentity": [None]}])
@example([field("userIdentity", "a")], [{}], [{"userIdentity": "a"}])
@example([field("eventName.below", "a")], [{}], [{"eventName": {"below": "a"}}])
@example([field("eventName", "1")], [{"eventName": 1}, {"eventName": True}], [{"eventName": 1.0}])
@example([field("userAgent", "1")], [{"userAgent": 1}, {"userAgent": True}], [{"userAgent": [1]}])
def test_the_plan_finds_what_asking_every_question_finds(questions, tidy, odd):
    """Same verdict, never lost: on records that fit, on odd ones, and on both in one file."""
    plan, reader = arranged(questions)
    for found in (tidy, tidy + odd):
        for _ in range(2):
            reading = reader.read(log_file(found), verbatim=False)
            assert not reading.malformed
            assert hits_of(plan, reading) == reference(questions, found)


@pytest.mark.parametrize("compile_after", [plan_module.LEARN_AFTER + 2, 10_000])
@settings(max_examples=60, deadline=None)
@given(answerable_questions, st.lists(tidy_documents, min_size=1, max_size=3))
def test_learning_changes_no_answer(compile_after, questions, found):
    """It learns as it goes, which changes its speed and never its answers."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(plan_module, "COMPILE_AFTER", compile_after)
        patched.setattr(plan_module, "LEARN_AFTER", 2)
        plan, reader = arranged(questions)
        expected = reference(questions, found)
        records = reader.read(log_file(found), verbatim=False)
        for _ in range(compile_after % 100 + 8):
            assert hits_of(plan, records) == expected


def many(shape: str, count: int):
    return [field(shape.split("=")[0], shape.split("=")[1].format(n)) for n in range(count)]


@pytest.mark.parametrize(
    "shape",
    [
        "eventName=Do{}",
        "userAgent=agent-{}",
        "userAgent=*agent-{}*",
        "userAgent=agent-{}*",
        "userAgent=*agent*{}",
        "sourceIPAddress=192.0.2.{}",
        "requestParameters.bucketName=*bucket-{}",
        "requestParameters.inner.name=n{}",
        "userIdentity.arn=*user/{}*",
        "requestParameters=r{}",
    ],
)
def test_many_questions_on_one_field(shape):
    """Guards look up the questions that a value may satisfy; the answers are the same."""
    questions = [*many(shape, 40), And((field("eventName", "A*"), field("userAgent", "*agent-7*")))]
    questions.append(Or((field("eventName", "Do3"), field("userAgent", "agent-4"))))
    questions.append(And((field("readOnly", "x"), Or(()))))
    found = [
        {
            "eventName": f"Do{n}",
            "userAgent": f"agent-{n}" if n % 2 else f"my agent-{n} 7",
            "sourceIPAddress": f"192.0.2.{n}",
            "userIdentity": {"arn": f"arn:aws:iam::111122223333:user/{n}"},
            "requestParameters": {"bucketName": f"bucket-{n}", "inner": {"name": f"n{n}"}} if n % 3 else f"r{n}",
        }
        for n in range(50)
    ]
    found += [{"userAgent": "\ud800 agent-7"}, {"userAgent": "agent-8" * 400}, {"eventName": ["Do1"]}]
    plan, reader = arranged(questions)
    for part in (found[:50], found):
        assert hits_of(plan, reader.read(log_file(part), verbatim=False)) == reference(questions, part)


def test_the_memory_of_a_plan_is_bounded(monkeypatch):
    """All memory is bounded, under a stream of novel combinations too."""
    monkeypatch.setattr(plan_module, "MAX_KEYS", 50)
    monkeypatch.setattr(plan_module, "MAX_PROGRAMS", 2)
    monkeypatch.setattr(plan_module, "LEARN_AFTER", 1)
    monkeypatch.setattr(plan_module, "COMPILE_AFTER", 1)
    questions = [And((field("eventName", f"*{n}"), NotExists(Selector((f"field{n}",))))) for n in range(10)]
    plan, reader = arranged(questions)
    found = [{"eventName": f"Event{n}"} for n in range(300)]
    reading = reader.read(log_file(found), verbatim=False)
    for _ in range(2):
        assert hits_of(plan, reading) == reference(questions, found)
    assert max(map(len, (plan._steps, plan._seen, plan._programs))) <= 50


def test_what_json_says_twice_is_read_once():
    """The last of duplicate keys wins, in the fast way and in the slow."""
    questions = [field("eventName", "B"), field("userIdentity.type", "Y"), field("requestParameters.a", "2")]
    text = b'{"eventName":"A","eventName":"B","userIdentity":{"type":"X"},"userIdentity":{"type":"Y"},'
    text += b'"requestParameters":{"a":"1"},"requestParameters":{"a":"1","a":"2"}}'
    plan, reader = arranged(questions)
    for tail in (b"", b',{"eventName":["odd"]}'):
        body = Body(Kind.LOG_FILE, b'{"Records":[' + text + tail + b"]}", "file")
        assert hits_of(plan, reader.read(body, verbatim=False))[0] == (0, [0, 1, 2])
    assert evaluate(questions[0], json.loads(text))
