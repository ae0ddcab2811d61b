"""What a call asks for in the words of IAM: the action, and the resource that a policy must name.

From the service authorization reference: most operations are actions of their own name; the exceptions that Vedette
calls are listed here.
"""

from __future__ import annotations

from collections.abc import Mapping

_ACTIONS = {
    ("s3", "HeadBucket"): "s3:ListBucket",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("s3", "ListObjects"): "s3:ListBucket",
    ("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    ("s3", "ListObjectVersions"): "s3:ListBucketVersions",
    ("s3", "DeleteObjects"): "s3:DeleteObjectVersion",
    ("s3", "PutBucketLifecycleConfiguration"): "s3:PutLifecycleConfiguration",
    ("s3", "PutPublicAccessBlock"): "s3:PutBucketPublicAccessBlock",
    ("lambda", "Invoke"): "lambda:InvokeFunction",
    ("sns", "PublishBatch"): "sns:Publish",
    ("sqs", "ChangeMessageVisibilityBatch"): "sqs:ChangeMessageVisibility",
    ("sqs", "DeleteMessageBatch"): "sqs:DeleteMessage",
    ("sqs", "SendMessageBatch"): "sqs:SendMessage",
}

_NAMES = ("TopicArn", "TargetArn", "SecretId", "RoleArn", "logGroupIdentifier", "logGroupName", "QueueName")


def action_of(service: str, operation: str) -> str:
    """The IAM action of an operation: `action_of("s3", "HeadObject")` is `s3:GetObject`."""
    return _ACTIONS.get((service, operation), f"{service}:{operation}")


def resource_of(service: str, method: str, parameters: Mapping[str, object], partition: str, region: str) -> str:
    """The ARN that a call is about, as far as its parameters tell; an account that is not known is `*`.

    Empty where a call is about no single resource.
    """
    given = {name: value for name, value in parameters.items() if isinstance(value, str)}
    if "Bucket" in given:
        return _s3(method, given, partition)
    if "QueueUrl" in given:
        account, _, queue = given["QueueUrl"].rpartition("/")
        return f"arn:{partition}:sqs:{region}:{account.rpartition('/')[2]}:{queue}"
    name = next((given[key] for key in _NAMES if key in given), "")
    if not name or name.startswith("arn:"):
        return name
    if service == "secretsmanager":
        # IAM sees the whole ARN, which ends in six characters that only AWS knows.
        return f"arn:{partition}:secretsmanager:{region}:*:secret:{name}-??????"
    if service == "logs":
        return f"arn:{partition}:logs:{region}:*:log-group:{name}:*"
    return f"arn:{partition}:{service}:{region}:*:{name}"


def _s3(method: str, given: Mapping[str, str], partition: str) -> str:
    bucket = f"arn:{partition}:s3:::{given['Bucket']}"
    if "Key" in given:
        return f"{bucket}/{given['Key']}"
    return bucket if not method.startswith("get_object") else f"{bucket}/*"
