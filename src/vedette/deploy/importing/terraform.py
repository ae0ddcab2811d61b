"""What a Terraform configuration holds: resources with as much of their values as is known without a plan.

Defaults of variables, locals, `for_each`, `count` and `dynamic` over what is written out, `for` expressions, operators
and a few functions are computed; what only a plan knows stays open. Modules are not followed: `terraform show -json`
has their resources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from vedette.deploy.importing.found import Open, Unread, Value, Where
from vedette.deploy.importing.hcl_tree import (
    Block,
    Call,
    Expression,
    For,
    Items,
    Literal,
    Object,
    Operation,
    Other,
    Reference,
    Splat,
    Step,
    Taken,
    Template,
)
from vedette.deploy.importing.properties import KINDS, Resource
from vedette.deploy.importing.terraform_functions import Lacking, UnknownError, called, joined, operated, spelled

_SHOW = "`terraform show -json` of a plan or state knows it"
_MAX_COPIES = 1_000
_SWITCH = re.compile(r"\?\s*(1\s*:\s*0|0\s*:\s*1)\}$")
_DEEPEST = 100
_MOST = 300_000
"""Expressions that are looked at for one configuration: what doubles itself forty times would go on for ever."""
_LARGEST = 50_000
"""Expressions that a local or variable may be made of; it counts for a hundredth of them when it is used again."""

Scope: TypeAlias = Mapping[str, Value]
_Taken: TypeAlias = "str | int | Splat"


class Module:
    """The files of one Terraform module, read together."""

    def __init__(self, files: Sequence[tuple[str, Block]]) -> None:
        self.variables: dict[str, Expression] = {}
        self.locals: dict[str, Expression] = {}
        self.blocks: dict[tuple[str, str], tuple[str, Block]] = {}
        self.modules: list[tuple[str, Block]] = []
        self._left = _MOST
        self._spent = 0
        self._known: dict[tuple[str, str], tuple[Value, int]] = {}
        self._followed: list[tuple[str, str]] = []
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
        over = self._over(block, 0)
        if over is None:
            yield Unread(where, f"it is made for each of what only a plan knows; {_SHOW}")
            return
        for key, item in over.items():
            named = Where(source, f'{address}["{key}"]', block.place.line)
            yield Resource(block.labels[0], self._properties(block, _each(key, item), 0), named)

    def _counted(self, block: Block, where: Where) -> Iterator[Resource | Unread]:
        """As many as `count` says; one where only a plan knows: that is mostly a switch between one and none."""
        given = self.value(block.attributes.get("count", Literal(1)), {})
        known = isinstance(given, int) and 0 <= given <= _MAX_COPIES
        for index in range(given if known and isinstance(given, int) else 1):
            named = where if "count" not in block.attributes else replace(where, name=f"{where.name}[{index}]")
            yield Resource(block.labels[0], self._properties(block, _nth(index), 0), named)
        if not known and not (isinstance(given, Open) and _SWITCH.search(given.text)):
            yield Unread(where, f"one is read; how many there are only a plan knows: {_SHOW}")

    def _over(self, block: Block, depth: int) -> dict[str, Value] | None:
        """What `for_each` goes over, by its keys; None where only a plan knows."""
        over = self.value(block.attributes["for_each"], {}, depth)
        if isinstance(over, list):
            over = {spelled(item): item for item in over if not isinstance(item, list | dict)}
        return over if isinstance(over, dict) and len(over) <= _MAX_COPIES else None

    def _properties(self, block: Block, scope: Scope, depth: int) -> dict[str, Value]:
        found = {name: self.value(expression, scope, depth) for name, expression in block.attributes.items()}
        for name in dict.fromkeys(_name(inner) for inner in block.blocks):
            found.setdefault(name, self._inner(block, name, scope, depth))
        return found

    def _inner(self, block: Block, name: str, scope: Scope, depth: int) -> list[Value]:
        """The inner blocks of one name: those that are written out, and those that a `dynamic` block makes."""
        found: list[Value] = []
        for inner in block.blocks:
            if inner.type == name:
                found.append(self._properties(inner, scope, depth + 1))
            elif _name(inner) == name:
                found += self._dynamic(inner, name, scope, depth + 1)
        return found

    def _dynamic(self, block: Block, name: str, scope: Scope, depth: int) -> Iterator[Value]:
        over = self.value(block.attributes.get("for_each", Literal(None)), scope, depth)
        given = block.attributes.get("iterator")
        iterator = given.name if isinstance(given, Reference) else name
        for key, item in _pairs(over) or ():
            for content in block.blocks:
                yield self._properties(content, {**scope, iterator: {"key": key, "value": item}}, depth)

    def value(self, expression: Expression, scope: Scope, depth: int = 0) -> Value:
        """What an expression is, as far as the files tell."""
        self._left -= 1
        self._spent += 1
        if depth > _DEEPEST or self._left < 0:
            return Open("…")
        try:
            return self._value(expression, scope, depth + 1)
        except UnknownError:  # an operator on what is not known, or a text beyond all bounds
            return Open("${" + expression.text + "}" if isinstance(expression, Operation) else "…")

    def _value(self, expression: Expression, scope: Scope, depth: int) -> Value:
        match expression:
            case Literal(value):
                return value
            case Items(items):
                return [self.value(item, scope, depth) for item in items]
            case Object(entries):
                return {spelled(self.value(k, scope, depth)): self.value(v, scope, depth) for k, v in entries}
            case Template(parts):
                return joined([part if isinstance(part, str) else self.value(part, scope, depth) for part in parts])
            case Reference():
                return self._follow(expression, scope, depth)
            case Taken(of, steps, text):
                taken = self._steps(steps, scope, depth)
                return self._taken(self.value(of, scope, depth), taken, Open("${" + text + "}"), depth)
            case Call(name, arguments):
                return called(name, [self.value(argument, scope, depth) for argument in arguments])
            case Operation():
                return self._operated(expression, scope, depth)
            case For():
                return self._each_of(expression, scope, depth)
            case Other(text):
                return Open("${" + text + "}")

    def _operated(self, given: Operation, scope: Scope, depth: int) -> Value:
        if given.sign != "?":
            return operated(given.sign, [self.value(one, scope, depth) for one in given.operands])
        condition, then, otherwise = given.operands
        held = self.value(condition, scope, depth)
        if not isinstance(held, bool):
            raise UnknownError
        return self.value(then if held else otherwise, scope, depth)

    def _each_of(self, loop: For, scope: Scope, depth: int) -> Value:
        """A `for` expression; what its condition does not surely leave out is in it."""
        pairs = _pairs(self.value(loop.over, scope, depth))
        if pairs is None:
            return Open("${" + loop.text + "}")
        found: list[tuple[str, Value]] = []
        for pair in pairs:
            inner = {**scope, **dict(zip(loop.names, pair if len(loop.names) == 2 else pair[1:], strict=True))}
            if loop.condition is None or self.value(loop.condition, inner, depth) is not False:
                key = spelled(self.value(loop.key, inner, depth)) if loop.key is not None else ""
                found.append((key, self.value(loop.value, inner, depth)))
        return dict(found) if loop.key is not None else [value for _, value in found]

    def _follow(self, given: Reference, scope: Scope, depth: int) -> Value:
        start = Open("${" + given.text + "}")
        steps = self._steps(given.steps, scope, depth)
        if given.name in scope:
            return self._taken(scope[given.name], steps, start, depth)
        if not steps:
            return start
        first, rest = str(steps[0]), steps[1:]
        if given.name in ("var", "local"):
            return self._taken(self._global(given.name, first, depth), rest, start, depth)
        found = self.blocks.get((given.name, first))
        return start if found is None else self._of_resource(found[1], f"{given.name}.{first}", rest, depth)

    def _global(self, kind: str, name: str, depth: int) -> Value:
        """A variable's default or a local, made once; open where there is none, or it is made of itself."""
        given = (self.variables if kind == "var" else self.locals).get(name)
        start = Open("${" + f"{kind}.{name}" + "}")
        if given is None or (kind, name) in self._followed:
            return start
        if (kind, name) not in self._known:
            self._followed.append((kind, name))
            before = self._spent
            value = self.value(given, {}, depth)
            self._followed.pop()
            cost = self._spent - before
            self._known[kind, name] = (value if cost <= _LARGEST else start), cost
        else:
            cost = self._known[kind, name][1]
            self._left -= cost // 100
            self._spent += cost
        return self._known[kind, name][0]

    def _steps(self, steps: Sequence[Step], scope: Scope, depth: int) -> tuple[_Taken, ...]:
        return tuple(
            step if isinstance(step, str | int | Splat) else _step(self.value(step, scope, depth)) for step in steps
        )

    def _taken(self, value: Value, steps: Sequence[_Taken], otherwise: Open, depth: int) -> Value:
        for number, step in enumerate(steps):
            if isinstance(step, Splat):
                rest = steps[number + 1 :]
                every: list[Value] = value if isinstance(value, list) else [] if value is None else [value]
                return otherwise if isinstance(value, Open) else [self._taken(e, rest, otherwise, depth) for e in every]
            if isinstance(value, dict) and str(step) in value:
                value = value[str(step)]
            elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
                value = value[step]
            elif isinstance(value, Open):
                return self._within(value, steps[number:], otherwise, depth)
            else:
                return Lacking(otherwise.text)
        return value

    def _within(self, value: Open, steps: Sequence[_Taken], otherwise: Open, depth: int) -> Value:
        """What is taken of a copy of a resource; of anything else that is open, as it is written."""
        named = _ADDRESS.fullmatch(value.text)
        found = self.blocks.get((named[1], named[2])) if named else None
        if named is None or found is None:
            return otherwise
        return self._of_resource(found[1], f"{named[1]}.{named[2]}", (named[3], *steps), depth + 1)

    def _of_resource(self, block: Block, address: str, steps: Sequence[_Taken], depth: int) -> Value:
        """What is taken of another resource, of one of its copies, or of each of them."""
        if "for_each" in block.attributes:
            over = self._over(block, depth)
            if over is None:
                return _named(address, steps)
            if not steps:
                return {key: _named(address, (key,), quoted=True) for key in over}
            key = str(steps[0])
            one = f'{address}["{key}"]'
            return self._attribute(block, one, _each(key, over[key]), steps[1:], depth) if key in over else Lacking(one)
        if steps and isinstance(steps[0], Splat):
            given = self.value(block.attributes.get("count", Literal(1)), {}, depth)
            many = given if isinstance(given, int) and 0 <= given <= _MAX_COPIES else 1
            places = [f"{address}[{index}]" if "count" in block.attributes else address for index in range(many)]
            return [self._attribute(block, one, _nth(n), steps[1:], depth) for n, one in enumerate(places)]
        if steps and isinstance(steps[0], int):
            one = f"{address}[{steps[0]}]" if "count" in block.attributes else address
            return self._attribute(block, one, _nth(steps[0]), steps[1:], depth)
        return self._attribute(block, address, _nth(0), steps, depth)

    def _attribute(self, block: Block, address: str, scope: Scope, steps: Sequence[_Taken], depth: int) -> Value:
        """An attribute where the block says it: its ARN it never says."""
        name = str(steps[0]) if steps else ""
        if name == "id" and "id" not in block.attributes:
            name = "arn" if block.labels[0] == "aws_sns_topic" else "name"
        rest = steps[1:]
        if name in block.attributes:
            return self._taken(self.value(block.attributes[name], scope, depth), rest, _named(address, steps), depth)
        if any(_name(inner) == name for inner in block.blocks):
            return self._taken(self._inner(block, name, scope, depth), rest, _named(address, steps), depth)
        return _named(address, (name, *rest) if name else ())


