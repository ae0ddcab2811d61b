"""Checks of the question: what its conditions mean on the records that CloudTrail writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vedette.detections.definition import Derived
from vedette.detections.language import parse_selector
from vedette.detections.lint import rules
from vedette.detections.lint.finding import Finding, Subject
from vedette.detections.lint.record_shape import Kind, Leaf, Unknown, find, often_absent
from vedette.errors import closest
from vedette.predicates.evaluate import rule_holds
from vedette.predicates.tree import (
    And,
    Compare,
    Condition,
    IsBoolean,
    IsNull,
    NotExists,
    Or,
    Predicate,
    Selector,
    TextGlob,
    TextRegex,
    conditions,
)

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One pattern of the file, and where it stands."""

    predicate: Predicate
    at: Path


def patterns_of(subject: Subject) -> Iterator[Asked]:
    """The detection's own pattern and those of its exceptions, where they read fields."""
    detection = subject.detection
    if detection.pattern is not None and detection.pattern.predicate is not None:
        yield Asked(detection.pattern.predicate, ("pattern",))
    for index, exception in enumerate(detection.exceptions):
        if exception.pattern.predicate is not None:
            yield Asked(exception.pattern.predicate, ("exceptions", index, "pattern"))


def _each_condition(subject: Subject) -> Iterator[tuple[Condition, Path]]:
    for asked in patterns_of(subject):
        for condition in conditions(asked.predicate):
            yield condition, asked.at


def check_fields(subject: Subject) -> Iterator[Finding]:
    """unknown-field, for every selector of the file."""
    seen: set[tuple[Selector, Path]] = set()
    for selector, at in _selectors(subject):
        found = find(selector)
        if isinstance(found, Unknown) and (selector, at) not in seen:
            seen.add((selector, at))
            yield _unknown(selector, found, at)


def _selectors(subject: Subject) -> Iterator[tuple[Selector, Path]]:
    detection = subject.detection
    for condition, at in _each_condition(subject):
        yield condition.selector, at
    for index, field in enumerate(detection.group_by):
        if not isinstance(field, Derived):
            yield field, ("group_by", index)
    if detection.metric is not None:
        texts: list[tuple[str, Path]] = [(detection.metric.value, ("metric", "value"))]
        texts += [(text, ("metric", "dimensions", name)) for name, text in detection.metric.dimensions]
        for text, place in texts:
            if text.startswith("$") and (selector := parse_selector(text)) is not None:
                yield selector, place


def _unknown(selector: Selector, unknown: Unknown, at: Path) -> Finding:
    step = str(unknown.step)
    near = closest(step, unknown.siblings) if isinstance(unknown.step, str) else None
    hint = f"known here are {', '.join(unknown.siblings)}" if unknown.siblings and near is None else None
    return Finding(
        rules.UNKNOWN_FIELD,
        f"no CloudTrail record has `{selector}`",
        at,
        find=str(selector),
        note=f"did you mean `{near}`?" if near else None,
        hint=hint,
    )


def check_booleans(subject: Subject) -> Iterator[Finding]:
    """boolean-equals and text-is-boolean."""
    for asked in patterns_of(subject):
        tested = {c.selector for c in conditions(asked.predicate) if isinstance(c, IsBoolean)}
        for condition in conditions(asked.predicate):
            shape = find(condition.selector)
            if isinstance(shape, Leaf):
                yield from _boolean(condition, shape.kind, asked.at, tested)


def _boolean(condition: Condition, kind: Kind, at: Path, tested: set[Selector]) -> Iterator[Finding]:
    selector = condition.selector
    match condition:
        case Compare() if kind is Kind.BOOLEAN:
            message = f"`{selector}` is a JSON boolean, and is compared as a text"
            yield Finding(rules.BOOLEAN_EQUALS, message, at, find=str(selector), note="write `IS TRUE` or `IS FALSE`")
        case Compare(rule=TextGlob("true" | "false")) if kind is Kind.FREE and selector not in tested:
            message = f"holds only where `{selector}` is a text; a JSON boolean is never equal to one"
            hint = f"`{selector} IS TRUE` reads a boolean; write both with `||` if either may come"
            level = rules.NOT_EQUALS_ABSENCE.level
            yield Finding(rules.BOOLEAN_EQUALS, message, at, find=str(selector), hint=hint, level=level)
        case IsBoolean(value=value) if kind is Kind.TEXT:
            message = f"`{selector}` is a text, never a JSON boolean"
            note = f'write `= "{str(value).lower()}"`'
            yield Finding(rules.TEXT_IS_BOOLEAN, message, at, find=str(selector), note=note)


