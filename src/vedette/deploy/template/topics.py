"""The topics that alarms are told through, who may publish to them, who is told, and where goes what did not arrive.

Sources: SNS developer guide, "Fan out CloudWatch alarms", "Encrypting messages published from CloudWatch" and
"Dead-letter queues"; EventBridge user guide, "Using dead-letter queues".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from vedette.deploy import names
from vedette.deploy.template.trail import key_arn
from vedette.deploy.template.values import (
    Json,
    Resources,
    arn,
    logical_id,
    only_tls,
    policy,
    portable,
    service,
    statement,
    tag_list,
)
from vedette.deploy.wanted import Subscription, Wanted
from vedette.detections.definition import Severity

DEAD_QUEUE, DEAD_QUEUE_ALARM = "Undelivered", "UndeliveredAlarm"
_A_FORTNIGHT = 1_209_600
"""Seconds that a queue keeps a message at most."""


def topic_id(severity: Severity) -> str:
    """The logical id of a topic."""
    return logical_id(severity.value, "Topic")


def dead_queue_arn(wanted: Wanted) -> Json:
    """The queue of what nobody took: notices, calls of the storyteller, matches of rules."""
    return arn(wanted, "sqs", names.queue_name(wanted, "notices"))


def add_topics(wanted: Wanted, resources: Resources) -> None:
    """A topic for each severity, the subscriptions to it, and the queue of what does not arrive."""
    _add_dead_queue(wanted, resources)
    for severity in Severity:
        _add_topic(wanted, severity, resources)
    for subscription in wanted.subscriptions:
        for severity in Severity:
            if severity >= subscription.min_severity:
                name = logical_id(f"subscription-{severity.value}", _mark(subscription))
                made = _subscription(wanted, subscription, severity)
                # The queue is named by an ARN, of which CloudFormation does not know whose it is.
                after = [DEAD_QUEUE] if "RedrivePolicy" in made else []
                resources.add(name, "AWS::SNS::Subscription", made, after=after)


def add_function_log_group(wanted: Wanted, resources: Resources) -> None:
    """The storyteller's log group: here, beside its key, and before the function would make one that keeps for ever."""
    properties: dict[str, Json] = {
        "LogGroupName": names.function_log_group_name(wanted),
        "RetentionInDays": wanted.retention_days,
        "KmsKeyId": key_arn(wanted),
        "Tags": tag_list(wanted),
    }
    resources.add("StorytellerLogGroup", "AWS::Logs::LogGroup", properties)


def _add_topic(wanted: Wanted, severity: Severity, resources: Resources) -> None:
    topic = resources.add(
        topic_id(severity),
        "AWS::SNS::Topic",
        {
            "TopicName": names.topic_name(wanted, severity),
            "DisplayName": f"{wanted.name} {severity.value}",
            "KmsMasterKeyId": key_arn(wanted),
            "Tags": tag_list(wanted),
        },
    )
    document = policy(*_publishers(wanted, portable(wanted, names.topic_arn(wanted, severity))))
    resources.add(
        logical_id(severity.value, "TopicPolicy"),
        "AWS::SNS::TopicPolicy",
        {"Topics": [{"Ref": topic}], "PolicyDocument": document},
    )


def _publishers(wanted: Wanted, topic: Json) -> Iterator[dict[str, Json]]:
    """The alarms of this account, rules of EventBridge, and nobody without TLS."""
    ours: dict[str, Json] = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    yield dict(only_tls(topic, ["sns:Publish"]))
    yield dict(
        statement(
            "Alarms",
            ["sns:Publish"],
            topic,
            service("cloudwatch"),
            {"StringEquals": ours, "ArnLike": {"aws:SourceArn": arn(wanted, "cloudwatch", "alarm:*")}},
        )
    )
    if wanted.events:
        # EventBridge says nothing of the rule or account that it publishes for: with a condition every notice is lost.
        # Source: EventBridge user guide, "Troubleshooting", on topics.
        yield dict(statement("Rules", ["sns:Publish"], topic, service("events")))


def _mark(subscription: Subscription) -> str:
    """Of whom it is: a number would pass to the next one when one goes, who would have to confirm again."""
    return hashlib.sha256(f"{subscription.protocol} {subscription.endpoint}".encode()).hexdigest()[:8]


def _subscription(wanted: Wanted, subscription: Subscription, severity: Severity) -> dict[str, Json]:
    """What is sent to an address or a queue can be lost for good; what mail and SMS lose, their networks report."""
    found: dict[str, Json] = {
        "TopicArn": {"Ref": topic_id(severity)},
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
    }
    if subscription.protocol in ("https", "sqs"):
        found["RedrivePolicy"] = {"deadLetterTargetArn": dead_queue_arn(wanted)}
    return found


def _add_dead_queue(wanted: Wanted, resources: Resources) -> None:
    resources.add(
        DEAD_QUEUE,
        "AWS::SQS::Queue",
        {
            "QueueName": names.queue_name(wanted, "notices"),
            "MessageRetentionPeriod": _A_FORTNIGHT,
            "SqsManagedSseEnabled": True,
            "Tags": tag_list(wanted),
        },
    )
    queue: Json = {"Fn::GetAtt": [DEAD_QUEUE, "Arn"]}
    senders = [
        ("Topics", "sns", arn(wanted, "sns", f"{wanted.name}-*")),
        ("Rules", "events", arn(wanted, "events", f"rule/{wanted.name}-*")),
    ]
    document = policy(
        only_tls(queue, ["sqs:*"]),
        *(
            statement(sid, ["sqs:SendMessage"], queue, service(name), {"ArnLike": {"aws:SourceArn": source}})
            for sid, name, source in senders
            if name == "sns" or wanted.events
        ),
    )
    resources.add(
        "UndeliveredPolicy", "AWS::SQS::QueuePolicy", {"Queues": [{"Ref": DEAD_QUEUE}], "PolicyDocument": document}
    )
    _watch_dead_queue(wanted, resources)


def _watch_dead_queue(wanted: Wanted, resources: Resources) -> None:
    resources.add(
        DEAD_QUEUE_ALARM,
        "AWS::CloudWatch::Alarm",
        watch(
            wanted,
            names.undelivered_alarm_name(wanted),
            "HIGH: Something that Vedette had to tell did not arrive\n\nFirst steps:\n"
            f"1. Look at the messages in the queue {names.queue_name(wanted, 'notices')}: what they say, for whom.\n"
            "2. Run `vedette deploy status`: it names subscriptions that wait, and what ails the storyteller.",
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", {"Fn::GetAtt": [DEAD_QUEUE, "QueueName"]}),
            "Maximum",
        ),
        # Here, because every deployment has this alarm, and nothing refers to it: `remembered` reads them.
        metadata={"Vedette": {"Options": json.loads(wanted.options)}} if wanted.options else None,
    )


def watch(
    wanted: Wanted, name: str, description: str, metric: tuple[str, str, str, Json], statistic: str
) -> dict[str, Json]:
    """An alarm over our own machinery. It goes to the topic that everybody subscribed has: the critical one."""
    namespace, metric_name, dimension, value = metric
    return {
        "AlarmName": name,
        "AlarmDescription": description,
        "Namespace": namespace,
        "MetricName": metric_name,
        "Dimensions": [{"Name": dimension, "Value": value}],
        "Statistic": statistic,
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "ActionsEnabled": True,
        "AlarmActions": [portable(wanted, names.topic_arn(wanted, Severity.CRITICAL))],
        "Tags": tag_list(wanted),
    }
