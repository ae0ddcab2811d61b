"""A tolerant reader of HCL, the language of Terraform: enough of it to find blocks, their attributes, and values.

    body  := { attribute | block }
    attribute := name '=' expression
    block := name { label } '{' body '}'
    expression := literal | template | list | object | reference | call | anything else

Literals, templates, lists, objects, references and calls are read; any other expression (operators, conditions, `for`)
is kept as its text. Nothing is computed here: `terraform` does what can be done without a plan.
"""

from __future__ import annotations

import re
from typing import NoReturn

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
from vedette.deploy.importing.lines import Lines
from vedette.detections.yaml import Place, Text
from vedette.errors import ProblemsError

MAX_DEPTH = 64

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BLANK = re.compile(r"(?:[ \t\r]|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_HEREDOC = re.compile(r"<<(-?)([A-Za-z_][A-Za-z0-9_-]*)[ \t]*\r?\n")
_DIGITS = re.compile(r"[0-9]{1,9}")
_INDEX = re.compile(r'\[\s*(?:([0-9]{1,9})|"([^"$%\\]*)")\s*\]')
_FOR = re.compile(r"for\b(?!\s*[=:])")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_KEYWORDS = {"true": True, "false": False, "null": None}
_OPERATORS = ("&&", "||", "==", "!=", "<=", ">=", "?", ":", "+", "-", "*", "/", "%", "<", ">", "!", "=>", "...")
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def parse(text: Text) -> Block:
    """The whole file as one block without a name; raises ProblemsError at the first thing that cannot be read."""
    reader = _Reader(text)
    return reader.body("", (), Place(1, 1, 0, 1), 0)


class _Reader:
    def __init__(self, text: Text) -> None:
        self.text = text
        self.source = text.text
        self.lines = Lines(text.text)
        self.at = 0

    def fail(self, message: str, start: int, end: int | None = None, hint: str | None = None) -> NoReturn:
        place = self.lines.place(min(start, len(self.source)), end if end is not None else start + 1)
        raise ProblemsError([self.text.problem(place, message, hint=hint)])

    def skip(self, pattern: re.Pattern[str] = _SPACE) -> None:
        found = pattern.match(self.source, self.at)
        assert found is not None
        self.at = found.end()
        if self.source.startswith("/*", self.at):
            self.fail("a comment that is not closed", self.at, self.at + 2, "close it with `*/`")

    def take(self, sign: str) -> bool:
        if self.source.startswith(sign, self.at):
            self.at += len(sign)
            return True
        return False

    def name(self) -> str | None:
        found = _NAME.match(self.source, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found.group()

    def body(self, type_: str, labels: tuple[str, ...], place: Place, depth: int) -> Block:
        """body := { attribute | block }, up to `}` or, outside of every block, the end."""
        if depth > MAX_DEPTH:
            self.fail(f"nested deeper than {MAX_DEPTH} levels", self.at)
        attributes: dict[str, Expression] = {}
        blocks: list[Block] = []
        while True:
            self.skip()
            if self.at >= len(self.source):
                if depth:
                    self.fail(f"the block `{type_}` is not closed", place.start, place.end, "add `}`")
                break
            if depth and self.take("}"):
                break
            start = self.at
            name = self.name()
            if name is None:
                self.fail("expected a name: an attribute or a block begins here", self.at)
            self.skip(_BLANK)
            if self.source[self.at : self.at + 1] == "=" and self.source[self.at : self.at + 2] != "==":
                self.at += 1
                attributes[name] = self.expression(depth + 1)
            else:
                blocks.append(self.block(name, start, depth))
        return Block(type_, labels, attributes, tuple(blocks), place)

    def block(self, type_: str, start: int, depth: int) -> Block:
        """block := name { label } '{' body '}'"""
        labels: list[str] = []
        while not self.take("{"):
            if self.source[self.at : self.at + 1] == '"':
                label = self.quoted(depth)
                labels.append(label.value if isinstance(label, Literal) and isinstance(label.value, str) else "")
            elif (name := self.name()) is not None:
                labels.append(name)
            else:
                self.fail(f"expected `=` or `{{` after `{type_}`", self.at)
            self.skip(_BLANK)
        return self.body(type_, tuple(labels), self.lines.place(start, self.at), depth + 1)

    def expression(self, depth: int) -> Expression:
        """expression := term, or the text of everything up to where the expression ends."""
        if depth > MAX_DEPTH:
            self.fail(f"nested deeper than {MAX_DEPTH} levels", self.at)
        self.skip()
        start = self.at
        found = self.term(depth)
        self.skip(_BLANK)
        if found is not None and not self.source.startswith(_OPERATORS, self.at):
            return found
        self.run_on()
        text = " ".join(self.source[start : self.at].split())
        if not text:
            self.fail("expected a value", start)
        return Other(text)

    def run_on(self) -> None:
        """Skip to the end of an expression: a line's end, a comma or a closing bracket outside of all brackets."""
        open_: list[tuple[str, int]] = []
        while self.at < len(self.source):
            char = self.source[self.at]
            if char == '"':
                self.quoted(0)
                continue
            if found := _HEREDOC.match(self.source, self.at):
                self.heredoc(found)
                continue
            if not open_ and char in ",)]}\n":
                return
            if char in _CLOSING:
                open_.append((_CLOSING[char], self.at))
            elif char in ")]}" and open_.pop()[0] != char:
                self.fail(f"`{char}` closes nothing that is open", self.at)
            self.at += 1
            self.skip(_BLANK)
        if open_:
            self.fail("a bracket that is not closed", open_[-1][1], None, f"add `{open_[-1][0]}`")

    def term(self, depth: int) -> Expression | None:
        """term := literal | template | list | object | call | reference; None for anything else"""
        char = self.source[self.at : self.at + 1]
        if char == '"':
            return self.quoted(depth)
        if found := _HEREDOC.match(self.source, self.at):
            return self.heredoc(found)
        if char == "[":
            return self.items(depth)
        if char == "{":
            return self.object(depth)
        if found := _NUMBER.match(self.source, self.at):
            self.at = found.end()
            return Literal(_number(found.group()))
        start = self.at
        name = self.name()
        if name is None:
            return None
        if name in _KEYWORDS:
            return Literal(_KEYWORDS[name])
        if self.take("("):
            arguments = self.several(")", depth)
            call = Call(name, arguments, self.lines.place(start, start + len(name)))
            return call if self.source[self.at : self.at + 1] not in (".", "[") else None
        return self.reference(name, depth)

    def reference(self, first: str, depth: int) -> Reference | None:
        """reference := name { '.' name | '.' digits | '[' ( digits | text | reference ) ']' }; else None"""
        steps: list[str | int | Reference] = [first]
        while True:
            if self.take("."):
                if found := _DIGITS.match(self.source, self.at):
                    self.at = found.end()
                    steps.append(int(found.group()))
                elif (name := self.name()) is not None:
                    steps.append(name)
                else:
                    return None
            elif found := _INDEX.match(self.source, self.at):
                self.at = found.end()
                steps.append(int(found[1]) if found[1] is not None else found[2])
            elif self.source[self.at : self.at + 1] == "[":
                start = self.at
                self.at += 1
                index = self.expression(depth + 1)
                self.skip()
                if not isinstance(index, Reference) or not self.take("]"):
                    self.at = start
                    return None
                steps.append(index)
            else:
                return Reference(tuple(steps))

    def items(self, depth: int) -> Expression | None:
        """list := '[' [ expression { ',' expression } ] ']'; None for a `for` expression"""
        start = self.at
        self.at += 1
        if self.is_for():
            self.at = start
            return None
        return Items(self.several("]", depth))

    def is_for(self) -> bool:
        self.skip()
        return _FOR.match(self.source, self.at) is not None

    def several(self, closing: str, depth: int) -> tuple[Expression, ...]:
        start = self.at - 1
        found: list[Expression] = []
        while True:
            self.skip()
            if self.take(closing):
                return tuple(found)
            if self.at >= len(self.source):
                self.fail("a bracket that is not closed", start, None, f"add `{closing}`")
            found.append(self.expression(depth + 1))
            self.take("...")
            self.skip()
            if not self.take(",") and self.source[self.at : self.at + 1] not in ("", closing):
                self.fail(f"expected `,` or `{closing}`", self.at)

    def object(self, depth: int) -> Expression | None:
        """object := '{' { key ( '=' | ':' ) expression [ ',' ] } '}'; None for a `for` expression"""
        start = self.at
        self.at += 1
        if self.is_for():
            self.at = start
            return None
        entries: list[tuple[Expression, Expression]] = []
        while True:
            self.skip()
            if self.take("}"):
                return Object(tuple(entries))
            if self.at >= len(self.source):
                self.fail("a bracket that is not closed", start, None, "add `}`")
            key = self.key(depth)
            self.skip(_BLANK)
            if not self.take("=") and not self.take(":"):
                self.fail("expected `=` after a key", self.at)
            entries.append((key, self.expression(depth + 1)))
            self.skip()
            self.take(",")

    def key(self, depth: int) -> Expression:
        if self.source[self.at : self.at + 1] == '"':
            return self.quoted(depth)
        if self.take("("):
            found = self.several(")", depth)
            return found[0] if found else Literal("")
        found_name = re.compile(r"[A-Za-z0-9_.-]+").match(self.source, self.at)
        if found_name is None:
            self.fail("expected a key", self.at)
        self.at = found_name.end()
        return Literal(found_name.group())

    def quoted(self, depth: int) -> Literal | Template:
        """A text in double quotes, on one line."""
        start = self.at
        self.at += 1
        parts: list[str | Expression] = [""]
        while True:
            char = self.source[self.at : self.at + 1]
            if char in ("", "\n"):
                self.fail("a text that is not closed", start, self.at, 'add `"`')
            if char == '"':
                self.at += 1
                return _template(parts)
            if char == "\\":
                self.append(parts, self.escape())
            else:
                self.piece(parts, depth)

    def escape(self) -> str:
        sign = self.source[self.at + 1 : self.at + 2]
        if found := re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))").match(self.source, self.at):
            self.at = found.end()
            code = int(found[1] or found[2], 16)
            return chr(code) if code < 0x110000 and not 0xD800 <= code <= 0xDFFF else "\N{REPLACEMENT CHARACTER}"
        if sign not in _ESCAPES:
            self.fail(f"`\\{sign}` is no escape", self.at, self.at + 2, "write a backslash as `\\\\`")
        self.at += 2
        return _ESCAPES[sign]

    def piece(self, parts: list[str | Expression], depth: int) -> None:
        """The next character, `$${` as `${`, or an expression in `${…}`; `%{…}` is kept as an expression of its own."""
        for sign in "$%":
            if self.take(f"{sign}{sign}{{"):
                return self.append(parts, sign + "{")
        if self.source.startswith("${", self.at):
            start = self.at
            self.at += 2 + self.source.startswith("~", self.at + 2)
            parts.append(self.expression(depth + 1))
            self.skip()
            self.take("~")
            if not self.take("}"):
                self.fail("`${` that is not closed", start, start + 2, "add `}`, or write `$${` for the signs")
            return None
        if found := re.compile(r"%\{[^}\n]*\}").match(self.source, self.at):
            self.at = found.end()
            parts.append(Other(found.group()))
            return None
        self.append(parts, self.source[self.at])
        self.at += 1
        return None

    @staticmethod
    def append(parts: list[str | Expression], text: str) -> None:
        if isinstance(parts[-1], str):
            parts[-1] += text
        else:
            parts.append(text)

    def heredoc(self, opening: re.Match[str]) -> Literal | Template:
        """`<<EOT` and the lines up to `EOT`; with `<<-` without the indentation that they share."""
        end = re.compile(rf"^[ \t]*{re.escape(opening[2])}[ \t]*\r?$", re.MULTILINE).search(self.source, opening.end())
        if end is None:
            self.fail(f"`<<{opening[2]}` that is not closed", opening.start(), opening.end() - 1, f"add `{opening[2]}`")
        lines = self.source[opening.end() : end.start()].splitlines(keepends=True)
        indent = min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)
        body = "".join(line[indent:] for line in lines) if opening[1] else "".join(lines)
        inner = _Reader(Text.of(body, self.text.path))
        parts: list[str | Expression] = [""]
        while inner.at < len(inner.source):
            inner.piece(parts, 1)
        self.at = end.end()
        return _template(parts)


def _template(parts: list[str | Expression]) -> Literal | Template:
    if all(isinstance(part, str) for part in parts):
        return Literal("".join(map(str, parts)))
    return Template(tuple(part for part in parts if part != ""))


def _number(text: str) -> int | float:
    try:
        return int(text) if len(text) < 400 else float("inf")
    except ValueError:
        return float(text)
