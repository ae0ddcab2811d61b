"""Which detections have changed since they were deployed: what is deployed is held against what would be now. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from vedette.deploy.deployed import Resource, resources
from vedette.deploy.drift import plain
from vedette.deploy.intrinsics import Place
from vedette.deploy.template import build
from vedette.deploy.wanted import Pack, Wanted
from vedette.detections.definition import Detection

_ITS_OWN = {
    "AWS::Logs::MetricFilter": ("FilterPattern", "MetricTransformations"),
    "AWS::CloudWatch::CompositeAlarm": ("AlarmRule",),
    "AWS::CloudWatch::Alarm": (
        "ComparisonOperator", "DatapointsToAlarm", "EvaluationPeriods", "ExtendedStatistic", "Period", "Statistic",
        "Threshold", "TreatMissingData",
    ),
}  # fmt: skip
"""What a detection's file alone decides; the rest depends on options."""

Asked = dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True)
class Freshness:
    """Ids: of detections that are deployed as they once were, known but not deployed, deployed but not known.

    `left_out` are known and not deployed because the deployment was asked for without them.
    """

    changed: tuple[str, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """What decides which detections fit, as far as what is deployed tells."""

    events: bool
    composites: bool
    regions: tuple[str, ...] = ()


def freshness(
    deployed: Iterable[Resource],
    known: Sequence[Detection],
    place: Place,
    today: dt.date,
    wanted: Collection[str] | None = None,
) -> Freshness:
    """Compare. A detection is as it was if either pack would deploy it so; one that does not fit is not missing.

    `wanted` are the ids that the deployment was asked for; None: all that are known.
    """
    found = tuple(deployed)
    # What stands in for what (a rule for a filter) depends on what else there is: so on all of it, and nothing else.
    among = {one.detection for one in found}
    options = Options(
        events=any(one.type == "AWS::Events::Rule" for one in found),
        composites=any(one.type == "AWS::CloudWatch::CompositeAlarm" for one in found),
        regions=tuple(sorted({one.region for one in found if one.region})),
    )
    there, held = _asked(found), {one.id for one in known}
    theirs = [one for one in known if one.id in among]
    now = [_built(theirs, pack, place, today, options) for pack in Pack]
    changed = (name for name, asked in there.items() if name in held and all(asked != one.get(name) for one in now))
    asked_for = held if wanted is None else held & set(wanted)
    fitting = _built([one for one in known if one.id in asked_for], Pack.ALL, place, today, options)
    return Freshness(
        changed=tuple(sorted(changed)),
        missing=tuple(sorted(fitting.keys() - among)),
        unknown=tuple(sorted(among - held - {""})),
        left_out=tuple(sorted(held - asked_for - among)),
    )


def _built(known: Sequence[Detection], pack: Pack, place: Place, today: dt.date, options: Options) -> Asked:
    wanted = Wanted(
        name=place.name, account=place.account, region=place.region, partition=place.partition, pack=pack,
        detections=tuple(known), storyteller=False, dashboard=False, events=options.events,
        event_regions=options.regions, composites=options.composites, today=today,
    )  # fmt: skip
    return _asked(one for stack in build(wanted).stacks for one in resources(stack.name, stack.template, place))


def _asked(found: Iterable[Resource]) -> Asked:
    """What is asked and when it alarms, by detection."""
    asked: Asked = {}
    for one in found:
        if one.detection and one.type in _ITS_OWN:
            values = {name: plain(one.properties[name]) for name in _ITS_OWN[one.type] if name in one.properties}
            asked.setdefault(one.detection, {})[one.type] = values
    return asked