def check_absence(subject: Subject) -> Iterator[Finding]:
    """not-equals-absence."""
    for asked in patterns_of(subject):
        parts = list(conditions(asked.predicate))
        handled = {c.selector for c in parts if isinstance(c, NotExists) or _is_anything(c)}
        named = {c.selector for c in parts if isinstance(c, Compare) and c.negated and not c.selector.has_wildcard}
        for selector in sorted(named - handled, key=str):
            if often_absent(selector):
                message = f"`!=` does not hold where `{selector}` is absent, and it often is"
                hint = f"write `({selector} NOT EXISTS || {selector} != …)`, or `{selector} = * && {selector} != …`"
                yield Finding(rules.NOT_EQUALS_ABSENCE, message, asked.at, find=str(selector), hint=hint)


def _is_anything(condition: Condition) -> bool:
    """Whether the condition asks only that the field be there: `= *`."""
    return isinstance(condition, Compare) and condition.rule == TextGlob("*") and not condition.negated


def check_logic(subject: Subject) -> Iterator[Finding]:
    """or-of-not-equals and contradictory-and."""
    for asked in patterns_of(subject):
        yield from _logic(asked.predicate, asked.at)


def _logic(predicate: Predicate, at: Path) -> Iterator[Finding]:
    parts: Sequence[Predicate] = ()
    if isinstance(predicate, Or):
        parts = predicate.parts
        yield from _always(parts, at)
    elif isinstance(predicate, And):
        parts = list(_joined(predicate))
        yield from _never(parts, at)
    for part in parts:
        yield from _logic(part, at)


def _joined(predicate: Predicate) -> Iterator[Predicate]:
    """The parts of an `&&`, through brackets."""
    if isinstance(predicate, And):
        for part in predicate.parts:
            yield from _joined(part)
    else:
        yield predicate


def _always(parts: Sequence[Predicate], at: Path) -> Iterator[Finding]:
    negated = [part for part in parts if isinstance(part, Compare) and part.negated and not part.selector.has_wildcard]
    if len(negated) < 2:
        return
    first, second = negated[0], negated[1]
    same = first.selector == second.selector
    if same and first.rule == second.rule:
        return
    if not same and any(often_absent(part.selector) for part in (first, second)):
        return
    message = f"`!=` joined by `||`: one of them holds of almost every record (`{first.selector}`, `{second.selector}`)"
    yield Finding(rules.OR_OF_NOT_EQUALS, message, at, find=str(second.selector), note="did you mean `&&`?")


def _never(parts: Sequence[Predicate], at: Path) -> Iterator[Finding]:
    alone = [part for part in parts if isinstance(part, Compare | IsNull | IsBoolean | NotExists)]
    for index, one in enumerate(alone):
        for other in alone[index + 1 :]:
            if one.selector == other.selector and not one.selector.has_wildcard and _exclude(one, other):
                message = f"no record satisfies both conditions on `{one.selector}`"
                yield Finding(rules.CONTRADICTORY_AND, message, at, find=str(one.selector))
                return


def _exclude(one: Condition, other: Condition) -> bool:
    """Whether two conditions on one value can be seen to exclude each other."""
    if isinstance(one, Compare) and isinstance(other, Compare):
        return _texts_exclude(one, other) or _texts_exclude(other, one)
    if isinstance(one, IsBoolean) and isinstance(other, IsBoolean):
        return one.value is not other.value
    return type(one) is not type(other)  # a text or number, a boolean, null, nothing: a value is one of them


def _texts_exclude(one: Compare, other: Compare) -> bool:
    """`one` pins the value to a text, and `other` does not hold of that text."""
    if one.negated or not isinstance(one.rule, TextGlob) or "*" in one.rule.pattern:
        return False
    if not isinstance(other.rule, TextGlob | TextRegex):
        return False
    return rule_holds(other.rule, one.rule.pattern) is other.negated
