"""The regular expressions of CloudWatch Logs filter patterns, run by RE2 in time linear in the text.

The dialect is AWS's: no groups, no look-around, no multi-byte characters. It is checked and spelled out for RE2 piece
by piece, so that nothing that RE2 happens to understand, and AWS does not, slips through.
Sources: "Supported regular expressions (regex) syntax" of the CloudWatch Logs user guide; recorded answers.

Chosen where no source speaks:
  - `\\s` is tab, line feed, form feed, carriage return and space (RE2's);
  - an alphanumeric escape other than `\\d \\D \\s \\S \\w \\W \\xhh` does not compile (recorded: `\\p`);
  - `{,n}` needs its `n`; a `{` that opens no repetition does not compile;
  - `[:name:]` inside a set does not compile, for engines disagree on it; any other `[` there is an ordinary character;
  - `^` and `$` stand for the two ends of the text, not of a line; laziness changes no answer and is dropped;
  - an expression that grows beyond `MAX_POSITIONS` once its repetitions are written out does not compile, which
    bounds the work for each character of a hostile text.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

import re2

from vedette.errors import InputError

MAX_POSITIONS: Final = 1024
"""How many single-character pieces an expression may have, `a{3}` counting as three."""

MAX_REPEAT: Final = 1000
"""The largest bound of a repetition; RE2's own limit."""

_FORBIDDEN: Final = re.compile(r"[^A-Za-z0-9:_#=@/;,\-^$?\[\]{}|\\*+. ]")
_REPETITION: Final = re.compile(r"\{(\d*)(,?)(\d*)\}")
_CLASS_ESCAPES: Final = {
    "d": "0-9",
    "w": "0-9A-Za-z_",
    "s": r"\t\n\f\r ",
    "D": r"\x00-/:-\x{10FFFF}",
    "W": r"\x00-/:-@\[-^`{-\x{10FFFF}",
    "S": r"\x00-\x08\x0b\x0e-\x1f!-\x{10FFFF}",
}


