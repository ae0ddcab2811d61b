"""The workloads and AWS services of the company: what runs all day, as whom, and what it asks.

Each workload stands in one place and has some sessions (instances, tasks, functions) whose credentials change as AWS
changes them. The mix of acts makes the background of a day: many reads, some secrets, few errors.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vedette.simulate import identifiers, shape
from vedette.simulate.acts import ACTS, Act, Caller, by_service, caller, single
from vedette.simulate.catalogue import CALLS, denied
from vedette.simulate.company import Company, Place, role
from vedette.simulate.shape import Object
from vedette.simulate.template import Transport


class Form(enum.Enum):
    """What kind of session a workload has."""

    INSTANCE = "instance"
    TASK = "task"
    FUNCTION = "function"
    VENDOR = "vendor"
    SERVICE_ROLE = "service role"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Workload:
    """A kind of workload: `weight` is its share of the background, `mix` are acts by name with their shares."""

    name: str
    form: Form
    weight: int
    sessions: int
    mix: Mapping[str, int]


_S3_READS = {"read object": 6, "HeadObject": 2, "ListObjects": 2}
_CONFIG_READS = {
    "DescribeInstances": 4,
    "DescribeSecurityGroups": 4,
    "DescribeRouteTables": 3,
    "DescribeSubnets": 3,
    "DescribeVpcs": 2,
    "DescribeVolumes": 3,
    "DescribeNetworkInterfaces": 3,
    "GetBucketAcl": 4,
    "GetBucketPolicy": 3,
    "GetBucketPolicy none": 2,
    "GetBucketLocation": 3,
    "GetBucketVersioning": 2,
    "GetBucketEncryption": 3,
    "GetBucketPublicAccessBlock": 3,
    "GetRole": 3,
    "ListRolePolicies": 2,
    "ListAttachedRolePolicies": 2,
    "DescribeDBInstances": 2,
    "ListTagsForResource": 2,
    "DescribeTable": 1,
}
_WATCH_READS = {
    "DescribeInstances": 4,
    "DescribeInstanceStatus": 3,
    "DescribeTags": 4,
    "DescribeTargetHealth": 5,
    "DescribeLoadBalancers": 4,
    "DescribeAutoScalingGroups": 3,
    "DescribeAlarms": 5,
    "DescribeLogGroups": 2,
    "DescribeDBInstances": 3,
    "DescribeDBClusters": 2,
    "ListFunctions20150331": 3,
    "DescribeServices": 3,
    "DescribeTasks": 3,
    "ListTasks": 3,
    "GetQueueAttributes": 4,
    "DescribeTable": 3,
    "GetResources": 2,
    "ListBuckets": 1,
    "DescribeVolumes": 2,
    "DescribeTrails": 1,
    "GetCostAndUsage": 1,
}
_CACHED = frozenset({"read secret", "read secrets", "read parameter", "GetParametersByPath"})

WORKLOADS: tuple[Workload, ...] = (
    Workload(
        "web", Form.INSTANCE, 14, 6, {**_S3_READS, "Decrypt": 3, "UpdateInstanceInformation": 3, "read parameter": 1}
    ),
    Workload(
        "orders",
        Form.TASK,
        10,
        5,
        {"write object": 3, "read object": 3, "Decrypt": 3, "read secret": 1, "DescribeTable": 1},
    ),
    Workload("payments", Form.TASK, 7, 4, {"Decrypt": 5, "read secret": 1, "write object": 2, "GetCallerIdentity": 1}),
    Workload(
        "invoice-pdf",
        Form.FUNCTION,
        9,
        3,
        {"read object": 3, "write object": 3, "read parameter": 2, "CreateLogStream": 2},
    ),
    Workload(
        "thumbnails", Form.FUNCTION, 10, 3, {"read object": 4, "write object": 4, "CreateLogStream": 1, "Invoke": 3}
    ),
    Workload(
        "nightly-export", Form.TASK, 3, 1, {"read secrets": 1, "ListObjects": 20, "read object": 20, "write object": 20}
    ),
    Workload(
        "build-runners",
        Form.INSTANCE,
        5,
        3,
        {
            "GetAuthorizationToken": 2,
            "BatchGetImage": 5,
            "GetDownloadUrlForLayer": 8,
            "GetParametersByPath": 1,
            "GetParameter missing": 1,
            "UpdateInstanceInformation": 2,
        },
    ),
    Workload("observability", Form.VENDOR, 15, 2, _WATCH_READS),
    Workload("config", Form.SERVICE_ROLE, 9, 1, {**_CONFIG_READS, "PutEvaluations": 6}),
    Workload("ssm", Form.SERVICE_ROLE, 3, 1, {"DescribeInstances": 3, "DescribeInstanceStatus": 1, "DescribeTags": 1}),
    Workload(
        "autoscaling",
        Form.SERVICE_ROLE,
        3,
        1,
        {"DescribeInstances": 2, "DescribeInstanceStatus": 2, "DescribeTargetHealth": 2},
    ),
    Workload("ec2", Form.SERVICE, 6, 1, {"AssumeRole": 1}),
    Workload("lambda", Form.SERVICE, 6, 1, {"AssumeRole": 1}),
    Workload("ecs-tasks", Form.SERVICE, 5, 1, {"AssumeRole": 1}),
    Workload("config", Form.SERVICE, 2, 1, {"AssumeRole": 1}),
    Workload("cloudtrail", Form.SERVICE, 2, 1, {"GetBucketAcl": 3, "GenerateDataKey bucket": 5}),
)
_AGENTS = {
    Form.INSTANCE: "aws-sdk-java/2.34.6 md/http#Apache ua/2.1 api/S3#2.34.x os/Linux#6.1.147 lang/java#21.0.8",
    Form.TASK: "aws-sdk-js/3.896.0 ua/2.1 os/linux#5.10.240 lang/js md/nodejs#22.19.0 exec-env/AWS_ECS_FARGATE",
    Form.FUNCTION: "Boto3/1.40.35 md/Botocore#1.40.35 ua/2.1 lang/python#3.13.7 exec-env/AWS_Lambda_python3.13",
    Form.VENDOR: "aws-sdk-go-v2/1.39.1 ua/2.1 os/linux lang/go#1.25.1 md/GOOS#linux md/GOARCH#amd64 app/observability",
}
LIFE = 6 * 3600


@dataclass(frozen=True, slots=True)
class Post:
    """A workload at its place, with the acts that it may choose from and the weight of each."""

    workload: Workload
    place: Place
    acts: tuple[Act, ...]
    weights: tuple[float, ...]


def posts(company: Company, growth: int = 1) -> list[Post]:
    """Every workload in every place, weighted: home is busiest, the first account too.

    `growth` divides the weight of what clients keep in a cache: more machines do not read a secret more often.
    """
    found = []
    for number, place in enumerate(company.places):
        regions = len(company.places) // len(company.accounts)
        share = (3.0, 1.5, 0.5)[number % regions] / (1 + number // regions)
        found += [_post(workload, place, share, growth) for workload in WORKLOADS]
    return found


def _post(workload: Workload, place: Place, share: float, growth: int) -> Post:
    total = sum(workload.mix.values())
    acts = [ACTS[name] for name in workload.mix]
    weights = [
        share * workload.weight * part / total / (growth if name in _CACHED else 1)
        for name, part in workload.mix.items()
    ]
    own = replace(place, pools={**place.pools, "secret": _own_secrets(workload, place)})
    if workload.form is Form.VENDOR:
        acts += _refusals(place)
        weights += [share * workload.weight * 0.004] * 3
    return Post(workload, own, tuple(acts), tuple(weights))


def _own_secrets(workload: Workload, place: Place) -> Sequence[dict[str, str]]:
    mine = [secret for secret in place.pools["secret"] if f"/{workload.name}/" in secret["secret"]]
    return [dict(secret) for secret in mine or place.pools["secret"][:8]]


_REFUSED = (
    ("GetBucketPolicy", "s3:GetBucketPolicy", "arn:aws:s3:::example-ledger-archive"),
    ("GetCostAndUsage", "ce:GetCostAndUsage", "arn:aws:ce:us-east-1:{account}:/GetCostAndUsage"),
    ("DescribeKeyPairs", "ec2:DescribeKeyPairs", "arn:aws:ec2:{region}:{account}:key-pair/*"),
)


def _refusals(place: Place) -> list[Act]:
    """Reads that the vendor's role was never given: the harmless refusals that every account has."""
    arn = f"arn:aws:sts::{place.account}:assumed-role/observability-reader/observability-poller"
    return [single(denied(CALLS[name], arn=arn, action=action, on=on)) for name, action, on in _REFUSED]


