"""The expressions of HCL.

    expression := operation [ '?' expression ':' expression ] | anything else
    operation  := operand { operator operand }, by precedence
    operand    := { '!' | '-' } term { step }
    term       := text | heredoc | number | list | object | for | '(' expression ')' | call | name
    step       := '.' name | '.' digits | '.*' | '[*]' | '[' expression ']'

What is anything else is kept as its text: so that a newer Terraform's file is read for the rest that it holds.
Source: HCL native syntax specification.
"""

from __future__ import annotations

import re

from vedette.deploy.importing.hcl_scanner import BLANK, SPACE, Scanner
from vedette.deploy.importing.hcl_tree import (
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
from vedette.detections.yaml import Text

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_HEREDOC = re.compile(r"<<(-?)([A-Za-z_][A-Za-z0-9_-]*)[ \t]*\r?\n")
_DIGITS = re.compile(r"[0-9]{1,9}")
_KEY = re.compile(r"[A-Za-z0-9_.-]+(?=[ \t]*(?:=(?!=)|:))")
_FOR = re.compile(r"for\b(?!\s*[=:])")
_IF = re.compile(r"if\b")
_IN = re.compile(r"in\b")
_UNICODE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")
_DIRECTIVE = re.compile(r"%\{[^}\n]*\}")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_KEYWORDS = {"true": True, "false": False, "null": None}
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<=", ">=", "<", ">"), ("+", "-"), ("*", "/", "%"))
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class Expressions(Scanner):
    """Reads expressions. Within brackets, lines may break anywhere: `around` is the white space to pass over."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.around = BLANK
        self.texts: dict[int, tuple[int, Literal | Template]] = {}
        """What was read at a quotation mark or `<<`, and where it ends: what is tried twice is read once."""

    def expression(self, depth: int) -> Expression:
        """An expression, or the text of everything up to where it ends."""
        deeper = self.deepen(depth)
        self.skip()
        start = self.at
        found = self.conditional(deeper)
        if found is not None:
            return found
        self.at = start
        self.run_on(deeper)
        text = self.since(start)
        if not text:
            self.fail("expected a value", start)
        return Other(text)

    def run_on(self, depth: int) -> None:
        """Skip to the end of an expression: a line's end, a comma or a closing bracket outside of all brackets."""
        open_: list[tuple[str, int]] = []
        while self.at < len(self.source):
            char = self.source[self.at]
            if char == '"' or _HEREDOC.match(self.source, self.at):
                self.written(depth)
                continue
            if not open_ and char in ",)]}\n":
                return
            if char in _CLOSING:
                open_.append((_CLOSING[char], self.at))
            elif char in ")]}" and open_.pop()[0] != char:
                self.fail(f"`{char}` closes nothing that is open", self.at)
            self.at += 1
            self.skip(BLANK)
        if open_:
            self.fail("a bracket that is not closed", open_[-1][1], None, f"add `{open_[-1][0]}`")

    def conditional(self, depth: int) -> Expression | None:
        """operation [ '?' expression ':' expression ]; None for anything else"""
        start = self.at
        found = self.operation(0, depth)
        if found is None or not self.take("?"):
            return found
        then = self.expression(depth)
        self.skip()
        if not self.take(":"):
            return None
        otherwise = self.expression(depth)
        return Operation("?", (found, then, otherwise), self.since(start))

    def operation(self, level: int, depth: int) -> Expression | None:
        """operand { operator operand }, from the operators of one level on; those of a higher level bind closer."""
        if level == len(_LEVELS):
            return self.operand(self.deepen(depth))
        start = self.at
        found = self.operation(level + 1, depth)
        self.skip(self.around)
        while found is not None and (sign := self.operator(level)) is not None:
            self.skip()
            other = self.operation(level + 1, depth)
            found = None if other is None else Operation(sign, (found, other), self.since(start))
            self.skip(self.around)
        return found

    def operator(self, level: int) -> str | None:
        return next((sign for sign in _LEVELS[level] if self.take(sign)), None)

    def operand(self, depth: int) -> Expression | None:
        """{ '!' | '-' } term { step }"""
        start = self.at
        if self.sees("!", "-"):
            sign = self.source[self.at]
            self.at += 1
            self.skip(BLANK)
            found = self.operand(self.deepen(depth))
            return None if found is None else Operation(sign, (found,), self.since(start))
        name = self.name()
        if name is not None and self.sees("::"):  # a provider's own function
            return None
        found = self.term(depth) if name is None else self.named(name, depth)
        if (found is None and name is None) or (steps := self.steps(depth)) is None:
            return None
        if found is None:
            return Reference(name or "", steps, self.since(start))
        return Taken(found, steps, self.since(start)) if steps else found

    def named(self, name: str, depth: int) -> Expression | None:
        """`true`, `false`, `null`, or a call; None for a name that stands for itself."""
        if name in _KEYWORDS:
            return Literal(_KEYWORDS[name])
        return Call(name, self.several(")", depth)) if self.take("(") else None

    def term(self, depth: int) -> Expression | None:
        """text | heredoc | number | list | object | for | '(' expression ')'; None for anything else"""
        if self.sees('"') or _HEREDOC.match(self.source, self.at):
            return self.written(depth)
        if found := self.match(_NUMBER):
            return Literal(_number(found.group()))
        if self.take("("):
            inner = self.several(")", depth)
            return inner[0] if len(inner) == 1 else None
        if self.sees("[", "{"):
            start = self.at
            sign = self.source[start]
            self.at += 1
            self.skip()
            if self.match(_FOR):
                return self.loop(_CLOSING[sign], start, depth)
            return Items(self.several("]", depth)) if sign == "[" else self.object(start, depth)
        return None

    def steps(self, depth: int) -> tuple[Step, ...] | None:
        """{ '.' name | '.' digits | '.*' | '[*]' | '[' expression ']' }; None for anything else"""
        found: list[Step] = []
        while True:
            if self.take("[*]") or self.take(".*"):
                found.append(Splat())
            elif self.sees(".") and not self.sees("..."):
                self.at += 1
                if digits := self.match(_DIGITS):
                    found.append(int(digits.group()))
                elif (name := self.name()) is not None:
                    found.append(name)
                else:
                    return None
            elif self.take("["):
                inner = self.several("]", depth)
                if len(inner) != 1:
                    return None
                found.append(inner[0])
            else:
                return tuple(found)

    def loop(self, closing: str, start: int, depth: int) -> Expression | None:
        """for := 'for' name [ ',' name ] 'in' expression ':' [ expression '=>' ] expression [ 'if' expression ]"""
        names: list[str] = []
        while len(names) < 2 and not self.match(_IN):
            self.skip()
            names.append(self.name() or "")
            self.skip()
            self.take(",")
            self.skip()
        if len(names) == 2 and not self.match(_IN):
            return None
        before, self.around = self.around, SPACE
        try:
            return self.looped(tuple(names), closing, start, depth)
        finally:
            self.around = before

    def looped(self, names: tuple[str, ...], closing: str, start: int, depth: int) -> Expression | None:
        over = self.expression(depth)
        self.skip()
        if not self.take(":"):
            return None
        key, value, condition = None, self.expression(depth), None
        self.skip()
        if self.take("=>"):
            key, value = value, self.expression(depth)
            self.skip()
        if self.take("..."):  # values of one key are gathered
            return None
        if self.match(_IF):
            condition = self.expression(depth)
            self.skip()
        whole = all(names) and (key is not None) is (closing == "}") and self.take(closing)
        return For(names, over, key, value, condition, self.since(start)) if whole else None

    def several(self, closing: str, depth: int) -> tuple[Expression, ...]:
        start = self.at - 1
        before, self.around = self.around, SPACE
        found: list[Expression] = []
        while True:
            self.skip()
            if self.take(closing):
                self.around = before
                return tuple(found)
            if self.at >= len(self.source):
                self.fail("a bracket that is not closed", start, None, f"add `{closing}`")
            found.append(self.expression(depth))
            self.skip()
            self.take("...")
            self.skip()
            if not self.take(",") and self.at < len(self.source) and not self.sees(closing):
                self.fail(f"expected `,` or `{closing}`", self.at)

    def object(self, start: int, depth: int) -> Expression:
        """object := '{' { key ( '=' | ':' ) expression [ ',' ] } '}'"""
        before, self.around = self.around, BLANK
        entries: list[tuple[Expression, Expression]] = []
        while True:
            self.skip()
            if self.take("}"):
                self.around = before
                return Object(tuple(entries))
            if self.at >= len(self.source):
                self.fail("a bracket that is not closed", start, None, "add `}`")
            key = self.key(depth)
            self.skip(BLANK)
            if not self.take("=") and not self.take(":"):
                self.fail("expected `=` after a key", self.at)
            entries.append((key, self.expression(depth)))
            self.skip()
            self.take(",")

    def key(self, depth: int) -> Expression:
        """A name or number as it stands, or an expression."""
        if found := self.match(_KEY):
            return Literal(found.group())
        start = self.at
        found_key = self.operand(depth)
        if found_key is None:
            self.fail("expected a key", start)
        return Literal(found_key.name) if isinstance(found_key, Reference) and not found_key.steps else found_key

    def written(self, depth: int) -> Literal | Template:
        """A text in quotation marks, or a heredoc."""
        start = self.at
        if start not in self.texts:
            opening = self.match(_HEREDOC)
            found = self.quoted(depth) if opening is None else self.heredoc(opening, depth)
            self.texts[start] = self.at, found
        self.at, found = self.texts[start]
        return found

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
                _append(parts, self.escape())
            else:
                self.piece(parts, depth)

    def escape(self) -> str:
        if found := self.match(_UNICODE):
            code = int(found[1] or found[2], 16)
            return chr(code) if code < 0x110000 and not 0xD800 <= code <= 0xDFFF else "\N{REPLACEMENT CHARACTER}"
        sign = self.source[self.at + 1 : self.at + 2]
        if sign not in _ESCAPES:
            self.fail(f"`\\{sign}` is no escape", self.at, self.at + 2, "write a backslash as `\\\\`")
        self.at += 2
        return _ESCAPES[sign]

    def piece(self, parts: list[str | Expression], depth: int) -> None:
        """The next character, `$${` as `${`, or an expression in `${…}`; `%{…}` is kept as an expression of its own."""
        for sign in "$%":
            if self.take(f"{sign}{sign}{{"):
                return _append(parts, sign + "{")
        if self.sees("${"):
            return parts.append(self.hole(depth))
        if found := self.match(_DIRECTIVE):
            return parts.append(Other(found.group()))
        _append(parts, self.source[self.at])
        self.at += 1
        return None

    def hole(self, depth: int) -> Expression:
        """'${' [ '~' ] expression [ '~' ] '}'"""
        start = self.at
        self.at += 2
        self.take("~")
        before, self.around = self.around, SPACE
        found = self.expression(depth)
        self.around = before
        self.skip()
        self.take("~")
        if not self.take("}"):
            self.fail("`${` that is not closed", start, start + 2, "add `}`, or write `$${` for the signs")
        return found

    def heredoc(self, opening: re.Match[str], depth: int) -> Literal | Template:
        """`<<EOT` and the lines up to `EOT`; with `<<-` without the indentation that they share."""
        end = re.compile(rf"^[ \t]*{re.escape(opening[2])}[ \t]*\r?$", re.MULTILINE).search(self.source, opening.end())
        if end is None:
            self.fail(f"`<<{opening[2]}` that is not closed", opening.start(), opening.end() - 1, f"add `{opening[2]}`")
        lines = self.source[opening.end() : end.start()].split("\n")
        indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
        indent = re.compile(rf"[ \t]{{0,{min(indents, default=0) if opening[1] else 0}}}")
        parts: list[str | Expression] = [""]
        while self.at < end.start():
            if self.source[self.at - 1] == "\n":
                self.match(indent)
            if self.at < end.start():
                self.piece(parts, depth)
        self.at = end.end()
        return _template(parts)


def _append(parts: list[str | Expression], text: str) -> None:
    if isinstance(parts[-1], str):
        parts[-1] += text
    else:
        parts.append(text)


def _template(parts: list[str | Expression]) -> Literal | Template:
    if all(isinstance(part, str) for part in parts):
        return Literal("".join(map(str, parts)))
    return Template(tuple(part for part in parts if part != ""))


def _number(text: str) -> int | float:
    try:
        return int(text) if len(text) < 400 else float("inf")
    except ValueError:
        return float(text)
