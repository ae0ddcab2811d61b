"""CloudFormation, as far as a deployment needs it: stacks and their states, change sets, events, waiting.

It knows no template's content. Waiting asks again until it is over; `pause` is how long the caller lets pass between.
"""

from __future__ import annotations

import enum
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from vedette.aws import AwsClient, AwsError
from vedette.deploy.answers import epoch, mapping, records, text
from vedette.deploy.deployment import Stack
from vedette.deploy.names import HOME_TAG, NAME_TAG
from vedette.errors import VedetteError

POLL_SECONDS = 2.0
_LATEST = 5
"""After so many looks an operation has begun, or will not."""
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_CANCELLED = ("Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled")

_PATIENCE = 60
"""How often in a row a look may fail by what goes away by itself, before it is told."""

Pause = Callable[[float], None]
T = TypeVar("T")


class Phase(enum.Enum):
    """What can be done with a stack in its state."""

    STANDING = "standing"
    """It can be updated."""
    REVIEWED = "reviewed"
    """A plan made it for a change set, and it holds nothing yet."""
    BUSY = "busy"
    """CloudFormation is at work on it."""
    FAILED = "failed"
    """Its creation or removal failed: it can only be deleted."""
    STUCK = "stuck"
    """An update's rollback failed: a person must decide."""
    GONE = "gone"


_PHASES = {
    "REVIEW_IN_PROGRESS": Phase.REVIEWED,
    "CREATE_FAILED": Phase.FAILED,
    "ROLLBACK_COMPLETE": Phase.FAILED,
    "ROLLBACK_FAILED": Phase.FAILED,
    "DELETE_FAILED": Phase.FAILED,
    "UPDATE_ROLLBACK_FAILED": Phase.STUCK,
    "DELETE_COMPLETE": Phase.GONE,
}


@dataclass(frozen=True, slots=True)
class StackState:
    """A stack as it is in AWS. `status` is CloudFormation's word; times are in epoch seconds.

    `region` is where it stands.
    """

    name: str
    id: str
    status: str
    reason: str
    tags: Mapping[str, str]
    outputs: Mapping[str, str]
    created: int | None
    updated: int | None
    region: str = ""

    @property
    def phase(self) -> Phase:
        """What can be done with it."""
        if self.status in _PHASES:
            return _PHASES[self.status]
        return Phase.BUSY if self.status.endswith("_IN_PROGRESS") else Phase.STANDING


@dataclass(frozen=True, slots=True)
class Event:
    """What CloudFormation says of a resource, or (`logical_id` is the stack's name) of the stack."""

    id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    at: int | None

    @property
    def failed(self) -> bool:
        """Whether it is a failure of its own, not one that another failure brought about."""
        return self.status.endswith("_FAILED") and not self.reason.startswith(_CANCELLED)

    @property
    def of_stack(self) -> bool:
        """Whether it is about the stack as a whole."""
        return self.type == "AWS::CloudFormation::Stack"


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set that can be executed: its ARN, and CloudFormation's answers (pages of `Changes`)."""

    id: str
    stack: str
    stack_id: str
    changes: tuple[Mapping[str, object], ...]


def find(cfn: AwsClient, name: str) -> StackState | None:
    """The stack of that name or id; None where there is none."""
    try:
        answer = cfn.call("describe_stacks", StackName=name)
    except AwsError as error:
        if error.code == "ValidationError" and "does not exist" in error.message:
            return None
        raise
    found = [_state(one, cfn.region) for one in records(answer, "Stacks")]
    return found[0] if found and found[0].phase is not Phase.GONE else None


def ours(cfn: AwsClient, name: str, home: str = "") -> tuple[StackState, ...]:
    """The stacks of the deployment of that name, by their tags, in the order of their names.

    Those in the client's region: of a deployment that has its home there, or in the region `home`.
    """
    found = [_state(one, cfn.region) for page in cfn.pages("describe_stacks") for one in records(page, "Stacks")]
    wanted = name, home or cfn.region
    standing = (
        one
        for one in found
        if (one.tags.get(NAME_TAG), one.tags.get(HOME_TAG, cfn.region)) == wanted and one.phase is not Phase.GONE
    )
    return tuple(sorted(standing, key=lambda one: one.name))


