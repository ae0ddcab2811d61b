"""Random filter patterns of every form, random documents that they have a chance to match, and random messages."""

from __future__ import annotations

import json

from hypothesis import strategies as st

NAMES = ["a", "b", "x.y"]
TEXTS = ["", "a", "A", "aa", "aab", "1", "1.0", "01", "1e3", "1000.0", "true", "null", "a*b", "a b", 'a"b', "a\\b", "é"]
NUMBERS = ["0", "1", "+1", "-1", "1.0", "1e0", "1e3", "1000", "-0.0", "9007199254740993", "1e309", "1e-9", "12345678.5"]
GLOBS = ["*", "a*", "*a", "*aa", "a*b", "*a*", "1*", "*0", "*.0", "a**b"]
BARE = ["a", "aa", "a.b", "true", "a*", "*b", "1*0", "-a", "a+b"]
EXPRESSIONS = [
    "a",
    "^a",
    "a$",
    "^$",
    "[0-9]+",
    "a|1",
    r"\d\.\d",
    "a{2}",
    "a{,2}b",
    "[^a]",
    r"\w\s\w",
    ".a",
    "a+?b",
    "E",
]

LITERALS = st.one_of(
    st.sampled_from([*(json.dumps(t, ensure_ascii=False) for t in TEXTS), *(f'"{g}"' for g in GLOBS)]),
    st.sampled_from([*NUMBERS, *GLOBS, *BARE]),
    st.sampled_from([f"%{e}%" for e in EXPRESSIONS]),
)


@st.composite
def selectors(draw: st.DrawFn, wildcards: bool = True) -> str:
    """`$.a`, `$.['x.y'][0]`, `$.a[*].b`, …; at most one wildcard."""
    first = draw(st.sampled_from(["a", "a", "b", "x.y", "0"]))
    steps = [
        first,
        *draw(st.lists(st.sampled_from([*NAMES, "0", "1"]), max_size=draw(st.sampled_from([0, 0, 0, 1, 2])))),
    ]
    written = [_step(step, first=place == 0) for place, step in enumerate(steps)]
    if wildcards and draw(st.integers(0, 3)) == 0:
        place = draw(st.integers(0, len(written)))
        written.insert(place, ".*" if place == 0 or draw(st.booleans()) else "[*]")
        if place == 0 and len(written) > 1:
            written[1] = _step(steps[0], first=False)
    return "$" + "".join(written)


def _step(step: str, *, first: bool) -> str:
    if step.isdigit():
        return f".[{step}]" if first else f"[{step}]"
    if step == "x.y":
        return ".['x.y']" if first else "['x.y']"
    return f".{step}"


@st.composite
def conditions(draw: st.DrawFn) -> str:
    selector = draw(selectors())
    kind = draw(st.integers(0, 9))
    if kind < 2:
        return f"{selector} {draw(st.sampled_from(['IS NULL', 'IS TRUE', 'is false', 'NOT EXISTS']))}"
    if kind < 4:
        return f"{selector} {draw(st.sampled_from(['<', '<=', '>', '>=']))} {draw(st.sampled_from(NUMBERS))}"
    gap = draw(st.sampled_from(["", " "]))
    return f"{selector}{gap}{draw(st.sampled_from(['=', '!=']))}{gap}{draw(LITERALS)}"


def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Conditions joined with `&&`, `||` and parentheses."""

    def combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        lists = st.lists(inner, min_size=2, max_size=3)
        return st.one_of(lists.map(" && ".join), lists.map("||".join), inner.map("( {} )".format))

    return st.recursive(parts, combine, max_leaves=5)


JSON_PATTERNS = joined(conditions()).map("{{ {} }}".format)

ODD_NUMBERS = ["1e309", "-1e309", "1E0", "1e-999", "1.50", "[1e309, null]", '"\\ud800"', "0e0"]
ODD = "@odd"

SCALARS = st.one_of(
    st.just(ODD),
    st.none(),
    st.booleans(),
    st.sampled_from(TEXTS),
    st.sampled_from([0, 1, -1, 2, 1000, 9007199254740992, 9007199254740993, 10**30]),
    st.sampled_from([0.0, -0.0, 1.0, 1.5, 1e3, 1e-9, 1e21, 12345678.5, 1e7, 0.001]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)),
    max_leaves=8,
)
DOCUMENTS = st.fixed_dictionaries(
    {}, optional={"a": st.one_of(SCALARS, VALUES), "b": VALUES, "x.y": st.one_of(SCALARS, VALUES)}
)


@st.composite
def messages_of(draw: st.DrawFn, documents: st.SearchStrategy[dict[str, object]] = DOCUMENTS) -> str:
    """A document as text: with other blanks, escapes, or numbers that no decoder gives back."""
    document = draw(documents)
    text = json.dumps(document, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 0, 1])))
    while f'"{ODD}"' in text:
        text = text.replace(f'"{ODD}"', draw(st.sampled_from(ODD_NUMBERS)), 1)
    return text


WORDS = ["ERROR", "a", "a.b", "a_b", "café", "1", "x"]
PHRASES = ['"a b"', '" "', '"a*"', '"[ERROR]"', '"say \\"a\\""', '"a\\\\"', '"a\\b"']


@st.composite
def term_patterns(draw: st.DrawFn) -> str:
    terms = draw(
        st.lists(
            st.tuples(st.sampled_from(["", "", "-", "?"]), st.sampled_from(WORDS + PHRASES)), min_size=1, max_size=4
        )
    )
    glue = draw(st.sampled_from([" ", "  ", "\t"]))
    return glue.join(sign + term for sign, term in terms)


FIELD_LITERALS = st.one_of(
    st.sampled_from([*NUMBERS, *BARE, *GLOBS, '"a b"', '"1"', '"a,b]"', '""']), st.sampled_from(["%a%", "%^[0-9]$%"])
)


@st.composite
def field_conditions(draw: st.DrawFn, name: str) -> str:
    if draw(st.integers(0, 3)) == 0:
        return f"{name} {draw(st.sampled_from(['<', '<=', '>', '>=']))} {draw(st.sampled_from(NUMBERS))}"
    return f"{name}{draw(st.sampled_from(['=', '!=', ' = ']))}{draw(FIELD_LITERALS)}"


@st.composite
def field_patterns(draw: st.DrawFn) -> str:
    fields = []
    for name in draw(st.lists(st.sampled_from(["w1", "w2", "level", "_x-1"]), max_size=3, unique=True)):
        kind = draw(st.integers(0, 2))
        fields.append("" if kind == 0 else name if kind == 1 else draw(joined(field_conditions(name))))
    if draw(st.booleans()):
        fields.insert(draw(st.integers(0, len(fields))), "...")
    return "[" + draw(st.sampled_from([",", ", "])).join(fields) + "]"


LINES = st.lists(
    st.sampled_from(
        ["a", "1", "1.0", "ERROR", '"a b"', "[a b]", '""', "[]", '"a', "[a", 'a"b', "café", "1e309", " ", "\t"]
    ),
    max_size=6,
).flatmap(lambda words: st.sampled_from([" ", "  ", ""]).map(lambda glue: glue.join(words)))

EXPRESSION_PATTERNS = st.sampled_from(EXPRESSIONS).map("%{}%".format)

PATTERNS = st.one_of(JSON_PATTERNS, term_patterns(), field_patterns(), EXPRESSION_PATTERNS, st.sampled_from(["", " "]))
MESSAGES = st.one_of(messages_of(), LINES, st.text(max_size=20))
