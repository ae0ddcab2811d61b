"""The CIS pack holds the texts that Security Hub asks for, to the letter, and what its check looks for is found.

The check is modelled after the Security Hub user guide, "Amazon CloudWatch controls": "performs the exact audit steps",
"fails if the exact metric filters prescribed by CIS are not used. Additional fields or terms cannot be added".
"""

from __future__ import annotations

import functools
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.wishes import ACCOUNT, REGION, builtin, own, properties, resources, wish
from vedette.deploy.deployment import Deployment
from vedette.deploy.template import build
from vedette.deploy.wanted import Pack, Subscription, Wanted
from vedette.detections.definition import Severity
from vedette.patterns import FilterPattern

SHARED = Path(os.environ.get("VEDETTE_SHARED", Path(__file__).parents[3] / "shared"))
SPEC = SHARED / "spec" / "aws-semantics.md"
CONTROLS = {
    1: "cis-root-usage",
    2: "cis-unauthorized-api-calls",
    3: "cis-console-sign-in-without-mfa",
    4: "cis-iam-policy-changes",
    5: "cis-cloudtrail-changes",
    6: "cis-console-authentication-failures",
    7: "cis-kms-key-disabled-or-deletion",
    8: "cis-s3-bucket-policy-changes",
    9: "cis-config-changes",
    10: "cis-security-group-changes",
    11: "cis-nacl-changes",
    12: "cis-network-gateway-changes",
    13: "cis-route-table-changes",
    14: "cis-vpc-changes",
}
"""The controls CloudWatch.1 to .14, and the detection that each is about."""
SOURCES = {4: "iam.amazonaws.com", 13: "ec2.amazonaws.com"}
"""Where Security Hub's guide puts an event source before the benchmark's text, which is what the specification has."""


def pack(**more: Any) -> Wanted:
    mail = (Subscription("email", "ops@example.com"),)
    return wish(pack=Pack.CIS, subscriptions=mail, **more)


@functools.cache
def deployed() -> Deployment:
    return build(pack())


def test_nothing_else_is_in_the_pack() -> None:
    """The fourteen of Security Hub, and the one about organizations that the benchmark has and Security Hub has not."""
    assert {one.detection for one in deployed().placed} == {*CONTROLS.values(), "cis-organizations-changes"}
    assert not deployed().left_out
    assert not properties(deployed(), "Events::Rule")


@functools.cache
def written() -> dict[int, list[str]]:
    """The texts of the specification by number of the control; those of one control are all in one row or several."""
    if not SPEC.exists():
        pytest.skip("the specification is not beside the project (VEDETTE_SHARED)")
    text = SPEC.read_text(encoding="utf-8")
    rows: list[tuple[str, str]] = []
    for line in text[text.index("## 6.2 Patterns") : text.index("## 6.3")].splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)][1:-1]
        patterns = re.findall(r"`(\{.*\})`", cells[-1].replace("\\|", "|")) if cells else []
        if patterns:
            rows.append((" ".join(cells[:-1]), patterns[0]))
    found: dict[int, list[str]] = {}
    for label, pattern in rows:
        number = re.match(r"\.(\d+)", label)
        if number and int(number[1]) != 3:
            found.setdefault(int(number[1]), []).append(pattern)
        elif "Security Hub CloudWatch.2" in label:
            found[2] = [pattern]
        elif "Security Hub CloudWatch.3" in label:
            found[3] = [pattern]
        elif "Security Hub" in label and "SecurityGroup" in pattern:
            found[10] = [pattern]
    controls = text[text.index("## 6.4 Security Hub") :]
    root = re.search(r"\| CloudWatch\.1 \|.*?pattern `(\{.*?\})`", controls)
    assert root
    found[1] = [root[1]]
    for number, source in SOURCES.items():
        [pattern] = found[number]
        found[number] = [f"{{($.eventSource={source})&&({pattern.strip('{ }')})}}"]
    return found


@pytest.mark.parametrize(("number", "name"), CONTROLS.items())
def test_the_text_is_the_prescribed_one(number: int, name: str) -> None:
    """To the letter, except for blanks, which rows and pages set as they like."""
    [wanted] = written()[number]
    [found] = [one for one in properties(deployed(), "Logs::MetricFilter").values() if one["FilterName"].endswith(name)]
    assert re.sub(r"\s", "", found["FilterPattern"]) == re.sub(r"\s", "", wanted)
    assert FilterPattern.parse(found["FilterPattern"]) == FilterPattern.parse(wanted)


