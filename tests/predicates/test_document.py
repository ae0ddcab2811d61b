"""Reading documents, and printing their numbers."""

from __future__ import annotations

import json
import math
import sys
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vedette.predicates.document import MAX_DEPTH, MISSING, java_double, load_document, number_text

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4), st.booleans())
@settings(max_examples=150, deadline=None)
def test_what_was_written_is_read(document: dict[str, object], ascii_only: bool) -> None:
    """A document is what its JSON says, whichever way characters are escaped, as text or as UTF-8."""
    text = json.dumps(document, ensure_ascii=ascii_only)
    assert load_document(text) == document
    assert load_document(text.encode("utf-8", "surrogatepass") if ascii_only else text) == document


@given(st.one_of(st.text(), st.binary(), st.text('{}[]":,\\0123456789.eE+-nulltrfas \n', max_size=60)))
@settings(max_examples=400, deadline=None)
def test_no_text_raises(text: str | bytes) -> None:
    """ "Never an exception": a document or None, and a document only of what a strict reader accepts."""
    document = load_document(text)
    if document is not None:
        assert json.loads(text) == document


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "[]",
        "1",
        '"x"',
        "null",
        "{} {}",
        "{},",
        '{"a":1,}',
        "{'a':1}",
        '{"a":NaN}',
        '{"a":-Infinity}',
        '{"a":01}',
        '{"a":+1}',
        '{"a":.5}',
        '{"a":1.}',
        '{"a":"\n"}',
        '{"a":"\\x41"}',
        "\ufeff{}",
        b"\xef\xbb\xbf{}",
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        '{"a":1}'.encode("utf-16"),
        '{"a":NaN,"b":' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_json_object_is_no_document(text: str | bytes) -> None:
    """ "Strict: whole text is one JSON object; NaN/Infinity rejected", and only UTF-8."""
    assert load_document(text) is None


def test_the_last_of_duplicate_keys_wins() -> None:
    """Recorded: `{"v":2,"v":1}` matches `$.v = 1`."""
    assert load_document('{"a":1,"a":{"b":2},"a":3}') == {"a": 3}


def test_numbers_are_exact_until_they_overflow() -> None:
    """ "int exact (absurdly long ints must not raise), floats as Python float where overflow gives inf"."""
    long = "9" * 4300
    assert load_document(f'{{"a":{long}}}') == {"a": int(long)}
    assert load_document(f'{{"a":{long}9,"b":-{long}9,"c":1.5}}') == {"a": math.inf, "b": -math.inf, "c": 1.5}
    assert load_document('{"a":1e309,"b":-1e309,"c":1e-999,"d":-0.0}') == {
        "a": math.inf,
        "b": -math.inf,
        "c": 0,
        "d": 0,
    }


def test_a_megabyte_of_digits_is_read_in_linear_work() -> None:
    """An integer of a million digits overflows a double; it is never converted exactly, which would be quadratic."""
    assert load_document('{"a":' + "9" * 1_000_000 + "}") == {"a": math.inf}


@pytest.mark.parametrize("opener", ['{"a":', "["])
def test_nesting_is_bounded_by_a_fixed_depth(opener: str) -> None:
    """10,000 levels give None, not a RecursionError; the bound is the same however deep the caller's stack is."""
    closer = "}" if opener[0] == "{" else "]"

    def nested(levels: int) -> str:
        return '{"x":' + opener * (levels - 1) + "1" + closer * (levels - 1) + "}"

    assert load_document(nested(10_000)) is None
    assert load_document(nested(MAX_DEPTH + 1)) is None
    assert load_document(nested(MAX_DEPTH)) is not None


def test_brackets_within_texts_are_not_nesting() -> None:
    """Depth is counted outside strings, past escaped quotes, and closing brackets count back."""
    assert load_document('{"a":"\\"' + "[" * 2000 + '\\\\","b":[' + "[]," * 2000 + "[]]}") is not None


def test_a_caller_near_the_end_of_its_stack_gets_an_answer() -> None:
    """Where the stack has no room for the nesting, the answer is None (or, where the interpreter has a stack of its own
    for it, the document); never a RecursionError."""
    text = '{"a":' + "[" * 400 + "]" * 400 + "}"
    used, frame = 0, sys._getframe()
    while frame.f_back is not None:
        used, frame = used + 1, frame.f_back

    def deep(levels: int) -> object:
        return deep(levels - 1) if levels else load_document(text)

    assert load_document(text) is not None
    assert deep(sys.getrecursionlimit() - used - 150) in (None, load_document(text))


def test_missing_is_not_null() -> None:
    """The sentinel is like nothing in JSON, and says its name."""
    assert MISSING is not None
    assert repr(MISSING) == "MISSING"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-12, "-12"),
        (10**20, "1" + "0" * 20),
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (12.34, "12.34"),
        (100.0, "100.0"),
        (1e3, "1000.0"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (12345678.9, "1.23456789E7"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (1e21, "1.0E21"),
        (1.5e300, "1.5E300"),
        (2.2250738585072014e-308, "2.2250738585072014E-308"),
        (5e-324, "4.9E-324"),
        (2e-323, "2.0E-323"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (math.nan, "NaN"),
    ],
)
def test_numbers_print_as_java_prints_them(value: float, text: str) -> None:
    """The documentation of `Double.toString`: decimal from 10^-3 up to 10^7, else computerised scientific notation."""
    assert number_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(1e23)
@example(0.1 + 0.2)
@settings(max_examples=300, deadline=None)
def test_the_printed_double_is_the_double(value: float) -> None:
    """ "As many digits as tell the double from its neighbours, and no more"; the shape follows its size."""
    text = java_double(value)
    assert float(text.replace("E", "e")) == value
    mantissa, _, exponent = text.partition("E")
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    assert whole
    assert fraction
    assert bool(exponent) is (value != 0 and not 1e-3 <= abs(value) < 1e7)
    assert not exponent or (len(whole) == 1 and whole != "0")
    digits = len((whole + fraction).strip("0"))
    assert digits <= max(2, len(Decimal(repr(value)).normalize().as_tuple().digits))
