"""From a predicate to a Python function that gives the same verdict as `evaluate`, many times faster.

The function is generated source. How a value is read is the caller's business (`Reader`): out of nested dictionaries
here, out of typed structs in the engine. Text from a pattern enters the source only through `repr`, or not at all: it
is handed over as a constant. Nothing here decides what a condition means; `evaluate` does, and the tests hold both
against each other.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeAlias, cast

from vedette.predicates.document import MISSING
from vedette.predicates.evaluate import evaluate, rule_fails, rule_test
from vedette.predicates.glob import glob_holds
from vedette.predicates.regex import compile_regex
from vedette.predicates.tree import (
    And,
    Compare,
    Condition,
    Constant,
    IsBoolean,
    IsNull,
    Not,
    NotExists,
    NumberEquals,
    NumberOrder,
    Or,
    Predicate,
    Rule,
    Selector,
    Step,
    TextGlob,
    TextRegex,
    conditions,
)

Verdict: TypeAlias = Callable[[object], bool]
Program: TypeAlias = Callable[[object], tuple[int, ...]]

MAX_DEPTH = 24
"""Trees and paths nested deeper than this are not compiled: Python's own parser has a limit."""

_NUMBER_LETTERS = frozenset("0123456789+-.eEInfityNa")
"""Every character that the text of a JSON number, as the rules see it, can hold (`Infinity`, `NaN` included)."""


class TooDeepError(Exception):
    """The predicate is nested too deeply to be written as Python; its caller evaluates it instead."""


class Scope:
    """The names that one generated function uses: constants handed over, and local variables."""

    def __init__(self, missing: object) -> None:
        self.constants: dict[str, object] = {
            "U": missing,
            "S": frozenset((str, int, float)),
            "N": frozenset((int, float)),
        }
        self.prologue: list[str] = []
        self._numbers = itertools.count()
        self._known: dict[tuple[str, object], str] = {}

    def constant(self, prefix: str, value: object, key: object = None) -> str:
        """A name bound to `value`; the same `key` (by default the value itself) gets the same name again."""
        token = (prefix, value if key is None else key)
        if token not in self._known:
            self._known[token] = f"{prefix}{next(self._numbers)}"
            self.constants[self._known[token]] = value
        return self._known[token]

    def variable(self) -> str:
        """A fresh local variable."""
        return f"v{next(self._numbers)}"

    def lazy(self, key: str, expression: str) -> str:
        """An expression for the value of `expression`, worked out at most once a call, when first asked for."""
        token = ("lazy", key)
        name = self._known.get(token)
        if name is None:
            name = self._known[token] = self.variable()
            self.prologue.append(f"{name} = L")
            self.constants["L"] = _NOT_YET
        return f"({name} if {name} is not L else ({name} := {expression}))"


class _NotYet:
    """Marks a lazily decoded value that has not been asked for."""


_NOT_YET = _NotYet()


class Reader(Protocol):
    """How generated code reads a value out of a record, which it calls `r`."""

    @property
    def missing(self) -> object:
        """What a read of nothing gives."""

    def read(self, selector: Selector, scope: Scope) -> str:
        """An expression for the value at `selector`, which has no wildcard."""

    def read_each(self, selector: Selector, scope: Scope) -> tuple[str, Selector]:
        """For a path with a wildcard: an expression for a document around it, and the selector within that document."""

    def cost(self, selector: Selector) -> int:
        """How dear a read is; conditions with cheap reads are asked first."""


class DocumentReader:
    """Reads from a decoded JSON object: nested dictionaries and lists."""

    missing: object = MISSING

    def read(self, selector: Selector, scope: Scope) -> str:
        """A chain of guarded look-ups."""
        return read_steps("r", selector.steps, scope)

    def read_each(self, selector: Selector, scope: Scope) -> tuple[str, Selector]:
        """The document itself."""
        return "r", selector

    def cost(self, selector: Selector) -> int:
        """Wildcards are dearest."""
        return 2 if selector.has_wildcard else 0


def read_steps(start: str, steps: Sequence[Step], scope: Scope) -> str:
    """An expression that walks `steps` (names and indices) from the value of the expression `start`."""
    if len(steps) > MAX_DEPTH:
        raise TooDeepError
    expression = start
    for step in steps:
        name = scope.variable()
        if isinstance(step, str):
            expression = f"({name}.get({step!r}, U) if type({name} := {expression}) is dict else U)"
        else:
            expression = f"({name}[{step}] if type({name} := {expression}) is list and len({name}) > {step} else U)"
    return expression


