"""Event patterns: the same verdicts as the question, or a reason; against a slow reference and second opinions."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from moto.events.models import EventPattern as MotoPattern

from deploy.event_evaluator import admits, event_of, matches
from random_trees import GLOBS, NUMBERS, REGEXES, WORDS, predicates
from vedette.aws import AwsSession
from vedette.deploy.event_conditions import Holds
from vedette.deploy.event_pattern import (
    LONGEST,
    EventPattern,
    Inexpressible,
    event_pattern,
    needs_read_only,
)
from vedette.deploy.event_values import (
    ABSENT,
    PRESENT,
    AnythingBut,
    Exact,
    Prefix,
    Range,
    Suffix,
    Unsayable,
    Wildcard,
    both,
)
from vedette.deploy.event_values import admits as quick
from vedette.detections.definition import Detection, VerdictTest
from vedette.detections.loader import load_builtin
from vedette.patterns import FilterPattern
from vedette.predicates.document import load_document
from vedette.predicates.evaluate import evaluate, select_each
from vedette.predicates.tree import (
    EACH,
    And,
    Compare,
    Constant,
    IsBoolean,
    IsNull,
    Not,
    NotExists,
    NumberEquals,
    NumberOrder,
    Or,
    Order,
    Predicate,
    Selector,
    TextGlob,
    TextRegex,
)

SHARED = Path(os.environ.get("VEDETTE_SHARED", Path(__file__).parents[3] / "shared"))

TEXTS = [("eventName",), ("errorCode",), ("userIdentity", "type"), ("userIdentity", "sessionContext", "sourceIdentity")]
FREE = [("requestParameters", "name"), ("requestParameters", "port"), ("responseElements", "x-y", "z")]
LISTS = [("requestParameters", "items", EACH), ("resources", EACH, "ARN"), ("requestParameters", "rules", EACH, "cidr")]
FLAGS = [("readOnly",), ("requestParameters", "flag")]
OBJECTS = [("requestParameters",), ("userIdentity",), ("requestParameters", "items", 0)]


def asked(pattern: str) -> Predicate:
    predicate = FilterPattern.parse(pattern).predicate
    assert predicate is not None
    return predicate


def said(pattern: str) -> EventPattern:
    found = event_pattern(asked(pattern))
    assert isinstance(found, EventPattern), found
    return found


def detail(pattern: str) -> Any:
    return said(pattern).document["detail"]


def reason(pattern: str) -> str:
    found = event_pattern(asked(pattern))
    assert isinstance(found, Inexpressible), found
    return found.reason


# What is said


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.eventName = "StopLogging" }', {"eventName": ["StopLogging"]}),
        ("{ $.eventName = A || $.eventName = B }", {"eventName": ["A", "B"]}),
        ("{ $.errorCode NOT EXISTS }", {"errorCode": [{"exists": False}]}),
        ("{ $.errorCode = * }", {"errorCode": [{"exists": True}]}),
        ("{ $.readOnly IS FALSE }", {"readOnly": [False]}),
        ("{ $.requestParameters IS NULL }", {"requestParameters": [None]}),
        ('{ $.errorCode = "Access*" }', {"errorCode": [{"prefix": "Access"}]}),
        ('{ $.userAgent = "*kali*" }', {"userAgent": [{"wildcard": "*kali*"}]}),
        ("{ $.errorCode = %Operation$% }", {"errorCode": [{"suffix": "Operation"}]}),
        ("{ $.errorCode = %^Access|Denied% }", {"errorCode": [{"prefix": "Access"}, {"wildcard": "*Denied*"}]}),
        ("{ $.userAgent = %^\\x2a$% }", {"userAgent": ["*"]}),
        ('{ $.userAgent = "a\\b*c*" }', {"userAgent": [{"wildcard": "a\\\\b*c*"}]}),
        ("{ $.sourceIPAddress = 192.0.2.7 }", {"sourceIPAddress": [{"wildcard": "192.0.2.7"}]}),
        (
            '{ $.eventType != "AwsServiceEvent" && $.eventType != "X*" }',
            {"eventType": [{"anything-but": {"wildcard": ["X*", "AwsServiceEvent"]}}]},
        ),
        (
            "{ $.requestParameters.port >= 20 && $.requestParameters.port <= 22 }",
            {"requestParameters": {"port": [{"numeric": [">=", 20, "<=", 22]}]}},
        ),
        (
            "{ $.requestParameters.items[*].cidr = 0.0.0.0/0 }".replace("0.0.0.0/0", '"0.0.0.0/0"'),
            {"requestParameters": {"items": {"cidr": ["0.0.0.0/0"]}}},
        ),
        ("{ $.errorCode != %Denied$% }", {"errorCode": [{"anything-but": {"wildcard": ["*Denied"]}}]}),
        ('{ $.errorCode = "Acc*" && $.errorCode = "Access*" }', {"errorCode": [{"prefix": "Access"}]}),
        ('{ $.errorCode = "Acc*" && $.errorCode != "Other" }', {"errorCode": [{"prefix": "Acc"}]}),
        (
            "{ $.eventName = A && ($.userIdentity.type = Root || $.readOnly IS TRUE) }",
            {"eventName": ["A"], "$or": [{"userIdentity": {"type": ["Root"]}}, {"readOnly": [True]}]},
        ),
    ],
)
def test_what_a_pattern_says(pattern: str, expected: object) -> None:
    assert detail(pattern) == expected


def test_only_events_of_cloudtrail_that_aws_itself_sent() -> None:
    document = said("{ $.eventName = A }").document
    record = {"eventName": "A"}
    assert matches(document, event_of(record))
    for kind in ("AWS Console Sign In via CloudTrail", "AWS Service Event via CloudTrail"):
        assert matches(document, event_of(record, kind))
    assert not matches(document, event_of(record, "CloudWatch Alarm State Change"))
    assert not matches(document, {**event_of(record), "source": "made.up"})


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.errorCode = "*Operation" }', "the first `Operation` has to be the end"),
        ("{ $.requestParameters.items[0] = a }", "by its number"),
        ("{ $.requestParameters.port = 22* }", "may hold a number"),
        ("{ $.requestParameters.port != 22 }", "another number"),
        ("{ $.requestParameters.port > 6000000000 }", "no number that EventBridge can compare"),
        ("{ $.requestParameters.items[*] != a }", "in every element"),
        ("{ $.requestParameters.config NOT EXISTS }", "may hold an object"),
        ("{ $.userAgent = %a[bc]d% }", "regular expression"),
        ("{ $.requestParameters.a[*].b = x && $.requestParameters.a[*].c = y }", "one element to answer both"),
        ("{ $.requestParameters.a[*].b = x && $.requestParameters.a[*].b = y }", "one element of the list"),
        ("{ $.requestParameters.a.b = x || $.requestParameters.a[*].b = x }", "does not tell apart"),
        ('{ $.userAgent = "*a*" && $.userAgent = "*b*" }', "cannot ask of one field"),
        ("{ $.requestParameters.['a.b'] = x }", "cannot write"),
        ("{ $.* = x }", "names each"),
        ("{ $.eventName = A && $.eventName = B }", "No record"),
        ("{ $.requestParameters.prefix = x || $.eventName = A }", "means something else"),
        ("{ $.requestParameters.a = x && $.requestParameters.a.b = y }", "lies below a field"),
        ("{ $.readOnly = true }", "No record"),
        ("{ $.requestParameters.port > 22 && $.requestParameters.port = x* }", "for a number and for more"),
        ("{ $.requestParameters.port > 22 && $.requestParameters.port > 23 }", "cannot put together"),
        ("{ $.requestParameters.a.b = x && $.requestParameters.a = x }", "fields below it"),
        ("{ $.userAgent != %^% }", "no text at all"),
    ],
)
def test_why_not(pattern: str, expected: str) -> None:
    found = reason(pattern)
    assert expected in found
    assert found.endswith(".")


def test_what_is_longer_than_eventbridge_takes_is_told_with_its_length() -> None:
    name = Selector(("eventName",))
    found = event_pattern(Or(tuple(Compare(name, TextGlob(f"{'Abcdefgh' * 4}{number}")) for number in range(70))))
    assert isinstance(found, Inexpressible)
    assert "characters, and EventBridge takes 2,048" in found.reason


def test_more_wildcards_than_eventbridge_is_sure_to_take_are_refused() -> None:
    agent = Selector(("userAgent",))
    found = event_pattern(Or(tuple(Compare(agent, TextGlob(f"*tool{number}*")) for number in range(17))))
    assert isinstance(found, Inexpressible)
    assert "more wildcards" in found.reason


def test_too_many_alternatives_end_the_work() -> None:
    clauses = [
        Or(tuple(Compare(Selector(("requestParameters", f"{a}{b}")), TextGlob("x")) for b in range(4)))
        for a in range(9)
    ]
    found = event_pattern(And(tuple(clauses)))
    assert isinstance(found, Inexpressible)
    assert "too many alternatives" in found.reason


def test_what_is_relied_upon_is_named() -> None:
    found = said("{ $.requestParameters.name = x && $.requestParameters.port > 3 && $.eventName = A }")
    assert [str(one) for one in found.assumes] == [
        "`$.requestParameters.name` holds one value, and no list or object",
        "`$.requestParameters.port` holds a text, or a number of at most five thousand million and six decimals",
    ]
    assert said("{ $.eventName = A }").assumes == ()


# The property


def _conditions(paths: list[Any], rules: st.SearchStrategy[Any]) -> st.SearchStrategy[Predicate]:
    where = st.sampled_from([Selector(path) for path in paths])
    return st.one_of(
        st.builds(Compare, where, rules, st.booleans()),
        st.builds(Compare, where, rules),
        st.builds(NotExists, where),
        st.builds(IsNull, where),
        st.builds(IsBoolean, where, st.booleans()),
    )


_globs = st.builds(TextGlob, st.sampled_from([*WORDS, *GLOBS, "x", "x*y*", "192.0.2.7", "a\\", "*\\*"]))
_rules = st.one_of(
    _globs,
    _globs,
    st.builds(TextRegex, st.sampled_from([*REGEXES, "^a$", "^a|b$", "\\x2a", "Login"])),
    st.builds(NumberEquals, st.sampled_from(NUMBERS)),
    st.builds(NumberOrder, st.sampled_from(Order), st.sampled_from(NUMBERS)),
)
_any_condition = _conditions([*TEXTS, *FREE, *LISTS, *FLAGS, *OBJECTS, *TEXTS], _rules)
questions = st.recursive(
    _any_condition,
    lambda part: st.one_of(
        st.builds(And, st.lists(part, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(part, min_size=1, max_size=3).map(tuple)),
        st.builds(Not, part),
    ),
    max_leaves=6,
)
_text = st.sampled_from([*WORDS, "x", "xy", "xzy", "192.0.2.7", "a\\", "\\", "ba", "Login", "*", "aaa", "\n"])
_single = st.one_of(_text, st.sampled_from([0, 1, -1, 1.0, 1000, 2.5, 1000.0, 7.25]), st.none(), st.booleans())


def _some(fields: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict(fields))


records = _some(
    {
        "eventName": _text,
        "errorCode": _text,
        "readOnly": st.booleans(),
        "userIdentity": _some({"type": _text, "sessionContext": _some({"sourceIdentity": _text})}),
        "resources": st.lists(_some({"ARN": _text, "type": _text}), max_size=3),
        "requestParameters": st.none()
        | _some(
            {
                "name": _single,
                "port": _single,
                "flag": _single,
                "items": st.lists(_single, max_size=3),
                "rules": st.lists(_some({"cidr": _single}), max_size=3),
            }
        ),
        "responseElements": st.none() | _some({"x-y": _some({"z": _single})}),
    }
)
"""Records of the shape that CloudTrail documents; services write single values, and lists where lists belong."""


def relied_upon(pattern: EventPattern, record: Mapping[str, object], question: Predicate) -> bool:
    """Whether the record is as the pattern says that it relies upon."""
    fields = {str(condition.selector): condition.selector for condition in _all_conditions(question)}
    for one in pattern.assumes:
        for value in select_each(fields[one.field], record):
            if one.holds is Holds.COMPARABLE and (value is None or isinstance(value, bool)):
                return False
    return True


def _all_conditions(question: Predicate) -> Iterator[Any]:
    match question:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _all_conditions(part)
        case Not(part):
            yield from _all_conditions(part)
        case Constant():
            return
        case _:
            yield question


@given(question=questions, many=st.lists(records, min_size=3, max_size=8))
@settings(max_examples=300, deadline=None)
def test_an_event_pattern_gives_the_verdicts_of_the_question(question: Predicate, many: list[dict[str, Any]]) -> None:
    """Expressible => EventBridge's verdict is ours, on every record that is as the pattern relies upon."""
    pattern = event_pattern(question)
    assume(isinstance(pattern, EventPattern))
    assert isinstance(pattern, EventPattern)
    assert len(pattern.text) <= LONGEST
    for record in many:
        if relied_upon(pattern, record, question):
            assert matches(pattern.document, event_of(record)) is evaluate(question, record), (pattern.text, record)


