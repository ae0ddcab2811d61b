"""A slow, obvious second opinion on filter patterns: it reads a pattern and answers as it reads.

It shares nothing with the product: no tokens, no tree, no glob or regex code, its own numbers. It expects patterns that
are valid, and is written from the rules, one function a rule.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

SELECTOR = re.compile(r"\$((?:\.?\[[^\]]*\]|\.\*|\.[A-Za-z0-9_-]+)+)")
STEP = re.compile(r"\.?\['(?P<key>[^']*)'\]|\.?\[(?P<index>[0-9]+)\]|\.?(?P<any>\*|\[\*\])|\.(?P<name>[A-Za-z0-9_-]+)")
VALUE = re.compile(r'"(?:\\"|\\\\|[^"])*"|%[^%]*%|[^\s()&|,{}\[\]"%=<>!]+')
OPERATOR = re.compile(r"!=|<=|>=|=|<|>")
NUMBER = re.compile(r"[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$")


@dataclass(frozen=True)
class Num:
    """A number: its exact value, or None where it overflows a double; and its text."""

    value: Fraction | None
    text: str


def number(spelling: str) -> Num:
    """Integers are exact; what has a point or an exponent is a double first."""
    if re.fullmatch("[+-]?[0-9]+", spelling):
        return Num(Fraction(int(spelling)), str(int(spelling)))
    double = float(spelling)
    if double in (float("inf"), float("-inf")):
        return Num(None, "Infinity" if double > 0 else "-Infinity")
    return Num(Fraction(double), double_text(double))


def double_text(double: float) -> str:
    """Between 0.001 and ten million plainly; otherwise one digit, the point, the others, E and the exponent."""
    exact = Decimal(repr(double)).normalize()
    if double == 0 or Decimal("0.001") <= abs(exact) < Decimal(10_000_000):
        plain = format(exact, "f")
        return plain if "." in plain else plain + ".0"
    sign, digits, exponent = exact.as_tuple()
    text = "".join(map(str, digits))
    return f"{'-' * sign}{text[0]}.{text[1:] or '0'}E{int(exponent) + len(text) - 1}"


def decode(message: str) -> dict[str, object] | None:
    """The object that the message is, with numbers as Num."""

    def refuse(name: str) -> object:
        raise ValueError(name)

    try:
        value = json.loads(message, parse_int=number, parse_float=number, parse_constant=refuse)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def answer(pattern: str, message: str) -> bool:
    """What CloudWatch Logs answers for a valid pattern."""
    pattern = pattern.strip(" \t\r\n")
    if not pattern:
        return True
    if pattern[0] == "{":
        document = decode(message)
        return document is not None and either(pattern[1:-1], document)[0]
    if pattern[0] == "%":
        return found(pattern[1:-1], message)
    if pattern[0] == "[":
        return line_fits(pattern[1:-1], message)
    return terms_fit(pattern, message)


# JSON patterns ---------------------------------------------------------------------------------------------------


def either(text: str, document: object) -> tuple[bool, str]:
    """Some of the parts between `||`, and what is left of the text."""
    holds, rest = both(text, document)
    while rest.lstrip().startswith("||"):
        other, rest = both(rest.lstrip()[2:], document)
        holds = holds or other
    return holds, rest


def both(text: str, document: object) -> tuple[bool, str]:
    """All of the parts between `&&`."""
    holds, rest = single(text, document)
    while rest.lstrip().startswith("&&"):
        other, rest = single(rest.lstrip()[2:], document)
        holds = holds and other
    return holds, rest


def single(text: str, document: object) -> tuple[bool, str]:
    """What stands in parentheses, or one condition."""
    text = text.lstrip()
    if text.startswith("("):
        holds, rest = either(text[1:], document)
        assert rest.lstrip().startswith(")"), rest
        return holds, rest.lstrip()[1:]
    selector = SELECTOR.match(text)
    assert selector, text
    steps = list(STEP.finditer(selector[1]))
    return condition(steps, text[selector.end() :].lstrip(), document)


def condition(steps: list[re.Match[str]], text: str, document: object) -> tuple[bool, str]:
    """What follows a selector."""
    values = reach(document, steps)
    wild = any(step["any"] for step in steps)
    keyword = re.match(r"(is\s+null|is\s+true|is\s+false|not\s+exists)", text, re.IGNORECASE)
    if keyword:
        rest = text[keyword.end() :]
        match keyword[1].lower().split():
            case ["is", "null"]:
                return any(v is None or (isinstance(v, list) and any(e is None for e in v)) for v in values), rest
            case ["is", word]:
                return any(v is (word == "true") for v in values), rest
        return values == [], rest
    operator = OPERATOR.match(text)
    assert operator, text
    text = text[operator.end() :].lstrip()
    value = VALUE.match(text)
    assert value, text
    rest = text[value.end() :]
    plain = [v for v in values if isinstance(v, str | Num)]
    if operator[0] == "!=" and wild:
        parent = steps[: next(i for i, step in enumerate(steps) if step["any"])]
        return reach(document, parent) != [] and not any(equal(v, value[0]) for v in plain), rest
    if operator[0] == "!=":
        return any(equal(v, value[0]) is False for v in plain), rest
    if operator[0] == "=":
        return any(equal(v, value[0]) for v in plain), rest
    return any(ordered(v, operator[0], value[0]) for v in plain), rest


def reach(value: object, steps: list[re.Match[str]]) -> list[object]:
    """Every value that the steps lead to."""
    if not steps:
        return [value]
    step, rest = steps[0], steps[1:]
    nexts: list[object] = []
    if step["any"]:
        nexts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    elif step["index"] is not None:
        if isinstance(value, list) and int(step["index"]) < len(value):
            nexts = [value[int(step["index"])]]
    else:
        key = step["name"] if step["key"] is None else step["key"]
        if isinstance(value, dict) and key in value:
            nexts = [value[key]]
    return [end for one in nexts for end in reach(one, rest)]


def equal(value: str | Num, literal: str) -> bool | None:
    """Equal, unequal, or None where neither can be said."""
    text = value if isinstance(value, str) else value.text
    if literal[0] == '"':
        return star(unescape(literal[1:-1]), text)
    if literal[0] == "%":
        return found(literal[1:-1], text)
    if not NUMBER.match(literal):
        return star(literal, text)
    if isinstance(value, str):
        return value == literal
    if value.value is None:
        return None
    return value.value == number(literal).value


def ordered(value: str | Num, operator: str, literal: str) -> bool:
    """Numbers that do not overflow, only."""
    left, right = (value.value if isinstance(value, Num) else None), number(literal).value
    if left is None or right is None:
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


def unescape(body: str) -> str:
    """A backslash before a quote or a backslash disappears."""
    out = ""
    while body:
        if body[:2] in ('\\"', "\\\\"):
            body = body[1:]
        out, body = out + body[0], body[1:]
    return out


def star(pattern: str, text: str) -> bool:
    """Each `*` swallows characters one by one until the text up to the next `*` follows, and never thinks again."""
    if "*" not in pattern:
        return pattern == text
    start, _, pattern = pattern.partition("*")
    if text[: len(start)] != start:
        return False
    text = text[len(start) :]
    while "*" in pattern:
        piece, _, pattern = pattern.partition("*")
        while text[: len(piece)] != piece:
            if not text:
                return False
            text = text[1:]
        text = text[len(piece) :]
    if not pattern:
        return True
    while text and text[: len(pattern)] != pattern:
        text = text[1:]
    return text == pattern


def found(expression: str, text: str) -> bool:
    """Python's own expressions, for those whose meaning is the same: `$` is the very end, classes are ASCII."""
    expression = re.sub(r"\\.|\$", lambda m: r"\Z" if m[0] == "$" else m[0], expression)
    return re.search(expression, text, re.ASCII) is not None


