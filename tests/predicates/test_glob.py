"""The star of text conditions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_patterns import star
from vedette.predicates.glob import glob_holds


@given(st.text("ab*", max_size=6), st.text("ab*", max_size=8))
@settings(max_examples=600, deadline=None)
def test_globs_answer_as_the_reference(pattern: str, text: str) -> None:
    """ "The text after a `*` has to be found, and its first place counts."""
    assert glob_holds(pattern, text) is star(pattern, text)


@given(st.text("ab", max_size=4), st.text("ab", max_size=4), st.text("ab", max_size=8))
@settings(max_examples=200, deadline=None)
def test_a_star_at_one_end_only_is_a_prefix_or_the_first_place(head: str, tail: str, text: str) -> None:
    """A prefix is a prefix; a suffix is one that does not occur earlier; both are an infix."""
    assert glob_holds(head + "*", text) is text.startswith(head)
    assert glob_holds("*" + tail, text) is (not tail or text.find(tail) == len(text) - len(tail) >= 0)
    assert glob_holds("*" + tail + "*", text) is (tail in text)


@pytest.mark.parametrize(
    ("pattern", "text", "holds"),
    [
        ("111*111", "111.111.111.111", False),
        ("*111.111.111", "111.111.111.111", False),
        ("*.111.111.111", "111.111.111.111", True),
        ("1*3", "123", True),
        ("", "", True),
        ("*", "", True),
        ("**", "x", True),
        ("a*a", "a", False),
        ("?", "x", False),
    ],
)
def test_recorded_globs(pattern: str, text: str, holds: bool) -> None:
    """The recorded answers that show the rule, and its edges."""
    assert glob_holds(pattern, text) is holds
