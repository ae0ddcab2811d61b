"""Read one JSON document, and write its numbers as CloudWatch Logs sees them.

A document is what a message or a record decodes to: a JSON object as a dictionary. This module only reads and prints
values; which values matter is for `evaluate` to say.
"""

from __future__ import annotations

import enum
import json
import math
from typing import Final

MAX_DEPTH: Final = 500
"""Nesting (objects and arrays together) beyond which a text is not a document.

The limit is ours, and fixed, so that an answer does not depend on how deep the caller's own stack is.
"""

MAX_INT_DIGITS: Final = 4300
"""Integers of more digits are read as the double that they overflow to; reading them exactly takes quadratic time."""

_OPENERS = ("[", "{")


class Missing(enum.Enum):
    """What a selector yields when it selects nothing; distinct from a JSON null."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING


def load_document(text: str | bytes) -> dict[str, object] | None:
    """The JSON object that is the whole of `text`, or None; never an exception.

    Strict: UTF-8 without a byte order mark, no `NaN` or `Infinity`, nothing but blanks around the object. The last of
    duplicate keys wins. Integers are exact, fractions are doubles, and what overflows a double is an infinity.
    Source: recorded answers (trailing text, top-level arrays and broken JSON never match; the last duplicate wins).
    """
    try:
        source = text if isinstance(text, str) else text.decode("utf-8")
        if _may_be_deep(source) and _depth(source) > MAX_DEPTH:
            return None
        value = _decode(source)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _decode(source: str) -> object:
    try:
        return _DECODER.decode(source)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # Either a NaN, refused again here, or an integer beyond Python's own limit.
        return _LONG_DECODER.decode(source)


def _refuse_constant(name: str) -> float:
    raise json.JSONDecodeError(f"`{name}` is not JSON", name, 0)


def read_integer(digits: str) -> int | float:
    """The integer that `digits` (with or without a sign) denotes; beyond `MAX_INT_DIGITS` an infinity of its sign."""
    return int(digits) if len(digits) <= MAX_INT_DIGITS else float(digits)


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)
_LONG_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=read_integer)


def _may_be_deep(source: str) -> bool:
    return source.count("{") + source.count("[") > MAX_DEPTH


def _depth(source: str) -> int:
    """The deepest nesting of brackets outside strings; well defined for broken JSON too."""
    deepest = depth = 0
    in_string = escaped = False
    for char in source:
        if in_string:
            in_string = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            in_string = True
        elif char in _OPENERS:
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def number_text(value: float) -> str:
    """A JSON number as text conditions see it: integers as written, other numbers as `java_double` prints them.

    >>> number_text(123), number_text(12.0), number_text(1e3)
    ('123', '12.0', '1000.0')

    Source: recorded answers (`{ $.a = "1" }` matches 1 and not 1.0; `%1%` is found in 1e3).
    """
    return str(value) if isinstance(value, int) else java_double(value)


def java_double(value: float) -> str:
    """`value` as Java's `Double.toString` prints it.

    Decimal notation from 10^-3 up to 10^7, computerised scientific notation elsewhere, at least one digit on each
    side of the point, and no more digits than tell the double from its neighbours.

    >>> [java_double(x) for x in (100.0, 1e7, 0.001, 0.00012, -0.0, 5e-324, float("inf"))]
    ['100.0', '1.0E7', '0.001', '1.2E-4', '-0.0', '4.9E-324', 'Infinity']
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    if value == 0:
        return f"{sign}0.0"
    digits, exponent = _shortest(abs(value))
    if -3 <= exponent < 7:
        return sign + _decimal(digits, exponent)
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"


def _shortest(value: float) -> tuple[str, int]:
    """The digits d1 d2 … and the exponent e of d1.d2… × 10^e that print a positive double."""
    # Java looks at two digits even where one would do, and takes the closer: 4.9E-324, not 5.0E-324.
    two = f"{value:.1e}"
    mantissa, _, exponent = (two if float(two) == value else f"{float(value)!r}").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole) - 1 if whole != "0" else len(digits) - len(fraction) - 1
    return digits.rstrip("0"), leading + int(exponent or 0)


def _decimal(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return f"{whole}.{digits[exponent + 1 :] or '0'}"
