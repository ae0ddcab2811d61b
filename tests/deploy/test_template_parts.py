"""The trail and what belongs to it, the topics, the storyteller, and how parts of an account are used as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.wishes import ACCOUNT, REGION, SMALL, everything, own, properties, resources, wish
from vedette.cli.deploy_options import partition_of
from vedette.deploy import names
from vedette.deploy.deployment import MAX_BODY, MAX_INLINE, MAX_RESOURCES, Deployment
from vedette.deploy.storyteller import contract
from vedette.deploy.template import build, resolve
from vedette.deploy.template.values import logical_id, portable
from vedette.deploy.wanted import ChannelWanted, ExistingTrail, Subscription, Wanted
from vedette.detections.definition import Severity
from vedette.errors import InputError

TRAIL_ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/vedette-trail"


def made(**more: Any) -> Deployment:
    return build(wish(*SMALL, **more))


def one(deployment: Deployment, kind: str) -> Any:
    [found] = properties(deployment, kind).values()
    return found


def statements(document: Any) -> dict[str, Any]:
    return {found["Sid"]: found for found in document["Statement"]}


def test_the_trail_is_of_all_regions_validated_and_encrypted() -> None:
    trail = one(made(), "CloudTrail::Trail")
    assert trail["IsMultiRegionTrail"]
    assert trail["IncludeGlobalServiceEvents"]
    assert trail["EnableLogFileValidation"]
    assert trail["IsLogging"]
    assert trail["KMSKeyId"] == {"Fn::GetAtt": ["Key", "Arn"]}
    assert trail["EventSelectors"] == [{"ReadWriteType": "All", "IncludeManagementEvents": True}]
    assert trail["CloudWatchLogsLogGroupArn"] == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/vedette/cloudtrail:*"


def test_data_events_are_recorded_of_what_is_named() -> None:
    function = f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:other"
    trail = one(made(data_buckets=("payroll",), data_functions=("pay", function)), "CloudTrail::Trail")
    [selector] = trail["EventSelectors"]
    assert selector["DataResources"] == [
        {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::payroll/"]},
        {
            "Type": "AWS::Lambda::Function",
            "Values": [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:pay", function],
        },
    ]
    assert selector["IncludeManagementEvents"]
    with pytest.raises(InputError, match="250"):
        made(data_buckets=tuple(f"bucket-{number}" for number in range(251)))


def test_the_bucket_is_shut_to_all_but_the_trail() -> None:
    bucket = one(made(), "S3::Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["BucketName"] == f"vedette-trail-{ACCOUNT}-{REGION}"
    found = statements(one(made(), "S3::BucketPolicy")["PolicyDocument"])
    assert found["RefuseWithoutTls"]["Effect"] == "Deny"
    assert found["RefuseWithoutTls"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    allowed = {name: rule for name, rule in found.items() if rule["Effect"] == "Allow"}
    assert {rule["Principal"]["Service"] for rule in allowed.values()} == {"cloudtrail.amazonaws.com"}
    assert {rule["Condition"]["StringEquals"]["aws:SourceArn"] for rule in allowed.values()} == {TRAIL_ARN}
    assert allowed["TrailWrites"]["Resource"].endswith("/AWSLogs/*")


def test_cloudtrail_writes_with_a_role_for_its_own_streams_only() -> None:
    role = properties(made(), "IAM::Role")["TrailRole"]
    [rule] = role["Policies"][0]["PolicyDocument"]["Statement"]
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/vedette/cloudtrail"
    assert rule["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert rule["Resource"] == f"{group}:log-stream:{ACCOUNT}_CloudTrail_*"
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
    whole = properties(made(organization=True), "IAM::Role")["TrailRole"]
    assert whole["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"] == f"{group}:log-stream:*"
    assert one(made(organization=True), "CloudTrail::Trail")["IsOrganizationTrail"] is True


def test_the_key_serves_each_service_for_its_purpose() -> None:
    found = statements(one(made(), "KMS::Key")["KeyPolicy"])
    alarms, rules = found["AlarmsPublish"], found["RulesPublish"]
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert rules["Principal"] == {"Service": "events.amazonaws.com"}
    assert alarms["Action"] == rules["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    groups = found["LogGroups"]["Condition"]["StringEquals"]["kms:EncryptionContext:aws:logs:arn"]
    assert [group.rpartition("log-group:")[2] for group in groups] == [
        "/vedette/cloudtrail",
        "/aws/lambda/vedette-storyteller",
    ]
    assert found["TrailEncrypts"]["Condition"]["StringEquals"]["aws:SourceArn"] == TRAIL_ARN
    assert one(made(), "KMS::Key")["EnableKeyRotation"]


def test_without_a_key_nothing_names_one() -> None:
    deployment = made(key=False)
    assert not properties(deployment, "KMS::Key")
    assert "kms" not in "".join(stack.body for stack in deployment.stacks).lower()
    encryption = one(deployment, "S3::Bucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]


def test_logs_and_the_key_outlive_the_stack_but_not_a_failed_creation() -> None:
    kept = {name for name, body in resources(made()) if "DeletionPolicy" in body}
    assert kept == {"Key", "TrailBucket", "TrailBucketPolicy", "TrailLogGroup"}
    assert {body["DeletionPolicy"] for name, body in resources(made()) if name in kept} == {"RetainExceptOnCreate"}


def test_what_exists_is_used_and_not_made() -> None:
    trail = ExistingTrail("main", f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main", "trail-logs", "trail-bucket")
    deployment = made(trail=trail)
    for kind in ("CloudTrail::Trail", "S3::Bucket", "S3::BucketPolicy"):
        assert not properties(deployment, kind)
    assert set(properties(deployment, "Logs::LogGroup")) == {"StorytellerLogGroup"}
    assert {one["LogGroupName"] for one in properties(deployment, "Logs::MetricFilter").values()} == {"trail-logs"}
    assert "TrailEncrypts" not in statements(one(deployment, "KMS::Key")["KeyPolicy"])
    assert deployment.stacks[0].capabilities == ()
    ours = made(log_group="group", bucket="bucket")
    assert one(ours, "CloudTrail::Trail")["S3BucketName"] == "bucket"
    assert one(ours, "CloudTrail::Trail")["CloudWatchLogsLogGroupArn"].endswith(":log-group:group:*")
    assert not properties(ours, "S3::Bucket")


def test_what_a_trail_of_others_records_is_not_ours_to_say() -> None:
    trail = ExistingTrail("main", TRAIL_ARN, "trail-logs", "trail-bucket")
    with pytest.raises(InputError, match="is for its owner to say"):
        made(trail=trail, data_buckets=("payroll",))


def test_a_key_without_log_groups_of_ours_names_none() -> None:
    trail = ExistingTrail("main", TRAIL_ARN, "trail-logs", "trail-bucket")
    found = statements(one(made(trail=trail, storyteller=False, events=False), "KMS::Key")["KeyPolicy"])
    assert set(found) == {"Administrators", "AlarmsPublish"}


def test_a_trail_that_writes_to_no_log_group_is_refused() -> None:
    trail = ExistingTrail("main", TRAIL_ARN, None, "trail-bucket")
    with pytest.raises(InputError, match="`main` writes to no log group"):
        made(trail=trail)
    assert made(trail=trail, log_group="other").placed


def test_topics_take_alarms_and_rules_of_this_account_only() -> None:
    policies = properties(made(), "SNS::TopicPolicy")
    assert len(policies) == len(Severity)
    found = statements(policies["HighTopicPolicy"]["PolicyDocument"])
    assert found["Alarms"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert found["Alarms"]["Resource"] == f"arn:aws:sns:{REGION}:{ACCOUNT}:vedette-high"
    assert found["Alarms"]["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"},
    }
    assert found["Rules"]["Principal"] == {"Service": "events.amazonaws.com"}
    assert "Condition" not in found["Rules"], "EventBridge gives SNS no context: a condition would lose every notice"
    assert found["RefuseWithoutTls"]["Effect"] == "Deny"
    quiet = properties(made(events=False), "SNS::TopicPolicy")["HighTopicPolicy"]
    assert set(statements(quiet["PolicyDocument"])) == {"RefuseWithoutTls", "Alarms"}


def test_a_subscriber_is_told_of_its_severity_and_above() -> None:
    people = (
        Subscription("email", "ops@example.com"),
        Subscription("sms", "+441632960001", Severity.HIGH),
        Subscription("https", "https://example.com/hook", Severity.CRITICAL),
        Subscription("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:alerts", Severity.CRITICAL),
    )
    found: dict[str, list[str]] = {}
    for subscription in properties(made(subscriptions=people), "SNS::Subscription").values():
        found.setdefault(subscription["Protocol"], []).append(subscription["TopicArn"]["Ref"].removesuffix("Topic"))
        redriven = "RedrivePolicy" in subscription
        assert redriven is (subscription["Protocol"] in ("https", "sqs"))
    assert found == {
        "email": ["Informational", "Low", "Medium", "High", "Critical"],
        "sms": ["High", "Critical"],
        "https": ["Critical"],
        "sqs": ["Critical"],
    }


def test_what_can_be_lost_is_kept_in_a_queue_that_is_there_first() -> None:
    """The queue's ARN is written out, so that nothing else tells CloudFormation to make it before."""
    told = (
        Subscription("https", "https://example.com/a", Severity.CRITICAL),
        Subscription("email", "ops@example.com", Severity.CRITICAL),
    )
    found = {
        body["Properties"]["Protocol"]: body.get("DependsOn", [])
        for _, body in resources(made(subscriptions=told))
        if body["Type"] == "AWS::SNS::Subscription"
    }
    assert found == {"https": ["Undelivered"], "email": []}