def _state(answer: Mapping[str, object], region: str) -> StackState:
    return StackState(
        name=text(answer, "StackName"),
        id=text(answer, "StackId"),
        status=text(answer, "StackStatus"),
        reason=text(answer, "StackStatusReason"),
        tags={text(one, "Key"): text(one, "Value") for one in records(answer, "Tags")},
        outputs={text(one, "OutputKey"): text(one, "OutputValue") for one in records(answer, "Outputs")},
        created=epoch(answer, "CreationTime"),
        updated=epoch(answer, "LastUpdatedTime") or epoch(answer, "CreationTime"),
        region=region,
    )


def template_of(cfn: AwsClient, name: str) -> Mapping[str, object]:
    """The template that a stack was last made from."""
    return mapping(cfn.call("get_template", StackName=name, TemplateStage="Original"), "TemplateBody")


def physical_id(answer: Mapping[str, object]) -> str:
    """The name in AWS of the one resource of an answer of DescribeStackResources."""
    return next((text(one, "PhysicalResourceId") for one in records(answer, "StackResources")), "")


def make_change_set(
    cfn: AwsClient, stack: Stack, source: Mapping[str, str], tags: Mapping[str, str], name: str, *, new: bool,
    pause: Pause,
) -> ChangeSet | None:  # fmt: skip
    """What CloudFormation would do to reach the stack's template; None where that is nothing.

    `source` is TemplateBody or TemplateURL. A creation that fails is to leave nothing (`OnStackFailure`). It takes over
    what an earlier deployment kept, as the log bucket and group (`ImportExistingResources`).
    """
    answer = cfn.call(
        "create_change_set",
        StackName=stack.name,
        ChangeSetName=name,
        ChangeSetType="CREATE" if new else "UPDATE",
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in stack.parameters.items()],
        Capabilities=list(stack.capabilities),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        Description="made by vedette deploy",
        OnStackFailure="DELETE" if new else "ROLLBACK",
        ImportExistingResources=new,
        **source,
    )
    made = text(answer, "Id")
    look = functools.partial(
        cfn.call, "describe_change_set", StackName=stack.name, ChangeSetName=made, IncludePropertyValues=True
    )
    while True:
        found = patiently(look, pause)
        status, reason = text(found, "Status"), text(found, "StatusReason")
        if status not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            break
        pause(POLL_SECONDS)
    if status == "FAILED":
        cfn.call("delete_change_set", StackName=stack.name, ChangeSetName=made)
        if any(words in reason for words in _NO_CHANGES):
            return None
        raise VedetteError(f"CloudFormation refuses the change of `{stack.name}`: {reason}", hint=_refused(new))
    return ChangeSet(made, stack.name, text(answer, "StackId"), tuple(_changes(cfn, found, stack.name, made)))


def _refused(new: bool) -> str | None:
    return "nothing was changed" if not new else "nothing was made"


def _changes(cfn: AwsClient, first: Mapping[str, object], stack: str, made: str) -> Iterator[Mapping[str, object]]:
    page = first
    while True:
        yield from records(page, "Changes")
        token = text(page, "NextToken")
        if not token:
            return
        page = cfn.call(
            "describe_change_set", StackName=stack, ChangeSetName=made, IncludePropertyValues=True, NextToken=token
        )


def execute(cfn: AwsClient, change_set: ChangeSet, token: str) -> None:
    """Let it happen. What the operation makes and must take back is deleted, even where it would be kept later."""
    cfn.call(
        "execute_change_set",
        StackName=change_set.stack,
        ChangeSetName=change_set.id,
        ClientRequestToken=token,
        RetainExceptOnCreate=True,
    )


def delete(cfn: AwsClient, name: str, token: str) -> None:
    """Let a stack be removed."""
    cfn.call("delete_stack", StackName=name, ClientRequestToken=token)


