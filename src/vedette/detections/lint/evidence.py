"""Checks of the tests that a file carries: whether they are there, and whether CloudTrail could have written them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vedette.detections.definition import CompositeTest, Detection, VerdictTest
from vedette.detections.lint import rules
from vedette.detections.lint.finding import Finding, Subject
from vedette.detections.lint.record_shape import RECORD, Group, Kind, Leaf
from vedette.errors import Level, closest
from vedette.predicates.document import load_document

_ALWAYS = ("eventName", "eventSource")


def check_tests(subject: Subject) -> Iterator[Finding]:
    """missing-test."""
    level = Level.ERROR if subject.built_in else None
    at = ("tests",)
    if subject.detection.rule is not None:
        if not any(isinstance(test, CompositeTest) for test in subject.detection.tests):
            yield Finding(rules.MISSING_TEST, "no test with `children` and `states`", at, level=level)
        return
    hits, misses = _counts(subject.detection)
    if not hits:
        yield Finding(rules.MISSING_TEST, "no test with a record that matches", at, level=level)
    needed = 2 if subject.built_in else 1
    if misses < needed:
        message = "no near miss: a test with `matches: false`" if not misses else "only one near miss; two are needed"
        yield Finding(rules.MISSING_TEST, message, at, level=level)


def _counts(detection: Detection) -> tuple[int, int]:
    verdicts = [test for test in detection.tests if isinstance(test, VerdictTest)]
    hits = sum(len(test.events) for test in verdicts if test.matches)
    return hits, sum(len(test.events) for test in verdicts) - hits


def check_records(subject: Subject) -> Iterator[Finding]:
    """test-record, for each distinct oddity of each test."""
    if subject.detection.pattern is None or subject.detection.pattern.predicate is None:
        return
    for index, test in enumerate(subject.detection.tests):
        if isinstance(test, VerdictTest):
            documents = [load_document(event) for event in test.events]
            oddities = [oddity for document in documents if document is not None for oddity in _oddities(document)]
            for message, note in dict.fromkeys(oddities):
                yield Finding(rules.TEST_RECORD, message, ("tests", index), note=note)


def _oddities(document: Mapping[str, object]) -> Iterator[tuple[str, str | None]]:
    for name in _ALWAYS:
        if name not in document:
            yield f"the record has no `{name}`", None
    source = document.get("eventSource")
    if isinstance(source, str) and "." not in source:
        yield f"`eventSource` is `{source}`", f"did you mean `{source}.amazonaws.com`?"
    yield from _misfits(document, RECORD, "")


def _misfits(document: Mapping[str, object], group: Group, where: str) -> Iterator[tuple[str, str | None]]:
    for name, value in document.items():
        shape = group.fields.get(name)
        path = f"{where}{name}"
        if shape is None:
            near = closest(name, group.fields)
            yield f"no CloudTrail record has `{path}`", f"did you mean `{near}`?" if near else None
        elif value is None:
            continue
        elif isinstance(shape, Leaf):
            if _is_wrong(shape.kind, value):
                yield (
                    f"`{path}` is {shape.kind.value} in CloudTrail's records",
                    "quote it" if _is_number(value) else None,
                )
        else:
            for item in value if shape.listed and isinstance(value, list) else [value]:
                if isinstance(item, dict):
                    yield from _misfits(item, shape, f"{path}.")
                else:
                    yield f"`{path}` holds no fields here", None


def _is_wrong(kind: Kind, value: object) -> bool:
    match kind:
        case Kind.TEXT:
            return not isinstance(value, str)
        case Kind.BOOLEAN:
            return not isinstance(value, bool)
        case Kind.FREE:
            return False


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
