"""A tolerant reader of HCL, the language of Terraform: enough of it to find blocks, their attributes, and values.

    body  := { attribute | block }
    attribute := name '=' expression
    block := name { label } '{' body '}'

Nothing is computed here: `terraform` does what can be done without a plan.
"""

from __future__ import annotations

from vedette.deploy.importing.hcl_expressions import Expressions
from vedette.deploy.importing.hcl_scanner import BLANK
from vedette.deploy.importing.hcl_tree import Block, Expression, Literal
from vedette.detections.yaml import Place, Text


def parse(text: Text) -> Block:
    """The whole file as one block without a name; raises ProblemsError at the first thing that cannot be read."""
    return _Blocks(text).body("", (), Place(1, 1, 0, 1), 0)


class _Blocks(Expressions):
    def body(self, type_: str, labels: tuple[str, ...], place: Place, depth: int) -> Block:
        """body := { attribute | block }, up to `}` or, outside of every block, the end."""
        deeper = self.deepen(depth)
        attributes: dict[str, Expression] = {}
        blocks: list[Block] = []
        while not self.ends(type_, place, depth):
            start = self.at
            name = self.name()
            if name is None:
                self.fail("expected a name: an attribute or a block begins here", self.at)
            self.skip(BLANK)
            if self.sees("=") and not self.sees("=="):
                self.at += 1
                attributes[name] = self.expression(deeper)
            else:
                blocks.append(self.block(name, start, depth))
        return Block(type_, labels, attributes, tuple(blocks), place)

    def ends(self, type_: str, place: Place, depth: int) -> bool:
        self.skip()
        if self.at < len(self.source):
            return depth > 0 and self.take("}")
        if depth:
            self.fail(f"the block `{type_}` is not closed", place.start, place.end, "add `}`")
        return True

    def block(self, type_: str, start: int, depth: int) -> Block:
        """block := name { label } '{' body '}'"""
        labels: list[str] = []
        while not self.take("{"):
            if self.sees('"'):
                label = self.written(depth)
                labels.append(label.value if isinstance(label, Literal) and isinstance(label.value, str) else "")
            elif (name := self.name()) is not None:
                labels.append(name)
            else:
                self.fail(f"expected `=` or `{{` after `{type_}`", self.at)
            self.skip(BLANK)
        return self.body(type_, tuple(labels), self.lines.place(start, self.at), depth + 1)