def callers(company: Company, post: Post, period: int, growth: int) -> list[Caller]:
    """The sessions of a workload in a period of `LIFE` seconds, after which credentials change.

    `growth` multiplies the sessions of what runs on instances, tasks and functions.
    """
    grows = post.workload.form in (Form.INSTANCE, Form.TASK, Form.FUNCTION)
    return [
        _session(company, post, number, period) for number in range(post.workload.sessions * (growth if grows else 1))
    ]


def _session(company: Company, post: Post, number: int, period: int) -> Caller:
    workload, place = post.workload, post.place
    form, service = workload.form, f"{workload.name}.amazonaws.com"
    if form is Form.SERVICE:
        return by_service(shape.aws_service(service), service)
    where = (place.account, place.region, workload.name, form.value, number)
    rng = company.stream("session", *where, period)
    key = identifiers.access_key(rng, "ASIA")
    attributes = shape.session_attributes(period * LIFE - rng.randrange(60, 1800), mfa=False)
    if form is Form.SERVICE_ROLE:
        return _service_role(company, place, workload.name, key, attributes)
    lasting = company.stream("machine", *where)
    instance, ip = identifiers.resource(lasting, "i"), f"198.18.{lasting.randrange(200)}.{lasting.randrange(4, 250)}"
    name, session, more = _naming(workload, instance, identifiers.digits(rng, 32))
    acting = role(company, place.account, name)
    identity = shape.assumed_role(place.account, name, acting["role.id"], session, key, attributes, more=more)
    if form is Form.FUNCTION:
        identity["inScopeOf"] = _scope(place, session)
    direct = form in (Form.VENDOR, Form.FUNCTION) or number % 2 == 0
    transport = Transport.DIRECT if direct else Transport.ENDPOINT
    address = "198.18.200.7" if form is Form.VENDOR else ip
    return caller(identity, address, _AGENTS[form], name=f"{name}/{session}", transport=transport)


