"""Partial evaluation: a predicate, some values already known, to a verdict or to the smaller question that remains.

It must agree with `evaluate` on every document that has the known values; the tests prove it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vedette.predicates.evaluate import evaluate
from vedette.predicates.tree import And, Constant, Not, Or, Predicate, Selector

TRUE = Constant(True)
FALSE = Constant(False)


def partially_evaluate(predicate: Predicate, known: frozenset[Selector], document: Mapping[str, object]) -> Predicate:
    """What is left to ask of a record when the values at the `known` selectors are those of `document`.

    `document` need not hold anything else; a known selector that it lacks is known to be missing.
    """
    match predicate:
        case And(parts):
            return conjunction(partially_evaluate(part, known, document) for part in parts)
        case Or(parts):
            return disjunction(partially_evaluate(part, known, document) for part in parts)
        case Not(part):
            return negation(partially_evaluate(part, known, document))
        case Constant():
            return predicate
        case _:
            return Constant(evaluate(predicate, document)) if predicate.selector in known else predicate


def decided(predicate: Predicate, known: frozenset[Selector], document: Mapping[str, object]) -> bool | None:
    """The verdict, if the known values alone decide it; None if not. Quicker than `partially_evaluate`."""
    match predicate:
        case And(parts):
            return _all_of(decided(part, known, document) for part in parts)
        case Or(parts):
            return _opposite(_all_of(_opposite(decided(part, known, document)) for part in parts))
        case Not(part):
            return _opposite(decided(part, known, document))
        case Constant(value):
            return value
        case _:
            return evaluate(predicate, document) if predicate.selector in known else None


def _all_of(verdicts: Iterable[bool | None]) -> bool | None:
    answer: bool | None = True
    for verdict in verdicts:
        if verdict is False:
            return False
        if verdict is None:
            answer = None
    return answer


def _opposite(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict


def conjunction(parts: Iterable[Predicate]) -> Predicate:
    """`And` of the parts, made simpler: constants and repetitions gone, inner conjunctions opened."""
    kept: dict[Predicate, None] = {}
    for part in parts:
        if part == FALSE:
            return FALSE
        kept.update(dict.fromkeys(part.parts if isinstance(part, And) else (part,)))
    kept.pop(TRUE, None)
    return TRUE if not kept else next(iter(kept)) if len(kept) == 1 else And(tuple(kept))


def disjunction(parts: Iterable[Predicate]) -> Predicate:
    """`Or` of the parts, made simpler as `conjunction` does."""
    kept: dict[Predicate, None] = {}
    for part in parts:
        if part == TRUE:
            return TRUE
        kept.update(dict.fromkeys(part.parts if isinstance(part, Or) else (part,)))
    kept.pop(FALSE, None)
    return FALSE if not kept else next(iter(kept)) if len(kept) == 1 else Or(tuple(kept))


def negation(part: Predicate) -> Predicate:
    """`Not` of the part, made simpler."""
    match part:
        case Constant(value):
            return Constant(not value)
        case Not(inner):
            return inner
        case _:
            return Not(part)
