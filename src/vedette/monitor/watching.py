"""What follows from the detections alone: who watches whom, and how much of a course an evaluation needs.

No state, no time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from vedette.alarms import Rule, State, TreatMissingData
from vedette.alarms.rule_tree import AtLeast, Every, Expression, InState, Negation, Some
from vedette.alarms.verdict import breaches
from vedette.alarms.windows import Windows
from vedette.alerts.assembly import lookback
from vedette.alerts.policy import Policy
from vedette.detections.definition import Detection

CANARY = "vedette-canary"
"""The id of the detection whose alerts are canaries: harmless, and made by the monitor itself."""

_SLACK = 120
_MOST_SHARED = 10


@dataclass(frozen=True, slots=True)
class Leaf:
    """A metric detection behind an alert. `shared`: all its groups count for every group of the one that watches it."""

    detection: Detection
    shared: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """What an evaluation of a detection reads.

    `reach` is how far, in seconds, a datapoint has an effect on the alarm's state; twice that apart, episodes are
    strangers. None if the state depends on all that ever was (missing data that keeps the state or breaches; a rule
    that holds while nothing happens).
    """

    detection: Detection
    leaves: tuple[Leaf, ...]
    reach: int | None

    @property
    def alike(self) -> tuple[Leaf, ...]:
        """Those that are followed group by group."""
        return tuple(leaf for leaf in self.leaves if not leaf.shared)


@dataclass(frozen=True, slots=True)
class Monitor:
    """The detections, in the order that the engine numbers them, and the policy. All state is in the store."""

    detections: tuple[Detection, ...]
    policy: Policy
    by_id: Mapping[str, Detection] = field(init=False, repr=False, compare=False)
    scopes: Mapping[str, Scope] = field(init=False, repr=False, compare=False)
    """By id, of the detections that make alerts."""
    watchers: Mapping[str, tuple[Scope, ...]] = field(init=False, repr=False, compare=False)
    """By id of a metric detection: the scopes that it is a leaf of, its own among them."""

    def __post_init__(self) -> None:
        by_id = {detection.id: detection for detection in self.detections}
        scopes = {each.id: _scope(each, by_id) for each in self.detections if each.notify}
        watchers: dict[str, tuple[Scope, ...]] = {}
        for scope in scopes.values():
            for leaf in scope.leaves:
                watchers[leaf.detection.id] = (*watchers.get(leaf.detection.id, ()), scope)
        object.__setattr__(self, "by_id", by_id)
        object.__setattr__(self, "scopes", scopes)
        object.__setattr__(self, "watchers", watchers)


def _scope(detection: Detection, by_id: Mapping[str, Detection]) -> Scope:
    shared: dict[str, bool] = {}
    for name, is_shared in _leaves(detection, by_id, shared=False):
        shared[name] = shared.get(name, False) or is_shared
    leaves = tuple(Leaf(by_id[name], is_shared) for name, is_shared in sorted(shared.items()))
    return Scope(detection, leaves, _reach(detection, leaves, by_id))


def _leaves(detection: Detection, by_id: Mapping[str, Detection], *, shared: bool) -> Iterator[tuple[str, bool]]:
    if detection.rule is None:
        yield detection.id, shared
        return
    for name in detection.rule.children:
        child = by_id.get(name)
        if child is not None:
            yield from _leaves(child, by_id, shared=shared or child.group_by != detection.group_by)


def _reach(detection: Detection, leaves: Sequence[Leaf], by_id: Mapping[str, Detection]) -> int | None:
    alarms = [leaf.detection.alarm for leaf in leaves if leaf.detection.alarm is not None]
    if not all(_forgets(leaf.detection) for leaf in leaves) or not _rests(detection, by_id):
        return None
    grid = max((Windows.of(alarm).grid for alarm in alarms), default=0)
    return lookback(detection, by_id) + 2 * grid + _SLACK


def _forgets(detection: Detection) -> bool:
    """Whether the alarm's state follows from the datapoints in its windows, and is not ALARM without a match there."""
    alarm, metric = detection.alarm, detection.metric
    if alarm is None:
        return True
    if alarm.treat_missing_data not in (TreatMissingData.NOT_BREACHING, TreatMissingData.MISSING):
        return False
    if alarm.evaluate_low_sample_count_percentile == "ignore" and alarm.statistic.startswith("p"):
        return False
    if metric is None or metric.default is None:
        return True
    return (
        metric.default == 0
        and not breaches(alarm, 0)
        and breaches(alarm, float("inf"))
        and _ignores_zeros(alarm.statistic)
    )


def _ignores_zeros(statistic: str) -> bool:
    """Whether zeros alone, however many, give zero."""
    return statistic in ("Sum", "Average", "Minimum", "Maximum")


def _rests(detection: Detection, by_id: Mapping[str, Detection]) -> bool:
    """Whether each rule is false while nothing happens to the group, whatever happens to others."""
    rule = detection.rule
    if rule is None:
        return True
    children = [by_id[name] for name in rule.children if name in by_id]
    alike = [child.id for child in children if child.group_by == detection.group_by]
    shared = [child.id for child in children if child.group_by != detection.group_by]
    return (
        all(_rests(child, by_id) for child in children)
        and _asks_for_alarm_only(rule.expression)
        # A rule over shared children only has one group, whose own they are.
        and (_needs_own(rule, shared) if alike else not rule.evaluate(dict.fromkeys(rule.children, State.OK)))
    )


def _asks_for_alarm_only(expression: Expression) -> bool:
    """Whether OK and INSUFFICIENT_DATA make no difference: which of them a quiet child is in depends on its past."""
    match expression:
        case InState(state=state) | AtLeast(state=state):
            return state is State.ALARM
        case Negation(part):
            return _asks_for_alarm_only(part)
        case Every(parts) | Some(parts):
            return all(map(_asks_for_alarm_only, parts))
        case _:
            return True


def _needs_own(rule: Rule, shared: Sequence[str]) -> bool:
    """Whether the rule is false while the children grouped as it is are quiet, whatever the shared ones do."""
    if len(shared) > _MOST_SHARED:
        return False
    quiet = dict.fromkeys(rule.children, State.OK)
    states = product((State.OK, State.ALARM), repeat=len(shared))
    return not any(rule.evaluate({**quiet, **dict(zip(shared, state, strict=True))}) for state in states)