def test_the_storyteller_may_do_what_it_says_it_needs() -> None:
    channels = (ChannelWanted("chat", "slack", "secret://aws/vedette/slack#url"),)
    wanted = wish(*SMALL, channels=channels)
    role = properties(build(wanted), "IAM::Role")["StorytellerRole"]
    found = statements(role["Policies"][0]["PolicyDocument"])
    assert found["ReadItsSecrets"]["Action"] == "secretsmanager:GetSecretValue"
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:vedette/slack-??????"
    assert found["ReadItsSecrets"]["Resource"] == secret
    needed = {one.sid for one in contract.permissions(wanted)}
    assert set(found) == {*needed, "OpenItsSecrets", "KeepFailedCalls"}


def test_the_storyteller_may_open_secrets_that_a_key_of_ones_own_closes() -> None:
    """Whichever key it is: only Secrets Manager may ask, and only for these secrets; those elsewhere by their place."""
    far = "arn:aws:secretsmanager:eu-west-2:444455556666:secret:pager-AbCdEf"
    channels = (
        ChannelWanted("chat", "slack", "secret://aws/vedette/slack#url"),
        ChannelWanted("duty", "pagerduty", f"secret://aws/{far}#key"),
    )
    role = properties(build(wish(*SMALL, channels=channels)), "IAM::Role")["StorytellerRole"]
    found = statements(role["Policies"][0]["PolicyDocument"])
    near = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:vedette/slack-??????"
    opened = {
        (each["Resource"], each["Condition"]["StringEquals"]["kms:ViaService"]): each["Condition"]["StringLike"]
        for sid, each in found.items()
        if sid.startswith("OpenItsSecrets") and each["Action"] == "kms:Decrypt"
    }
    assert opened == {
        (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*", f"secretsmanager.{REGION}.amazonaws.com"): {
            "kms:EncryptionContext:SecretARN": [near]
        },
        ("arn:aws:kms:eu-west-2:444455556666:key/*", "secretsmanager.eu-west-2.amazonaws.com"): {
            "kms:EncryptionContext:SecretARN": [far]
        },
    }


