"""What a filter pattern says, once it is read: one class for each of the five forms.

    MatchAll    (nothing)              every message
    Terms       ERROR -"time out" ?a   words and phrases, as substrings
    Expression  %[45]\\d\\d%             one regular expression, found anywhere
    Json        { $.a = 1 }            a question about a JSON object
    Fields      [ip, ..., status=4*]   a question about a line of words

Two patterns are equal when their trees are. This module only describes.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TypeAlias

from vedette.predicates.tree import Predicate, Rule


@dataclass(frozen=True, slots=True)
class MatchAll:
    """The empty pattern."""


class Sign(enum.Enum):
    """What stands before a term: nothing, `-` or `?`."""

    INCLUDE = ""
    EXCLUDE = "-"
    OPTIONAL = "?"


@dataclass(frozen=True, slots=True)
class Term:
    """One word or phrase."""

    sign: Sign
    text: str


@dataclass(frozen=True, slots=True)
class Terms:
    """Words and phrases of an unstructured message, in the order written."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """A pattern that is one regular expression."""

    source: str


@dataclass(frozen=True, slots=True)
class Json:
    """A question about the JSON object that a message is."""

    predicate: Predicate


@dataclass(frozen=True, slots=True)
class FieldTest:
    """`name = …`, `!= …`, `< …` and so on; a numeric rule compares words that look like numbers as numbers."""

    rule: Rule
    negated: bool = False


@dataclass(frozen=True, slots=True)
class FieldAll:
    """All parts hold."""

    parts: tuple[FieldCondition, ...]


@dataclass(frozen=True, slots=True)
class FieldAny:
    """Some part holds."""

    parts: tuple[FieldCondition, ...]


FieldCondition: TypeAlias = FieldTest | FieldAll | FieldAny


@dataclass(frozen=True, slots=True)
class Field:
    """One word of the line: its name, if it has one, and what is asked of it, if anything is."""

    name: str | None = None
    condition: FieldCondition | None = None


@dataclass(frozen=True, slots=True)
class Fields:
    """A space-delimited pattern: fields from the left and, after `...`, fields from the right.

    `tail` is None when the pattern has no `...`; it is empty when `...` comes last.
    """

    head: tuple[Field, ...]
    tail: tuple[Field, ...] | None = None


Syntax: TypeAlias = MatchAll | Terms | Expression | Json | Fields
