"""`FilterPattern`: parse a CloudWatch Logs filter pattern, and ask it about messages.

Sources: CloudWatch Logs "Filter pattern syntax for metric filters, subscription filters, and filter log events";
recorded answers of TestMetricFilter. What no source tells is chosen in the module concerned, and listed in
`docs/reference/filter-pattern-evidence.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from vedette.patterns.expressions import check_regex
from vedette.patterns.faults import (
    MAX_LENGTH,
    MAX_REGEXES,
    MAX_WILDCARD_SELECTORS,
    Source,
    too_long,
    unclosed,
)
from vedette.patterns.fields_form import parse_fields
from vedette.patterns.json_form import parse_json
from vedette.patterns.lexer import regex_token
from vedette.patterns.printer import print_pattern
from vedette.patterns.syntax import (
    Expression,
    FieldCondition,
    Fields,
    FieldTest,
    Json,
    MatchAll,
    Sign,
    Syntax,
    Terms,
)
from vedette.patterns.terms_form import parse_terms
from vedette.patterns.words import fits
from vedette.predicates.document import load_document
from vedette.predicates.evaluate import evaluate
from vedette.predicates.regex import compile_regex
from vedette.predicates.tree import Compare, Constant, Predicate, TextRegex, conditions


@dataclass(frozen=True, slots=True)
class FilterPattern:
    """A filter pattern. Equal to another when both ask the same in the same order, however they are spelled.

    >>> pattern = FilterPattern.parse('{ ($.eventName = ConsoleLogin) }')
    >>> pattern.matches('{"eventName": "ConsoleLogin"}')
    True
    >>> str(pattern)
    '{ $.eventName = "ConsoleLogin" }'
    """

    source: str = field(compare=False)
    syntax: Syntax

    @classmethod
    def parse(cls, text: str, *, quotas: bool = True) -> FilterPattern:
        """The pattern that `text` is. Raises PatternSyntaxError where CloudWatch Logs rejects it.

        Without `quotas`, what CloudWatch Logs refuses only for its amount is allowed: more than 1024 characters, two
        regular expressions or three selectors with a wildcard. Such a pattern cannot be deployed natively.
        """
        source = Source.of(text)
        if quotas and len(text) > MAX_LENGTH:
            raise source.error(
                f"a pattern may have {MAX_LENGTH} characters, this one has {len(text)}",
                MAX_LENGTH,
                len(text),
                too_long(text),
                "split it into several patterns, or use `*` to join alternatives",
            )
        return cls(text, _parse(source, quotas))

    def matches(self, message: str) -> bool:
        """Whether a log message matches; never an exception, whatever the message."""
        match self.syntax:
            case MatchAll():
                return True
            case Terms():
                return _terms_match(self.syntax, message)
            case Expression(source):
                return compile_regex(source).search(message)
            case Json(predicate):
                document = load_document(message)
                return document is not None and evaluate(predicate, document)
            case Fields():
                return fits(self.syntax, message) is not None
            case _:
                assert_never(self.syntax)

    def extract(self, message: str) -> dict[str, str]:
        """`extractedValues` of TestMetricFilter: the words of a space-delimited line by `$name`, else `$position`.

        Empty for messages that do not match, and for the other forms of patterns (recorded).
        """
        return (fits(self.syntax, message) or {}) if isinstance(self.syntax, Fields) else {}

    @property
    def predicate(self) -> Predicate | None:
        """The question that a JSON pattern asks of a decoded record; None for the forms that read plain text."""
        match self.syntax:
            case Json(predicate):
                return predicate
            case MatchAll():
                return Constant(True)
            case _:
                return None

    @property
    def regex_count(self) -> int:
        """How many regular expressions there are; AWS allows two, and five patterns with any for one log group."""
        match self.syntax:
            case Expression():
                return 1
            case Json(predicate):
                return sum(isinstance(c, Compare) and isinstance(c.rule, TextRegex) for c in conditions(predicate))
            case Fields(head, tail):
                return sum(_regexes(f.condition) for f in (*head, *(tail or ())))
            case _:
                return 0

    @property
    def over_quota(self) -> tuple[str, ...]:
        """What of this pattern exceeds AWS's quotas; empty if it can be deployed natively."""
        excesses = []
        if len(self.source) > MAX_LENGTH:
            excesses.append(f"{len(self.source)} characters, {MAX_LENGTH} allowed")
        if self.regex_count > MAX_REGEXES:
            excesses.append(f"{self.regex_count} regular expressions, {MAX_REGEXES} allowed")
        wildcards = self._wildcard_selectors()
        if wildcards > MAX_WILDCARD_SELECTORS:
            excesses.append(f"{wildcards} selectors with a wildcard, {MAX_WILDCARD_SELECTORS} allowed")
        return tuple(excesses)

    def _wildcard_selectors(self) -> int:
        if not isinstance(self.syntax, Json):
            return 0
        return sum(condition.selector.has_wildcard for condition in conditions(self.syntax.predicate))

    def __str__(self) -> str:
        return print_pattern(self.syntax)


def _parse(source: Source, quotas: bool) -> Syntax:
    """pattern := nothing | json | fields | expression | terms, told apart by the first character that is no blank"""
    if source.start == source.end:
        return MatchAll()
    first, last = source.text[source.start], source.text[source.end - 1]
    for opening, closing in ("{}", "[]", "%%"):
        if first == opening and last != closing:
            raise source.error(
                f"a pattern that starts with `{opening}` ends with `{closing}`",
                source.end - 1,
                source.end,
                unclosed(opening, closing),
                f"put the text in double quotes if it should be found as it stands, `{opening}` included",
            )
    match first:
        case "{":
            return parse_json(source, quotas=quotas)
        case "[":
            return parse_fields(source, quotas=quotas)
        case "%":
            return _parse_expression(source)
        case _:
            return parse_terms(source)


def _parse_expression(source: Source) -> Expression:
    """expression := regex"""
    token = regex_token(source, source.start)
    if token.end < source.end:
        raise source.no_token(
            token.end, token.end, "nothing may follow the regular expression", "join alternatives with `|`"
        )
    check_regex(source, token)
    return Expression(token.text[1:-1])


def _terms_match(terms: Terms, message: str) -> bool:
    """Every plain term is in the message and no `-` term; `?` terms count only when there are no others."""
    firm = [term for term in terms.terms if term.sign is not Sign.OPTIONAL]
    if not firm:
        return any(term.text in message for term in terms.terms)
    return all((term.text in message) is (term.sign is Sign.INCLUDE) for term in firm)


def _regexes(condition: FieldCondition | None) -> int:
    if condition is None:
        return 0
    if isinstance(condition, FieldTest):
        return isinstance(condition.rule, TextRegex)
    return sum(_regexes(part) for part in condition.parts)
