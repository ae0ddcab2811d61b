"""The bucket that long templates and the function's code go through: made once, for one account and region.

Only what a deployment needs while it is made lies there; nothing in it is a log or a secret.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from vedette.aws import AwsClient, AwsError, AwsSession, Failure
from vedette.deploy import names
from vedette.deploy.answers import flag, records, text
from vedette.deploy.bundle import Bundle
from vedette.deploy.deployment import Stack
from vedette.deploy.wanted import Wanted
from vedette.errors import VedetteError

KEPT_DAYS = 30
_BATCH = 1000


def bucket_of(wanted: Wanted) -> str:
    """The bucket's name: the one that was given, or ours."""
    return wanted.assets_bucket or own_bucket(wanted)


def own_bucket(wanted: Wanted) -> str:
    """`vedette-assets-111122223333-us-east-1`."""
    return f"{wanted.name}-assets-{wanted.account}-{wanted.region}"


def exists(s3: AwsClient, wanted: Wanted) -> bool:
    """Whether the bucket is there, and this account's; VedetteError where somebody else has its name."""
    try:
        s3.call("head_bucket", Bucket=bucket_of(wanted), ExpectedBucketOwner=wanted.account)
    except AwsError as error:
        if error.failure is Failure.MISSING:
            return False
        if error.failure is Failure.DENIED and _is_foreign(s3, wanted):
            raise _taken(bucket_of(wanted)) from None
        raise
    return True


def require_given(s3: AwsClient, wanted: Wanted) -> None:
    """Raises VedetteError where a bucket was given that is not there: it is for its owner to make."""
    if wanted.assets_bucket is not None and not exists(s3, wanted):
        name = wanted.assets_bucket
        raise VedetteError(f"there is no bucket `{name}`", hint="make it, or leave `--assets-bucket` out")


def _is_foreign(s3: AwsClient, wanted: Wanted) -> bool:
    """Whether a bucket that we may not look at is not among our own."""
    try:
        own = {text(one, "Name") for one in records(s3.call("list_buckets"), "Buckets")}
    except AwsError:
        return False
    return bucket_of(wanted) not in own


def _taken(bucket: str) -> VedetteError:
    return VedetteError(
        f"the bucket name `{bucket}` is taken by another account", hint="give one of your own: `--assets-bucket NAME`"
    )


def ensure(session: AwsSession, wanted: Wanted) -> str:
    """The bucket, made where it is not there: closed to the public, TLS only, templates kept for a month."""
    s3 = session.client("s3")
    bucket = bucket_of(wanted)
    if exists(s3, wanted):
        return bucket
    require_given(s3, wanted)
    place = {} if wanted.region == "us-east-1" else {"LocationConstraint": wanted.region}
    try:
        s3.call("create_bucket", Bucket=bucket, **({"CreateBucketConfiguration": place} if place else {}))
    except AwsError as error:
        if error.code in ("BucketAlreadyExists", "OperationAborted"):
            raise _taken(bucket) from None
        raise
    _close(s3, wanted, bucket)
    return bucket


def _close(s3: AwsClient, wanted: Wanted, bucket: str) -> None:
    s3.call(
        "put_public_access_block",
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True,
        },
    )  # fmt: skip
    arn = f"arn:{wanted.partition}:s3:::{bucket}"
    statement = {
        "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip
    s3.call("put_bucket_policy", Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    rule = {
        "ID": "templates", "Status": "Enabled", "Filter": {"Prefix": "templates/"},
        "Expiration": {"Days": KEPT_DAYS}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }  # fmt: skip
    s3.call("put_bucket_lifecycle_configuration", Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    tags = [{"Key": key, "Value": value} for key, value in names.tags(wanted).items()]
    s3.call("put_bucket_tagging", Bucket=bucket, Tagging={"TagSet": tags})


def source(session: AwsSession, wanted: Wanted, stack: Stack) -> dict[str, str]:
    """How CloudFormation gets the template: in the call, or from the bucket where it is too long for that."""
    if not stack.needs_upload:
        return {"TemplateBody": stack.body}
    bucket, body = ensure(session, wanted), stack.body.encode()
    key = f"templates/{stack.name}/{hashlib.sha256(body).hexdigest()[:16]}.json"
    put(session.client("s3"), wanted, bucket, key, body)
    return {"TemplateURL": f"https://s3.{wanted.region}.{_suffix(wanted)}/{bucket}/{key}"}


def _suffix(wanted: Wanted) -> str:
    return "amazonaws.com.cn" if wanted.partition == "aws-cn" else "amazonaws.com"


def code_key(sha256: str) -> str:
    """Where the function's code of that digest lies. It is kept: an update that fails goes back to it."""
    return f"code/{sha256}.zip"


def with_code(wanted: Wanted, made: Bundle) -> Wanted:
    """The same, with the place at which the function's code will lie."""
    return replace(wanted, code=(bucket_of(wanted), code_key(made.sha256), made.sha256))


def upload_code(session: AwsSession, wanted: Wanted, made: Bundle) -> None:
    """Put the function's code where the template says it is."""
    bucket = ensure(session, wanted)
    put(session.client("s3"), wanted, bucket, code_key(made.sha256), made.path.read_bytes())


def put(s3: AwsClient, wanted: Wanted, bucket: str, key: str, body: bytes) -> None:
    """Store what is not there yet; names come from contents, so the same name is the same content."""
    try:
        s3.call("head_object", Bucket=bucket, Key=key, ExpectedBucketOwner=wanted.account)
    except AwsError as error:
        # Without the right to list, S3 answers 403 for what is not there.
        if error.failure not in (Failure.MISSING, Failure.DENIED):
            raise
        s3.call("put_object", Bucket=bucket, Key=key, Body=body, ExpectedBucketOwner=wanted.account)


def remove(session: AwsSession, wanted: Wanted) -> bool:
    """Empty and delete our own bucket; whether there was one. A bucket that was given is left alone."""
    s3, bucket = session.client("s3"), own_bucket(wanted)
    if wanted.assets_bucket is not None or not exists(s3, wanted):
        return False
    while True:
        page = s3.call("list_object_versions", Bucket=bucket, MaxKeys=_BATCH)
        found = [
            {"Key": text(one, "Key"), "VersionId": text(one, "VersionId")}
            for one in (*records(page, "Versions"), *records(page, "DeleteMarkers"))
        ]
        if found:
            s3.call("delete_objects", Bucket=bucket, Delete={"Objects": found, "Quiet": True})
        if not found or not flag(page, "IsTruncated"):
            break
    s3.call("delete_bucket", Bucket=bucket)
    return True
