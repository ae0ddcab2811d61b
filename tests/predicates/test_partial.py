"""What partial evaluation leaves is the same question."""

from __future__ import annotations

from hypothesis import given, settings

from random_trees import as_json, documents, predicates
from vedette.predicates.document import MISSING, load_document
from vedette.predicates.evaluate import evaluate, select
from vedette.predicates.partial import decided, negation, partially_evaluate
from vedette.predicates.tree import And, Compare, Constant, Not, Or, Selector, TextGlob, conditions

KNOWN = [Selector(("eventName",)), Selector(("errorCode",)), Selector(("userIdentity", "type"))]


def known_part(document: dict[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for selector in KNOWN:
        value = select(selector, document)
        if value is not MISSING:
            inner = found
            for name in selector.steps[:-1]:
                inner = inner.setdefault(name, {})
            inner[selector.steps[-1]] = value
    return found


@settings(max_examples=300, deadline=None)
@given(predicates, documents)
def test_the_residual_question_has_the_same_answer(predicate, document):
    """It agrees with `evaluate` on every document that has the known values, and asks no more of them."""
    decoded = load_document(as_json(document))
    residual = partially_evaluate(predicate, frozenset(KNOWN), known_part(decoded))
    assert evaluate(residual, decoded) is evaluate(predicate, decoded)
    assert not {condition.selector for condition in conditions(residual)} & set(KNOWN)
    verdict = decided(predicate, frozenset(KNOWN), known_part(decoded))
    assert verdict is (residual.value if isinstance(residual, Constant) else None)


def test_a_decided_question_becomes_a_constant():
    name = Compare(KNOWN[0], TextGlob("ConsoleLogin"))
    other = Compare(Selector(("x",)), TextGlob("y"))
    login, logout = {"eventName": "ConsoleLogin"}, {"eventName": "SignOut"}
    assert partially_evaluate(And((name, other)), frozenset(KNOWN), logout) == Constant(False)
    assert partially_evaluate(And((name, other)), frozenset(KNOWN), login) == other
    assert partially_evaluate(Or((name, other)), frozenset(KNOWN), login) == Constant(True)
    assert partially_evaluate(And((other, Or((other, other)))), frozenset(), {}) == other
    assert negation(Not(other)) == other
