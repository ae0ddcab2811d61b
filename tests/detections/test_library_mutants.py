"""Every clause of every built-in question decides some inline test: a mutant without it fails at least one of them.

A clause that can be dropped unnoticed is either superfluous, or its near miss is not near.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vedette.detections.definition import Detection, VerdictTest
from vedette.detections.loader import load_builtin
from vedette.predicates.document import load_document
from vedette.predicates.evaluate import evaluate
from vedette.predicates.tree import And, Compare, Or, Predicate, TextGlob

LIBRARY = [detection for detection in load_builtin() if detection.pattern is not None]
UNPROVEN: dict[str, str] = {}
"""Detections with a clause that no inline test proves, and why that is meant. To be kept empty."""

Mutant = tuple[Predicate, Predicate]
"""The clause that was dropped, and what is left of the question."""


def mutants(predicate: Predicate) -> Iterator[Mutant]:
    """The question without one part of one conjunction or alternative, for each part at any depth."""
    if not isinstance(predicate, And | Or):
        return
    kind = type(predicate)
    for index, part in enumerate(predicate.parts):
        before, after = predicate.parts[:index], predicate.parts[index + 1 :]
        rest = before + after
        if not (isinstance(predicate, And) and presence_beside_difference(part, rest)):
            yield part, kind(rest) if len(rest) > 1 else rest[0]
        for dropped, mutant in mutants(part):
            yield dropped, kind((*before, mutant, *after))


def presence_beside_difference(part: Predicate, others: tuple[Predicate, ...]) -> bool:
    """`$.a = *` beside `$.a != x` only says aloud what `!=` means anyway: the lint asks for it."""
    if not (isinstance(part, Compare) and part.rule == TextGlob("*") and not part.negated):
        return False
    return any(isinstance(o, Compare) and o.negated and o.selector == part.selector for o in others)


def unproven(detection: Detection) -> list[Predicate]:
    """The clauses without which all inline tests still pass."""
    assert detection.pattern is not None
    assert detection.pattern.predicate is not None
    verdicts = [test for test in detection.tests if isinstance(test, VerdictTest)]
    records = [(load_document(event), test.matches) for test in verdicts for event in test.events]
    told = [(record, matches) for record, matches in records if record is not None]
    return [
        dropped
        for dropped, mutant in mutants(detection.pattern.predicate)
        if all(evaluate(mutant, record) is matches for record, matches in told)
    ]


@pytest.mark.parametrize("detection", LIBRARY, ids=lambda detection: detection.id)
def test_every_clause_decides_a_test(detection: Detection) -> None:
    clauses = unproven(detection)
    if detection.id in UNPROVEN:
        assert clauses, f"every clause is proven now: take {detection.id} off the list"
    else:
        assert clauses == []


def test_the_library_has_clauses_to_drop() -> None:
    """The test above cannot pass for want of mutants."""
    dropped = [mutant for d in LIBRARY if d.pattern and d.pattern.predicate for mutant in mutants(d.pattern.predicate)]
    assert len(dropped) > 1_000