# Unstructured patterns -------------------------------------------------------------------------------------------


def terms_fit(pattern: str, message: str) -> bool:
    """Plain terms are all there, `-` terms are not; `?` terms count only alone, and one is enough."""
    plain, barred, optional = [], [], []
    for sign, phrase, word in re.findall(r'([-?]?)(?:"((?:\\"|\\\\|[^"])*)"|([^\s"?-]+))', pattern):
        {"": plain, "-": barred, "?": optional}[sign].append(word or unescape(phrase))
    if not plain and not barred:
        return any(term in message for term in optional)
    return all(term in message for term in plain) and not any(term in message for term in barred)


# Space-delimited patterns ----------------------------------------------------------------------------------------

WORD = re.compile(r'"(?P<quoted>[^"]*)"|\[(?P<bracketed>[^\]]*)\]|(?P<plain>[^ \t\r\n]+)')


def split_fields(pattern: str) -> list[str]:
    """The fields between commas that stand in no text and no expression."""
    pieces = re.findall(r'"(?:\\"|\\\\|[^"])*"|%[^%]*%|,|[^,"%]+', pattern)
    fields = [""]
    for piece in pieces:
        if piece == ",":
            fields.append("")
        else:
            fields[-1] += piece
    return [field.strip() for field in fields]


