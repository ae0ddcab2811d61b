"""Parse unstructured patterns: words and phrases, each with `-`, `?` or nothing before it.

The docstring of each parse function is its grammar rule.
Sources: CloudWatch Logs "Filter pattern syntax"; recorded answers (`a-b` is `a` without `b`; a quoted phrase is
followed by a blank or nothing; regular expressions do not mix with terms).
"""

from __future__ import annotations

from typing import Final

from vedette.errors import PatternSyntaxError
from vedette.patterns.faults import BLANKS, Source, bad_term
from vedette.patterns.lexer import string_token
from vedette.patterns.syntax import Sign, Term, Terms
from vedette.predicates.notation import is_letter_or_digit, unquote

_SIGNS: Final = {"-": Sign.EXCLUDE, "?": Sign.OPTIONAL}


def parse_terms(source: Source) -> Terms:
    """pattern := term { [ blank ] term }

    Raises PatternSyntaxError for whatever CloudWatch Logs rejects.
    """
    form = _TermsForm(source)
    terms = []
    while form.at < source.end:
        terms.append(form.term())
        form.skip_blanks()
    return Terms(tuple(terms))


class _TermsForm:
    """A place in the pattern."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.at = source.start

    def term(self) -> Term:
        """term := [ '-' | '?' ] ( word | phrase )"""
        char = self.source.text[self.at]
        sign = _SIGNS.get(char, Sign.INCLUDE)
        self.at += sign is not Sign.INCLUDE
        if sign is not Sign.INCLUDE and (self.at == self.source.end or self._char() in BLANKS + "-?"):
            message = f"`{char}` stands before nothing"
            raise self.source.error(message, self.at - 1, self.at, hint=f'write `"{char}"` for the sign itself')
        return Term(sign, self.phrase() if self._char() == '"' else self.word())

    def word(self) -> str:
        """word := ( letter | digit | '_' | '.' ) { … }"""
        start = self.at
        while self.at < self.source.end and (self._char() in "_." or is_letter_or_digit(self._char())):
            self.at += 1
        if self.at == start:
            raise self._stray()
        if self.at < self.source.end and self._char() == '"':
            raise self._crowded("a blank has to stand before a quoted phrase", self.at)
        return self.source.text[start : self.at]

    def phrase(self) -> str:
        """phrase := '"' { any character but '"', or an escaped one } '"', then a blank or the end"""
        token = string_token(self.source, self.at)
        if token.text == '""':
            hint = "leave the pattern empty to match everything"
            raise self.source.error("the phrase is empty", token.start, token.end, bad_term('""'), hint)
        if token.end < self.source.end and self.source.text[token.end] not in BLANKS:
            raise self._crowded("a blank has to stand after a quoted phrase", token.end)
        self.at = token.end
        return unquote(token.text)

    def skip_blanks(self) -> None:
        """Move to the next character that is not blank."""
        while self.at < self.source.end and self._char() in BLANKS:
            self.at += 1

    def _char(self) -> str:
        return self.source.text[self.at]

    def _crowded(self, message: str, at: int) -> PatternSyntaxError:
        return self.source.error(message, at, at + 1, hint='write `\\"` for a quote within a phrase')

    def _stray(self) -> PatternSyntaxError:
        char = self._char()
        hint = "put a term that holds other signs than letters, digits, `_` and `.` in double quotes"
        if char == "*":
            hint = "terms have no wildcard: a term is found anywhere, also within a word"
        elif char == "%":
            hint = "a regular expression does not mix with terms: make it the whole pattern"
        return self.source.error(f"`{char}` is not allowed in a term", self.at, self.at + 1, bad_term(char), hint)
