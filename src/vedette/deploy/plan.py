"""What applying would do: a change set for each stack, made by CloudFormation, and what of ours is wanted no more.

Other regions are asked as the home region is; what stands in one that is wanted no more goes first. A plan leaves
nothing behind that `discard` does not take back. Where CloudFormation cannot be asked yet (no bucket for a long
template, a stack that failed and must go first) the templates are compared, and it is asked when it is applied.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from vedette.aws import AwsClient, AwsError, AwsSession, Failure
from vedette.deploy import assets, drift, names, stacks, standing
from vedette.deploy.answers import mapping, text
from vedette.deploy.changes import Change, Operation, Row, changes_of, rows
from vedette.deploy.deployed import read
from vedette.deploy.deployment import Deployment, Stack
from vedette.deploy.discovery import FoundTrail, beside
from vedette.deploy.drift import Drift
from vedette.deploy.failures import unexpected_stack
from vedette.deploy.intrinsics import Place, resolved
from vedette.deploy.mending import mendable, row_of
from vedette.deploy.stacks import ChangeSet, Pause, Phase, StackState
from vedette.deploy.standing import Unreached, reaching
from vedette.deploy.wanted import Wanted

_TRAIL = "AWS::CloudTrail::Trail"
_NAMED = ("BucketName", "LogGroupName")
EMPTY: Mapping[str, object] = {}


class Fate(enum.Enum):
    """What becomes of a stack."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class StackPlan:
    """One stack: what becomes of it, and its changes. `stack` is None for one that is wanted no more.

    `change_set` is None where there is nothing to execute, or where it can be made only when the plan is applied.
    """

    name: str
    title: str
    fate: Fate
    stack: Stack | None
    state: StackState | None
    change_set: ChangeSet | None
    changes: tuple[Change, ...]

    @property
    def anew(self) -> bool:
        """Whether a stack that is there goes before it is made: it failed, or it names what is in one that did."""
        there = self.state is not None and self.state.phase is not Phase.REVIEWED
        return self.fate is Fate.CREATE and there

    @property
    def region(self) -> str:
        """Where it stands; empty where only the deployment knows its home."""
        return (self.stack.region if self.stack is not None else "") or (self.state.region if self.state else "")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted, what it is made into, and what that changes, stack by stack in the order of execution."""

    wanted: Wanted
    deployment: Deployment
    stacks: tuple[StackPlan, ...]
    drifts: tuple[Drift, ...] = ()
    """What somebody changed by hand, of what stays."""
    unreached: tuple[Unreached, ...] = ()
    """Where something of the deployment stands that is wanted no more, and cannot be looked at."""
    beside: tuple[FoundTrail, ...] = ()
    """Trails that record the account already, where another one would be made."""

    @property
    def titles(self) -> Mapping[str, str]:
        """The titles of detections by their ids."""
        return {one.id: one.title for one in self.wanted.detections}

    @property
    def changed(self) -> bool:
        """Whether applying would do anything."""
        return any(one.fate is not Fate.KEEP for one in self.stacks) or bool(self.mended)

    @property
    def mended(self) -> tuple[Drift, ...]:
        """What applying puts back."""
        return tuple(one for one in self.drifts if mendable(one))

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every change, gathered for a reader."""
        changed = rows([change for one in self.stacks for change in one.changes], self.titles)
        return (*changed, *(row_of(one, self.titles.get(one.detection, "")) for one in self.mended))

    @property
    def retagged(self) -> int:
        """How many resources get other tags, and nothing else."""
        return sum(change.tags_only and not change.noted for one in self.stacks for change in one.changes)


