"""The way of a record into the account's hands: the trail, its bucket, its log group, its role, and the key.

Sources: CloudTrail user guide, "S3 bucket policy for CloudTrail", "Role policy document for CloudTrail to use
CloudWatch Logs", "KMS key policies for CloudTrail"; CloudWatch Logs user guide, "Encrypt log data".
"""

from __future__ import annotations

from vedette.deploy import names
from vedette.deploy.template.values import (
    Json,
    Resources,
    arn,
    bucket_arn,
    log_group_arn,
    only_tls,
    policy,
    portable,
    service,
    statement,
    tag_list,
    trail_arn,
)
from vedette.deploy.wanted import Wanted
from vedette.errors import InputError

KEY, BUCKET, LOG_GROUP, ROLE, TRAIL = "Key", "TrailBucket", "TrailLogGroup", "TrailRole", "Trail"
MAX_DATA_RESOURCES = 250


def makes_bucket(wanted: Wanted) -> bool:
    """Whether the bucket is ours."""
    return wanted.trail is None and wanted.bucket is None


def makes_log_group(wanted: Wanted) -> bool:
    """Whether the log group is ours."""
    return wanted.trail is None and wanted.log_group is None


def key_arn(wanted: Wanted) -> Json:
    """The key by its own ARN, which only the stack that makes it knows; None without a key."""
    return {"Fn::GetAtt": [KEY, "Arn"]} if wanted.key else None


def add_trail(wanted: Wanted, resources: Resources) -> None:
    """Everything up to the log group that metric filters are put on."""
    if wanted.trail is not None and wanted.trail.log_group is None and wanted.log_group is None:
        raise InputError(
            f"the trail `{wanted.trail.name}` writes to no log group, and metric filters read one",
            hint="give it one (`aws cloudtrail update-trail`), or leave out `--use-trail` for a trail of our own",
        )
    if wanted.trail is not None and (wanted.data_buckets or wanted.data_functions):
        raise InputError(
            f"what the trail `{wanted.trail.name}` records is for its owner to say",
            hint="leave out the buckets and functions, or `--use-trail`",
        )
    if wanted.key:
        _add_key(wanted, resources)
    if makes_bucket(wanted):
        _add_bucket(wanted, resources)
    if makes_log_group(wanted):
        _add_log_group(wanted, resources)
    if wanted.trail is None:
        _add_role(wanted, resources)
        _add_trail(wanted, resources)


def _add_key(wanted: Wanted, resources: Resources) -> None:
    properties: dict[str, Json] = {
        "Description": f"Trail, log groups and topics of {wanted.name}",
        "EnableKeyRotation": True,
        "KeyPolicy": policy(*_key_statements(wanted)),
        "Tags": tag_list(wanted),
    }
    resources.add(KEY, "AWS::KMS::Key", properties, keep=True)
    resources.add("KeyAlias", "AWS::KMS::Alias", {"AliasName": names.key_alias(wanted), "TargetKeyId": {"Ref": KEY}})


def _key_statements(wanted: Wanted) -> list[dict[str, Json]]:
    """The account's own administrators, and the services, each for its own purpose only."""
    ours: Json = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    publish = ["kms:Decrypt", "kms:GenerateDataKey*"]
    groups = [log_group_arn(wanted, name) for name in _groups(wanted)]
    found = [
        statement("Administrators", ["kms:*"], "*", {"AWS": arn(wanted, "iam", "root", region=False)}),
        statement("AlarmsPublish", publish, "*", service("cloudwatch"), {"StringEquals": ours}),
    ]
    if wanted.events:
        # Of whom a rule is, EventBridge says nothing to SNS, and so nothing to the key.
        found.append(statement("RulesPublish", publish, "*", service("events")))
    if groups:
        found.append(
            statement(
                "LogGroups",
                ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                "*",
                {"Service": {"Fn::Sub": "logs.${AWS::Region}.${AWS::URLSuffix}"}},
                {"StringEquals": {"kms:EncryptionContext:aws:logs:arn": groups}},
            )
        )
    if wanted.trail is None:
        found += _trail_key_statements(wanted)
    return [dict(one) for one in found]


def _groups(wanted: Wanted) -> list[str]:
    """The log groups that are ours."""
    found = [names.log_group_name(wanted)] if makes_log_group(wanted) else []
    return [*found, *([names.function_log_group_name(wanted)] if wanted.storyteller else [])]


def _trail_key_statements(wanted: Wanted) -> list[dict[str, Json]]:
    source: dict[str, Json] = {"aws:SourceArn": trail_arn(wanted)}
    anywhere: Json = {"Fn::Sub": "arn:${AWS::Partition}:cloudtrail:*:${AWS::AccountId}:trail/*"}
    encrypt: dict[str, Json] = {
        "StringEquals": source,
        "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": anywhere},
    }
    principal = service("cloudtrail")
    return [
        dict(statement("TrailEncrypts", ["kms:GenerateDataKey*"], "*", principal, encrypt)),
        dict(statement("TrailDescribes", ["kms:DescribeKey", "kms:Decrypt"], "*", principal, {"StringEquals": source})),
    ]


