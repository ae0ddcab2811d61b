"""A detection's question as an EventBridge event pattern: the same question exactly, or the reason why not.

CloudWatch Logs and EventBridge differ in much: `!=` in a filter pattern needs a text or number to be there, and
`anything-but` only a value; a list never equals anything there, and any of its elements may here; `*x` counts the first
`x` there, and the last here. Where the two could give different verdicts on a record, there is no pattern.

"Exactly" is about records as CloudTrail documents them. In what a service writes itself (`requestParameters` and the
like) the types are those of its API, and no list of ours: what a pattern relies on there is named in `assumes`.

It does not decide what is deployed. Sources: those of `event_values`; "CloudTrail record contents".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from vedette.deploy.event_conditions import Asked, Holds, Place, alternatives, never
from vedette.deploy.event_reads import needs_read_only
from vedette.deploy.event_values import Alternatives, Json, Unsayable, both
from vedette.predicates.tree import (
    And,
    Compare,
    Condition,
    Constant,
    IsBoolean,
    Not,
    Or,
    Predicate,
    conditions,
)

__all__ = ["LONGEST", "Assumption", "EventPattern", "Inexpressible", "event_pattern", "needs_read_only"]

LONGEST: Final = 2_048
"""Characters of an event pattern. Source: EventBridge quotas, "Event pattern size" (2,048; 4,096 can be asked for)."""

_MOST_BRANCHES: Final = 200
_MOST_WILDCARDS: Final = 16
"""EventBridge refuses patterns whose wildcards make them too complex, and does not say from where on."""
_SOURCE: Final[Json] = [{"prefix": "aws."}]
"""Nobody but AWS can send events with such a source: a record that somebody made up matches no rule."""
_DETAIL_TYPE: Final[Json] = [{"suffix": " via CloudTrail"}]
"""Calls, sign-ins, console actions and service events; AWS's pages spell `Sign In` and `Signin` both."""
_RESERVED: Final = frozenset(
    {"exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr"}
    | {"regex", "not-wildcard", "not-equals-ignore-case", "ip-address-in-range", "ip-address-not-in-range"}
    | {"date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range", "$or"}
)
"""Names that `$or` does not take for fields. Source: Event Ruler, the list of reserved names."""

Branch: TypeAlias = Mapping[Place, Alternatives]


@dataclass(frozen=True, slots=True)
class Assumption:
    """What a field that the service defines is relied upon to hold, where it holds anything."""

    field: str
    holds: Holds

    def __str__(self) -> str:
        return f"`{self.field}` holds {self.holds.value}"


