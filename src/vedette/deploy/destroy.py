"""Taking a deployment away: the stacks in the order opposite to their making, then the bucket they came through.

Logs and the key that opens them stay (`DeletionPolicy: Retain`): evidence must outlive the tool that gathered it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vedette.aws import AwsSession
from vedette.deploy import assets, names, stacks, standing
from vedette.deploy.apply import Step, apply
from vedette.deploy.changes import KINDS
from vedette.deploy.deployed import Resource, read
from vedette.deploy.deployment import Deployment
from vedette.deploy.event_regions import usual_regions
from vedette.deploy.failures import unexpected_stack
from vedette.deploy.intrinsics import Place
from vedette.deploy.plan import Plan, removal
from vedette.deploy.stacks import Pause, Phase, StackState
from vedette.deploy.standing import Unreached
from vedette.deploy.wanted import Wanted

_PURGES = {
    "AWS::S3::Bucket": ("empty it in the console, every version, then", "aws s3 rb s3://{name}"),
    "AWS::Logs::LogGroup": ("", "aws logs delete-log-group --log-group-name {name} --region {region}"),
    "AWS::KMS::Key": (
        "last, because what it encrypted cannot be read any more",
        "aws kms schedule-key-deletion --key-id {id} --pending-window-in-days 30 --region {region}",
    ),
}
"""How to get rid of what is kept: what to mind, and the command."""
_LAST = "AWS::KMS::Key"


@dataclass(frozen=True, slots=True)
class Kept:
    """A thing that stays, and how to get rid of it."""

    kind: str
    name: str
    mind: str
    purge: str


@dataclass(frozen=True, slots=True)
class Removal:
    """What goes and what stays. `stacks` stand in the order in which they go."""

    place: Place
    stacks: tuple[StackState, ...]
    going: tuple[Resource, ...]
    kept: tuple[Kept, ...]
    bucket: str
    """The bucket of templates and code, empty where there is none of ours."""
    unreached: tuple[Unreached, ...] = ()


def look(session: AwsSession, wanted: Wanted, *, waits: bool = False) -> Removal:
    """What destroying would do. Raises VedetteError for a stack that CloudFormation is at work on, unless it waits."""
    place = Place.of(wanted)
    standing_ = standing.find(session, place, perhaps=usual_regions(wanted.partition, wanted.region))
    found = standing_.states
    if not waits:
        for state in found:
            if state.phase is Phase.BUSY:
                unexpected_stack(state, wanted)
    deployed = read(session, found, place)
    own = assets.exists(session.client("s3"), wanted)
    # The policy of a bucket is kept with it, and goes with it.
    kept = sorted(
        (one for one in deployed if one.kept and one.type in _PURGES), key=lambda one: (one.type == _LAST, one.stack)
    )
    return Removal(
        place=place,
        stacks=tuple(sorted(found, key=lambda one: _made(one, place), reverse=True)),
        going=tuple(one for one in deployed if not one.kept),
        kept=tuple(_kept(session, one, place) for one in kept),
        bucket=assets.own_bucket(wanted) if own else "",
        unreached=standing_.unreached,
    )


def _kept(session: AwsSession, one: Resource, place: Place) -> Kept:
    mind, command = _PURGES[one.type]
    name = _physical(session, one, place)
    return Kept(KINDS[one.type], name, mind, command.format(name=name, id=name, region=place.region))


_ORDER = (names.BASE, names.STORYTELLER, names.detections_part(1).partition("-")[0], names.OVERVIEW, names.EVENTS)


def _made(state: StackState, place: Place) -> tuple[bool, int, str]:
    """Where a stack comes when they are made: those of other regions last, and among themselves by their parts.

    CloudFormation's own times do not tell: a plan makes the stacks that it asks about, and `apply` the others.
    """
    part = state.name.removeprefix(f"{place.name}-")
    return state.region != place.region, next((at for at, one in enumerate(_ORDER) if part.startswith(one)), -1), part


def _physical(session: AwsSession, one: Resource, place: Place) -> str:
    """What AWS calls a thing whose template gives it no name, as a key."""
    if one.name != one.logical_id:
        return one.name
    answer = session.client("cloudformation", place.region).call(
        "describe_stack_resources", StackName=one.stack, LogicalResourceId=one.logical_id
    )
    return stacks.physical_id(answer) or one.name


def destroy(session: AwsSession, wanted: Wanted, found: Sequence[StackState], pause: Pause) -> Iterator[Step]:
    """Remove the stacks one after the other, then the bucket. Raises DeployError with the first cause of a failure."""
    planned = tuple(removal(session, state, Place.of(wanted)) for state in found)
    yield from apply(session, Plan(wanted, Deployment((), (), (), {}), planned), pause)
    assets.remove(session, wanted)
