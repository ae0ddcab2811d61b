"""Detections for measuring, by the hundred: filter patterns in the mix that real rule sets have.

Most name events that are rare in any account; those on common events ask for something more.
"""

from __future__ import annotations

import random
from collections.abc import Callable

WRITES = [
    "Create",
    "Delete",
    "Update",
    "Put",
    "Attach",
    "Detach",
    "Modify",
    "Disable",
    "Stop",
    "Deregister",
    "Associate",
    "Disassociate",
    "Import",
    "Export",
]
THINGS = [
    "Trail",
    "AccessKey",
    "LoginProfile",
    "UserPolicy",
    "RolePolicy",
    "Bucket",
    "BucketPolicy",
    "BucketAcl",
    "SecurityGroup",
    "NetworkAcl",
    "Route",
    "RouteTable",
    "InternetGateway",
    "Vpc",
    "VpcPeering",
    "Key",
    "KeyPolicy",
    "Grant",
    "Snapshot",
    "SnapshotAttribute",
    "ImageAttribute",
    "DBInstance",
    "DBSnapshot",
    "Function",
    "FunctionUrl",
    "Layer",
    "Detector",
    "Filter",
    "ConfigRule",
    "Recorder",
    "FlowLogs",
    "Secret",
    "Parameter",
    "Certificate",
    "HostedZone",
    "Domain",
    "Pipeline",
    "Repository",
    "Cluster",
    "Service",
    "TaskDefinition",
    "Stack",
    "StackSet",
    "Organization",
    "Account",
    "Handshake",
]
SOURCES = [
    "iam",
    "ec2",
    "s3",
    "kms",
    "rds",
    "lambda",
    "guardduty",
    "config",
    "cloudtrail",
    "secretsmanager",
    "ssm",
    "organizations",
    "route53",
    "ecs",
]
COMMON = [
    "AssumeRole",
    "GetObject",
    "PutObject",
    "Decrypt",
    "DescribeInstances",
    "GetParameter",
    "GetCallerIdentity",
    "ListRoles",
]
TOOLS = [
    "kali",
    "pacu",
    "trufflehog",
    "scoutsuite",
    "cloudfox",
    "prowler-fork",
    "enumerate",
    "s3browser",
    "weirdaal",
    "nimbostratus",
]


def make(count: int, seed: int = 11) -> list[str]:
    """`count` different filter patterns."""
    choose = random.Random(seed)
    kinds: list[tuple[int, Callable[[random.Random, int], str]]] = [
        (60, _names),
        (10, _parameter),
        (8, _identity),
        (6, _common_with_more),
        (5, _error),
        (4, _agent),
        (3, _address),
        (2, _name_glob),
        (2, _root),
    ]
    weights = [weight for weight, _ in kinds]
    return [choose.choices(kinds, weights)[0][1](choose, number) for number in range(count)]


def make_without_key(count: int) -> list[str]:
    """`count` patterns that neither the event nor the kind of identity decides."""
    shapes = (
        '{{ $.userAgent = "*tool-{n}*" }}',
        '{{ $.sourceIPAddress = "203.0.113.{n}" }}',
        '{{ $.userIdentity.arn = "*:user/contractor-{n}" }}',
        '{{ $.requestParameters.bucketName = "*confidential-{n}*" }}',
        '{{ $.userAgent = "agent{n}/*" && $.errorCode NOT EXISTS }}',
        '{{ $.userIdentity.accessKeyId = "AKIAIOSFODNN7EX{n:05}" || $.sourceIPAddress = "192.0.2.{n}*" }}',
    )
    return [shapes[number % len(shapes)].format(n=number) for number in range(count)]


def _event(choose: random.Random) -> str:
    return choose.choice(WRITES) + choose.choice(THINGS)


def _source(choose: random.Random) -> str:
    return f'$.eventSource = "{choose.choice(SOURCES)}.amazonaws.com"'


def _any_of(choose: random.Random, most: int) -> str:
    names = {_event(choose) for _ in range(choose.randint(1, most))}
    return "(" + " || ".join(f'$.eventName = "{name}"' for name in sorted(names)) + ")"


def _names(choose: random.Random, _: int) -> str:
    parts = [_any_of(choose, 8)]
    if choose.random() < 0.5:
        parts.insert(0, _source(choose))
    if choose.random() < 0.3:
        parts.append("$.errorCode NOT EXISTS")
    return "{ " + " && ".join(parts) + " }"


def _parameter(choose: random.Random, number: int) -> str:
    return f'{{ {_any_of(choose, 3)} && $.requestParameters.policyArn = "*policy/Admin{number}*" }}'


def _identity(choose: random.Random, number: int) -> str:
    extra = choose.choice(
        (
            '$.userIdentity.type = "IAMUser"',
            f'$.userIdentity.arn != "*role/automation-{number}/*"',
            "$.userIdentity.invokedBy NOT EXISTS",
            '$.userIdentity.sessionContext.attributes.mfaAuthenticated = "false"',
        )
    )
    return f"{{ {_any_of(choose, 4)} && {extra} }}"


def _common_with_more(choose: random.Random, number: int) -> str:
    name = choose.choice(COMMON)
    extra = choose.choice(
        (
            f'$.requestParameters.roleArn = "*:role/break-glass-{number}"',
            f'$.requestParameters.bucketName = "payroll-{number}*"',
            f'$.sourceIPAddress = "203.0.113.{number % 256}"',
            f'$.userIdentity.arn = "*user/former-{number}"',
        )
    )
    return f'{{ $.eventName = "{name}" && {extra} }}'


def _error(choose: random.Random, _: int) -> str:
    return f'{{ {_source(choose)} && ($.errorCode = "*UnauthorizedOperation" || $.errorCode = "AccessDenied*") }}'


def _agent(choose: random.Random, number: int) -> str:
    return f'{{ $.userAgent = "*{choose.choice(TOOLS)}-{number}*" }}'


def _address(_: random.Random, number: int) -> str:
    return f'{{ $.sourceIPAddress = "203.0.113.{number % 256}" && $.readOnly IS FALSE }}'


def _name_glob(choose: random.Random, _: int) -> str:
    return f'{{ {_source(choose)} && $.eventName = "{choose.choice(WRITES)}{choose.choice(THINGS)}*" }}'


def _root(choose: random.Random, number: int) -> str:
    return f'{{ $.userIdentity.type = "Root" && $.eventName != "{_event(choose)}" && $.awsRegion = "r-{number}" }}'
