"""What an engine needs of each detection: its question in the form that is quickest, its groups, its metric's value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import UNSET

from vedette.cloudtrail.identity import identity_fields
from vedette.cloudtrail.projection import Path, Projection, Record, put
from vedette.detections.definition import Derived, Detection, GroupField, Metric
from vedette.detections.question import matcher, question
from vedette.engine.reader import RecordReader, answerable, names_of, paths_of, readable
from vedette.metrics.filter import MetricFilter, Transformation
from vedette.predicates.compile import compile_read
from vedette.predicates.document import number_text
from vedette.predicates.evaluate import is_scalar
from vedette.predicates.partial import partially_evaluate
from vedette.predicates.tree import Predicate, Selector, selectors

LONGEST_GROUP_TEXT = 512


@dataclass(frozen=True, slots=True)
class Question:
    """A detection's question: a predicate over projected records, or a function of a record's text."""

    number: int
    predicate: Predicate | None
    matches: Callable[[str], bool]


def question_of(number: int, detection: Detection, today: dt.date) -> Question | None:
    """The question of the detection with that number; None for a composite one, which asks nothing of records."""
    if detection.pattern is None:
        return None
    asked = question(detection, today)
    excepted = [exception.pattern for exception in detection.exceptions if today <= exception.expires]
    if asked is not None and all(pattern.predicate is not None for pattern in excepted) and answerable(asked):
        asked = partially_evaluate(asked, frozenset(), {})
    else:
        asked = None
    return Question(number, asked, matcher(detection, today))


def projection_of(questions: Iterable[Question], detections: Sequence[Detection]) -> Projection:
    """What has to be decoded: what the questions read, and what is told of a record that matches."""
    paths: set[Path] = set(identity_fields)
    for asked in questions:
        if asked.predicate is not None:
            paths |= paths_of(selectors(asked.predicate))
        detection = detections[asked.number]
        paths |= paths_of(field for field in detection.group_by if isinstance(field, Selector))
        paths |= paths_of(_metric_selectors(_filter_of(detection.metric)))
    return Projection(paths)


class Readings:
    """What is read of a record that matches one detection: the texts of its group, and the metric's value."""

    def __init__(self, detection: Detection, projection: Projection) -> None:
        reader = RecordReader(projection)
        self.group_fields = tuple(_group_reader(field, reader) for field in detection.group_by)
        self._by_actor_alone = self.group_fields == (None,)
        self._filter = _filter_of(detection.metric)
        self.constant = _constant(self._filter)
        found = [selector for selector in _metric_selectors(self._filter) if readable(selector)]
        prefixes = {names_of(selector) for selector in found}
        self._parts = [(path, compile_read(Selector(path), reader)) for path in sorted(prefixes)]
        pattern = detection.pattern
        self._extract = pattern.extract if pattern is not None and pattern.predicate is None else None

    def group(self, record: Record, actor_key: str) -> tuple[str, ...]:
        """The texts that keep this match apart from those of other groups; empty where a field has no single value."""
        if self._by_actor_alone:
            return (actor_key,)
        return tuple([actor_key if read is None else _group_text(read(record)) for read in self.group_fields])

    def value(self, record: Record, text: str) -> float | None:
        """The metric's value for a record that matches; None if it publishes no datapoint.

        `text` is the record verbatim; only patterns that read text need it.
        """
        if self.constant is not None or self._filter is None:
            return self.constant
        document: Mapping[str, object] = self._document(record) if self._extract is None else self._extract(text)
        sample = self._filter.sample(document, matches=True)
        return None if sample is None else sample.value

    def _document(self, record: Record) -> dict[str, object]:
        document: dict[str, object] = {}
        for path, read in self._parts:
            value = read(record)
            if value is not UNSET:
                put(document, path, value)
        return document


def _group_reader(field: GroupField, reader: RecordReader) -> Callable[[object], object] | None:
    """None for the actor, whose key is at hand."""
    if isinstance(field, Derived):
        return None
    return compile_read(field, reader) if readable(field) else _no_value


def _no_value(_: object) -> object:
    return UNSET


def _group_text(value: object) -> str:
    if type(value) is str:
        text = value[:LONGEST_GROUP_TEXT]
        return text if text.isascii() else text.encode("utf-8", "replace").decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if is_scalar(value) and not isinstance(value, str) else ""


def _filter_of(metric: Metric | None) -> MetricFilter | None:
    if metric is None:
        return None
    return MetricFilter.of(
        Transformation(metric.namespace, metric.name, metric.value, metric.default, metric.unit, metric.dimensions)
    )


def _metric_selectors(metric: MetricFilter | None) -> list[Selector]:
    if metric is None:
        return []
    return [read for read in (metric.value, *(read for _, read in metric.dimensions)) if isinstance(read, Selector)]


def _constant(metric: MetricFilter | None) -> float | None:
    """The value of a metric that asks nothing of the record; 1 for a detection that says nothing of a metric."""
    if metric is None:
        return 1.0
    return metric.value if isinstance(metric.value, float) and not metric.dimensions else None
