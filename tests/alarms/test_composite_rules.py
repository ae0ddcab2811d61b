"""Composite rules: what they say, how they print, what is refused and where."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.alarms import Rule, RuleSyntaxError, State
from vedette.alarms.rule_tree import AtLeast, Every, Expression, InState, Literal, Negation, Some
from vedette.errors import InputError

NAMES = [
    "a",
    "b",
    "with space",
    'a "quoted" name',
    "back\\slash\\",
    "(brackets),",
    "AND",
    "größe",
    "arn:aws:cloudwatch:x",
]
names = st.sampled_from(NAMES) | st.text(min_size=1, max_size=8)
states = st.sampled_from(State)


@st.composite
def quorums(draw: st.DrawFn) -> AtLeast:
    children = tuple(draw(st.lists(names, min_size=1, max_size=4)))
    percent = draw(st.booleans())
    amount = draw(st.integers(1, 100 if percent else len(children)))
    return AtLeast(amount, percent, draw(st.booleans()), draw(states), children)


expressions: st.SearchStrategy[Expression] = st.recursive(
    st.builds(Literal, st.booleans()) | st.builds(InState, states, names) | quorums(),
    lambda inner: (
        st.builds(Negation, inner)
        | st.builds(Every, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Some, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(expressions)
def test_what_is_printed_parses_to_the_same(expression: Expression) -> None:
    """`parse(str(rule)) == rule`."""
    rule = Rule(expression)
    assert Rule.parse(str(rule)) == rule


def truth(expression: Expression, found: dict[str, State]) -> bool:
    """A rule's meaning, said once more and plainly."""
    if isinstance(expression, Literal):
        return expression.value
    if isinstance(expression, InState):
        return found[expression.child] == expression.state
    if isinstance(expression, Negation):
        return not truth(expression.part, found)
    if isinstance(expression, AtLeast):
        votes = [found[child] == expression.state for child in expression.children]
        votes = [not vote for vote in votes] if expression.negated else votes
        return sum(votes) >= (expression.amount / 100 * len(votes) if expression.percent else expression.amount)
    parts = [truth(part, found) for part in expression.parts]
    return False not in parts if isinstance(expression, Every) else True in parts


@settings(deadline=None)
@given(expressions, st.data())
def test_what_a_rule_says(expression: Expression, data: st.DataObject) -> None:
    rule = Rule(expression)
    found = {child: data.draw(states) for child in rule.children}
    assert rule.evaluate(found) is truth(expression, found)


@settings(deadline=None)
@given(st.text('ALRMOKNTDE_S(),"\\ ab%123.\n', max_size=40))
def test_any_text_is_a_rule_or_an_error_with_a_place(text: str) -> None:
    try:
        rule = Rule.parse(text)
    except RuleSyntaxError as error:
        assert isinstance(error, InputError)
        assert 0 <= error.span.start <= error.span.end <= len(text)
        assert "^" in error.render()
    else:
        assert Rule.parse(str(rule)) == rule


def test_precedence_children_and_canonical_form() -> None:
    """AND binds tighter than OR, as everywhere; the printer adds the brackets that AWS advises."""
    rule = Rule.parse('ALARM(one)OR OK ( "two" )  AND\tNOT ALARM(one)')
    assert str(rule) == 'ALARM("one") OR (OK("two") AND NOT ALARM("one"))'
    assert rule.children == ("one", "two")
    assert Rule.parse("TRUE OR FALSE AND FALSE").evaluate({})
    assert not Rule.parse("(TRUE OR FALSE) AND FALSE").evaluate({})


def test_a_child_without_a_state_is_a_new_alarm() -> None:
    assert Rule.parse("INSUFFICIENT_DATA(new)").evaluate({})
    assert not Rule.parse("OK(new)").evaluate({})


@pytest.mark.parametrize(("rule", "alarms", "holds"), [
    ("AT_LEAST(2, ALARM, (a, b, c))", 2, True),
    ("AT_LEAST(2, ALARM, (a, b, c))", 1, False),
    ("AT_LEAST(50%, ALARM, (a, b, c))", 1, False),
    ("AT_LEAST(50%, ALARM, (a, b, c))", 2, True),
    ("AT_LEAST(67%, ALARM, (a, b, c))", 2, False),
    ("AT_LEAST(1, NOT ALARM, (a, b, c))", 3, False),
    ("AT_LEAST(1, NOT ALARM, (a, b, c))", 2, True),
])  # fmt: skip
def test_at_least(rule: str, alarms: int, holds: bool) -> None:
    found = {name: State.ALARM if place < alarms else State.OK for place, name in enumerate("abc")}
    assert Rule.parse(rule).evaluate(found) is holds


