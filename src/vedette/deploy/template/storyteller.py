"""The storyteller's stack: the function, what it may do, who may call it, and the alarm that watches it.

Alarms call it themselves, beside their topic: when it fails, the plain notification has gone out already.
Sources: Lambda developer guide, "Invoking a function asynchronously"; CloudWatch user guide, "Lambda actions".
"""

from __future__ import annotations

from collections.abc import Iterator

from vedette.deploy import names
from vedette.deploy.storyteller import contract
from vedette.deploy.template.topics import dead_queue_arn, watch
from vedette.deploy.template.values import (
    Json,
    Resources,
    arn,
    policy,
    portable,
    service,
    statement,
    tag_list,
)
from vedette.deploy.wanted import Wanted

ROLE, FUNCTION = "StorytellerRole", "Storyteller"


def function_arn(wanted: Wanted) -> Json:
    """The function, for alarms and rules."""
    return portable(wanted, names.function_arn(wanted))


def add_storyteller(wanted: Wanted, resources: Resources) -> None:
    """All of the stack."""
    _add_role(wanted, resources)
    _add_function(wanted, resources)
    _add_callers(wanted, resources)
    resources.add(
        "StorytellerAlarm",
        "AWS::CloudWatch::Alarm",
        watch(
            wanted,
            names.storyteller_alarm_name(wanted),
            "HIGH: The storyteller failed: alarms are told without who did what, and from where\n\nFirst steps:\n"
            "1. Take the plain alarm mails for what they are: they are complete.\n"
            f"2. Read the function's log: `aws logs tail {names.function_log_group_name(wanted)} --since 1h`.\n"
            "3. Run `vedette deploy status`.",
            ("AWS/Lambda", "Errors", "FunctionName", {"Ref": FUNCTION}),
            "Sum",
        ),
    )


def _add_role(wanted: Wanted, resources: Resources) -> None:
    assume = statement("Lambda", ["sts:AssumeRole"], None, service("lambda"))
    properties: dict[str, Json] = {
        "RoleName": portable(wanted, names.function_role_name(wanted)),
        "Description": "The storyteller reads records and tells stories with it",
        "AssumeRolePolicyDocument": policy({name: value for name, value in assume.items() if name != "Resource"}),
        "Policies": [{"PolicyName": "tell", "PolicyDocument": policy(*_allowed(wanted))}],
        "Tags": tag_list(wanted),
    }
    resources.add(ROLE, "AWS::IAM::Role", properties)


def _allowed(wanted: Wanted) -> list[dict[str, Json]]:
    """What the function needs, and the queue where failed calls go."""
    key = f"arn:{wanted.partition}:kms:{wanted.region}:{wanted.account}:key/*"
    found: list[dict[str, Json]] = []
    for one in contract.permissions(wanted, key if wanted.key else None):
        resources: list[Json] = [portable(wanted, resource) for resource in one.resources]
        # The key's id is known to the stack that makes it only; its alias is known here, and IAM can ask for it.
        alias: dict[str, Json] | None = (
            {"ForAnyValue:StringEquals": {"kms:ResourceAliases": names.key_alias(wanted)}}
            if key in one.resources
            else None
        )
        what = resources[0] if len(resources) == 1 else resources
        found.append(dict(statement(one.sid, list(one.actions), what, None, alias)))
    found += _keys_of_secrets(wanted)
    found.append(dict(statement("KeepFailedCalls", ["sqs:SendMessage"], dead_queue_arn(wanted))))
    return found


def _keys_of_secrets(wanted: Wanted) -> Iterator[dict[str, Json]]:
    """Secrets that keys of the account's own encrypt: which key it is only the secret knows, so the condition is that
    Secrets Manager asks, and for one of these secrets.

    Source: Secrets Manager user guide, "Secret encryption and decryption": the encryption context names the secret.
    """
    by_place: dict[tuple[str, str], list[str]] = {}
    for secret in contract.secret_arns(wanted):
        _, _, _, region, account, *_ = secret.split(":")
        by_place.setdefault((region, account), []).append(secret)
    for number, ((region, account), secrets) in enumerate(sorted(by_place.items())):
        here = "${AWS::Region}" if region == wanted.region else region
        condition: dict[str, Json] = {
            # In China services are called by another domain, by KMS, too.
            "StringEquals": {"kms:ViaService": {"Fn::Sub": f"secretsmanager.{here}.${{AWS::URLSuffix}}"}},
            "StringLike": {"kms:EncryptionContext:SecretARN": [portable(wanted, secret) for secret in secrets]},
        }
        key = portable(wanted, f"arn:{wanted.partition}:kms:{region}:{account}:key/*")
        yield dict(statement(f"OpenItsSecrets{number or ''}", ["kms:Decrypt"], key, None, condition))


def _add_function(wanted: Wanted, resources: Resources) -> None:
    properties: dict[str, Json] = {
        "FunctionName": names.function_name(wanted),
        "Description": "Tells who did what, from where, when an alarm rings",
        "Runtime": contract.RUNTIME,
        "Handler": contract.HANDLER,
        "Architectures": [wanted.architecture],
        "MemorySize": contract.MEMORY,
        "Timeout": contract.TIMEOUT,
        "Role": {"Fn::GetAtt": [ROLE, "Arn"]},
        "Code": _code(wanted),
        "DeadLetterConfig": {"TargetArn": dead_queue_arn(wanted)},
        "Environment": {
            "Variables": {name: portable(wanted, value) for name, value in contract.environment(wanted).items()}
        },
        "Tags": tag_list(wanted),
    }
    resources.add(FUNCTION, "AWS::Lambda::Function", properties)
    resources.add(
        "StorytellerCalls",
        "AWS::Lambda::EventInvokeConfig",
        {
            "FunctionName": {"Ref": FUNCTION},
            "Qualifier": "$LATEST",
            "MaximumRetryAttempts": contract.RETRIES,
            "MaximumEventAgeInSeconds": contract.MAX_EVENT_AGE,
        },
    )


def _code(wanted: Wanted) -> Json:
    """Where the bundle is, or will be: `apply` puts it there before the stack is made."""
    if wanted.code is not None:
        return {"S3Bucket": wanted.code[0], "S3Key": wanted.code[1]}
    bucket = wanted.assets_bucket or f"{wanted.name}-assets-{wanted.account}-{wanted.region}"
    return {"S3Bucket": portable(wanted, bucket), "S3Key": f"{wanted.name}/storyteller.zip"}


def _add_callers(wanted: Wanted, resources: Resources) -> None:
    callers = [
        ("Alarms", "lambda.alarms.cloudwatch.amazonaws.com", arn(wanted, "cloudwatch", f"alarm:{wanted.name}-*"))
    ]
    if wanted.events:
        callers.append(("Rules", "events.amazonaws.com", arn(wanted, "events", f"rule/{wanted.name}-*")))
    for name, principal, source in callers:
        resources.add(
            f"StorytellerFor{name}",
            "AWS::Lambda::Permission",
            {
                "FunctionName": {"Ref": FUNCTION},
                "Action": "lambda:InvokeFunction",
                "Principal": principal,
                "SourceAccount": {"Ref": "AWS::AccountId"},
                "SourceArn": source,
            },
        )
