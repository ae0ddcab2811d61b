"""AWS's regular expressions, run by RE2."""

from __future__ import annotations

import gc
import re
import sys
from types import FrameType

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vedette.predicates.regex import MAX_POSITIONS, Regex, RegexError, compile_regex, forbidden_character

ALLOWED = "".join(map(chr, range(32, 127))).translate(dict.fromkeys(map(ord, "!\"&'()<>`~%")))
ALLOWED_WORD = "_" + "".join(char for char in ALLOWED if char.isalnum())
PIECES = st.sampled_from(
    [
        "a",
        "b",
        "-",
        ".",
        r"\.",
        r"\d",
        r"\w",
        r"\s",
        r"\S",
        r"\W",
        r"\D",
        r"\x62",
        "[ab]",
        "[^a]",
        "[a-c]",
        r"[\d_-]",
        r"[\W\S]",
        "[]a]",
        "[^]a]",
        "_",
        " ",
        "=",
        "]",
        "}",
        r"\{",
        r"\\",
        "a?",
        "b*",
        "a+",
        "a{2}",
        "[ab]{1,2}",
        "a{,2}",
        "b{1,}",
        "a*?",
        r"\d{2}?",
    ]
)
EXPRESSIONS = st.lists(st.lists(PIECES, max_size=4).map("".join), min_size=1, max_size=3).map("|".join)


def python_regex(source: str) -> re.Pattern[str]:
    """The same expression for Python, where the two dialects say the same: ASCII classes, `$` the very end, and no
    vertical tab among the blanks."""
    source = re.sub(r"\[\]|\[\^\]", lambda m: m[0][:-1] + r"\]", source)
    return re.compile(re.sub(r"\\.|\$", lambda m: r"\Z" if m[0] == "$" else m[0], source), re.ASCII)


@given(st.tuples(st.sampled_from(["", "^"]), EXPRESSIONS, st.sampled_from(["", "$"])), st.text("abc-_.1 =]}{\\\té\n"))
@settings(max_examples=600, deadline=None)
def test_expressions_search_as_in_python(parts: tuple[str, str, str], text: str) -> None:
    """`\\d \\w \\s` are ASCII, `.` is not a line feed, `^` and `$` are the ends of the text, `{,n}` starts at none; an
    expression is found anywhere."""
    source = "".join(parts)
    assert compile_regex(source).search(text) is (python_regex(source).search(text) is not None)


@given(st.text(ALLOWED, max_size=20))
@settings(max_examples=600, deadline=None)
def test_any_expression_compiles_or_says_where_not(source: str) -> None:
    """Arbitrary text of the allowed characters either compiles or raises RegexError with a place in it."""
    try:
        assert isinstance(compile_regex(source), Regex)
    except RegexError as error:
        assert 0 <= error.start < error.end <= max(len(source), 1) + 1
        assert error.message


@given(st.text(ALLOWED, max_size=12), st.text(max_size=20))
@settings(max_examples=300, deadline=None)
def test_what_compiles_for_both_means_the_same(source: str, text: str) -> None:
    """Random expressions, not only well-made ones: where Python accepts the same text, it finds the same."""
    assume("\x0b" not in text and not re.search(r"\[\^?\]|[\d,}]\?|\\[bBAZ]", source))
    try:
        ours, theirs = compile_regex(source), python_regex(source)
    except (RegexError, re.error, FutureWarning, DeprecationWarning):
        return
    assert ours.search(text) is (theirs.search(text) is not None)


@pytest.mark.parametrize("char", [*"!\"&'()<>`~%", "é", "\t", "\n", "\x00"])
def test_forbidden_characters(char: str) -> None:
    """ "Allowed characters: A-Z a-z 0-9, symbols : _ # = @ / ; , -, operators ^ $ ? [ ] { } | \\ * + . and space"."""
    assert forbidden_character(f"ab{char}") == 2
    with pytest.raises(RegexError) as caught:
        compile_regex(f"ab\\{char}")
    assert (caught.value.start, caught.value.end) == (3, 4)
    assert forbidden_character(ALLOWED) is None


@pytest.mark.parametrize(
    "source",
    [
        r"\p",
        r"\b",
        r"\n",
        r"\1",
        "[z-a]",
        "a++",
        "a**",
        "a{2}{3}",
        "a{2}*",
        "*a",
        "|*",
        "^*",
        "$+",
        "a{",
        "a{,}",
        "a{x}",
        "a{3,2}",
        "a{1001}",
        "a{9999999999999999999}",
        "[a",
        "[",
        "[^",
        "[]",
        "\\",
        "[\\",
        r"\x4",
        r"\xg1",
        r"[\x]",
        r"[a-\d]",
        r"[\w-z]",
        "[[:alpha:]]",
        "[a-z]{1000}[a-z]{25}",
    ],
)
def test_what_does_not_compile(source: str) -> None:
    """Recorded: `\\p`, `[z-a]`, `a++`; the others are chosen, and told in the module."""
    with pytest.raises(RegexError):
        compile_regex(source)


def test_classes_are_ascii_and_blanks_are_five() -> None:
    """`\\s` is tab, line feed, form feed, carriage return and blank; each capital is the rest of all characters."""
    for small, members in (("s", "\t\n\f\r "), ("d", "0123456789"), ("w", ALLOWED_WORD)):
        for char in map(chr, [*range(300), 0x2028, 0x1F600]):
            assert compile_regex(f"^\\{small}$").search(char) is (char in members)
            assert compile_regex(f"^\\{small.upper()}$").search(char) is (char not in members)
            assert compile_regex(f"^[\\{small.upper()}]$").search(char) is (char not in members)


def test_an_unpaired_surrogate_is_one_character_and_no_literal() -> None:
    """Half a surrogate pair, which JSON can escape, cannot be encoded for RE2; it must not raise."""
    assert compile_regex("^a.b$").search("a\ud800b")
    assert compile_regex("^[^x]$").search("\udfff")
    assert not compile_regex(r"^\x3f$").search("\ud800")
    assert compile_regex("^..$").search("\ud800é")


def test_a_hostile_text_meets_linear_work() -> None:
    """ "A pathological pattern on a 1 MB field cannot stall a scan": the search is one call into RE2, which reads each
    character once, whatever stood before it; no line of Python runs per character. Counted, not timed: the number of
    Python lines run is the same for a thousand characters as for a million, and a backtracking engine would never
    come back from either."""
    regex = compile_regex("a?" * 60 + "a" * 60 + "[ab]+[ab]+[ab]+[ab]+[ab]+c$")

    def lines(text: str) -> int:
        count = 0

        def trace(frame: FrameType, event: str, argument: object) -> object:
            nonlocal count
            count += event == "line"
            return trace

        before = sys.gettrace()
        gc.disable()  # whatever asks to be called before and after a collection has lines, too
        sys.settrace(trace)
        try:
            assert not regex.search(text)
        finally:
            sys.settrace(before)
            gc.enable()
        return count

    assert lines("a" * 1_000) == lines("a" * 1_000_000)
    assert type(regex._program).__module__.partition(".")[0] == "re2"


def test_the_work_for_one_character_is_bounded_by_the_size_of_the_expression() -> None:
    """Repetitions count as often as they are written out, and the sum is bounded."""
    assert compile_regex("a{3}[bc]{2,4}.?").positions == 3 + 4 + 1
    assert compile_regex("(".replace("(", "a") * MAX_POSITIONS).positions == MAX_POSITIONS
    with pytest.raises(RegexError, match="too large"):
        compile_regex("a" * MAX_POSITIONS + "b")
