"""Filter patterns against the slow reference, on random patterns and messages."""

from __future__ import annotations

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from random_patterns import (
    EXPRESSION_PATTERNS,
    JSON_PATTERNS,
    LINES,
    MESSAGES,
    PATTERNS,
    conditions,
    field_patterns,
    messages_of,
    term_patterns,
)
from reference_patterns import answer
from vedette.errors import PatternSyntaxError
from vedette.patterns import FilterPattern
from vedette.predicates.document import load_document
from vedette.predicates.evaluate import evaluate
from vedette.predicates.explain import Explanation, explain
from vedette.predicates.tree import Predicate

SIGNS = "{}[]()%$.,=!<>&|-+*?\"'\\ \tabx01_é:"
LIKE_PATTERNS = st.one_of(
    st.text(max_size=40),
    st.text(SIGNS, max_size=40),
    st.text(SIGNS, max_size=30).map("{{{}}}".format),
    st.text(SIGNS, max_size=30).map("{{ $.a {} }}".format),
    st.text(SIGNS, max_size=30).map("[{}]".format),
    st.text(SIGNS, max_size=30).map("%{}%".format),
)


def parsed(text: str) -> FilterPattern:
    """The pattern, of a text that asks for three wildcards or regular expressions at times."""
    return FilterPattern.parse(text, quotas=False)


@given(JSON_PATTERNS, messages_of())
@example("{ $.a[*] != 1 }", '{"a": [1e309]}')
@example("{ $.a != 1 }", '{"a": 1e309}')
@example('{ $.a = "*aa" }', '{"a": "aaa"}')
@settings(max_examples=400, deadline=None)
def test_json_patterns_have_one_answer(text: str, message: str) -> None:
    """ "JSON patterns compile onto the predicate tree, so that detections on decoded records and `matches` on raw text
    give one answer": evaluate, explain, matches and the reference agree."""
    pattern = parsed(text)
    document = load_document(message)
    assert document is not None
    assert pattern.predicate is not None
    expected = answer(text, message)
    assert pattern.matches(message) is expected
    assert evaluate(pattern.predicate, document) is expected
    assert explain(pattern.predicate, document).holds is expected


@given(JSON_PATTERNS, messages_of())
@settings(max_examples=150, deadline=None)
def test_every_clause_is_explained_as_it_is_evaluated(text: str, message: str) -> None:
    """ "A verdict and its explanation come from the same tree, and a test proves they agree": for every clause."""
    predicate, document = parsed(text).predicate, load_document(message)
    assert predicate is not None
    assert document is not None

    def check(part: Predicate, explanation: Explanation) -> None:
        assert explanation.holds is evaluate(part, document)
        assert explanation.why.isprintable()
        assert all(seen.isprintable() for seen in explanation.seen)
        inner = getattr(part, "parts", ())
        for one, other in zip(inner, explanation.parts, strict=True):
            check(one, other)

    check(predicate, explain(predicate, document))


@given(st.one_of(term_patterns(), EXPRESSION_PATTERNS, st.sampled_from(["", " ", "\n"])), MESSAGES)
@settings(max_examples=300, deadline=None)
def test_patterns_on_text_answer_as_the_reference(text: str, message: str) -> None:
    """ "Include = case-sensitive substring; all includes must be present, all excludes absent; `?` terms are an OR, and
    ignored if any include or exclude is present"; a regular expression is found anywhere."""
    assert parsed(text).matches(message) is answer(text, message)


@given(field_patterns(), LINES)
@settings(max_examples=400, deadline=None)
def test_fields_answer_as_the_reference(text: str, message: str) -> None:
    """ "Without `...` the event must have at least as many words as fields; if more, the last field takes the raw rest
    of the line. With `...`: leading fields align from the left, trailing ones from the right.\""""
    pattern = parsed(text)
    assert pattern.matches(message) is answer(text, message)
    assert bool(pattern.extract(message)) is pattern.matches(message)


@given(PATTERNS)
@settings(max_examples=400, deadline=None)
def test_what_is_printed_reads_as_the_same_pattern(text: str) -> None:
    """ "`str()` printing canonical source with `parse(str(p)) == p`", and printing is at rest after one round."""
    pattern = parsed(text)
    again = parsed(str(pattern))
    assert again == pattern
    assert hash(again) == hash(pattern)
    assert str(again) == str(pattern)


@given(PATTERNS, MESSAGES)
@settings(max_examples=150, deadline=None)
def test_the_canonical_spelling_answers_alike(text: str, message: str) -> None:
    """Printing changes no answer."""
    assert parsed(str(parsed(text))).matches(message) is parsed(text).matches(message)


@given(st.lists(conditions(), min_size=20, max_size=60).map(" || ".join).map("{{ {} }}".format))
@settings(max_examples=30, deadline=None)
def test_a_pattern_of_any_length_can_be_printed_within_its_own(text: str) -> None:
    """Canonical spelling adds blanks and quotes; where that would exceed 1024 characters, the compact one is used, and
    is never longer than what was read."""
    printed = str(parsed(text))
    assert len(printed) <= max(len(text), 1024)
    assert parsed(printed) == parsed(text)


@given(LIKE_PATTERNS)
@settings(max_examples=800, deadline=None)
def test_any_text_is_a_pattern_or_a_syntax_error(text: str) -> None:
    """Parsing arbitrary text either returns a pattern, which prints and reads back, or raises PatternSyntaxError."""
    try:
        pattern = FilterPattern.parse(text)
    except PatternSyntaxError as error:
        assert error.aws_message
        assert 0 <= error.span.start <= len(text)
        assert error.render()
    else:
        assert FilterPattern.parse(str(pattern)) == pattern
        assert pattern.over_quota == ()


@given(PATTERNS, st.one_of(st.text(), st.text('{}[]":, \\1ea-', max_size=60)))
@settings(max_examples=300, deadline=None)
def test_no_message_raises(text: str, message: str) -> None:
    """`matches` and `extract` of arbitrary text never raise; only a space-delimited pattern extracts."""
    pattern = parsed(text)
    assert isinstance(pattern.matches(message), bool)
    extracted = pattern.extract(message)
    assert not extracted or text.strip().startswith("[")


@given(JSON_PATTERNS)
@settings(max_examples=100, deadline=None)
def test_what_is_no_json_object_never_matches(text: str) -> None:
    """ "The whole message must parse as one JSON object: anything else never matches, not even `NOT EXISTS`.\""""
    pattern = parsed(text)
    for message in ("", "not JSON", "[{}]", '"{}"', "{} {}", "{broken", '{"a":NaN}', "null", "\ufeff{}"):
        assert not pattern.matches(message)


@given(LIKE_PATTERNS)
@settings(max_examples=200, deadline=None)
def test_blanks_around_a_pattern_do_not_count(text: str) -> None:
    """The form is "decided by the first non-blank character"; outer blanks are no part of the pattern."""
    assume(len(text) < 1000)
    outcomes = []
    for variant in (text, f" \t{text}\n"):
        try:
            outcomes.append(FilterPattern.parse(variant))
        except PatternSyntaxError as error:
            outcomes.append(error.aws_message)
    assert outcomes[0] == outcomes[1]
