"""Our templates in Terraform's words; rule: "a property that is not known is an error, never left out"."""

from __future__ import annotations

import pytest

from vedette.deploy.terraform_types import TYPES, Made
from vedette.errors import InputError


def made(kind: str, **properties: object) -> list[Made]:
    return TYPES[kind].translate("TheOne", properties, lambda value: value)


def test_a_bucket_keeps_no_rule_that_it_was_not_given() -> None:
    rules = [{"Id": "a", "Status": "Enabled"}, {"Id": "b", "Status": "Disabled", "ExpirationInDays": 7}]
    _, lifecycle = made("AWS::S3::Bucket", LifecycleConfiguration={"Rules": rules})
    assert lifecycle == Made(
        "aws_s3_bucket_lifecycle_configuration",
        "the_one",
        {
            "bucket": "${aws_s3_bucket.the_one.id}",
            "rule": [
                {"id": "a", "status": "Enabled", "filter": {}},
                {"id": "b", "status": "Disabled", "filter": {}, "expiration": {"days": 7}},
            ],
        },
    )


def test_a_target_has_its_words() -> None:
    target = {
        "Id": "to-topic", "Arn": "a", "Input": "i", "RoleArn": "r", "RetryPolicy": {"MaximumRetryAttempts": 3},
        "InputTransformer": {"InputPathsMap": {"a": "$.a"}, "InputTemplate": "<a>"},
    }  # fmt: skip
    _, found = made("AWS::Events::Rule", Targets=[target])
    assert (found.kind, found.name) == ("aws_cloudwatch_event_target", "the_one_to_topic")
    assert found.body == {
        "rule": "${aws_cloudwatch_event_rule.the_one.name}", "target_id": "to-topic", "arn": "a", "input": "i",
        "role_arn": "r", "retry_policy": {"maximum_retry_attempts": 3},
        "input_transformer": {"input_paths": {"a": "$.a"}, "input_template": "<a>"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "properties", "told"),
    [
        ("AWS::Events::Rule", {"Targets": [{"Id": "x", "SqsParameters": {}}]}, "SqsParameters of a rule's target"),
        ("AWS::S3::Bucket", {"LifecycleConfiguration": {"Rules": [{"Id": "a", "Status": "Enabled", "Prefix": "x"}]}},
         "Prefix of a bucket's life cycle"),
        ("AWS::CloudTrail::Trail", {"AdvancedEventSelectors": []}, "AdvancedEventSelectors of aws_cloudtrail"),
    ],
)  # fmt: skip
def test_what_has_no_word_is_refused(kind: str, properties: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=f"does not know {told} yet"):
        made(kind, **properties)


def test_a_trail_selects_data_of_buckets_and_functions() -> None:
    data = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::x/"]}]
    selectors = [
        {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": data},
        {"ReadWriteType": "All"},
    ]
    (trail,) = made("AWS::CloudTrail::Trail", EventSelectors=selectors)
    assert trail.body == {"event_selector": [
        {"read_write_type": "All", "include_management_events": True,
         "data_resource": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3:::x/"]}]},
        {"read_write_type": "All"},
    ]}  # fmt: skip
