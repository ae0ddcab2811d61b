"""What a CloudFormation template holds: resources, with the intrinsic functions resolved as far as the template tells.

Parameters count with their defaults, conditions by them. What only a deployment knows (a pseudo parameter, an import,
the ARN of a resource) stays open, spelled `${…}`. Nothing is instantiated: templates are read as nodes with places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NoReturn

from vedette.deploy.importing.found import Open, Unread, Value, Where
from vedette.deploy.importing.properties import KINDS, Resource
from vedette.detections.yaml import Mapping as Entries
from vedette.detections.yaml import Node, Scalar, Sequence, Text
from vedette.errors import ProblemsError

_SHORT = (
    *("And", "Base64", "Cidr", "Equals", "FindInMap", "ForEach", "GetAtt", "GetAZs", "If", "ImportValue", "Join"),
    *("Length", "Not", "Or", "Select", "Split", "Sub", "ToJsonString", "Transform"),
)
TAGS = {"!Ref": "Ref", "!Condition": "Condition", **{f"!{name}": f"Fn::{name}" for name in _SHORT}}
"""The short forms of YAML templates, and the functions that they stand for."""

_HOLE = re.compile(r"\$\{(!?)([^${}]*)\}")
_NAMED = {"AWS::Logs::LogGroup": "LogGroupName", "AWS::Logs::MetricFilter": "FilterName"}
"""The types of which a reference is the name, and the property that says it."""
_DEEPEST = 40
_MOST = 100_000
"""Nodes that are looked at for one template: names that are made of each other twice would go on for ever."""
_LONGEST = 20_000
"""Characters of a text that is made; patterns and names are far shorter."""


class Template:
    """A template whose root is a mapping with `Resources`."""

    def __init__(self, root: Entries, text: Text) -> None:
        self.text = text
        self.resources = _entries(root.get("Resources"))
        self.parameters = _entries(root.get("Parameters"))
        self.conditions = _entries(root.get("Conditions"))
        self.mappings = root.get("Mappings")
        self._depth = 0
        self._left = _MOST

    def found(self) -> Iterator[Resource | Unread]:
        """Every resource of the types that are imported, unless its condition is known to be false.

        A subscription is given in any case: whether there is one mostly hangs on an address that has no default.
        """
        for name, node in self.resources.items():
            where = Where(self.text.path, name, node.place.line)
            if name.startswith("Fn::ForEach"):
                yield Unread(where, "loops of templates are not followed; read the account instead")
            elif isinstance(node, Entries) and (type_ := _scalar(node.get("Type"))) in KINDS:
                if KINDS[type_] != "subscription" and not self._made(node):
                    continue
                properties = node.get("Properties")
                resolved = self.value(properties) if properties is not None else {}
                yield Resource(type_, resolved if isinstance(resolved, dict) else {}, where)

    def _made(self, node: Entries) -> bool:
        condition = _scalar(node.get("Condition"))
        return not condition or self._holds(condition) is not False

    def value(self, node: Node) -> Value:
        """What a node means; raises ProblemsError at a function that does not exist or is given the wrong things."""
        self._depth += 1
        self._left -= 1
        try:
            if self._left < 0:
                return Open("…")
            if self._depth > _DEEPEST:
                self.fail(node, f"functions within functions, more than {_DEEPEST} deep, or in a circle")
            return self._value(node)
        finally:
            self._depth -= 1

    def _value(self, node: Node) -> Value:
        if isinstance(node, Scalar):
            return node.value
        if isinstance(node, Sequence):
            values = [self.value(item) for item in node.items]
            return [value for value in values if value != _NOTHING]
        if len(node.entries) == 1:
            key, argument = node.entries[0]
            if key.text in ("Ref", "Condition") or key.text.startswith("Fn::"):
                return self._function(key, argument)
        values_by_key = {key.text: self.value(item) for key, item in node.entries}
        return {key: value for key, value in values_by_key.items() if value != _NOTHING}

    def _function(self, key: Scalar, argument: Node) -> Value:
        function = _FUNCTIONS.get(key.text)
        if function is None:
            known = ", ".join(sorted(_FUNCTIONS))
            self.fail(key, f"CloudFormation has no function `{key.text}`", f"it has {known}")
        return function(self, argument)

    def fail(self, node: Node, message: str, hint: str | None = None) -> NoReturn:
        raise ProblemsError([self.text.problem(node.place, message, hint=hint)])

    def ref(self, name: str) -> Value:
        """`Ref`: a parameter's default, or the name of a resource where the template gives it one."""
        if name == "AWS::NoValue":
            return _NOTHING
        parameter = self.parameters.get(name)
        if isinstance(parameter, Entries) and isinstance(default := parameter.get("Default"), Scalar):
            return default.value
        resource = self.resources.get(name)
        if isinstance(resource, Entries):
            named = _NAMED.get(_scalar(resource.get("Type")))
            properties = resource.get("Properties")
            given = properties.get(named) if named and isinstance(properties, Entries) else None
            if given is not None:
                return self.value(given)
        return Open("${" + name + "}")

    def attribute(self, name: str) -> Value:
        """`Fn::GetAtt` of `Name.Attribute`: only AWS knows it. A topic's ARN is spelled as a `Ref` to the topic is."""
        resource, _, attribute = name.partition(".")
        return Open("${" + resource + ("}" if attribute == "TopicArn" else f".{attribute}}}"))

    def filled(self, text: str, given: Mapping[str, Value]) -> Value:
        """`Fn::Sub`: the text with what stands in `${…}`; `${!…}` is the signs themselves."""
        open_ = False
        length = len(text)

        def fill(hole: re.Match[str]) -> str:
            nonlocal open_, length
            if length > _LONGEST:
                return ""
            name = hole[2].strip()
            if hole[1]:
                return "${" + hole[2] + "}"
            value = given[name] if name in given else self.attribute(name) if "." in name else self.ref(name)
            open_ = open_ or isinstance(value, Open)
            length += len(spelled := _spelled(value))
            return spelled

        filled = _HOLE.sub(fill, text)
        if length > _LONGEST:
            return Open("…")
        return Open(filled) if open_ else filled

    def _holds(self, name: str) -> bool | None:
        """Whether a condition holds; None where only a deployment knows."""
        node = self.conditions.get(name)
        value = self.value(node) if node is not None else None
        return value if isinstance(value, bool) else None

    def sub(self, node: Node) -> Value:
        if isinstance(node, Sequence) and len(node.items) == 2 and isinstance(node.items[1], Entries):
            return self.filled(_scalar(node.items[0]), {key.text: self.value(v) for key, v in node.items[1].entries})
        if not isinstance(node, Scalar):
            self.fail(node, "`Fn::Sub` takes a text, or a list of a text and a mapping")
        return self.filled(node.text, {})

    def join(self, node: Node) -> Value:
        separator, parts = self.two(node, "Fn::Join")
        if not isinstance(parts, list):
            return Open("${" + _spelled(parts) + "}")
        texts = list(map(_spelled, parts))
        if sum(map(len, texts)) + len(texts) * len(_spelled(separator)) > _LONGEST:
            return Open("…")
        joined = _spelled(separator).join(texts)
        return Open(joined) if any(isinstance(part, Open) for part in parts) else joined

    def two(self, node: Node, name: str) -> tuple[Value, Value]:
        if not isinstance(node, Sequence) or len(node.items) != 2:
            self.fail(node, f"`{name}` takes a list of two")
        first, second = node.items
        return self.value(first), self.value(second)

    def if_(self, node: Node) -> Value:
        if not isinstance(node, Sequence) or len(node.items) != 3:
            self.fail(node, "`Fn::If` takes a condition and two values")
        name, then, otherwise = node.items
        return self.value(otherwise if self._holds(_scalar(name)) is False else then)

    def select(self, node: Node) -> Value:
        index, items = self.two(node, "Fn::Select")
        if isinstance(items, list) and _spelled(index).isdigit() and int(_spelled(index)) < len(items):
            return items[int(_spelled(index))]
        return Open("${Fn::Select}")

    def split(self, node: Node) -> Value:
        separator, text = self.two(node, "Fn::Split")
        if isinstance(text, str) and isinstance(separator, str) and separator:
            return list(text.split(separator))
        return Open("${Fn::Split}")

    def find_in_map(self, node: Node) -> Value:
        keys = [self.value(item) for item in node.items] if isinstance(node, Sequence) else []
        if len(keys) not in (3, 4):
            self.fail(node, "`Fn::FindInMap` takes the names of a map and of two keys")
        here: Node | None = self.mappings
        for key in keys[:3]:
            here = here.get(_spelled(key)) if isinstance(here, Entries) else None
        return Open("${Fn::FindInMap}") if here is None else self.value(here)

    def condition(self, node: Node) -> Value:
        held = self._holds(_scalar(node))
        return Open("${" + _scalar(node) + "}") if held is None else held

    def equals(self, node: Node) -> Value:
        first, second = self.two(node, "Fn::Equals")
        if isinstance(first, Open) or isinstance(second, Open):
            return Open("${Fn::Equals}")
        return _spelled(first) == _spelled(second)

    def all_(self, node: Node) -> Value:
        held = [self.value(item) for item in node.items] if isinstance(node, Sequence) else []
        return False if False in held else True if all(one is True for one in held) else Open("${Fn::And}")

    def any_(self, node: Node) -> Value:
        held = [self.value(item) for item in node.items] if isinstance(node, Sequence) else []
        return True if True in held else False if all(one is False for one in held) else Open("${Fn::Or}")

    def not_(self, node: Node) -> Value:
        inner = node.items[0] if isinstance(node, Sequence) and len(node.items) == 1 else node
        held = self.value(inner)
        return not held if isinstance(held, bool) else Open("${Fn::Not}")


