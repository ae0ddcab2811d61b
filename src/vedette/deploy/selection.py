"""Which detections get a metric filter, where there are more than a log group takes; and why the others do not.

The most severe come first, then those about what nearly every account has to watch, then the rest by id. A composite
rule is deployed whole, with the detections that it names, or not at all. Source of the limits: CloudWatch Logs quotas.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vedette.deploy.deployment import LeftOut
from vedette.deploy.folding import Folded, filter_text
from vedette.deploy.template.wording import refers
from vedette.deploy.wanted import Pack, Wanted
from vedette.detections.definition import Detection, Severity

MAX_FILTERS: Final = 100
"""The metric filters of one log group; it cannot be raised."""
MAX_REGEX_FILTERS: Final = 5
"""The filters with a regular expression of one log group."""
CORE: Final = ("root", "sign-in", "iam", "secrets", "credentials", "trail", "network", "kms", "organization", "evasion")
"""Categories of what nearly every account has to watch, the first first; after them come the others."""
EVERYDAY: Final = frozenset(
    {"console-login-failed", "console-login-unknown-user", "secret-read", "secret-read-batch", "secret-value-changed"}
    | {"security-group-changed", "security-group-created", "security-group-deleted", "iam-user-created"}
)
"""What is mild in itself, and yet the first that people ask for: these stand ahead of what is of medium severity."""
_REFERS: Final = "CloudFormation would put a secret in the place of `{{resolve:` in its pattern."
CIS_NAMESPACE: Final = "CISBenchmark"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A detection that gets a metric filter: its text, and whether its alarm tells anybody (a building block's not)."""

    detection: Detection
    text: str


@dataclass(frozen=True, slots=True)
class Selection:
    """`chosen` get filters and alarms, `composite` get composite alarms (children before parents).

    `overflow` had no room, each with the reason: EventBridge may take them. `left_out` names the rest, and what was
    lost of those that are deployed.
    """

    chosen: tuple[Chosen, ...]
    composite: tuple[Detection, ...]
    overflow: tuple[tuple[Detection, str], ...]
    left_out: tuple[LeftOut, ...]


def in_pack(detection: Detection, pack: Pack) -> bool:
    """Whether a pack holds the detection. The CIS pack holds the texts that Security Hub or the benchmark prescribe."""
    if pack is Pack.ALL:
        return True
    metric = detection.metric
    return detection.category == "cis" and metric is not None and metric.namespace == CIS_NAMESPACE


def select(wanted: Wanted) -> Selection:
    """The detections of the pack, sorted into what they get."""
    offered = {one.id: one for one in wanted.detections if in_pack(one, wanted.pack)}
    notes: list[LeftOut] = []
    composite = dict(_composites(wanted, offered, notes))
    while True:
        needed = {child for one in composite.values() if one.rule is not None for child in one.rule.children}
        choice = _choose(wanted, offered, composite, needed)
        lacking = {name: gap for name, one in composite.items() if (gap := _gap(one, choice.ids, composite))}
        if not lacking:
            return Selection(
                tuple(choice.chosen), _in_order(composite), tuple(choice.overflow), (*notes, *choice.left_out)
            )
        for name, gap in lacking.items():
            notes.append(LeftOut(name, f"Its rule needs the alarm of `{gap}`, which is not deployed."))
            del composite[name]


def _composites(
    wanted: Wanted, offered: Mapping[str, Detection], notes: list[LeftOut]
) -> Iterator[tuple[str, Detection]]:
    for one in offered.values():
        if one.rule is None:
            continue
        if wanted.composites:
            yield one.id, one
        else:
            notes.append(LeftOut(one.id, "It is a rule over other alarms, and composite alarms are not wanted."))


def _gap(one: Detection, chosen: Collection[str], composite: Mapping[str, Detection]) -> str | None:
    children = one.rule.children if one.rule is not None else ()
    return next((child for child in children if child not in chosen and child not in composite), None)


class _Choice:
    """What has been chosen so far, and what is left of the log group's quotas."""

    def __init__(self, wanted: Wanted) -> None:
        self.filters = max(0, MAX_FILTERS - wanted.filters_taken)
        self.regexes = max(0, MAX_REGEX_FILTERS - wanted.regex_filters_taken)
        self.chosen: list[Chosen] = []
        self.overflow: list[tuple[Detection, str]] = []
        self.left_out: list[LeftOut] = []

    @property
    def ids(self) -> frozenset[str]:
        """Of those that get a filter."""
        return frozenset(one.detection.id for one in self.chosen)

    def offer(self, detection: Detection, folded: Folded) -> None:
        """Give the detection a filter, if there is room for it."""
        if folded.text is None:
            self.overflow.append((detection, folded.note))
            return
        if not self.filters:
            self.overflow.append((detection, "The log group's 100 metric filters are taken by what matters more."))
        elif folded.regexes and not self.regexes:
            reason = "It has a regular expression, and the log group's five filters with any are taken."
            self.overflow.append((detection, reason))
        else:
            self.filters -= 1
            self.regexes -= bool(folded.regexes)
            self.chosen.append(Chosen(detection, folded.text))
            if folded.note:
                self.left_out.append(LeftOut(detection.id, folded.note))


def _choose(
    wanted: Wanted, offered: Mapping[str, Detection], composite: Mapping[str, Detection], needed: Collection[str]
) -> _Choice:
    choice = _Choice(wanted)
    ranks = _ranks(offered, composite)
    for one in sorted(offered.values(), key=lambda one: ranks[one.id]):
        if one.pattern is None:
            continue
        if any(refers(pattern.source) for pattern in (one.pattern, *(each.pattern for each in one.exceptions))):
            choice.left_out.append(LeftOut(one.id, _REFERS))
        elif one.notify or one.id in needed:
            choice.offer(one, filter_text(one, wanted.today, exact=wanted.pack is Pack.CIS))
        else:
            choice.left_out.append(LeftOut(one.id, "It tells nobody, and no rule that is deployed needs it."))
    return choice


_Rank = tuple[int, int, str, str]


def _ranks(offered: Mapping[str, Detection], composite: Mapping[str, Detection]) -> Mapping[str, _Rank]:
    """Each detection's place; what a composite needs stands where the composite stands, if that is further ahead."""
    ranks = {one.id: _rank(one) for one in offered.values()}
    for one in reversed(_in_order(composite)):
        for child in one.rule.children if one.rule is not None else ():
            if child in ranks:
                ranks[child] = min(ranks[child], (*ranks[one.id][:3], child))
    return ranks


def _rank(detection: Detection) -> _Rank:
    core = CORE.index(detection.category) if detection.category in CORE else len(CORE)
    if detection.id in EVERYDAY:
        return (Severity.CRITICAL.rank - max(detection.severity, Severity.MEDIUM).rank, -1, detection.id, "")
    return (Severity.CRITICAL.rank - detection.severity.rank, core, detection.id, "")


def _in_order(composite: Mapping[str, Detection]) -> tuple[Detection, ...]:
    """Children before the rules that name them."""
    found: dict[str, Detection] = {}

    def visit(one: Detection, above: Sequence[str]) -> None:
        for child in one.rule.children if one.rule is not None else ():
            if child in composite and child not in above:
                visit(composite[child], (*above, child))
        found.setdefault(one.id, one)

    for name in sorted(composite):
        visit(composite[name], (name,))
    return tuple(found.values())
