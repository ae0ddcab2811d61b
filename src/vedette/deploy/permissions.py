"""The least that IAM must allow for each command: as permissions with their reasons, and as a policy.

What CloudFormation does in the caller's name is allowed only where CloudFormation asks for it (`aws:CalledVia`), so
that nobody can make a role or open a bucket by hand with these policies. Pure: nothing is called.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from vedette.deploy.handled import HANDLED, Asked
from vedette.deploy.places import Place, places
from vedette.deploy.wanted import Wanted
from vedette.errors import UsageError

Condition = Mapping[str, Mapping[str, str | list[str]]]

MANAGED_SIZE = 6_144
"""The characters of a managed policy; the inline policies of a role may have 10,240 together. Source: IAM quotas."""

_VIA_CLOUDFORMATION: Condition = {"ForAnyValue:StringEquals": {"aws:CalledVia": ["cloudformation.amazonaws.com"]}}


@dataclass(frozen=True, slots=True)
class Permission:
    """Actions (`sns:Publish`) on ARNs, and why a command needs them; `condition` is that of an IAM statement."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    why: str
    condition: Condition | None = None


def policy_for(command: str, wanted: Wanted) -> dict[str, object]:
    """The identity policy that a command needs, as IAM takes it; `command` is one of `COMMANDS`.

    There is one statement for all that is asked of the same things, because a managed policy may have no more than
    6,144 characters. Raises UsageError for other commands.
    """
    statements: dict[tuple[tuple[str, ...], str], Permission] = {}
    for permission in permissions(command, wanted):
        key = permission.resources, repr(permission.condition)
        before = statements.get(key)
        actions = {*permission.actions, *(before.actions if before else ())}
        statements[key] = replace(before or permission, actions=tuple(sorted(actions)))
    return {"Version": "2012-10-17", "Statement": [_statement(permission) for permission in statements.values()]}


def parts_for(command: str, wanted: Wanted) -> tuple[dict[str, object], ...]:
    """The same as several policies, none longer than a managed policy may be; most commands need one."""
    policy = policy_for(command, wanted)
    statements = policy["Statement"]
    assert isinstance(statements, list)
    parts: list[list[object]] = [[]]
    for statement in statements:
        if parts[-1] and size(policy | {"Statement": [*parts[-1], statement]}) > MANAGED_SIZE:
            parts.append([])
        parts[-1].append(statement)
    return tuple(policy | {"Statement": part} for part in parts)


def size(policy: Mapping[str, object]) -> int:
    """The characters of a policy as IAM counts them: all but white space."""
    return len("".join(json.dumps(policy).split()))


def permissions(command: str, wanted: Wanted) -> tuple[Permission, ...]:
    """The same with its reasons, a permission for each purpose; raises UsageError for a command that needs none."""
    make = _MAKERS.get(command)
    if make is None:
        raise UsageError(f"no permissions are listed for `{command}`", hint=f"one of {', '.join(COMMANDS)}")
    return tuple(_written(make(wanted), places(wanted)))


def _statement(permission: Permission) -> dict[str, object]:
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Action": _alone(permission.actions),
        "Resource": _alone(permission.resources),
    }
    if permission.condition is not None:
        statement["Condition"] = dict(permission.condition)
    return statement


