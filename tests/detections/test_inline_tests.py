"""The tests inside detection files: what passes, and what is told when one does not."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from detections.samples import COMPOSITE, SOUND, added, changed, with_pattern
from vedette.detections.definition import CompositeTest, Detection, TimelineTest
from vedette.detections.loader import load_text
from vedette.detections.testing import TestResult, run_test, run_tests

TODAY = dt.date(2026, 11, 22)


def results(detection: Detection) -> list[TestResult]:
    return list(run_tests([detection], TODAY))


def why(text: str) -> str:
    """What the only failing test tells."""
    (failed,) = [result for result in results(load_text(text)) if not result.passed]
    return failed.why


def test_what_passes() -> None:
    told = results(load_text(SOUND, "sound.yaml"))
    assert [(result.passed, result.why, result.path, result.line) for result in told] == [
        (True, "", "sound.yaml", 11),
        (True, "", "sound.yaml", 14),
        (True, "", "sound.yaml", 17),
    ]


def test_a_record_that_should_match() -> None:
    text = changed(("{eventSource: sns.amazonaws.com, eventName: DeleteTopic}", "{eventName: DeleteTopics}"))
    told = why(text)
    assert told.startswith("the record does not match, and should\n")
    assert "$.eventSource" in told
    assert '"DeleteTopics"' in told
    (failed,) = [result for result in results(load_text(text)) if not result.passed]
    assert failed.explanation is not None
    assert failed.explanation.holds is False


def test_a_record_that_should_not_match() -> None:
    told = why(changed(("eventName: CreateTopic}", "eventName: DeleteTopic}")))
    assert told.splitlines()[0] == "the record matches, and should not"
    assert len(told.splitlines()) == 3


def test_each_record_of_several_counts() -> None:
    one = "event: {eventSource: sns.amazonaws.com, eventName: DeleteTopic}"
    several = "events: [{eventSource: sns.amazonaws.com, eventName: DeleteTopic}, {eventName: DeleteTopic}, {}]"
    assert why(changed((one, several))).startswith("record 2 of 3 does not match, and should\n")


def test_a_record_that_is_no_object() -> None:
    told = why(changed(("event: {eventSource: sns.amazonaws.com, eventName: DeleteTopic}", "event: '[1]'")))
    assert told == "the record does not match, and should: it is not one JSON object"


def test_an_exception_is_named_as_the_reason() -> None:
    exception = "exceptions:\n  - {pattern: '{ $.awsRegion = \"us-*\" }', owner: a, reason: b, expires: 2026-11-22}\n"
    told = why(added(exception))
    assert '$.awsRegion = "us-*"' in told
    after = run_tests([load_text(added(exception))], TODAY + dt.timedelta(days=1))
    assert all(result.passed for result in after)


def test_a_pattern_of_words() -> None:
    detection = with_pattern("DeleteTopic")
    failed = [result for result in results(detection) if not result.passed]
    assert [(result.name, result.why) for result in failed] == [
        ("another service's call", "the record matches, and should not")
    ]


@pytest.mark.parametrize(
    ("alarm", "points", "states"),
    [
        ("threshold: 3", "1 1 1 _ _", "OK OK ALARM ALARM ALARM"),
        ("threshold: 3, period: 60", "1 3 _ 3", "OK ALARM ALARM ALARM"),
        ("{}", "_ _ _", "OK OK OK"),
        ("threshold: 1, period: 60, evaluation_periods: 2", "1 1 0", "OK ALARM OK"),
        ("threshold: 1, period: 60, evaluation_periods: 3, datapoints_to_alarm: 2", "1 0 1", "OK OK ALARM"),
        ("threshold: 5, statistic: Maximum, period: 60", "4 5 4", "OK ALARM OK"),
        ("threshold: 1, period: 60, treat_missing_data: missing", "0 _x4", "OKx3 INSUFFICIENT_DATAx2"),
        ("threshold: 1, period: 60, treat_missing_data: breaching", "0 _x4", "OKx3 ALARMx2"),
        ("threshold: 1, period: 30", "1 0", "ALARM OK"),
    ],
)
def test_timelines(alarm: str, points: str, states: str) -> None:
    """The state at the end of each minute is that of CloudWatch's sliding windows (spec of alarm evaluation)."""
    settings = "" if alarm == "{}" else alarm
    text = added(f"  - name: course\n    points: {points}\n    states: {states}\nalarm: {{{settings}}}\n")
    assert [result.why for result in results(load_text(text)) if not result.passed] == []


def test_a_timeline_that_parts() -> None:
    told = why(added("  - name: course\n    points: 1 1 _\n    states: OK ALARM ALARM\n"))
    assert told == "at the end of minute 1 the state is ALARM, not OK\nstates: ALARM ALARM ALARM"


def test_composites() -> None:
    assert [result.passed for result in results(load_text(COMPOSITE))] == [True]
    told = why(changed(("states: OK OK ALARM OK", "states: OK OK OK OK"), text=COMPOSITE))
    assert told == "at the end of minute 3 the state is ALARM, not OK\nstates: OK OK ALARM OK"
    told = why(changed((", two: OKx2 ALARMx2", ""), text=COMPOSITE))
    assert told == "the states of two are not given"


def test_tests_of_the_other_kind() -> None:
    """The loader refuses them; values made by hand are told, not crashed on."""
    composite, plain = load_text(COMPOSITE), load_text(SOUND)
    timeline = TimelineTest("t", (1.0,), plain_states := composite.tests[0].states[:1])  # type: ignore[union-attr]
    assert run_test(composite, timeline, TODAY).why == "a composite rule has no datapoints"
    assert run_test(plain, CompositeTest("c", (), plain_states), TODAY).why == "a pattern has no children"
    empty = dataclasses.replace(timeline, points=(), states=())
    assert run_test(plain, empty, TODAY).passed
