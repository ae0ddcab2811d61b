"""What HCL is read into: blocks, their attributes, and expressions. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from vedette.detections.yaml import Place


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, `true`, `false`, `null`, or a text without anything in it to fill in."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Template:
    """A text with expressions in it."""

    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True)
class Splat:
    """`[*]` or `.*`: the rest is taken of every element."""


Step: TypeAlias = "str | int | Splat | Expression"
"""A step into a value: a name, a number, every element, or what an expression says."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`aws_sns_topic.alerts.arn`, `each.value["pattern"]`, `local.filters[each.key]`; `text` is how it is written."""

    name: str
    steps: tuple[Step, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken of another expression's value: `keys(local.filters)[0]`."""

    of: Expression
    steps: tuple[Step, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function's name and arguments."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Object:
    """Keys and values; a key is a text or an expression."""

    entries: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator and what it is applied to; `?` has a condition and two values."""

    sign: str
    operands: tuple[Expression, ...]
    text: str


@dataclass(frozen=True, slots=True)
class For:
    """`[for name in over : value if condition]`, or with a key `{for name, other in over : key => value}`."""

    names: tuple[str, ...]
    over: Expression
    key: Expression | None
    value: Expression
    condition: Expression | None
    text: str


@dataclass(frozen=True, slots=True)
class Other:
    """An expression that is only known as text."""

    text: str


Expression: TypeAlias = "Literal | Template | Reference | Taken | Call | Items | Object | Operation | For | Other"


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its type, labels, attributes and inner blocks."""

    type: str
    labels: tuple[str, ...]
    attributes: dict[str, Expression]
    blocks: tuple[Block, ...]
    place: Place
