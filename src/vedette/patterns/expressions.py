"""What JSON and space-delimited patterns have in common: a walk over tokens, `&&`, `||`, parentheses, and values.

The docstring of each parse function is its grammar rule. `&&` binds tighter than `||`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from vedette.errors import PatternSyntaxError
from vedette.patterns.faults import (
    DOES_NOT_COMPILE,
    INVALID,
    MAX_PARENTHESES,
    MAX_REGEXES,
    TOO_MANY_REGEXES,
    Source,
    bad_term,
)
from vedette.patterns.lexer import Kind, Token
from vedette.predicates.notation import NUMBER, unquote
from vedette.predicates.regex import RegexError, compile_regex
from vedette.predicates.tree import NumberEquals, NumberOrder, Order, Rule, TextGlob, TextRegex

Node = TypeVar("Node")

ORDERS: Final = {order.value: order for order in Order}
MAX_EXPONENT: Final = 2**31 - 1

_WORD_OPERATORS: Final = {"and": "`and` is written `&&`", "or": "`or` is written `||`"}


class Cursor:
    """A place in the list of tokens, and what was met on the way."""

    def __init__(self, source: Source, tokens: list[Token]) -> None:
        self.source = source
        self._tokens = tokens
        self._at = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        """The token under the cursor; the last one, of kind END, stays."""
        return self._tokens[self._at]

    @property
    def following(self) -> Token:
        """The token after the one under the cursor."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    @property
    def crowded(self) -> bool:
        """Whether the token under the cursor follows the one before it without a blank."""
        return self._at > 0 and self._tokens[self._at - 1].end == self.token.start

    def take(self) -> Token:
        """The token under the cursor, which moves on."""
        token = self.token
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def skip(self, kind: Kind) -> bool:
        """Move past a token of this kind, if one is here."""
        here = self.token.kind is kind
        if here:
            self.take()
        return here

    def regexes(self) -> list[Token]:
        """Every regular expression of the pattern."""
        return [token for token in self._tokens if token.kind is Kind.REGEX]

    def fail(self, message: str, token: Token, *, aws: str = INVALID, hint: str | None = None) -> PatternSyntaxError:
        """The error at a token; at the end of the pattern, at its last character."""
        start = min(token.start, self.source.end - 1)
        return self.source.error(message, start, max(token.end, start + 1), aws, hint)

    def unexpected(self, wanted: str) -> PatternSyntaxError:
        """The error that something else stands where `wanted` should."""
        token = self.token
        if token.kind is Kind.WORD and token.text.lower() in _WORD_OPERATORS:
            hint = _WORD_OPERATORS[token.text.lower()]
            return self.fail(f"`{token.text}` is not an operator", token, aws=bad_term(token.text), hint=hint)
        found = f"`{token.text}`" if token.text else "the end"
        return self.fail(f"expected {wanted}, found {found}", token)

    def surplus(self, wanted: str) -> PatternSyntaxError:
        """The error that something follows a condition which does not join it with another."""
        error = self.unexpected(wanted)
        if error.hint is None and self.token.kind in (Kind.WORD, Kind.STRING):
            error.hint = "put a value that holds blanks or other signs in one pair of double quotes"
        return error