def _alone(texts: tuple[str, ...]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else list(texts)


@dataclass(frozen=True, slots=True)
class _Need:
    """Actions of one service at one place, and why."""

    why: str
    service: str
    actions: str
    place: Place
    condition: Condition | None = None


def _written(needs: Iterable[_Need], places_: Mapping[Place, tuple[str, ...]]) -> Iterator[Permission]:
    """The needs with the ARNs of one deployment; what has purpose, place and condition in common becomes one."""
    gathered: dict[tuple[str, Place, str], tuple[_Need, set[str]]] = {}
    for need in needs:
        _, actions = gathered.setdefault((need.why, need.place, repr(need.condition)), (need, set()))
        actions.update(f"{need.service}:{action}" for action in need.actions.split())
    for need, actions in gathered.values():
        if actions and places_[need.place]:
            yield Permission(tuple(sorted(actions)), places_[need.place], need.why, need.condition)


def _plan(wanted: Wanted) -> Iterator[_Need]:
    changes = "CreateChangeSet DeleteChangeSet DeleteStack DescribeChangeSet TagResource"
    yield _Need("make and read change sets", "cloudformation", changes, Place.STACKS)
    yield from _look()
    yield from _discover()
    yield from _drift(wanted)
    yield _Need("hand over templates and code", "s3", "GetObject PutObject", Place.ASSETS)
    yield _Need("make a bucket for templates and code", "s3", _ASSETS_BUCKET, Place.ASSETS_BUCKET)
    yield _Need("tell whose a bucket is", "s3", "ListAllMyBuckets", Place.EVERYTHING)
    yield from _handled(wanted, lambda asked: asked.read, _KEPT)


_KEPT = frozenset({"AWS::S3::Bucket", "AWS::Logs::LogGroup", "AWS::KMS::Key", "AWS::KMS::Alias"})
"""What a deployment leaves behind when it is removed, and the next one takes over: a change set looks at it."""

_ASSETS_BUCKET = (
    "CreateBucket ListBucket PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging PutLifecycleConfiguration"
)


def _look() -> Iterator[_Need]:
    actions = "DescribeEvents DescribeStackEvents DescribeStackResources GetTemplate"
    yield _Need("look at our stacks", "cloudformation", actions, Place.STACKS)
    yield _Need("find our stacks", "cloudformation", "DescribeStacks", Place.EVERYTHING)


def _discover() -> Iterator[_Need]:
    yield _Need("find trails that are there", "cloudtrail", "DescribeTrails", Place.EVERYTHING)


def _apply(wanted: Wanted) -> Iterator[_Need]:
    yield from _plan(wanted)
    yield from _mend(wanted)
    yield _Need("carry changes out", "cloudformation", "ExecuteChangeSet", Place.STACKS)
    yield from _handled(wanted, lambda asked: f"{asked.read} {asked.write} {asked.remove}")
    yield from _pass_roles(wanted)
    if wanted.organization and wanted.trail is None:
        yield _Need("make a trail of the organization", "organizations", _ORGANIZATION, Place.EVERYTHING)


_ORGANIZATION = "DescribeOrganization ListAWSServiceAccessForOrganization"


def _pass_roles(wanted: Wanted) -> Iterator[_Need]:
    services = [
        *(["cloudtrail.amazonaws.com"] if wanted.trail is None or wanted.trail.log_group is None else []),
        *(["events.amazonaws.com"] if wanted.event_regions else []),
        *(["lambda.amazonaws.com"] if wanted.storyteller else []),
    ]
    if services:
        condition: Condition = {"StringEquals": {"iam:PassedToService": services}}
        yield _Need("give the roles to their services", "iam", "PassRole", Place.ROLES, condition)


def _status(wanted: Wanted) -> Iterator[_Need]:
    yield from _look()
    yield from _discover()
    yield _Need("see that the trail delivers", "cloudtrail", "GetTrailStatus", Place.ALL_TRAILS)
    yield from _drift(wanted)
    if wanted.event_regions:
        yield _Need("see that events of other regions come home", "cloudwatch", "GetMetricData", Place.EVERYTHING)
    yield _Need("see who has confirmed", "sns", "ListSubscriptionsByTopic", Place.TOPICS)
    yield _Need("see how the storyteller is", "lambda", "GetFunctionConfiguration", Place.FUNCTIONS)
    yield _Need("see how the storyteller is", "cloudwatch", "GetMetricStatistics", Place.EVERYTHING)


def _drift(wanted: Wanted) -> Iterator[_Need]:
    why = "see what is there and whether somebody changed it"
    yield _Need(why, "logs", "DescribeMetricFilters", Place.CLOUDTRAIL_GROUP)
    yield _Need(why, "logs", "DescribeLogGroups", Place.EVERYTHING)
    yield _Need(why, "cloudwatch", "DescribeAlarms", Place.EVERYTHING)
    yield _Need(why, "sns", "GetTopicAttributes", Place.TOPICS)
    if wanted.trail is None:
        yield _Need(why, "cloudtrail", "GetTrailStatus", Place.TRAILS)
    if wanted.events:
        yield _Need(why, "events", "DescribeRule ListTargetsByRule", Place.RULES)
    if wanted.storyteller:
        yield _Need(why, "lambda", "GetFunctionConfiguration GetPolicy", Place.FUNCTIONS)


_CALLERS = ("lambda.alarms.cloudwatch.amazonaws.com", "events.amazonaws.com")


def _mend(wanted: Wanted) -> Iterator[_Need]:
    why = "put back what somebody changed"
    yield _Need(why, "logs", "PutMetricFilter PutRetentionPolicy", Place.CLOUDTRAIL_GROUP)
    yield _Need(why, "cloudwatch", "PutMetricAlarm TagResource", Place.ALARMS)
    yield _Need(why, "sns", "SetTopicAttributes", Place.TOPICS)
    if wanted.composites:
        yield _Need(why, "cloudwatch", "PutCompositeAlarm", Place.EVERYTHING)
    if wanted.events:
        yield _Need(why, "events", "ListTargetsByRule PutRule PutTargets RemoveTargets TagResource", Place.RULES)
    if wanted.storyteller:
        callers: Condition = {"StringEquals": {"lambda:Principal": [*_CALLERS]}}
        yield _Need("let alarms and rules call the function again", "lambda", "AddPermission", Place.FUNCTIONS, callers)
    if wanted.trail is None:
        yield _Need(why, "cloudtrail", "StartLogging UpdateTrail", Place.TRAILS)


def _verify(_: Wanted) -> Iterator[_Need]:
    yield _Need("read the options of what is deployed", "cloudformation", "GetTemplate", Place.STACKS)
    yield _Need("see how many filters a log group has", "logs", "DescribeMetricFilters", Place.CLOUDTRAIL_GROUP)
    yield _Need("find our stacks", "cloudformation", "DescribeStacks", Place.EVERYTHING)
    yield from _discover()
    yield _Need("ask AWS about every pattern", "logs", "TestMetricFilter", Place.EVERYTHING)
    yield _Need("ask AWS about every pattern", "events", "TestEventPattern", Place.EVERYTHING)
    yield _Need("send a canary", "logs", "CreateLogStream PutLogEvents", Place.CLOUDTRAIL_GROUP)
    yield _Need("send a canary", "cloudwatch", "DescribeAlarmHistory SetAlarmState", Place.ALARMS)
    yield _Need("send a canary", "cloudwatch", "DescribeAlarms", Place.EVERYTHING)


def _destroy(wanted: Wanted) -> Iterator[_Need]:
    yield from _look()
    yield from _discover()
    yield _Need("remove our stacks", "cloudformation", "DeleteStack", Place.STACKS)
    bucket = "DeleteBucket ListBucket ListBucketVersions"
    yield _Need("remove the bucket of templates and code", "s3", bucket, Place.ASSETS_BUCKET)
    yield _Need("remove templates and code", "s3", "DeleteObject DeleteObjectVersion", Place.ASSETS)
    yield _Need("tell whose a bucket is", "s3", "ListAllMyBuckets", Place.EVERYTHING)
    yield from _handled(wanted, lambda asked: f"{asked.read} {asked.remove}")


def _import(_: Wanted) -> Iterator[_Need]:
    why = "read filters and alarms and who hears of them"
    yield _Need(why, "logs", "DescribeMetricFilters", Place.ALL_LOG_GROUPS)
    yield _Need(why, "cloudwatch", "DescribeAlarms", Place.EVERYTHING)
    yield _Need(why, "sns", "ListSubscriptionsByTopic", Place.ALL_TOPICS)
    yield _Need(why, "cloudtrail", "DescribeTrails", Place.EVERYTHING)


def _secrets_put(wanted: Wanted) -> Iterator[_Need]:
    place = Place.CHANNEL_SECRETS if wanted.channels else Place.SECRETS
    actions = "CreateSecret DescribeSecret GetSecretValue PutSecretValue TagResource"
    yield _Need("store a value and keep the other keys", "secretsmanager", actions, place)


def _secrets_list(_: Wanted) -> Iterator[_Need]:
    yield _Need("list names and never values", "secretsmanager", "ListSecrets", Place.EVERYTHING)


def _secrets_delete(wanted: Wanted) -> Iterator[_Need]:
    place = Place.CHANNEL_SECRETS if wanted.channels else Place.SECRETS
    yield _Need("delete a secret after a time to think", "secretsmanager", "DeleteSecret DescribeSecret", place)


def _run(wanted: Wanted) -> Iterator[_Need]:
    yield _Need("read objects (source s3 and sqs)", "s3", "GetObject", Place.OBJECTS)
    yield _Need("list the bucket (source s3)", "s3", "ListBucket", Place.BUCKETS)
    yield _Need("take from a queue (source sqs)", "sqs", _QUEUE, Place.QUEUES)
    yield _Need("read the log group (source logs)", "logs", "FilterLogEvents", Place.CLOUDTRAIL_GROUP)
    yield _Need("open what a key of yours closes", "kms", "Decrypt", Place.KEYS, _via_s3(wanted))
    yield _Need("publish (channel sns)", "sns", "GetTopicAttributes Publish", Place.TOPICS)
    yield _Need("read credentials", "secretsmanager", "GetSecretValue", Place.CHANNEL_SECRETS)


_QUEUE = "ChangeMessageVisibility DeleteMessage GetQueueAttributes ReceiveMessage"


def _via_s3(wanted: Wanted) -> Condition:
    services = ("s3", "secretsmanager", "sqs")
    return {"StringLike": {"kms:ViaService": [f"{service}.{wanted.region}.amazonaws.com" for service in services]}}


def _handled(
    wanted: Wanted, part: Callable[[Asked], str], only: frozenset[str] = frozenset(HANDLED)
) -> Iterator[_Need]:
    """What CloudFormation asks for on the types that this deployment holds."""
    for name in sorted(types_of(wanted) & only):
        handled = HANDLED[name]
        for asked in handled.asked:
            yield _Need(handled.thing, handled.service, part(asked), asked.place, _VIA_CLOUDFORMATION)


def types_of(wanted: Wanted) -> frozenset[str]:
    """The types of resources in the stacks of a deployment."""
    from vedette.deploy.template import build  # the template is built only where it is asked about

    stacks = build(wanted).stacks
    return frozenset(_type(resource) for stack in stacks for resource in _resources(stack.template).values())


def _resources(template: Mapping[str, object]) -> Mapping[str, object]:
    found = template.get("Resources")
    return found if isinstance(found, Mapping) else {}


def _type(resource: object) -> str:
    return str(resource["Type"]) if isinstance(resource, Mapping) else ""


_MAKERS: Mapping[str, Callable[[Wanted], Iterator[_Need]]] = {
    "plan": _plan,
    "apply": _apply,
    "status": _status,
    "verify": _verify,
    "destroy": _destroy,
    "import": _import,
    "secrets put": _secrets_put,
    "secrets list": _secrets_list,
    "secrets delete": _secrets_delete,
    "run": _run,
}

COMMANDS = tuple(_MAKERS)
"""The commands that a policy is known for, in the order in which they are met."""