def test_in_china_services_have_another_domain() -> None:
    """KMS is asked by `secretsmanager.cn-north-1.amazonaws.com.cn` there, and log groups by their own, too."""
    wanted = wish(
        "root-login", region="cn-north-1", partition="aws-cn",
        channels=(ChannelWanted("chat", "slack", "secret://aws/vedette/slack#url"),),
    )  # fmt: skip
    made = build(wanted)
    role = properties(made, "IAM::Role", wanted)["StorytellerRole"]
    opened = statements(role["Policies"][0]["PolicyDocument"])["OpenItsSecrets"]
    assert opened["Condition"]["StringEquals"] == {"kms:ViaService": "secretsmanager.cn-north-1.amazonaws.com.cn"}
    key = statements(properties(made, "KMS::Key", wanted)["Key"]["KeyPolicy"])
    assert key["LogGroups"]["Principal"] == {"Service": "logs.cn-north-1.amazonaws.com.cn"}
    assert {each["Resource"].split(":")[1] for each in (key["Administrators"], opened) if ":" in each["Resource"]} == {
        "aws-cn"
    }


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"), ("us-east-1", "aws"), ("cn-northwest-1", "aws-cn"), ("us-gov-east-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"), ("us-isob-east-1", "aws-iso-b"), ("eusc-de-east-1", "aws-eusc"),
    ],
)  # fmt: skip
def test_the_partition_of_a_region_that_nobody_is_asked_about(region: str, partition: str) -> None:
    """botocore knows the same."""
    import boto3

    assert boto3.Session().get_partition_for_region(region) == partition
    assert partition_of(region) == partition