def _name(block: Block) -> str:
    """What an inner block stands for: a `dynamic` one for those of its label."""
    return block.labels[0] if block.type == "dynamic" and block.labels else block.type


def _each(key: str, item: Value) -> Scope:
    return {"each": {"key": key, "value": item}}


def _nth(index: int) -> Scope:
    return {"count": {"index": index}}


def _pairs(over: Value) -> list[tuple[Value, Value]] | None:
    """Keys and values of what is gone over, None where only a plan knows."""
    if isinstance(over, list):
        return list(enumerate(over))
    return list(over.items()) if isinstance(over, dict) else None


def _step(value: Value) -> str | int:
    return value if isinstance(value, int) and not isinstance(value, bool) else spelled(value)


_ADDRESS = re.compile(r'\$\{([a-z0-9_]+)\.([A-Za-z0-9_-]+)\["([^"]*)"\]\}')
"""A copy of a resource, where it stands for itself."""


def _named(address: str, steps: Sequence[_Taken], *, quoted: bool = False) -> Open:
    """A resource, or what is taken of it, as one would write it."""
    for step in steps:
        if isinstance(step, Splat):
            address += "[*]"
        elif isinstance(step, int):
            address += f"[{step}]"
        else:
            address += f'["{step}"]' if quoted else f".{step}"
    return Open("${" + address + "}")
