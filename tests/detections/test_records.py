"""Records of tests: what YAML says is what the JSON bytes hold, to the digit."""

from __future__ import annotations

import json
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detections.samples import changed
from vedette.detections.definition import VerdictTest
from vedette.detections.format import RECORD_DEFAULTS
from vedette.detections.loader import load_text
from vedette.errors import ProblemsError

EVENT = "event: {eventSource: sns.amazonaws.com, eventName: DeleteTopic}"


def events(text: str) -> tuple[bytes, ...]:
    test = load_text(changed((EVENT, text))).tests[0]
    assert isinstance(test, VerdictTest)
    return test.events


def only(text: str) -> bytes:
    (event,) = events(text)
    return event


ALL = "without: [" + ", ".join(RECORD_DEFAULTS) + "]"


def test_what_is_left_out_is_filled_in() -> None:
    record = json.loads(only("event: {eventName: A, awsRegion: eu-west-1, userIdentity: null}"))
    assert record["eventName"] == "A"
    assert record["awsRegion"] == "eu-west-1"
    assert record["userIdentity"] is None
    assert record["eventVersion"] == "1.11"
    assert record["recipientAccountId"] == "111122223333"
    assert "readOnly" not in record
    assert "managementEvent" not in record


def test_the_defaults_are_json() -> None:
    assert {name: json.loads(text) for name, text in RECORD_DEFAULTS.items()} == json.loads(only("event: {}"))


def test_a_field_can_be_left_out() -> None:
    record = json.loads(only("event: {eventName: A}\n    without: [userIdentity, eventID, userAgent]"))
    assert not record.keys() & {"userIdentity", "eventID", "userAgent"}


def test_a_field_cannot_be_both_there_and_left_out() -> None:
    with pytest.raises(ProblemsError, match="`eventName` is there, and is to be left out"):
        events("event: {eventName: A}\n    without: [eventName]")


def test_records_of_one_test_differ_in_their_id() -> None:
    """Records with one eventID count once; a test of several records means several."""
    ids = [json.loads(event)["eventID"] for event in events("events: [{}, {}, {eventID: mine}]")]
    assert ids == ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002", "mine"]


@pytest.mark.parametrize(
    ("spelt", "text"),
    [
        ("1", "1"),
        ("-0", "-0"),
        ("1.0", "1.0"),
        ("1.10", "1.10"),
        ("1e3", "1e3"),
        ("1E+400", "1E+400"),
        ("9007199254740993", "9007199254740993"),
        ("9" * 5000, "9" * 5000),
        ("+1", "1"),
        (".5", "0.5"),
        ("5.", "5.0"),
        ("0x1f", "31"),
        ("0o17", "15"),
        ("true", "true"),
        ("False", "false"),
        ("~", "null"),
        ("", "null"),
        ("no", '"no"'),
        ("012345670123", '"012345670123"'),
        ("'1'", '"1"'),
        ("1.11.0", '"1.11.0"'),
        ("2026-11-21T10:00:00Z", '"2026-11-21T10:00:00Z"'),
        ('"caf\\u00e9 \\" \\\\"', '"café \\" \\\\"'),
    ],
)
def test_scalars_keep_their_spelling(spelt: str, text: str) -> None:
    assert only(f"event:\n      v: {spelt}\n    {ALL}").decode() == f'{{"v":{text}}}'


def test_a_text_is_taken_verbatim() -> None:
    assert only('event: \'{"a":1, "a":2}\'') == b'{"a":1, "a":2}'
    assert only("event: |-\n      [not a record]") == b"[not a record]"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.from_regex(r"\A[A-Za-z_.-]{1,8}\Z"), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(st.from_regex(r"\A[a-z]{1,6}\Z"), json_values, max_size=4))
def test_json_written_into_yaml_comes_out_as_it_was(value: dict[str, object]) -> None:
    """Ints, floats, null, booleans and texts are kept: the bytes are the compact JSON of what was written."""
    spelt = json.dumps(value)
    got = only(f"event: {spelt}\n    {ALL}").decode()
    assert got == json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert cast(object, json.loads(got)) == value
