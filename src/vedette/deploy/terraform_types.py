"""What each type of resource of our templates is in Terraform, property by property.

Most properties are the same word in another case; those that are not are listed. A property that is not known is an
error, never left out. Source: the documentation of hashicorp/aws, one page a resource.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from vedette.errors import InputError

Properties = Mapping[str, object]
Resolve = Callable[[object], object]
Blocks = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class Made:
    """One resource of Terraform: type, name, and its arguments."""

    kind: str
    name: str
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class Type:
    """One type: Terraform's name, its arguments where they are other words, and what becomes a resource of its own."""

    name: str
    words: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, Blocks] = field(default_factory=dict)
    plain: str = ""
    apart: Mapping[str, Callable[[str, object], list[Made]]] = field(default_factory=dict)

    def translate(self, logical_id: str, properties: Properties, resolve: Resolve) -> list[Made]:
        """The resource, and those that Terraform has for some of its properties."""
        made = Made(self.name, local_name(logical_id), {})
        rest: list[Made] = []
        for name, given in properties.items():
            value = resolve(given)
            if name in self.apart:
                rest += self.apart[name](made.name, value)
            elif name in self.shapes:
                shaped = self.shapes[name](value)
                word = self.words.get(name, snake(name))
                made.body.update(shaped if isinstance(shaped, _Arguments) else {word: shaped})
            elif name in self.words or name in self.plain.split():
                made.body[self.words.get(name, snake(name))] = value
            else:
                raise InputError(f"Terraform export does not know {name} of {self.name} yet")
        return [made, *rest]


class _Arguments(dict[str, object]):
    """Several arguments that one property becomes."""


def local_name(logical_id: str) -> str:
    """The name within a module: `RootLoginFilter` is `root_login_filter`."""
    return snake(logical_id)


def snake(name: str) -> str:
    """`RetentionInDays` is `retention_in_days`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _each(value: object) -> list[Properties]:
    assert isinstance(value, list)
    return [one for one in value if isinstance(one, Mapping)]


def _one(value: object) -> Properties:
    assert isinstance(value, Mapping)
    return value


def _document(value: object) -> str:
    """A policy or pattern as text, as short as can be; what Terraform puts in later stands in it already."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _tags(value: object) -> dict[str, object]:
    return {str(one["Key"]): one["Value"] for one in _each(value)}


def _dimensions(value: object) -> dict[str, object]:
    return {str(one.get("Name", one.get("Key"))): one["Value"] for one in _each(value)}


def _lowered(value: object) -> object:
    """A block, or blocks in blocks, with every name in Terraform's case."""
    if isinstance(value, Mapping):
        return {snake(str(name)): _lowered(one) for name, one in value.items()}
    return [_lowered(one) for one in value] if isinstance(value, list) else value


def _selectors(value: object) -> list[object]:
    return [
        {**_one(_lowered({name: one for name, one in selector.items() if name != "DataResources"})),
         **({"data_resource": _lowered(selector["DataResources"])} if selector.get("DataResources") else {})}
        for selector in _each(value)
    ]  # fmt: skip


def _transformation(value: object) -> dict[str, object]:
    (one,) = _each(value)
    words = {"MetricName": "name", "MetricNamespace": "namespace", "MetricValue": "value"}
    found = {words.get(name, snake(name)): given for name, given in one.items() if name != "Dimensions"}
    return {**found, **({"dimensions": _dimensions(one["Dimensions"])} if one.get("Dimensions") else {})}


def _code(value: object) -> _Arguments:
    del value  # the bucket of CloudFormation: Terraform uploads the file itself
    return _Arguments(filename="${var.code}", source_code_hash="${filebase64sha256(var.code)}")


def _encryption(bucket: str, value: object) -> list[Made]:
    rules = [
        {
            "apply_server_side_encryption_by_default": _sse(_one(one["ServerSideEncryptionByDefault"])),
            "bucket_key_enabled": one.get("BucketKeyEnabled", False),
        }
        for one in _each(_one(value)["ServerSideEncryptionConfiguration"])
    ]
    return [_of_bucket("server_side_encryption_configuration", bucket, {"rule": rules})]


def _sse(value: Properties) -> dict[str, object]:
    key = {"kms_master_key_id": value["KMSMasterKeyID"]} if "KMSMasterKeyID" in value else {}
    return {"sse_algorithm": value["SSEAlgorithm"], **key}


def _lifecycle(bucket: str, value: object) -> list[Made]:
    rules = [_rule(one) for one in _each(_one(value)["Rules"])]
    return [_of_bucket("lifecycle_configuration", bucket, {"rule": rules})]