@dataclass(frozen=True, slots=True)
class EventPattern:
    """The pattern, ready for a rule. `document` is JSON; `assumes` is empty where nothing is relied upon."""

    document: Mapping[str, Json]
    assumes: tuple[Assumption, ...] = ()

    @property
    def text(self) -> str:
        """The pattern as compact JSON."""
        return json.dumps(self.document, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Inexpressible:
    """Why there is no event pattern that gives the same verdicts: a whole sentence."""

    reason: str


@dataclass(slots=True)
class _Walk:
    """One translation: what it relies upon, and which fields some condition takes for a single value."""

    single: frozenset[tuple[object, ...]]
    assumes: dict[Assumption, None] = field(default_factory=dict)

    def branches(self, predicate: Predicate, fails: bool) -> list[Branch]:
        """The ways in which the predicate holds (or fails), any of which will do; each asks several fields at once."""
        match predicate:
            case Not(part):
                return self.branches(part, not fails)
            case Constant(value):
                return [{}] if value is not fails else []
            case And(parts):
                return self._all(parts, fails) if not fails else self._any(parts, fails)
            case Or(parts):
                return self._any(parts, fails) if not fails else self._all(parts, fails)
            case _:
                return self._condition(predicate, fails)

    def _any(self, parts: Sequence[Predicate], fails: bool) -> list[Branch]:
        return _bounded(_simplified([branch for part in parts for branch in self.branches(part, fails)]))

    def _all(self, parts: Sequence[Predicate], fails: bool) -> list[Branch]:
        found: list[Branch] = [{}]
        for part in parts:
            more = self.branches(part, fails)
            joined = (_joined(one, other) for one in found for other in more)
            found = _bounded(_simplified([branch for branch in joined if branch is not None]))
        return found

    def _condition(self, condition: Condition, fails: bool) -> list[Branch]:
        asked = Asked(condition, fails, condition.selector.steps in self.single)
        if (known := never(asked)) is not None:
            return [] if known else [{}]
        place, values, relies = alternatives(asked)
        for holds in relies:
            self.assumes[Assumption(str(condition.selector), holds)] = None
        return [{place: values}] if values else []


def event_pattern(question: Predicate) -> EventPattern | Inexpressible:
    """The event pattern that matches the events of exactly the records of which `question` holds, or why there is none.

    The pattern takes events from CloudTrail (`source` `aws.…`, `detail-type` `… via CloudTrail`) and asks of `detail`,
    which is the record. Events of calls that only read reach a rule in one state only: see `needs_read_only`.
    """
    try:
        walk = _Walk(_single(question))
        branches = walk.branches(question, fails=False)
        if not branches:
            return Inexpressible("No record of CloudTrail can answer the question.")
        _check_lists(branches)
        pattern = EventPattern(_document(branches), tuple(walk.assumes))
    except Unsayable as error:
        reason = str(error)
        return Inexpressible(f"{reason[0].upper()}{reason[1:]}.")
    if len(pattern.text) > LONGEST:
        return Inexpressible(
            f"Its event pattern has {len(pattern.text):,} characters, and EventBridge takes {LONGEST:,}."
        )
    if pattern.text.count('"wildcard":') > _MOST_WILDCARDS:
        return Inexpressible("Its event pattern would have more wildcards than EventBridge is sure to take.")
    return pattern


def _single(question: Predicate) -> frozenset[tuple[object, ...]]:
    """The fields that some condition compares, and so takes for one value."""
    return frozenset(
        condition.selector.steps for condition in conditions(question) if isinstance(condition, Compare | IsBoolean)
    )


def _joined(one: Branch, other: Branch) -> Branch | None:
    """What asks both; None where nothing can answer."""
    found = dict(one)
    for place, values in other.items():
        if place not in found:
            found[place] = values
            continue
        if place.listed is not None:
            raise Unsayable(f"`{place}` is asked twice, and EventBridge wants one element of the list to answer both")
        try:
            found[place] = both(found[place], values)
        except Unsayable as error:
            raise Unsayable(f"`{place}` {error}") from None
        if not found[place]:
            return None
    return found


def _simplified(branches: Sequence[Branch]) -> list[Branch]:
    """Without what another branch already covers; branches that differ in one field made one."""
    found = list(dict.fromkeys(_Key.of(branch) for branch in branches))
    merged = True
    while merged:
        merged = False
        for at, one in enumerate(found):
            for later in range(at + 1, len(found)):
                union = _union(one.branch, found[later].branch)
                if union is not None:
                    found[at] = _Key.of(union)
                    del found[later]
                    merged = True
                    break
            if merged:
                break
    return [key.branch for key in found]


@dataclass(frozen=True, slots=True)
class _Key:
    """A branch that can be counted once."""

    items: frozenset[tuple[Place, Alternatives]]
    branch: Branch = field(compare=False)

    @classmethod
    def of(cls, branch: Branch) -> _Key:
        return cls(frozenset(branch.items()), branch)


def _union(one: Branch, other: Branch) -> Branch | None:
    if all(other.get(place) == values for place, values in one.items()):
        return one
    if all(one.get(place) == values for place, values in other.items()):
        return other
    if one.keys() != other.keys():
        return None
    differing = [place for place in one if one[place] != other[place]]
    if len(differing) != 1:
        return None
    place = differing[0]
    return {**one, place: tuple(dict.fromkeys(one[place] + other[place]))}


def _bounded(branches: list[Branch]) -> list[Branch]:
    if len(branches) > _MOST_BRANCHES:
        raise Unsayable("it has too many alternatives for an event pattern")
    return branches


def _check_lists(branches: Iterable[Branch]) -> None:
    """EventBridge answers all conditions on a list from one element of it; a filter pattern, each from any."""
    kinds: dict[tuple[str, ...], int | None] = {}
    for branch in branches:
        lists = [place.names[: place.listed] for place in branch if place.listed is not None]
        if len(lists) != len(set(lists)):
            raise Unsayable("two conditions meet in one list, and EventBridge wants one element to answer both")
        for place in branch:
            if kinds.setdefault(place.names, place.listed) != place.listed:
                raise Unsayable(
                    f"`{place}` is read both as a list and as no list, which EventBridge does not tell apart"
                )


def _document(branches: Sequence[Branch]) -> dict[str, Json]:
    first, *rest = branches
    shared = {place: values for place, values in first.items() if all(other.get(place) == values for other in rest)}
    detail = _nested(shared)
    if rest:
        ways = [{place: values for place, values in branch.items() if place not in shared} for branch in branches]
        for place in (place for way in ways for place in way):
            if not _RESERVED.isdisjoint(place.names):
                raise Unsayable(f"`{place}` has a name that means something else to EventBridge")
        detail["$or"] = [_nested(way) for way in ways]
    document: dict[str, Json] = {"source": _SOURCE, "detail-type": _DETAIL_TYPE}
    return {**document, "detail": detail} if detail else document


def _nested(branch: Branch) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for place, values in branch.items():
        here = found
        for name in place.names[:-1]:
            below = here.setdefault(name, {})
            if not isinstance(below, dict):
                raise Unsayable(f"`{place}` lies below a field that is asked for a value")
            here = below
        if place.names[-1] in here:
            raise Unsayable(f"`{place}` is asked for a value and for fields below it")
        here[place.names[-1]] = [matcher.json() for matcher in values]
    return found
