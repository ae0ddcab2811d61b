"""The one question language inside: a tree of conditions on one JSON document.

Front ends (CloudWatch Logs filter patterns, later Sigma) translate to this tree; evaluation, compilation to Python,
the index and explanations are written once, on it. A condition carries its own rule, so that two front ends with
different ideas of case or null can live side by side. This module only describes; it evaluates nothing.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


class Each(enum.Enum):
    """The wildcard step `[*]` or `.*`: every element of an array, every value of an object."""

    EACH = "*"


EACH = Each.EACH
Step: TypeAlias = str | int | Each


@dataclass(frozen=True, slots=True)
class Selector:
    """A path into a document: property names, zero-based indices, and at most one wildcard."""

    steps: tuple[Step, ...]

    @property
    def has_wildcard(self) -> bool:
        """Whether the path selects many values."""
        return EACH in self.steps

    def text(self, wildcard: str = "[*]") -> str:
        """The selector as patterns write it; `.*` is the other way to write the wildcard."""
        first, *rest = self.steps
        # CloudWatch Logs wants a dot after `$` even where a bracket follows: `$.['a b']`.
        return "$." + _print_step(first, ".*").removeprefix(".") + "".join(_print_step(step, wildcard) for step in rest)

    def __str__(self) -> str:
        return self.text()


def _print_step(step: Step, wildcard: str) -> str:
    if isinstance(step, Each):
        return wildcard
    if isinstance(step, int):
        return f"[{step}]"
    plain = step.isascii() and step.replace("-", "_").replace("_", "a").isalnum()
    return f".{step}" if plain else f"['{step}']"


class Order(enum.Enum):
    """The ordering operators; they hold between numbers only."""

    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="


@dataclass(frozen=True, slots=True)
class TextGlob:
    """A string, or the text of a number, that fits `pattern`, in which `*` stands for a run of characters.

    Case-sensitive; `?` is an ordinary character; there is no escape. A pattern without `*` is plain equality.
    CloudWatch Logs never goes back: what follows a `*` counts at its first place only (`glob.glob_holds` is the rule).
    Source: CloudWatch Logs "Filter pattern syntax", and recorded answers of TestMetricFilter.
    """

    pattern: str


@dataclass(frozen=True, slots=True)
class TextRegex:
    """A string, or the text of a number, in which the regular expression `source` is found anywhere."""

    source: str


@dataclass(frozen=True, slots=True)
class NumberEquals:
    """A number equal to the one that `spelling` denotes, or a string equal to `spelling` itself.

    Numbers compare by their exact mathematical values, after fractions were rounded to doubles. A number that
    overflows a double (an infinity) is neither equal nor unequal to any number, so a negated comparison fails too.
    Source: recorded answers (`{ $.a = 1 }` matches `"1"`, not `"01"` nor `"1.0"`; `{ $.a != 1 }` not 1e309).
    """

    spelling: str


@dataclass(frozen=True, slots=True)
class NumberOrder:
    """A number (never a string) that stands in the given order to the number that `spelling` denotes.

    A number that overflows a double stands in no order to another, on either side.
    """

    order: Order
    spelling: str


Rule: TypeAlias = TextGlob | TextRegex | NumberEquals | NumberOrder
"""A rule holds, or not, of one string or number; it never holds of null, a boolean, an object or an array."""


@dataclass(frozen=True, slots=True)
class Compare:
    """`selector = …`, `!= …`, `< …` and so on.

    Not negated: some selected value is a string or number of which `rule` holds.
    Negated, without a wildcard: the selected value is a string or number of which `rule` does not hold; so a missing,
    null, boolean, object or array value does not match.
    Negated, with a wildcard: the value before the wildcard exists, and `rule` holds of no selected value.
    """

    selector: Selector
    rule: Rule
    negated: bool = False


@dataclass(frozen=True, slots=True)
class IsNull:
    """`IS NULL`: the value is null, or an array with a null among its elements."""

    selector: Selector


@dataclass(frozen=True, slots=True)
class IsBoolean:
    """`IS TRUE` and `IS FALSE`: the value is that JSON boolean."""

    selector: Selector
    value: bool


@dataclass(frozen=True, slots=True)
class NotExists:
    """`NOT EXISTS`: nothing is selected."""

    selector: Selector


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Some part holds."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold. Filter patterns have no such operator; exceptions and other front ends do."""

    part: Predicate


@dataclass(frozen=True, slots=True)
class Constant:
    """A question that is already answered."""

    value: bool


Condition: TypeAlias = Compare | IsNull | IsBoolean | NotExists
Predicate: TypeAlias = And | Or | Not | Constant | Condition


def conditions(predicate: Predicate) -> Iterator[Condition]:
    """Every condition of the tree, from left to right."""
    match predicate:
        case And(parts) | Or(parts):
            for part in parts:
                yield from conditions(part)
        case Not(part):
            yield from conditions(part)
        case Constant():
            return
        case _:
            yield predicate


def selectors(predicate: Predicate) -> frozenset[Selector]:
    """Every selector that the tree reads: the fields that it needs decoded."""
    return frozenset(condition.selector for condition in conditions(predicate))
