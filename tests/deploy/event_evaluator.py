"""EventBridge's matching, written slowly and from its documentation: the reference for event patterns.

An event is its leaves: the path by names, the value, and which element of which list it lies in. Lists vanish from
paths. A pattern matches if leaves can be found for all its fields, no two of them in different elements of one list.

Sources: EventBridge user guide ("Event patterns", "Comparison operators"); the README of Event Ruler.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

Elements = frozenset[tuple[int, int]]
Leaf = tuple[str, object, Elements]


def event_of(record: Mapping[str, object], detail_type: str = "AWS API Call via CloudTrail") -> dict[str, object]:
    """A record as CloudTrail sends it to EventBridge."""
    return {"version": "0", "source": "aws.iam", "detail-type": detail_type, "region": "us-east-1", "detail": record}


def matches(pattern: Mapping[str, Any], event: Mapping[str, object]) -> bool:
    """Whether the event pattern matches the event."""
    leaves = list(_leaves(event))
    return any(_fits(asked, leaves) for asked in _expanded(pattern))


def _leaves(event: Mapping[str, object]) -> Iterator[Leaf]:
    numbers = itertools.count()

    def walk(value: object, path: tuple[str, ...], inside: Elements) -> Iterator[Leaf]:
        if isinstance(value, dict):
            for name, below in value.items():
                yield from walk(below, (*path, name), inside)
        elif isinstance(value, list):
            mine = next(numbers)
            for at, below in enumerate(value):
                # An element that is no object lies in no element, as far as other fields are concerned.
                nested = isinstance(below, dict | list)
                yield from walk(below, path, inside | {(mine, at)} if nested else inside)
        else:
            yield ".".join(path), value, inside

    return walk(event, (), frozenset())


def _expanded(pattern: Mapping[str, Any], path: tuple[str, ...] = ()) -> list[dict[str, list[Any]]]:
    """The pattern without `$or`: lists of fields, any of which will do. A field asked twice keeps the later one."""
    ways: list[dict[str, list[Any]]] = [{}]
    assert pattern, "empty objects are not allowed"
    for name, asked in pattern.items():
        if name == "$or":
            assert len(asked) > 1, "`$or` wants two objects or more"
            more = [way for branch in asked for way in _expanded(branch, path)]
        elif isinstance(asked, dict):
            more = _expanded(asked, (*path, name))
        else:
            assert asked, "empty arrays are not allowed"
            more = [{".".join((*path, name)): asked}]
        ways = [{**one, **other} for one in ways for other in more]
    return ways


def _fits(asked: Mapping[str, list[Any]], leaves: list[Leaf]) -> bool:
    """Some matcher of each field is answered; those that ask for absence are looked at once the others are settled."""
    fields = list(asked.items())
    for chosen in itertools.product(*(matchers for _, matchers in fields)):
        there = [(name, m) for (name, _), m in zip(fields, chosen, strict=True) if m != {"exists": False}]
        absent = [name for (name, _), m in zip(fields, chosen, strict=True) if m == {"exists": False}]
        for inside in _settled(there, leaves, frozenset()):
            if not any(path in absent and _consistent(inside, where) for path, _, where in leaves):
                return True
    return False


def _settled(asked: list[tuple[str, Any]], leaves: list[Leaf], inside: Elements) -> Iterator[Elements]:
    if not asked:
        yield inside
        return
    (name, matcher), *rest = asked
    for path, value, where in leaves:
        if path == name and _consistent(inside, where) and admits(matcher, value):
            yield from _settled(rest, leaves, inside | where)


def _consistent(one: Elements, other: Elements) -> bool:
    elements = dict(one)
    return all(elements.get(number, at) == at for number, at in other)


def admits(matcher: Any, value: object) -> bool:
    """Whether one matcher fits one value, which is a text, number, boolean or null."""
    if not isinstance(matcher, dict):
        return type(matcher) is type(value) and matcher == value
    ((name, operand),) = matcher.items()
    match name:
        case "exists":
            return bool(operand)
        case "prefix":
            return isinstance(value, str) and value.startswith(operand)
        case "suffix":
            return isinstance(value, str) and value.endswith(operand)
        case "wildcard":
            return isinstance(value, str) and _wildcard(operand).fullmatch(value) is not None
        case "numeric":
            return _numeric(operand, value)
        case "anything-but":
            return _anything_but(operand, value)
    raise AssertionError(f"{name} is not used")


def _anything_but(operand: Any, value: object) -> bool:
    if isinstance(operand, list):
        assert operand and all(isinstance(text, str) for text in operand)
        return value not in operand
    ((name, texts),) = operand.items()
    assert name == "wildcard"
    return not any(admits({"wildcard": text}, value) for text in texts)


def _wildcard(text: str) -> re.Pattern[str]:
    assert re.fullmatch(r"(?:[^\\]|\\[\\*])*", text, re.DOTALL), "a backslash escapes `*` and itself only"
    parts = re.findall(r"\\[\\*]|.", text, re.DOTALL)
    assert ("*", "*") not in itertools.pairwise(parts), "consecutive wildcards are not allowed"
    return re.compile("".join(".*" if part == "*" else re.escape(part[-1]) for part in parts), re.DOTALL)


def _numeric(operand: list[Any], value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if not -5e9 <= value <= 5e9:
        return False
    here = _six(value)
    signs = {
        "=": here.__eq__,
        "<": here.__lt__,
        "<=": here.__le__,
        ">": here.__gt__,
        ">=": here.__ge__,
    }
    return all(signs[sign](_six(number)) for sign, number in zip(operand[::2], operand[1::2], strict=True))


def _six(number: int | float) -> Decimal:
    return Decimal(number).quantize(Decimal("0.000001"))
