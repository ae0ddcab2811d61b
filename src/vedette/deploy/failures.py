"""What goes wrong in a deployment, in words: what happened, and what to do next. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vedette.aws import AwsError
from vedette.deploy.changes import KINDS
from vedette.deploy.event_regions import without
from vedette.deploy.names import NAME_TAG
from vedette.deploy.stacks import Event, Phase, StackState
from vedette.deploy.wanted import Wanted
from vedette.errors import VedetteError, printable

_LONGEST = 400
_DENIED = re.compile(r"not authorized to perform:? (?P<action>[\w-]+:\w+)(?: on resource:? (?P<resource>[^\s,)]+))?")
_REQUEST = re.compile(r"\s*\((?:Service|HandlerErrorCode|RequestToken|SDK)[^)]*\)|\s*\(Request ID[^)]*\)")


class DeployError(VedetteError):
    """A deployment that could not be carried out; what is done stands, and the hint says what is next."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A failure that is known by its words, and what to do about it."""

    words: re.Pattern[str]
    hint: Callable[[Event, Wanted], str]
    says: str = ""
    type: str = ""
    """Only of this type of resource."""


def _known(words: str, hint: str | Callable[[Event, Wanted], str], says: str = "", type_: str = "") -> _Known:
    return _Known(re.compile(words, re.IGNORECASE), hint if callable(hint) else lambda *_: hint, says, type_)


def _allow(event: Event, wanted: Wanted) -> str:
    found = _DENIED.search(event.reason)
    told = "" if found is None else f"allow `{found['action']}` on `{(found['resource'] or '*').rstrip('.')}`; "
    return f"{told}`vedette deploy iam apply` prints everything that applying needs"


_EVERY = (
    _known(r"not authorized to perform|access ?denied", _allow),
    _known(
        r"MaximumNumberOfTrails|already has \d+ trails",
        "`--use-trail auto` uses one that is there; `aws cloudtrail describe-trails` lists them",
        "the region has as many trails as AWS allows",
    ),
    _known(
        r"already exists|not available|BucketAlreadyExists|BucketAlreadyOwnedByYou|NAME_CONFLICT",
        "a bucket's name is its own in all of AWS: `--bucket NAME` uses one of yours, `--name` changes every name",
        "the bucket's name is taken",
        "AWS::S3::Bucket",
    ),
    _known(
        r"already exists|EntityAlreadyExists|ResourceAlreadyExists|AlreadyExists",
        lambda _, wanted: (
            "something of that name is there and belongs to no stack of this deployment: remove it, "
            f"or choose another beginning than `--name {wanted.name}`"
        ),
    ),
    _known(
        r"InsufficientS3BucketPolicy|Incorrect S3 bucket policy",
        "the bucket's own policy has to let CloudTrail write: AWS's page `S3 bucket policy for CloudTrail` says how; "
        "without `--bucket`, one is made",
    ),
    _known(
        r"LimitExceeded|limit exceeded|exceeded the (?:limit|maximum)|quota",
        "`vedette deploy plan --min-severity high` needs less; quotas can be raised in the console's Service Quotas",
    ),
    _known(
        r"log group does not exist",
        "if it was deleted by hand, only `vedette deploy destroy` and `apply` make it anew",
    ),
    _known(r"Rate exceeded|Throttling", "AWS was asked too much at once: run it again"),
    _known(r"organization", "only the management account, or a delegated one, can make a trail of the organisation"),
)  # fmt: skip


def explained(
    cause: Event | None, stack: str, subject: str, wanted: Wanted, left: str, region: str = ""
) -> DeployError:
    """The error for the first cause of a failed operation; `subject` is what a reader calls the resource.

    `left` says what is there now; `region` is the stack's, if that is not the home's.
    """
    where = region or wanted.region
    if cause is None:
        return DeployError(f"`{stack}` failed, and CloudFormation does not say why{left}", hint=_events(stack, where))
    known = next((one for one in _EVERY if _fits(one, cause)), None)
    said = reason_of(cause)
    kind = KINDS.get(cause.type, cause.type)
    name = cause.physical_id if cause.physical_id and not cause.physical_id.startswith("arn:") else cause.logical_id
    what = subject if subject and subject != name else f"{kind} `{printable(name)}`"
    if subject and subject != name:
        what += f" ({kind})"
    told = f"{known.says}: {said}" if known is not None and known.says else said
    hint = known.hint(cause, wanted) if known else _events(stack, where)
    if where in wanted.event_regions:
        hint += f"; without the region: `{without([where], wanted.event_regions)}`"
    return DeployError(f"{what}: {told}{left}", hint=hint)


def _fits(known: _Known, cause: Event) -> bool:
    return known.words.search(cause.reason) is not None and known.type in ("", cause.type)


def reason_of(event: Event) -> str:
    """CloudFormation's words without its request ids, on one line, not endless."""
    said = _REQUEST.sub("", printable(event.reason)).strip().rstrip(".")
    said = re.sub(r'^Resource handler returned message: "(.*)"$', r"\1", said)
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"


def _events(stack: str, region: str) -> str:
    return f"`aws cloudformation describe-stack-events --stack-name {stack} --region {region}` tells it all"


_OVERTAKEN = re.compile(
    r"ChangeSetNotFound|InvalidChangeSetStatus|OperationInProgress"
    r"|^ValidationError.*(?:does not exist|_IN_PROGRESS state)"
)


@contextmanager
def overtaken(stack: str) -> Iterator[None]:
    """Turns what CloudFormation says of a change set that another apply has made void into a DeployError."""
    try:
        yield
    except AwsError as error:
        if _OVERTAKEN.search(f"{error.code}: {error.message}") is None:
            raise
        raise DeployError(
            f"somebody else changed `{stack}` since it was planned: another `vedette deploy` at the same time",
            hint="`vedette deploy apply` waits for what is at work, looks again, and does the rest",
        ) from error


def unexpected_stack(state: StackState, wanted: Wanted) -> None:
    """Raise for a stack that cannot be planned: at work, stuck after a failed rollback, or somebody else's."""
    if state.phase is Phase.BUSY:
        raise DeployError(
            f"CloudFormation is at work on `{state.name}` ({state.status})",
            hint="`vedette deploy apply` waits for it and goes on; `vedette deploy status` shows where it is",
        )
    if state.phase is Phase.STUCK:
        raise DeployError(
            f"`{state.name}` is stuck: an update failed, and could not be taken back ({printable(state.reason)})",
            hint="mend what is named there, then `aws cloudformation continue-update-rollback "
            f"--stack-name {state.name} --region {state.region or wanted.region}`, and apply again",
        )
    if state.phase is not Phase.REVIEWED and state.tags.get(NAME_TAG) != wanted.name:
        raise DeployError(
            f"there is a stack `{state.name}` that Vedette did not make",
            hint="choose another beginning of names: `--name NAME`",
        )
