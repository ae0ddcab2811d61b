"""An account that answers only a part: what is refused is named with its permission, and the rest is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from cli.samples import Shell
from vedette.aws import AwsError, AwsSession, Failure
from vedette.deploy.importing import read_account
from vedette.deploy.importing.found import FoundTopic

ACCOUNT, REGION = "111122223333", "eu-west-1"
TOPICS = [f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" for name in ("day", "night")]
FILTER = {
    "filterName": "Root", "filterPattern": "{ $.a = 1 }", "logGroupName": "/trail",
    "metricTransformations": [
        {"metricName": "Root", "metricNamespace": "Own", "metricValue": "1", "unit": "Count", "defaultValue": 0.0,
         "dimensions": {"Region": "$.awsRegion"}},
    ],
}  # fmt: skip
ALARM = {
    "AlarmName": "Root", "MetricName": "Root", "Namespace": "Own", "ExtendedStatistic": "p99", "Period": 300,
    "EvaluationPeriods": 3, "DatapointsToAlarm": 2, "Threshold": 1.0, "AlarmActions": [*TOPICS, "arn:aws:automate:x"],
    "ComparisonOperator": "GreaterThanThreshold", "Dimensions": [{"Name": "Region", "Value": "eu-west-1"}],
}  # fmt: skip


class Client:
    """A service that answers from a script, and refuses what it is told to."""

    region = REGION

    def __init__(self, service: str, refused: Mapping[str, Failure]) -> None:
        self.service = service
        self.refused = refused

    def _asked(self, method: str) -> None:
        action = f"{self.service}:{''.join(word.capitalize() for word in method.split('_'))}"
        if action in self.refused:
            raise AwsError(f"not allowed: `{action}`", self.refused[action], action=action)

    def call(self, method: str, **_: object) -> dict[str, object]:
        self._asked(method)
        if self.service == "sts":
            return {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/auditor"}
        return {"trailList": [
            {"Name": "t", "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/trail:*"},
            {"Name": "elsewhere"},
        ]}  # fmt: skip

    def pages(self, method: str, **_: object) -> Iterator[dict[str, object]]:
        self._asked(method)
        match method:
            case "describe_metric_filters":
                yield {"metricFilters": [FILTER]}
                yield {}
                yield {"metricFilters": [FILTER | {"filterName": "Second"}] * 2}
            case "describe_alarms":
                yield {"MetricAlarms": [ALARM]}
                yield {"MetricAlarms": [{"AlarmName": "Anomaly", "Metrics": []}]}
            case _:
                yield {"Subscriptions": [{"SubscriptionArn": "arn:aws:sns:x"}, {"SubscriptionArn": "Deleted"}]}
                yield {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}]}


class Session:
    """A session of those."""

    def __init__(self, **refused: Failure) -> None:
        self.refused = {name.replace("_", ":"): failure for name, failure in refused.items()}

    def client(self, service: str, region: str | None = None) -> Client:
        del region
        return Client(service, self.refused)


def session(**refused: Failure) -> AwsSession:
    made: Any = Session(**refused)
    found: AwsSession = made
    return found


def test_every_page_is_read_and_how_far_it_is_told() -> None:
    told: list[str] = []
    found = read_account(session(), told.append)
    assert [one.name for one in found.filters] == ["Root", "Second", "Second"]
    assert (found.filters[0].default, found.filters[0].dimensions) == (0.0, (("Region", "$.awsRegion"),))
    (alarm,) = found.alarms
    assert (alarm.statistic, alarm.datapoints_to_alarm, alarm.evaluation_periods) == ("p99", 2, 3)
    assert alarm.dimensions == (("Region", "eu-west-1"),)
    assert [(one.where.name, one.reason) for one in found.unread] == [
        ("Anomaly", "the alarm watches an expression, not one metric")
    ]
    assert found.topics == tuple(FoundTopic(arn, 1, 1) for arn in TOPICS)
    assert found.trail_groups == {"/trail"}
    assert told == [
        "metric filters: 0", "metric filters: 1", "metric filters: 1", "alarms: 0", "alarms: 1", "topics: 0 of 2",
        "topics: 1 of 2",
    ]  # fmt: skip


@pytest.mark.parametrize("action", ["logs_DescribeMetricFilters", "cloudwatch_DescribeAlarms", "sts_GetCallerIdentity"])
def test_without_filters_or_alarms_there_is_nothing_to_read(action: str) -> None:
    with pytest.raises(AwsError, match=action.replace("_", ":")):
        read_account(session(**{action: Failure.DENIED}))


def test_without_the_rest_it_reads_on_and_says_what_it_cannot_know() -> None:
    found = read_account(session(sns_ListSubscriptionsByTopic=Failure.DENIED, cloudtrail_DescribeTrails=Failure.DENIED))
    assert len(found.filters) == 3
    assert (found.topics, found.trail_groups) == ((), None)
    so = "it may not be asked, so"
    hearing = "whether anybody hears of the alarms' topics is not known"
    telling = "filters on logs of something else are not told apart"
    assert [(one.where.name, one.reason) for one in found.unread[1:]] == [
        ("sns:ListSubscriptionsByTopic", f"{so} {hearing}: not allowed: `sns:ListSubscriptionsByTopic`"),
        ("cloudtrail:DescribeTrails", f"{so} {telling}: not allowed: `cloudtrail:DescribeTrails`"),
    ]  # fmt: skip


@pytest.mark.parametrize("action", ["sns_ListSubscriptionsByTopic", "cloudtrail_DescribeTrails"])
def test_what_fails_otherwise_is_no_refusal(action: str) -> None:
    with pytest.raises(AwsError, match=action.replace("_", ":")):
        read_account(session(**{action: Failure.THROTTLED}))


def test_a_topic_that_is_gone_has_nobody() -> None:
    found = read_account(session(sns_ListSubscriptionsByTopic=Failure.MISSING))
    assert found.topics == tuple(FoundTopic(arn, 0) for arn in TOPICS)


def test_the_report_says_so_on_the_right_stream(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule: "data on stdout; progress, tally, hints on stderr"."""
    given = session(sns_ListSubscriptionsByTopic=Failure.DENIED)
    monkeypatch.setattr("vedette.cli.deploy_import.session_of", lambda *_: given)
    table = shell("deploy", "import", "--from-account")
    assert table.code == 0
    assert "sns:ListSubscriptionsByTopic (account 111122223333, eu-west-1): it may not be asked" in " ".join(
        table.out.split()
    )
    assert "judged: " not in table.out + table.err  # no bar where nobody looks
    document = shell("deploy", "import", "--from-account", "-o", "json")
    found = json.loads(document.out)
    assert [one["name"] for one in found["left"]] == ["Anomaly", "sns:ListSubscriptionsByTopic"]
    assert "detections from account 111122223333" in document.err
