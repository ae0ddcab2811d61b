"""Alarms' events in the forms of their years, records, and a storyteller whose log group and clock are the test's.

The forms follow what CloudWatch was seen to send; names, accounts and times are ours.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from senders.receiving import Receiver
from vedette.app.journal import Journal
from vedette.cloudtrail.moment import parse_time, print_time
from vedette.deploy.storyteller.contract import CONFIG
from vedette.deploy.storyteller.handler import make
from vedette.deploy.storyteller.records import Records
from vedette.deploy.storyteller.storyteller import Storyteller

ACCOUNT, REGION, GROUP = "123456789012", "us-east-1", "/vedette/cloudtrail"
Json = dict[str, object]


def at(text: str) -> int:
    found = parse_time(f"2026-{text}Z" if len(text) < 18 else text)
    assert found is not None
    return found


NOW = at("11-21T10:07:00")


def arn(name: str) -> str:
    return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"


def stamp(seconds: int) -> str:
    return f"{print_time(seconds)[:19]}.123+0000"


def datapoints(*points: tuple[float, int]) -> str:
    return ", ".join(f"{value} ({_day(moment)})" for value, moment in points)


def _day(moment: int) -> str:
    text = print_time(moment)
    return f"{text[8:10]}/{text[5:7]}/{text[2:4]} {text[11:19]}"


def crossed(*points: tuple[float, int], threshold: float = 1.0) -> str:
    """The reason as it is since the end of 2019."""
    was, plural = ("were", "s") if len(points) > 1 else ("was", "")
    return (
        f"Threshold Crossed: {len(points)} out of the last {len(points)} datapoint{plural} [{datapoints(*points)}] "
        f"{was} greater than or equal to the threshold ({threshold}) "
        f"(minimum {len(points)} datapoint{plural} for OK -> ALARM transition)."
    )


def notification_2018(name: str = "vedette-root-login") -> Json:
    """No ARN, no actions, no DatapointsToAlarm; the short reason; TreatMissingData as a text with blanks."""
    return {
        "AlarmName": name,
        "AlarmDescription": None,
        "AWSAccountId": ACCOUNT,
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed: 1 datapoint [1.0 (26/09/18 02:54:00)] was greater than or equal to the "
        "threshold (1.0).",
        "StateChangeTime": "2018-09-26T02:59:41.234+0000",
        "Region": "EU (London)",
        "OldStateValue": "INSUFFICIENT_DATA",
        "Trigger": _trigger("- TreatMissingData:                    NonBreaching", DatapointsToAlarm=None),
    }


def notification_2021(name: str = "vedette-root-login") -> Json:
    """With the ARN and the long reason; TreatMissingData still a text; no DatapointsToAlarm."""
    moment = at("2021-08-14T11:13:00Z")
    return {
        "AlarmName": name,
        "AlarmDescription": "The root user signed in",
        "AWSAccountId": ACCOUNT,
        "NewStateValue": "ALARM",
        "NewStateReason": crossed((1.0, moment)),
        "StateChangeTime": "2021-08-14T11:18:44.987+0000",
        "Region": "US East (N. Virginia)",
        "AlarmArn": arn(name),
        "OldStateValue": "OK",
        "Trigger": _trigger("- TreatMissingData:                    notBreaching", DatapointsToAlarm=None),
    }


def notification_2026(
    name: str = "vedette-root-login", *, points: Sequence[tuple[float, int]] = (), new: str = "ALARM", old: str = "OK",
    changed: int = NOW, **more: object,
) -> Json:  # fmt: skip
    """As recorded in September 2026."""
    reason = crossed(*(points or [(1.0, NOW - 420)]))
    return {
        "AlarmName": name,
        "AlarmDescription": "The root user signed in",
        "AWSAccountId": ACCOUNT,
        "AlarmConfigurationUpdatedTimestamp": stamp(changed - 86_400),
        "NewStateValue": new,
        "NewStateReason": reason,
        "StateChangeTime": stamp(changed),
        "Region": "US East (N. Virginia)",
        "AlarmArn": arn(name),
        "OldStateValue": old,
        "ActionExecutedAfterMuteWindow": False,
        "OKActions": [],
        "AlarmActions": [f"arn:aws:sns:{REGION}:{ACCOUNT}:vedette-high"],
        "InsufficientDataActions": [],
        "Trigger": _trigger("notBreaching"),
        **more,
    }


def _trigger(missing: str, **changes: object) -> Json:
    found: Json = {
        "MetricName": "RootLogin",
        "Namespace": "Vedette",
        "StatisticType": "Statistic",
        "Statistic": "SUM",
        "Unit": None,
        "Dimensions": [],
        "Period": 300,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 1.0,
        "TreatMissingData": missing,
        "EvaluateLowSampleCountPercentile": "",
    }
    return {key: value for key, value in (found | changes).items() if key != "DatapointsToAlarm" or value is not None}


def composite_2026(name: str, *children: str, changed: int = NOW) -> Json:
    """A composite alarm's: a rule and the children that made it change, and no trigger."""
    found = notification_2026(name, changed=changed)
    del found["Trigger"]
    reason = f"{arn(children[0])} transitioned to ALARM at Saturday 21 November, 2026 10:06:40 UTC"
    told = [{"Arn": arn(child), "State": {"Value": "ALARM", "Timestamp": stamp(changed - 20)}} for child in children]
    return found | {"NewStateReason": reason, "AlarmRule": "…", "TriggeringChildren": told}


