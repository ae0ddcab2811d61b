"""Every table as lines of JSON, for backups, audits and other programs: named fields, one moment, row after row.

What is written can hold whatever attackers wrote into the records; it holds no credential, because the store has none.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from typing import Protocol, TypeVar

import msgspec

from vedette.metrics.statistics import StatisticSet
from vedette.stores import codec, layout
from vedette.stores.schema import TABLES, Table
from vedette.stores.texts import restored

T = TypeVar("T")


class Streaming(Protocol):
    """A session that hands out rows as they are asked for."""

    def stream(self, sql: str, make: Callable[..., T]) -> Iterator[T]:
        """What a query answers, each row given to `make` by place."""


def lines(session: Streaming, tables: Sequence[Table] = TABLES) -> Iterator[str]:
    """One line for each row, `{"table": NAME, ...}`, in the order of the tables and within them of their keys."""
    for table in tables:
        order = ", ".join(table.key)
        for row in session.stream(f"{table.select} ORDER BY {order}", _ROWS[table.name]):
            yield _line({"table": table.name, **row})


def _line(row: Mapping[str, object]) -> str:
    plain = _plain(row)
    try:
        return msgspec.json.encode(plain).decode()
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(plain, separators=(",", ":"))


def _plain(value: object) -> object:
    """The value in what JSON has; sets in order, statistic sets by their numbers."""
    match value:
        case StatisticSet():
            return _numbers(value)
        case enum.Enum():
            return value.value
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case tuple() if hasattr(value, "_asdict"):
            return _plain(value._asdict())
        case AbstractSet():
            return sorted(value)
        case tuple() | list():
            return [_plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value


def _numbers(statistics: StatisticSet) -> dict[str, object]:
    some = statistics.sample_count > 0
    return {
        "sample_count": statistics.sample_count,
        "sum": statistics.sum if some else None,
        "minimum": statistics.minimum if some else None,
        "maximum": statistics.maximum if some else None,
        "values": statistics.ordered(),
    }


Fields = dict[str, object]


def _named(make: Callable[..., object]) -> Callable[..., Fields]:
    """The fields of the value that `make` makes of a row."""

    def row(*columns: object) -> Fields:
        value = make(*columns)
        assert is_dataclass(value)
        return {field.name: getattr(value, field.name) for field in fields(value)}

    return row


def _minute(*columns: object) -> Fields:
    _, _, detection, group, _, _ = columns
    assert isinstance(group, str)
    return {"detection": detection, "group": codec.decode_group(group), **_named(layout.minute_of)(*columns)}


def _due(_: bytes, detection: str, group: str, due: int) -> Fields:
    return {"detection": detection, "group": codec.decode_group(group), "due": due}


def _lease(name: str, holder: str, until: int) -> Fields:
    return {"name": restored(name), "holder": restored(holder), "until": until}


def _note(name: str, value: str) -> Fields:
    return {"name": restored(name), "value": restored(value)}


_ROWS: Mapping[str, Callable[..., Fields]] = {
    "objects": _named(layout.object_of),
    "sources": _named(layout.health_of),
    "matches": _named(layout.match_of),
    "minutes": _minute,
    "alerts": _named(layout.alert_of),
    "due": _due,
    "decisions": _named(layout.decision_of),
    "deliveries": _named(layout.delivery_of),
    "silences": _named(layout.silence_of),
    "habits": _named(layout.habits_of),
    "leases": _lease,
    "notes": _note,
}