def make_plan(session: AwsSession, wanted: Wanted, deployment: Deployment, pause: Pause) -> Plan:
    """Ask CloudFormation what it would do. Raises VedetteError for a stack that is at work, stuck, or not ours."""
    assets.require_given(session.client("s3"), wanted)
    deployment = replace(deployment, stacks=tuple(literal(stack, Place.of(wanted)) for stack in deployment.stacks))
    found = standing.find(session, Place.of(wanted), wanted.event_regions)
    there = {one.name: one for one in found.states}
    for stack in deployment.stacks:
        if (
            stack.name not in there
            and (state := stacks.find(client_of(session, wanted, stack), stack.name)) is not None
        ):
            there[stack.name] = state
    for state in there.values():
        unexpected_stack(state, wanted)
    name = f"vedette-{uuid.uuid4().hex}"
    anew = frozenset(_lost(session, wanted, there))
    planned: list[StackPlan] = []
    try:
        for stack in deployment.stacks:
            with reaching(stack.region or wanted.region, wanted.region, wanted.event_regions):
                one = _planned(session, wanted, stack, there.get(stack.name), name, pause, anew=stack.name in anew)
            planned.append(one)  # one by one: what is there when the next fails is taken back
        kept = {stack.name for stack in deployment.stacks}
        planned += [removal(session, state, Place.of(wanted)) for state in there.values() if state.name not in kept]
        drifts = _drifts(session, wanted, there, planned)
    except BaseException:  # also Ctrl-C: what was made only to look at goes again
        discard(session, wanted, planned)
        raise
    ordered = tuple(_ordered(planned, wanted.region))
    return Plan(wanted, deployment, ordered, drifts, found.unreached, _beside(session, wanted, ordered))


def _lost(session: AwsSession, wanted: Wanted, there: Mapping[str, StackState]) -> Iterator[str]:
    """The stacks that CloudFormation would leave as they are, and that have to be made anew."""
    overview = names.stack_name(wanted, names.OVERVIEW)
    if any(state.status == "DELETE_FAILED" for state in there.values()):
        yield overview  # its composite alarms name alarms of the others, which CloudWatch keeps as long as they do
    storyteller = there.get(names.stack_name(wanted, names.STORYTELLER))
    if wanted.storyteller and storyteller is not None and storyteller.phase is Phase.STANDING:
        try:
            session.client("lambda").call("get_function_configuration", FunctionName=names.function_name(wanted))
        except AwsError as error:
            if error.failure is Failure.MISSING:
                yield storyteller.name
            elif error.failure is not Failure.DENIED:
                raise


def _beside(session: AwsSession, wanted: Wanted, planned: Sequence[StackPlan]) -> tuple[FoundTrail, ...]:
    made = any(change.type == _TRAIL and change.operation is Operation.ADD for one in planned for change in one.changes)
    return beside(session, Place.of(wanted), names.trail_name(wanted)) if made else ()


def client_of(session: AwsSession, wanted: Wanted, one: Stack | StackPlan) -> AwsClient:
    """CloudFormation where a stack stands."""
    return session.client("cloudformation", one.region or wanted.region)


def _drifts(
    session: AwsSession, wanted: Wanted, there: Mapping[str, StackState], planned: Sequence[StackPlan]
) -> tuple[Drift, ...]:
    """What is not as it was deployed, without what goes anyway."""
    going = {
        (one.name, change.logical_id)
        for one in planned
        for change in one.changes
        if change.operation in (Operation.REMOVE, Operation.REPLACE)
    }
    anew = {one.name for one in planned if one.anew}
    found = read(session, (state for state in there.values() if state.name not in anew), Place.of(wanted))
    return drift.find(session, (one for one in found if (one.stack, one.logical_id) not in going))


def literal(stack: Stack, place: Place) -> Stack:
    """The same with plain names of what outlives its stack.

    CloudFormation takes over what an earlier deployment kept only where its name is written out. Source:
    CloudFormation user guide, "Import AWS resources into a CloudFormation stack automatically".
    """
    given = mapping(stack.template, "Resources")
    changed = {}
    for logical_id in given:
        one, properties = mapping(given, logical_id), mapping(mapping(given, logical_id), "Properties")
        name = next((name for name in _NAMED if name in properties), "")
        value = resolved(properties[name], given, place) if name else None
        if text(one, "DeletionPolicy").startswith("Retain") and isinstance(value, str):
            changed[logical_id] = {**one, "Properties": {**properties, name: value}}
    return replace(stack, template={**stack.template, "Resources": {**given, **changed}}) if changed else stack


