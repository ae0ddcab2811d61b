"""Compiled predicates answer as `evaluate` does."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings

from random_trees import HOSTILE, as_json, documents, predicates
from vedette.predicates.compile import MAX_DEPTH, DocumentReader, TooDeepError, compile_predicate, compile_program
from vedette.predicates.document import load_document
from vedette.predicates.evaluate import evaluate
from vedette.predicates.tree import And, Compare, NotExists, Or, Selector, TextGlob


def a_is(text: str, *, negated: bool = False) -> Compare:
    return Compare(Selector(("a",)), TextGlob(text), negated)


@settings(max_examples=400, deadline=None)
@given(predicates, documents)
@example(a_is("*aa"), {"a": "aaa"})
@example(a_is("*aa"), {"a": "a"})
@example(a_is("Infinity"), {"a": 10**400})
@example(Or((a_is("x"), a_is("y"))), {"a": ["x"]})
@example(And((a_is("x", negated=True), a_is("y", negated=True))), {"a": 1})
@example(And((a_is("x", negated=True), a_is("y", negated=True))), {"a": None})
def test_a_compiled_predicate_gives_the_same_verdict(predicate, document):
    """The function gives the same verdict as `evaluate` on the decoded document."""
    decoded = load_document(as_json(document))
    assert decoded is not None
    assert compile_predicate(predicate)(decoded) is evaluate(predicate, decoded)


@settings(max_examples=100, deadline=None)
@given(predicates, predicates, documents)
def test_a_program_names_the_questions_that_hold(first, second, document):
    """It gives the numbers of those that hold, in order."""
    decoded = load_document(as_json(document))
    program = compile_program([(7, first), (3, second)], DocumentReader())
    expected = tuple(number for number, predicate in ((7, first), (3, second)) if evaluate(predicate, decoded))
    assert program(decoded) == expected


@pytest.mark.parametrize(
    "text",
    [
        "') or open('/tmp/never', 'w') or ('",
        '") or exit() or ("',
        "\\' + exit() + \\'",
        "\n    raise SystemExit\n",
        "x'})] = exit() #",
        "{exit()}",
        *HOSTILE,
    ],
)
@pytest.mark.parametrize("shape", ["{}", "{}*", "*{}", "*{}*", "a*{}*b"])
def test_text_of_a_pattern_stays_text(text, shape):
    """Generated code only from trusted quoting: no spelling of a pattern or a name gets out of its quotes."""
    pattern = shape.format(text) if "{}" in shape else shape
    document = {text: pattern.replace("*", ""), "other": 1}
    named = Compare(Selector((text, 3)), TextGlob(pattern), negated=True)
    for predicate in (Compare(Selector((text,)), TextGlob(pattern)), named, Or((a_is(pattern), a_is(text)))):
        assert compile_predicate(predicate)(document) is evaluate(predicate, document)


def test_what_is_nested_too_deeply_is_refused():
    """Raises TooDeepError for a tree or a path nested more than MAX_DEPTH deep; at the limit it compiles."""

    def nested(depth: int) -> And | Or | Compare:
        tree = a_is("x")
        for level in range(depth):
            tree = And((tree, a_is("x"))) if level % 2 else Or((a_is("y"), tree))
        return tree

    assert compile_predicate(nested(MAX_DEPTH))({"a": "x"}) is True
    assert compile_predicate(NotExists(Selector(("a",) * MAX_DEPTH)))({}) is True
    with pytest.raises(TooDeepError):
        compile_predicate(nested(MAX_DEPTH + 1))
    with pytest.raises(TooDeepError):
        compile_predicate(NotExists(Selector(("a",) * (MAX_DEPTH + 1))))
