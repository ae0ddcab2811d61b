"""The tables of the SQL stores, as the newest migration leaves them: columns, keys, what each is for, what may go when.

The SQL itself is in `migrations`; a test compares both. `docs/reference/store.md` is written from here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = str | int | float | bytes | None
Row: TypeAlias = tuple[Value, ...]


class Kind(enum.Enum):
    """What a column holds; the value is PostgreSQL's name for it."""

    TEXT = "text"
    INTEGER = "bigint"
    REAL = "double precision"
    BYTES = "bytea"


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table. `columns` are in the order of its rows; `generated` ones the database fills in.

    `expired` is the condition, with one place for a time, under which a row may be pruned; empty if none ever may.
    `days` is how long its rows are kept unless the settings say otherwise.
    """

    name: str
    purpose: str
    columns: dict[str, Kind]
    key: tuple[str, ...]
    expired: str = ""
    stays: str = ""
    days: int | None = None
    generated: tuple[str, ...] = ()

    @property
    def select(self) -> str:
        """The beginning of a query for whole rows."""
        return " ".join(("SELECT", ", ".join(self.columns), "FROM", self.name))

    @property
    def written(self) -> tuple[str, ...]:
        """The columns that a row brings along."""
        return tuple(name for name in self.columns if name not in self.generated)


def _columns(text: str) -> dict[str, Kind]:
    """`name:kind` pairs; a name alone is a text."""
    pairs = (word.partition(":") for word in text.split())
    return {name: Kind[kind.upper() or "TEXT"] for name, _, kind in pairs}


OBJECTS = Table(
    "objects",
    "Objects that were read, or put aside as poison: an object that is here and done is not read again.",
    _columns(
        "id:bytes source name at:integer records:integer malformed:integer bodies:integer done:integer poison:text"
    ),
    ("id",),
    expired="done = 1 AND at < ?",
    stays="keep them for as long as objects stay where they are listed, or they are read, and counted, again",
    days=400,
)
SOURCES = Table(
    "sources",
    "Each source's cursor and health.",
    _columns(
        "source cursor last_object last_at:integer lag:integer objects:integer records:integer errors:integer"
        " last_error"
    ),
    ("source",),
)
MATCHES = Table(
    "matches",
    "Matches that were counted, by detection and event: an event that comes twice is counted once.",
    _columns("id:bytes detection event group_texts time:integer value:real sighting"),
    ("id",),
    expired="time < ?",
    days=45,
)
MINUTES = Table(
    "minutes",
    "What each group of each detection counted in each minute: the statistic set and the evidence.",
    _columns("group_id:bytes start:integer detection group_texts statistics evidence"),
    ("group_id", "start"),
    expired="start < ?",
    days=45,
)
ALERTS = Table(
    "alerts",
    "Alerts, with their evidence, their life and what was told of them.",
    _columns(
        "id detection group_id:bytes group_texts opened:integer closed:integer closes:integer first_minute:integer"
        " last_minute:integer incident actor created:integer changed:integer status standing:integer body evidence"
    ),
    ("id",),
    expired="standing = 0 AND changed < ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE state = 'waiting'"
    """ AND deliveries.incident = alerts.incident AND deliveries.body LIKE '%"' || alerts.id || '"%')""",
    stays="standing alerts, and those of which a delivery waits, stay",
    days=400,
)
DUE = Table(
    "due",
    "When a group must be looked at again though nothing arrives.",
    _columns("group_id:bytes detection group_texts due:integer"),
    ("group_id",),
)
DECISIONS = Table(
    "decisions",
    "What was decided of each alert, and why.",
    _columns("number:integer alert at:integer reason body"),
    ("number",),
    expired="at < ? AND alert NOT IN (SELECT id FROM alerts WHERE standing = 1)",
    stays="those of standing alerts stay",
    days=400,
    generated=("number",),
)
DELIVERIES = Table(
    "deliveries",
    "The outbox: messages to channels, waiting, sent or dead.",
    _columns(
        "key channel incident reason created:integer due:integer state attempts:integer holder lease:integer"
        " settled:integer body"
    ),
    ("key",),
    expired="state <> 'waiting' AND settled < ?",
    stays="waiting deliveries stay",
    days=400,
)
SILENCES = Table(
    "silences",
    "What is held back, by whom, why and until when.",
    _columns("id created:integer until:integer body"),
    ("id",),
    expired="until < ?",
    stays="silences in force stay",
    days=400,
)
HABITS = Table(
    "habits",
    "What each actor did on each day, to tell what is usual.",
    _columns("actor_id:bytes start:integer actor body"),
    ("actor_id", "start"),
    expired="start < ?",
    stays="beyond 200,000 rows those of actors seen on one day only go first",
    days=90,
)
LEASES = Table(
    "leases",
    "Which monitor does what no two may do at once.",
    _columns("name holder until:integer"),
    ("name",),
    expired="until < ?",
    stays="leases that are held stay",
    days=1,
)
NOTES = Table("notes", "Small values kept by name.", _columns("name value"), ("name",))

TABLES = (
    OBJECTS, SOURCES, MATCHES, MINUTES, ALERTS, DUE, DECISIONS, DELIVERIES, SILENCES, HABITS, LEASES, NOTES,
)  # fmt: skip
"""Every table, in the order in which they are shown, exported and pruned."""

BY_NAME = {table.name: table for table in TABLES}
RECORDS = (MATCHES, MINUTES)
"""The tables that grow with the records that match; the others grow with objects and alerts."""

RETENTION = {table.name: table.days for table in TABLES if table.days is not None}
"""Days for which rows are kept by default, by table."""