def _rule(one: Properties) -> dict[str, object]:
    found: dict[str, object] = {"id": one["Id"], "status": one["Status"], "filter": {}}
    if "Transitions" in one:
        found["transition"] = [
            {"storage_class": each["StorageClass"], "days": each["TransitionInDays"]}
            for each in _each(one["Transitions"])
        ]
    if "ExpirationInDays" in one:
        found["expiration"] = {"days": one["ExpirationInDays"]}
    for name, (block, word) in _RULE_BLOCKS.items():
        if name in one:
            found[block] = {word: next(iter(_one(one[name]).values()))}
    if unknown := set(one) - {"Id", "Status", "Transitions", "ExpirationInDays", *_RULE_BLOCKS}:
        raise InputError(f"Terraform export does not know {', '.join(sorted(unknown))} of a bucket's life cycle yet")
    return found


_RULE_BLOCKS: Final = {
    "NoncurrentVersionExpiration": ("noncurrent_version_expiration", "noncurrent_days"),
    "AbortIncompleteMultipartUpload": ("abort_incomplete_multipart_upload", "days_after_initiation"),
}


def _ownership(bucket: str, value: object) -> list[Made]:
    return [_of_bucket("ownership_controls", bucket, {"rule": _lowered(_one(value)["Rules"])})]


def _public(bucket: str, value: object) -> list[Made]:
    return [_of_bucket("public_access_block", bucket, dict(_one(_lowered(value))))]


def _versioning(bucket: str, value: object) -> list[Made]:
    return [_of_bucket("versioning", bucket, {"versioning_configuration": _lowered(value)})]


def _of_bucket(what: str, bucket: str, body: dict[str, object]) -> Made:
    return Made(f"aws_s3_bucket_{what}", bucket, {"bucket": f"${{aws_s3_bucket.{bucket}.id}}", **body})


def _role_policies(role: str, value: object) -> list[Made]:
    return [
        Made(
            "aws_iam_role_policy",
            f"{role}_{number}",
            {
                "name": one["PolicyName"],
                "role": f"${{aws_iam_role.{role}.id}}",
                "policy": _document(one["PolicyDocument"]),
            },
        )
        for number, one in enumerate(_each(value), start=1)
    ]


def _targets(rule: str, value: object) -> list[Made]:
    return [
        Made(
            "aws_cloudwatch_event_target",
            f"{rule}_{str(one['Id']).replace('-', '_')}",
            {"rule": f"${{aws_cloudwatch_event_rule.{rule}.name}}", **_target(one)},
        )
        for one in _each(value)
    ]


def _target(one: Properties) -> dict[str, object]:
    words = {"Id": "target_id", "Arn": "arn", "Input": "input", "RoleArn": "role_arn"}
    found: dict[str, object] = {}
    for name, given in one.items():
        match name:
            case "InputTransformer":
                words_of = {"InputPathsMap": "input_paths", "InputTemplate": "input_template"}
                found["input_transformer"] = {words_of[word]: value for word, value in _one(given).items()}
            case "DeadLetterConfig" | "RetryPolicy":
                found[snake(name)] = _lowered(given)
            case _ if name in words:
                found[words[name]] = given
            case _:
                raise InputError(f"Terraform export does not know {name} of a rule's target yet")
    return found


def _first(value: object) -> object:
    assert isinstance(value, list)
    assert len(value) == 1
    return value[0]


_ALARM = (
    "AlarmName AlarmDescription ActionsEnabled AlarmActions ComparisonOperator DatapointsToAlarm EvaluationPeriods "
    "MetricName Namespace Period Statistic ExtendedStatistic Threshold TreatMissingData Unit"
)
_ALARM_WORDS = {
    "OKActions": "ok_actions",
    "EvaluateLowSampleCountPercentile": "evaluate_low_sample_count_percentiles",
    "InsufficientDataActions": "insufficient_data_actions",
}

