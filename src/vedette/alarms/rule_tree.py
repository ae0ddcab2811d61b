"""The tree of a composite alarm's rule: what may be said about the states of other alarms, and how it prints.

This module describes and answers; it parses nothing and knows nothing of time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from vedette.alarms.spec import State


@dataclass(frozen=True, slots=True)
class Literal:
    """`TRUE` or `FALSE`."""

    value: bool


@dataclass(frozen=True, slots=True)
class InState:
    """`ALARM("name")`, `OK("name")`, `INSUFFICIENT_DATA("name")`: the child is in that state."""

    state: State
    child: str


@dataclass(frozen=True, slots=True)
class AtLeast:
    """`AT_LEAST(2, ALARM, (a, b, c))`: that many of the children are (or, negated, are not) in the state.

    With `percent`, `amount` is a share of the children, reached when count / children >= amount / 100.
    """

    amount: int
    percent: bool
    negated: bool
    state: State
    children: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """`NOT part`."""

    part: Expression


@dataclass(frozen=True, slots=True)
class Every:
    """`part AND part ...`."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """`part OR part ...`."""

    parts: tuple[Expression, ...]


Expression: TypeAlias = Literal | InState | AtLeast | Negation | Every | Some


def holds(expression: Expression, states: Mapping[str, State]) -> bool:
    """Whether the expression is true of `states`; a child without an entry is in INSUFFICIENT_DATA, as a new one is."""
    match expression:
        case Literal(value):
            return value
        case InState(state, child):
            return states.get(child, State.INSUFFICIENT_DATA) is state
        case AtLeast():
            return _enough(expression, states)
        case Negation(part):
            return not holds(part, states)
        case Every(parts):
            return all(holds(part, states) for part in parts)
        case Some(parts):
            return any(holds(part, states) for part in parts)


def _enough(condition: AtLeast, states: Mapping[str, State]) -> bool:
    found = sum(
        (states.get(child, State.INSUFFICIENT_DATA) is condition.state) is not condition.negated
        for child in condition.children
    )
    if condition.percent:
        return found * 100 >= condition.amount * len(condition.children)
    return found >= condition.amount


def names(expression: Expression) -> Iterator[str]:
    """Every alarm that the expression mentions, from left to right, with repetitions."""
    match expression:
        case InState(_, child):
            yield child
        case AtLeast(children=children):
            yield from children
        case Negation(part):
            yield from names(part)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from names(part)
        case Literal():
            return


def text(expression: Expression) -> str:
    """The expression as AWS reads it: names quoted, every mixture of AND and OR in brackets."""
    match expression:
        case Literal(value):
            return "TRUE" if value else "FALSE"
        case InState(state, child):
            return f"{state.value}({_quoted(child)})"
        case AtLeast(amount, percent, negated, state, children):
            listed = ", ".join(map(_quoted, children))
            return f"AT_LEAST({amount}{'%' * percent}, {'NOT ' * negated}{state.value}, ({listed}))"
        case Negation(part):
            return f"NOT {_operand(part)}"
        case Every(parts):
            return " AND ".join(map(_operand, parts))
        case Some(parts):
            return " OR ".join(map(_operand, parts))


def _operand(expression: Expression) -> str:
    return f"({text(expression)})" if isinstance(expression, Every | Some) else text(expression)


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
