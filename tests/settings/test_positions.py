"""Where keys and values of a TOML text stand: the scanner measures what `tomllib` understood."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.settings.positions import Document, Path, Place, TomlFaultError, key_parts, parse_document

BARE = st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
KEY = BARE | TEXT.map(lambda text: json.dumps(text, ensure_ascii=False))


def written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[ " + ", # a comment ] with brackets\n ".join(map(written, value)) + "\n ]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k, ensure_ascii=False)} = {written(v)}" for k, v in value.items()) + " }"
    return str(value)


VALUES = st.recursive(
    st.integers(-9, 10**9) | st.booleans() | TEXT | st.floats(allow_nan=False, allow_infinity=False, width=16),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TABLES = st.dictionaries(KEY, VALUES, max_size=4)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Tables, arrays of tables and dotted keys, with comments and blanks where they may stand."""
    parts = []
    for number in range(draw(st.integers(0, 4))):
        name = f"{draw(KEY)}.t{number}" if draw(st.booleans()) else f"t{number}"
        repeats = draw(st.integers(0, 2))
        for _ in range(max(1, repeats)):
            parts.append(f"[[ {name} ]] # [[x]]" if repeats else f"\t[{name}]")
            used = draw(TABLES)
            pairs = {key_parts(key): f"{key}\t= {written(value)}  # = 'x'" for key, value in used.items()}
            parts += [*pairs.values(), draw(st.sampled_from(["", "# = [", "dotted . \"a b\" . 'c'=1", "\r"]))]
            if draw(st.booleans()):
                parts.append(f"[{name}.inner_{number}]\nx = 1979-05-27 07:32:00 # when")
    return "\n".join(parts)


def leaves(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every path below, the containers with them."""
    if path:
        yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, element in inner:
        yield from leaves(element, (*path, name))


def at(document: Document, place: Place) -> str:
    line = document.lines[place.line - 1]
    return line[place.column - 1 : place.column - 1 + place.length]


@given(documents())
@settings(max_examples=150, deadline=None)
def test_every_value_of_a_document_has_its_place(text: str) -> None:
    """Each key and value that `tomllib` reads stands where the mark says, and there is no mark of anything else."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # two of the drawn names were one
    document = parse_document(text)
    expected = dict(leaves(document.values))
    assert set(document.marks) == set(expected)
    for path, value in expected.items():
        mark = document.marks[path]
        if isinstance(value, str | int | float):
            assert tomllib.loads(f"x = {at(document, mark.value)}")["x"] == value
            if isinstance(path[-1], str):
                assert key_parts(at(document, mark.key))[-1] == path[-1]


STRINGS = r'''
a = """one
two \""" three"""""
b = \'\'\'it's
two\'\'\'\'
c = 'literal \'
d = "basic \" quote"
e = """""" # nothing
f = [ [ 1, 2 ], [ ], { x = "}" , y = [ "]" ] }, ]
g.h."i.j" = 1e5
'''.replace("\\'\\'\\'", "'''").replace("'''\\'", "''''")


@pytest.mark.parametrize(
    ("path", "line", "shown"),
    [
        (("a",), 2, '"""one'),
        (("b",), 4, "'''it's"),
        (("c",), 6, r"'literal \'"),
        (("d",), 7, r'"basic \" quote"'),
        (("e",), 8, '""""""'),
        (("f", 2, "y", 0), 9, '"]"'),
        (("f", 1), 9, "[ ]"),
        (("g", "h", "i.j"), 10, "1e5"),
        (("g", "h"), 10, "1e5"),
    ],
)
def test_strings_of_every_kind_are_measured(path: Path, line: int, shown: str) -> None:
    """A value over several lines is as long as its first line."""
    document = parse_document(STRINGS)
    place = document.marks[path].value
    assert (place.line, at(document, place)) == (line, shown)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a = 1\nb = \n", 2, 5),
        ("a = 1\na = 2", 2, 6),
        ("[a\n", 1, 3),
        ('a = "x', 1, 7),
        ("a = [1,\n\n", 1, 8),
    ],
)
def test_a_text_that_is_no_toml_is_told_with_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(TomlFaultError) as caught:
        parse_document(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value)[0].islower()
    assert "line" not in str(caught.value)


def test_a_text_nested_beyond_reason_is_a_fault_like_others() -> None:
    with pytest.raises(TomlFaultError, match="nested too deeply"):
        parse_document("a = " + "[" * 100_000)
