"""Verifying against a service of ours that gives AWS's recorded answers, ours, or lies; and canaries."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aws_server import bare_environment, connect
from cli.samples import Shell
from deploy.logs_server import Answer, denied, matched, refused, speaking, throttled
from vedette.aws import AwsError, AwsSession, Failure
from vedette.deploy.canary_flight import STREAM, Action, Flight, Way, candidates, fly
from vedette.deploy.deployment import Deployment, Placed, Stack
from vedette.deploy.event_pattern import event_pattern
from vedette.deploy.template import build
from vedette.deploy.verify import MOST_MESSAGES, Checked, check_forwards, check_patterns, check_rules, samples
from vedette.deploy.wanted import Wanted
from vedette.detections.definition import Detection
from vedette.detections.loader import load_builtin, load_text
from vedette.errors import ExitCode, InputError
from vedette.patterns import FilterPattern

CAPTURES = (
    Path(os.environ.get("VEDETTE_SHARED", Path(__file__).parents[3] / "shared"))
    / "vectors"
    / "filter-pattern-captures.json"
)

ROOT = """\
id: root-acts
title: Root acts
severity: high
category: root
description: d
why: w
respond: [r]
pattern: '{ $.userIdentity.type = "Root" }'
tests:
  - {name: root, matches: true, event: {eventName: ConsoleLogin, userIdentity: {type: Root}}}
  - {name: alice, matches: false, events: [{eventName: A}, {eventName: B, userIdentity: {type: root}}]}
