"""What every built-in detection owes: prose that helps, tests that bite, a question that AWS accepts."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from vedette.alarms.spec import State
from vedette.detections.definition import CompositeTest, Detection, TimelineTest, VerdictTest
from vedette.detections.lint import lint
from vedette.detections.loader import load_builtin
from vedette.detections.testing import run_tests
from vedette.patterns import FilterPattern

LIBRARY = load_builtin()
ASKING = tuple(detection for detection in LIBRARY if detection.pattern is not None)
COMPOSITE = tuple(detection for detection in LIBRARY if detection.rule is not None)
TODAY = dt.date(2026, 11, 22)
TITLE = 60
"""Characters of a title that a table of alerts can show beside its other columns."""
PATTERN = 1_024
TECHNIQUE = re.compile(r"T[0-9]{4}(\.[0-9]{3})?")

Rule = Callable[[Detection], object]


def verdicts(detection: Detection, matches: bool) -> list[VerdictTest]:
    return [test for test in detection.tests if isinstance(test, VerdictTest) and test.matches is matches]


def raises(test: CompositeTest) -> bool:
    return State.ALARM in test.states


def sentences(text: str) -> bool:
    return text[:1].isupper() or text[:1] in "`0123456789*"


OWED: dict[str, Rule] = {
    "a description of whole sentences": lambda d: d.description.endswith(".") and sentences(d.description),
    "a reason why it matters": lambda d: d.why.endswith(".") and len(d.why) >= 40,
    "a harmless case": lambda d: d.false_positives,
    "two steps to respond, if it tells anybody": lambda d: len(d.respond) >= (2 if d.notify else 1),
    "a reference on the web": lambda d: d.references and all(text.startswith("https://") for text in d.references),
    "techniques of ATT&CK": lambda d: d.attack and all(TECHNIQUE.fullmatch(text) for text in d.attack),
    "a title that fits a table": lambda d: 10 <= len(d.title) <= TITLE,
    "a category": lambda d: d.category,
    "references, techniques and controls once each": lambda d: all(
        len(set(values)) == len(values) for values in (d.references, d.attack, d.compliance)
    ),
    "names of its tests that differ": lambda d: len({test.name for test in d.tests}) == len(d.tests),
}


@pytest.mark.parametrize("owed", OWED)
def test_every_detection_has(owed: str) -> None:
    assert [detection.id for detection in LIBRARY if not OWED[owed](detection)] == []


def test_every_question_has_a_match_and_two_near_misses() -> None:
    poor = [d.id for d in ASKING if not verdicts(d, True) or len(verdicts(d, False)) < 2]
    assert poor == []


def test_every_composite_rule_has_courses_with_and_without_alarm() -> None:
    for detection in COMPOSITE:
        courses = [test for test in detection.tests if isinstance(test, CompositeTest)]
        assert any(map(raises, courses)), detection.id
        assert not all(map(raises, courses)), detection.id


def test_every_threshold_is_shown_from_both_sides() -> None:
    """A detection that waits for several matches shows how many raise it, and how many do not."""
    for detection in LIBRARY:
        if detection.alarm is None or detection.alarm.threshold <= 1:
            continue
        courses = [test for test in detection.tests if isinstance(test, TimelineTest)]
        assert any(State.ALARM in test.states for test in courses), detection.id
        assert any(State.ALARM not in test.states for test in courses), detection.id


def test_no_lint_rule_is_broken() -> None:
    assert [str(problem) for problem in lint(LIBRARY, TODAY)] == []


def test_every_inline_test_passes() -> None:
    results = list(run_tests(LIBRARY, TODAY))
    assert len(results) > 5 * len(LIBRARY)
    assert [(result.detection, result.name, result.why) for result in results if not result.passed] == []


def twice(values: Iterator[object]) -> list[object]:
    return [value for value, times in Counter(values).items() if times > 1]


def test_nothing_is_there_twice() -> None:
    """Ids, titles and metrics tell detections apart: in a table, in a mail, in CloudWatch."""
    assert twice(detection.id for detection in LIBRARY) == []
    assert twice(detection.title.casefold() for detection in LIBRARY) == []
    metrics = (detection.metric for detection in LIBRARY if detection.metric is not None)
    assert twice((metric.namespace, metric.name) for metric in metrics) == []


def test_patterns_fit_a_metric_filter() -> None:
    """PutMetricFilter takes 1,024 characters; a longer pattern says in its file that it cannot be deployed."""
    for detection in ASKING:
        assert detection.pattern is not None
        if any(allowed.rule == "pattern-over-quota" for allowed in detection.allow):
            continue
        assert len(detection.pattern.source) <= PATTERN, detection.id


def test_patterns_print_back() -> None:
    """`parse(str(p)) == p`, and the printed form fits the quota as well as the written one does."""
    for detection in ASKING:
        assert detection.pattern is not None
        assert FilterPattern.parse(str(detection.pattern)) == detection.pattern, detection.id


def test_rules_notify_through_the_composite() -> None:
    """A building block that tells nobody is there for a rule, and what a rule names is there."""
    named = {child for detection in COMPOSITE if detection.rule is not None for child in detection.rule.children}
    silent = {detection.id for detection in LIBRARY if not detection.notify}
    assert silent <= named
    assert named <= {detection.id for detection in LIBRARY}
