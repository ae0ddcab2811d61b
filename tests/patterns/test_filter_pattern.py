"""The public face of patterns: what they tell about themselves, quotas, and hostile input."""

from __future__ import annotations

import pytest

from vedette.errors import PatternSyntaxError
from vedette.patterns import FilterPattern
from vedette.patterns.words import words
from vedette.predicates.tree import Compare, Constant, Selector, TextGlob


def test_a_pattern_tells_what_it_asks() -> None:
    """Only JSON patterns, and the empty one, ask a question about a decoded record."""
    assert FilterPattern.parse("{ $.a = x }").predicate == Compare(Selector(("a",)), TextGlob("x"))
    assert FilterPattern.parse(" ").predicate == Constant(True)
    for text in ("ERROR", "%a%", "[a]"):
        assert FilterPattern.parse(text).predicate is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("ERROR", 0),
        ("%a%", 1),
        ("{ $.a = x }", 0),
        ("{ $.a = %x% || $.b != %y% }", 2),
        ("[a=%x% || (a=%y% && a!=z), b, ...]", 2),
        ("[..., a=%x%]", 1),
    ],
)
def test_regular_expressions_are_counted(text: str, count: int) -> None:
    """AWS allows two in a pattern, and five patterns with any in a log group."""
    assert FilterPattern.parse(text).regex_count == count


def test_equality_is_of_meaning_not_of_spelling() -> None:
    """Blanks, quotes and needless parentheses do not count; values and their order do."""
    one = FilterPattern.parse('{($.a="x")&&$.b=1}')
    assert one == FilterPattern.parse("{ $.a = x && ($.b = 1) }")
    assert one != FilterPattern.parse('{ $.a = x && $.b = "1" }')
    assert one != FilterPattern.parse("{ $.b = 1 && $.a = x }")
    assert one.source == '{($.a="x")&&$.b=1}'
    assert len({one, FilterPattern.parse("{ $.a = x && ($.b = 1) }")}) == 1


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (" ", ""),
        ("  a-b  ?c", "a -b ?c"),
        ('"word" "two words"', 'word "two words"'),
        ("%a|b%", "%a|b%"),
        ("{$.a=*&&($.b!=x||$.c>1)}", '{ $.a = * && ($.b != "x" || $.c > 1) }'),
        ("{ ($.a = 1 && $.b = 2) || $.c is null }", "{ $.a = 1 && $.b = 2 || $.c IS NULL }"),
        ("{ $.*.b not exists }", "{ $.*.b NOT EXISTS }"),
        ("{ $.a.['b c'].d.* IS FALSE }", "{ $.a['b c'].d[*] IS FALSE }"),
        ("[ a,,...,b=1||b=x ]", '[a, , ..., b = 1 || b = "x"]'),
        ("[]", "[]"),
    ],
)
def test_canonical_spelling(text: str, canonical: str) -> None:
    """Quotes round texts, blanks round operators, no needless parentheses, keywords in capitals."""
    assert str(FilterPattern.parse(text)) == canonical


def test_a_pattern_over_the_quotas_can_be_read_on_demand() -> None:
    """ "A pattern over AWS's quotas, so not deployable natively": rejected as AWS does, unless quotas are set aside."""
    long = "{ " + " || ".join(f'$.field = "value number {n}"' for n in range(60)) + " }"
    expressions = "{ $.a = %x% || $.b = %y% || $.c = %z% }"
    wildcards = "{ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.d[*] = 1 }"
    for text, excess in (
        (long, f"{len(long)} characters, 1024 allowed"),
        (expressions, "3 regular expressions, 2 allowed"),
        (wildcards, "4 selectors with a wildcard, 3 allowed"),
    ):
        with pytest.raises(PatternSyntaxError):
            FilterPattern.parse(text)
        pattern = FilterPattern.parse(text, quotas=False)
        assert pattern.over_quota == (excess,)
        assert FilterPattern.parse(str(pattern), quotas=False) == pattern
    assert FilterPattern.parse("ERROR").over_quota == ()
    with pytest.raises(PatternSyntaxError):
        FilterPattern.parse("[a=%x% && a=%y% && a=%z%]")
    assert FilterPattern.parse("[a=%x% && a=%y% && a=%z%]", quotas=False).regex_count == 3


def test_the_length_limit_is_exact() -> None:
    """FilterPattern has at most 1024 characters."""
    assert FilterPattern.parse("x" * 1024).matches("x" * 1024)
    with pytest.raises(PatternSyntaxError) as caught:
        FilterPattern.parse("x" * 1025)
    assert caught.value.aws_message.endswith("Member must have length less than or equal to 1024")


def test_the_canonical_spelling_fits_where_the_source_did() -> None:
    """A pattern of 1024 characters has a canonical spelling of no more."""
    text = "{" + "||".join(f"$.a={n}x" for n in range(100))
    text += "||$.b=" + "y" * (1024 - len(text) - 7) + "}"
    assert len(text) == 1024
    pattern = FilterPattern.parse(text)
    assert len(str(pattern)) <= 1024
    assert FilterPattern.parse(str(pattern)) == pattern


def test_deep_parentheses_are_refused_and_not_followed() -> None:
    """No pattern exhausts the stack, with or without quotas."""
    deep = "{" + "(" * 5000 + "$.a = 1" + ")" * 5000 + "}"
    with pytest.raises(PatternSyntaxError):
        FilterPattern.parse(deep, quotas=False)
    most = "{" + "(" * 100 + "$.a = 1" + ")" * 100 + "}"
    assert FilterPattern.parse(most) == FilterPattern.parse("{ $.a = 1 }")
    nested = "{" + "($.a = 1 || $.b = 1 && " * 40 + "$.c = 1" + ")" * 40 + "}"
    assert FilterPattern.parse(nested).matches('{"c": 1, "b": 1}')


class Searched(str):
    """A text that counts how often it is searched."""

    __slots__ = ("searches",)
    searches: int

    def find(self, *arguments: object) -> int:  # type: ignore[override]
        self.searches = getattr(self, "searches", 0) + 1
        return str.find(self, *arguments)  # type: ignore[arg-type]


def test_opening_signs_without_closing_ones_are_searched_once() -> None:
    """A line of unanswered brackets must not cost the square of its length: a search for a closing sign that failed
    once is not repeated."""
    assert [word.text for word in words('[ " [ "')] == ["[", " [ "]
    assert [word.text for word in words("[ [ [")] == ["[", "[", "["]
    hostile = Searched('[ " ' + "[ x " * 10_000)
    assert len(words(hostile)) == 20_002
    assert hostile.searches == 2


def test_a_megabyte_of_hostile_json_is_answered() -> None:
    """Depth, digits and duplicate keys in bulk: an answer, and no exception."""
    pattern = FilterPattern.parse(r"{ $.a = %^(x\|)*$% }".replace("(", "[").replace(")", "]"))
    assert not pattern.matches('{"a":' * 200_000)
    assert pattern.matches('{"a":"' + "x|" * 500_000 + '"}')
    assert not pattern.matches('{"a":' + "9" * 1_000_000 + "}")
    assert not pattern.matches('{"a":1,' * 100 + '"b":1}')
