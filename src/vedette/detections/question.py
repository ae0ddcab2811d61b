"""The question that a detection asks of a record: its pattern, except where an exception still in force holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from vedette.detections.definition import Derived, Detection
from vedette.detections.language import parse_selector
from vedette.predicates.tree import And, Not, Or, Predicate, Selector, selectors


def question(detection: Detection, today: dt.date) -> Predicate | None:
    """The pattern and not the exceptions that hold on `today` (a day in UTC; the last day counts).

    None for a composite rule, and for a pattern that reads the record as text: `matcher` answers those.
    """
    asked = detection.pattern.predicate if detection.pattern is not None else None
    excepted = _excepted(detection, today)
    if asked is None or excepted is None:
        return asked
    return And((asked, Not(excepted)))


def matcher(detection: Detection, today: dt.date) -> Callable[[str], bool]:
    """The same verdict from a record's text, for a pattern of any kind; a composite rule matches no record."""
    pattern = detection.pattern
    if pattern is None:
        return _never
    exceptions = [exception.pattern for exception in detection.exceptions if today <= exception.expires]

    def matches(text: str) -> bool:
        return pattern.matches(text) and not any(exception.matches(text) for exception in exceptions)

    return matches


def selectors_read(detection: Detection) -> frozenset[Selector]:
    """Every field that the detection needs decoded: for its question with all exceptions, its groups, its metric.

    The fields behind `actor` are not among them: `cloudtrail.identity` names those.
    """
    asked = question(detection, dt.date.min)
    found = set() if asked is None else set(selectors(asked))
    found.update(field for field in detection.group_by if not isinstance(field, Derived))
    if detection.metric is not None:
        texts = [detection.metric.value, *(text for _, text in detection.metric.dimensions)]
        found.update(selector for text in texts if text.startswith("$") and (selector := parse_selector(text)))
    return frozenset(found)


def _excepted(detection: Detection, today: dt.date) -> Predicate | None:
    parts = tuple(
        exception.pattern.predicate
        for exception in detection.exceptions
        if today <= exception.expires and exception.pattern.predicate is not None
    )
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Or(parts)


def _never(_: str) -> bool:
    return False
