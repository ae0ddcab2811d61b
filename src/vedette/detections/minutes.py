"""The one-line scripts of timeline tests: `1 1x3 _ 0.5` for datapoints, `OK ALARMx3` for states, a minute each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from vedette.alarms.spec import State
from vedette.detections.align import locate
from vedette.detections.fields import Fields, Report, shown
from vedette.detections.yaml import Scalar
from vedette.errors import Span, did_you_mean
from vedette.metrics.statistics import LARGEST

MAX_MINUTES = 100_000

_TOKEN = re.compile(r"\S+")
_REPEAT = re.compile(r"(?P<what>.+?)x(?P<times>[0-9]{1,6})\Z")
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?\Z")

T = TypeVar("T")


class _UnreadableError(Exception):
    """A word that says no datapoint, or no state."""


def read_points(fields: Fields, key: str) -> tuple[float | None, ...]:
    """The datapoints under `key`, None for a minute without one."""
    scalar = fields.scalar(key, "datapoints such as `1 _ 2x3`")
    return () if scalar is None else _read(fields.report, scalar, _point, "a number, or `_` for no datapoint")


def read_states(fields: Fields, key: str) -> tuple[State, ...]:
    """The states under `key`."""
    scalar = fields.scalar(key, "states such as `OK ALARMx3`")
    return () if scalar is None else states_of(fields.report, scalar)


def states_of(report: Report, scalar: Scalar) -> tuple[State, ...]:
    """The states that a scalar spells."""
    return _read(report, scalar, _state, "`OK`, `ALARM` or `INSUFFICIENT_DATA`")


def _read(report: Report, scalar: Scalar, one: Callable[[str], T], wanted: str) -> tuple[T, ...]:
    values: list[T] = []
    for found in _TOKEN.finditer(scalar.text):
        try:
            values.extend(_repeat(found.group(), one))
        except _UnreadableError:
            place = locate(report.text, scalar, scalar.text, Span(*found.span()))
            note = did_you_mean(found.group(), [state.value for state in State]) if one is _state else None
            report.at(place, f"{shown(found.group())} is not {wanted}", note=note)
        if len(values) > MAX_MINUTES:
            report.at(scalar.place, f"more than {MAX_MINUTES:,} minutes")
            break
    return tuple(values)


def _repeat(word: str, one: Callable[[str], T]) -> Iterator[T]:
    repeated = _REPEAT.match(word)
    value = one(repeated["what"] if repeated else word)
    for _ in range(min(int(repeated["times"]), MAX_MINUTES + 1) if repeated else 1):
        yield value


def _point(word: str) -> float | None:
    if word == "_":
        return None
    if not _NUMBER.match(word):
        raise _UnreadableError
    number = float(word)
    if abs(number) > LARGEST:
        raise _UnreadableError
    return number


def _state(word: str) -> State:
    try:
        return State(word)
    except ValueError:
        raise _UnreadableError from None