def reason_data(*points: tuple[float, int], start: int | None = None, evaluated: bool = True) -> Json:
    ordered = sorted(points, key=lambda point: -point[1])
    return {
        "version": "1.0",
        "queryDate": stamp(NOW),
        "startDate": stamp(start or ordered[-1][1]),
        "statistic": "Sum",
        "period": 300,
        "recentDatapoints": [value for value, _ in reversed(ordered)],
        "threshold": 1.0,
        **(
            {"evaluatedDatapoints": [{"timestamp": stamp(t), "sampleCount": v, "value": v} for v, t in ordered]}
            if evaluated
            else {}
        ),
    }


def alarm_data(name: str, data: Mapping[str, object] | None, *, new: str = "ALARM", old: str = "OK") -> Json:
    """What an alarm's Lambda action and EventBridge's `detail` have in common."""
    before: Json = {"value": old, "reason": crossed((1.0, NOW - 720)), "timestamp": stamp(NOW - 600)}
    if old == "ALARM":
        before["reasonData"] = json.dumps(reason_data((1.0, NOW - 420)))
    state: Json = {"value": new, "reason": crossed((1.0, NOW - 420)), "timestamp": stamp(NOW)}
    metric = {"namespace": "Vedette", "name": "RootLogin", "dimensions": {}}
    return {
        "alarmName": name,
        "state": state | ({"reasonData": json.dumps(data)} if data is not None else {}),
        "previousState": before,
        "configuration": {
            "description": "The root user signed in",
            "metrics": [
                {"id": "m1", "metricStat": {"metric": metric, "period": 300, "stat": "Sum"}, "returnData": True}
            ],
        },
    }


def action(name: str = "vedette-root-login", data: Mapping[str, object] | None = None, **states: str) -> Json:
    """The event of an alarm's Lambda action."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": arn(name),
        "accountId": ACCOUNT,
        "time": stamp(NOW),
        "region": REGION,
        "alarmData": alarm_data(name, data, **states),
    }


def state_change(name: str = "vedette-root-login", data: Mapping[str, object] | None = None, **states: str) -> Json:
    """EventBridge's."""
    return {
        "version": "0",
        "id": "2dde0eb1-528b-d2d5-9ca6-6d590caf2329",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": ACCOUNT,
        "time": print_time(NOW),
        "region": REGION,
        "resources": [arn(name)],
        "detail": alarm_data(name, data, **states),
    }


def sns(message: Mapping[str, object] | str, **attributes: str) -> Json:
    """As SNS calls a function."""
    text = message if isinstance(message, str) else json.dumps(message)
    told = {
        "Type": "Notification",
        "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
        "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:vedette-high",
        "Subject": 'ALARM: "vedette-root-login" in US East (N. Virginia)',
        "Message": text,
        "Timestamp": print_time(NOW),
        "MessageAttributes": {name: {"Type": "String", "Value": value} for name, value in attributes.items()},
    }
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": told}]}


def root_login(moment: int = NOW - 400, number: int = 1, address: str = "198.51.100.7", **changes: object) -> Json:
    return {
        "eventVersion": "1.11",
        "eventID": f"00000000-0000-4000-8000-{number:012}",
        "eventTime": print_time(moment),
        "eventType": "AwsConsoleSignIn",
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "awsRegion": "us-east-1",
        "sourceIPAddress": address,
        "userAgent": "Mozilla/5.0",
        "recipientAccountId": ACCOUNT,
        "userIdentity": {
            "type": "Root",
            "principalId": ACCOUNT,
            "arn": f"arn:aws:iam::{ACCOUNT}:root",
            "accountId": ACCOUNT,
            "accessKeyId": "",
        },
        "requestParameters": None,
        "responseElements": {"ConsoleLogin": "Success"},
        "additionalEventData": {"MFAUsed": "Yes"},
        **changes,
    }