def discard(cfn: AwsClient, change_set: ChangeSet, *, new: bool) -> None:
    """Take a change set back and, where the stack was made for it, the stack, which holds nothing."""
    if new:
        found = find(cfn, change_set.stack_id)
        if found is not None and found.phase is Phase.REVIEWED:
            cfn.call("delete_stack", StackName=change_set.stack_id)
        return
    cfn.call("delete_change_set", StackName=change_set.stack, ChangeSetName=change_set.id)


def events(cfn: AwsClient, stack_id: str, token: str = "", known: frozenset[str] = frozenset()) -> list[Event]:
    """A stack's events that are not known yet, the oldest first; with `token` only those of that operation."""
    found: list[Event] = []
    for page in cfn.pages("describe_stack_events", StackName=stack_id):
        for one in records(page, "StackEvents"):
            if text(one, "EventId") in known:
                return found[::-1]
            if not token or text(one, "ClientRequestToken") == token:
                found.append(_event(one))
    return found[::-1]


def _event(answer: Mapping[str, object]) -> Event:
    return Event(
        id=text(answer, "EventId"),
        logical_id=text(answer, "LogicalResourceId"),
        physical_id=text(answer, "PhysicalResourceId"),
        type=text(answer, "ResourceType"),
        status=text(answer, "ResourceStatus"),
        reason=text(answer, "ResourceStatusReason"),
        at=epoch(answer, "Timestamp"),
    )


def watch(cfn: AwsClient, stack_id: str, token: str, pause: Pause) -> Iterator[Event]:
    """An operation's events as they come, until the stack is at rest."""
    known: set[str] = set()
    begun = False
    for turn in itertools.count():
        state, new = patiently(lambda: _look(cfn, stack_id, token, frozenset(known)), pause)
        for event in new:
            known.add(event.id)
            begun = begun or event.of_stack
            yield event
        # Right after the call the stack may still show its old state, as if it had come to rest.
        if state is None or (state.phase is not Phase.BUSY and (begun or turn >= _LATEST)):
            return
        pause(POLL_SECONDS)


def _look(cfn: AwsClient, stack_id: str, token: str, known: frozenset[str]) -> tuple[StackState | None, list[Event]]:
    answer = cfn.call("describe_stacks", StackName=stack_id)
    state = next((_state(one, cfn.region) for one in records(answer, "Stacks")), None)
    return state, events(cfn, stack_id, token, known)


def patiently(look: Callable[[], T], pause: Pause) -> T:
    """What a look answers. CloudFormation goes on while the network is away or it asks for fewer calls: look again."""
    for _ in range(_PATIENCE):
        try:
            return look()
        except AwsError as error:
            if not error.transient:
                raise
        pause(POLL_SECONDS)
    return look()


def at_rest(cfn: AwsClient, stack_id: str, pause: Pause) -> StackState | None:
    """The stack once CloudFormation has done with it; None where it is gone."""
    while True:
        state = patiently(lambda: find(cfn, stack_id), pause)
        if state is None or state.phase is not Phase.BUSY:
            return state
        pause(POLL_SECONDS)


def first_cause(cfn: AwsClient, stack_id: str, seen: Sequence[Event]) -> Event | None:
    """The failure that came first: the others follow from it.

    Where CloudFormation only says that its validation failed, DescribeEvents knows of what.
    """
    failures = [event for event in seen if event.failed]
    cause = next((event for event in failures if not event.of_stack), None)
    if cause is not None or not failures:
        return cause
    return _validation(cfn, stack_id) or failures[0]


def _validation(cfn: AwsClient, stack_id: str) -> Event | None:
    try:
        answer = cfn.call("describe_events", StackName=stack_id, Filters={"FailedEvents": True})
    except AwsError:
        return None
    for one in records(answer, "OperationEvents"):
        if text(one, "ValidationStatusReason"):
            return Event(
                id=text(one, "EventId"),
                logical_id=text(one, "LogicalResourceId"),
                physical_id=text(one, "PhysicalResourceId"),
                type=text(one, "ResourceType"),
                status="VALIDATION_FAILED",
                reason=text(one, "ValidationStatusReason"),
                at=epoch(one, "Timestamp"),
            )
    return None