"""


def detection(name: str = "root-acts", severity: str = "high", pattern: str = "", tests: str = "") -> Detection:
    text = ROOT.replace("root-acts", name).replace("severity: high", f"severity: {severity}")
    if pattern:
        text = text[: text.index("pattern:")] + f"pattern: {pattern!r}\ntests:{tests or ' []'}\n"
    return load_text(text, name)


def deployed(*detections: Detection) -> Deployment:
    """A deployment of a filter and an alarm each, as far as verifying looks at it."""
    resources = {
        f"Filter{at}": {"Properties": {"FilterPattern": one.pattern.source}}
        for at, one in enumerate(detections)
        if one.pattern is not None
    }
    placed = tuple(
        Placed(one.id, f"v-{one.id}", f"v-{one.id}", "Vedette", one.id, "v-detections-1", f"Filter{at}", f"Alarm{at}")
        for at, one in enumerate(detections)
    )
    stack = Stack("v-detections-1", "", {"Resources": resources}, {}, (), ())
    return Deployment((stack,), placed, (), {})


def by_id(*detections: Detection) -> dict[str, Detection]:
    return {one.id: one for one in detections}


def honest(body: dict[str, Any]) -> Answer:
    pattern = FilterPattern.parse(body["filterPattern"])
    messages = body["logEventMessages"]
    return matched(messages, [n for n, message in enumerate(messages, start=1) if pattern.matches(message)])


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    bare_environment(monkeypatch)
    # botocore waits between its own attempts.
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def check(answer: Callable[[dict[str, Any]], Answer], *detections: Detection) -> tuple[list[Checked], list[Any]]:
    with speaking({"TestMetricFilter": answer}) as (address, calls):
        logs = connect(address).client("logs")
        return list(check_patterns(logs, deployed(*detections), by_id(*detections), lambda _: None)), calls


def test_a_service_that_agrees_leaves_nothing_to_tell() -> None:
    found, calls = check(honest, detection())
    assert [(one.detection, one.records, one.disagreements) for one in found] == [("root-acts", 3, ())]
    ((operation, body),) = calls
    assert operation == "TestMetricFilter"
    assert body["filterPattern"] == '{ $.userIdentity.type = "Root" }'
    assert [json.loads(message)["eventName"] for message in body["logEventMessages"]] == ["ConsoleLogin", "A", "B"]


def test_a_lie_is_told_with_the_record_and_both_verdicts() -> None:
    def lying(body: dict[str, Any]) -> Answer:
        return matched(body["logEventMessages"], [3])

    (found,), _ = check(lying, detection())
    first, second = found.disagreements
    assert first.sample is not None
    assert (first.sample.test, first.sample.number, first.ours, first.aws) == ("root", 1, True, False)
    assert second.sample is not None
    assert (second.sample.test, second.sample.number, second.ours, second.aws) == ("alice", 2, False, True)
    assert found.pattern == '{ $.userIdentity.type = "Root" }'


def test_a_pattern_that_aws_refuses_is_a_disagreement_in_aws_s_words() -> None:
    (found,), _ = check(lambda _: refused("Invalid metric filter pattern"), detection())
    (one,) = found.disagreements
    assert (one.sample, one.aws) == (None, None)
    assert "Invalid metric filter pattern" in one.said


def test_a_pattern_without_records_is_asked_all_the_same() -> None:
    (found,), calls = check(honest, detection(pattern="{ $.a = 1 }"))
    assert found.records == 0
    assert calls[0][1]["logEventMessages"] == ["{}"]


def test_no_call_has_more_than_fifty_messages() -> None:
    events = ",".join(f"{{eventName: N{n}}}" for n in range(121))
    many = detection(pattern='{ $.eventName = "N7*" }', tests=f"\n  - {{name: n, matches: false, events: [{events}]}}")
    (found,), calls = check(honest, many)
    assert [len(body["logEventMessages"]) for _, body in calls] == [MOST_MESSAGES, MOST_MESSAGES, 21]
    assert (found.records, found.disagreements) == (121, ())


def test_the_numbers_are_read_where_the_messages_come_back_changed() -> None:
    def shortening(body: dict[str, Any]) -> Answer:
        status, answer = honest(body)
        for match in answer["matches"]:
            match["eventMessage"] = match["eventMessage"][:20] + "…"
        return status, answer

    (found,), _ = check(shortening, detection())
    assert found.disagreements == ()


def test_throttling_is_waited_out() -> None:
    waits: list[float] = []
    left = Counter(throttled=8)

    def busy(body: dict[str, Any]) -> Answer:
        left["throttled"] -= 1
        return throttled() if left["throttled"] > 0 else honest(body)

    with speaking({"TestMetricFilter": busy}) as (address, calls):
        logs = connect(address).client("logs")
        (found,) = check_patterns(logs, deployed(detection()), by_id(detection()), waits.append)
    assert found.disagreements == ()
    assert len(calls) == 8
    assert waits[:1] == [1.0]
    assert waits == [2.0**n for n in range(len(waits))]


def test_an_answer_that_is_about_no_pattern_is_an_error() -> None:
    with pytest.raises(AwsError, match="OperationNotKnown"):
        check(lambda _: (400, {"__type": "OperationNotKnown", "message": "no such thing"}), detection())


def test_throttling_without_end_is_an_error() -> None:
    with pytest.raises(AwsError) as error:
        check(lambda _: throttled(), detection())
    assert error.value.failure is Failure.THROTTLED


def test_a_missing_permission_is_named() -> None:
    with pytest.raises(AwsError) as error:
        check(lambda _: denied("logs:TestMetricFilter"), detection())
    assert error.value.failure is Failure.DENIED
    assert "logs:TestMetricFilter" in str(error.value)
    assert error.value.hint is not None
    assert error.value.hint.startswith("allow `logs:TestMetricFilter`")


@pytest.mark.skipif(not CAPTURES.exists(), reason="the recorded answers of AWS are not at hand")
def test_recorded_answers_of_aws_agree_with_us() -> None:
    """Each recorded case, answered as AWS answered it: no disagreement, but for texts that AWS refuses and so do we."""
    cases = [case for case in json.loads(CAPTURES.read_text())["cases"] if case["source"].startswith("aws-capture")]
    recorded = {(case["pattern"], tuple(case["messages"])): case for case in cases}

    def answer(body: dict[str, Any]) -> Answer:
        case = recorded[body["filterPattern"], tuple(body["logEventMessages"])]
        return refused(case["error"]["message"]) if case["error"] else matched(case["messages"], case["matches"])

    disagreeing = []
    with speaking({"TestMetricFilter": answer}) as (address, _):
        logs = connect(address).client("logs")
        for case in cases:
            (found,) = check_patterns(logs, _raw(case["pattern"]), {"x": _sampled(case["messages"])}, lambda _: None)
            if bool(found.disagreements) is not bool(case["error"]):
                disagreeing.append((case["id"], found.disagreements))
    assert len(cases) > 90
    assert disagreeing == []


def _raw(pattern: str) -> Deployment:
    stack = Stack("s", "", {"Resources": {"F": {"Properties": {"FilterPattern": pattern}}}}, {}, (), ())
    return Deployment((stack,), (Placed("x", "x", "x", "", "", "s", "F", "A"),), (), {})


def _sampled(messages: list[str]) -> Detection:
    from dataclasses import replace

    from vedette.detections.definition import VerdictTest

    return replace(detection("x"), tests=(VerdictTest("t", tuple(one.encode() for one in messages), True),))


def test_every_builtin_has_records_to_ask_about() -> None:
    found = [one for one in load_builtin() if one.pattern is not None]
    assert all(samples(one) for one in found)
    assert max(len(samples(one)) for one in found) <= 2 * MOST_MESSAGES


# EventBridge rules


def ruled(one: Detection, pattern: dict[str, Any]) -> Deployment:
    resources = {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"Name": "v-rule", "EventPattern": pattern}}}
    placed = Placed(one.id, "", "", "", "", "s", "", "", "v-rule")
    return Deployment((Stack("s", "", {"Resources": resources}, {}, (), ()),), (placed,), (), {})


def test_event_patterns_are_asked_about_too(aws: AwsSession) -> None:
    """TestEventPattern of ministack: the right pattern agrees, a wrong one is told, a refused one in its words."""
    one, events = detection(), aws.client("events")

    def asked(pattern: dict[str, Any]) -> Checked:
        (found,) = check_rules(events, ruled(one, pattern), by_id(one), date(2026, 11, 21), lambda _: None)
        return found

    right = event_pattern(one.pattern.predicate)
    assert asked(dict(right.document)) == Checked("root-acts", "v-rule", right.text, 3, ())
    wrong = asked({"detail": {"eventName": ["A"]}})
    assert [(bad.sample.test, bad.ours, bad.aws) for bad in wrong.disagreements] == [
        ("root", True, False),
        ("alice", False, True),
    ]
    (refusal,) = asked({"detail": {"eventName": "A"}}).disagreements
    assert (refusal.sample, refusal.aws) == (None, None)
    assert refusal.said


def test_the_rules_of_a_real_deployment_agree_on_every_record(aws: AwsSession) -> None:
    builtin = {one.id: one for one in load_builtin()}
    wanted = Wanted(account="111122223333", region="us-east-1", detections=tuple(builtin.values()))
    deployment = build(wanted)
    found = list(check_rules(aws.client("events"), deployment, builtin, date(2026, 11, 21), lambda _: None))
    assert len(found) > 20
    assert all(one.detection and one.records for one in found)
    assert [one for one in found if one.disagreements] == []


def test_the_rules_that_forward_agree_on_what_any_of_their_detections_asks(aws: AwsSession) -> None:
    """Each pattern is asked about once, and a pattern that misses something, or takes more, is found."""
    builtin = {one.id: one for one in load_builtin()}
    some = tuple(one for one in builtin.values() if one.severity.value == "critical")
    wanted = Wanted(
        account="111122223333",
        region="eu-west-1",
        detections=some,
        event_regions=("eu-north-1", "us-east-1", "us-east-2"),
    )
    deployment = build(wanted)
    client, today = aws.client("events"), date(2026, 11, 21)
    found = list(check_forwards(client, deployment, builtin, today, lambda _: None))
    assert {one.filter_name for one in found} == {"vedette-to-eu-west-1-1"}
    assert len(found) == 2  # us-east-1's, where more happens, and the others'
    assert all(one.records for one in found)
    assert [one for one in found if one.disagreements] == []
    (one, *_) = [one for one in deployment.forwarded if one.region == "us-east-1"]
    less = dataclasses.replace(deployment, forwarded=(dataclasses.replace(one, detections=one.detections[:1]),))
    (wrong,) = check_forwards(client, less, dict.fromkeys(one.detections[:1], detection()), today, lambda _: None)
    assert wrong.disagreements


# Canaries


class Alarms:
    """CloudWatch, as far as a canary asks it: alarms, their history, and what setting one does."""

    region = "us-east-1"

    def __init__(self, state: str = "OK", actions: tuple[str, ...] = ("arn:sns:topic",), error: str = "") -> None:
        self.state, self.actions, self.error = state, actions, error
        self.history: list[dict[str, Any]] = []
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.looks = -1
        self.time = datetime.fromtimestamp(Clock.START, UTC)

    def fire(self) -> None:
        self.history.append({"HistorySummary": "Alarm updated from OK to ALARM", "Timestamp": self.time})
        for action in self.actions:
            verb = "Failed to execute" if self.error else "Successfully executed"
            data = json.dumps({"actionState": "Failed", "error": self.error})
            told = {"HistorySummary": f"{verb} action {action}", "HistoryData": data, "Timestamp": self.time}
            self.history.append(told)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self.asked.append((method, parameters))
        assert method == "set_alarm_state"
        self.fire()
        return {}

    def pages(self, method: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        if method == "describe_alarms":
            alarm = {"ActionsEnabled": True, "StateValue": self.state, "AlarmActions": list(self.actions)}
            yield {"MetricAlarms": [{**alarm, "AlarmName": name} for name in parameters["AlarmNames"]]}
            return
        self.looks += 1
        if self.looks == 3 and not self.history:
            self.fire()
        found = [item for item in self.history if item["Timestamp"] >= parameters["StartDate"]]
        yield {"AlarmHistoryItems": found[:1]}
        yield {"AlarmHistoryItems": found[1:]}


class Clock:
    START = 1_790_000_000

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> int:
        return self.START + int(self.passed)

    def elapsed(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


class Session:
    def __init__(self, logs: AwsSession, alarms: Alarms) -> None:
        self.logs, self.alarms = logs, alarms

    def client(self, service: str) -> Any:
        return self.alarms if service == "cloudwatch" else self.logs.client(service)


Logs = Callable[[dict[str, Any]], Answer]


def flight(alarms: Alarms, way: Way | None = None, put: Logs = lambda _: (200, {}), wait: int = 60) -> tuple[Any, Any]:
    one = detection()
    clock = Clock()
    with speaking({"CreateLogStream": lambda _: (200, {}), "PutLogEvents": put}) as (address, calls):
        session: Any = Session(connect(address), alarms)
        found = candidates(deployed(one), by_id(one))
        return fly(session, "/v/cloudtrail", found, way, wait, clock, clock.sleep), calls


def test_a_record_flies_through_the_log_group() -> None:
    found, calls = flight(Alarms())
    assert (found.way, found.why, found.arrived) == (Way.RECORD, "", True)
    assert (found.alarmed, found.seconds) == (10, 10)
    (_, stream), (_, put) = calls
    assert (stream["logGroupName"], stream["logStreamName"]) == ("/v/cloudtrail", STREAM)
    ((event,)) = put["logEvents"]
    record = json.loads(event["message"])
    assert record["userAgent"].startswith("vedette-canary/")
    assert record["requestID"].startswith("vedette-canary/")
    assert record["eventTime"] == "2026-09-21T14:13:20Z"
    assert event["timestamp"] == Clock.START * 1000
    assert FilterPattern.parse('{ $.userIdentity.type = "Root" }').matches(event["message"])


def test_without_permission_the_alarm_is_set_and_that_is_said() -> None:
    alarms = Alarms()
    found, _ = flight(alarms, put=lambda _: denied("logs:PutLogEvents"))
    assert (found.way, found.arrived) == (Way.ALARM, True)
    assert "`logs:PutLogEvents`" in found.why
    ((method, parameters),) = alarms.asked
    assert method == "set_alarm_state"
    assert parameters["AlarmName"] == "v-root-acts"
    assert "Nothing has happened" in parameters["StateReason"]


def test_a_record_that_was_insisted_upon_is_not_replaced() -> None:
    with pytest.raises(AwsError, match="logs:PutLogEvents"):
        flight(Alarms(), Way.RECORD, put=lambda _: denied("logs:PutLogEvents"))


def test_a_canary_that_does_not_come_is_not_said_to_have_come() -> None:
    alarms = Alarms()
    alarms.looks = 100
    found, _ = flight(alarms, wait=20)
    assert (found.arrived, found.alarmed, found.seconds) == (False, None, 20)


def test_a_clock_that_is_ahead_of_aws_s_hides_nothing() -> None:
    alarms = Alarms()
    alarms.time -= timedelta(minutes=14)
    found, _ = flight(alarms)
    assert (found.arrived, found.alarmed) == (True, 10)


def test_what_the_alarm_did_before_is_none_of_the_canary_s_doing() -> None:
    """Not even within the second in which it begins."""
    alarms = Alarms()
    alarms.fire()
    found, _ = flight(alarms, wait=20)
    assert (found.arrived, found.alarmed, found.actions) == (False, None, ())


def test_an_action_that_fails_is_told_with_its_error() -> None:
    alarms = Alarms(error="CloudWatch Alarms is not authorized to perform: SNS:Publish on resource:x")
    found, _ = flight(alarms, Way.ALARM)
    assert not found.arrived
    assert found.actions == (Action("arn:sns:topic", alarms.error),)


@pytest.mark.parametrize("alarms", [Alarms("ALARM"), Alarms(actions=())])
def test_no_alarm_that_stands_or_tells_nobody_is_taken(alarms: Alarms) -> None:
    with pytest.raises(InputError, match="stands already, or tells nobody"):
        flight(alarms)


def test_where_nothing_is_deployed_the_next_step_is_named() -> None:
    with pytest.raises(InputError, match="no alarm is deployed"):
        session: Any = Session(connect("http://127.0.0.1:9"), Alarms())
        fly(session, "g", [], None, 5, Clock(), lambda _: None)


def test_a_rejected_record_is_an_error() -> None:
    with pytest.raises(InputError, match="rejected the canary"):
        flight(Alarms(), put=lambda _: (200, {"rejectedLogEventsInfo": {"tooNewLogEventStartIndex": 0}}))


def test_a_stream_that_is_there_is_used() -> None:
    there = 400, {"__type": "ResourceAlreadyExistsException", "message": "The log stream exists"}
    one, clock = detection(), Clock()
    with speaking({"CreateLogStream": lambda _: there, "PutLogEvents": lambda _: (200, {})}) as (address, _):
        session: Any = Session(connect(address), Alarms())
        found = fly(session, "g", candidates(deployed(one), by_id(one)), None, 60, clock, clock.sleep)
    assert found.way is Way.RECORD


def test_the_most_harmless_detection_carries_the_canary() -> None:
    worse, mild = detection("a-worse", "critical"), detection("z-mild", "low", *_LOGIN)
    both = candidates(deployed(worse, mild), by_id(worse, mild))
    assert [one.placed.detection for one in both] == ["z-mild", "a-worse"]
    assert both[0].fires == ("z-mild",)


_LOGIN = ('{ $.eventName = "Quiet" }', "\n  - {name: q, matches: true, event: {eventName: Quiet}}")


def test_built_in_detections_can_carry_one() -> None:
    builtin = [one for one in load_builtin() if one.pattern is not None]
    found = candidates(deployed(*builtin), by_id(*builtin))
    assert len(found) > 50
    assert found[0].worst <= 1


# The command

ONLY = ("deploy", "verify", "--only", "root-login", "--no-storyteller", "--no-events")


def test_the_command_says_that_all_agree(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with speaking({"TestMetricFilter": honest}) as (address, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", address)
        run = shell(*ONLY, "--canary", "none")
    assert run.code == 0, run.err
    assert run.out.startswith("1 pattern, ")
    assert "AWS and Vedette agree" in run.out


def test_the_command_answers_1_where_aws_says_otherwise(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with speaking({"TestMetricFilter": lambda body: matched(body["logEventMessages"], [])}) as (address, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", address)
        told = shell(*ONLY, "--canary", "none")
        machine = shell(*ONLY, "--canary", "none", "-o", "json")
    assert (told.code, machine.code) == (1, 1)
    assert "AWS says that the record does not match, Vedette that it matches" in told.out
    assert "disagree on 1 pattern" in told.out
    assert all(len(line) <= 80 for line in told.out.splitlines())
    (one,) = json.loads(machine.out)["patterns"]
    first = one["disagreements"][0]
    assert (first["vedette"], first["aws"]) == (True, False)
    assert json.loads(first["event"])["eventName"] == "ConsoleLogin"
    assert one["pattern"].startswith("{")


def test_the_command_sends_a_canary_by_the_alarm(
    shell: Shell, aws: AwsSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ministack sets the alarm; its history lacks the actions, and without evidence nothing is said to have arrived."""
    topic = aws.client("sns").call("create_topic", Name="vedette-high")["TopicArn"]
    aws.client("cloudwatch").call(
        "put_metric_alarm", AlarmName="vedette-root-login", Namespace="Vedette", MetricName="RootLogin", Period=300,
        EvaluationPeriods=1, Statistic="Sum", Threshold=1.0, AlarmActions=[topic],
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )  # fmt: skip
    with speaking({"TestMetricFilter": honest}) as (address, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", address)
        run = shell(*ONLY, "--canary", "alarm", "--wait", "1s", "-o", "json")
    assert run.code == 1, run.err
    canary = json.loads(run.out)["canary"]
    assert (canary["way"], canary["alarm"], canary["expected"]) == ("alarm", "vedette-root-login", [topic])
    assert (canary["alarmed"], canary["arrived"]) == (0, False)
    (alarm,) = aws.client("cloudwatch").call("describe_alarms", AlarmNames=["vedette-root-login"])["MetricAlarms"]
    assert "Nothing has happened" in alarm["StateReason"]


def test_what_aws_refuses_is_told_in_its_words(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with speaking({"TestMetricFilter": lambda _: refused("Invalid metric filter pattern")}) as (address, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", address)
        run = shell(*ONLY, "--canary", "none")
    assert run.code == 1
    assert "root-login: AWS does not take the pattern" in run.out
    assert "Invalid metric filter pattern" in run.out


def test_a_canary_without_a_deployment_names_the_next_step(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with speaking({"TestMetricFilter": honest}) as (address, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", address)
        run = shell(*ONLY)
    assert run.code == 2
    assert "`vedette deploy apply`" in run.err


def test_what_a_canary_met_is_told() -> None:
    from vedette.cli.deploy_checks import flight_lines

    came = Flight(Way.RECORD, "v-root", 95, 90, (Action("arn:aws:sns:x"),), ("arn:aws:sns:x",))
    assert [line.plain for line in flight_lines(came, 80)] == [
        "canary: a record in the log group, through v-root",
        "  the alarm fired after 90 seconds",
        "  arn:aws:sns:x: told",
    ]
    lost = Flight(Way.ALARM, "v-root", 60, None, (Action("arn:x", "not authorized"),), ("arn:x",), "denied")
    assert [line.plain for line in flight_lines(lost, 80)] == [
        "canary: the alarm, set by hand, through v-root",
        "  no record was put: denied",
        "  arn:x: not authorized",
        "  it has not arrived everywhere after 60 seconds",
    ]


def test_who_does_not_know_the_call_is_no_aws(shell: Shell) -> None:
    """ministack has no TestMetricFilter. Its address is named, because AWS has the call in every region."""
    run = shell(*ONLY, "--canary", "none")
    assert run.code == ExitCode.FAILURE
    assert run.err.startswith("asking AWS about every pattern …\nerror: http://127.0.0.1:")
    assert "does not know TestMetricFilter: it is no AWS" in run.err
    assert "AWS_ENDPOINT_URL" in run.err