def _add_bucket(wanted: Wanted, resources: Resources) -> None:
    encryption: dict[str, Json] = {"SSEAlgorithm": "AES256"}
    if wanted.key:
        encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn(wanted)}
    shut: dict[str, Json] = {
        "BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True,
    }  # fmt: skip
    rule: dict[str, Json] = {"ServerSideEncryptionByDefault": encryption}
    if wanted.key:
        rule["BucketKeyEnabled"] = True
    properties: dict[str, Json] = {
        "BucketName": portable(wanted, names.bucket_name(wanted)),
        "VersioningConfiguration": {"Status": "Enabled"},
        "PublicAccessBlockConfiguration": shut,
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]},
        "LifecycleConfiguration": {"Rules": _life_cycle(wanted)},
        "Tags": tag_list(wanted),
    }
    resources.add(BUCKET, "AWS::S3::Bucket", properties, keep=True)
    own, within = bucket_arn(wanted), bucket_arn(wanted, "/AWSLogs/*")
    source: dict[str, Json] = {"StringEquals": {"aws:SourceArn": trail_arn(wanted)}}
    owner: dict[str, Json] = {
        "StringEquals": {"aws:SourceArn": trail_arn(wanted), "s3:x-amz-acl": "bucket-owner-full-control"}
    }
    document = policy(
        only_tls([own, bucket_arn(wanted, "/*")], ["s3:*"]),
        statement("TrailLooks", ["s3:GetBucketAcl"], own, service("cloudtrail"), source),
        statement("TrailWrites", ["s3:PutObject"], within, service("cloudtrail"), owner),
    )
    # Kept with the bucket: without it the trail that somebody attaches later could not write.
    resources.add(
        "TrailBucketPolicy", "AWS::S3::BucketPolicy", {"Bucket": {"Ref": BUCKET}, "PolicyDocument": document}, keep=True
    )


def _life_cycle(wanted: Wanted) -> list[Json]:
    """Cheaper after a quarter, gone after the retention, which is at least as long as a digest is of use: a year."""
    days = max(365, wanted.retention_days)
    return [
        {
            "Id": "Keep",
            "Status": "Enabled",
            "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 90}],
            "ExpirationInDays": days,
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]


def _add_log_group(wanted: Wanted, resources: Resources) -> None:
    properties: dict[str, Json] = {
        "LogGroupName": names.log_group_name(wanted),
        "RetentionInDays": wanted.retention_days,
        "KmsKeyId": key_arn(wanted),
        "Tags": tag_list(wanted),
    }
    resources.add(LOG_GROUP, "AWS::Logs::LogGroup", properties, keep=True)


def _add_role(wanted: Wanted, resources: Resources) -> None:
    """An organization's streams begin with its id, which is known to nobody here."""
    streams = "*" if wanted.organization else f"{wanted.account}_CloudTrail_*"
    group = log_group_arn(wanted, names.log_group_name(wanted), f":log-stream:{streams}")
    write = statement("WriteRecords", ["logs:CreateLogStream", "logs:PutLogEvents"], group)
    assume = statement("Trail", ["sts:AssumeRole"], None, service("cloudtrail"))
    properties: dict[str, Json] = {
        "RoleName": portable(wanted, names.trail_role_name(wanted)),
        "Description": "CloudTrail writes records to the log group with it",
        "AssumeRolePolicyDocument": policy({key: value for key, value in assume.items() if key != "Resource"}),
        "Policies": [{"PolicyName": "write-records", "PolicyDocument": policy(write)}],
        "Tags": tag_list(wanted),
    }
    resources.add(ROLE, "AWS::IAM::Role", properties)


def _add_trail(wanted: Wanted, resources: Resources) -> None:
    group = log_group_arn(wanted, names.log_group_name(wanted), ":*")
    selector: dict[str, Json] = {"ReadWriteType": "All", "IncludeManagementEvents": True}
    data = _data_resources(wanted)
    if data:
        selector["DataResources"] = data
    properties: dict[str, Json] = {
        "TrailName": names.trail_name(wanted),
        "IsLogging": True,
        "IsMultiRegionTrail": True,
        "IncludeGlobalServiceEvents": True,
        "IsOrganizationTrail": True if wanted.organization else None,
        "EnableLogFileValidation": True,
        "S3BucketName": portable(wanted, names.bucket_name(wanted)),
        "KMSKeyId": key_arn(wanted),
        "CloudWatchLogsLogGroupArn": group,
        "CloudWatchLogsRoleArn": {"Fn::GetAtt": [ROLE, "Arn"]},
        "EventSelectors": [selector],
        "Tags": tag_list(wanted),
    }
    after = [
        *(["TrailBucketPolicy"] if makes_bucket(wanted) else []), *([LOG_GROUP] if makes_log_group(wanted) else [])
    ]  # fmt: skip
    resources.add(TRAIL, "AWS::CloudTrail::Trail", properties, after=after)


def _data_resources(wanted: Wanted) -> list[Json]:
    """The objects of named buckets, and calls of named functions (by name or ARN)."""
    if len(wanted.data_buckets) + len(wanted.data_functions) > MAX_DATA_RESOURCES:
        raise InputError(f"a trail records data events of {MAX_DATA_RESOURCES} buckets and functions at most")
    found: list[Json] = []
    if wanted.data_buckets:
        values: list[Json] = [{"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{name}/"} for name in wanted.data_buckets]
        found.append({"Type": "AWS::S3::Object", "Values": values})
    if wanted.data_functions:
        functions = [
            portable(wanted, name) if name.startswith("arn:") else arn(wanted, "lambda", f"function:{name}")
            for name in wanted.data_functions
        ]
        found.append({"Type": "AWS::Lambda::Function", "Values": functions})
    return found
