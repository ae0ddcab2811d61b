"""Why a filter pattern is rejected: AWS's text, our message, the place, and how to mend it.

AWS's texts were recorded from TestMetricFilter. The recordings show a rule behind `Invalid character(s) in term '…'`:
where characters form no token, the term runs from the token's beginning up to and including the first character that
does not fit, or to the end of the pattern; where a whole token stands in the wrong place, the term is the token.
Rejections that were not recorded take the text of the closest recorded case; which ones these are is told in
`docs/reference/filter-pattern-evidence.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vedette.errors import PatternSyntaxError, Span

MAX_LENGTH: Final = 1024
MAX_REGEXES: Final = 2
MAX_WILDCARD_SELECTORS: Final = 3
MAX_PARENTHESES: Final = 100
"""Nesting that we refuse to follow; ours, since no source speaks."""

INVALID: Final = "Invalid metric filter pattern"
DOES_NOT_COMPILE: Final = "Failed to compile regular expression."
TOO_MANY_REGEXES: Final = (
    f"Your input has exceeded the maximum of {MAX_REGEXES} regular expressions per filter pattern."
)
TOO_MANY_WILDCARDS: Final = (
    "Your filter pattern has a JSON path selector that exceeds the maximum of 1 wildcard allowed per json selector."
)


def bad_term(term: str) -> str:
    """AWS's text for characters that form no token, and for a token out of place."""
    return f"Invalid character(s) in term '{term}'"


def unclosed(opening: str, closing: str) -> str:
    """AWS's text for a pattern whose last character does not answer its first."""
    return f"If a filter pattern starts with '{opening}' it must end with '{closing}'"


def duplicate_field(name: str) -> str:
    """AWS's text for a name that two fields of a space-delimited pattern bear."""
    return f"Duplicate field '{name}'"


def several_names(first: str, second: str) -> str:
    """AWS's text for a field whose conditions are on more than one name."""
    return f"Multiple variables used in a single filter. Var1 : {first}, Var2 : {second}"


def too_long(text: str) -> str:
    """The API's text for a member over its length; the FilterPattern member has at most 1024 characters."""
    return (
        f"1 validation error detected: Value '{text}' at 'filterPattern' failed to satisfy constraint: "
        f"Member must have length less than or equal to {MAX_LENGTH}"
    )


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a pattern, and the part of it between its outer blanks."""

    text: str
    start: int
    end: int

    @classmethod
    def of(cls, text: str) -> Source:
        """The pattern as given; blanks around it do not count."""
        start = len(text) - len(text.lstrip(BLANKS))
        return cls(text, start, max(start, len(text.rstrip(BLANKS))))

    def error(
        self, message: str, start: int, end: int, aws: str = INVALID, hint: str | None = None
    ) -> PatternSyntaxError:
        """The error at characters `[start, end)` of the text as given."""
        return PatternSyntaxError(message, aws_message=aws, pattern=self.text, span=Span(start, end), hint=hint)

    def no_token(self, start: int, offender: int, message: str, hint: str | None = None) -> PatternSyntaxError:
        """Characters from `start` that form no token, because of the one at `offender` or because the text ends."""
        end = min(offender + 1, self.end)
        caret = min(offender, self.end - 1)
        return self.error(message, caret, caret + 1, bad_term(self.text[start:end]), hint)


BLANKS: Final = " \t\r\n"
