"""Cut JSON and space-delimited patterns into tokens, and say where characters form none.

The whole pattern is cut before any of it is parsed. What tokens mean together is the parsers' business.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vedette.errors import PatternSyntaxError
from vedette.patterns.faults import BLANKS, Source, bad_term
from vedette.patterns.selectors import selector_end
from vedette.predicates.notation import is_letter_or_digit
from vedette.predicates.regex import forbidden_character

STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


class Kind(enum.Enum):
    """What a token is; the value is how messages call it."""

    SELECTOR = "a selector"
    STRING = "a quoted text"
    REGEX = "a regular expression"
    WORD = "a word"
    OPERATOR = "an operator"
    AND = "`&&`"
    OR = "`||`"
    OPEN = "`(`"
    CLOSE = "`)`"
    COMMA = "`,`"
    LEFT = "the opening bracket"
    RIGHT = "the closing bracket"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the pattern; `text` is verbatim, `[start, end)` its place in the pattern as given."""

    kind: Kind
    text: str
    start: int
    end: int


_FIXED: Final = {
    "(": Kind.OPEN,
    ")": Kind.CLOSE,
    "&&": Kind.AND,
    "||": Kind.OR,
    "=": Kind.OPERATOR,
    "!=": Kind.OPERATOR,
    "<": Kind.OPERATOR,
    "<=": Kind.OPERATOR,
    ">": Kind.OPERATOR,
    ">=": Kind.OPERATOR,
}
JSON_SIGNS: Final = _FIXED | {"{": Kind.LEFT, "}": Kind.RIGHT}
FIELD_SIGNS: Final = _FIXED | {"[": Kind.LEFT, "]": Kind.RIGHT, ",": Kind.COMMA}


def tokens(source: Source, signs: dict[str, Kind], *, selectors: bool) -> list[Token]:
    """Every token of the pattern, closed by one of kind END. Raises PatternSyntaxError where there is none.

    `signs` are the fixed tokens of the form; `selectors` says whether `$` begins one.
    """
    return list(_tokens(source, signs, selectors))


def _tokens(source: Source, signs: dict[str, Kind], selectors: bool) -> Iterator[Token]:
    at = source.start
    while at < source.end:
        if source.text[at] in BLANKS:
            at += 1
            continue
        token = _token(source, at, signs, selectors)
        yield token
        at = token.end
    yield Token(Kind.END, "", source.end, source.end)


def _token(source: Source, at: int, signs: dict[str, Kind], selectors: bool) -> Token:
    char = source.text[at]
    for sign in (source.text[at : min(at + 2, source.end)], char):
        if sign in signs:
            return Token(signs[sign], sign, at, at + len(sign))
    if char == '"':
        return string_token(source, at)
    if char == "%":
        return regex_token(source, at)
    if char == "$" and selectors:
        end = selector_end(source, at)
        return Token(Kind.SELECTOR, source.text[at:end], at, end)
    return _word(source, at)


def string_token(source: Source, at: int) -> Token:
    """string := '"' { any character but '"', or an escaped one } '"'"""
    found = STRING.match(source.text, at, source.end)
    if found is None:
        hint = "write `\\\\` for a backslash before a closing quote" if '\\"' in source.text[at:] else None
        raise source.error(
            'this `"` is never closed', at, at + 1, bad_term(source.text[at : source.end]), hint or 'close it with `"`'
        )
    return Token(Kind.STRING, found[0], at, found.end())


def regex_token(source: Source, at: int) -> Token:
    """regex := '%' character { character } '%', of the characters that expressions may hold"""
    end = source.text.find("%", at + 1, source.end)
    stop = source.end if end < 0 else end
    bad = forbidden_character(source.text[at + 1 : stop])
    if bad is not None:
        raise _forbidden(source, at, at + 1 + bad)
    if end < 0:
        raise source.error(
            "this `%` is never closed", at, at + 1, bad_term(source.text[at : source.end]), "close it with `%`"
        )
    if end == at + 1:
        raise source.no_token(at, end, "the regular expression is empty", "leave the pattern empty to match everything")
    return Token(Kind.REGEX, source.text[at : end + 1], at, end + 1)


def _forbidden(source: Source, start: int, at: int) -> PatternSyntaxError:
    char = source.text[at]
    message = f"`{char}` is not allowed in a regular expression"
    if not char.isascii():
        return source.no_token(start, at, message, "only ASCII is allowed; `.` stands for any character")
    if char in "()":
        message += ": there are no groups"
    return source.no_token(start, at, message, f"write `\\x{ord(char):02x}` for the character itself")


def _word(source: Source, at: int) -> Token:
    """word := { letter | digit | '_' | '.' | '*' | '+' | '-' }"""
    end = at
    while end < source.end and (source.text[end] in "_.*+-" or is_letter_or_digit(source.text[end])):
        end += 1
    if end == at:
        raise _stray(source, at)
    return Token(Kind.WORD, source.text[at:end], at, end)


_TWINS: Final = {
    "&": "`and` is written `&&`",
    "|": "`or` is written `||`",
    "!": "`not equal` is written `!=`; there is no other negation than that and `NOT EXISTS`",
    "'": "values are quoted with double quotes",
    "$": "a field is called by its bare name; selectors such as `$.name` belong into `{ … }`",
    "[": "a bracket follows a selector directly, as in `$.resources[0]` or `$.['a name']`",
}


def _stray(source: Source, at: int) -> PatternSyntaxError:
    char = source.text[at]
    hint = _TWINS.get(char, "put a value that holds other signs than letters, digits, `_ . * + -` in double quotes")
    # These begin longer tokens, so AWS's term shows the character after them, too.
    end = min(at + 2 if char in "&|![" else at + 1, source.end)
    return source.error(f"`{char}` is not allowed here", at, at + 1, bad_term(source.text[at:end]), hint)
