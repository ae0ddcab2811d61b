"""Explanations: the words for each way in which a condition holds or does not."""

from __future__ import annotations

import pytest

from vedette.patterns import FilterPattern
from vedette.predicates.document import load_document
from vedette.predicates.evaluate import evaluate
from vedette.predicates.explain import Explanation, absence, explain
from vedette.predicates.tree import EACH, Compare, Constant, Not, NumberOrder, Order, Selector, TextGlob

RECORD = """{"eventName": "ConsoleLogin", "userIdentity": {"type": "Root"}, "readOnly": false, "flag": "true",
 "count": 4, "size": 1e3, "huge": 1e309, "ip": "10.0.10.0", "none": null, "tags": ["a", null, "b"], "empty": [],
 "items": [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}, {"n": 5}, {"n": 6}], "long": "%s"}""" % ("x" * 300)


def explained(condition: str) -> Explanation:
    predicate, document = FilterPattern.parse(f"{{ {condition} }}").predicate, load_document(RECORD)
    assert predicate is not None
    assert document is not None
    explanation = explain(predicate, document)
    assert explanation.holds is evaluate(predicate, document)
    return explanation


@pytest.mark.parametrize(
    ("condition", "sign", "why", "seen"),
    [
        ('$.eventName = "ConsoleLogin"', "+", '"ConsoleLogin" is equal', '"ConsoleLogin"'),
        ("$.eventName = Console*", "+", '"ConsoleLogin" fits', '"ConsoleLogin"'),
        ("$.eventName = *Logout", "-", '"ConsoleLogin" does not fit', '"ConsoleLogin"'),
        ("$.eventName = consolelogin", "-", '"ConsoleLogin" differs in case, and case counts', '"ConsoleLogin"'),
        ("$.eventName = Login", "-", '"ConsoleLogin" is different', '"ConsoleLogin"'),
        ("$.eventName = %^C.*n$%", "+", 'the expression is found in "ConsoleLogin"', '"ConsoleLogin"'),
        ("$.size = %^1000$%", "-", "the expression is not found in the number's text 1000.0", "1000.0"),
        ('$.size = "1000.0"', "+", "the number's text 1000.0 is equal", "1000.0"),
        (
            '$.ip = "*0.0"',
            "-",
            'what follows a `*` counts at its first place: `0.0` occurs earlier in "10.0.10.0", or too late',
            '"10.0.10.0"',
        ),
        ("$.count = 4", "+", "the numbers are equal", "4"),
        ("$.count != 4", "-", "the numbers are equal", "4"),
        ("$.count = 5", "-", "the numbers are different", "4"),
        ("$.ip = 10", "-", "a string is compared with the spelling `10`, which is not the same", '"10.0.10.0"'),
        (
            "$.huge = 1",
            "-",
            "the number overflows a double, and is neither equal nor unequal to any number",
            "Infinity",
        ),
        ("$.count > 3", "+", "4 > 3", "4"),
        ("$.count < 3", "-", "4 is not < 3", "4"),
        ("$.ip > 3", "-", "the value is a string; only numbers have an order", '"10.0.10.0"'),
        ("$.huge > 3", "-", "a number that overflows a double has no order", "Infinity"),
        ("$.count < 1e309", "-", "a number that overflows a double has no order", "4"),
        ("$.readOnly = false", "-", "a JSON boolean compares with nothing: ask `$.readOnly IS FALSE`", "false"),
        ("$.none != x", "-", "null is neither equal nor unequal to anything: ask `$.none IS NULL`", "null"),
        (
            "$.tags = a",
            "-",
            "an array compares with nothing: ask for its elements, `$.tags[*]`",
            "an array of 3 elements",
        ),
        (
            "$.userIdentity = Root",
            "-",
            "an object compares with nothing: ask for one of its properties",
            "an object of 1 property",
        ),
        ("$.errorCode = *", "-", "the document has no `errorCode`", None),
        (
            "$.errorCode != x",
            "-",
            "the document has no `errorCode`; `!=` does not match what is missing: add `|| $.errorCode NOT EXISTS`",
            None,
        ),
        (
            "$.UserIdentity.type = Root",
            "-",
            'the document has no `UserIdentity`, but "userIdentity"; case counts',
            None,
        ),
        ("$.userIdentity.arn = *", "-", "$.userIdentity has no `arn`", None),
        ("$.eventName.x = *", "-", '$.eventName is the string "ConsoleLogin", and has nothing inside', None),
        ("$.tags[7] = *", "-", "$.tags is an array of 3 elements, and has no element 7", None),
        ("$.empty.x = *", "-", "$.empty is an array of 0 elements, and has no `x`", None),
        ("$.userIdentity[0] = *", "-", "$.userIdentity is an object; an index is for arrays", None),
        ("$.readOnly.x NOT EXISTS", "+", "$.readOnly is the JSON boolean false, and has nothing inside", None),
        ("$.errorCode NOT EXISTS", "+", "the document has no `errorCode`", None),
        ("$.none NOT EXISTS", "-", "there is a value, even if it should be null", "null"),
        ("$.none IS NULL", "+", "the value is null, or an array that holds a null", "null"),
        ("$.tags IS NULL", "+", "the value is null, or an array that holds a null", "an array of 3 elements"),
        ("$.count IS NULL", "-", "the value is the number 4, not null", "4"),
        ("$.errorCode IS NULL", "-", "the document has no `errorCode`", None),
        ("$.readOnly IS FALSE", "+", "the value is the JSON boolean false", "false"),
        ("$.readOnly IS TRUE", "-", "the value is the JSON boolean false, not the JSON boolean true", "false"),
        (
            "$.flag IS TRUE",
            "-",
            'the value is the string "true", not the JSON boolean; `= true` matches strings',
            '"true"',
        ),
        ("$.none IS TRUE", "-", "the value is null, not the JSON boolean true", "null"),
        ("$.tags[*] = b", "+", 'one value fits: "b"', '"a" null "b"'),
        ("$.tags[*] = c", "-", "none of the 3 values fits", '"a" null "b"'),
        ("$.tags[*] IS TRUE", "-", "no value is the JSON boolean true", '"a" null "b"'),
        ("$.items[*].n IS NULL", "-", "no value is null", "1 2 3 4 5 and 1 more"),
        ("$.empty[*] = c", "-", "$.empty is an array of 0 elements, in which nothing is selected", None),
        ("$.tags[*] != c", "+", "with a wildcard, `!=` asks that no value is equal, and none is", '"a" null "b"'),
        ("$.tags[*] != a", "-", "with a wildcard, `!=` asks that no value is equal, but one is", '"a" null "b"'),
        ("$.gone[*] != a", "-", "the document has no `gone`; `!=` does not match what is missing", None),
        ("$.long = y", "-", '"' + "x" * 117 + '..." is different', '"' + "x" * 117 + '..."'),
    ],
)
def test_why(condition: str, sign: str, why: str, seen: str | None) -> None:
    """The verdict, the reason in words, and the values looked at."""
    explanation = explained(condition)
    assert (explanation.holds, explanation.why) == (sign == "+", why)
    assert " ".join(explanation.seen) == (seen or "")


