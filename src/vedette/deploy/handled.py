"""What CloudFormation asks for, in the caller's name, to read, make and remove each type of resource that we deploy.

Source: the `handlers` of the resource types' schemas, and for the actions the service authorization reference. What
only a property that no template of ours sets would need is left out. A table and nothing else; `permissions` makes
policies of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from vedette.deploy.places import Place


@dataclass(frozen=True, slots=True)
class Asked:
    """Actions (without their service where it is the handled type's own) and the resources that they name."""

    place: Place
    read: str = ""
    write: str = ""
    remove: str = ""


@dataclass(frozen=True, slots=True)
class Handled:
    """One type of resource: what it is in words, the service whose actions are asked, and which on what."""

    thing: str
    service: str
    asked: tuple[Asked, ...]


_ALARM = (
    Asked(Place.EVERYTHING, read="DescribeAlarms"),
    Asked(Place.ALARMS, "ListTagsForResource", "TagResource UntagResource", "DeleteAlarms"),
)

HANDLED: dict[str, Handled] = {
    "AWS::CloudTrail::Trail": Handled(
        "the trail",
        "cloudtrail",
        (
            Asked(Place.EVERYTHING, "DescribeTrails"),
            Asked(
                Place.TRAILS,
                "GetEventSelectors GetInsightSelectors GetTrail GetTrailStatus ListTags",
                "AddTags CreateTrail PutEventSelectors RemoveTags StartLogging StopLogging UpdateTrail",
                "DeleteTrail",
            ),
        ),
    ),
    "AWS::CloudWatch::Alarm": Handled(
        "the alarms", "cloudwatch", (*_ALARM, Asked(Place.ALARMS, write="PutMetricAlarm"))
    ),
    "AWS::CloudWatch::CompositeAlarm": Handled(
        "the composite alarms", "cloudwatch", (*_ALARM, Asked(Place.EVERYTHING, write="PutCompositeAlarm"))
    ),
    "AWS::CloudWatch::Dashboard": Handled(
        "the dashboard", "cloudwatch", (Asked(Place.DASHBOARDS, "GetDashboard", "PutDashboard", "DeleteDashboards"),)
    ),
    "AWS::Events::Rule": Handled(
        "the event rules",
        "events",
        (
            Asked(
                Place.RULES,
                "DescribeRule ListTagsForResource ListTargetsByRule",
                "EnableRule DisableRule PutRule PutTargets TagResource UntagResource",
                "DeleteRule RemoveTargets",
            ),
        ),
    ),
    "AWS::IAM::Role": Handled(
        "the roles of the trail, of the storyteller and of what forwards events",
        "iam",
        (
            Asked(
                Place.ROLES,
                "GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies",
                "AttachRolePolicy CreateRole PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole "
                "UpdateRoleDescription",
                "DeleteRole DeleteRolePolicy DetachRolePolicy",
            ),
        ),
    ),
    "AWS::KMS::Alias": Handled(
        "the key's alias",
        "kms",
        (
            Asked(Place.EVERYTHING, "ListAliases"),
            Asked(Place.ALIASES, "", "CreateAlias UpdateAlias", "DeleteAlias"),
        ),
    ),
    "AWS::KMS::Key": Handled(
        "the key",
        "kms",
        (
            Asked(Place.EVERYTHING, write="CreateKey"),
            Asked(
                Place.KEYS,
                "DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags",
                "EnableKeyRotation PutKeyPolicy TagResource UntagResource UpdateKeyDescription",
                "ScheduleKeyDeletion",
            ),
        ),
    ),
    "AWS::Lambda::EventInvokeConfig": Handled(
        "what becomes of a call that fails",
        "lambda",
        (
            Asked(
                Place.FUNCTIONS,
                "GetFunctionEventInvokeConfig",
                "PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig",
                "DeleteFunctionEventInvokeConfig",
            ),
        ),
    ),
    "AWS::Lambda::Function": Handled(
        "the storyteller",
        "lambda",
        (
            Asked(
                Place.FUNCTIONS,
                "GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration GetFunctionRecursionConfig "
                "GetRuntimeManagementConfig ListTags",
                "CreateFunction PutFunctionConcurrency DeleteFunctionConcurrency TagResource UntagResource "
                "UpdateFunctionCode UpdateFunctionConfiguration",
                "DeleteFunction",
            ),
        ),
    ),
    "AWS::Lambda::Permission": Handled(
        "the leave to call the storyteller",
        "lambda",
        (Asked(Place.FUNCTIONS, "GetPolicy", "AddPermission", "RemovePermission"),),
    ),
    "AWS::Logs::LogGroup": Handled(
        "the log groups",
        "logs",
        (
            Asked(Place.EVERYTHING, "DescribeLogGroups DescribeIndexPolicies DescribeResourcePolicies"),
            Asked(
                Place.LOG_GROUPS,
                "GetDataProtectionPolicy ListTagsForResource",
                "AssociateKmsKey CreateLogGroup DisassociateKmsKey PutRetentionPolicy TagResource UntagResource",
                "DeleteLogGroup",
            ),
        ),
    ),
    "AWS::Logs::MetricFilter": Handled(
        "the metric filters",
        "logs",
        (Asked(Place.LOG_GROUPS, "DescribeMetricFilters", "PutMetricFilter", "DeleteMetricFilter"),),
    ),
    "AWS::Logs::ResourcePolicy": Handled(
        "who may write to the log group",
        "logs",
        (Asked(Place.EVERYTHING, "DescribeResourcePolicies", "PutResourcePolicy", "DeleteResourcePolicy"),),
    ),
    "AWS::S3::Bucket": Handled(
        "the bucket",
        "s3",
        (
            Asked(
                Place.BUCKETS,
                "GetBucketLogging GetBucketNotification GetBucketObjectLockConfiguration GetBucketOwnershipControls "
                "GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning GetEncryptionConfiguration "
                "GetLifecycleConfiguration ListBucket",
                "CreateBucket PutBucketLogging PutBucketObjectLockConfiguration PutBucketOwnershipControls "
                "PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning PutEncryptionConfiguration "
                "PutLifecycleConfiguration",
                "DeleteBucket",
            ),
        ),
    ),
    "AWS::S3::BucketPolicy": Handled(
        "the bucket's policy",
        "s3",
        (Asked(Place.BUCKETS, "GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"),),
    ),
    "AWS::SNS::Subscription": Handled(
        "the subscriptions",
        "sns",
        (
            Asked(Place.TOPICS, "ListSubscriptionsByTopic", "Subscribe"),
            Asked(Place.EVERYTHING, "GetSubscriptionAttributes", "SetSubscriptionAttributes", "Unsubscribe"),
        ),
    ),
    "AWS::SNS::Topic": Handled(
        "the topics",
        "sns",
        (
            Asked(
                Place.TOPICS,
                "GetDataProtectionPolicy GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource",
                "CreateTopic SetTopicAttributes TagResource UntagResource",
                "DeleteTopic",
            ),
        ),
    ),
    "AWS::SNS::TopicPolicy": Handled(
        "who may publish to the topics",
        "sns",
        (Asked(Place.TOPICS, "GetTopicAttributes", "SetTopicAttributes", "SetTopicAttributes"),),
    ),
    "AWS::SQS::Queue": Handled(
        "the queue of what could not be told",
        "sqs",
        (
            Asked(
                Place.QUEUES,
                "GetQueueAttributes GetQueueUrl ListQueueTags",
                "CreateQueue SetQueueAttributes TagQueue UntagQueue",
                "DeleteQueue",
            ),
        ),
    ),
    "AWS::SQS::QueuePolicy": Handled(
        "who may write to the queue",
        "sqs",
        (Asked(Place.QUEUES, "GetQueueAttributes", "SetQueueAttributes", "SetQueueAttributes"),),
    ),
}
"""By type. A type that a template holds and this table does not is a defect that the tests find."""
