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
class Reference:
    """`aws_sns_topic.alerts.arn`, `each.value["pattern"]`, `local.filters[0]`, `local.filters[each.key]`."""

    steps: tuple[str | int | Reference, ...]

    def __str__(self) -> str:
        return "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in self.steps).removeprefix(".")


@dataclass(frozen=True, slots=True)
class Call:
    """A function's name and arguments, and what is taken of its answer."""

    name: str
    arguments: tuple[Expression, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Object:
    """Keys and values; a key is a text or an expression in brackets."""

    entries: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True)
class Other:
    """An expression that is only known as text."""

    text: str


Expression: TypeAlias = Literal | Template | Reference | Call | Items | Object | Other


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its type, labels, attributes and inner blocks."""

    type: str
    labels: tuple[str, ...]
    attributes: dict[str, Expression]
    blocks: tuple[Block, ...]
    place: Place