STATE_WANTED = "expected `ALARM`, `OK`, `INSUFFICIENT_DATA`, `AT_LEAST`, `NOT`, `TRUE`, `FALSE` or `(`"


@pytest.mark.parametrize(
    ("rule", "message", "marked"),
    [
        ("", f"{STATE_WANTED}, found the end of the rule", ""),
        ("ALARM(a) AND", f"{STATE_WANTED}, found the end of the rule", ""),
        ("alarm(a)", f"{STATE_WANTED}, found `alarm`", "alarm"),
        ("!TRUE", f"{STATE_WANTED}, found `!TRUE`", "!TRUE"),
        ("ALARM(a) and OK(b)", "expected `AND`, `OR` or the end of the rule, found `and`", "and"),
        ("TRUE FALSE", "expected `AND`, `OR` or the end of the rule, found `FALSE`", "FALSE"),
        ("ALARM(an alarm)", "expected `)` after the alarm's name, found `alarm`", "alarm"),
        ("ALARM a", "expected `(` before the alarm's name, found `a`", "a"),
        ("ALARM()", "expected the name or ARN of an alarm, found `)`", ")"),
        ('ALARM("")', "an alarm's name is not empty", '""'),
        ('ALARM("a)', "this quotation mark is never closed", '"a)'),
        ("(TRUE", "expected `)` to close the bracket, found the end of the rule", ""),
        ("AT_LEAST(0, ALARM, (a, b))", "expected from 1 to 2 of the alarms", "0"),
        ("AT_LEAST(3, ALARM, (a, b))", "expected from 1 to 2 of the alarms", "3"),
        ("AT_LEAST(0%, ALARM, (a, b))", "expected from 1 to 100% of the alarms", "0%"),
        ("AT_LEAST(101%, ALARM, (a, b))", "expected from 1 to 100% of the alarms", "101%"),
        ("AT_LEAST(-1, ALARM, (a))", "expected a number of alarms, such as `2` or `50%`, found `-1`", "-1"),
        ("AT_LEAST(1.5, ALARM, (a))", "expected a number of alarms, such as `2` or `50%`, found `1.5`", "1.5"),
        ("AT_LEAST(1, BOGUS, (a))", "expected `ALARM`, `OK` or `INSUFFICIENT_DATA`, found `BOGUS`", "BOGUS"),
        ("AT_LEAST(1, ALARM, a)", "expected `(` before the list of alarms, found `a`", "a"),
    ],
)
def test_what_is_refused_and_where(rule: str, message: str, marked: str) -> None:
    """Recorded: CloudWatch refuses each of these (bar the empty name, which names no alarm) at the same place."""
    with pytest.raises(RuleSyntaxError) as caught:
        Rule.parse(rule)
    error = caught.value
    assert error.message == message
    assert rule[error.span.start : error.span.end] == marked


def test_an_error_is_drawn_with_its_place_and_a_hint() -> None:
    with pytest.raises(RuleSyntaxError) as caught:
        Rule.parse("ALARM(a) and OK(b)")
    assert caught.value.render().splitlines() == [
        "invalid alarm rule: expected `AND`, `OR` or the end of the rule, found `and`",
        "    ALARM(a) and OK(b)",
        "             ^^^",
        "hint: write `AND`: keywords are upper-case",
    ]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("TRUE" + " OR TRUE" * 1300, "a rule has at most 10,240 characters, this one has 10,404"),
        (" OR ".join(f"ALARM(a{n})" for n in range(101)), "a rule watches at most 100 alarms, this one watches 101"),
        (" OR ".join(["TRUE"] * 501), "a rule has at most 500 elements (alarms, `TRUE`, `FALSE` and brackets)"),
        ("(" * 200 + "TRUE" + ")" * 200, "nested more than 100 deep"),
        ("NOT " * 200 + "TRUE", "nested more than 100 deep"),
    ],
)
def test_limits(rule: str, message: str) -> None:
    """10,240 characters, 100 children, 500 elements; the depth is our own limit."""
    with pytest.raises(RuleSyntaxError) as caught:
        Rule.parse(rule)
    assert caught.value.message == message


def test_the_limits_themselves_are_allowed() -> None:
    assert len(Rule.parse(" OR ".join(f"ALARM(a{n})" for n in range(100))).children) == 100
    assert Rule.parse(" OR ".join(["TRUE"] * 500)).evaluate({})
    assert Rule.parse("(" * 99 + "TRUE" + ")" * 99).evaluate({})
