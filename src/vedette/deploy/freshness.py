"""Which detections have changed since they were deployed: what is deployed is held against what would be now. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
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
    """Ids: of detections that are deployed as they once were, known but not deployed, deployed but not known."""

    changed: tuple[str, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def freshness(deployed: Iterable[Resource], known: Sequence[Detection], place: Place, today: dt.date) -> Freshness:
    """Compare. A detection is as it was if either pack would deploy it so; one that does not fit is not missing."""
    there = _asked(deployed)
    now = [_built(known, there, pack, place, today) for pack in Pack]
    held = {one.id for one in known}
    fitting = _built(known, None, Pack.ALL, place, today)
    return Freshness(
        changed=tuple(
            sorted(name for name, asked in there.items() if name in held and all(asked != one.get(name) for one in now))
        ),
        missing=tuple(sorted(fitting.keys() - there.keys())),
        unknown=tuple(sorted(there.keys() - held)),
    )


def _built(
    known: Sequence[Detection], among: Mapping[str, object] | None, pack: Pack, place: Place, today: dt.date
) -> Asked:
    chosen = tuple(one for one in known if among is None or one.id in among)
    wanted = Wanted(
        name=place.name, account=place.account, region=place.region, partition=place.partition, detections=chosen,
        pack=pack, storyteller=False, events=False, dashboard=False, composites=False, today=today,
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