def test_the_whole_is_explained_by_its_parts() -> None:
    """Every part is shown, also where the verdict was clear before it."""
    explanation = explained("($.count = 4 || $.count = 5) && $.count = 6")
    assert explanation.condition == "($.count = 4 || $.count = 5) && $.count = 6"
    assert explanation.why == "1 of its 2 parts does not hold"
    assert [(part.holds, part.why) for part in explanation.parts] == [
        (True, "1 of its 2 parts holds"),
        (False, "the numbers are different"),
    ]
    assert explained("$.count = 4 && $.count > 3").why == "all its 2 parts hold"
    assert explained("$.count = 5 || $.count > 9").why == "none of its 2 parts holds"


def test_what_patterns_cannot_say_is_explained_too() -> None:
    """Exceptions deny, and constants answer."""
    four = Compare(Selector(("count",)), TextGlob("4"))
    document = {"count": 4}
    denied = explain(Not(four), document)
    assert (denied.condition, denied.holds, denied.why) == ('NOT ($.count = "4")', False, "what is denied holds")
    assert explain(Not(Constant(False)), document).why == "what is denied does not hold"
    assert explain(Constant(True), document) == Explanation("TRUE", True, "it always holds")
    assert explain(Constant(False), document) == Explanation("FALSE", False, "it never holds")
    unordered = Compare(Selector(("count",)), NumberOrder(Order.LESS, "4"), negated=True)
    assert explain(unordered, document).holds is evaluate(unordered, document) is True


def test_a_path_that_does_not_break_off() -> None:
    """Asked about a value that is there, `absence` says so."""
    assert absence(Selector(("a",)), {"a": 1}) == "$.a has a value"
    assert (
        absence(Selector((EACH, "b")), {"a": 1})
        == "the document is an object of 1 property, in which nothing is selected"
    )


def test_hostile_values_are_shown_in_ascii() -> None:
    """ "Evidence is hostile": controls and bidirectional marks come escaped."""
    condition = Compare(Selector(("a",)), TextGlob("x"))
    explanation = explain(condition, {"a": "\x1b[2J\u202eevil"})
    assert explanation.seen == ('"\\u001b[2J\\u202eevil"',)
    assert explanation.why == '"\\u001b[2J\\u202eevil" is different'
    absent = explain(Compare(Selector(("k",)), TextGlob("x")), {"K": 1, "\x1b": 2})
    assert absent.why.isprintable()