_NOTHING = Open("${AWS::NoValue}")


def _entries(node: Node | None) -> dict[str, Node]:
    return {key.text: value for key, value in node.entries} if isinstance(node, Entries) else {}


def _scalar(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _spelled(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or isinstance(value, list | dict) else str(value)


def _get_att(template: Template, node: Node) -> Value:
    parts = node.items if isinstance(node, Sequence) else (node,)
    return template.attribute(".".join(_spelled(template.value(part)) for part in parts))


def _open(name: str) -> Callable[[Template, Node], Value]:
    return lambda template, node: Open("${" + f"{name}:{_scalar(node)}" + "}")


_FUNCTIONS: Mapping[str, Callable[[Template, Node], Value]] = {
    "Ref": lambda template, node: template.ref(_scalar(node)),
    "Condition": Template.condition,
    "Fn::And": Template.all_,
    "Fn::Base64": _open("Fn::Base64"),
    "Fn::Cidr": _open("Fn::Cidr"),
    "Fn::Equals": Template.equals,
    "Fn::FindInMap": Template.find_in_map,
    "Fn::GetAZs": _open("Fn::GetAZs"),
    "Fn::GetAtt": _get_att,
    "Fn::If": Template.if_,
    "Fn::ImportValue": _open("Fn::ImportValue"),
    "Fn::Join": Template.join,
    "Fn::Length": _open("Fn::Length"),
    "Fn::Not": Template.not_,
    "Fn::Or": Template.any_,
    "Fn::Select": Template.select,
    "Fn::Split": Template.split,
    "Fn::Sub": Template.sub,
    "Fn::ToJsonString": _open("Fn::ToJsonString"),
    "Fn::Transform": _open("Fn::Transform"),
}
