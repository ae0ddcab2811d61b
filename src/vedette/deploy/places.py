"""Where a permission holds: the ARNs of what a deployment makes, or uses, as an IAM policy names them.

Names are those of `names`; where a service adds what only it knows (an id, six characters), a wildcard stands for it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from vedette.deploy import names
from vedette.deploy.wanted import Wanted


class Place(enum.Enum):
    """A set of resources that actions are allowed on. EVERYTHING is for actions that know no resource."""

    EVERYTHING = "everything"
    STACKS = "stacks"
    TRAILS = "trails"
    ALL_TRAILS = "all trails"
    LOG_GROUPS = "log groups"
    CLOUDTRAIL_GROUP = "the log group of CloudTrail"
    ALL_LOG_GROUPS = "all log groups"
    ALARMS = "alarms"
    DASHBOARDS = "dashboards"
    TOPICS = "topics"
    ALL_TOPICS = "all topics"
    RULES = "rules"
    QUEUES = "queues"
    FUNCTIONS = "functions"
    ROLES = "roles"
    KEYS = "keys"
    ALIASES = "aliases and their keys"
    BUCKETS = "buckets"
    OBJECTS = "objects"
    ASSETS_BUCKET = "the bucket of templates and code"
    ASSETS = "templates and code"
    CHANNEL_SECRETS = "the secrets of channels"
    SECRETS = "secrets"


def places(wanted: Wanted) -> Mapping[Place, tuple[str, ...]]:
    """The ARNs of every place, for one deployment."""
    return {
        Place.EVERYTHING: ("*",),
        Place.STACKS: (
            _regional(wanted, "cloudformation", f"stack/{wanted.name}-*/*"),
            *_elsewhere(wanted, "cloudformation", f"stack/{wanted.name}-{names.EVENTS}-{{region}}-to-{{home}}*/*"),
        ),
        Place.TRAILS: (_regional(wanted, "cloudtrail", f"trail/{names.trail_name(wanted)}"),),
        Place.ALL_TRAILS: (_arn(wanted, "cloudtrail", "*", "*", "trail/*"),),
        Place.LOG_GROUPS: (
            *_log_group(wanted, names.log_group_name(wanted)),
            *(_log_group(wanted, names.function_log_group_name(wanted)) if wanted.storyteller else ()),
        ),
        Place.CLOUDTRAIL_GROUP: _log_group(wanted, names.log_group_name(wanted)),
        Place.ALL_LOG_GROUPS: (_regional(wanted, "logs", "log-group:*"),),
        Place.ALARMS: (_regional(wanted, "cloudwatch", f"alarm:{wanted.name}-*"),),
        Place.DASHBOARDS: (_arn(wanted, "cloudwatch", "", wanted.account, f"dashboard/{wanted.name}-*"),),
        Place.TOPICS: (_regional(wanted, "sns", f"{wanted.name}-*"),),
        Place.ALL_TOPICS: (_regional(wanted, "sns", "*"),),
        Place.RULES: (
            _regional(wanted, "events", f"rule/{wanted.name}-*"),
            *_elsewhere(wanted, "events", f"rule/{names.forward_rule_name(wanted, '*')}"),
        ),
        Place.QUEUES: (_regional(wanted, "sqs", f"{wanted.name}-*"),),
        Place.FUNCTIONS: (_regional(wanted, "lambda", f"function:{names.function_name(wanted)}"),),
        Place.ROLES: (_arn(wanted, "iam", "", wanted.account, f"role/{wanted.name}-*"),),
        Place.KEYS: (_regional(wanted, "kms", "key/*"),),
        Place.ALIASES: (_regional(wanted, "kms", names.key_alias(wanted)), _regional(wanted, "kms", "key/*")),
        Place.BUCKETS: (_bucket(wanted, names.bucket_name(wanted)),),
        Place.OBJECTS: (_bucket(wanted, names.bucket_name(wanted)) + "/*",),
        Place.ASSETS_BUCKET: (_bucket(wanted, assets_bucket(wanted)),),
        Place.ASSETS: (_bucket(wanted, assets_bucket(wanted)) + "/*",),
        Place.CHANNEL_SECRETS: tuple(sorted({secret_arn(wanted, channel.secret) for channel in wanted.channels})),
        Place.SECRETS: (_regional(wanted, "secretsmanager", "secret:*"),),
    }


def assets_bucket(wanted: Wanted) -> str:
    """The bucket that templates and the storyteller's code go through."""
    return wanted.assets_bucket or f"{wanted.name}-assets-{wanted.account}-{wanted.region}"


def secret_arn(wanted: Wanted, reference: str) -> str:
    """The ARN of what `secret://aws/NAME#key` names; the six characters at its end are known to AWS only."""
    name = reference.removeprefix("secret://aws/").partition("#")[0].partition("?")[0]
    return name if name.startswith("arn:") else _regional(wanted, "secretsmanager", f"secret:{name}-??????")


def _log_group(wanted: Wanted, name: str) -> tuple[str, str]:
    # Most actions see the ARN with `:*` at its end, and those on tags without it.
    arn = _regional(wanted, "logs", f"log-group:{name}")
    return arn, f"{arn}:*"


def _bucket(wanted: Wanted, name: str) -> str:
    return _arn(wanted, "s3", "", "", name)


def _regional(wanted: Wanted, service: str, rest: str) -> str:
    return _arn(wanted, service, wanted.region, wanted.account, rest)


def _elsewhere(wanted: Wanted, service: str, rest: str) -> tuple[str, ...]:
    """The ARN in each further region; `rest` may name the `{region}` and the `{home}`."""
    return tuple(
        _arn(wanted, service, region, wanted.account, rest.format(region=region, home=wanted.region))
        for region in wanted.event_regions
    )


def _arn(wanted: Wanted, service: str, region: str, account: str, rest: str) -> str:
    return f"arn:{wanted.partition}:{service}:{region}:{account}:{rest}"
