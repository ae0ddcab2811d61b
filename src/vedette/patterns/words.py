"""Cut a message into the words of a space-delimited pattern, and lay them on its fields.

Source: recorded answers of TestMetricFilter, which this module follows to the blank.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from vedette.patterns.syntax import Field, FieldAll, FieldAny, FieldCondition, Fields, FieldTest
from vedette.predicates.evaluate import number_of, rule_holds
from vedette.predicates.notation import NUMBER
from vedette.predicates.tree import NumberEquals, NumberOrder

_PLAIN: Final = re.compile(r"[^ \t\r\n]+")
_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_CLOSING: Final = {'"': '"', "[": "]"}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a message: its text without delimiters, and where it began, delimiter included."""

    text: str
    start: int


def words(message: str) -> list[Word]:
    """The words of a message.

    Blanks separate. A word that begins with `"` or `[` runs to the next `"` or `]`, blanks included, loses both, and
    may be empty; what follows at once is a new word. Without its closing sign, the opening one is ordinary text.

    >>> [word.text for word in words('a "b c"d [e f] "g h')]
    ['a', 'b c', 'd', 'e f', '"g', 'h']
    """
    found: list[Word] = []
    unanswered: set[str] = set()
    at = _end_of_blanks(message, 0)
    while at < len(message):
        word, at = _word(message, at, unanswered)
        found.append(word)
        at = _end_of_blanks(message, at)
    return found


def _end_of_blanks(message: str, at: int) -> int:
    blanks = _BLANKS.match(message, at)
    return blanks.end() if blanks else at


def _word(message: str, at: int, unanswered: set[str]) -> tuple[Word, int]:
    closing = _CLOSING.get(message[at])
    if closing is not None and closing not in unanswered:
        end = message.find(closing, at + 1)
        if end >= 0:
            return Word(message[at + 1 : end], at), end + 1
        # No later search for it can succeed, and repeating it would make a hostile message quadratic.
        unanswered.add(closing)
    plain = _PLAIN.match(message, at)
    end = plain.end() if plain else len(message)
    return Word(message[at:end], at), end


def lay_out(fields: Fields, message: str) -> list[tuple[str, Field | None, str]] | None:
    """Each word's name for `extractedValues`, its field if it has one, and its text; None if the line does not fit.

    Without `...` the last field takes the rest of the line as it stands when there are more words than fields; with
    `...` the fields after it lie on the last words. A pattern without fields takes any line that has words.
    """
    found = words(message)
    texts = [word.text for word in found]
    head, tail = fields.head, fields.tail
    if tail is None and head:
        if len(found) > len(head):
            texts = [*texts[: len(head) - 1], message[found[len(head) - 1].start :]]
        tail = ()
    tail = tail or ()
    if not found or len(texts) < len(head) + len(tail):
        return None
    gap: list[Field | None] = [None] * (len(texts) - len(head) - len(tail))
    laid: list[Field | None] = [*head, *gap, *tail]
    return [(_name(field, place), field, text) for place, (field, text) in enumerate(zip(laid, texts, strict=True), 1)]


def _name(field: Field | None, place: int) -> str:
    return f"${field.name}" if field is not None and field.name is not None else f"${place}"


def fits(fields: Fields, message: str) -> dict[str, str] | None:
    """The extracted values of a message that matches, or None."""
    laid = lay_out(fields, message)
    if laid is None:
        return None
    for _, field, text in laid:
        if field is not None and field.condition is not None and not _holds(field.condition, text):
            return None
    return {name: text for name, _, text in laid}


def _holds(condition: FieldCondition, word: str) -> bool:
    match condition:
        case FieldAll(parts):
            return all(_holds(part, word) for part in parts)
        case FieldAny(parts):
            return any(_holds(part, word) for part in parts)
        case FieldTest(rule, negated):
            value = _as_number(word) if isinstance(rule, NumberEquals | NumberOrder) else word
            return (rule_holds(rule, value) or rule_holds(rule, word)) is not negated


def _as_number(word: str) -> str | float:
    """A word that looks like a number as one; compared with a number, other words stay texts."""
    return number_of(word) if NUMBER.fullmatch(word) else word