TYPES: Final[dict[str, Type]] = {
    "AWS::CloudTrail::Trail": Type(
        "aws_cloudtrail",
        {
            "TrailName": "name", "CloudWatchLogsLogGroupArn": "cloud_watch_logs_group_arn",
            "CloudWatchLogsRoleArn": "cloud_watch_logs_role_arn",
            "EnableLogFileValidation": "enable_log_file_validation",
            "IsLogging": "enable_logging", "KMSKeyId": "kms_key_id", "S3BucketName": "s3_bucket_name",
            "EventSelectors": "event_selector",
        },
        {"Tags": _tags, "EventSelectors": _selectors},
        "IncludeGlobalServiceEvents IsMultiRegionTrail IsOrganizationTrail",
    ),
    "AWS::CloudWatch::Alarm": Type(
        "aws_cloudwatch_metric_alarm", _ALARM_WORDS, {"Tags": _tags, "Dimensions": _dimensions}, _ALARM
    ),
    "AWS::CloudWatch::CompositeAlarm": Type(
        "aws_cloudwatch_composite_alarm", _ALARM_WORDS, {"Tags": _tags},
        "AlarmName AlarmDescription ActionsEnabled AlarmActions AlarmRule",
    ),
    "AWS::CloudWatch::Dashboard": Type("aws_cloudwatch_dashboard", plain="DashboardName DashboardBody"),
    "AWS::Events::Rule": Type(
        "aws_cloudwatch_event_rule", shapes={"EventPattern": _document, "Tags": _tags},
        plain="Name Description State", apart={"Targets": _targets},
    ),
    "AWS::IAM::Role": Type(
        "aws_iam_role", {"RoleName": "name", "AssumeRolePolicyDocument": "assume_role_policy"},
        {"AssumeRolePolicyDocument": _document, "Tags": _tags}, "Description", {"Policies": _role_policies},
    ),
    "AWS::KMS::Alias": Type("aws_kms_alias", {"AliasName": "name"}, plain="TargetKeyId"),
    "AWS::KMS::Key": Type(
        "aws_kms_key", {"KeyPolicy": "policy"}, {"KeyPolicy": _document, "Tags": _tags}, "Description EnableKeyRotation"
    ),
    "AWS::Lambda::EventInvokeConfig": Type(
        "aws_lambda_function_event_invoke_config",
        plain="FunctionName MaximumEventAgeInSeconds MaximumRetryAttempts Qualifier",
    ),
    "AWS::Lambda::Function": Type(
        "aws_lambda_function", {}, {"Code": _code, "DeadLetterConfig": _lowered, "Tags": _tags,
                                    "Environment": lambda value: {"variables": _one(value)["Variables"]}},
        "Architectures Description FunctionName Handler MemorySize Role Runtime Timeout ReservedConcurrentExecutions",
    ),
    "AWS::Lambda::Permission": Type(
        "aws_lambda_permission", plain="Action FunctionName Principal SourceAccount SourceArn"
    ),
    "AWS::Logs::LogGroup": Type(
        "aws_cloudwatch_log_group", {"LogGroupName": "name"}, {"Tags": _tags}, "RetentionInDays KmsKeyId"
    ),
    "AWS::Logs::MetricFilter": Type(
        "aws_cloudwatch_log_metric_filter",
        {"FilterName": "name", "FilterPattern": "pattern", "MetricTransformations": "metric_transformation"},
        {"MetricTransformations": _transformation}, "LogGroupName",
    ),
    "AWS::S3::Bucket": Type(
        "aws_s3_bucket", {"BucketName": "bucket"}, {"Tags": _tags},
        apart={"BucketEncryption": _encryption, "LifecycleConfiguration": _lifecycle, "OwnershipControls": _ownership,
               "PublicAccessBlockConfiguration": _public, "VersioningConfiguration": _versioning},
    ),
    "AWS::S3::BucketPolicy": Type(
        "aws_s3_bucket_policy", {"PolicyDocument": "policy"}, {"PolicyDocument": _document}, "Bucket"
    ),
    "AWS::SNS::Subscription": Type(
        "aws_sns_topic_subscription", shapes={"RedrivePolicy": _document}, plain="Endpoint Protocol TopicArn"
    ),
    "AWS::SNS::Topic": Type("aws_sns_topic", {"TopicName": "name"}, {"Tags": _tags}, "DisplayName KmsMasterKeyId"),
    "AWS::SNS::TopicPolicy": Type(
        "aws_sns_topic_policy", {"Topics": "arn", "PolicyDocument": "policy"},
        {"Topics": _first, "PolicyDocument": _document},
    ),
    "AWS::SQS::Queue": Type(
        "aws_sqs_queue",
        {"QueueName": "name", "MessageRetentionPeriod": "message_retention_seconds",
         "SqsManagedSseEnabled": "sqs_managed_sse_enabled"},
        {"Tags": _tags},
    ),
    "AWS::SQS::QueuePolicy": Type(
        "aws_sqs_queue_policy", {"Queues": "queue_url", "PolicyDocument": "policy"},
        {"Queues": _first, "PolicyDocument": _document},
    ),
}  # fmt: skip

ATTRIBUTES: Final = {
    ("AWS::IAM::Role", "Arn"): "arn",
    ("AWS::KMS::Key", ""): "key_id",
    ("AWS::KMS::Key", "Arn"): "arn",
    ("AWS::Lambda::Function", ""): "function_name",
    ("AWS::Lambda::Function", "Arn"): "arn",
    ("AWS::Logs::LogGroup", ""): "name",
    ("AWS::S3::Bucket", ""): "id",
    ("AWS::S3::Bucket", "Arn"): "arn",
    ("AWS::SNS::Topic", ""): "arn",
    ("AWS::SQS::Queue", ""): "url",
    ("AWS::SQS::Queue", "Arn"): "arn",
    ("AWS::SQS::Queue", "QueueName"): "name",
}
"""What `Ref` (an empty name) and `Fn::GetAtt` are called in Terraform."""
