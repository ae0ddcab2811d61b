"""How a rejected pattern is shown to a person: one golden file for each kind of mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden import check_golden
from vedette.errors import PatternSyntaxError
from vedette.patterns import FilterPattern

GOLDEN = Path(__file__).with_name("golden")

MISTAKES = {
    "and-as-a-word": '{ $.eventName = "ConsoleLogin" AND $.errorMessage = * }',
    "assignment-doubled": '{ $.eventName == "ConsoleLogin" }',
    "bare-property": '{ eventName = "ConsoleLogin" }',
    "blank-in-bare-value": "{ ($.eventName = ConsoleLogin) && ($.errorMessage = Failed authentication) }",
    "bracket-after-dollar": "{ $['eventName'] = ConsoleLogin }",
    "brackets-with-double-quotes": '{ $.["user.name"] = "alice" }',
    "colon-in-bare-value": "{ $.userIdentity.arn = arn:aws:iam::111122223333:root }",
    "condition-missing": "{ $.errorCode }",
    "empty-braces": "{}",
    "empty-phrase": '"" ERROR',
    "empty-regex": "%%",
    "equals-null": "{ $.errorCode = null }",
    "exists": "{ $.errorCode EXISTS }",
    "exponent-out-of-range": "{ $.bytes > 1e99999999999 }",
    "field-asks-about-another": "[..., status = 4* && bytes > 1000]",
    "field-after-field": "[ip user, ...]",
    "field-name": "[ip, 2nd, ...]",
    "field-twice": "[status = 4*, status = 404, ...]",
    "form-not-closed": '{ $.eventName = "ConsoleLogin"',
    "index-negative": '{ $.resources[-1].type = "AWS::S3::Bucket" }',
    "index-too-large": "{ $.resources[4294967296] = * }",
    "is-not-null": "{ $.errorCode IS NOT NULL }",
    "negation": '{ !($.eventName = "ConsoleLogin") }',
    "not-before-selector": "{ NOT $.errorCode = * }",
    "not-exist": "{ $.errorCode NOT EXIST }",
    "operator-missing": '{ $.eventName "ConsoleLogin" }',
    "order-of-a-quoted-number": '{ $.bytes > "1000" }',
    "order-of-a-word": "{ $.severity >= high }",
    "parenthesis-not-closed": '{ ($.eventName = "ConsoleLogin" && $.errorCode = * }',
    "parenthesis-surplus": "{ $.errorCode = *) }",
    "parentheses-too-deep": "{" + "(" * 101 + "$.a = 1" + ")" * 101 + "}",
    "pattern-too-long": '"' + "x" * 1030 + '"',
    "phrase-crowded": '"ERROR"timeout',
    "phrase-not-closed": 'ERROR "time out',
    "phrase-not-closed-by-backslash": r'"C:\temp\"',
    "property-not-ascii": '{ $.größe = "1" }',
    "regex-among-terms": "ERROR %time.?out%",
    "regex-does-not-compile": r"{ $.userAgent = %curl\b% }",
    "regex-group": "%(ERROR|WARN)%",
    "regex-not-ascii": "%größe%",
    "regex-not-closed": "{ $.userAgent = %curl }",
    "regex-range": "%[9-0]%",
    "regex-repetition": "[ip = %10{3,1}%, ...]",
    "regex-sign": "%timeout!%",
    "regex-too-large": "%[a-z]{900}[0-9]{900}%",
    "regexes-too-many": "{ $.a = %x% || $.b = %y% || $.c = %z% }",
    "second-ellipsis": "[..., status, ...]",
    "selector-breaks-off": "{ $.userIdentity. = * }",
    "single-ampersand": "{ $.a = 1 & $.b = 2 }",
    "single-quotes": "{ $.eventName = 'ConsoleLogin' }",
    "sign-before-nothing": "ERROR - timeout",
    "star-in-term": "ERR*",
    "terminal-tricks": "{ $.a = \u202e\x1b[31mred }",
    "value-missing": "{ $.eventName = && $.errorCode = * }",
    "wildcards-in-one-selector": '{ $.a[*].b[*] = "x" }',
    "wildcards-too-many": "{ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.d[*] = 1 }",
}


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_error_text(name: str) -> None:
    """Message, place, AWS's words and hint, as a terminal shows them."""
    with pytest.raises(PatternSyntaxError) as caught:
        FilterPattern.parse(MISTAKES[name])
    check_golden(GOLDEN / f"{name}.txt", caught.value.render() + "\n")


def test_every_golden_file_is_of_a_mistake() -> None:
    """No file outlives its test."""
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(MISTAKES)


def test_a_hostile_pattern_cannot_steer_the_terminal() -> None:
    """What is shown holds no control and no bidirectional mark, whatever the pattern held."""
    with pytest.raises(PatternSyntaxError) as caught:
        FilterPattern.parse(MISTAKES["terminal-tricks"])
    assert "\x1b" not in caught.value.render()
    assert "\u202e" not in caught.value.render()