@given(question=predicates)
@settings(max_examples=200, deadline=None)
def test_whatever_is_asked_gets_a_pattern_or_a_sentence(question: Predicate) -> None:
    found = event_pattern(question)
    if isinstance(found, Inexpressible):
        assert found.reason[0].isupper() or not found.reason[0].isalpha()
        assert found.reason.endswith(".")
    else:
        json.loads(found.text)
        matches(found.document, event_of({}))
    assert event_pattern(question) == found


_bits = st.sampled_from(["", "a", "ab", "aba", "b", "x*", "\\", "1"])
_matchers = st.one_of(
    st.builds(Exact, st.one_of(_bits, st.none(), st.booleans())),
    st.builds(Prefix, _bits),
    st.builds(Suffix, _bits),
    st.builds(Wildcard, st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=3).map(tuple)),
    st.builds(
        AnythingBut,
        st.lists(_bits, min_size=1, max_size=2).map(tuple),
        st.lists(st.sampled_from(["a*", "*b", "*a*"]), max_size=2).map(tuple),
    ),
    st.sampled_from([ABSENT, PRESENT]),
    st.builds(lambda sign, number: Range(((sign, number),)), st.sampled_from(["<", "<=", ">", ">=", "="]), st.just(3)),
    st.builds(lambda sign, number: Range(((sign, number),)), st.sampled_from(["<", ">"]), st.sampled_from([1, 5])),
)
_values = [None, True, False, "", "a", "ab", "aba", "b", "ba", "x*", "x", "\\", "1", 0, 1, 2, 3, 4.5, 5, 6]


