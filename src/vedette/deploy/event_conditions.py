"""One condition of a question, as what EventBridge may ask of one field.

Each translation is right for every value that the field can hold: a text for a documented text, and for what a service
writes any single value, unless a narrower kind is named (`Holds`). Sources: see `event_values`.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from vedette.deploy.event_values import (
    ABSENT,
    LARGEST,
    PRESENT,
    Alternatives,
    AnythingBut,
    Exact,
    Matcher,
    Prefix,
    Range,
    Suffix,
    Unsayable,
    Wildcard,
    admits,
    escaped,
)
from vedette.detections.lint.record_shape import Group, Kind, Unknown, find
from vedette.predicates.evaluate import number_of
from vedette.predicates.tree import (
    Compare,
    Condition,
    IsBoolean,
    IsNull,
    NotExists,
    NumberEquals,
    NumberOrder,
    Selector,
    TextGlob,
    TextRegex,
)

_OTHERS: Final[Alternatives] = (Exact(None), Exact(True), Exact(False))
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(E-?[0-9]+)?")
_PART_OF_NUMBER = re.compile(r"[-.0-9E]*")
_OVERFLOWN: Final = ("Infinity", "-Infinity")
"""The text of a number that no double can hold."""
_PLAIN_REGEX = re.compile(r"(\^?)((?:[A-Za-z0-9:_#=@/;,\- ]|\\x[0-9A-Fa-f]{2}|\\[^A-Za-z0-9])*)(\$?)")


class Holds(enum.Enum):
    """What a field that a service defines is relied upon to hold, where it holds anything."""

    SINGLE = "one value, and no list or object"
    COMPARABLE = "a text or a number"
    NUMBER = "a text, or a number of at most five thousand million and six decimals"
    LIST = "a list"


class _Sort(enum.Enum):
    TEXT = enum.auto()
    BOOLEAN = enum.auto()
    FREE = enum.auto()
    OBJECT = enum.auto()


@dataclass(frozen=True, slots=True)
class Place:
    """A field as EventBridge names it. `listed`: how many names lead to the list whose elements are meant."""

    names: tuple[str, ...]
    listed: int | None = None

    def __str__(self) -> str:
        return "$." + ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition, whether it is to fail rather than hold, and whether its field is compared somewhere."""

    condition: Condition
    fails: bool
    compared: bool


Said: TypeAlias = tuple[Place, Alternatives, tuple[Holds, ...]]


def never(asked: Asked) -> bool | None:
    """True if the condition can never be as asked, False if it always is so, None if that depends on the record."""
    condition, sort = asked.condition, _sort(asked.condition.selector)
    return not asked.fails if _impossible(condition, sort) else None


def _impossible(condition: Condition, sort: _Sort) -> bool:
    """Whether the condition holds of no record."""
    if isinstance(condition, IsBoolean):
        return sort is _Sort.TEXT
    if not isinstance(condition, Compare) or (condition.negated and condition.selector.has_wildcard):
        return False
    if sort in (_Sort.OBJECT, _Sort.BOOLEAN):
        return True
    return (condition.negated and _is_any(condition)) or (
        isinstance(condition.rule, NumberOrder) and sort is _Sort.TEXT and not condition.negated
    )


def _is_any(condition: Compare) -> bool:
    """Whether the rule holds of every text and number."""
    pattern = condition.rule.pattern if isinstance(condition.rule, TextGlob) else ""
    return bool(pattern) and not pattern.strip("*")