def _planned(
    session: AwsSession,
    wanted: Wanted,
    stack: Stack,
    state: StackState | None,
    name: str,
    pause: Pause,
    *,
    anew: bool,
) -> StackPlan:
    cfn = client_of(session, wanted, stack)
    place = replace(Place.of(wanted), region=stack.region or wanted.region)
    new = anew or state is None or state.phase in (Phase.REVIEWED, Phase.FAILED)
    old = EMPTY if new else stacks.template_of(cfn, stack.name)
    fate = Fate.CREATE if new else Fate.UPDATE
    if anew or _must_wait(session, wanted, stack, state):
        answers = local_answers(old, stack.template)
        changes = tuple(changes_of(stack.name, answers, old, stack.template, place, stack.region))
        fate = fate if changes else Fate.KEEP
        return StackPlan(stack.name, stack.title, fate, stack, state, None, changes)
    made = change_set_for(session, wanted, stack, name, new=new, pause=pause)
    if made is None:
        return StackPlan(stack.name, stack.title, Fate.KEEP, stack, state, None, ())
    changes = tuple(changes_of(stack.name, made.changes, old, stack.template, place, stack.region))
    return StackPlan(stack.name, stack.title, fate, stack, state, made, changes)


def _must_wait(session: AwsSession, wanted: Wanted, stack: Stack, state: StackState | None) -> bool:
    """Whether CloudFormation can be asked only when something was made or removed that a plan must not."""
    if state is not None and state.phase is Phase.FAILED:
        return True
    return stack.needs_upload and not assets.exists(session.client("s3"), wanted)


def change_set_for(
    session: AwsSession, wanted: Wanted, stack: Stack, name: str, *, new: bool, pause: Pause
) -> ChangeSet | None:
    """The change set of a stack; None where nothing would change. A long template goes through the bucket."""
    given = assets.source(session, wanted, stack)
    tags = {**names.tags(wanted), **({names.HOME_TAG: wanted.region} if stack.region else {})}
    return stacks.make_change_set(client_of(session, wanted, stack), stack, given, tags, name, new=new, pause=pause)


def removal(session: AwsSession, state: StackState, home: Place) -> StackPlan:
    """The plan of a stack that goes; `home` is where the deployment is."""
    region = state.region or home.region
    empty = state.phase in (Phase.REVIEWED, Phase.FAILED)
    held = EMPTY if empty else stacks.template_of(session.client("cloudformation", region), state.name)
    far = region if region != home.region else ""
    place = replace(home, region=region)
    changes = tuple(changes_of(state.name, local_answers(held, EMPTY), held, EMPTY, place, far))
    title = text(held, "Description").partition(": ")[2] or state.name
    return StackPlan(state.name, title[:1].upper() + title[1:], Fate.REMOVE, None, state, None, changes)


def local_answers(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """What a change set would answer for two templates, as far as the templates alone tell."""
    before, after = mapping(old, "Resources"), mapping(new, "Resources")
    for name in sorted(before.keys() | after.keys()):
        action = "Add" if name not in before else "Remove" if name not in after else "Modify"
        if action == "Modify" and _in_any_order(before, name) == _in_any_order(after, name):
            continue
        shown = mapping(after if name in after else before, name)
        yield {"ResourceChange": {"Action": action, "LogicalResourceId": name, "ResourceType": text(shown, "Type")}}


def _in_any_order(resources: Mapping[str, object], name: str) -> Mapping[str, object]:
    """The resource without what it waits for: who comes first is no change of it, to CloudFormation neither."""
    return {key: value for key, value in mapping(resources, name).items() if key != "DependsOn"}


def _ordered(planned: Sequence[StackPlan], home: str) -> Iterator[StackPlan]:
    """The order of execution: what lets go of a name comes before what takes it; the rest as it stands.

    Removals come last, because what they hold is used by what stood after them; but those of other regions first,
    before the home forgets that there is something.
    """
    going = [one for one in reversed(planned) if one.fate is Fate.REMOVE]
    waiting = [one for one in going if one.region not in ("", home)]
    waiting += [one for one in planned if one.fate is not Fate.REMOVE]
    waiting += [one for one in going if one.region in ("", home)]
    while waiting:
        free = (one for one in waiting if not any(_frees(other, one) for other in waiting if other is not one))
        chosen = next(free, waiting[0])
        waiting.remove(chosen)
        yield chosen


def _frees(one: StackPlan, other: StackPlan) -> bool:
    released = {(change.type, change.name) for change in one.changes if change.operation is Operation.REMOVE}
    return any(change.operation is Operation.ADD and (change.type, change.name) in released for change in other.changes)


def discard(session: AwsSession, wanted: Wanted, planned: Sequence[StackPlan]) -> None:
    """Take back what a plan made only to look at."""
    for one in planned:
        if one.change_set is not None:
            stacks.discard(client_of(session, wanted, one), one.change_set, new=one.fate is Fate.CREATE)
