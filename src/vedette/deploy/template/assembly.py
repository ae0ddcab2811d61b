"""The stacks: which parts there are, what each needs, and where each detection went."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from vedette import __version__
from vedette.alerts.words import joined
from vedette.deploy import names
from vedette.deploy.deployment import MAX_BODY, MAX_INLINE, MAX_RESOURCES, Deployment, Forwarded, LeftOut, Placed, Stack
from vedette.deploy.event_regions import global_region
from vedette.deploy.selection import Chosen, Selection, select
from vedette.deploy.template import alarms, dashboard, forwarding, rules, storyteller, topics, trail
from vedette.deploy.template.pacing import paced
from vedette.deploy.template.values import Json, Resources, text_of
from vedette.deploy.template.wording import refuse_references
from vedette.deploy.wanted import Wanted
from vedette.detections.definition import Detection
from vedette.errors import InputError

_ROOM: Final = (MAX_RESOURCES - 20, MAX_BODY - 50_000)
"""Resources and bytes of a stack of detections: some way below the limits, so that a release does not shift them."""


_USUAL_NAME: Final = "vedette"
_NAMESPACE: Final = "Vedette"
"""Of the metrics of detections that name none."""
_FORWARDS_SIZE: Final = MAX_INLINE - 4_000
"""Bytes of the rules of a stack in another region, which has no bucket to take more."""


def build(wanted: Wanted) -> Deployment:
    """What has to be deployed for what is wanted. The same wish gives the same bytes.

    Raises InputError for what cannot be: a trail without a log group, two detections of one id, a text in which
    CloudFormation would put a secret.
    """
    wanted = _checked(wanted)
    selection = select(wanted)
    ruled, not_ruled = rules.choose_rules(wanted, selection)
    stacks = [_base(wanted)]
    if wanted.storyteller:
        stacks.append(_storyteller(wanted))
    placed: list[Placed] = []
    before = tuple(stack.name for stack in stacks)
    lots = list(_lots(wanted, selection.chosen))
    for number, lot in enumerate(lots, 1):
        stack = _detections(wanted, number, lot, before)
        stacks.append(stack)
        placed += [_place(wanted, one.detection, stack.name) for one in lot]
    filled = tuple(stack.name for stack in stacks[len(before) :])
    overview = _overview(wanted, selection, (*before, *filled))
    if overview is not None:
        stacks.append(overview)
        placed += [_place_composite(wanted, one, overview.name) for one in selection.composite]
    elsewhere, forwarded = _forwarding_stacks(wanted, ruled)
    stacks += _rule_stacks(wanted, ruled, before, placed, _regions(elsewhere))
    stacks += elsewhere
    left_out = (*selection.left_out, *not_ruled, *_without_dimensions(selection), *_of_one_metric(selection))
    manifest = _manifest(wanted, stacks, placed)
    return Deployment(tuple(stacks), tuple(placed), left_out, manifest, forwarded)


def _checked(wanted: Wanted) -> Wanted:
    """The wish with its detections in the order of their ids; a composite rule and its roll-up never share a name."""
    taken: set[str] = set()
    for one in wanted.detections:
        if one.id in taken:
            raise InputError(f"two detections are called `{one.id}`")
        taken.add(one.id)
    ours = {names.undelivered_alarm_name(wanted), names.storyteller_alarm_name(wanted)}
    for one in wanted.detections:
        if names.alarm_name(wanted, one.id) in ours or one.id.startswith("any-"):
            raise InputError(f"the name of the detection `{one.id}` is one that a deployment gives itself")
    detections = (_of_its_own(wanted, one) for one in wanted.detections)
    return replace(wanted, detections=tuple(sorted(detections, key=lambda one: one.id)))


def _of_its_own(wanted: Wanted, one: Detection) -> Detection:
    """The detection with its metric in a namespace of this deployment.

    CloudWatch adds up what two deployments in one region count under one name. What a file puts elsewhere stays there.
    """
    if wanted.name == _USUAL_NAME or one.metric is None or one.metric.namespace != _NAMESPACE:
        return one
    return replace(one, metric=replace(one.metric, namespace=f"{_NAMESPACE}/{wanted.name}"))


def _base(wanted: Wanted) -> Stack:
    resources = Resources()
    trail.add_trail(wanted, resources)
    topics.add_topics(wanted, resources)
    if wanted.storyteller:
        topics.add_function_log_group(wanted, resources)
    title = "Trail, log group and topics" if wanted.trail is None else "Topics"
    capabilities = ("CAPABILITY_NAMED_IAM",) if wanted.trail is None else ()
    return _stack(wanted, names.BASE, title, resources, capabilities=capabilities)


def _storyteller(wanted: Wanted) -> Stack:
    resources = Resources()
    storyteller.add_storyteller(wanted, resources)
    return _stack(
        wanted,
        names.STORYTELLER,
        "Storyteller",
        resources,
        capabilities=("CAPABILITY_NAMED_IAM",),
        after=(names.stack_name(wanted, names.BASE),),
    )


def _lots(wanted: Wanted, chosen: Sequence[Chosen]) -> Iterator[tuple[Chosen, ...]]:
    """The detections in lots that fit a stack each: two resources and some 2 kB a detection."""
    lot: list[Chosen] = []
    size = 0
    for one in chosen:
        own = _filtered(wanted, [one])
        length = len(text_of(own.found).encode())
        if lot and (len(lot) * 2 + 2 > _ROOM[0] or size + length > _ROOM[1]):
            yield tuple(lot)
            lot, size = [], 0
        lot.append(one)
        size += length
    if lot:
        yield tuple(lot)


def _filtered(wanted: Wanted, chosen: Iterable[Chosen]) -> Resources:
    resources = Resources()
    for one in chosen:
        alarms.add_filter(wanted, one.detection, one.text, resources)
        alarms.add_alarm(wanted, one.detection, resources)
    return resources


def _detections(wanted: Wanted, number: int, lot: Sequence[Chosen], after: tuple[str, ...]) -> Stack:
    resources = _filtered(wanted, lot)
    part, title = names.detections_part(number), "Metric filters and alarms"
    digests = {one.detection.id: digest(resources.found, one.detection) for one in lot}
    return _stack(wanted, part, title, resources, after=after, digests=digests)


def _overview(wanted: Wanted, selection: Selection, after: tuple[str, ...]) -> Stack | None:
    resources = Resources()
    among = [one.id for one in selection.composite]
    for one in selection.composite:
        alarms.add_composite(wanted, one, among, resources)
    digests = {one.id: digest(resources.found, one) for one in selection.composite}
    filtered = [one.detection for one in selection.chosen]
    told = [one for one in (*filtered, *selection.composite) if one.notify]
    roll_ups = alarms.add_roll_ups(wanted, told, resources, among) if wanted.composites else []
    if wanted.dashboard:
        dashboard.add_dashboard(wanted, told, filtered, roll_ups, resources)
    if not resources.found:
        return None
    return _stack(
        wanted, names.OVERVIEW, "Rules over alarms, and the dashboard", resources, after=after, digests=digests
    )


def _rule_stacks(
    wanted: Wanted, ruled: Sequence[rules.Ruled], after: tuple[str, ...], placed: list[Placed], regions: Sequence[str]
) -> Iterator[Stack]:
    """One stack, because an event bus takes fewer rules than a stack; adds to `placed` where the rules are.

    `regions` are those that forward, with a role that is made here.
    """
    if not ruled:
        return
    resources = Resources()
    for one in ruled:
        rules.add_rule(wanted, one, resources)
    if regions:
        forwarding.add_role(wanted, regions, resources)
    capabilities = ("CAPABILITY_NAMED_IAM",) if regions else ()
    digests = {one.detection.id: digest(resources.found, one.detection) for one in ruled}
    title = "Rules that tell within seconds"
    stack = _stack(wanted, names.EVENTS, title, resources, capabilities=capabilities, after=after, digests=digests)
    names_of = {one.detection.id: names.event_rule_name(wanted, one.detection.id) for one in ruled}
    placed[:] = [replace(one, event_rule=names_of.get(one.detection)) for one in placed]
    known = {one.detection for one in placed}
    placed += [
        Placed(one.detection.id, "", "", "", "", stack.name, "", "", names_of[one.detection.id])
        for one in ruled
        if one.detection.id not in known
    ]
    yield stack


def _forwarding_stacks(wanted: Wanted, ruled: Sequence[rules.Ruled]) -> tuple[list[Stack], tuple[Forwarded, ...]]:
    """A stack in each region of which events are forwarded, and several where one would be too long for a call."""
    found: list[Stack] = []
    forwarded: list[Forwarded] = []
    known: dict[bool, tuple[forwarding.Forward, ...]] = {}
    for region in wanted.event_regions:
        special, first = region == global_region(wanted), 1
        if special not in known:  # all others have the same
            known[special] = forwarding.forwards(wanted, ruled, region)
        for number, lot in enumerate(_forward_lots(wanted, known[special]), 1):
            resources, part = Resources(), names.forwarding_part(wanted, region, number)
            for position, one in enumerate(lot, first):
                rule_id = forwarding.add_forward(wanted, position, one, resources)
                rule = names.forward_rule_name(wanted, position)
                forwarded.append(Forwarded(region, names.stack_name(wanted, part), rule, rule_id, one.detections))
            first += len(lot)
            title = f"Forwarding of events from {region}"
            after = (names.stack_name(wanted, names.EVENTS),)
            found.append(_stack(wanted, part, title, resources, after=after, region=region))
    return found, tuple(forwarded)


def _forward_lots(wanted: Wanted, found: Sequence[forwarding.Forward]) -> Iterator[list[forwarding.Forward]]:
    lot: list[forwarding.Forward] = []
    size = 0
    for one in found:
        own = Resources()
        forwarding.add_forward(wanted, 0, one, own)
        length = len(text_of(own.found).encode())
        if lot and size + length > _FORWARDS_SIZE:
            yield lot
            lot, size = [], 0
        lot.append(one)
        size += length
    if lot:
        yield lot


def _regions(elsewhere: Sequence[Stack]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stack.region for stack in elsewhere))


def _place(wanted: Wanted, one: Detection, stack: str) -> Placed:
    assert one.metric is not None
    return Placed(
        one.id,
        names.filter_name(wanted, one.id),
        names.alarm_name(wanted, one.id),
        one.metric.namespace,
        one.metric.name,
        stack,
        alarms.filter_id(one),
        alarms.alarm_id(one),
    )


def _place_composite(wanted: Wanted, one: Detection, stack: str) -> Placed:
    return Placed(one.id, "", names.alarm_name(wanted, one.id), "", "", stack, "", alarms.alarm_id(one))


def _without_dimensions(selection: Selection) -> Iterator[LeftOut]:
    for one in selection.chosen:
        if one.detection.metric is not None and one.detection.metric.dimensions:
            reason = (
                "Its metric is deployed without dimensions, because an alarm has to name the values that they take."
            )
            yield LeftOut(one.detection.id, reason)


def _of_one_metric(selection: Selection) -> Iterator[LeftOut]:
    """Those whose filters count into one metric, whose alarms CloudWatch cannot keep apart."""
    sharing: dict[tuple[str, str], list[str]] = {}
    for one in selection.chosen:
        if one.detection.metric is not None:
            key = one.detection.metric.namespace, one.detection.metric.name
            sharing.setdefault(key, []).append(one.detection.id)
    for (namespace, name), those in sharing.items():
        for sharer in those if len(those) > 1 else ():
            others = [f"`{other}`" for other in those if other != sharer]
            named = joined(others if len(others) < 4 else [*others[:2], f"{len(others) - 2} more"])
            reason = f"It counts into the metric {namespace}/{name} as {named}: the alarm of each rings for all."
            yield LeftOut(sharer, reason)


def _stack(
    wanted: Wanted,
    part: str,
    title: str,
    resources: Resources,
    *,
    capabilities: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
    digests: Mapping[str, str] | None = None,
    region: str = "",
) -> Stack:
    refuse_references(resources.found)
    metadata: dict[str, Json] = {"Name": wanted.name, "Version": __version__, "Part": part}
    if region:
        metadata["Home"] = wanted.region
    if digests:
        metadata["Detections"] = digests
    template: dict[str, object] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Vedette {wanted.name}: {title.lower() if title[1:2].islower() else title}",
        "Metadata": {"Vedette": metadata},
        "Resources": paced(resources.found),
    }
    return Stack(names.stack_name(wanted, part), title, template, {}, capabilities, after, region)


def digest(resources: Mapping[str, Json], detection: Detection) -> str:
    """Twelve digits for what is deployed of a detection; the version, which is in the tags, does not count.

    Whoever holds it against a newly built deployment knows whether the detection has changed since.
    """
    ids = (alarms.filter_id(detection), alarms.alarm_id(detection), rules.rule_id(detection))
    own = {name: _without_tags(resources[name]) for name in ids if name in resources}
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()[:12]


def _without_tags(resource: Json) -> Json:
    assert isinstance(resource, Mapping)
    properties = resource["Properties"]
    assert isinstance(properties, Mapping)
    return {name: value for name, value in properties.items() if name != "Tags"}


def _manifest(wanted: Wanted, stacks: Sequence[Stack], placed: Sequence[Placed]) -> Mapping[str, object]:
    """What Vedette owns here. The same is in the stacks' metadata, part by part, for whoever has no template."""
    detections: dict[str, dict[str, str]] = {}
    for stack in stacks:
        metadata = stack.template["Metadata"]
        assert isinstance(metadata, Mapping)
        for name, value in metadata["Vedette"].get("Detections", {}).items():
            detections.setdefault(name, {})[stack.name] = value
    assert set(detections) == {one.detection for one in placed}
    return {
        "name": wanted.name,
        "version": __version__,
        "pack": wanted.pack.value,
        "stacks": [stack.name for stack in stacks],
        "detections": {name: detections[name] for name in sorted(detections)},
    }
