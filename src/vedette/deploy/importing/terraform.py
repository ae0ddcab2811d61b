"""What a Terraform configuration, plan or state holds: resources with as much of their values as is known.

Of a configuration, defaults of variables, locals, `for_each` over what is written out, and a few functions are
computed; what only a plan knows stays open. Modules are not followed: `terraform show -json` has their resources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from vedette.deploy.importing.found import Open, Unread, Value, Where
from vedette.deploy.importing.hcl_tree import (
    Block,
    Call,
    Expression,
    Items,
    Literal,
    Object,
    Other,
    Reference,
    Template,
)
from vedette.deploy.importing.properties import KINDS, Resource

_SHOW = "`terraform show -json` of a plan or state knows it"
_MAX_COPIES = 1_000
_SWITCH = re.compile(r"\?\s*(1\s*:\s*0|0\s*:\s*1)\}$")
_DEEPEST = 40


class Module:
    """The files of one Terraform module, read together."""

    def __init__(self, files: Sequence[tuple[str, Block]]) -> None:
        self.variables: dict[str, Expression] = {}
        self.locals: dict[str, Expression] = {}
        self.blocks: dict[tuple[str, str], tuple[str, Block]] = {}
        self.modules: list[tuple[str, Block]] = []
        for source, file in files:
            if source.endswith(".tfvars"):
                self.variables |= file.attributes
            for block in file.blocks:
                self._enter(source, block)

    def _enter(self, source: str, block: Block) -> None:
        match block.type, block.labels:
            case "variable", (name,):
                if "default" in block.attributes:
                    self.variables.setdefault(name, block.attributes["default"])
            case "locals", ():
                self.locals |= block.attributes
            case "resource", (type_, name):
                self.blocks[type_, name] = source, block
            case "module", _:
                self.modules.append((source, block))

    def resources(self) -> Iterator[Resource | Unread]:
        """Every resource of the types that are imported, `count` and `for_each` written out, and what was left."""
        for (type_, name), (source, block) in self.blocks.items():
            if type_ in KINDS:
                yield from self._copies(source, block, f"{type_}.{name}")
            elif type_ == "aws_cloudformation_stack":
                where = Where(source, f"{type_}.{name}", block.place.line)
                yield Unread(where, "the template within it is not read; give it as a file of its own")
        for source, block in self.modules:
            where = Where(source, f"module.{''.join(block.labels)}", block.place.line)
            yield Unread(where, f"modules are not followed; {_SHOW}")

    def _copies(self, source: str, block: Block, address: str) -> Iterator[Resource | Unread]:
        where = Where(source, address, block.place.line)
        if "for_each" not in block.attributes:
            yield from self._counted(block, where)
            return
        over = _copies(self.value(block.attributes["for_each"], {}))
        if over is None:
            yield Unread(where, f"it is made for each of what only a plan knows; {_SHOW}")
            return
        for key, item in over.items():
            named = Where(source, f'{address}["{key}"]', block.place.line)
            yield Resource(block.labels[0], self._properties(block, {"each": {"key": key, "value": item}}), named)

    def _counted(self, block: Block, where: Where) -> Iterator[Resource | Unread]:
        """As many as `count` says; one where only a plan knows: that is mostly a switch between one and none."""
        given = self.value(block.attributes.get("count", Literal(1)), {})
        known = isinstance(given, int) and 0 <= given <= _MAX_COPIES
        for index in range(given if known and isinstance(given, int) else 1):
            named = where if "count" not in block.attributes else replace(where, name=f"{where.name}[{index}]")
            yield Resource(block.labels[0], self._properties(block, {"count": {"index": index}}), named)
        if not known and not (isinstance(given, Open) and _SWITCH.search(given.text)):
            yield Unread(where, f"one is read; how many there are only a plan knows: {_SHOW}")

    def _properties(self, block: Block, scope: dict[str, Value], depth: int = 0) -> dict[str, Value]:
        found = {name: self.value(expression, scope, depth) for name, expression in block.attributes.items()}
        for inner in block.blocks:
            entry = found.setdefault(inner.type, [])
            if isinstance(entry, list):
                entry.append(self._properties(inner, scope, depth))
        return found

    def value(self, expression: Expression, scope: Mapping[str, Value], depth: int = 0) -> Value:
        """What an expression is, as far as the files tell."""
        if depth > _DEEPEST:
            return Open("…")
        match expression:
            case Literal(value):
                return value
            case Items(items):
                return [self.value(item, scope, depth + 1) for item in items]
            case Object(entries):
                return {str(self.value(k, scope, depth + 1)): self.value(v, scope, depth + 1) for k, v in entries}
            case Template(parts):
                return _joined(
                    [part if isinstance(part, str) else self.value(part, scope, depth + 1) for part in parts]
                )
            case Reference():
                return self._follow(expression, scope, depth + 1)
            case Call(name, arguments):
                return _called(name, [self.value(argument, scope, depth + 1) for argument in arguments])
            case Other(text):
                return Open("${" + text + "}")

    def _follow(self, given: Reference, scope: Mapping[str, Value], depth: int) -> Value:
        start: Value = Open("${" + str(given) + "}")
        if depth > _DEEPEST:
            return start
        steps = tuple(self._step(step, scope, depth) for step in given.steps)
        first, rest = str(steps[0]), steps[1:]
        if first in scope:
            return _taken(scope[first], rest, start)
        if first in ("var", "local") and rest:
            known = (self.variables if first == "var" else self.locals).get(str(rest[0]))
            return start if known is None else _taken(self.value(known, {}, depth), rest[1:], start)
        found = self.blocks.get((first, str(rest[0]))) if rest else None
        if found is None or len(rest) < 2:
            return start
        return self._attribute(found[1], rest[1:], start, depth)

    def _step(self, step: str | int | Reference, scope: Mapping[str, Value], depth: int) -> str | int:
        if not isinstance(step, Reference):
            return step
        value = self._follow(step, scope, depth + 1)
        return value if isinstance(value, int) and not isinstance(value, bool) else _spelled(value)

    def _attribute(self, block: Block, steps: Sequence[str | int], start: Value, depth: int) -> Value:
        """An attribute of another resource, where that resource's block says it (its ARN it never says)."""
        scope: dict[str, Value] = {}
        if "for_each" in block.attributes:
            over = _copies(self.value(block.attributes["for_each"], {}, depth))
            key, steps = str(steps[0]), steps[1:]
            if over is None or key not in over:
                return start
            scope = {"each": {"key": key, "value": over[key]}}
        elif isinstance(steps[0], int):
            scope, steps = {"count": {"index": steps[0]}}, steps[1:]
        known = self._properties(block, scope, depth)
        if steps[:1] == ("id",) and "id" not in known:
            steps = ("name",)
        return _taken(known, steps, start) if steps else start


