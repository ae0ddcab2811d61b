"""What a check is given, and what it answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from vedette.detections.definition import Detection
from vedette.detections.lint.rules import LintRule
from vedette.errors import Level


@dataclass(frozen=True, slots=True)
class Subject:
    """A detection under judgement: on which day, and whether it is one of the built-in ones."""

    detection: Detection
    today: dt.date
    built_in: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """A breach of a rule. `at` is the path of keys and indices to the value, `find` a text within it.

    `level` is the rule's own where it is None.
    """

    rule: LintRule
    message: str
    at: tuple[str | int, ...] = ()
    find: str = ""
    note: str | None = None
    hint: str | None = None
    level: Level | None = None


Check: TypeAlias = Callable[[Subject], Iterator[Finding]]
