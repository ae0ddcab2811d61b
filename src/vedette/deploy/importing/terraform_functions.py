"""Terraform's functions that name and compose filters, and its operators, over values that may be open in part.

Whatever a function does not take, and whatever would grow beyond `MAX_TEXT`, raises UnknownError: the call stays open.
Source: Terraform, "Built-in functions" and "Arithmetic and logical operators".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence

from vedette.deploy.importing.found import Open, Value

MAX_TEXT = 20_000
"""Characters of a text that is made; patterns and names are far shorter."""
MAX_ITEMS = 5_000
"""Values in a list or map that is made, or looked at whole."""
MAX_DEPTH = 50
_MAX_NUMBER = 1e15
_VERB = re.compile(r"%(?:%|([-+ 0]*)([0-9]{0,2})([sdv]))")


class UnknownError(Exception):
    """A value that only a plan knows, or that nobody would want to know."""


class Lacking(Open):
    """What a file asks for and does not hold, for certain: `try` goes on to its next argument."""

    __slots__ = ()


def spelled(value: Value) -> str:
    """A value as Terraform makes a text of it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        _scalars(value)
        return _listed(value)
    return "" if value is None else str(value)


def _listed(value: list[Value] | dict[str, Value]) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(spelled, value))}]"
    return "{" + ", ".join(f"{key} = {spelled(one)}" for key, one in value.items()) + "}"


def _scalars(value: Value) -> list[Value]:
    """What is in lists in lists; raises UnknownError beyond a size or a depth that nobody writes."""
    found: list[Value] = []
    left = [(value, 0)]
    while left:
        one, depth = left.pop()
        if isinstance(one, list | dict):
            left.extend((each, depth + 1) for each in (one.values() if isinstance(one, dict) else one))
        else:
            found.append(one)
        if len(left) + len(found) > MAX_ITEMS or depth > MAX_DEPTH:
            raise UnknownError
    return found


def joined(parts: Sequence[Value]) -> Value:
    """The parts as one text, which is open if one of them is; a part alone is what it is."""
    if len(parts) == 1:
        return parts[0]
    texts = [spelled(part) for part in parts]
    if sum(map(len, texts)) > MAX_TEXT:
        raise UnknownError
    return Open("".join(texts)) if any(isinstance(part, Open) for part in parts) else "".join(texts)


def called(name: str, arguments: list[Value]) -> Value:
    """What a call comes to; open, as it is written, where that is not known."""
    function = FUNCTIONS.get(name)
    try:
        if function is not None and (name in _TAKE_OPEN or not any(isinstance(one, Open) for one in arguments)):
            return function(arguments)
    except (UnknownError, ArithmeticError, LookupError, StopIteration, TypeError, ValueError):
        pass
    text = ", ".join(map(spelled, arguments))
    return Open("${" + f"{name}({text})" + "}" if len(text) <= MAX_TEXT else "…")


def operated(sign: str, operands: Sequence[Value]) -> Value:
    """What an operator makes of values; raises UnknownError where that is not known."""
    if sign in ("&&", "||"):
        decisive = sign == "||"
        if any(one is decisive for one in operands):
            return decisive
        if all(one is (not decisive) for one in operands):
            return not decisive
        raise UnknownError
    if sign == "!" and isinstance(operands[0], bool):
        return not operands[0]
    if sign in ("==", "!="):
        return _same(*operands) is (sign == "==")
    numbers = [one for one in operands if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) != len(operands) or any(not abs(one) < _MAX_NUMBER for one in numbers):
        raise UnknownError
    if sign in ("/", "%") and not numbers[1]:
        raise UnknownError
    made = -numbers[0] if len(numbers) == 1 and sign == "-" else _NUMERIC[sign](*numbers)
    return int(made) if isinstance(made, float) and made.is_integer() else made


def _same(first: Value, second: Value) -> bool:
    if _is_open(first) or _is_open(second):
        raise UnknownError
    return isinstance(first, bool) is isinstance(second, bool) and first == second


def _is_open(value: Value) -> bool:
    return any(isinstance(one, Open) for one in _scalars(value))


