"""Random predicates and random CloudTrail-like documents that meet each other often, for property tests."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from vedette.predicates.tree import (
    EACH,
    And,
    Compare,
    Constant,
    IsBoolean,
    IsNull,
    Not,
    NotExists,
    NumberEquals,
    NumberOrder,
    Or,
    Order,
    Selector,
    TextGlob,
    TextRegex,
)

WORDS = [
    "",
    "a",
    "b",
    "ab",
    "aa",
    "aab",
    "ConsoleLogin",
    "GetObject",
    "Root",
    "1",
    "1.0",
    "1e3",
    "1000.0",
    "Infinity",
    "null",
]
GLOBS = ["*", "a*", "*a", "*a*", "a*b", "*aa", "1*", "*0", "*.0", "Console*", "*Login", "I*", "**", "a*a*", "é*"]
HOSTILE = ['"', "'", "\\", "') or (1", '"""', "{r}", "%s", "\n", "__import__('os')", "\ud800", "é", "v0", "#", "\x00"]
NUMBERS = ["0", "1", "-1", "+1", "1.0", "1e3", "1000", "9007199254740993", "1e309", "-0.0", "2.5"]
REGEXES = ["a", "^a", "a$", "1", "^Console", "[ab]+", "\\d", "^$"]

PATHS = [
    ("eventName",),
    ("eventSource",),
    ("errorCode",),
    ("eventID",),
    ("eventTime",),
    ("readOnly",),
    ("userAgent",),
    ("userIdentity",),
    ("userIdentity", "type"),
    ("userIdentity", "arn"),
    ("userIdentity", "sessionContext"),
    ("userIdentity", "sessionContext", "attributes", "mfaAuthenticated"),
    ("userIdentity", "sessionContext", "sessionIssuer", "userName"),
    ("userIdentity", "type", "deeper"),
    ("userIdentity", "strange"),
    ("userIdentity", "tags", EACH, "key"),
    ("userIdentity", "tags", 0),
    ("tlsDetails", "tlsVersion"),
    ("requestParameters",),
    ("requestParameters", "bucketName"),
    ("requestParameters", "items", EACH),
    ("requestParameters", "items", EACH, "id"),
    ("requestParameters", "items", 1),
    ("requestParameters", "items", 0, "id"),
    ("responseElements", "ConsoleLogin"),
    ("resources", EACH, "ARN"),
    ("resources", EACH),
    ("unknown",),
    ("eventName", "below"),
    ("we'ird \"name\\",),
    ("userIdentity", "we'ird \"name\\"),
    ("requestParameters", "we'ird \"name\\"),
    ("class",),
    ("x_1",),
    ("event_name",),
]
ODD_PATHS = [(EACH,), (EACH, "type"), ("userIdentity", EACH), ("userIdentity", "sessionContext", EACH)]

selectors = st.sampled_from([Selector(path) for path in PATHS + ODD_PATHS])
texts = st.sampled_from(WORDS + GLOBS + HOSTILE)
rules = st.one_of(
    st.builds(TextGlob, texts),
    st.builds(TextRegex, st.sampled_from(REGEXES)),
    st.builds(NumberEquals, st.sampled_from(NUMBERS)),
    st.builds(NumberOrder, st.sampled_from(Order), st.sampled_from(NUMBERS)),
)
conditions = st.one_of(
    st.builds(Compare, selectors, rules, st.booleans()),
    st.builds(IsNull, selectors),
    st.builds(IsBoolean, selectors, st.booleans()),
    st.builds(NotExists, selectors),
)
predicates = st.recursive(
    st.one_of(conditions, conditions, st.builds(Constant, st.booleans())),
    lambda part: st.one_of(
        st.builds(And, st.lists(part, max_size=4).map(tuple)),
        st.builds(Or, st.lists(part, max_size=4).map(tuple)),
        st.builds(Not, part),
    ),
    max_leaves=10,
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(WORDS + HOSTILE),
    st.sampled_from(WORDS),
    st.sampled_from([0, 1, -1, 1.0, 1000.0, 2.5, -0.0, 9007199254740993, 9007199254740992, 10**400]),
)
values = st.recursive(
    scalars,
    lambda part: st.one_of(
        st.lists(part, max_size=3), st.dictionaries(st.sampled_from(["id", "key", "ARN", "a"]), part, max_size=3)
    ),
    max_leaves=5,
)


def _object(fields: dict[str, st.SearchStrategy[object]]) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({}, optional=fields)


_names = st.sampled_from(WORDS)
tidy_identities = _object(
    {
        "type": st.sampled_from(["Root", "IAMUser", "a", "ab"]),
        "arn": _names,
        "tags": st.lists(_object({"key": values}), max_size=3),
        "strange": values,
        "we'ird \"name\\": values,
        "sessionContext": _object(
            {"attributes": _object({"mfaAuthenticated": scalars}), "sessionIssuer": _object({"userName": _names})}
        ),
    }
)
_parameters = _object(
    {
        "bucketName": values,
        "items": st.lists(st.one_of(values, _object({"id": values})), max_size=3),
        "we'ird \"name\\": values,
    }
)
tidy_documents = _object(
    {
        "eventName": st.sampled_from(["ConsoleLogin", "GetObject", "a", "ab", "1"]),
        "eventSource": _names,
        "errorCode": _names,
        "readOnly": st.booleans(),
        "userAgent": scalars,
        "userIdentity": tidy_identities,
        "tlsDetails": _object({"tlsVersion": scalars}),
        "requestParameters": st.one_of(st.none(), _parameters, values),
        "responseElements": st.one_of(st.none(), _object({"ConsoleLogin": values})),
        "resources": values,
        "unknown": values,
        "we'ird \"name\\": values,
        "class": values,
        "x_1": values,
        "event_name": values,
    }
)
odd_documents = _object(
    {
        "eventName": values,
        "eventSource": values,
        "errorCode": values,
        "readOnly": values,
        "userAgent": values,
        "userIdentity": st.one_of(
            values,
            tidy_identities,
            _object(
                {"type": values, "arn": values, "sessionContext": st.one_of(values, _object({"attributes": values}))}
            ),
        ),
        "tlsDetails": values,
        "resources": values,
        "requestParameters": st.one_of(values, _parameters),
    }
)
documents = st.one_of(tidy_documents, odd_documents)


def as_json(document: object) -> bytes:
    """The document as bytes; half surrogate pairs are escaped."""
    return json.dumps(document).encode()
