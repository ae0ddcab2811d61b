"""How conditions are written: the notation of CloudWatch Logs filter patterns.

The parser reads what this module writes. It holds what both have to agree on: what a word is, what a number is, and
how a text is quoted. It knows nothing of documents.

Chosen where no source speaks: between double quotes, `\\"` is a quote and `\\\\` a backslash; any other backslash
stands for itself.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from vedette.predicates.tree import (
    And,
    Compare,
    Condition,
    Constant,
    IsBoolean,
    IsNull,
    Not,
    NotExists,
    NumberEquals,
    NumberOrder,
    Or,
    Predicate,
    Rule,
    TextGlob,
    TextRegex,
)

NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""An unquoted value of this shape is a number; any other is a text. Source: CloudWatch Logs "Filter pattern syntax"."""

_ESCAPED: Final = re.compile(r'\\(["\\])')


def is_letter_or_digit(char: str) -> bool:
    """A letter of any script, or a decimal digit. Source: recorded answers (`café` is a word)."""
    return char.isalpha() or unicodedata.category(char) == "Nd"


def is_word(text: str, extra: str) -> bool:
    """Whether `text` may stand without quotes: letters, digits, `_`, `.` and the characters of `extra`."""
    return bool(text) and all(char in "_." or char in extra or is_letter_or_digit(char) for char in text)


def is_bare_value(text: str) -> bool:
    """Whether a text value may stand without quotes, and is read back as a text."""
    return is_word(text, "*+-") and NUMBER.fullmatch(text) is None and text.lower() != "null"


def quote(text: str) -> str:
    """`text` between double quotes, with no more escapes than it takes to be read back."""
    body = []
    for char, following in zip(text, text[1:] + '"', strict=False):
        needed = char == '"' or (char == "\\" and following in '"\\')
        body.append("\\" + char if needed else char)
    return '"' + "".join(body) + '"'


def unquote(token: str) -> str:
    """The text that a quoted token, quotes included, stands for."""
    return _ESCAPED.sub(r"\1", token[1:-1])


def value_text(rule: Rule, *, compact: bool = False) -> str:
    """The value of a condition; `compact` leaves out quotes that are not needed."""
    match rule:
        case TextGlob(pattern):
            return pattern if pattern == "*" or (compact and is_bare_value(pattern)) else quote(pattern)
        case TextRegex(source):
            return f"%{source}%"
        case NumberEquals(spelling) | NumberOrder(_, spelling):
            return spelling


def comparison_text(name: str, rule: Rule, negated: bool, *, compact: bool = False) -> str:
    """`name = value`, for a selector or a field's name."""
    operator = rule.order.value if isinstance(rule, NumberOrder) else "!=" if negated else "="
    gap = "" if compact else " "
    return f"{name}{gap}{operator}{gap}{value_text(rule, compact=compact)}"


def condition_text(condition: Condition, *, compact: bool = False) -> str:
    """One condition.

    >>> from vedette.predicates.tree import IsNull, Selector
    >>> condition_text(IsNull(Selector(("a", 0, "b c"))))
    "$.a[0]['b c'] IS NULL"
    """
    name = condition.selector.text(".*" if compact else "[*]")
    match condition:
        case Compare(_, rule, negated):
            return comparison_text(name, rule, negated, compact=compact)
        case IsNull():
            return f"{name} IS NULL"
        case IsBoolean(_, value):
            return f"{name} IS {'TRUE' if value else 'FALSE'}"
        case NotExists():
            return f"{name} NOT EXISTS"


def predicate_text(predicate: Predicate, *, compact: bool = False) -> str:
    """A whole tree, with no more parentheses than its meaning needs.

    `Not` and `Constant` have no notation in filter patterns; they are written `NOT (…)`, `TRUE` and `FALSE` for people.
    """
    match predicate:
        case Or(parts):
            return _joined("||", [predicate_text(part, compact=compact) for part in parts], compact)
        case And(parts):
            texts = (_in_parentheses(part, predicate_text(part, compact=compact)) for part in parts)
            return _joined("&&", list(texts), compact)
        case Not(part):
            return f"NOT ({predicate_text(part, compact=compact)})"
        case Constant(value):
            return "TRUE" if value else "FALSE"
        case _:
            return condition_text(predicate, compact=compact)


def _joined(sign: str, texts: list[str], compact: bool) -> str:
    return (sign if compact else f" {sign} ").join(texts)


def _in_parentheses(part: Predicate, text: str) -> str:
    return f"({text})" if isinstance(part, Or) else text