def _copies(over: Value) -> dict[str, Value] | None:
    """What `for_each` goes over, by its keys; None where only a plan knows."""
    if isinstance(over, list):
        over = {_spelled(item): item for item in over}
    return over if isinstance(over, dict) and len(over) <= _MAX_COPIES else None


def _taken(value: Value, steps: Sequence[str | int], otherwise: Value) -> Value:
    for step in steps:
        if isinstance(value, dict) and str(step) in value:
            value = value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return otherwise
    return value


def _joined(parts: Sequence[Value]) -> Value:
    if len(parts) == 1:
        return parts[0]
    text = "".join(_spelled(part) for part in parts)
    return Open(text) if any(isinstance(part, Open) for part in parts) else text


def _spelled(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _called(name: str, arguments: list[Value]) -> Value:
    function = _FUNCTIONS.get(name)
    spelled = Open("${" + f"{name}({', '.join(map(_spelled, arguments))})" + "}")
    if function is None or any(isinstance(one, Open) for one in arguments):
        return spelled
    try:
        return function(arguments)
    except (IndexError, KeyError, TypeError, ValueError):
        return spelled


def _format(arguments: list[Value]) -> Value:
    template, *rest = arguments
    return str(template).replace("%d", "%s").replace("%v", "%s") % tuple(map(_spelled, rest))


def _join(arguments: list[Value]) -> Value:
    lists = (one if isinstance(one, list) else [one] for one in arguments[1:])
    return _joined([part for each in lists for item in each for part in (_spelled(arguments[0]), item)][1:] or [""])


def _length(arguments: list[Value]) -> Value:
    (one,) = arguments
    return len(one) if isinstance(one, str | list | dict) else Open("${length()}")


def _merge(arguments: list[Value]) -> Value:
    merged: dict[str, Value] = {}
    for one in arguments:
        merged |= one if isinstance(one, dict) else {}
    return merged


_FUNCTIONS: Mapping[str, Callable[[list[Value]], Value]] = {
    "format": _format,
    "join": _join,
    "merge": _merge,
    "concat": lambda given: [item for one in given if isinstance(one, list) for item in one],
    "tostring": lambda given: _spelled(given[0]),
    "tolist": lambda given: given[0],
    "toset": lambda given: given[0],
    "tomap": lambda given: given[0],
    "length": _length,
    "lookup": lambda given: given[0].get(_spelled(given[1]), *given[2:3]) if isinstance(given[0], dict) else given[2],
    "element": lambda given: given[0][int(_spelled(given[1])) % len(given[0])] if isinstance(given[0], list) else None,
    "lower": lambda given: _spelled(given[0]).lower(),
    "upper": lambda given: _spelled(given[0]).upper(),
    "trimspace": lambda given: _spelled(given[0]).strip(),
    "chomp": lambda given: _spelled(given[0]).rstrip("\r\n"),
    "replace": lambda given: _spelled(given[0]).replace(_spelled(given[1]), _spelled(given[2])),
    "trim": lambda given: _spelled(given[0]).strip(_spelled(given[1])),
    "try": lambda given: given[0],
    "coalesce": lambda given: next(one for one in given if one not in (None, "")),
}
"""Those that name and compose filters; a call of another is left open."""


def shown(document: Mapping[str, object], source: str) -> Iterator[Resource]:
    """The resources of `terraform show -json` (a plan's or a state's), or of a state file, of every module."""
    values = document.get("planned_values") or document.get("values")
    if isinstance(values, Mapping):
        yield from _shown_module(values.get("root_module"), source)
    for resource in _mappings(document.get("resources")):
        for index, instance in enumerate(_mappings(resource.get("instances"))):
            name = f"{resource.get('type')}.{resource.get('name')}" + (f"[{index}]" if index else "")
            yield from _shown_one(resource, instance.get("attributes"), Where(source, name))


def _shown_module(module: object, source: str) -> Iterator[Resource]:
    left = [module]
    while left:
        one = left.pop(0)
        if isinstance(one, Mapping):
            for resource in _mappings(one.get("resources")):
                yield from _shown_one(resource, resource.get("values"), Where(source, str(resource.get("address"))))
            left.extend(_mappings(one.get("child_modules")))


def _shown_one(resource: Mapping[str, object], values: object, where: Where) -> Iterator[Resource]:
    type_ = str(resource.get("type"))
    if type_ in KINDS and isinstance(values, dict) and resource.get("mode", "managed") == "managed":
        yield Resource(type_, values, where)


def _mappings(value: object) -> Iterator[Mapping[str, object]]:
    return (one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else iter(())
