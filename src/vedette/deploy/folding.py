"""The text of a detection's metric filter: its pattern, with the exceptions that are in force worked in.

Filter patterns have no NOT, so that `x` is negated by saying what else the field may be: another text, missing, null
or a boolean. What cannot be said so, or becomes longer than a pattern may be, is left out and named: the alarm then
rings for what is excepted, too, and never the other way round.

One gap is known: a field that a record holds as an array or object with nothing but arrays and objects in it counts as
excepted. Fields of `userIdentity` and the others of `_TEXTS` are always texts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from vedette.detections.definition import Detection, ScopedException
from vedette.errors import PatternSyntaxError
from vedette.patterns import FilterPattern
from vedette.patterns.faults import MAX_LENGTH
from vedette.predicates.notation import predicate_text
from vedette.predicates.tree import (
    EACH,
    And,
    Compare,
    Constant,
    IsBoolean,
    IsNull,
    Not,
    NotExists,
    NumberOrder,
    Or,
    Predicate,
    Selector,
    TextGlob,
)

_TEXTS: Final = frozenset(
    {"eventSource", "eventName", "eventType", "awsRegion", "sourceIPAddress", "userAgent", "errorCode", "errorMessage"}
    | {"recipientAccountId", "eventID", "requestID", "apiVersion", "eventCategory", "vpcEndpointId"}
)
_ANYTHING: Final = TextGlob("*")


@dataclass(frozen=True, slots=True)
class Folded:
    """The filter's text, None where there can be none; `note` is a whole sentence about what is missing, or empty."""

    text: str | None
    regexes: int = 0
    note: str = ""


class _CannotSay(Exception):  # noqa: N818  # no error: an answer
    """There is no way to say it in a filter pattern."""


def filter_text(detection: Detection, today: dt.date | None, *, exact: bool = False) -> Folded:
    """The text for PutMetricFilter. With `exact` the pattern stays as it is written, whatever is excepted.

    A text as it stands in the file is kept to the letter; only where it is too long, or something is excepted, is the
    canonical spelling used.
    """
    pattern = detection.pattern
    assert pattern is not None
    plain = pattern.source if len(pattern.source) <= MAX_LENGTH else str(pattern)
    if pattern.over_quota and len(plain) > MAX_LENGTH:
        return Folded(None, note=f"A metric filter cannot have its pattern: {'; '.join(pattern.over_quota)}.")
    excepted = [one for one in detection.exceptions if today is None or today <= one.expires]
    if not excepted:
        return _checked(plain)
    if exact:
        return _checked(plain, "Its exceptions are not deployed, because the text has to be exactly the benchmark's.")
    try:
        return _checked(_joined(pattern, excepted))
    except _CannotSay as error:
        return _checked(plain, f"Its exceptions are not deployed, so that its alarm rings for them, too: {error}.")


def _checked(text: str, note: str = "") -> Folded:
    """The text as AWS would take it; a pattern that its quotas refuse is no text."""
    try:
        return Folded(text, FilterPattern.parse(text).regex_count, note)
    except PatternSyntaxError as error:
        return Folded(None, note=f"A metric filter cannot have its pattern: {error.message}.")


def _joined(pattern: FilterPattern, excepted: list[ScopedException]) -> str:
    asked = pattern.predicate
    if asked is None:
        raise _CannotSay("its pattern reads records as text")
    parts: list[Predicate] = [] if isinstance(asked, Constant) else [asked]
    for one in excepted:
        assert one.pattern.predicate is not None  # the loader refuses others
        parts.append(negated(one.pattern.predicate))
    whole = parts[0] if len(parts) == 1 else And(tuple(parts))
    for text in (f"{{ {predicate_text(whole)} }}", f"{{{predicate_text(whole, compact=True)}}}"):
        if len(text) <= MAX_LENGTH:
            break
    else:
        raise _CannotSay(f"with them the pattern has {len(text)} characters, and {MAX_LENGTH} are allowed")
    try:
        FilterPattern.parse(text)
    except PatternSyntaxError as error:
        raise _CannotSay(f"with them {error.message}") from None
    return text


def negated(predicate: Predicate) -> Predicate:
    """A predicate without Not that holds where this one does not; raises where filter patterns cannot say it."""
    match predicate:
        case And(parts):
            return Or(tuple(negated(part) for part in parts))
        case Or(parts):
            return And(tuple(negated(part) for part in parts))
        case Not(part):
            return part
        case Compare(selector, NumberOrder()):
            raise _CannotSay(f"`{selector}` is compared by size, and what is no number has no size")
        case Compare(selector, rule, True) if not selector.has_wildcard:
            return Or((Compare(selector, rule), *_others(selector, "text")))
        case Compare(selector, rule, False) if not selector.has_wildcard:
            return Or((Compare(selector, rule, negated=True), *_others(selector, "text")))
        case IsNull(selector) if not selector.has_wildcard:
            return Or((Compare(selector, _ANYTHING), *_others(selector, "null")))
        case IsBoolean(selector, value) if not selector.has_wildcard:
            rest = [part for part in _others(selector, "boolean") if part != IsBoolean(selector, value)]
            return Or((Compare(selector, _ANYTHING), *rest))
        case NotExists(selector) if not selector.has_wildcard:
            return Or((Compare(selector, _ANYTHING), *_others(selector, "missing")))
        case _:
            raise _CannotSay("it asks about each of several values, or about none")


def _others(selector: Selector, kind: str) -> tuple[Predicate, ...]:
    """What a field may be beside a text or number, without what is `kind`."""
    missing, null = NotExists(selector), IsNull(selector)
    found: tuple[Predicate, ...] = (missing, null)
    if not _always_text(selector):
        within = Compare(Selector((*selector.steps, EACH)), _ANYTHING)
        found = (missing, null, IsBoolean(selector, True), IsBoolean(selector, False), within)
    left_out = {"missing": missing, "null": null}.get(kind)
    return tuple(part for part in found if part != left_out)


def _always_text(selector: Selector) -> bool:
    return selector.steps[0] in _TEXTS or (selector.steps[0] == "userIdentity" and selector.steps[-1] in _IDENTITY)


_IDENTITY: Final = frozenset(
    {"type", "arn", "accountId", "accessKeyId", "userName", "principalId", "invokedBy", "identityProvider"}
    | {"sourceIdentity", "credentialId"}
)