@given(left=st.lists(_matchers, min_size=1, max_size=2), right=st.lists(_matchers, min_size=1, max_size=2))
@settings(max_examples=300, deadline=None)
def test_two_questions_of_one_field_become_one(left: list[Any], right: list[Any]) -> None:
    """What fits the one is what fits both: for values of every kind, and for no value at all."""
    try:
        found = both(tuple(left), tuple(right))
    except Unsayable:
        return
    for value in _values:
        expected = all(any(admits(one.json(), value) for one in side if one != ABSENT) for side in (left, right))
        assert any(admits(one.json(), value) for one in found if one != ABSENT) is expected, (found, value)
        if isinstance(value, str | bool) or value is None:
            assert any(quick(one, value) for one in found) is expected
    assert (ABSENT in found) is (ABSENT in left and ABSENT in right)


# Second opinions


def test_moto_reads_the_patterns_of_the_builtins_the_same_way() -> None:
    """moto evaluates the operators that are used here; not lists of objects, which it does not look into."""
    seen = 0
    for detection, pattern in _expressible():
        if any(one.holds is Holds.LIST for one in pattern.assumes):
            continue
        matcher = MotoPattern.load(pattern.text)
        for _, record in _own_records(detection):
            event = event_of(record)
            assert matcher.matches_event(event) is matches(pattern.document, event), detection.id
            seen += 1
    assert seen > 500


