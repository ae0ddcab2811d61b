"""What filter patterns cannot say, and the pieces that other rooms use."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.predicates.document import MISSING
from vedette.predicates.evaluate import evaluate, number_of, rule_fails, rule_holds, select, select_each
from vedette.predicates.notation import is_bare_value, predicate_text, quote, unquote
from vedette.predicates.tree import (
    EACH,
    And,
    Compare,
    Constant,
    IsBoolean,
    Not,
    NumberEquals,
    NumberOrder,
    Or,
    Order,
    Rule,
    Selector,
    TextGlob,
    TextRegex,
)

DOCUMENT = {"a": {"b": [1, "x", None]}, "f": False, "n": 0}


def test_denial_and_constants() -> None:
    """`Not` turns an answer round, also that of an empty `And` (true) and an empty `Or` (false)."""
    is_false = IsBoolean(Selector(("f",)), False)
    assert evaluate(is_false, DOCUMENT)
    assert not evaluate(Not(is_false), DOCUMENT)
    assert evaluate(And(()), DOCUMENT)
    assert not evaluate(Or(()), DOCUMENT)
    assert evaluate(Not(Constant(False)), DOCUMENT)


def test_any_mapping_is_a_document() -> None:
    """`evaluate` reads mappings, not only dictionaries."""
    assert evaluate(Compare(Selector(("n",)), NumberEquals("0")), MappingProxyType(DOCUMENT))


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        (("a", "b", 0), 1),
        (("a", "b", 2), None),
        (("a", "b", 3), MISSING),
        (("a", "b", "0"), MISSING),
        (("a", 0), MISSING),
        (("f", "x"), MISSING),
        (("z",), MISSING),
        (("n",), 0),
    ],
)
def test_select(steps: tuple[str | int, ...], value: object) -> None:
    """Names are for objects, indices for arrays; what is not there is MISSING, and null is null."""
    assert select(Selector(steps), DOCUMENT) is value
    assert select_each(Selector(steps), DOCUMENT) == ([] if value is MISSING else [value])


def test_select_each() -> None:
    """A wildcard stands for elements of arrays and values of objects; scalars have none."""
    assert select_each(Selector(("a", "b", EACH)), DOCUMENT) == [1, "x", None]
    assert select_each(Selector((EACH,)), DOCUMENT) == [{"b": [1, "x", None]}, False, 0]
    assert select_each(Selector(("a", EACH, 1)), DOCUMENT) == ["x"]
    assert select_each(Selector(("n", EACH)), DOCUMENT) == []
    assert select_each(Selector(("z", EACH)), DOCUMENT) == []


@pytest.mark.parametrize(
    ("rule", "holding", "failing"),
    [
        (TextGlob("1*"), ["1", 10, 1.5], ["", 2, 0.1]),
        (TextRegex("^1"), ["1", 10, 1.5], ["21", 2, 0.1]),
        (NumberEquals("1e1"), [10, 10.0, "1e1"], [11, "10"]),
        (NumberOrder(Order.GREATER, "1"), [2, 1.1], [1, 0, "2", float("inf")]),
    ],
)
def test_rules(rule: Rule, holding: list[str | float], failing: list[str | float]) -> None:
    """One string or number at a time."""
    assert all(rule_holds(rule, value) and not rule_fails(rule, value) for value in holding)
    assert all(rule_fails(rule, value) and not rule_holds(rule, value) for value in failing)


def test_an_overflowing_number_is_neither_equal_nor_unequal() -> None:
    """Recorded: `{ $.a != 1 }` does not match 1e309."""
    for value in (float("inf"), float("-inf")):
        assert not rule_holds(NumberEquals("1"), value)
        assert not rule_fails(NumberEquals("1"), value)
        assert rule_fails(TextGlob("foo"), value)


def test_literals() -> None:
    """Integers stay exact; fractions are doubles; what overflows is an infinity."""
    assert number_of("9007199254740993") == 9007199254740993
    assert number_of("+01") == 1
    assert number_of("-1.5e1") == -15.0
    assert number_of("1e309") == float("inf")
    assert number_of("-" + "9" * 5000) == float("-inf")


@given(st.text('\\"ab', max_size=12))
def test_quoting_can_be_undone(text: str) -> None:
    """`\\"` is a quote and `\\\\` a backslash; any other backslash stands for itself."""
    quoted = quote(text)
    assert unquote(quoted) == text
    assert quoted[0] == quoted[-1] == '"'


@pytest.mark.parametrize("text", ["", "1", "1e3", "-2.5", "null", "NULL", "a b", "a:b", 'a"', "é\u0301"])
def test_texts_that_need_quotes(text: str) -> None:
    """A bare value is read back as the same text, so not as a number, and not as `null`."""
    assert not is_bare_value(text)


@pytest.mark.parametrize("text", ["a", "1.2.3.4", "*", "a-b+c", "true", "é", "_", "1x"])
def test_texts_that_need_none(text: str) -> None:
    assert is_bare_value(text)


def test_trees_are_written_for_people() -> None:
    """With the notation of patterns, and words of our own for what they cannot say."""
    one = Compare(Selector(("a b", EACH, 0)), TextGlob("x"), negated=True)
    tree = And((one, Or((one, Not(Constant(True))))))
    assert predicate_text(tree) == """$.['a b'][*][0] != "x" && ($.['a b'][*][0] != "x" || NOT (TRUE))"""
    assert predicate_text(one, compact=True) == "$.['a b'].*[0]!=x"