class RegexError(InputError):
    """An expression that does not compile; `start` and `end` delimit the fault in it."""

    def __init__(self, message: str, start: int, end: int, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.start = start
        self.end = end


@dataclass(frozen=True, slots=True)
class Regex:
    """A compiled expression; `positions` is its size with repetitions written out."""

    source: str
    positions: int
    _program: re2._Regexp

    def search(self, text: str) -> bool:
        """Whether the expression is found anywhere in `text`."""
        return self._program.search(_utf8(text)) is not None


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair, written as an escape in JSON, is no character: let `.` see one, and no literal.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def forbidden_character(source: str) -> int | None:
    """The index of the first character that no filter pattern's expression may hold, escaped or not."""
    found = _FORBIDDEN.search(source)
    return found.start() if found else None


@functools.lru_cache(maxsize=2048)
def compile_regex(source: str) -> Regex:
    """The expression between two `%`, ready to search.

    >>> compile_regex("^10\\\\.0\\\\.").search("10.0.0.7"), compile_regex("a{,2}b$").search("b")
    (True, True)

    Raises RegexError where CloudWatch Logs answers `Failed to compile regular expression.` or refuses a character.
    """
    bad = forbidden_character(source)
    if bad is not None:
        raise RegexError(
            f"`{source[bad]}` is not allowed in a regular expression",
            bad,
            bad + 1,
            hint=f"write it as `\\x{ord(source[bad]):02x}`" if source[bad].isascii() else None,
        )
    translated, positions = _Translation(source).run()
    if positions > MAX_POSITIONS:
        raise RegexError(
            f"the expression is too large: its repetitions make {positions} pieces, the limit is {MAX_POSITIONS}",
            0,
            len(source),
        )
    return Regex(source, positions, _compile(source, translated))


def _compile(source: str, translated: str) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    try:
        return re2.compile(translated, options)
    except re2.error as error:
        raise RegexError(f"the expression does not compile: {error}", 0, len(source)) from error


class _Translation:
    """Walks an expression once and spells it for RE2."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.positions = 0

    def run(self) -> tuple[str, int]:
        """expression := { piece | '|' } ; piece := anchor | atom [ repetition ]"""
        out = []
        while self.at < len(self.source):
            start = self.at
            char = self._take()
            if char == "|":
                out.append("|")
            elif char in "^$":
                out.append(r"\A" if char == "^" else r"\z")
                self._refuse_repetition(f"`{char}` stands for a place, and cannot be repeated")
            else:
                out.append(self._atom(char, start) + self._repetition())
        return "".join(out), self.positions

    def _atom(self, char: str, start: int) -> str:
        """atom := '.' | set | escape | any other character"""
        if char in "?*+{":
            raise self._error(start, f"`{char}` has nothing to repeat", hint=f"write `\\{char}` for the character")
        if char == "[":
            return self._set(start)
        if char == "\\":
            name = self._escape(start)
            return f"[{_CLASS_ESCAPES[name]}]" if isinstance(name, str) else _literal(name)
        return "." if char == "." else _literal(ord(char))

    def _repetition(self) -> str:
        """repetition := ( '?' | '*' | '+' | '{' [m] [ ',' [n] ] '}' ) [ '?' ]"""
        start = self.at
        found, most = self._bounds()
        self.positions += most
        if found:
            if self._peek() == "?":
                self.at += 1
            self._refuse_repetition(f"`{self.source[start : self.at]}` is already a repetition")
        return found

    def _bounds(self) -> tuple[str, int]:
        """What follows a piece for RE2, and how often the piece is written out at most."""
        char = self._peek()
        if char and char in "?*+":
            self.at += 1
            return char, 1
        if char != "{":
            return "", 1
        found = _REPETITION.match(self.source, self.at)
        if found is None or not (found[1] or found[3]):
            raise self._error(self.at, "`{` opens no repetition", hint="write `\\{` for the character")
        return self._counted(found)

    def _counted(self, found: re.Match[str]) -> tuple[str, int]:
        least, most = int(found[1] or 0), int(found[3] or found[1])
        if max(least, most) > MAX_REPEAT or least > most:
            raise self._error(self.at, f"`{found[0]}` is not a range of counts up to {MAX_REPEAT}", end=found.end())
        self.at = found.end()
        if not found[2]:
            return f"{{{least}}}", max(least, 1)
        return f"{{{least},{most if found[3] else ''}}}", max(most, 1)

    def _refuse_repetition(self, message: str) -> None:
        char = self._peek()
        if char and char in "?*+{":
            raise self._error(self.at, message, end=self.at + 1)

    def _escape(self, start: int) -> str | int:
        """escape := '\\' ( class letter | 'x' hex hex | not a letter or digit ); a class as its letter, else a code"""
        if self.at == len(self.source):
            raise self._error(start, "`\\` escapes nothing", hint="write `\\\\` for a backslash")
        char = self._take()
        if char in _CLASS_ESCAPES:
            return char
        if char == "x":
            digits = self.source[self.at : self.at + 2]
            if re.fullmatch("[0-9A-Fa-f]{2}", digits) is None:
                raise self._error(start, "`\\x` needs two hexadecimal digits")
            self.at += 2
            return int(digits, 16)
        if char.isalnum():
            raise self._error(
                start,
                f"`\\{char}` is not an escape that CloudWatch Logs documents",
                hint="it knows `\\d \\D \\s \\S \\w \\W` and `\\xhh`",
            )
        return ord(char)

    def _set(self, start: int) -> str:
        """set := '[' [ '^' ] ( item | item '-' item ) { item | item '-' item } ']'"""
        negated = self._peek() == "^"
        self.at += negated
        out = []
        first = True
        while first or self._peek() != "]":
            if self.at >= len(self.source):
                raise self._error(
                    start, "`[` is never closed", end=len(self.source), hint="write `\\[` for the character"
                )
            out.append(self._range())
            first = False
        self.at += 1
        return f"[{'^' * negated}{''.join(out)}]"

    def _range(self) -> str:
        start = self.at
        low = self._item()
        rest = self.source[self.at : self.at + 2]
        if len(rest) < 2 or rest[0] != "-" or rest[1] == "]":
            return _CLASS_ESCAPES[low] if isinstance(low, str) else _literal(low)
        self.at += 1
        high = self._item()
        if isinstance(low, str) or isinstance(high, str) or low > high:
            raise self._error(start, f"`{self.source[start : self.at]}` is not a range of characters")
        return f"{_literal(low)}-{_literal(high)}"

    def _item(self) -> str | int:
        start = self.at
        char = self._take()
        if char == "[" and self._peek() == ":":
            raise self._error(start, "`[:` is not supported in a set", hint="name the characters, as in `[A-Za-z]`")
        return self._escape(start) if char == "\\" else ord(char)

    def _peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def _take(self) -> str:
        self.at += 1
        return self.source[self.at - 1]

    def _error(self, start: int, message: str, *, end: int | None = None, hint: str | None = None) -> RegexError:
        return RegexError(message, start, max(self.at if end is None else end, start + 1), hint=hint)


def _literal(code: int) -> str:
    char = chr(code)
    return char if char.isascii() and (char.isalnum() or char in "_ ") else f"\\x{{{code:x}}}"