def test_ministack_accepts_the_patterns_of_the_builtins_and_reads_them_the_same_way(aws: AwsSession) -> None:
    """ministack compiles patterns as EventBridge does, and refuses what it refuses."""
    client = aws.client("events")
    for detection, pattern in _expressible():
        for wanted in (True, False):
            record = next((record for matching, record in _own_records(detection) if matching is wanted), None)
            if record is not None:
                envelope = {"id": "1", "account": "111122223333", "time": "2026-11-21T10:00:00Z", "resources": []}
                event = {**event_of(record), **envelope}
                answer = client.call("test_event_pattern", EventPattern=pattern.text, Event=json.dumps(event))
                assert answer["Result"] is wanted, detection.id


def test_every_builtin_pattern_gives_the_verdicts_that_the_detection_is_tested_for() -> None:
    """The patterns of built-in detections, on the records of all their tests; no assumption is needed for these."""
    everything = [record for detection in BUILTIN for _, record in _own_records(detection)]
    for detection, pattern in _expressible():
        question = asked_by(detection)
        for wanted, record in _own_records(detection):
            assert matches(pattern.document, event_of(record)) is wanted, detection.id
        for record in everything[:: max(1, len(everything) // 60)]:
            assert matches(pattern.document, event_of(record)) is evaluate(question, record), detection.id


def test_most_builtins_can_be_said() -> None:
    expressible = {detection.id for detection, _ in _expressible()}
    assert len(expressible) / len(BUILTIN) > 0.75
    assert {"root-login", "trail-stopped", "trail-deleted"} <= expressible


BUILTIN = load_builtin()


def asked_by(detection: Detection) -> Predicate:
    assert detection.pattern is not None
    assert detection.pattern.predicate is not None
    return detection.pattern.predicate


def _expressible() -> Iterator[tuple[Detection, EventPattern]]:
    for detection in BUILTIN:
        if detection.pattern is not None and detection.pattern.predicate is not None:
            pattern = event_pattern(detection.pattern.predicate)
            if isinstance(pattern, EventPattern):
                yield detection, pattern


def _own_records(detection: Detection) -> Iterator[tuple[bool, dict[str, Any]]]:
    for test in detection.tests:
        if isinstance(test, VerdictTest):
            for event in test.events:
                document = load_document(event)
                if document is not None:
                    yield test.matches, document


def test_the_reference_itself_on_what_the_documentation_says() -> None:
    """Examples of the user guide and of Event Ruler's README, in our own words."""
    people = {"people": [{"first": "Anna", "last": "Smith"}, {"first": "Peter", "last": "Jones"}]}
    assert matches({"people": {"first": ["Anna"]}}, people)
    assert matches({"people": {"first": ["Anna"], "last": ["Smith"]}}, people)
    assert not matches({"people": {"first": ["Anna"], "last": ["Jones"]}}, people)
    assert matches({"a": [{"exists": False}]}, {"a": {"b": 1}}), "exists looks at leaves only"
    assert matches({"a": [{"exists": True}]}, {"a": None})
    assert matches({"a": ["x"]}, {"a": ["x", "y"]})
    assert matches({"a": [{"anything-but": ["x"]}]}, {"a": ["x", "y"]})
    assert not matches({"a": [{"anything-but": ["x"]}]}, {})
    assert not admits("1", 1)
    assert admits({"numeric": [">", 0, "<=", 5]}, 5.0)
    assert not admits({"prefix": ""}, 5)


# Calls that only read


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("{ $.eventName = StopLogging }", False),
        ("{ $.eventName = GetSecretValue }", True),
        ("{ $.eventName = AssumeRole }", True),
        ("{ $.eventName = ConsoleLogin && $.errorMessage = * }", False),
        ("{ $.eventName = DeleteTrail || $.eventName = DescribeTrails }", True),
        ("{ ($.eventName = DeleteTrail || $.eventName = PutEventSelectors) && $.eventSource = a }", False),
        ('{ $.eventName = "Create*" }', False),
        ('{ $.eventName = "Create*" && $.readOnly IS TRUE }', False),
        ('{ $.eventName = "C*" }', True),
        ("{ $.userIdentity.type = Root }", True),
        ("{ $.userIdentity.type = Root && $.readOnly IS FALSE }", False),
        ("{ $.eventName != DeleteTrail }", True),
    ],
)
def test_which_questions_need_events_of_calls_that_only_read(pattern: str, needed: bool) -> None:
    assert needs_read_only(asked(pattern)) is needed


@pytest.mark.skipif(not (SHARED / "corpora").is_dir(), reason="the reference data is not at hand")
def test_no_call_that_is_taken_for_a_change_only_reads() -> None:
    """On recorded events: `readOnly` is never true where the name is taken to say that something changes."""
    name = Selector(("eventName",))
    reading = set()
    for path in sorted((SHARED / "corpora").glob("*.jsonl.gz"))[:12]:
        with gzip.open(path, "rt") as lines:
            for line in lines:
                if '"readOnly":true' in line.replace(" ", ""):
                    reading |= set(_reading(json.loads(line)))
    assert len(reading) > 20
    wrong = {one for one in reading if not needs_read_only(Compare(name, TextGlob(one)))}
    assert not wrong


def _reading(found: object) -> Iterator[str]:
    """The names of the events that only read, wherever they lie in a value."""
    if isinstance(found, dict):
        if found.get("readOnly") is True and isinstance(found.get("eventName"), str):
            yield found["eventName"]
        for below in found.values():
            yield from _reading(below)
    elif isinstance(found, list):
        for below in found:
            yield from _reading(below)
