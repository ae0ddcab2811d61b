"""From the text of a composite alarm's rule to its tree, with the place of whatever is wrong.

The grammar is that of PutCompositeAlarm's AlarmRule. AND binds tighter than OR (AWS only says to use brackets, and the
printer always does). Keywords are upper-case. Inside a quoted name, `\\"` is a quotation mark and `\\\\` a backslash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vedette.alarms.rule_tree import AtLeast, Every, Expression, InState, Literal, Negation, Some, names
from vedette.alarms.spec import State
from vedette.errors import InputError, Span, draw_span

MAX_LENGTH = 10_240
MAX_CHILDREN = 100
MAX_ELEMENTS = 500
MAX_DEPTH = 100
"""Ours, not AWS's: it keeps the parser's own stack small whatever is written."""

_STATES = {state.value: state for state in State}
_KEYWORDS = {"AND", "OR", "NOT", "TRUE", "FALSE", "AT_LEAST", *_STATES}
_TOKEN = re.compile(
    r"""\s*(?:(?P<sign>[(),])|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<word>[^\s(),"]+)|(?P<broken>"))""", re.DOTALL
)


class RuleSyntaxError(InputError):
    """A composite rule that CloudWatch would reject; `span` is the place in `rule`."""

    def __init__(self, message: str, *, rule: str, span: Span, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.rule = rule
        self.span = span

    def render(self) -> str:
        """The message, the rule with a caret under the place, and the hint."""
        lines = [f"invalid alarm rule: {self.message}"]
        lines += ["    " + line for line in draw_span(self.rule, self.span)]
        if self.hint is not None:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    span: Span


def parse(rule: str) -> Expression:
    """The tree of `rule`; RuleSyntaxError says what is wrong and where, limits of AWS included."""
    if len(rule) > MAX_LENGTH:
        message = f"a rule has at most {MAX_LENGTH:,} characters, this one has {len(rule):,}"
        raise RuleSyntaxError(message, rule=rule, span=Span(MAX_LENGTH, len(rule)))
    parser = _Parser(rule)
    expression = parser.whole()
    children = len(set(names(expression)))
    if children > MAX_CHILDREN:
        raise RuleSyntaxError(
            f"a rule watches at most {MAX_CHILDREN} alarms, this one watches {children}",
            rule=rule,
            span=Span(0, len(rule)),
            hint="gather some of them in a composite alarm of their own",
        )
    return expression


class _Parser:
    """Recursive descent; the docstring of each method is its rule of the grammar."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self.position = 0
        self.depth = 0
        self.elements = 0
        self.next = self._read()

    def whole(self) -> Expression:
        """whole := expression end"""
        expression = self.expression()
        if self.next.kind != "end":
            raise self._expected("`AND`, `OR` or the end of the rule")
        return expression

    def expression(self) -> Expression:
        """expression := term { OR term }"""
        parts = [self.term()]
        while self._take("word", "OR"):
            parts.append(self.term())
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def term(self) -> Expression:
        """term := factor { AND factor }"""
        parts = [self.factor()]
        while self._take("word", "AND"):
            parts.append(self.factor())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def factor(self) -> Expression:
        """factor := NOT factor | '(' expression ')' | TRUE | FALSE | AT_LEAST ... | state '(' name ')'"""
        self._deeper()
        try:
            if self._take("word", "NOT"):
                return Negation(self.factor())
            self._count()
            if self._take("sign", "("):
                inner = self.expression()
                self._expect(")", "to close the bracket")
                return inner
            return self._condition()
        finally:
            self.depth -= 1

    def _condition(self) -> Expression:
        """condition := TRUE | FALSE | AT_LEAST ... | state '(' name ')'"""
        for word in ("TRUE", "FALSE"):
            if self._take("word", word):
                return Literal(word == "TRUE")
        if self._take("word", "AT_LEAST"):
            return self._at_least()
        state = self._state("`ALARM`, `OK`, `INSUFFICIENT_DATA`, `AT_LEAST`, `NOT`, `TRUE`, `FALSE` or `(`")
        self._expect("(", "before the alarm's name")
        child = self._name()
        self._expect(")", "after the alarm's name")
        return InState(state, child)

    def _at_least(self) -> Expression:
        """at_least := '(' (int | int '%') ',' ['NOT'] state ',' '(' name {',' name} ')' ')'"""
        self._expect("(", "after `AT_LEAST`")
        amount_token = self.next
        amount, percent = self._amount()
        self._expect(",", "after the number of alarms")
        negated = self._take("word", "NOT")
        state = self._state("`ALARM`, `OK` or `INSUFFICIENT_DATA`")
        self._expect(",", "after the state")
        self._expect("(", "before the list of alarms")
        children = [self._name()]
        while self._take("sign", ","):
            self._count()
            children.append(self._name())
        self._expect(")", "after the list of alarms")
        self._expect(")", "to close `AT_LEAST`")
        highest = 100 if percent else len(children)
        if not 1 <= amount <= highest:
            raise self._error(f"expected from 1 to {highest}{'%' * percent} of the alarms", amount_token)
        return AtLeast(amount, percent, negated, state, tuple(children))

    def _amount(self) -> tuple[int, bool]:
        digits = self.next.text.removesuffix("%")
        if self.next.kind != "word" or not (digits.isascii() and digits.isdigit()) or len(digits) > 3:
            raise self._expected("a number of alarms, such as `2` or `50%`")
        percent = self.next.text.endswith("%")
        self.next = self._read()
        return int(digits), percent

    def _state(self, wanted: str) -> State:
        state = _STATES.get(self.next.text) if self.next.kind == "word" else None
        if state is None:
            raise self._expected(wanted)
        self.next = self._read()
        return state

    def _name(self) -> str:
        token = self.next
        if token.kind == "quoted":
            name = re.sub(r'\\(["\\])', r"\1", token.text[1:-1])
        elif token.kind == "word":
            name = token.text
        else:
            raise self._expected("the name or ARN of an alarm")
        if not name:
            raise self._error("an alarm's name is not empty")
        self.next = self._read()
        return name

    def _take(self, kind: str, text: str) -> bool:
        if (self.next.kind, self.next.text) != (kind, text):
            return False
        self.next = self._read()
        return True

    def _expect(self, sign: str, where: str) -> None:
        if not self._take("sign", sign):
            raise self._expected(f"`{sign}` {where}")

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._error(f"nested more than {MAX_DEPTH} deep")

    def _count(self) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise self._error(f"a rule has at most {MAX_ELEMENTS} elements (alarms, `TRUE`, `FALSE` and brackets)")

    def _read(self) -> _Token:
        found = _TOKEN.match(self.rule, self.position)
        if found is None:
            end = len(self.rule)
            return _Token("end", "", Span(end, end))
        kind = str(found.lastgroup)
        span = Span(found.start(kind), found.end(kind))
        if kind == "broken":
            message = "this quotation mark is never closed"
            raise RuleSyntaxError(message, rule=self.rule, span=Span(span.start, len(self.rule)))
        self.position = found.end()
        return _Token(kind, found[kind], span)

    def _expected(self, what: str) -> RuleSyntaxError:
        found = "the end of the rule" if self.next.kind == "end" else f"`{self.next.text}`"
        word = self.next.text.upper()
        miswritten = self.next.kind == "word" and word in _KEYWORDS and word != self.next.text
        hint = f"write `{word}`: keywords are upper-case" if miswritten else None
        return self._error(f"expected {what}, found {found}", hint=hint)

    def _error(self, message: str, token: _Token | None = None, hint: str | None = None) -> RuleSyntaxError:
        return RuleSyntaxError(message, rule=self.rule, span=(token or self.next).span, hint=hint)
