"""What EventBridge can ask of one field's value, and what two such questions come to together.

A field's values in an event pattern are alternatives; there is no way to ask two things of one field, so two
conditions that meet in a field have to become one. Values only; `event_pattern` makes them from predicates.

Sources: EventBridge user guide, "Comparison operators for use in event patterns" and "Event patterns"; the README of
Event Ruler, the library that EventBridge publishes its matching as.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

LARGEST: Final = 5_000_000_000
"""Numbers compare within this of zero, to six decimals. Source: Event Ruler, "Numeric matching"."""

_ADDRESS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|[0-9a-fA-F:]*:[0-9a-fA-F:]*")

Json: TypeAlias = "str | bool | int | float | list[Json] | dict[str, Json] | None"


class Unsayable(Exception):  # noqa: N818  # it is an answer, not a fault
    """What EventBridge cannot ask exactly; the text is the reason, a clause without a full stop."""


@dataclass(frozen=True, slots=True)
class Exact:
    """The very value."""

    value: str | bool | None

    def json(self) -> Json:
        """A plain value; EventBridge reads a text like an address as one address in any spelling, so that is masked."""
        if isinstance(self.value, str) and _ADDRESS.fullmatch(self.value):
            return {"wildcard": self.value}
        return self.value


@dataclass(frozen=True, slots=True)
class Prefix:
    """A text that begins so; the empty one is any text."""

    text: str

    def json(self) -> Json:
        """`{"prefix": …}`"""
        return {"prefix": self.text}


@dataclass(frozen=True, slots=True)
class Suffix:
    """A text that ends so."""

    text: str

    def json(self) -> Json:
        """`{"suffix": …}`"""
        return {"suffix": self.text}


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A text that fits: the fixed pieces between the runs of any characters."""

    pieces: tuple[str, ...]

    def json(self) -> Json:
        """`{"wildcard": …}`; a backslash is doubled, and no piece holds a `*`."""
        return {"wildcard": self.text()}

    def text(self) -> str:
        """As EventBridge writes it."""
        return "*".join(escaped(piece) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """A value that is there and is none of these texts, and fits none of these wildcards."""

    texts: tuple[str, ...] = ()
    wildcards: tuple[str, ...] = ()

    def json(self) -> Json:
        """`{"anything-but": …}`; texts go among the wildcards where there are any, for only one list is allowed."""
        if not self.wildcards:
            return {"anything-but": list(self.texts)}
        return {"anything-but": {"wildcard": [*self.wildcards, *map(escaped, self.texts)]}}


@dataclass(frozen=True, slots=True)
class Exists:
    """That there is a value (which is no object, and no empty list), or none."""

    there: bool

    def json(self) -> Json:
        """`{"exists": …}`"""
        return {"exists": self.there}


@dataclass(frozen=True, slots=True)
class Range:
    """A number in an order to each of these."""

    bounds: tuple[tuple[str, int | float], ...]

    def json(self) -> Json:
        """`{"numeric": [">=", 1, "<", 5]}`"""
        return {"numeric": [part for bound in self.bounds for part in bound]}


Matcher: TypeAlias = Exact | Prefix | Suffix | Wildcard | AnythingBut | Exists | Range
Alternatives: TypeAlias = tuple[Matcher, ...]

ABSENT: Final = Exists(False)
PRESENT: Final = Exists(True)


def escaped(text: str) -> str:
    """A text as a wildcard writes it."""
    return text.replace("\\", "\\\\").replace("*", "\\*")


def both(left: Alternatives, right: Alternatives) -> Alternatives:
    """What fits both; empty where nothing can. Raises Unsayable where EventBridge has no words for it."""
    found = (_meet(one, other) for one in left for other in right)
    return tuple(dict.fromkeys(matcher for matcher in found if matcher is not None))


def _meet(one: Matcher, other: Matcher) -> Matcher | None:
    if one == other:
        return one
    for here, there in ((one, other), (other, one)):
        if isinstance(here, Exists):
            return _with_existence(here, there)
        if isinstance(here, Exact):
            return here if admits(there, here.value) else None
    if isinstance(one, AnythingBut) and isinstance(other, AnythingBut):
        return AnythingBut(_joined(one.texts, other.texts), _joined(one.wildcards, other.wildcards))
    if isinstance(one, Range) and isinstance(other, Range):
        return _narrowed(one, other)
    if isinstance(one, Range) or isinstance(other, Range):
        raise Unsayable("is asked for a number and for more at once")
    return _affixes(one, other)


def _with_existence(exists: Exists, other: Matcher) -> Matcher | None:
    return other if exists.there and other != ABSENT else None


def _affixes(one: Matcher, other: Matcher) -> Matcher | None:
    for here, there in ((one, other), (other, one)):
        if isinstance(here, Prefix) and isinstance(there, Prefix | Suffix | Wildcard) and not here.text:
            return there
        if isinstance(here, Prefix) and isinstance(there, Prefix) and here.text.startswith(there.text):
            return here
        # Where none of the excluded texts would fit, there is nothing to exclude.
        if isinstance(there, AnythingBut) and not there.wildcards and not any(admits(here, t) for t in there.texts):
            return here
    if isinstance(one, Prefix) and isinstance(other, Prefix):
        return None
    raise Unsayable("is asked two things that EventBridge cannot ask of one field")


def _joined(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(left + right))


def _narrowed(one: Range, other: Range) -> Range:
    bounds = one.bounds + other.bounds
    if len(bounds) == 2 and {bound[0][0] for bound in bounds} == {"<", ">"}:
        low, high = sorted(bounds, key=lambda bound: bound[0][0], reverse=True)
        if low[1] < high[1]:
            return Range((low, high))
    raise Unsayable("is asked for numbers in a way that EventBridge cannot put together")


def admits(matcher: Matcher, value: str | bool | None) -> bool:
    """Whether a text, a boolean or null fits."""
    match matcher:
        case Exact(wanted):
            return wanted == value and type(wanted) is type(value)
        case Exists(there):
            return there
        case Range():
            return False
        case AnythingBut(texts, wildcards):
            return value not in texts and not any(isinstance(value, str) and fits(w, value) for w in wildcards)
        case _ if not isinstance(value, str):
            return False
        case Prefix(text):
            return value.startswith(text)
        case Suffix(text):
            return value.endswith(text)
        case Wildcard():
            return fits(matcher.text(), value)


def fits(wildcard: str, value: str) -> bool:
    """Whether a text fits a wildcard as EventBridge writes it: `*` is any run, `\\` takes the next as it is."""
    pieces = re.findall(r"\\(.)|(\*)|([^\\*]+)", wildcard, re.DOTALL)
    regex = "".join(".*" if star else re.escape(taken or plain) for taken, star, plain in pieces)
    return re.fullmatch(regex, value, re.DOTALL) is not None