def _naming(workload: Workload, instance: str, task: str) -> tuple[str, str, Object]:
    """Role name, session name, and what the session context has beside."""
    match workload.form:
        case Form.INSTANCE:
            return f"{workload.name}-instance", instance, {"ec2RoleDelivery": "2.0"}
        case Form.TASK:
            return f"{workload.name}-task", task, {}
        case Form.FUNCTION:
            return f"{workload.name}-function", workload.name, {}
        case _:
            return f"{workload.name}-reader", f"{workload.name}-poller", {}


def _scope(place: Place, function: str) -> Object:
    arn = f"arn:aws:lambda:{place.region}:{place.account}:function:{function}"
    return {
        "sourceArn": arn,
        "sourceAccount": place.account,
        "issuerType": "AWS::Lambda::Function",
        "credentialsIssuedTo": arn,
    }


_LINKED = {
    "config": "AWSServiceRoleForConfig",
    "ssm": "AWSServiceRoleForAmazonSSM",
    "autoscaling": "AWSServiceRoleForAutoScaling",
}
_SESSIONS = {"config": "AWSConfig-Describe", "ssm": "SSM-Inventory", "autoscaling": "AutoScaling"}


def _service_role(company: Company, place: Place, short: str, key: str, attributes: Object) -> Caller:
    service, name = f"{short}.amazonaws.com", _LINKED[short]
    path = f"/aws-service-role/{service}/"
    acting = role(company, place.account, name, path)
    identity = shape.assumed_role(
        place.account, name, acting["role.id"], _SESSIONS[short], key, attributes, path=path
    ) | {"invokedBy": service}
    return caller(identity, service, service, name=name, transport=Transport.FORWARDED)
