"""Write a pattern back: what is written reads as the same pattern, in one canonical spelling.

Quotes stand around every text, blanks around every operator, and parentheses where they are needed. Where that would
be longer than a pattern may be, the compact spelling drops what it can: it is never longer than what was read.
"""

from __future__ import annotations

from typing import assert_never

from vedette.patterns.faults import MAX_LENGTH
from vedette.patterns.syntax import (
    Expression,
    Field,
    FieldAll,
    FieldAny,
    FieldCondition,
    Fields,
    FieldTest,
    Json,
    MatchAll,
    Sign,
    Syntax,
    Term,
    Terms,
)
from vedette.predicates.notation import comparison_text, is_word, predicate_text, quote


def print_pattern(syntax: Syntax) -> str:
    """The canonical spelling."""
    text = _print(syntax, compact=False)
    return text if len(text) <= MAX_LENGTH else _print(syntax, compact=True)


def _print(syntax: Syntax, *, compact: bool) -> str:
    match syntax:
        case MatchAll():
            return ""
        case Terms(terms):
            return _print_terms(terms, compact)
        case Expression(source):
            return f"%{source}%"
        case Json(predicate):
            gap = "" if compact else " "
            return f"{{{gap}{predicate_text(predicate, compact=compact)}{gap}}}"
        case Fields():
            return _print_fields(syntax, compact)
        case _:
            assert_never(syntax)


def _print_terms(terms: tuple[Term, ...], compact: bool) -> str:
    out: list[str] = []
    for term in terms:
        text = term.sign.value + (term.text if is_word(term.text, "") else quote(term.text))
        joins = compact and out and not out[-1].endswith('"') and term.sign is not Sign.INCLUDE
        out.append(text if joins or not out else f" {text}")
    return "".join(out)


def _print_fields(fields: Fields, compact: bool) -> str:
    parts = [_print_field(field, compact) for field in fields.head]
    if fields.tail is not None:
        parts += ["...", *(_print_field(field, compact) for field in fields.tail)]
    return f"[{(',' if compact else ', ').join(parts)}]"


def _print_field(field: Field, compact: bool) -> str:
    if field.condition is None:
        return field.name or ""
    return _print_condition(str(field.name), field.condition, compact)


def _print_condition(name: str, condition: FieldCondition, compact: bool) -> str:
    match condition:
        case FieldTest(rule, negated):
            return comparison_text(name, rule, negated, compact=compact)
        case FieldAny(parts):
            return ("||" if compact else " || ").join(_print_condition(name, part, compact) for part in parts)
        case FieldAll(parts):
            return ("&&" if compact else " && ").join(_print_conjunct(name, part, compact) for part in parts)


def _print_conjunct(name: str, part: FieldCondition, compact: bool) -> str:
    text = _print_condition(name, part, compact)
    return f"({text})" if isinstance(part, FieldAny) else text