def alternatives(asked: Asked) -> Said:
    """The field, what EventBridge asks of it, and what the field is relied upon to hold.

    Raises Unsayable with the reason where EventBridge cannot ask it exactly.
    """
    condition = asked.condition
    selector = condition.selector
    place, sort = _place(selector), _sort(selector)
    if place.listed is not None:
        _check_list(asked)
    match condition:
        case NotExists():
            return place, (PRESENT,) if asked.fails else (ABSENT,), _existence(asked, place, sort)
        case IsNull():
            if asked.fails:
                raise Unsayable(f"EventBridge cannot ask that `{selector}` is not null")
            return place, (Exact(None),), _single(place, sort)
        case IsBoolean():
            return place, _boolean(condition, asked.fails, sort), _single(place, sort)
        case Compare():
            values, relies = _comparison(condition, asked.fails, sort)
            return place, values, relies or _single(place, sort)


def _place(selector: Selector) -> Place:
    names: list[str] = []
    listed = None
    for step in selector.steps:
        if isinstance(step, int):
            raise Unsayable(f"`{selector}` reads an element of a list by its number, and EventBridge reads any of them")
        if not isinstance(step, str):
            listed = len(names)
        elif "." in step or step == "$or":
            raise Unsayable(f"`{selector}` has a name that EventBridge cannot write")
        else:
            names.append(step)
    if not names or listed == 0:
        raise Unsayable(f"`{selector}` reads whatever fields there are, and EventBridge names each")
    return Place(tuple(names), listed)


def _sort(selector: Selector) -> _Sort:
    shape = find(selector)
    if isinstance(shape, Group):
        return _Sort.OBJECT
    if isinstance(shape, Unknown):
        return _Sort.FREE
    if shape.kind is Kind.FREE:
        return _Sort.OBJECT if len(selector.steps) == 1 else _Sort.FREE
    return _Sort.BOOLEAN if shape.kind is Kind.BOOLEAN else _Sort.TEXT


def _single(place: Place, sort: _Sort) -> tuple[Holds, ...]:
    if sort is not _Sort.FREE:
        return ()
    return (Holds.SINGLE,) if place.listed is None else (Holds.LIST,)


def _check_list(asked: Asked) -> None:
    condition = asked.condition
    negated = isinstance(condition, Compare) and condition.negated
    if negated or isinstance(condition, IsNull) or (asked.fails and not isinstance(condition, NotExists)):
        raise Unsayable(
            f"`{condition.selector}` must differ in every element, and EventBridge asks whether one differs"
        )


def _existence(asked: Asked, place: Place, sort: _Sort) -> tuple[Holds, ...]:
    if sort is _Sort.OBJECT or (sort is _Sort.FREE and not asked.compared):
        raise Unsayable(f"`{asked.condition.selector}` may hold an object, and to EventBridge an object is not there")
    return _single(place, sort)


def _boolean(condition: IsBoolean, fails: bool, sort: _Sort) -> Alternatives:
    if not fails:
        return (Exact(condition.value),)
    if sort is _Sort.BOOLEAN:
        return Exact(not condition.value), ABSENT
    raise Unsayable(
        f"EventBridge cannot ask that `{condition.selector}` is anything but {str(condition.value).lower()}"
    )


def _comparison(condition: Compare, fails: bool, sort: _Sort) -> tuple[Alternatives, tuple[Holds, ...]]:
    free = sort is _Sort.FREE
    if free and isinstance(condition.rule, NumberEquals | NumberOrder):
        return _number(condition, fails)
    if _is_any(condition):
        return _any(fails, free)
    texts = tuple(_texts(condition, free))
    absent = (ABSENT, *(_OTHERS if free else ()))
    if not condition.negated:
        return ((_unlike(condition, texts), *absent) if fails else texts), ()
    if fails:
        return (*texts, *absent), ()
    return (_unlike(condition, texts),), (Holds.COMPARABLE,) if free else ()


def _any(fails: bool, free: bool) -> tuple[Alternatives, tuple[Holds, ...]]:
    if fails:
        return (ABSENT, *(_OTHERS if free else ())), ()
    return (PRESENT,), (Holds.COMPARABLE,) if free else ()


