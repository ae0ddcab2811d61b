"""Parse JSON patterns, `{ … }`, into the predicate tree.

The docstring of each parse function is its grammar rule.
Sources: CloudWatch Logs "Filter pattern syntax"; recorded answers for what is refused, and with which words.
"""

from __future__ import annotations

from typing import Final

from vedette.errors import PatternSyntaxError
from vedette.patterns.expressions import ORDERS, Cursor, Grammar, check_regexes, equality_rule, ordered_rule
from vedette.patterns.faults import INVALID, MAX_WILDCARD_SELECTORS, Source, bad_term
from vedette.patterns.lexer import JSON_SIGNS, Kind, Token, tokens
from vedette.patterns.selectors import read_selector
from vedette.patterns.syntax import Json
from vedette.predicates.tree import And, Compare, IsBoolean, IsNull, NotExists, Or, Predicate, Selector

_LITERALS: Final = ("null", "true", "false")


def parse_json(source: Source, *, quotas: bool) -> Json:
    """pattern := '{' alternatives '}'

    Raises PatternSyntaxError for whatever CloudWatch Logs rejects; without `quotas`, its quotas do not count.
    """
    cursor = Cursor(source, tokens(source, JSON_SIGNS, selectors=True))
    cursor.take()
    form = _JsonForm(cursor)
    predicate = Grammar(cursor, form.condition, _all_of, _any_of).alternatives()
    form.close()
    check_regexes(cursor, quotas=quotas)
    if quotas:
        _check_wildcards(cursor, form.wildcards)
    return Json(predicate)


def _all_of(parts: list[Predicate]) -> Predicate:
    if len(parts) == 1:
        return parts[0]
    return And(tuple(inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,))))


def _any_of(parts: list[Predicate]) -> Predicate:
    if len(parts) == 1:
        return parts[0]
    return Or(tuple(inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,))))


def _check_wildcards(cursor: Cursor, wildcards: list[Token]) -> None:
    if len(wildcards) > MAX_WILDCARD_SELECTORS:
        raise cursor.fail(
            f"a pattern may have {MAX_WILDCARD_SELECTORS} selectors with a wildcard, this one has {len(wildcards)}",
            wildcards[MAX_WILDCARD_SELECTORS],
        )


class _JsonForm:
    """The conditions of JSON patterns; remembers the selectors that have a wildcard."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.wildcards: list[Token] = []

    def condition(self) -> Predicate:
        """condition := selector ( equality | ordered | is | not-exists )"""
        selector = self.selector()
        token = self.cursor.token
        if token.kind is Kind.OPERATOR:
            return self.comparison(selector)
        keyword = token.text.lower() if token.kind is Kind.WORD else ""
        if keyword == "is":
            return self.is_literal(selector)
        if keyword == "not":
            return self.not_exists(selector)
        raise self._no_condition(selector, keyword)

    def selector(self) -> Selector:
        """selector := see `selectors`"""
        token = self.cursor.token
        if token.kind is not Kind.SELECTOR:
            raise self._no_selector(token)
        self.cursor.take()
        selector = read_selector(self.cursor.source, token.start, token.end)
        if selector.has_wildcard:
            self.wildcards.append(token)
        return selector

    def comparison(self, selector: Selector) -> Predicate:
        """comparison := equality | ordered; of barewords, `null` is refused (recorded)"""
        operator = self.cursor.take()
        if operator.text in ORDERS:
            return Compare(selector, ordered_rule(self.cursor, operator, _order_refusal))
        token = self.cursor.token
        if token.kind is Kind.WORD and token.text.lower() == "null":
            raise self.cursor.fail(
                "`null` is not a value", token, hint=f'write `{selector} IS NULL`, or `"{token.text}"` for the text'
            )
        return Compare(selector, equality_rule(self.cursor, operator), negated=operator.text == "!=")

    def is_literal(self, selector: Selector) -> Predicate:
        """is := 'IS' ( 'NULL' | 'TRUE' | 'FALSE' ); keywords in any case"""
        cursor = self.cursor
        cursor.take()
        token = cursor.token
        literal = token.text.lower() if token.kind is Kind.WORD else ""
        if literal not in _LITERALS:
            hint = f"write `{selector} = *` for `has a string or number`" if literal == "not" else None
            aws = bad_term(token.text) if token.kind is Kind.WORD else INVALID
            raise cursor.fail("`IS` is followed by `NULL`, `TRUE` or `FALSE`", token, aws=aws, hint=hint)
        cursor.take()
        return IsNull(selector) if literal == "null" else IsBoolean(selector, literal == "true")

    def not_exists(self, selector: Selector) -> Predicate:
        """not-exists := 'NOT' 'EXISTS'; keywords in any case"""
        cursor = self.cursor
        cursor.take()
        token = cursor.token
        if token.kind is not Kind.WORD or token.text.lower() != "exists":
            aws = bad_term(token.text) if token.kind is Kind.WORD else INVALID
            raise cursor.fail("`NOT` is followed by `EXISTS`", token, aws=aws, hint=f"write `{selector} NOT EXISTS`")
        cursor.take()
        return NotExists(selector)

    def close(self) -> None:
        """The closing brace, and nothing after it."""
        token = self.cursor.token
        if token.kind is not Kind.RIGHT:
            raise self._no_end(token)
        self.cursor.take()
        if self.cursor.token.kind is not Kind.END:
            raise self.cursor.unexpected("nothing after `}`")

    def _no_selector(self, token: Token) -> PatternSyntaxError:
        hint = "a selector starts with `$.`, as in `$.eventName`"
        if token.kind is Kind.WORD and token.text.lower() == "not":
            hint = "negate with `!=`, or with `NOT EXISTS` after a selector"
        elif token.kind is Kind.RIGHT:
            hint = "write a condition, as in `{ $.eventName = * }`; an empty pattern matches everything"
        error = self.cursor.unexpected("a selector")
        error.hint = error.hint or hint
        return error

    def _no_condition(self, selector: Selector, keyword: str) -> PatternSyntaxError:
        if keyword == "exists":
            hint = f"write `{selector} = *`, which asks for a string or number"
            return self.cursor.fail("`EXISTS` is not a condition", self.cursor.token, hint=hint)
        error = self.cursor.unexpected(f"an operator after `{selector}`")
        kind = self.cursor.token.kind
        if kind is Kind.WORD and self.cursor.crowded:
            error.hint = "put a name with other characters in brackets, as in `$.['größe']`"
        elif kind in (Kind.WORD, Kind.STRING, Kind.REGEX):
            error.hint = error.hint or f"write `{selector} = …`"
        else:
            error.hint = f"write `{selector} = *`, which asks for a string or number"
        return error

    def _no_end(self, token: Token) -> PatternSyntaxError:
        if token.kind is Kind.CLOSE:
            return self.cursor.fail("this `)` closes nothing", token)
        return self.cursor.surplus("`&&`, `||` or `}`")


def _order_refusal(token: Token) -> str:
    return bad_term(token.text) if token.kind in (Kind.WORD, Kind.STRING, Kind.REGEX) else INVALID