def compile_predicate(predicate: Predicate, reader: Reader | None = None) -> Verdict:
    """A function from a record to the verdict that `evaluate` gives on its document.

    `reader` says what a record is; by default a decoded JSON object. Raises TooDeepError for a tree or a path nested
    more than MAX_DEPTH deep.
    """
    reader = DocumentReader() if reader is None else reader
    scope = Scope(reader.missing)
    expression = _Writer(reader, scope, (predicate,)).write(predicate)
    return cast(Verdict, _build(scope, [f"return {expression}"]))


def compile_program(questions: Sequence[tuple[int, Predicate]], reader: Reader) -> Program:
    """One function that asks a record every question, and gives the numbers of those that hold, in order.

    Raises TooDeepError as `compile_predicate` does.
    """
    scope = Scope(reader.missing)
    writer = _Writer(reader, scope, (predicate for _, predicate in questions))
    lines = ["hits = ()"]
    for number, predicate in questions:
        lines += [f"if {writer.write(predicate)}:", f"    hits += ({number:d},)"]
    lines.append("return hits")
    return cast(Program, _build(scope, lines))


def _build(scope: Scope, lines: Iterable[str]) -> Callable[[object], object]:
    body = "\n".join(f"    {line}" for line in (*scope.prologue, *lines))
    namespace = dict(scope.constants)
    # The source holds our own words, numbers, and `repr` of pattern text: nothing that a pattern could write.
    exec(compile(f"def program(r):\n{body}\n", "<predicate>", "exec"), namespace)  # noqa: S102
    return cast("Callable[[object], object]", namespace["program"])


class _Writer:
    """Writes conditions as Python expressions. The record is `r`; absent values are `U`."""

    def __init__(self, reader: Reader, scope: Scope, questions: Iterable[Predicate]) -> None:
        self._reader = reader
        self._scope = scope
        self._depth = 0
        self._uses = Counter(condition.selector for question in questions for condition in conditions(question))

    def write(self, predicate: Predicate) -> str:
        """An expression, in parentheses or atomic, that is true when the predicate holds."""
        match predicate:
            case Constant(value):
                return repr(value)
            case Not(part):
                return f"(not {self._nested((part,))[0]})"
            case And(parts):
                return self._join(" and ", parts, negated=True) if parts else "True"
            case Or(parts):
                return self._join(" or ", parts, negated=False) if parts else "False"
            case _:
                return f"({self._condition(predicate)})"

    def _join(self, word: str, parts: Sequence[Predicate], *, negated: bool) -> str:
        sets, others = _literal_sets(parts, negated=negated)
        written = [(self._reader.cost(selector), self._in_set(selector, words, negated)) for selector, words in sets]
        written += zip((self._cost(part) for part in others), self._nested(others), strict=True)
        return "(" + word.join(text for _, text in sorted(written, key=lambda pair: pair[0])) + ")"

    def _nested(self, parts: Sequence[Predicate]) -> list[str]:
        if self._depth >= MAX_DEPTH:
            raise TooDeepError
        self._depth += 1
        written = [self.write(part) for part in parts]
        self._depth -= 1
        return written

    def _cost(self, predicate: Predicate) -> int:
        match predicate:
            case And(parts) | Or(parts):
                return max(map(self._cost, parts), default=0)
            case Not(part):
                return self._cost(part)
            case Constant():
                return 0
            case _:
                return self._reader.cost(predicate.selector)

    def _in_set(self, selector: Selector, words: Sequence[str], negated: bool) -> str:
        value, name = self._value(selector)
        if negated:
            return f"(type({value}) in S and {name} not in {_set_source(words)})"
        return f"(type({value}) is str and {name} in {_set_source(words)})"

    def _read(self, selector: Selector) -> str:
        expression = self._reader.read(selector, self._scope)
        return self._scope.lazy(str(selector.steps), expression) if self._uses[selector] > 1 else expression

    def _value(self, selector: Selector) -> tuple[str, str]:
        """An expression that reads the value into a variable, and the variable."""
        name = self._scope.variable()
        return f"{name} := {self._read(selector)}", name

    def _condition(self, condition: Condition) -> str:
        selector = condition.selector
        if selector.has_wildcard:
            return self._wildcard(condition)
        match condition:
            case Compare(_, TextGlob(pattern), negated=False) if _plain_word(pattern):
                return f"{self._read(selector)} == {pattern!r}"
            case Compare(_, TextGlob(pattern), negated=False) if pattern != "*" and not _may_be_number(pattern):
                value, name = self._value(selector)
                return f"type({value}) is str and {self._glob(pattern, name)}"
            case Compare(_, rule, negated):
                value, name = self._value(selector)
                return f"type({value}) in S and {self._rule(rule, name, negated=negated)}"
            case IsNull():
                value, name = self._value(selector)
                return f"({value}) is None or type({name}) is list and None in {name}"
            case IsBoolean(_, expected):
                return f"{self._read(selector)} is {bool(expected)!r}"
            case NotExists():
                return f"{self._read(selector)} is U"

    def _wildcard(self, condition: Condition) -> str:
        document, selector = self._reader.read_each(condition.selector, self._scope)
        moved = _with_selector(condition, selector)
        self._scope.constants["E"] = evaluate
        return f"E({self._scope.constant('c', moved)}, {document})"

    def _rule(self, rule: Rule, name: str, *, negated: bool) -> str:
        """An expression for "the rule holds (fails) of the variable", which is known to be a string or a number."""
        if isinstance(rule, TextGlob) and rule.pattern == "*":
            return repr(not negated)
        text = self._text_rule(rule, name)
        test = functools.partial(rule_fails, rule) if negated else rule_test(rule)
        number = self._scope.constant("t", test, key=(rule, negated))
        return f"({'not ' if negated else ''}({text}) if type({name}) is str else {number}({name}))"

    def _text_rule(self, rule: Rule, name: str) -> str:
        """An expression for "the rule holds of the variable", which is known to be a string."""
        match rule:
            case TextGlob(pattern):
                return self._glob(pattern, name)
            case TextRegex(source):
                return f"{self._scope.constant('x', compile_regex(source).search, key=source)}({name})"
            case NumberEquals(spelling):
                return f"{name} == {spelling!r}"
            case NumberOrder():
                return "False"

    def _glob(self, pattern: str, name: str) -> str:
        """For strings. What stands after the last `*` has to be found for the first time at the very end."""
        match pattern.split("*"):
            case [word]:
                return f"{name} == {word!r}"
            case [start, ""]:
                return f"{name}.startswith({start!r})"
            case ["", inner, ""]:
                return f"{inner!r} in {name}"
            case ["", end]:
                return f"{name}.endswith({end!r}) and {name}.find({end!r}) == len({name}) - {len(end)}"
            case [start, *_, end]:
                self._scope.constants["G"] = glob_holds
                return f"{name}.startswith({start!r}) and {name}.endswith({end!r}) and G({pattern!r}, {name})"
        raise AssertionError(pattern)