def _unlike(condition: Compare, texts: Alternatives) -> Matcher:
    exact: list[str] = []
    wildcards: list[str] = []
    for matcher in texts:
        match matcher:
            case Exact(str(text)):
                exact.append(text)
            case Prefix(text) if text:
                wildcards.append(f"{escaped(text)}*")
            case Suffix(text):
                wildcards.append(f"*{escaped(text)}")
            case Wildcard():
                wildcards.append(matcher.text())
            case _:
                raise Unsayable(f"EventBridge cannot ask that `{condition.selector}` is no text at all")
    return AnythingBut(tuple(exact), tuple(wildcards))


def _texts(condition: Compare, free: bool) -> Iterator[Matcher]:
    """What a text must be, for the rule to hold of it."""
    rule = condition.rule
    match rule:
        case TextGlob(pattern):
            yield _no_number(condition, _glob(condition, re.split(r"\*+", pattern)), free)
        case TextRegex(source):
            for start, text, end in _parts(condition, source):
                yield _no_number(condition, _between(start, text, end), free)
        case NumberEquals(spelling):
            yield Exact(spelling)
        case NumberOrder():
            raise Unsayable(f"`{condition.selector}` is a text, and is compared as a number")


def _glob(condition: Compare, pieces: list[str]) -> Matcher:
    if len(pieces) == 1:
        return Exact(pieces[0])
    if pieces[-1]:
        raise Unsayable(
            f"in `{condition.selector}` the first `{pieces[-1]}` has to be the end, and EventBridge asks for the last"
        )
    return Prefix(pieces[0]) if len(pieces) == 2 else Wildcard(tuple(pieces))


def _parts(condition: Compare, source: str) -> Iterator[tuple[bool, str, bool]]:
    """The alternatives of an expression in which every other character stands for itself."""
    for part in re.split(r"(?<!\\)\|", source):
        found = _PLAIN_REGEX.fullmatch(part)
        if found is None:
            raise Unsayable(f"`{condition.selector}` is asked by a regular expression, which EventBridge does not have")
        yield bool(found[1]), re.sub(r"\\x(..)|\\(.)", _character, found[2]), bool(found[3])


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else found[2]


def _between(start: bool, text: str, end: bool) -> Matcher:
    if start and end:
        return Exact(text)
    if start:
        return Prefix(text)
    if end:
        return Suffix(text) if text else Prefix("")
    return Wildcard(("", text, "")) if text else Prefix("")


def _no_number(condition: Compare, matcher: Matcher, free: bool) -> Matcher:
    """A filter pattern compares the text of a number, too; EventBridge does not."""
    if free and (_like_number(matcher) or any(admits(matcher, text) for text in _OVERFLOWN)):
        raise Unsayable(
            f"`{condition.selector}` may hold a number, whose digits EventBridge does not compare as a text"
        )
    return matcher


def _like_number(matcher: Matcher) -> bool:
    """Whether the text of some number may fit."""
    match matcher:
        case Exact(str(text)):
            return _NUMBER.fullmatch(text) is not None
        case Prefix(text) | Suffix(text):
            return _PART_OF_NUMBER.fullmatch(text) is not None
        case Wildcard(pieces):
            return all(map(_PART_OF_NUMBER.fullmatch, pieces))
        case _:
            return False


def _number(condition: Compare, fails: bool) -> tuple[Alternatives, tuple[Holds, ...]]:
    rule = condition.rule
    assert isinstance(rule, NumberEquals | NumberOrder)
    number = number_of(rule.spelling)
    if fails or condition.negated:
        raise Unsayable(f"EventBridge cannot ask that `{condition.selector}` is another number, or no number")
    if not -LARGEST <= number <= LARGEST or round(number, 6) != number:
        raise Unsayable(f"`{rule.spelling}` is no number that EventBridge can compare")
    if isinstance(rule, NumberEquals):
        return (Exact(rule.spelling), Range((("=", number),))), (Holds.NUMBER,)
    return (Range(((rule.order.value, number),)),), (Holds.NUMBER,)
