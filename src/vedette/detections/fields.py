"""Typed values out of YAML mappings: every problem is noted with its place, and reading goes on.

A method answers a harmless stand-in where the file is wrong; the report then holds a problem, and the loader throws the
half-read value away. So one run tells everything that is wrong with a file.
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

from vedette.detections.format import ALARM, DETECTION, METRIC, Section
from vedette.detections.yaml import Mapping, Node, Place, Scalar, Sequence, Text
from vedette.errors import Problem, closest, did_you_mean

E = TypeVar("E", bound=enum.Enum)


class Report:
    """The problems of one file."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.problems: list[Problem] = []

    def at(self, place: Place, message: str, *, note: str | None = None, hint: str | None = None) -> None:
        """Note a problem at `place`."""
        self.problems.append(self.text.problem(place, message, note=note, hint=hint))


def _elsewhere(word: str, section: Section) -> str | None:
    """A note for a key of `alarm` or `metric` that was written beside them."""
    if section is not DETECTION or closest(word, section.names, likeness=0.8):
        return None
    for inner in (ALARM, METRIC):
        if near := closest(word, inner.names, likeness=0.8):
            return f"did you mean `{near}` in {inner.where}?"
    return None


def shown(text: str, limit: int = 60) -> str:
    """`text` in back-ticks, on one line, and not longer than `limit`."""
    text = " ".join(text.split())
    return f"`{text}`" if len(text) <= limit else f"`{text[: limit - 1]}…`"


