"""Carrying a plan out, stack by stack, and telling each step; the first failure ends it, and what is done stands.

A creation that fails leaves nothing, a failed update is taken back (CloudFormation does both). Whoever is interrupted
can apply again: what CloudFormation is at work on is waited for, what failed before is removed first.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from vedette.aws import AwsClient, AwsError, AwsSession
from vedette.deploy import stacks, standing
from vedette.deploy.changes import KINDS, Row, rows
from vedette.deploy.deployment import Stack
from vedette.deploy.failures import DeployError, explained, overtaken
from vedette.deploy.intrinsics import Place
from vedette.deploy.mending import mend
from vedette.deploy.plan import Fate, Plan, StackPlan, change_set_for, client_of
from vedette.deploy.stacks import ChangeSet, Event, Pause, Phase, StackState
from vedette.deploy.staging import staged
from vedette.deploy.standing import reaching
from vedette.deploy.wanted import Wanted

_BEHIND = "; it could not be removed, and belongs to no stack any more: remove it by hand"


class Point(enum.Enum):
    """How far something is."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened. `subject` is a detection's title, another thing's name, or the stack's title.

    `whole` is true for the stack itself; `done` and `of` count its subjects.
    """

    stack: str
    subject: str
    kind: str
    point: Point
    done: int
    of: int
    whole: bool = False


def settle(session: AwsSession, wanted: Wanted, expected: Sequence[Stack], pause: Pause) -> Iterator[StackState]:
    """Wait for what CloudFormation is at work on, an apply that was interrupted; yields each stack waited for."""
    found = {one.name: one for one in standing.find(session, Place.of(wanted), wanted.event_regions).states}
    for one in expected:
        if one.name not in found:
            cfn = session.client("cloudformation", one.region or wanted.region)
            state = stacks.find(cfn, one.name)
            if state is not None:
                found[one.name] = state
    for state in found.values():
        if state.phase is Phase.BUSY:
            yield state
            stacks.at_rest(session.client("cloudformation", state.region), state.id, pause)


def apply(session: AwsSession, plan: Plan, pause: Pause) -> Iterator[Step]:
    """Carry it out. Raises DeployError with the first cause of a failure, once CloudFormation has taken it back."""
    cfn = session.client("cloudformation", plan.wanted.region)
    finished: list[str] = []
    behind: list[DeployError] = []
    begun: set[str] = set()
    try:
        yield from _cleared(session, plan, pause)
        if plan.mended:  # first: CloudFormation cannot change what is gone
            yield from _mended(session, plan)
        for one in staged(plan.stacks, lambda name: stacks.template_of(cfn, name)):
            if one.fate is not Fate.KEEP:
                begun.add(one.name)
                with reaching(one.region or plan.wanted.region, plan.wanted.region, plan.wanted.event_regions):
                    yield from _carried_out(session, plan, one, finished, behind, pause)
                finished = [*dict.fromkeys((*finished, one.name))]
    finally:
        for one in plan.stacks:
            if one.name not in begun:
                _discarded(client_of(session, plan.wanted, one), one)
    if behind:
        raise behind[0]


def _cleared(session: AwsSession, plan: Plan, pause: Pause) -> Iterator[Step]:
    """Remove the stacks that are made anew, those first that name what is in others."""
    anew = [one for one in plan.stacks if one.anew]
    if not anew:
        return
    step = Step("", "Removal of what cannot be changed any more", "", Point.BEGUN, 0, len(anew), whole=True)
    yield step
    for one in reversed(anew):
        assert one.state is not None
        remove_failed(client_of(session, plan.wanted, one), one.state, plan.wanted, pause)
    yield replace(step, point=Point.DONE, done=step.of)


def _mended(session: AwsSession, plan: Plan) -> Iterator[Step]:
    step = Step("", "What was changed by hand", "", Point.BEGUN, 0, len(plan.mended), whole=True)
    yield step
    mend(session, plan.mended)
    yield replace(step, point=Point.DONE, done=step.of)


def _discarded(cfn: AwsClient, one: StackPlan) -> None:
    if one.change_set is None:
        return
    try:
        stacks.discard(cfn, one.change_set, new=one.fate is Fate.CREATE)
    except AwsError:
        return  # what stopped us is what matters; a change set that stays does nothing


def _carried_out(
    session: AwsSession, plan: Plan, one: StackPlan, finished: Sequence[str], behind: list[DeployError], pause: Pause
) -> Iterator[Step]:
    cfn = client_of(session, plan.wanted, one)
    token = f"vedette-{uuid.uuid4().hex}"
    teller = _Teller(one, plan.titles)
    yield teller.stack(Point.BEGUN)
    if one.fate is Fate.REMOVE:
        assert one.state is not None
        stack_id = one.state.id
        stacks.delete(cfn, stack_id, token)
    else:
        change_set = one.change_set or _late(session, plan, one, pause)
        if change_set is None:
            yield teller.stack(Point.DONE)
            return
        stack_id = change_set.stack_id
        with overtaken(one.name):
            stacks.execute(cfn, change_set, token)
    seen: list[Event] = []
    with overtaken(one.name):
        for event in stacks.watch(cfn, stack_id, token, pause):
            seen.append(event)
            yield from teller.told(event)
    final = stacks.find(cfn, stack_id)
    if one.fate is Fate.CREATE and final is not None and final.phase is Phase.FAILED:
        remove_failed(cfn, final, plan.wanted, pause)  # where OnStackFailure has not got that far
        final = None
    if not _succeeded(one.fate, final):
        yield teller.stack(Point.FAILED)
        raise _failure(cfn, plan, one, stack_id, seen, finished, final, teller)
    behind += [  # an update is complete for CloudFormation though something could not be removed after it
        explained(event, one.name, teller.subject_of(event), plan.wanted, _BEHIND, one.region)
        for event in seen
        if event.failed and not event.of_stack
    ]
    yield teller.stack(Point.DONE)


def _late(session: AwsSession, plan: Plan, one: StackPlan, pause: Pause) -> ChangeSet | None:
    """The change set that could not be made when the plan was."""
    assert one.stack is not None
    name = f"vedette-{uuid.uuid4().hex}"
    return change_set_for(session, plan.wanted, one.stack, name, new=one.fate is Fate.CREATE, pause=pause)


def remove_failed(cfn: AwsClient, state: StackState, wanted: Wanted, pause: Pause) -> None:
    """Remove a stack whose creation or removal failed, so that it can be made anew."""
    token = f"vedette-{uuid.uuid4().hex}"
    stacks.delete(cfn, state.id, token)
    seen = list(stacks.watch(cfn, state.id, token, pause))
    if stacks.find(cfn, state.id) is not None:
        raise explained(
            stacks.first_cause(cfn, state.id, seen), state.name, "", wanted,
            f" (the stack `{state.name}` failed before, and cannot be removed)", state.region,
        )  # fmt: skip


def _succeeded(fate: Fate, final: StackState | None) -> bool:
    if fate is Fate.REMOVE:
        return final is None
    return final is not None and final.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def _failure(
    cfn: AwsClient, plan: Plan, one: StackPlan, stack_id: str, seen: Sequence[Event], finished: Sequence[str],
    final: StackState | None, teller: _Teller,
) -> DeployError:  # fmt: skip
    cause = stacks.first_cause(cfn, stack_id, seen)
    subject = "" if cause is None else teller.subject_of(cause)
    left = _left(one, final)
    if finished:
        left += f"; {', '.join(f'`{name}`' for name in finished)} {'is' if len(finished) == 1 else 'are'} done"
    return explained(cause, stack_id if final is None else one.name, subject, plan.wanted, left, one.region)


def _left(one: StackPlan, final: StackState | None) -> str:
    if final is None:
        return f"; nothing of `{one.name}` is left"
    if final.status == "UPDATE_ROLLBACK_COMPLETE":
        return f"; `{one.name}` is as it was before"
    return f"; `{one.name}` is in {final.status}"


class _Teller:
    """Turns events of resources into steps of subjects, each told once when it begins and once when it is over."""

    def __init__(self, one: StackPlan, titles: Mapping[str, str]) -> None:
        self._one = one
        self._rows = {change.logical_id: row for row in rows(one.changes, titles) for change in row.changes}
        self._open: dict[int, set[str]] = {}
        for name, row in self._rows.items():
            self._open.setdefault(id(row), set()).add(name)
        self._of = len(self._open)
        self._begun: set[int] = set()

    @property
    def _done(self) -> int:
        return sum(not names for names in self._open.values())

    def stack(self, point: Point) -> Step:
        """The step of the stack itself."""
        return Step(self._one.name, self._one.title, "stack", point, self._done, self._of, whole=True)

    def subject_of(self, event: Event) -> str:
        """What a reader calls the resource of an event."""
        row = self._rows.get(event.logical_id)
        return event.physical_id or event.logical_id if row is None else row.subject

    def told(self, event: Event) -> Iterator[Step]:
        """The steps that an event makes: none, or one."""
        row = self._rows.get(event.logical_id)
        if event.of_stack or row is None:
            return
        if event.failed:
            yield self._step(row, event, Point.FAILED)
        elif event.status.endswith(("_COMPLETE", "_SKIPPED")):
            names = self._open[id(row)]
            names.discard(event.logical_id)
            if not names:
                yield self._step(row, event, Point.DONE)
        elif id(row) not in self._begun:
            self._begun.add(id(row))
            yield self._step(row, event, Point.BEGUN)

    def _step(self, row: Row, event: Event, point: Point) -> Step:
        kind = KINDS.get(event.type, event.type)
        return Step(self._one.name, row.subject, kind, point, self._done, self._of)