class Grammar(Generic[Node]):
    """The rules for joining conditions; what a condition is, and how parts are joined, is for the form to say."""

    def __init__(
        self,
        cursor: Cursor,
        condition: Callable[[], Node],
        all_of: Callable[[list[Node]], Node],
        any_of: Callable[[list[Node]], Node],
    ) -> None:
        self.cursor = cursor
        self._condition = condition
        self._all_of = all_of
        self._any_of = any_of

    def alternatives(self) -> Node:
        """alternatives := conjunction { '||' conjunction }"""
        parts = [self.conjunction()]
        while self.cursor.skip(Kind.OR):
            parts.append(self.conjunction())
        return self._any_of(parts)

    def conjunction(self) -> Node:
        """conjunction := primary { '&&' primary }"""
        parts = [self.primary()]
        while self.cursor.skip(Kind.AND):
            parts.append(self.primary())
        return self._all_of(parts)

    def primary(self) -> Node:
        """primary := '(' alternatives ')' | condition"""
        cursor = self.cursor
        opening = cursor.token
        if not cursor.skip(Kind.OPEN):
            return self._condition()
        cursor.depth += 1
        if cursor.depth > MAX_PARENTHESES:
            raise cursor.fail(f"parentheses are nested more than {MAX_PARENTHESES} deep", opening)
        inner = self.alternatives()
        if not cursor.skip(Kind.CLOSE):
            raise self._unclosed(opening)
        cursor.depth -= 1
        return inner

    def _unclosed(self, opening: Token) -> PatternSyntaxError:
        if self.cursor.token.kind in (Kind.RIGHT, Kind.COMMA, Kind.END):
            return self.cursor.fail("this `(` is never closed", opening, hint="close it with `)`")
        return self.cursor.surplus("`&&`, `||` or `)`")


def ordered_rule(cursor: Cursor, operator: Token, refusal: Callable[[Token], str]) -> Rule:
    """ordered := ( '<' | '<=' | '>' | '>=' ) number

    `refusal` gives AWS's text for an operand that is no number; the two forms word it differently.
    """
    token = cursor.token
    if token.kind is not Kind.WORD or NUMBER.fullmatch(token.text) is None:
        hint = "write the number without quotes" if token.kind is Kind.STRING else "texts have no order here"
        raise cursor.fail(f"`{operator.text}` compares with a number only", token, aws=refusal(token), hint=hint)
    return NumberOrder(ORDERS[operator.text], _number(cursor, cursor.take()))


def equality_rule(cursor: Cursor, operator: Token) -> Rule:
    """equality := ( '=' | '!=' ) ( number | word | string | regex )"""
    token = cursor.token
    match token.kind:
        case Kind.WORD:
            cursor.take()
            if NUMBER.fullmatch(token.text):
                return NumberEquals(_number(cursor, token))
            return TextGlob(token.text)
        case Kind.STRING:
            cursor.take()
            return TextGlob(unquote(token.text))
        case Kind.REGEX:
            cursor.take()
            return TextRegex(token.text[1:-1])
        case Kind.OPERATOR if operator.text == token.text == "=":
            raise cursor.fail("`==` is not an operator", token, hint="use a single `=`")
        case _:
            raise cursor.unexpected(f"a value after `{operator.text}`")


def _number(cursor: Cursor, token: Token) -> str:
    _, _, exponent = token.text.lower().partition("e")
    digits = exponent.lstrip("+-").lstrip("0")
    if len(digits) > len(str(MAX_EXPONENT)) or int(digits or 0) > MAX_EXPONENT:
        raise cursor.fail("the exponent is out of range", token, hint="put the value in double quotes if it is a text")
    return token.text


def check_regexes(cursor: Cursor, *, quotas: bool) -> int:
    """Refuse more regular expressions than allowed, and those that do not compile; the number of them."""
    found = cursor.regexes()
    if quotas and len(found) > MAX_REGEXES:
        raise cursor.fail(
            f"a pattern may have {MAX_REGEXES} regular expressions, this one has {len(found)}",
            found[MAX_REGEXES],
            aws=TOO_MANY_REGEXES,
            hint="join alternatives in one expression with `|`, or use `*` where it is enough",
        )
    for token in found:
        check_regex(cursor.source, token)
    return len(found)


def check_regex(source: Source, token: Token) -> None:
    """Refuse an expression that does not compile."""
    try:
        compile_regex(token.text[1:-1])
    except RegexError as error:
        start = token.start + 1
        raise source.error(
            error.message, start + error.start, start + error.end, DOES_NOT_COMPILE, error.hint
        ) from error