def _literal_sets(
    parts: Sequence[Predicate], *, negated: bool
) -> tuple[list[tuple[Selector, list[str]]], list[Predicate]]:
    """Plain comparisons of one selector with several words, to be asked as one membership, and all the other parts."""
    words: dict[Selector, list[str]] = {}
    for part in parts:
        if (word := _word_of(part, negated)) is not None:
            words.setdefault(word[0], []).append(word[1])
    sets = {selector: found for selector, found in words.items() if len(found) > 1}
    others = [part for part in parts if (word := _word_of(part, negated)) is None or word[0] not in sets]
    return list(sets.items()), others


def _word_of(predicate: Predicate, negated: bool) -> tuple[Selector, str] | None:
    match predicate:
        case Compare(selector, TextGlob(pattern), turned) if turned is negated and _plain_word(pattern):
            return None if selector.has_wildcard else (selector, pattern)
    return None


def _plain_word(pattern: str) -> bool:
    """Whether only one string matches, and no number."""
    return "*" not in pattern and not _may_be_number(pattern)


def _may_be_number(pattern: str) -> bool:
    return _NUMBER_LETTERS.issuperset(pattern.replace("*", ""))


def _set_source(words: Iterable[str]) -> str:
    return "{" + ", ".join(repr(word) for word in sorted(set(words))) + "}"


def _with_selector(condition: Condition, selector: Selector) -> Condition:
    match condition:
        case Compare(_, rule, negated):
            return Compare(selector, rule, negated)
        case IsBoolean(_, value):
            return IsBoolean(selector, value)
        case IsNull():
            return IsNull(selector)
        case NotExists():
            return NotExists(selector)


def compile_read(selector: Selector, reader: Reader) -> Callable[[object], object]:
    """A function from a record to the value at a selector without a wildcard, or the reader's `missing`."""
    scope = Scope(reader.missing)
    return _build(scope, [f"return {reader.read(selector, scope)}"])


def nesting(predicate: Predicate) -> int:
    """How many operators are nested in each other at most; 0 for a condition."""
    match predicate:
        case And(parts) | Or(parts):
            return 1 + max(map(nesting, parts), default=0)
        case Not(part):
            return 1 + nesting(part)
        case _:
            return 0
