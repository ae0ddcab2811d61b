"""How compiled questions read projected records: attributes of structs, and undecoded values opened on demand."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from typing import cast

import msgspec
from msgspec import UNSET, Raw

from vedette.cloudtrail.projection import Path, Projection, is_object, node_value, writable
from vedette.predicates.compile import MAX_DEPTH, Scope, nesting, read_steps
from vedette.predicates.document import load_document
from vedette.predicates.tree import EACH, Predicate, Selector, Step, selectors

_decode = msgspec.json.Decoder().decode


def open_raw(value: object) -> object:
    """The value of an undecoded field; UNSET, and what is decoded already, as they are."""
    if type(value) is not Raw:
        return value
    try:
        return _decode(value)
    except (msgspec.MsgspecError, RecursionError):
        # What overflows a double, say: JSON, but beyond this decoder.
        document = load_document(b'{"v":' + bytes(memoryview(value)) + b"}")
        return UNSET if document is None else document["v"]


def names_of(selector: Selector) -> Path:
    """The property names at the beginning of the path, up to an index or wildcard."""
    return cast("Path", tuple(takewhile(lambda step: isinstance(step, str), selector.steps)))


def readable(selector: Selector) -> bool:
    """Whether a projection can serve the selector.

    Not if it begins with a wildcard, asks for each value of an object that is decoded field by field, leads too deep,
    or names what no schema can hold; such questions are asked of the whole document.
    """
    names = names_of(selector)
    below = selector.steps[len(names) :]
    if not names or not writable(names) or len(selector.steps) > MAX_DEPTH:
        return False
    return not (below[:1] == (EACH,) and is_object(names))


def answerable(predicate: Predicate) -> bool:
    """Whether compiled code over projected records can answer the question."""
    return nesting(predicate) <= MAX_DEPTH and all(map(readable, selectors(predicate)))


class RecordReader:
    """Reads from the structs of a projection. Raises KeyError for a path that the projection was not made for."""

    missing: object = UNSET

    def __init__(self, projection: Projection) -> None:
        self._projection = projection

    def read(self, selector: Selector, scope: Scope) -> str:
        """An expression for the value; undecoded parents are decoded once a call, and only if it is asked for."""
        start, rest = self._start(selector, scope)
        return read_steps(start, rest, scope)

    def read_each(self, selector: Selector, scope: Scope) -> tuple[str, Selector]:
        """A document of one member, `x`, that holds what the wildcard's path begins with."""
        start, rest = self._start(selector, scope)
        name = scope.variable()
        return f"({{}} if ({name} := {start}) is U else {{'x': {name}}})", Selector(("x", *rest))

    def cost(self, selector: Selector) -> int:
        """0 for a decoded field, 1 where something may have to be decoded, 2 with a wildcard."""
        if selector.has_wildcard:
            return 2
        return 1 if self._projection.access(names_of(selector)).raw else 0

    def attribute(self, selector: Selector) -> str | None:
        """The dotted attribute that holds the value itself, if the selector names a decoded scalar."""
        names = names_of(selector)
        access = self._projection.access(names)
        plain = not (access.raw or access.node or access.rest or len(names) < len(selector.steps))
        return ".".join(access.attributes) if plain else None

    def member(self, selector: Selector) -> tuple[str, str] | None:
        """The dotted attribute of the undecoded object that the path leads into, and the first name within it."""
        names = names_of(selector)
        access = self._projection.access(names)
        return (".".join(access.attributes), access.rest[0]) if access.raw and access.rest else None

    def _start(self, selector: Selector, scope: Scope) -> tuple[str, tuple[Step, ...]]:
        names = names_of(selector)
        access = self._projection.access(names)
        value = ".".join(("r", *access.attributes))
        rest = (*access.rest, *selector.steps[len(names) :])
        if access.raw:
            scope.constants["D"] = open_raw
            return scope.lazy(value, f"D({value})"), rest
        if access.node:
            scope.constants["W"] = node_value
            absent = scope.constant("a", access.absent, key=access.attributes)
            return f"(U if {value} is {absent} else W({value}))", rest
        return value, rest


def paths_of(found: Iterable[Selector]) -> set[Path]:
    """What a projection must hold so that the selectors can be read."""
    return {names_of(selector) for selector in found if readable(selector)}
