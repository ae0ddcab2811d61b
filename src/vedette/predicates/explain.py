"""Say why a predicate holds of a document, or does not: clause by clause, with the value seen.

The verdicts are those of `evaluate`; a test holds the two together. The words are for a person who wonders why an
event did not match: what was there, which rule decided, and what to write instead. This module decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vedette.predicates.document import MISSING, number_text
from vedette.predicates.evaluate import (
    Scalar,
    condition_holds,
    is_scalar,
    number_of,
    rule_holds,
    select,
    select_each,
    wildcard_parent,
)
from vedette.predicates.glob import glob_holds
from vedette.predicates.notation import condition_text, predicate_text
from vedette.predicates.tree import (
    And,
    Compare,
    Condition,
    Constant,
    Each,
    IsBoolean,
    IsNull,
    Not,
    NotExists,
    NumberEquals,
    NumberOrder,
    Or,
    Predicate,
    Selector,
    TextGlob,
    TextRegex,
)

MAX_SEEN: Final = 5
MAX_TEXT: Final = 120


@dataclass(frozen=True, slots=True)
class Explanation:
    """One clause: as written, whether it holds, why, the values it looked at, and the clauses it consists of.

    `seen` and `why` show values as JSON, cut to a readable length, in ASCII: a hostile value cannot steer a terminal.
    """

    condition: str
    holds: bool
    why: str
    seen: tuple[str, ...] = ()
    parts: tuple[Explanation, ...] = ()


def explain(predicate: Predicate, document: Mapping[str, object]) -> Explanation:
    """Every clause of `predicate` on `document`; also those that `evaluate` need not look at."""
    text = predicate_text(predicate)
    match predicate:
        case And(parts):
            inner = tuple(explain(part, document) for part in parts)
            failing = sum(not part.holds for part in inner)
            why = (
                _some(failing, inner, "does not hold", "do not hold") if failing else f"all its {len(inner)} parts hold"
            )
            return Explanation(text, not failing, why, parts=inner)
        case Or(parts):
            inner = tuple(explain(part, document) for part in parts)
            holding = sum(part.holds for part in inner)
            why = _some(holding, inner, "holds", "hold") if holding else f"none of its {len(inner)} parts holds"
            return Explanation(text, holding > 0, why, parts=inner)
        case Not(part):
            only = explain(part, document)
            why = "what is denied holds" if only.holds else "what is denied does not hold"
            return Explanation(text, not only.holds, why, parts=(only,))
        case Constant(value):
            return Explanation(text, value, "it always holds" if value else "it never holds")
        case _:
            return _condition(predicate, document)


def _some(count: int, parts: tuple[Explanation, ...], one: str, more: str) -> str:
    return f"{count} of its {len(parts)} parts {one if count == 1 else more}"


def _condition(condition: Condition, document: Mapping[str, object]) -> Explanation:
    values = select_each(condition.selector, document)
    holds = condition_holds(condition, document)
    shown = [describe(value) for value in values[:MAX_SEEN]]
    if len(values) > MAX_SEEN:
        shown.append(f"and {len(values) - MAX_SEEN} more")
    return Explanation(condition_text(condition), holds, _why(condition, document, values, holds), tuple(shown))


def _why(condition: Condition, document: Mapping[str, object], values: list[object], holds: bool) -> str:
    match condition:
        case Compare(selector) if selector.has_wildcard:
            return _why_any(condition, document, values, holds)
        case Compare():
            return _why_compare(condition, document)
        case NotExists(selector):
            return absence(selector, document) if holds else "there is a value, even if it should be null"
        case IsNull() | IsBoolean():
            return _why_is(condition, document, values, holds)


def _why_is(condition: IsNull | IsBoolean, document: Mapping[str, object], values: list[object], holds: bool) -> str:
    if not values:
        return absence(condition.selector, document)
    if isinstance(condition, IsNull):
        if holds:
            return "the value is null, or an array that holds a null"
        return f"the value is {_kind(values[0])}, not null" if len(values) == 1 else "no value is null"
    wanted = "true" if condition.value else "false"
    if holds:
        return f"the value is the JSON boolean {wanted}"
    if len(values) > 1:
        return f"no value is the JSON boolean {wanted}"
    if values[0] == wanted:
        return f'the value is the string "{wanted}", not the JSON boolean; `= {wanted}` matches strings'
    return f"the value is {_kind(values[0])}, not the JSON boolean {wanted}"


def _why_any(condition: Compare, document: Mapping[str, object], values: list[object], holds: bool) -> str:
    if not condition.negated:
        if holds:
            hit = next(value for value in values if is_scalar(value) and rule_holds(condition.rule, value))
            return f"one value fits: {describe(hit)}"
        return f"none of the {len(values)} values fits" if values else absence(condition.selector, document)
    if holds:
        return "with a wildcard, `!=` asks that no value is equal, and none is"
    if wildcard_parent(condition.selector, document) is MISSING:
        return f"{absence(condition.selector, document)}; `!=` does not match what is missing"
    return "with a wildcard, `!=` asks that no value is equal, but one is"


def _why_compare(condition: Compare, document: Mapping[str, object]) -> str:
    value = select(condition.selector, document)
    if is_scalar(value):
        return _why_scalar(condition, value)
    if value is MISSING:
        missing = absence(condition.selector, document)
        if condition.negated:
            return f"{missing}; `!=` does not match what is missing: add `|| {condition.selector} NOT EXISTS`"
        return missing
    if value is None:
        return f"null is neither equal nor unequal to anything: ask `{condition.selector} IS NULL`"
    if isinstance(value, bool):
        return f"a JSON boolean compares with nothing: ask `{condition.selector} IS {'TRUE' if value else 'FALSE'}`"
    if isinstance(value, list):
        return f"an array compares with nothing: ask for its elements, `{condition.selector}[*]`"
    return "an object compares with nothing: ask for one of its properties"


def _why_scalar(condition: Compare, value: Scalar) -> str:
    rule = condition.rule
    fits = rule_holds(rule, value)
    match rule:
        case TextGlob(pattern):
            why = _why_glob(pattern, value, fits)
        case TextRegex():
            why = f"the expression is {'' if fits else 'not '}found in {_as_text(value)}"
        case NumberEquals():
            why = _why_number(rule, value, fits)
        case NumberOrder():
            why = _why_order(rule, value, fits)
    return why


def _as_text(value: Scalar) -> str:
    if isinstance(value, str):
        return describe(value)
    return f"the number's text {_cut(number_text(value))}"


def _why_glob(pattern: str, value: Scalar, fits: bool) -> str:
    if fits:
        return f"{_as_text(value)} {'fits' if '*' in pattern else 'is equal'}"
    text = value if isinstance(value, str) else number_text(value)
    if glob_holds(pattern.lower(), text.lower()):
        return f"{_as_text(value)} differs in case, and case counts"
    if "*" in pattern and pattern.split("*")[-1] and text.endswith(pattern.split("*")[-1]):
        last = _cut(pattern.split("*")[-1])
        return (
            f"what follows a `*` counts at its first place: `{last}` occurs earlier in {_as_text(value)}, or too late"
        )
    return f"{_as_text(value)} {'does not fit' if '*' in pattern else 'is different'}"


def _why_number(rule: NumberEquals, value: Scalar, fits: bool) -> str:
    if isinstance(value, str):
        return (
            f"a string is compared with the spelling `{_cut(rule.spelling)}`, which is {'' if fits else 'not '}the same"
        )
    if value in (float("inf"), float("-inf")):
        return "the number overflows a double, and is neither equal nor unequal to any number"
    return f"the numbers are {'equal' if fits else 'different'}"


def _why_order(rule: NumberOrder, value: Scalar, fits: bool) -> str:
    if isinstance(value, str):
        return "the value is a string; only numbers have an order"
    if fits:
        return f"{_cut(number_text(value))} {rule.order.value} {_cut(rule.spelling)}"
    if abs(value) == float("inf") or abs(number_of(rule.spelling)) == float("inf"):
        return "a number that overflows a double has no order"
    return f"{_cut(number_text(value))} is not {rule.order.value} {_cut(rule.spelling)}"


def absence(selector: Selector, document: Mapping[str, object]) -> str:
    """Where the path of a selector that selects nothing breaks off, and what there is instead."""
    value: object = document
    for place, step in enumerate(selector.steps):
        if isinstance(step, Each):
            return f"{_path(selector, place)} is {_kind(value)}, in which nothing is selected"
        following = _child(value, step)
        if following is MISSING:
            return f"{_path(selector, place)} {_lack(value, step)}"
        value = following
    return f"{selector} has a value"


def _path(selector: Selector, length: int) -> str:
    return str(Selector(selector.steps[:length])) if length else "the document"


def _child(value: object, step: str | int) -> object:
    # `select` walks from an object: wrap whatever this is in one.
    return select(Selector(("", step)), {"": value})


def _lack(value: object, step: str | int) -> str:
    if isinstance(value, list):
        return f"is {_kind(value)}, and has no " + (f"`{_cut(step)}`" if isinstance(step, str) else f"element {step}")
    if not isinstance(value, Mapping):
        return f"is {_kind(value)}, and has nothing inside"
    if isinstance(step, int):
        return "is an object; an index is for arrays"
    twin = next((key for key in value if key.lower() == step.lower()), None)
    if twin is not None:
        return f"has no `{step}`, but {describe(twin)}; case counts"
    return f"has no `{_cut(step)}`"


def describe(value: object) -> str:
    """A value as JSON in ASCII, cut to a readable length; objects and arrays by their size."""
    if isinstance(value, str):
        return json.dumps(_cut(value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _cut(number_text(value))
    return _kind(value) if isinstance(value, Mapping | list) else json.dumps(value)


def _kind(value: object) -> str:
    if isinstance(value, str):
        return f"the string {describe(value)}"
    if is_scalar(value):
        return f"the number {describe(value)}"
    if isinstance(value, list):
        return f"an array of {len(value)} element{'s' * (len(value) != 1)}"
    if isinstance(value, Mapping):
        return f"an object of {len(value)} propert{'y' if len(value) == 1 else 'ies'}"
    return "null" if value is None else f"the JSON boolean {json.dumps(value)}"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 3] + "..."