def line_fits(pattern: str, message: str) -> bool:
    """Every field's conditions hold of its word."""
    laid = lay(split_fields(pattern) if pattern.strip() else [], message)
    return laid is not None and all(either_word(field, word)[0] for field, word in laid if OPERATOR.search(field))


def lay(fields: list[str], message: str) -> list[tuple[str, str]] | None:
    """Which field stands on which word."""
    found_words = list(WORD.finditer(message))
    texts = [next(group for group in word.groups() if group is not None) for word in found_words]
    if not texts:
        return None
    if not fields:
        return []
    if "..." in fields:
        cut = fields.index("...")
        left, right = fields[:cut], fields[cut + 1 :]
        if len(texts) < len(left) + len(right):
            return None
        return [*zip(left, texts, strict=False), *zip(right, texts[len(texts) - len(right) :], strict=True)]
    if len(texts) < len(fields):
        return None
    if len(texts) > len(fields):
        last = found_words[len(fields) - 1]
        texts = [*texts[: len(fields) - 1], message[last.start() :]]
    return list(zip(fields, texts, strict=True))


def either_word(text: str, word: str) -> tuple[bool, str]:
    holds, rest = both_word(text, word)
    while rest.lstrip().startswith("||"):
        other, rest = both_word(rest.lstrip()[2:], word)
        holds = holds or other
    return holds, rest


def both_word(text: str, word: str) -> tuple[bool, str]:
    holds, rest = single_word(text, word)
    while rest.lstrip().startswith("&&"):
        other, rest = single_word(rest.lstrip()[2:], word)
        holds = holds and other
    return holds, rest


def single_word(text: str, word: str) -> tuple[bool, str]:
    text = text.lstrip()
    if text.startswith("("):
        holds, rest = either_word(text[1:], word)
        return holds, rest.lstrip()[1:]
    parts = re.match(r"([A-Za-z_][A-Za-z0-9_-]*)\s*(!=|<=|>=|=|<|>)\s*", text)
    assert parts, text
    value = VALUE.match(text[parts.end() :])
    assert value, text
    return word_condition(parts[2], value[0], word), text[parts.end() + value.end() :]


def word_condition(operator: str, literal: str, word: str) -> bool:
    """Against a number, a word that looks like one is one; against anything else it is text."""
    looks = NUMBER.match(word) and number(word).value is not None
    if operator in ("=", "!="):
        equals = bool(equal(word, literal)) or bool(NUMBER.match(literal) and looks and equal(number(word), literal))
        return equals is (operator == "=")
    return bool(looks) and ordered(number(word), operator, literal)
