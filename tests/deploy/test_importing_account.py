"""Reading an account, on moto's server: every page, every subscription, nothing changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aws_server import ACCOUNT, REGION, bare_environment, connect, emptied
from cli.samples import Shell
from vedette.aws import AwsError, AwsSession
from vedette.deploy.importing import read_account

ROOT = '{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}'


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with emptied() as address:
        yield address


@pytest.fixture
def account(address: str, monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    bare_environment(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setenv("AWS_REGION", REGION)
    return connect(address)


def put_filter(session: AwsSession, name: str, pattern: str, group: str = "/trail", **more: object) -> None:
    session.client("logs").call(
        "put_metric_filter", logGroupName=group, filterName=name, filterPattern=pattern,
        metricTransformations=[{"metricName": name, "metricNamespace": "Own", "metricValue": "1", **more}],
    )  # fmt: skip


def put_alarm(session: AwsSession, name: str, **more: object) -> None:
    given: dict[str, object] = {
        "AlarmName": f"{name}-alarm", "MetricName": name, "Namespace": "Own", "Statistic": "Sum", "Period": 300,
        "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }  # fmt: skip
    session.client("cloudwatch").call("put_metric_alarm", **(given | more))


@pytest.fixture
def filled(account: AwsSession) -> Iterator[AwsSession]:
    """A trail with a log group, two filters of it and one of something else, topics, alarms in two pages."""
    logs, sns = account.client("logs"), account.client("sns")
    for group in ("/trail", "/shop"):
        logs.call("create_log_group", logGroupName=group)
    account.client("s3").call("create_bucket", Bucket="logs-of-ours")
    account.client("cloudtrail").call(
        "create_trail", Name="main", S3BucketName="logs-of-ours",
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/trail:*",
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/x",
    )  # fmt: skip
    heard = str(sns.call("create_topic", Name="heard")["TopicArn"])
    silent = str(sns.call("create_topic", Name="silent")["TopicArn"])
    sns.call("subscribe", TopicArn=heard, Protocol="sms", Endpoint="+447700900123")
    put_filter(account, "Root", ROOT, defaultValue=0.0)
    put_alarm(account, "Root", AlarmActions=[heard], Statistic="Average")
    put_filter(account, "Keys", '{ $.eventName = "CreateAccessKey" }')
    put_alarm(account, "Keys", AlarmActions=[silent], ActionsEnabled=False, AlarmDescription="A key was made.")
    put_filter(account, "Errors", "ERROR", "/shop")
    gone = f"arn:aws:sns:{REGION}:{ACCOUNT}:gone"
    elsewhere = f"arn:aws:sns:{REGION}:999999999999:elsewhere"
    for number in range(110):
        put_alarm(account, f"Cpu{number}", Namespace="AWS/EC2", AlarmActions=[gone, elsewhere])
    yield account
    watch = account.client("cloudwatch")
    names = [one.name for one in read_account(account).alarms]
    watch.call("delete_alarms", AlarmNames=names)
    for one in read_account(account).filters:
        logs.call("delete_metric_filter", logGroupName=one.log_group, filterName=one.name)
    for group in ("/trail", "/shop"):
        logs.call("delete_log_group", logGroupName=group)


def test_an_account_is_read_whole(filled: AwsSession) -> None:
    found = read_account(filled)
    assert found.source == f"account {ACCOUNT}, {REGION}"
    assert found.trail_groups == {"/trail"}
    assert {one.name: (one.pattern, one.default) for one in found.filters} == {
        "Root": (ROOT, 0.0), "Keys": ('{ $.eventName = "CreateAccessKey" }', None), "Errors": ("ERROR", None),
    }  # fmt: skip
    assert len(found.alarms) == 112
    keys = next(one for one in found.alarms if one.name == "Keys-alarm")
    assert (keys.statistic, keys.period, keys.threshold, keys.actions_enabled) == ("Sum", 300, 1.0, False)
    states = {one.arn.rpartition(":")[2]: (one.confirmed, one.pending) for one in found.topics}
    assert states == {"heard": (1, 0), "silent": (0, 0), "gone": (0, 0), "elsewhere": (None, None)}


def test_the_report_of_an_account(filled: AwsSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shell = Shell(capsys)
    out = tmp_path / "own"
    document = json.loads(shell("deploy", "import", "--from-account", "--out", str(out), "-o", "json").out)
    found = {one["name"]: one for one in document["found"]}
    assert found.keys() == {"Root-alarm", "Keys-alarm"}
    assert found["Root-alarm"]["security_hub"] == {"control": "CloudWatch.1", "exact": True}
    assert [each["rule"] for each in found["Root-alarm"]["defects"]] == ["average-with-default"]
    assert [each["rule"] for each in found["Keys-alarm"]["defects"]] == ["actions-disabled", "no-subscriber"]
    assert len(document["left"]) == 111
    assert sorted(file.name for file in out.iterdir()) == ["keys.yaml", "root.yaml"]
    assert shell("detections", "check", str(out)).code == 1  # the defects are in the files too
    assert "A key was made." in (out / "keys.yaml").read_text()


def test_nothing_there_is_said(account: AwsSession, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = Shell(capsys)("deploy", "import", "--from-account", "--region", "eu-west-2")
    assert (nothing.code, nothing.out) == (3, "")
    assert "no metric filter and no alarm in account 123456789012, eu-west-2" in nothing.err


def test_what_is_denied_is_named(account: AwsSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "")
    with pytest.raises(AwsError):
        read_account(connect("http://127.0.0.1:9"))
