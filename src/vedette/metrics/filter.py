"""What a metric filter publishes: from an event, and whether it matched, to a sample of a metric.

A pure function over documents. Source: recorded metrics of real filters, and the CloudWatch Logs pages on metric
filters where no record says otherwise (the default value is emitted once for each event that does not match, not once
a minute).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from vedette.errors import InputError, PatternSyntaxError
from vedette.metrics.series import Series
from vedette.metrics.statistics import LARGEST
from vedette.metrics.units import UNITS
from vedette.patterns.faults import Source
from vedette.patterns.selectors import read_selector, selector_end
from vedette.predicates.document import number_text
from vedette.predicates.evaluate import select
from vedette.predicates.tree import Selector

MAX_DIMENSIONS = 3
MAX_NAME = 255
MAX_VALUE = 100

_PREFIX = "Invalid metric transformation: "
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_FIELD = re.compile(r"\$[A-Za-z0-9_-]+")
_FORBIDDEN_IN_NAMES = re.compile(r"[:*$]")

Reader: TypeAlias = float | str | Selector
"""A constant, the `$name` of a field of a space-delimited pattern, or a selector into a JSON document."""


@dataclass(frozen=True, slots=True)
class Transformation:
    """A metric transformation: `value` is a number or a selector, `dimensions` are (name, selector) pairs."""

    namespace: str
    name: str
    value: str = "1"
    default: float | None = None
    unit: str | None = None
    dimensions: tuple[tuple[str, str], ...] = ()


def refusals(transformation: Transformation) -> tuple[str, ...]:
    """The texts with which PutMetricFilter refuses the transformation; none if it would take it.

    The text for a broken pattern or length is of the API's general form, the others are recorded.
    """
    return tuple(_refusals(transformation))


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a metric, of the series that these (name, value) dimensions and this unit tell apart."""

    value: float
    dimensions: tuple[tuple[str, str], ...]
    unit: str | None


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """A transformation, made ready to publish."""

    transformation: Transformation
    value: Reader
    dimensions: tuple[tuple[str, Reader], ...]

    @classmethod
    def of(cls, transformation: Transformation) -> MetricFilter:
        """The filter's publishing half; InputError with AWS's text if the service would refuse it."""
        for text in refusals(transformation):
            raise InputError(text)
        readers = ((name, _reader(text)) for name, text in transformation.dimensions)
        return cls(
            transformation,
            _reader(transformation.value) or 0.0,
            tuple((name, reader) for name, reader in readers if reader is not None),
        )

    def sample(self, document: Mapping[str, object], *, matches: bool) -> Sample | None:
        """What one event publishes: at most one sample.

        `document` is the JSON object, or for a space-delimited pattern its fields by their `$name`. A match whose value
        is missing or not a number publishes nothing, nor does one that lacks a dimension's field; the default value is
        for events that do not match.
        """
        unit = self.transformation.unit
        if not matches:
            default = self.transformation.default
            return None if default is None else Sample(default, (), unit)
        value = _number(_read(self.value, document))
        dimensions = tuple((name, _text(_read(reader, document))) for name, reader in self.dimensions)
        known = tuple((name, text) for name, text in dimensions if text is not None)
        if value is None or len(known) < len(dimensions):
            return None
        return Sample(value, known, unit)


class Clock(enum.Enum):
    """Which time a datapoint bears: when the event happened, or when it was delivered to the log group.

    CloudTrail stamps its log events with the time of delivery, so alarms in AWS count by that.
    """

    EVENT = "event"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class Event:
    """An event as a metric filter meets it; times are epoch seconds."""

    document: Mapping[str, object]
    matches: bool
    event_time: int
    delivery_time: int

    def at(self, clock: Clock) -> int:
        """The second that its datapoint bears."""
        return self.event_time if clock is Clock.EVENT else self.delivery_time


def publish(
    metric_filter: MetricFilter, events: Iterable[Event], clock: Clock
) -> dict[tuple[tuple[str, str], ...], Series]:
    """The series that the events make, by dimensions. A minute without events has no datapoint, default or not."""
    made: dict[tuple[tuple[str, str], ...], Series] = {}
    for event in events:
        sample = metric_filter.sample(event.document, matches=event.matches)
        if sample is not None:
            made.setdefault(sample.dimensions, Series()).add(event.at(clock), sample.value)
    return made


def _refusals(transformation: Transformation) -> Iterator[str]:
    yield from _bad_names(transformation)
    value = _reader(transformation.value)
    if value is None or (isinstance(value, Selector) and value.has_wildcard):
        yield f"{_PREFIX}metric value {transformation.value} must be a valid number"
    if len(transformation.value) > MAX_VALUE:
        yield _too_long(transformation.value, "metricValue", MAX_VALUE)
    if len(transformation.dimensions) > MAX_DIMENSIONS:
        yield "Number of dimensions exceeds the maximum number of dimensions supported per metric filter"
    if transformation.dimensions and transformation.default is not None:
        yield f"{_PREFIX}dimensions and default value are mutually exclusive properties"
    for _, text in transformation.dimensions:
        reader = _reader(text)
        if reader is None or isinstance(reader, float) or (isinstance(reader, Selector) and reader.has_wildcard):
            yield f"{_PREFIX}dimension value must be valid selector"
    if transformation.unit is not None and transformation.unit not in UNITS:
        listed = ", ".join(sorted(UNITS))
        yield _constraint(transformation.unit, "unit", f"satisfy enum value set: [{listed}]")


def _bad_names(transformation: Transformation) -> Iterator[str]:
    for text, member in ((transformation.name, "metricName"), (transformation.namespace, "metricNamespace")):
        if len(text) > MAX_NAME:
            yield _too_long(text, member, MAX_NAME)
        if _FORBIDDEN_IN_NAMES.search(text):
            yield _constraint(text, member, "satisfy regular expression pattern: [^:*$]*")


def _too_long(text: str, member: str, limit: int) -> str:
    return _constraint(text, member, f"have length less than or equal to {limit}")


def _constraint(text: str, member: str, rule: str) -> str:
    return (
        f"1 validation error detected: Value '{text}' at 'metricTransformations.1.member.{member}' failed to satisfy "
        f"constraint: Member must {rule}"
    )


def _reader(text: str) -> Reader | None:
    """How to read a value written as `text`; None if it is neither a number nor a selector."""
    if text.startswith("$."):
        return _selector(text)
    if _FIELD.fullmatch(text):
        return text
    return _number(text)


def _selector(text: str) -> Selector | None:
    source = Source(text, 0, len(text))
    try:
        end = selector_end(source, 0)
        return read_selector(source, 0, end) if end == len(text) else None
    except PatternSyntaxError:
        return None


def _read(reader: Reader, document: Mapping[str, object]) -> object:
    match reader:
        case Selector():
            return select(reader, document)
        case str():
            return document.get(reader)
        case _:
            return reader


def _number(value: object) -> float | None:
    """A JSON number, or the number that a string spells, if CloudWatch can hold it."""
    if isinstance(value, str):
        value = float(value) if _NUMBER.fullmatch(value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -LARGEST <= value <= LARGEST else None


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    return number_text(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
