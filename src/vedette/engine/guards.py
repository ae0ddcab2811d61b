"""Which detections are worth asking: conditions that must hold, looked up by the value of a field.

A guard is sound, never sharp: a question that holds is always among the candidates; a candidate is still asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

import re2

from vedette.predicates.evaluate import Test, rule_test
from vedette.predicates.tree import (
    And,
    Compare,
    Constant,
    NumberEquals,
    Or,
    Predicate,
    Selector,
    TextGlob,
    TextRegex,
)

Guards: TypeAlias = tuple[Compare, ...]

EVENT_NAME = Selector(("eventName",))
EVENT_SOURCE = Selector(("eventSource",))
ERROR_CODE = Selector(("errorCode",))
IDENTITY_TYPE = Selector(("userIdentity", "type"))
KEY = (EVENT_NAME, EVENT_SOURCE, ERROR_CODE, IDENTITY_TYPE)
"""The fields whose values decide most questions, and that take few values."""

_WEIGHT = {EVENT_NAME: 1, ERROR_CODE: 2, EVENT_SOURCE: 3, IDENTITY_TYPE: 4}
_OTHER_WEIGHT = 10
_INNER_WEIGHT = 100
_COMMON_TYPES = frozenset({"AssumedRole", "IAMUser", "AWSService", "AWSAccount"})
_FEW_TESTS = 6
_MEMO_ENTRIES = 4096
_MEMO_TEXT = 1024
_SET_CHARACTERS = 16_384
_SET_MEMORY = 16 << 20
_NONE: frozenset[int] = frozenset()
_SURROGATE = re.compile("[\ud800-\udfff]")


def guards_of(predicate: Predicate, usable: Callable[[Selector], bool]) -> Guards | None:
    """Conditions of which one holds whenever the predicate does, the rarest there are; None if there are none.

    Only conditions on `usable` selectors are taken.
    """
    match predicate:
        case Compare(selector, rule, negated=False) if _selective(rule) and usable(selector):
            return (predicate,)
        case And(parts):
            found = [guards for part in parts if (guards := guards_of(part, usable)) is not None]
            return min(found, key=_commonness, default=None)
        case Or(parts):
            every: list[Compare] = []
            for part in parts:
                guards = guards_of(part, usable)
                if guards is None:
                    return None
                every += guards
            return tuple(every)
        case Constant(False):
            return ()
    return None


def _selective(rule: object) -> bool:
    match rule:
        case TextGlob(pattern):
            return bool(pattern.replace("*", "")) or not pattern
        case NumberEquals() | TextRegex():
            return True
    return False


def _commonness(guards: Guards) -> tuple[int, int]:
    """How often, by a guess, the most common of the guards holds; then how many there are."""
    return max(map(_weight, guards), default=0), len(guards)


def _weight(guard: Compare) -> int:
    """Small for what is rare and cheap to look up: a key field costs nothing more, an undecoded one most."""
    selector = guard.selector
    inner = len(selector.steps) > 1 and selector.steps[0] != "userIdentity"
    weight = _INNER_WEIGHT if inner else _WEIGHT.get(selector, _OTHER_WEIGHT)
    match guard.rule:
        case TextGlob(pattern) if selector == IDENTITY_TYPE and pattern in _COMMON_TYPES:
            return weight * 16
        case TextGlob(pattern) if "*" in pattern:
            longest = max(map(len, pattern.split("*")))
            return weight * (2 if longest > 3 else 8)
        case TextRegex():
            return weight * 8
    return weight


class ValueIndex:
    """For one field: from its value to the numbers of the questions whose guard holds of it."""

    def __init__(self, guards: Iterable[tuple[Compare, int]]) -> None:
        self.numbers: set[int] = set()
        exact: dict[str, set[int]] = {}
        self._tests: list[tuple[Test, int]] = []
        self._every: list[tuple[Test, int]] = []
        self._sets: list[_GlobSet] = []
        globs: list[tuple[TextGlob, int]] = []
        for guard, number in guards:
            self.numbers.add(number)
            self._every.append((rule_test(guard.rule), number))
            match guard.rule:
                case TextGlob(pattern) | NumberEquals(pattern) if "*" not in pattern:
                    exact.setdefault(pattern, set()).add(number)
                case TextGlob():
                    globs.append((guard.rule, number))
                case _:
                    self._tests.append((rule_test(guard.rule), number))
        if len(globs) > _FEW_TESTS:
            self._sets = list(_glob_sets(globs))
        else:
            self._tests += [(rule_test(glob), number) for glob, number in globs]
        self._exact = {value: frozenset(numbers) for value, numbers in exact.items()}
        self.memo: dict[object, frozenset[int]] = {}

    def candidates(self, value: object) -> frozenset[int]:
        """The questions whose guard holds of `value`, any JSON value; and perhaps a few more."""
        if type(value) is str:
            found = self.memo.get(value)
            return self._remember(value) if found is None else found
        if type(value) is int or type(value) is float:
            return frozenset(number for test, number in self._every if test(value))
        return frozenset()

    def _remember(self, value: str) -> frozenset[int]:
        found = self._exact.get(value, _NONE)
        if self._tests:
            found = found.union([number for test, number in self._tests if test(value)])
        for globs in self._sets:
            if numbers := globs.candidates(value):
                found = found.union(numbers)
        if len(self.memo) >= _MEMO_ENTRIES:
            self.memo.clear()
        if len(value) <= _MEMO_TEXT:
            self.memo[value] = found
        return found


class _GlobSet:
    """Many globs asked at once, by one automaton, in time linear in the text."""

    def __init__(self, globs: Sequence[tuple[TextGlob, int]]) -> None:
        self._numbers = [number for _, number in globs]
        options = re2.Options()
        options.dot_nl = True
        options.log_errors = False
        options.max_mem = _SET_MEMORY
        self._set = re2.Set.SearchSet(options)
        for glob, _ in globs:
            self._set.Add(_as_regex(glob.pattern))
        self._set.Compile()

    def candidates(self, value: str) -> Sequence[int]:
        """The questions whose glob may fit; all of them for a text that is no UTF-8."""
        if not value.isascii() and _SURROGATE.search(value):
            return self._numbers
        return [self._numbers[index] for index in self._set.Match(value) or ()]


def _glob_sets(globs: Iterable[tuple[TextGlob, int]]) -> Iterator[_GlobSet]:
    """Sets of globs of which none is so large that its automaton could run out of memory, and miss something."""
    pending: list[tuple[TextGlob, int]] = []
    size = 0
    for glob, number in globs:
        if pending and size + len(glob.pattern) > _SET_CHARACTERS:
            yield _GlobSet(pending)
            pending, size = [], 0
        pending.append((glob, number))
        size += len(glob.pattern)
    yield _GlobSet(pending)


def _as_regex(pattern: str) -> str:
    """A regular expression found in every text that the glob fits, and perhaps in others."""
    return r"\A" + ".*".join(map(_literal, pattern.split("*"))) + r"\z"


def _literal(text: str) -> str:
    """`text` spelled for RE2. Half a surrogate pair, which no text that RE2 takes can hold, is spelled U+FFFF."""
    return re.sub(r"[^\w ]", lambda found: f"\\x{{{ord(found[0]):x}}}", _SURROGATE.sub("\uffff", text))