def passes(deployment: Deployment, text: str) -> str:
    """A model of the check: PASSED, or the first thing that is missing."""
    trails = [
        one
        for one in properties(deployment, "CloudTrail::Trail").values()
        if one["IsMultiRegionTrail"] and one["IsLogging"] and one.get("CloudWatchLogsLogGroupArn")
        if any(s["IncludeManagementEvents"] and s["ReadWriteType"] == "All" for s in one["EventSelectors"])
    ]
    if not trails:
        return "no trail"
    groups = {one["CloudWatchLogsLogGroupArn"].split(":")[6] for one in trails}
    squeezed = re.sub(r"\s", "", text)
    filters = [
        one
        for one in properties(deployment, "Logs::MetricFilter").values()
        if one["LogGroupName"] in groups and re.sub(r"\s", "", one["FilterPattern"]) == squeezed
    ]
    if not filters:
        return "no filter"
    metrics = {(m["MetricNamespace"], m["MetricName"]) for one in filters for m in one["MetricTransformations"]}
    alarms = [
        one
        for one in properties(deployment, "CloudWatch::Alarm").values()
        if (one["Namespace"], one["MetricName"]) in metrics and one["ActionsEnabled"]
    ]
    if not alarms:
        return "no alarm"
    subscribed = {
        f"arn:aws:sns:{REGION}:{ACCOUNT}:vedette-{severity.value}"
        for severity in Severity
        for one in properties(deployment, "SNS::Subscription").values()
        if one["TopicArn"] == {"Ref": f"{severity.value.capitalize()}Topic"}
    }
    reached = all(any(action in subscribed for action in one["AlarmActions"]) for one in alarms)
    return "PASSED" if reached else "no subscriber"


@pytest.mark.parametrize(("number", "name"), CONTROLS.items())
def test_the_control_passes(number: int, name: str) -> None:
    pattern = builtin()[name].pattern
    assert pattern is not None
    assert passes(deployed(), pattern.source) == "PASSED"


def test_the_model_of_the_check_can_fail() -> None:
    pattern = '{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}'
    assert passes(deployed(), pattern) == "PASSED"
    assert passes(deployed(), pattern.replace("Root", "root")) == "no filter"
    assert passes(build(wish(pack=Pack.CIS)), pattern) == "no subscriber"


def test_alarms_count_as_the_benchmark_says() -> None:
    """Sum, 300 seconds, one period, `>=` 1, namespace `CISBenchmark`, value 1, no default value (CIS remediation)."""
    ours = {
        name: one
        for name, one in properties(deployed(), "CloudWatch::Alarm").items()
        if one["Namespace"] == "CISBenchmark"
    }
    assert len(ours) == 15
    for one in ours.values():
        settings = (one["Statistic"], one["Period"], one["Threshold"], one["EvaluationPeriods"])
        assert settings == ("Sum", 300, 1, 1)
        assert one["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert one["AlarmActions"]
    for one in properties(deployed(), "Logs::MetricFilter").values():
        assert one["MetricTransformations"][0]["MetricValue"] == "1"
        assert "DefaultValue" not in one["MetricTransformations"][0]


def test_exceptions_change_no_prescribed_text() -> None:
    excepted = own(
        "cis-own",
        pattern="{ $.eventName = CreateVpc }",
        more="metric: {namespace: CISBenchmark}\nexceptions:\n"
        "  - {pattern: '{ $.awsRegion = \"eu-west-1\" }', owner: a@example.com, reason: x, expires: 2030-01-01}\n",
    )
    deployment = build(pack(detections=(replace(excepted, category="cis"),)))
    [found] = properties(deployment, "Logs::MetricFilter").values()
    assert found["FilterPattern"] == "{ $.eventName = CreateVpc }"
    assert "exactly the benchmark's" in deployment.left_out[0].reason


def test_every_alarm_has_its_actions_on() -> None:
    """Security Hub CloudWatch.15 and .17: an action for ALARM, and actions enabled; metric alarms only."""
    for _, body in resources(deployed()):
        if body["Type"] == "AWS::CloudWatch::Alarm":
            assert body["Properties"]["AlarmActions"]
            assert body["Properties"]["ActionsEnabled"]
        if body["Type"] == "AWS::Logs::LogGroup":
            assert body["Properties"]["RetentionInDays"] >= 365
