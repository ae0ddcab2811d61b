"""Runs the tests that a detection file carries: verdicts on records, and courses of states.

Verdicts are asked of the same question that a scan asks; timelines go through the same alarm evaluation. Exceptions
count as on `today`, so that a test tells when one has run out.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from vedette.alarms import timeline
from vedette.alarms.spec import State
from vedette.detections.definition import CompositeTest, Detection, TimelineTest, VerdictTest
from vedette.detections.question import matcher, question
from vedette.metrics.statistics import StatisticSet
from vedette.predicates.document import load_document
from vedette.predicates.evaluate import evaluate
from vedette.predicates.explain import Explanation, explain

_MINUTE = 60
_START = 10_000 * 86_400
"""The midnight at which every timeline starts; any would do."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test's outcome: `why` is empty when it passed, else tells what was seen instead, in one or more lines.

    `explanation` is that of the first record with the wrong verdict, where the question reads fields.
    """

    detection: str
    name: str
    passed: bool
    why: str = ""
    explanation: Explanation | None = None
    path: str = ""
    line: int = 0

    __test__ = False  # pytest collects classes by this name


def run_tests(detections: Iterable[Detection], today: dt.date) -> Iterator[TestResult]:
    """Every test of every detection, in order; `today` (UTC) decides which exceptions are still in force."""
    for detection in detections:
        for test in detection.tests:
            yield run_test(detection, test, today)


def run_test(detection: Detection, test: VerdictTest | TimelineTest | CompositeTest, today: dt.date) -> TestResult:
    """One test's outcome."""
    explanation: Explanation | None = None
    match test:
        case VerdictTest():
            why, explanation = _run_verdict(detection, test, today)
        case TimelineTest():
            why = _run_timeline(detection, test)
        case CompositeTest():
            why = _run_composite(detection, test)
    return TestResult(detection.id, test.name, not why, why, explanation, detection.path, test.line)


def _run_verdict(detection: Detection, test: VerdictTest, today: dt.date) -> tuple[str, Explanation | None]:
    asked = question(detection, today)
    matches = matcher(detection, today)
    for number, event in enumerate(test.events, start=1):
        document = load_document(event)
        if asked is not None and document is not None:
            held = evaluate(asked, document)
        else:
            held = matches(event.decode("utf-8", "replace"))
        if held is not test.matches:
            which = f"record {number} of {len(test.events)}" if len(test.events) > 1 else "the record"
            verdict = "matches, and should not" if held else "does not match, and should"
            if asked is None:
                return f"{which} {verdict}", None
            if document is None:
                return f"{which} {verdict}: it is not one JSON object", None
            explanation = explain(asked, document)
            return "\n".join([f"{which} {verdict}", *decisive(explanation)]), explanation
    return "", None


def decisive(explanation: Explanation) -> Iterator[str]:
    """The clauses that made the verdict, a line each with its reason."""
    if not explanation.parts:
        yield f"  {explanation.condition}: {explanation.why}"
        return
    alike = [part for part in explanation.parts if part.holds is explanation.holds]
    for part in alike or explanation.parts:
        yield from decisive(part)


def _run_timeline(detection: Detection, test: TimelineTest) -> str:
    if detection.alarm is None:
        return "a composite rule has no datapoints"
    series = {
        _START + minute * _MINUTE: StatisticSet.of([point])
        for minute, point in enumerate(test.points)
        if point is not None
    }
    ends = [_START + (minute + 1) * _MINUTE for minute in range(len(test.states))]
    transitions = timeline(detection.alarm, series, _START + _MINUTE, ends[-1] + 1) if ends else []
    at = [transition.at for transition in transitions]
    seen = [transitions[index - 1].new if (index := bisect_right(at, end)) else State.OK for end in ends]
    return _compare(test.states, seen)


def _run_composite(detection: Detection, test: CompositeTest) -> str:
    rule = detection.rule
    if rule is None:
        return "a pattern has no children"
    if missing := set(rule.children) - {name for name, _ in test.children}:
        return f"the states of {', '.join(sorted(missing))} are not given"
    seen = []
    for minute in range(len(test.states)):
        states = {name: course[minute] for name, course in test.children}
        seen.append(State.ALARM if rule.evaluate(states) else State.OK)
    return _compare(test.states, seen)


def _compare(wanted: Sequence[State], seen: Sequence[State]) -> str:
    """Where two courses part; empty if they do not."""
    for minute, (expected, found) in enumerate(zip(wanted, seen, strict=True), start=1):
        if expected is not found:
            course = " ".join(state.value for state in seen)
            return f"at the end of minute {minute} the state is {found.value}, not {expected.value}\nstates: {course}"
    return ""
