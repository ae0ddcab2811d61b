"""What the storyteller needs of whoever deploys it: entry point, variables, permissions, and what calls it.

A template imports this room and nothing else of the storyteller: no AWS, no engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from vedette.deploy import names
from vedette.deploy.wanted import ChannelWanted, Wanted
from vedette.detections.definition import Detection, Severity
from vedette.errors import InputError

HANDLER: Final = "vedette.deploy.storyteller.handler.handler"
RUNTIME: Final = "python3.13"
ARCHITECTURES: Final = ("arm64", "x86_64")
TIMEOUT: Final = 120
"""Seconds: records that lag are waited for up to 45 of them, and each channel has 30."""
MEMORY: Final = 512
"""Megabytes. Lambda gives processor by memory, and most of the time is start-up."""
RETRIES: Final = 2
"""MaximumRetryAttempts of asynchronous calls, with MAX_EVENT_AGE seconds between the first and the last."""
MAX_EVENT_AGE: Final = 3_600

CONFIG: Final = "VEDETTE_CONFIG"
"""The one variable: a JSON object, see `config`. It holds references to secrets, and no secret."""
MAX_ENVIRONMENT: Final = 4_096
"""Bytes of all variables of a function together. Source: Lambda quotas."""
DETECTIONS: Final = "vedette_detections"
"""The bundle's folder of detections: those that are deployed, each as `ID.yaml`."""
CANARY_STREAM: Final = "vedette-canary"
CANARY_REASON: Final = "Vedette canary:"
"""The stream that a canary's record is put into, and how the reason of an alarm begins that is set in its place."""
CALLERS: Final = ("lambda.alarms.cloudwatch.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com")
"""Principals that may call it, each as it is wired: an alarm's Lambda action, a topic, a rule."""


@dataclass(frozen=True, slots=True)
class Permission:
    """A statement that the function's role needs: actions, ARNs, and why."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    why: str


def permissions(wanted: Wanted, key_arn: str | None = None) -> tuple[Permission, ...]:
    """What the function's role must be allowed, least first; `key_arn` is the key of the topics, if they have one.

    CloudWatch Logs decrypts for whoever may read the group, so that its key needs no statement. A secret with a key of
    its own needs `kms:Decrypt` on that key besides, which is for whoever chose it to allow.
    """
    start = f"arn:{wanted.partition}:logs:{wanted.region}:{wanted.account}:log-group:"
    own = f"{start}{names.function_log_group_name(wanted)}"
    found = [
        Permission(
            "WriteItsOwnLog", ("logs:CreateLogStream", "logs:PutLogEvents"), (f"{own}:*",), "it logs what became of it"
        ),
        Permission(
            "ReadTheRecords",
            ("logs:FilterLogEvents",),
            (f"{start}{names.log_group_name(wanted)}", f"{start}{names.log_group_name(wanted)}:*"),
            "the records behind an alarm",
        ),
    ]
    secrets = secret_arns(wanted)
    if secrets:
        found.append(
            Permission("ReadItsSecrets", ("secretsmanager:GetSecretValue",), secrets, "the channels' credentials")
        )
    if not wanted.channels:
        topics = tuple(names.topic_arn(wanted, severity) for severity in Severity)
        found.append(Permission("TellTheTopics", ("sns:Publish",), topics, "the story, where there is no channel"))
        if key_arn is not None:
            actions = ("kms:Decrypt", "kms:GenerateDataKey")
            found.append(Permission("UseTheTopicsKey", actions, (key_arn,), "the topics are encrypted"))
    return tuple(found)


_REFERENCE = re.compile(r"secret://aws/([^?#]+)")


def secret_arns(wanted: Wanted) -> tuple[str, ...]:
    """The secrets that the channels name, as IAM sees them: a name ends in six characters that only AWS knows."""
    texts = [text for one in wanted.channels for text in (one.secret, *(value for _, value in one.options))]
    found = {unquote(match[1]) for text in texts if (match := _REFERENCE.match(text))}
    start = f"arn:{wanted.partition}:secretsmanager:{wanted.region}:{wanted.account}:secret:"
    return tuple(sorted(name if name.startswith("arn:") else f"{start}{name}-??????" for name in found))


def environment(wanted: Wanted) -> Mapping[str, str]:
    """The function's variables; InputError if they are longer than Lambda takes."""
    text = json.dumps(config(wanted), ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) + len(CONFIG) > MAX_ENVIRONMENT - 256:
        raise InputError(
            "the storyteller's settings are longer than a function's variables may be",
            hint="fewer channels, or write severities into the detections' own files",
        )
    return {CONFIG: text}


def config(wanted: Wanted) -> Mapping[str, object]:
    """What VEDETTE_CONFIG says: whose alarms, where the records are, and where the stories go.

    `severity` holds what differs from a detection's file. `zone` may be any that the runtime knows; `tell_resolved`
    asks for a message when an alarm returns to OK.
    """
    return {
        "name": wanted.name,
        "account": wanted.account,
        "region": wanted.region,
        "partition": wanted.partition,
        "log_group": names.log_group_name(wanted),
        "zone": "UTC",
        "tell_resolved": False,
        "channels": [_channel(one) for one in wanted.channels],
        "severity": {
            one.id: one.severity.value for one in wanted.detections if _written_severity(one) != one.severity.value
        },
    }


def _channel(one: ChannelWanted) -> Mapping[str, object]:
    return {"name": one.name, "kind": one.kind, "secret": one.secret, "options": dict(one.options)}


_SEVERITY = re.compile(r"^severity:[ \t]*[\"']?(\w+)", re.MULTILINE)


def _written_severity(detection: Detection) -> str:
    found = _SEVERITY.search(detection.source)
    return found[1] if found else ""


def event_input(detection_id: str) -> Mapping[str, object]:
    """The `InputTransformer` of a rule's target: the event as it is, beside the detection that the rule is of.

    `<aws.events.event.json>` is the whole event. Source: EventBridge user guide, "Input transformation".
    """
    return {"InputTemplate": f'{{"detection":{json.dumps(detection_id)},"event":<aws.events.event.json>}}'}
