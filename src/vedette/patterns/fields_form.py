"""Parse space-delimited patterns, `[ … ]`.

The docstring of each parse function is its grammar rule.
Sources: CloudWatch Logs "Filter pattern syntax"; recorded answers for what is refused, and with which words.
"""

from __future__ import annotations

import re
from typing import Final

from vedette.errors import PatternSyntaxError
from vedette.patterns.expressions import ORDERS, Cursor, Grammar, check_regexes, equality_rule, ordered_rule
from vedette.patterns.faults import INVALID, Source, bad_term, duplicate_field, several_names
from vedette.patterns.lexer import FIELD_SIGNS, Kind, Token, tokens
from vedette.patterns.syntax import Field, FieldAll, FieldAny, FieldCondition, Fields, FieldTest

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
ELLIPSIS: Final = "..."
_FIELD_ENDS: Final = frozenset({Kind.COMMA, Kind.RIGHT, Kind.END})


def parse_fields(source: Source, *, quotas: bool) -> Fields:
    """pattern := '[' [ field { ',' field } ] ']'

    Raises PatternSyntaxError for whatever CloudWatch Logs rejects; without `quotas`, its quotas do not count.
    """
    cursor = Cursor(source, tokens(source, FIELD_SIGNS, selectors=False))
    cursor.take()
    fields = _FieldsForm(cursor).fields()
    if not cursor.skip(Kind.RIGHT):
        raise cursor.unexpected("`,` or `]`")
    if cursor.token.kind is not Kind.END:
        raise cursor.unexpected("nothing after `]`")
    check_regexes(cursor, quotas=quotas)
    return fields


class _FieldsForm:
    """The fields of one pattern; remembers the names in use, and the name of the field at hand."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.names: set[str] = set()
        self.name: Token | None = None

    def fields(self) -> Fields:
        """fields := [ field { ',' field } ], of which one may be '...'"""
        cursor = self.cursor
        if cursor.token.kind is Kind.RIGHT:
            return Fields(())
        groups: list[list[Field]] = [[]]
        while True:
            if cursor.token.text == ELLIPSIS and len(groups) > 1:
                raise self._duplicate(cursor.token)
            if cursor.token.text == ELLIPSIS:
                cursor.take()
                groups.append([])
            else:
                groups[-1].append(self.field())
            if not cursor.skip(Kind.COMMA):
                break
        head, *tail = map(tuple, groups)
        return Fields(head, tail[0] if tail else None)

    def field(self) -> Field:
        """field := nothing | name | alternatives"""
        cursor = self.cursor
        if cursor.token.kind in _FIELD_ENDS:
            return Field()
        self.name = None
        condition = None
        if cursor.following.kind in _FIELD_ENDS:
            self.field_name()
        else:
            condition = Grammar(cursor, self.condition, _all_of, _any_of).alternatives()
        return Field(self._claim_name(), condition)

    def _claim_name(self) -> str:
        assert self.name is not None, "every field that is not empty was read through `field_name`"
        if self.name.text in self.names:
            raise self._duplicate(self.name)
        self.names.add(self.name.text)
        return self.name.text

    def condition(self) -> FieldCondition:
        """condition := name ( equality | ordered )"""
        cursor = self.cursor
        name = self.field_name()
        operator = cursor.token
        if operator.kind is not Kind.OPERATOR:
            error = cursor.unexpected(f"an operator after `{name.text}`")
            error.hint = error.hint or "separate fields by commas"
            raise error
        cursor.take()
        if operator.text in ORDERS:
            return FieldTest(ordered_rule(cursor, operator, _order_refusal))
        return FieldTest(equality_rule(cursor, operator), negated=operator.text == "!=")

    def field_name(self) -> Token:
        """name := ( letter | '_' ) { letter | digit | '_' | '-' }, ASCII; one name a field"""
        token = self.cursor.token
        if token.kind is not Kind.WORD:
            raise self.cursor.unexpected("a field's name")
        if NAME.fullmatch(token.text) is None:
            hint = "a name begins with a letter or `_`, and goes on with letters, digits, `_` and `-`"
            raise self.cursor.fail(f"`{token.text}` is not a field's name", token, aws=bad_term(token.text), hint=hint)
        if self.name is None:
            self.name = token
        elif self.name.text != token.text:
            raise self._several(self.name, token)
        return self.cursor.take()

    def _several(self, first: Token, second: Token) -> PatternSyntaxError:
        return self.cursor.fail(
            f"this field is called `{first.text}`, and cannot ask about `{second.text}`",
            second,
            aws=several_names(first.text, second.text),
            hint="separate fields by commas; all conditions of a pattern have to hold",
        )

    def _duplicate(self, token: Token) -> PatternSyntaxError:
        message = f"there is a field `{token.text}` already"
        hint = (
            "`...` may stand once" if token.text == ELLIPSIS else "join its conditions with `&&` or `||` in one field"
        )
        return self.cursor.fail(message, token, aws=duplicate_field(token.text), hint=hint)


def _all_of(parts: list[FieldCondition]) -> FieldCondition:
    if len(parts) == 1:
        return parts[0]
    return FieldAll(tuple(inner for part in parts for inner in (part.parts if isinstance(part, FieldAll) else (part,))))


def _any_of(parts: list[FieldCondition]) -> FieldCondition:
    if len(parts) == 1:
        return parts[0]
    return FieldAny(tuple(inner for part in parts for inner in (part.parts if isinstance(part, FieldAny) else (part,))))


def _order_refusal(token: Token) -> str:
    del token  # recorded: `[a>"1", b]` gets the general text, unlike in JSON patterns
    return INVALID
