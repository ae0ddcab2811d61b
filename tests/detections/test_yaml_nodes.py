"""YAML nodes: what plain scalars mean, what is refused, and that places are true."""

from __future__ import annotations

import json
import math

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.detections import yaml
from vedette.detections.yaml import Mapping, Node, Scalar, Sequence, Text, YamlError, parse, resolve


@pytest.fixture(params=["C", "Python"], autouse=True)
def _both_scanners(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where libyaml is missing, PyYAML's own scanner takes its place: both must do."""
    loader = pyyaml.SafeLoader if request.param == "Python" else getattr(pyyaml, "CSafeLoader", None)
    if loader is None:
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(yaml, "_LOADER", loader)


def nodes(text: str) -> Node:
    return parse(Text.of(text, "x.yaml"))


def refusal(text: str) -> str:
    with pytest.raises(YamlError) as caught:
        nodes(text)
    return caught.value.problem.render()


@pytest.mark.parametrize(
    ("spelt", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("nULL", "nULL"),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("0", 0),
        ("-17", -17),
        ("+17", 17),
        ("012345670123", "012345670123"),
        ("007.5", "007.5"),
        ("111122223333", 111122223333),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2027-06-30", "2027-06-30"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("-.inf", -math.inf),
        ("9" * 401, "9" * 401),
        ("1.11.0", "1.11.0"),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_plain_scalars_follow_the_core_schema(spelt: str, value: object) -> None:
    """YAML 1.2.2, 10.3.2: null, true, false, integers, 0o, 0x, floats, .inf and .nan; all else is a string.

    With our exception: digits with a leading zero are text.
    """
    got = resolve(spelt)
    assert (got, type(got)) == (value, type(value))


def test_nan_is_read() -> None:
    assert math.isnan(resolve(".nan"))  # type: ignore[arg-type]


def test_quoted_and_block_scalars_are_always_text() -> None:
    root = nodes("a: 'true'\nb: \"1\"\nc: |-\n  2\nd: >-\n  null\n")
    assert isinstance(root, Mapping)
    assert [value.value for _, value in root.entries if isinstance(value, Scalar)] == ["true", "1", "2", "null"]


texts = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def plain(node: Node) -> object:
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key.text: plain(value) for key, value in node.entries}


@settings(max_examples=150, deadline=None)
@given(json_values)
def test_json_is_yaml_with_the_same_meaning(value: object) -> None:
    """YAML 1.2.2, 1.2: 'every JSON file is also a valid YAML file' (libyaml takes no escaped surrogate pairs)."""
    assert plain(nodes(json.dumps(value))) == value


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.from_regex(r"\A[a-z]{1,5}\Z"), st.from_regex(r"\A[a-z][a-z é€0-9]{0,8}[a-z]\Z"), min_size=1))
def test_a_place_spells_its_scalar(entries: dict[str, str]) -> None:
    """`place.start` and `place.end` cut the scalar out of the text, and line and column say the same place."""
    text = Text.of("# comment\r\n" + "".join(f"{key}: {value}\r\n" for key, value in entries.items()), "x")
    root = parse(text)
    assert isinstance(root, Mapping)
    for key, value in root.entries:
        for node in (key, value):
            assert isinstance(node, Scalar)
            place = node.place
            assert text.text[place.start : place.end] == node.text
            line = text.lines[place.line - 1]
            assert line[place.column - 1 :].startswith(node.text)
            assert text.place(place.start, place.end) == place


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "the file is empty"),
        ("# only a comment\n", 1, 1, "the file is empty"),
        ("a: 1\nb: 2\na: 3\n", 3, 1, "duplicate key `a`"),
        ("a: {b: 1, b: 2}\n", 1, 11, "duplicate key `b`"),
        ("a: &x 1\nb: *x\n", 1, 4, "anchors and aliases are not read"),
        ("a: [&x 1]\n", 1, 5, "anchors and aliases are not read"),
        ("a: *x\n", 1, 4, "anchors and aliases are not read"),
        ("a: !!str 1\n", 1, 4, "tags are not read"),
        ("a: !!python/object/apply:os.system [x]\n", 1, 4, "tags are not read"),
        ("[a]: 1\n", 1, 1, "a key must be a text, not a list"),
        ("? {a: 1}\n: 2\n", 1, 3, "a key must be a text, not a mapping"),
        ("a: 1\n---\nb: 2\n", 2, 1, "a second document in one file"),
        ("a: x\x00y\n", 1, 5, "the character U+0000 has no place in YAML"),
        ("a: x\ud800y\n", 1, 5, "the character U+D800 has no place in YAML"),
        ("a: b: c\n", 1, 5, "a `: ` inside an unquoted text"),
        ("a:\n  - x\n\t- y\n", 3, 1, "a tab"),
    ],
)
def test_what_is_refused(text: str, line: int, column: int, message: str) -> None:
    rendered = refusal(text)
    assert rendered.startswith(f"x.yaml:{line}:{column}: error: {message}"), rendered


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2\nb: 3\n", "a list in brackets that is not closed"),
        ("a: {b: 1\nc: 3\n", "a mapping in braces that is not closed"),
        ('a: "x\nb: 1\n', "a quoted text that is not closed"),
        ("a: 1\n  b: 2\n", "a `: ` inside an unquoted text"),
        ("a:\n  b: 1\n c: 2\n", "this line does not continue"),
        ("a:\n  - 1\n b\n", "this line does not continue"),
        ("a: 1\nb\nc: 2\n", "a key without `:`"),
        ('a: "\\ud800"\n', "an escape that spells no character"),
        ("a: `x`\n", "a character that cannot start an unquoted value"),
        ("a: [$.x[*]]\n", "`*` and `&` begin aliases and anchors here"),
        ('a: "\\q"\n', "not YAML: "),
    ],
)
def test_common_mistakes_are_told_in_our_words(text: str, message: str) -> None:
    assert message in refusal(text)


def test_an_alias_bomb_costs_nothing() -> None:
    """'Billion laughs': the first anchor is refused, before any alias could multiply."""
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 9))
    assert "anchors and aliases are not read" in refusal("l0: &l0 [x]\n" + levels)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
@pytest.mark.parametrize("depth", [yaml.MAX_DEPTH + 1, 20_000])
def test_depth_is_bounded(opening: str, depth: int) -> None:
    assert "error:" in refusal(opening * depth)


def test_the_deepest_that_is_read() -> None:
    depth = yaml.MAX_DEPTH
    node = nodes("[" * depth + "]" * depth)
    assert isinstance(node, Sequence)
    assert f"nested deeper than {depth} levels" in refusal("[" * (depth + 1) + "]" * (depth + 1))


def test_size_is_bounded() -> None:
    assert "1,000,001 characters; at most 1,000,000" in refusal("#" + " " * 1_000_000)


def test_a_byte_order_mark_is_no_character() -> None:
    assert "x.yaml:1:4: error: tags" in refusal("\ufeffa: !t 1")


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_lines_are_counted_as_yaml_counts_them(line_break: str) -> None:
    assert "x.yaml:2:4: error: tags" in refusal(f"a: 1{line_break}b: !t 1")


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("a1 :-#?&*!|>'\"%@`{}[],\n\t\\x0é\x85\u2028~<=."), max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but YamlError comes out, and its place is inside the text."""
    try:
        nodes(text)
    except YamlError as error:
        assert 1 <= error.problem.line <= len(Text.of(text, "x").lines) + 1
        assert error.problem.render()
