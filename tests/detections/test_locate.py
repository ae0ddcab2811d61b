"""A character of a value is found in the file, however YAML quoted or folded it."""

from __future__ import annotations

import json
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.detections.align import locate, on_one_line
from vedette.detections.yaml import Mapping, Scalar, Text, parse
from vedette.errors import Span

WORDS = st.lists(st.text(st.sampled_from("abc$.='\"\\{}&|é€%"), min_size=1, max_size=8), min_size=1, max_size=6)


def literal(words: list[str]) -> str:
    return "|-\n" + textwrap.indent("\n".join(words), "    ")


def folded(words: list[str]) -> str:
    return ">-\n\n  # not a comment\n" + "\n".join("   " * (n % 2 + 1) + word for n, word in enumerate(words))


def single(words: list[str]) -> str:
    return "'" + "\n   ".join(word.replace("'", "''") for word in words) + "'"


def double(words: list[str]) -> str:
    return '"' + "  \\\n    ".join(json.dumps(word)[1:-1] for word in words) + '"'


def double_spaced(words: list[str]) -> str:
    return json.dumps("\t".join(words), ensure_ascii=False)


def plain(words: list[str]) -> str:
    return "\n  ".join(f"a{word}" for word in words)


STYLES = [literal, folded, single, double, double_spaced, plain]


@pytest.mark.parametrize("style", STYLES)
@settings(max_examples=60, deadline=None)
@given(words=WORDS, data=st.data())
def test_each_sign_is_found(style: object, words: list[str], data: st.DataObject) -> None:
    """The character at the place is the character of the value, or begins the escape that spells it."""
    assert callable(style)
    text = Text.of(f"first: 1\nkey: {style(words)}\nlast: 1\n", "x.yaml")
    root = parse(text)
    assert isinstance(root, Mapping)
    scalar = root.get("key")
    assert isinstance(scalar, Scalar)
    value = on_one_line(scalar.text)
    index = data.draw(st.integers(0, len(value) - 1))
    if value[index] == " " or value[index] == "\t":
        return
    place = locate(text, scalar, value, Span(index, index + 1))
    spelt = text.text[place.start : place.end]
    assert spelt in (value[index], f"{value[index]}{value[index]}", json.dumps(value[index])[1:-1]), (spelt, value)
    assert text.lines[place.line - 1][place.column - 1 :].startswith(spelt)


def at(text: str, wanted: str) -> tuple[int, int, int]:
    page = Text.of(text, "x.yaml")
    root = parse(page)
    assert isinstance(root, Mapping)
    scalar = root.get("key")
    assert isinstance(scalar, Scalar)
    value = on_one_line(scalar.text)
    start = value.index(wanted)
    place = locate(page, scalar, value, Span(start, start + len(wanted)))
    return place.line, place.column, place.end - place.start


def test_examples() -> None:
    assert at("key: >-\n  one two\n  three\n", "three") == (3, 3, 5)
    assert at("key: >- # comment\n  one two\n  three\n", "two") == (2, 7, 3)
    assert at("key: 'it''s here'\n", "here") == (1, 13, 4)
    assert at('key: "a\\"b\\u0063d"\n', "d") == (1, 17, 1)
    assert at("key: [x]\nkey2: 1\n".replace("[x]", "x\n  y"), "y") == (2, 3, 1)


def test_behind_the_end() -> None:
    page = Text.of("key: abc\n", "x")
    root = parse(page)
    assert isinstance(root, Mapping)
    scalar = root.get("key")
    assert isinstance(scalar, Scalar)
    place = locate(page, scalar, "abc", Span(3, 3))
    assert (place.line, place.column) == (1, 9)


def test_what_cannot_be_aligned_is_told_at_the_start() -> None:
    """An escape that spells white space by its code number hides it from the alignment."""
    page = Text.of('key: "a\\x20b"\n', "x")
    root = parse(page)
    assert isinstance(root, Mapping)
    scalar = root.get("key")
    assert isinstance(scalar, Scalar)
    place = locate(page, scalar, "a b", Span(2, 3))
    assert (place.line, place.column) == (1, 6)