def test_the_key_of_the_topics_is_known_by_its_alias() -> None:
    role = properties(made(), "IAM::Role")["StorytellerRole"]
    found = statements(role["Policies"][0]["PolicyDocument"])["UseTheTopicsKey"]
    assert found["Resource"] == f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"
    assert found["Condition"] == {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/vedette"}}


def test_the_storyteller_is_told_by_alarms_beside_the_topic() -> None:
    deployment = made()
    function = one(deployment, "Lambda::Function")
    assert function["Handler"] == contract.HANDLER
    assert function["Architectures"] == ["arm64"]
    assert function["DeadLetterConfig"]["TargetArn"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:vedette-notices-dead"
    callers = properties(deployment, "Lambda::Permission").values()
    assert {caller["Principal"] for caller in callers} == {
        "lambda.alarms.cloudwatch.amazonaws.com",
        "events.amazonaws.com",
    }
    for caller in callers:
        assert caller["SourceArn"].startswith("arn:aws:")
        assert caller["SourceAccount"] == {"Ref": "AWS::AccountId"}
    watched = properties(deployment, "CloudWatch::Alarm")["StorytellerAlarm"]
    assert watched["AlarmActions"] == [f"arn:aws:sns:{REGION}:{ACCOUNT}:vedette-critical"]
    assert json.loads(function["Environment"]["Variables"][contract.CONFIG])["account"] == ACCOUNT


def test_the_bundle_is_where_it_was_put() -> None:
    code = one(made(code=("assets", "storyteller/abc.zip", "ab" * 32)), "Lambda::Function")["Code"]
    assert code == {"S3Bucket": "assets", "S3Key": "storyteller/abc.zip"}
    assert one(made(assets_bucket="assets"), "Lambda::Function")["Code"]["S3Bucket"] == "assets"
    assert one(made(), "Lambda::Function")["Code"]["S3Bucket"] == f"vedette-assets-{ACCOUNT}-{REGION}"


def test_parts_can_be_left_out() -> None:
    deployment = made(storyteller=False, events=False, dashboard=False, composites=False)
    assert [stack.name for stack in deployment.stacks] == ["vedette-base", "vedette-detections-1"]
    assert "storyteller" not in deployment.stacks[1].body
    left = {one.detection for one in deployment.left_out}
    assert left == {
        "console-login-failures-then-success",
        "console-login-failures-recent",
        "console-login-success",
    }


def test_detections_are_split_before_a_stack_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vedette.deploy.template.assembly._ROOM", (100, 20_000))
    deployment = build(wish())
    parts = [stack for stack in deployment.stacks if "-detections-" in stack.name]
    assert [stack.name for stack in parts] == [f"vedette-detections-{number + 1}" for number in range(len(parts))]
    assert len(parts) > 2
    assert max(stack.size for stack in parts) < 22_000
    assert [stack.template["Resources"] for stack in parts]
    assert {one.detection for one in deployment.placed} == {one.detection for one in everything().placed}
    overview = next(stack for stack in deployment.stacks if stack.name == "vedette-overview")
    assert set(overview.after) >= {stack.name for stack in parts}


def test_stacks_keep_the_limits_and_say_when_they_need_a_bucket() -> None:
    for stack in everything().stacks:
        assert len(stack.template["Resources"]) < MAX_RESOURCES  # type: ignore[arg-type]
        assert stack.size < MAX_BODY
        assert stack.needs_upload is (len(stack.body.encode()) > MAX_INLINE)
        assert json.loads(stack.body) == stack.template
        known = [other.name for other in everything().stacks]
        assert all(known.index(name) < known.index(stack.name) for name in stack.after)
    assert any(stack.needs_upload for stack in everything().stacks)


def test_no_template_holds_the_account_or_a_secret() -> None:
    channels = (ChannelWanted("chat", "slack", "secret://aws/slack#url", (("channel", "C0"),)),)
    for stack in build(wish(*SMALL, channels=channels)).stacks:
        assert ACCOUNT not in stack.body
        assert f'"{REGION}"' not in stack.body


def test_everything_that_takes_tags_has_them() -> None:
    tagged = {"owner": False}
    for name, body in resources(made(owner="ops@example.com")):
        if "Tags" not in body["Properties"]:
            continue
        found = {tag["Key"]: tag["Value"] for tag in body["Properties"]["Tags"]}
        assert found["vedette:name"] == "vedette", name
        assert found["vedette:owner"] == "ops@example.com", name
        tagged["owner"] = True
    assert tagged["owner"]
    without = {
        body["Type"].removeprefix("AWS::") for _, body in resources(everything()) if "Tags" not in body["Properties"]
    }
    assert without == {
        "KMS::Alias", "S3::BucketPolicy", "SQS::QueuePolicy", "SNS::TopicPolicy", "Logs::MetricFilter",
        "Lambda::Permission", "Lambda::EventInvokeConfig", "CloudWatch::Dashboard",
    }  # fmt: skip


@pytest.mark.parametrize(
    "bad",
    [
        {"name": "Vedette"}, {"name": "a" * 21}, {"name": "a-"}, {"account": "1234"}, {"retention_days": 364},
        {"architecture": "riscv"}, {"owner": "<sec>"}, {"owner": "x" * 257}, {"runbook_url": "ftp://x"},
        {"runbook_url": "https://x y"}, {"runbook_url": "https://" + "x" * 301}, {"data_buckets": ("UPPER",)},
        {"data_functions": ("a b",)}, {"data_functions": ("arn:aws:lambda:us-east-1:1:function:a",)},
    ],
)  # fmt: skip
def test_a_wish_that_aws_would_refuse_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        wish("root-login", **bad)


def test_subscriptions_and_channels_have_known_kinds() -> None:
    with pytest.raises(InputError, match="`fax`"):
        Subscription("fax", "1")
    with pytest.raises(InputError, match="`fax`"):
        ChannelWanted("a", "fax", "secret://aws/x")


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="two detections are called `own`"):
        build(wish("root-login", detections=(own(), own())))
    for name in ("storyteller-errors", "undelivered", "any-high"):
        with pytest.raises(InputError, match="gives itself"):
            build(wish("root-login", detections=(own(name),)))


def test_logical_ids_of_distinct_names_are_distinct() -> None:
    assert logical_id("root-login", "Alarm") == "RootLoginAlarm"
    spelled = ["a-b1", "a-b-1", "ab-1", "ab1", "a-b", "ab", "a-1", "a1", "a--b", "a-b-"]
    assert len({logical_id(name) for name in spelled}) == len(spelled)
    assert all(logical_id(name).isalnum() for name in spelled)


def test_long_names_are_cut_and_stay_distinct() -> None:
    wanted: Wanted = wish("root-login")
    one, other = (names.event_rule_name(wanted, "x" * 80 + end) for end in "ab")
    assert one != other
    assert len(one) == len(other) == 64
    assert len(names.alarm_name(wanted, "x" * 300)) == 255


def test_portable_names_come_back_as_they_were() -> None:
    wanted = wish("root-login")
    for text in (TRAIL_ARN, f"a-{ACCOUNT}-{REGION}", "plain", "${x} " + ACCOUNT, f"{REGION}a"):
        assert resolve(wanted, portable(wanted, text)) == text
    assert portable(wanted, "plain ${x}") == "plain ${x}"
    assert portable(wanted, TRAIL_ARN) == {
        "Fn::Sub": "arn:${AWS::Partition}:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/vedette-trail"
    }