def by_user(name: str, moment: int = NOW - 400, number: int = 1, **changes: object) -> Json:
    """CreateAccessKey by an IAM user, for another."""
    identity = {
        "type": "IAMUser",
        "principalId": f"AIDAEXAMPLE{name.upper()}",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
        "accountId": ACCOUNT,
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "userName": name,
    }
    return root_login(moment, number) | {
        "eventType": "AwsApiCall",
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreateAccessKey",
        "userIdentity": identity,
        "requestParameters": {"userName": "backup-admin"},
        "responseElements": {"accessKey": {"userName": "backup-admin", "accessKeyId": "AKIAIOSFODNN7EXAMPLE"}},
        **changes,
    }


@dataclass
class Logs:
    """A log group: events by the time of their delivery, in milliseconds. `late` come with the second look."""

    events: list[tuple[int, Json]] = field(default_factory=list)
    late: list[tuple[int, Json]] = field(default_factory=list)
    asked: list[Json] = field(default_factory=list)
    fail: Exception | None = None
    streams: dict[str, str] = field(default_factory=dict)

    def put(self, delivered: int, *records: Json) -> None:
        self.events += [(delivered * 1000, record) for record in records]

    def pages(self, method: str, **parameters: object) -> Iterator[Json]:
        assert method == "filter_log_events"
        self.asked.append(parameters)
        if self.fail is not None:
            raise self.fail
        start, end = parameters["startTime"], parameters["endTime"]
        assert isinstance(start, int)
        assert isinstance(end, int)
        found = [
            {
                "eventId": f"{place:056}",
                "timestamp": moment,
                "message": json.dumps(record),
                "logStreamName": self.streams.get(str(record["eventID"]), f"{ACCOUNT}_CloudTrail_{REGION}"),
            }
            for place, (moment, record) in enumerate(self.events)
            if start <= moment <= end
        ]
        self.events, self.late = self.events + self.late, []
        yield {"events": []}  # a page may be empty, and others follow
        yield from ({"events": found[place : place + 2]} for place in range(0, len(found), 2))

    @property
    def windows(self) -> list[tuple[int, int]]:
        return [(int(str(one["startTime"])) // 1000, (int(str(one["endTime"])) + 1) // 1000) for one in self.asked]


@dataclass
class Stage:
    """A storyteller, and what it does in the test's world."""

    teller: Storyteller
    logs: Logs
    journal: io.StringIO
    slept: list[float]
    left: float = 120.0

    def hear(self, event: object) -> int:
        return self.teller.hear(event, lambda: self.left)

    @property
    def lines(self) -> list[Json]:
        return [json.loads(line) for line in self.journal.getvalue().splitlines()]

    def said(self, event: str) -> list[Json]:
        return [line for line in self.lines if line["event"] == event]


def environment(*channels: Mapping[str, object], **changes: object) -> dict[str, str]:
    given = {
        "name": "vedette", "account": ACCOUNT, "region": REGION, "log_group": GROUP, "channels": list(channels),
    } | changes  # fmt: skip
    return {CONFIG: json.dumps(given)}


def hook(url: str, name: str = "hook") -> Json:
    return {"name": name, "kind": "webhook", "secret": "", "options": {"url": url}}


def stage(*channels: Mapping[str, object], now: Callable[[], float] = lambda: NOW, **changes: object) -> Stage:
    slept: list[float] = []
    logs, stream = Logs(), io.StringIO()
    teller = make(environment(*channels, **changes), now, slept.append)
    hide = teller.journal.hide
    teller.journal = teller.teller.journal = Journal(lambda: int(now()), form="json", stream=stream, hide=hide)
    teller.records = lambda: Records(logs, GROUP)
    return Stage(teller, logs, stream, slept)


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.yaml").write_text(text, "utf-8")


def data_of(receiver: Receiver) -> list[Json]:
    """What the events that a webhook got hold."""
    found = [request.json["data"] for request in receiver.requests]
    assert all(isinstance(one, dict) for one in found)
    return found  # type: ignore[return-value]


def text_of(receiver: Receiver) -> str:
    """All that a webhook got."""
    return " ".join(request.body.decode() for request in receiver.requests)
