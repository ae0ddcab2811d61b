"""The measured questions in the languages of the peers: Python closures, SQL for DuckDB, and jq.

Only what the measured patterns use is translated: text with `*`, `=` and `!=`, IS TRUE and IS FALSE, NOT EXISTS.
Whoever runs them compares the numbers of matches, so that a wrong translation is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

from vedette.predicates.evaluate import rule_test
from vedette.predicates.tree import And, Compare, IsBoolean, NotExists, Or, Predicate, Selector, TextGlob, TextRegex

Document = dict[str, object]
Closure = Callable[[Document], bool]


def closure(predicate: Predicate) -> Closure:
    """Functions that call functions: what a careful programmer writes first."""
    match predicate:
        case And(parts):
            return partial(_all, [closure(part) for part in parts])
        case Or(parts):
            return partial(_any, [closure(part) for part in parts])
        case Compare(selector, rule, negated):
            return partial(_compare, selector.steps, rule_test(rule), negated)
        case IsBoolean(selector, value):
            return lambda document: _get(selector.steps, document) is value
        case NotExists(selector):
            return lambda document: _get(selector.steps, document) is _get
    raise NotImplementedError(str(predicate))


def _all(parts: list[Closure], document: Document) -> bool:
    return all(part(document) for part in parts)


def _any(parts: list[Closure], document: Document) -> bool:
    return any(part(document) for part in parts)


def _get(steps: tuple[object, ...], document: object) -> object:
    """The value, or this very function where there is none."""
    for step in steps:
        if not isinstance(document, dict) or step not in document:
            return _get
        document = document[step]
    return document


def _compare(steps: tuple[object, ...], test: Callable[[object], bool], negated: bool, document: Document) -> bool:
    value = _get(steps, document)
    return (isinstance(value, str) or type(value) in (int, float)) and test(value) is not negated


def column(selector: Selector) -> str:
    """The name of the SQL column that holds the selector's value."""
    return '"' + ".".join(map(str, selector.steps)) + '"'


def sql_columns(selectors: list[Selector]) -> str:
    """The selected values as columns of text, read from a JSON value `r`; null where there is none."""
    return ", ".join(f"json_extract_string(r, '{selector}') AS {column(selector)}" for selector in selectors)


def sql(predicate: Predicate) -> str:
    """A condition on the columns of `sql_columns`."""
    match predicate:
        case And(parts):
            return "(" + " AND ".join(map(sql, parts)) + ")"
        case Or(parts):
            return "(" + " OR ".join(map(sql, parts)) + ")"
        case Compare(selector, TextGlob(pattern), negated):
            return f"({column(selector)} {'NOT ' if negated else ''}{_like(pattern)})"
        case Compare(selector, TextRegex(source), False):
            return f"regexp_matches({column(selector)}, '{source}')"
        case IsBoolean(selector, value):
            return f"({column(selector)} = '{str(value).lower()}')"
        case NotExists(selector):
            return f"({column(selector)} IS NULL)"
    raise NotImplementedError(str(predicate))


def _like(pattern: str) -> str:
    text = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")
    return f"LIKE '{text}' ESCAPE '\\'"


def jq(predicate: Predicate) -> str:
    """A condition on one record."""
    match predicate:
        case And(parts):
            return "(" + " and ".join(map(jq, parts)) + ")"
        case Or(parts):
            return "(" + " or ".join(map(jq, parts)) + ")"
        case Compare(selector, TextGlob(pattern), negated):
            return f"({selector}? | strings | {_jq_glob(pattern)}{' | not' if negated else ''})".replace("$.", ".", 1)
        case IsBoolean(selector, value):
            return f"({selector}? == {str(value).lower()})".replace("$.", ".", 1)
        case NotExists(selector):
            return f"({selector}? == null)".replace("$.", ".", 1)
    raise NotImplementedError(str(predicate))


def _jq_glob(pattern: str) -> str:
    match pattern.split("*"):
        case [word]:
            return f". == {json.dumps(word)}"
        case [start, ""]:
            return f"startswith({json.dumps(start)})"
        case ["", end]:
            return f"endswith({json.dumps(end)})"
        case ["", inner, ""]:
            return f"contains({json.dumps(inner)})"
    raise NotImplementedError(pattern)