class Fields:
    """One mapping of the file, read against its section's key table."""

    def __init__(self, report: Report, node: Mapping, section: Section) -> None:
        self.report = report
        self.node = node
        self.section = section
        self.values = {key.text: value for key, value in node.entries}
        self._check_keys()

    def _check_keys(self) -> None:
        names = self.section.names
        for key, _ in self.node.entries:
            if key.text not in names:
                note = _elsewhere(key.text, self.section) or did_you_mean(key.text, set(names) - self.values.keys())
                hint = None if note else f"{self.section.where} has the keys {', '.join(names)}"
                self.report.at(key.place, f"unknown key {shown(key.text)}", note=note, hint=hint)
        missing = [key.name for key in self.section.keys if key.required and key.name not in self.values]
        if missing:
            keys = ", ".join(f"`{name}`" for name in missing)
            self.report.at(self.start, f"{self.section.where} needs {keys}")

    @property
    def start(self) -> Place:
        """The mapping's first character, for what is missing in it."""
        place = self.node.place
        return Place(place.line, place.column, place.start, place.start + 1)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def place(self, key: str) -> Place:
        """Where the value of `key` stands; the mapping's start if it is not there."""
        return self.values[key].place if key in self.values else self.start

    def key_place(self, key: str) -> Place:
        """Where the key itself stands."""
        return next((name.place for name, _ in self.node.entries if name.text == key), self.start)

    def wrong(self, key: str, node: Node, wanted: str, *, note: str | None = None) -> None:
        """Note that the value has not the wanted type."""
        self.report.at(node.place, f"`{key}` must be {wanted}, not {node.kind}", note=note)

    def scalar(self, key: str, wanted: str = "a text") -> Scalar | None:
        """The scalar under `key` that is not empty; None (and a problem, if it is there) otherwise."""
        node = self.values.get(key)
        if node is None:
            return None
        if not isinstance(node, Scalar) or node.value is None:
            note = "put it into quotes" if isinstance(node, Mapping) and "pattern" in wanted else None
            self.wrong(key, node, wanted, note=note)
            return None
        if not node.text.strip():
            self.report.at(node.place, f"`{key}` is empty")
            return None
        return node

    def text(self, key: str, default: str = "") -> str:
        """A text: what stands in the file, whatever a YAML parser would make of it (`no` and 0123 stay)."""
        scalar = self.scalar(key)
        return default if scalar is None else scalar.text.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(scalar.text.strip() for scalar in self.scalars(key))

    def scalars(self, key: str) -> Iterator[Scalar]:
        """The scalars of a list, each with its place."""
        for node in self.items(key, "a list of texts"):
            if not isinstance(node, Scalar) or node.value is None or not node.text.strip():
                self.report.at(node.place, f"`{key}` must hold texts, not {_emptiness(node)}", note=_colon_note(node))
            else:
                yield node

    def items(self, key: str, wanted: str = "a list") -> tuple[Node, ...]:
        """The items of a list; none if the key is not there."""
        node = self.values.get(key)
        if node is None:
            return ()
        if not isinstance(node, Sequence):
            self.wrong(key, node, wanted, note="write it as `- …`" if isinstance(node, Scalar) and node.text else None)
            return ()
        return node.items

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        node = self.values.get(key)
        if node is None:
            return default
        if not isinstance(node, Scalar) or not isinstance(node.value, bool):
            self.wrong(key, node, "true or false", note=_truth_note(node))
            return default
        return node.value

    def number(self, key: str, default: float | None) -> float | None:
        """A finite number."""
        node = self.values.get(key)
        if node is None:
            return default
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(key, node, "a number", note=_quote_note(node))
            return default
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.report.at(node.place, f"`{key}` must be a finite number")
            return default
        return number

    def whole(self, key: str, default: int, *, least: int = 1) -> int:
        """A whole number of at least `least`."""
        number = self.number(key, default)
        if number is None or number != int(number) or number < least:
            self.report.at(self.place(key), f"`{key}` must be a whole number of at least {least}")
            return default
        return int(number)

    def choice(self, key: str, kinds: type[E], default: E) -> E:
        """A member of an enum, by its value."""
        names = [str(kind.value) for kind in kinds]
        name = self.one_of(key, names, str(default.value))
        return kinds(name)

    def one_of(self, key: str, names: Iterable[str], default: str) -> str:
        """One of a closed set of texts."""
        scalar = self.scalar(key)
        if scalar is None:
            return default
        known = list(names)
        if scalar.text in known:
            return scalar.text
        note = did_you_mean(scalar.text, known)
        hint = None if note else f"one of {', '.join(known)}"
        self.report.at(scalar.place, f"`{key}` cannot be {shown(scalar.text)}", note=note, hint=hint)
        return default

    def matching(self, key: str, form: re.Pattern[str], wanted: str, default: str) -> str:
        """A text of the given form."""
        scalar = self.scalar(key)
        if scalar is None:
            return default
        if not form.fullmatch(scalar.text):
            self.report.at(scalar.place, f"`{key}` must be {wanted}, not {shown(scalar.text)}")
            return default
        return scalar.text

    def inner(self, key: str, section: Section) -> Fields | None:
        """The mapping under `key`; None if it is not there, or no mapping."""
        node = self.values.get(key)
        if node is None:
            return None
        if not isinstance(node, Mapping):
            self.wrong(key, node, "a mapping")
            return None
        return Fields(self.report, node, section)

    def each(self, key: str, section: Section) -> Iterator[Fields]:
        """Every mapping of the list under `key`."""
        for node in self.mappings(key):
            yield Fields(self.report, node, section)

    def mappings(self, key: str) -> Iterator[Mapping]:
        """Every mapping of the list under `key`, unread."""
        for node in self.items(key, "a list of mappings"):
            if isinstance(node, Mapping):
                yield node
            else:
                self.report.at(node.place, f"`{key}` must hold mappings, not {node.kind}")


def _emptiness(node: Node) -> str:
    return node.kind if not isinstance(node, Scalar) or node.value is None else "an empty text"


def _colon_note(node: Node) -> str | None:
    return "quote a text with `: ` in it" if isinstance(node, Mapping) else None


def _truth_note(node: Node) -> str | None:
    """A hint for the booleans of YAML 1.1."""
    word = node.text.lower() if isinstance(node, Scalar) else ""
    meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(word)
    return f"write `{meant}`" if meant else None


def _quote_note(node: Node) -> str | None:
    return "remove the quotes" if isinstance(node, Scalar) and node.style in ("'", '"') else None
