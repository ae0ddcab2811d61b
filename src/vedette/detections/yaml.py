"""YAML read as nodes that know their place, so that every later complaint can point at a character.

The tree is built from PyYAML's event stream, not by its constructors: nothing is ever instantiated from a file, and
what could hide a surprise is refused (tags, anchors, aliases, duplicate keys, several documents, keys that are not
plain text, nesting beyond `MAX_DEPTH`, texts beyond `MAX_CHARACTERS`). Plain scalars mean what the YAML
1.2 core schema says, with one exception: digits with a leading zero are text, because an account id such as
012345670123 is not a number.

This module knows nothing about detections; `fields` reads values out of these nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeAlias

import yaml

from vedette.errors import Level, Problem, printable

MAX_DEPTH = 64
MAX_CHARACTERS = 1_000_000

_LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NULL = re.compile(r"(null|Null|NULL|~|)\Z")
_BOOLEAN = re.compile(r"(true|True|TRUE|false|False|FALSE)\Z")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_OTHER_INTEGER = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")

_HALF = ("an escape that spells no character", "write the character itself")
_TAB = ("a tab among the spaces that indent", "indent with spaces")
_ANCHOR = ("anchors and aliases are not read", "write the value out where it is used")

Value: TypeAlias = str | int | float | bool | None
Tags: TypeAlias = Map[str, str]


class Place(NamedTuple):
    """Where a node stands: line and column count from 1, `start` and `end` are offsets into the text."""

    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, and how it was written: `style` is "" (plain), "'", '"', "|" or ">"."""

    place: Place
    text: str
    style: str

    @property
    def value(self) -> Value:
        """What the text means under the core schema; a quoted or block text is always text."""
        return self.text if self.style else resolve(self.text)

    @property
    def kind(self) -> str:
        """The type in words, for a message."""
        return describe(self.value)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    place: Place
    items: tuple[Node, ...]
    kind: str = "a list"


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the file; keys are unique."""

    place: Place
    entries: tuple[tuple[Scalar, Node], ...]
    kind: str = "a mapping"

    def get(self, key: str) -> Node | None:
        """The value under `key`, or None."""
        return next((value for name, value in self.entries if name.text == key), None)


Node: TypeAlias = Scalar | Sequence | Mapping


def resolve(text: str) -> Value:
    """The value of a plain scalar under the YAML 1.2 core schema (so `no`, `on` and dates are text).

    An integer of absurd length stays text, and so do digits with a leading zero.
    """
    if _NULL.match(text):
        return None
    if _BOOLEAN.match(text):
        return text[0] in "tT"
    if _INTEGER.match(text):
        return int(text) if len(text) <= 400 else text
    if _OTHER_INTEGER.match(text) and len(text) <= 400:
        return int(text, 0)
    if _FLOAT.match(text):
        return float(text)
    if _NOT_FINITE.match(text):
        return float(text.replace(".", ""))
    return text


def describe(value: Value) -> str:
    """The type of a value in words: `a text`, `a number`, `true or false`, `nothing`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case _:
            return "a number"


class YamlError(Exception):
    """The text is not YAML that this reader takes; `problem` says where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text and its name, able to draw a problem at any place.

    What a problem says may quote the file; characters that could steer a terminal are replaced.
    """

    path: str
    text: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, text: str, path: str) -> Text:
        """`text`, without a byte order mark."""
        text = text.removeprefix("\ufeff")
        return cls(path, text, tuple(_LINE_BREAK.split(text)))

    def problem(
        self,
        place: Place,
        message: str,
        *,
        note: str | None = None,
        hint: str | None = None,
        rule: str | None = None,
        level: Level = Level.ERROR,
    ) -> Problem:
        """A problem at `place`; the carets stop at the end of its first line."""
        line = self.lines[place.line - 1] if place.line <= len(self.lines) else ""
        length = max(1, min(place.end - place.start, len(line.rstrip()) - place.column + 1))
        return Problem(
            path=self.path,
            line=place.line,
            column=place.column,
            message=printable(message),
            level=level,
            rule=rule,
            source_line=line,
            length=length,
            note=note and printable(note),
            hint=hint and printable(hint),
        )

    def place(self, start: int, end: int) -> Place:
        """The place of the characters `[start, end)`."""
        line, line_start = 1, 0
        for found in _LINE_BREAK.finditer(self.text, 0, start):
            line, line_start = line + 1, found.end()
        return Place(line, start - line_start + 1, start, end)