_NUMERIC: Mapping[str, Callable[..., int | float | bool]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "%": operator.mod,
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip


def _list(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _map(value: Value) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _format(arguments: list[Value]) -> Value:
    template, *rest = arguments
    values = iter(rest)

    def fill(verb: re.Match[str]) -> str:
        if verb[3] is None:
            return "%"
        value = next(values)
        if verb[3] != "d" or (isinstance(value, Open) and not verb[1] + verb[2]):
            return f"%{verb[1]}{verb[2]}s" % spelled(value)
        return f"%{verb[1]}{verb[2]}d" % int(spelled(value))

    made = _VERB.sub(fill, spelled(template))
    return joined([Open("") if any(isinstance(one, Open) for one in arguments) else "", made])


def _concat(arguments: list[Value]) -> Value:
    if sum(len(_list(one)) for one in arguments) > MAX_ITEMS:
        raise UnknownError
    return [item for one in arguments for item in _list(one)]


def _join(arguments: list[Value]) -> Value:
    lists = (one if isinstance(one, list) else [one] for one in arguments[1:])
    return joined([part for each in lists for item in each for part in (arguments[0], item)][1:] or [""])


def _length(arguments: list[Value]) -> Value:
    (one,) = arguments
    if not isinstance(one, str | list | dict):
        raise TypeError
    return len(one)


def _merge(arguments: list[Value]) -> Value:
    return {key: value for one in arguments if one is not None for key, value in _map(one).items()}


def _lookup(arguments: list[Value]) -> Value:
    key = spelled(arguments[1])
    held = _map(arguments[0])
    return held[key] if key in held or len(arguments) < 3 else arguments[2]


def _replace(arguments: list[Value]) -> Value:
    text, old, new = map(spelled, arguments)
    if old.startswith("/") or len(text) + text.count(old) * len(new) > MAX_TEXT:  # a regular expression, or too long
        raise UnknownError
    return text.replace(old, new)


def _flat(value: list[Value]) -> list[Value]:
    """As Terraform flattens: lists in lists; maps are values."""
    found: list[Value] = []
    left = [iter(value)]
    while left:
        if (one := next(left[-1], _END)) is _END:
            left.pop()
        elif isinstance(one, list):
            left.append(iter(one))
        else:
            found.append(one)
    return found


_END = Open("")


def _distinct(values: list[Value]) -> list[Value]:
    _scalars(values)
    return [one for number, one in enumerate(values) if one not in values[:number]]


def _try(arguments: list[Value]) -> Value:
    return next(one for one in arguments if not isinstance(one, Lacking))


def _can(arguments: list[Value]) -> Value:
    if isinstance(arguments[0], Open) and not isinstance(arguments[0], Lacking):
        raise UnknownError
    return not isinstance(arguments[0], Lacking)


def _coalesce(arguments: list[Value]) -> Value:
    return next(one for one in arguments if one not in (None, ""))


def _one(arguments: list[Value]) -> Value:
    return next(iter(_list(arguments[0])), None)


FUNCTIONS: Mapping[str, Callable[[list[Value]], Value]] = {
    "can": _can,
    "chomp": lambda given: spelled(given[0]).rstrip("\r\n"),
    "coalesce": _coalesce,
    "compact": lambda given: [one for one in _list(given[0]) if one not in (None, "")],
    "concat": _concat,
    "contains": lambda given: any(_same(one, given[1]) for one in _list(given[0])),
    "distinct": lambda given: _distinct(_list(given[0])),
    "element": lambda given: _list(given[0])[int(spelled(given[1])) % len(_list(given[0]))],
    "flatten": lambda given: _flat(_list(given[0])),
    "format": _format,
    "join": _join,
    "keys": lambda given: [*sorted(_map(given[0]))],
    "length": _length,
    "lookup": _lookup,
    "lower": lambda given: spelled(given[0]).lower(),
    "merge": _merge,
    "one": _one,
    "replace": _replace,
    "split": lambda given: list(spelled(given[1]).split(spelled(given[0]))[:MAX_ITEMS]),
    "title": lambda given: re.sub(r"\b[a-z]", lambda first: first[0].upper(), spelled(given[0])),
    "tobool": lambda given: {"true": True, "false": False}[spelled(given[0])],
    "tolist": lambda given: given[0],
    "tomap": lambda given: given[0],
    "toset": lambda given: given[0],
    "tostring": lambda given: spelled(given[0]),
    "trim": lambda given: spelled(given[0]).strip(spelled(given[1])),
    "trimspace": lambda given: spelled(given[0]).strip(),
    "try": _try,
    "upper": lambda given: spelled(given[0]).upper(),
    "values": lambda given: [one for _, one in sorted(_map(given[0]).items())],
    "zipmap": lambda given: dict(zip(map(spelled, _list(given[0])), _list(given[1]), strict=True)),
}
"""Those that name and compose filters; a call of another is left open."""

_TAKE_OPEN = frozenset({"can", "format", "join", "one", "try"})
"""Those that know what to do with an argument that is open."""
