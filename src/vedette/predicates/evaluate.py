"""Answer a question about one document: the meaning of the predicate tree, written to be read.

Everything else that answers questions (the compiled engine, explanations) is tested to agree with this module.
It does not know how conditions are written, nor what a document is about.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, TypeGuard, assert_never

from vedette.predicates.document import MISSING, number_text, read_integer
from vedette.predicates.glob import glob_holds
from vedette.predicates.regex import compile_regex
from vedette.predicates.tree import (
    EACH,
    And,
    Compare,
    Condition,
    Constant,
    IsBoolean,
    IsNull,
    Not,
    NotExists,
    NumberEquals,
    NumberOrder,
    Or,
    Order,
    Predicate,
    Rule,
    Selector,
    Step,
    TextGlob,
    TextRegex,
)

Scalar: TypeAlias = str | int | float
Test: TypeAlias = Callable[[Scalar], bool]

_INFINITY: Final = float("inf")
_SCALARS: Final = frozenset({str, int, float})
_ORDERS: Final[dict[Order, Callable[[float, float], bool]]] = {
    Order.LESS: operator.lt,
    Order.LESS_EQUAL: operator.le,
    Order.GREATER: operator.gt,
    Order.GREATER_EQUAL: operator.ge,
}


def evaluate(predicate: Predicate, document: Mapping[str, object]) -> bool:
    """Whether `predicate` holds of `document`. Each node's docstring in `tree` says what it means."""
    match predicate:
        case And(parts):
            return all(evaluate(part, document) for part in parts)
        case Or(parts):
            return any(evaluate(part, document) for part in parts)
        case Not(part):
            return not evaluate(part, document)
        case Constant(value):
            return value
        case _:
            return condition_holds(predicate, document)


def condition_holds(condition: Condition, document: Mapping[str, object]) -> bool:
    """Whether one condition holds of `document`."""
    match condition:
        case Compare():
            return _compare(condition, document)
        case IsNull(selector):
            return any(map(_is_null, select_each(selector, document)))
        case IsBoolean(selector, wanted):
            return any(value is wanted for value in select_each(selector, document))
        case NotExists(selector):
            return not select_each(selector, document)
        case _:
            assert_never(condition)


def _compare(condition: Compare, document: Mapping[str, object]) -> bool:
    selector, rule = condition.selector, condition.rule
    if not selector.has_wildcard:
        value = select(selector, document)
        if not is_scalar(value):
            return False
        return rule_fails(rule, value) if condition.negated else rule_holds(rule, value)
    found = any(is_scalar(value) and rule_holds(rule, value) for value in select_each(selector, document))
    return found if not condition.negated else not found and wildcard_parent(selector, document) is not MISSING


def _is_null(value: object) -> bool:
    return value is None or (isinstance(value, list) and any(element is None for element in value))


def is_scalar(value: object) -> TypeGuard[Scalar]:
    """Whether comparisons apply: strings and numbers, and not booleans, which Python counts among the numbers."""
    return type(value) in _SCALARS


def select(selector: Selector, document: Mapping[str, object]) -> object:
    """The value at a selector without a wildcard, or MISSING. An index counts from zero, in arrays only."""
    return _walk(document, selector.steps)


def _walk(value: object, steps: tuple[Step, ...]) -> object:
    for step in steps:
        if isinstance(step, str):
            value = value.get(step, MISSING) if isinstance(value, Mapping) else MISSING
        elif isinstance(step, int) and isinstance(value, list) and step < len(value):
            value = value[step]
        else:
            return MISSING
    return value


def select_each(selector: Selector, document: Mapping[str, object]) -> list[object]:
    """Every value that the selector reaches: one or none without a wildcard, any number with one."""
    if not selector.has_wildcard:
        value = select(selector, document)
        return [] if value is MISSING else [value]
    rest = selector.steps[selector.steps.index(EACH) + 1 :]
    reached = (_walk(element, rest) for element in _elements(wildcard_parent(selector, document)))
    return [value for value in reached if value is not MISSING]


def wildcard_parent(selector: Selector, document: Mapping[str, object]) -> object:
    """The value whose elements the wildcard stands for, or MISSING."""
    return _walk(document, selector.steps[: selector.steps.index(EACH)])


def _elements(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return list(value.values()) if isinstance(value, Mapping) else []


def rule_holds(rule: Rule, value: Scalar) -> bool:
    """Whether a string or number satisfies the rule."""
    return rule_test(rule)(value)


def rule_fails(rule: Rule, value: Scalar) -> bool:
    """What `!=` asks of one value: that the rule applies to it and does not hold.

    A number that overflows a double is neither equal nor unequal to a number. Source: recorded answers
    (`{ $.a != 1 }` does not match 1e309, `{ $.a != "foo" }` does).
    """
    if isinstance(rule, NumberEquals) and value in (_INFINITY, -_INFINITY):
        return False
    return not rule_test(rule)(value)


@functools.lru_cache(maxsize=8192)
def rule_test(rule: Rule) -> Test:
    """The rule as a function of one string or number."""
    match rule:
        case TextGlob(pattern):
            return functools.partial(_glob_test, pattern)
        case TextRegex(source):
            search = compile_regex(source).search
            return lambda value: search(value if isinstance(value, str) else number_text(value))
        case NumberEquals(spelling):
            return functools.partial(_number_test, spelling, number_of(spelling))
        case NumberOrder(order, spelling):
            return functools.partial(_order_test, _ORDERS[order], number_of(spelling))
        case _:
            assert_never(rule)


def number_of(spelling: str) -> int | float:
    """The number that a pattern's literal denotes: an exact integer, or a double, infinite where it overflows."""
    return read_integer(spelling) if spelling.lstrip("+-").isdecimal() else float(spelling)


def _glob_test(pattern: str, value: Scalar) -> bool:
    return glob_holds(pattern, value if isinstance(value, str) else number_text(value))


def _number_test(spelling: str, number: float, value: Scalar) -> bool:
    if isinstance(value, str):
        return value == spelling
    return value == number and _is_finite(value)


def _order_test(holds: Callable[[float, float], bool], number: float, value: Scalar) -> bool:
    return not isinstance(value, str) and _is_finite(value) and _is_finite(number) and holds(value, number)


def _is_finite(number: float) -> bool:
    return -_INFINITY < number < _INFINITY