def parse(text: Text, tags: Tags = MappingProxyType({})) -> Node:
    """The one document of `text`; raises YamlError at the first thing that is not taken.

    `tags` are those that are read nevertheless, as CloudFormation's short forms are: with `{"!Ref": "Ref"}` the value
    `!Ref Topic` is the mapping `{Ref: Topic}`. No tag ever makes anything but such a mapping.
    """
    _refuse_unreadable(text)
    try:
        return _Builder(text, tags).build()
    except yaml.MarkedYAMLError as error:
        raise YamlError(_explain(text, error)) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the pure-Python scanner lets chr() errors out
        raise YamlError(text.problem(Place(1, 1, 0, 1), f"not YAML: {str(error).splitlines()[0]}")) from None


def _refuse_unreadable(text: Text) -> None:
    if len(text.text) > MAX_CHARACTERS:
        message = f"the file has {len(text.text):,} characters; at most {MAX_CHARACTERS:,} are read"
        raise YamlError(text.problem(Place(1, 1, 0, 1), message))
    if found := _UNREADABLE.search(text.text):
        message = f"the character U+{ord(found.group()):04X} has no place in YAML"
        raise YamlError(text.problem(text.place(*found.span()), message, hint="remove it, or write it as an escape"))


class _Builder:
    """Folds the event stream into nodes, with a stack of its own: no file can exhaust Python's."""

    def __init__(self, text: Text, tags: Tags) -> None:
        self.text = text
        self.tags = tags
        self.events: Iterator[yaml.Event] = iter(yaml.parse(text.text, Loader=_LOADER))

    def build(self) -> Node:
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise self.refuse(event, "a second document in one file", "put each detection into its own file")
            if isinstance(event, yaml.NodeEvent):
                root = self.node(event)
        if root is None:
            raise YamlError(self.text.problem(Place(1, 1, 0, 1), "the file is empty"))
        return root

    def node(self, first: yaml.Event) -> Node:
        """The node that starts with the event `first`: scalars at once, collections by an explicit stack."""
        open_nodes: list[tuple[yaml.Event, list[Node]]] = []
        event = first
        while True:
            done: Node | None = None
            if isinstance(event, yaml.CollectionStartEvent):
                self.check(event)
                if len(open_nodes) >= MAX_DEPTH:
                    raise self.refuse(event, f"nested deeper than {MAX_DEPTH} levels")
                open_nodes.append((event, []))
            elif isinstance(event, yaml.CollectionEndEvent):
                start, parts = open_nodes.pop()
                done = self.tagged(start, self.collection(start, event, parts))
            elif isinstance(event, yaml.ScalarEvent):
                self.check(event)
                done = self.tagged(event, Scalar(_place(event, event), event.value, event.style or ""))
            elif isinstance(event, yaml.AliasEvent):
                raise self.refuse(event, *_ANCHOR)
            if done is not None:
                if not open_nodes:
                    return done
                open_nodes[-1][1].append(done)
            event = next(self.events)

    def collection(self, start: yaml.Event, end: yaml.Event, parts: list[Node]) -> Node:
        place = _place(start, end)
        if isinstance(start, yaml.SequenceStartEvent):
            return Sequence(place, tuple(parts))
        seen: dict[str, Scalar] = {}
        entries: list[tuple[Scalar, Node]] = []
        for key, value in zip(parts[::2], parts[1::2], strict=True):
            if not isinstance(key, Scalar):
                raise YamlError(self.text.problem(key.place, f"a key must be a text, not {key.kind}"))
            if key.text in seen:
                note = f"first on line {seen[key.text].place.line}"
                raise YamlError(self.text.problem(key.place, f"duplicate key `{key.text}`", note=note))
            seen[key.text] = key
            entries.append((key, value))
        return Mapping(place, tuple(entries))

    def tagged(self, event: yaml.Event, node: Node) -> Node:
        """The node, within a mapping of one key where it has a tag."""
        key = self.tags.get(getattr(event, "tag", None) or "")
        return node if key is None else Mapping(node.place, ((Scalar(node.place, key, '"'), node),))

    def check(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.anchor is not None:
            raise self.refuse(event, *_ANCHOR)
        if isinstance(event, yaml.ScalarEvent) and not event.value.isascii() and _SURROGATE.search(event.value):
            raise self.refuse(event, *_HALF)  # libyaml refuses these escapes itself
        if event.tag is not None and event.tag not in self.tags:
            if self.tags:
                message = f"the tag `{event.tag}` is not known"
                raise self.refuse(event, message, f"known are {', '.join(sorted(self.tags))}")
            raise self.refuse(event, "tags are not read", "remove the tag; quote the value to make it a text")

    def refuse(self, event: yaml.Event, message: str, hint: str | None = None) -> YamlError:
        return YamlError(self.text.problem(_place(event, event), message, hint=hint))


def _place(start: yaml.Event, end: yaml.Event) -> Place:
    mark, end_mark = start.start_mark, end.end_mark
    assert mark is not None
    assert end_mark is not None
    return Place(mark.line + 1, mark.column + 1, mark.index, end_mark.index)


_EXPLANATIONS = (
    ("found a tab character", *_TAB),
    ("invalid Unicode character escape", *_HALF),
    ("cannot start any token", "a character that cannot start an unquoted value", "quote the whole text"),
    ("expected alphabetic or numeric character", "`*` and `&` begin aliases and anchors here", "quote the whole text"),
    ("mapping values are not allowed", "a `: ` inside an unquoted text", "quote the whole text"),
    ("did not find expected ',' or ']'", "a list in brackets that is not closed", "add `,` or `]`"),
    ("expected ',' or ']'", "a list in brackets that is not closed", "add `,` or `]`"),
    ("did not find expected ',' or '}'", "a mapping in braces that is not closed", "add `,` or `}`; quote a pattern"),
    ("expected ',' or '}'", "a mapping in braces that is not closed", "add `,` or `}`; quote a pattern"),
    ("could not find expected ':'", "a key without `:`", "write `key: value`"),
    ("did not find expected key", "this line does not continue the mapping above it", "check its indentation"),
    ("expected <block end>", "this line does not continue the block above it", "check its indentation"),
    ("did not find expected '-'", "this line does not continue the list above it", "check its indentation"),
    ("unexpected end of stream", "a quoted text that is not closed", "add the closing quote"),
)


def _explain(text: Text, error: yaml.MarkedYAMLError) -> Problem:
    """libyaml's complaint in our words where it is a common one, at the place that it names.

    Where that place is behind the last line, what was left open is told instead.
    """
    said = error.problem or "not YAML"
    place, context = _marked(error.problem_mark), _marked(error.context_mark)
    if context is not None and (place is None or place.start >= len(text.text.rstrip())):
        place, context = context, None
    place = place or Place(1, 1, 0, 1)
    note = f"starts on line {context.line}" if context is not None and context.line != place.line else None
    if text.text[place.start : place.end] == "\t":
        return text.problem(place, _TAB[0], note=note, hint=_TAB[1])
    for phrase, message, hint in _EXPLANATIONS:
        if phrase in said:
            return text.problem(place, message, note=note, hint=hint)
    return text.problem(place, f"not YAML: {said}", note=note)


class _Mark(Protocol):
    """What the marks of both scanners have."""

    line: int
    column: int
    index: int


def _marked(mark: _Mark | None) -> Place | None:
    return None if mark is None else Place(mark.line + 1, mark.column + 1, mark.index, mark.index + 1)
