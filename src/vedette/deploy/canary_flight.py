"""A canary through a deployed chain: a harmless record, or an alarm that is set by hand, and whether it arrived.

The record is one of a detection's own test records, marked, put into CloudTrail's log group in a stream of its own: it
passes metric filter, metric, alarm and topic. Where that is not permitted, the alarm itself is set: it passes alarm and
topic only. What arrived is read from the alarm's history, which names every action that it ran.

Nobody is sent anything but what an alarm sends anyway. Sources: "PutLogEvents", "SetAlarmState",
"DescribeAlarmHistory" of the API references; recorded answers for the texts of the history.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vedette import __version__
from vedette.alarms.spec import ComparisonOperator
from vedette.app.clock import Clock
from vedette.aws import AwsClient, AwsError, AwsSession, Failure
from vedette.cloudtrail.moment import print_time
from vedette.deploy.answers import mapping, records, text, texts
from vedette.deploy.deployment import Deployment, Placed
from vedette.deploy.verify import patterns
from vedette.detections.definition import Detection, VerdictTest
from vedette.errors import InputError
from vedette.patterns import FilterPattern
from vedette.predicates.document import load_document

STREAM: Final = "vedette-canary"
POLL: Final = 5.0
"""Seconds between looks at the history."""
_MARK: Final = f"vedette-canary/{__version__}"
_REASON: Final = "Vedette canary: a test of the way to you. Nothing has happened."
_SUCCEEDED: Final = "Successfully executed action "
_FAILED: Final = "Failed to execute action "
_MOST_ALARMS: Final = 100
_LATELY: Final = 3_600
"""Seconds of an alarm's history that are looked at; AWS answers nobody whose clock is wrong by more than a quarter."""

Sleep = Callable[[float], None]


class Way(enum.Enum):
    """Where the canary begins."""

    RECORD = "record"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A deployed detection that one record fires, with such a record. `worst` is the highest severity among them."""

    placed: Placed
    message: str
    fires: tuple[str, ...]
    worst: int


@dataclass(frozen=True, slots=True)
class Action:
    """What the alarm did, on what, and what came of it; `error` is empty where it succeeded."""

    resource: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Event:
    """An item of an alarm's history."""

    at: str
    summary: str
    data: str


@dataclass(frozen=True, slots=True)
class Flight:
    """How a canary flew. `why` says why it began at the alarm, where a record was wished for."""

    way: Way
    alarm: str
    seconds: int
    alarmed: int | None
    actions: tuple[Action, ...]
    expected: tuple[str, ...]
    why: str = ""

    @property
    def arrived(self) -> bool:
        """Whether all that the alarm is to tell was told."""
        told = {action.resource for action in self.actions if not action.error}
        return bool(self.expected) and told >= set(self.expected)


def candidates(deployment: Deployment, tested: Mapping[str, Detection]) -> list[Candidate]:
    """The detections that a canary can fly through, the most harmless first: the fewest alarms, the least severe."""
    deployed = [(placed, FilterPattern.parse(pattern)) for placed, pattern in patterns(deployment)]
    found = []
    for placed, pattern in deployed:
        detection = tested.get(placed.detection)
        message = _message(detection, pattern) if detection is not None and placed.alarm_name else None
        if message is None:
            continue
        fires = tuple(other.detection for other, one in deployed if one.matches(message))
        worst = max(tested[name].severity.rank for name in fires if name in tested)
        found.append(Candidate(placed, message, fires, worst))
    return sorted(found, key=lambda one: (one.worst, len(one.fires), one.placed.detection))


def _message(detection: Detection, pattern: FilterPattern) -> str | None:
    """One of the detection's records, marked, that alone makes its alarm fire; None if there is none."""
    if not _fires_at_once(detection):
        return None
    for test in detection.tests:
        if isinstance(test, VerdictTest) and test.matches and len(test.events) == 1:
            document = load_document(test.events[0])
            if document is not None and pattern.matches(message := _marked(document, pattern)):
                return message
    return None


def _fires_at_once(detection: Detection) -> bool:
    spec, metric = detection.alarm, detection.metric
    if spec is None or metric is None or metric.value != "1" or metric.dimensions:
        return False
    over = {
        ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD: 0 < spec.threshold <= 1,
        ComparisonOperator.GREATER_THAN_THRESHOLD: 0 <= spec.threshold < 1,
    }
    periods = spec.datapoints_to_alarm or spec.evaluation_periods
    return over.get(spec.comparison_operator, False) and periods == 1 and spec.statistic in ("Sum", "Maximum")


def _marked(document: Mapping[str, object], pattern: FilterPattern) -> str:
    """The record with every mark that the pattern bears."""
    marked = dict(document)
    for name in ("userAgent", "requestID"):
        tried = {**marked, name: _MARK}
        if pattern.matches(json.dumps(tried)):
            marked = tried
    return json.dumps(marked)


def fly(
    aws: AwsSession, log_group: str, found: Sequence[Candidate], way: Way | None, wait: int, clock: Clock, sleep: Sleep
) -> Flight:
    """Send a canary, and wait up to `wait` seconds for what its alarm does. Without a `way`, a record if permitted.

    Raises InputError where nothing is deployed that it could fly through, AwsError where AWS refuses.
    """
    alarms = aws.client("cloudwatch")
    candidate, expected = _ready(alarms, found)
    begun, now = clock.elapsed(), clock.now()
    before = frozenset(_history(alarms, candidate.placed.alarm_name, now))
    way, why = _send(aws, log_group, candidate, way, now)
    alarmed: int | None = None
    while True:
        since = [one for one in _history(alarms, candidate.placed.alarm_name, now) if one not in before]
        fired, actions = _told(since)
        seconds = int(clock.elapsed() - begun)
        alarmed = seconds if alarmed is None and fired else alarmed
        if {action.resource for action in actions} >= set(expected) or seconds >= wait:
            return Flight(way, candidate.placed.alarm_name, seconds, alarmed, actions, expected, why)
        sleep(POLL)


def _ready(alarms: AwsClient, found: Sequence[Candidate]) -> tuple[Candidate, tuple[str, ...]]:
    """The first candidate whose alarm is there, tells somebody and does not stand; with what it tells."""
    by_name = {one.placed.alarm_name: one for one in found[:_MOST_ALARMS]}
    states: dict[str, Mapping[str, object]] = {}
    if by_name:
        for page in alarms.pages("describe_alarms", AlarmNames=list(by_name), AlarmTypes=["MetricAlarm"]):
            states |= {text(alarm, "AlarmName"): alarm for alarm in records(page, "MetricAlarms")}
    if not states:
        raise InputError(
            "no alarm is deployed that a canary could fly through", hint="deploy first: `vedette deploy apply`"
        )
    for name, candidate in by_name.items():
        alarm = states.get(name, {})
        actions = texts(alarm, "AlarmActions")
        if actions and alarm.get("ActionsEnabled", True) and text(alarm, "StateValue") != "ALARM":
            return candidate, actions
    raise InputError(
        "every alarm that a canary could fly through stands already, or tells nobody",
        hint="look at `vedette deploy status`",
    )


def _send(aws: AwsSession, log_group: str, candidate: Candidate, way: Way | None, now: int) -> tuple[Way, str]:
    if way is not Way.ALARM:
        try:
            _put(aws.client("logs"), log_group, candidate.message, now)
        except AwsError as error:
            if way is Way.RECORD or error.failure not in (Failure.DENIED, Failure.MISSING):
                raise
            why = error.message
        else:
            return Way.RECORD, ""
    else:
        why = ""
    name = candidate.placed.alarm_name
    aws.client("cloudwatch").call("set_alarm_state", AlarmName=name, StateValue="ALARM", StateReason=_REASON)
    return Way.ALARM, why


def _put(logs: AwsClient, log_group: str, message: str, now: int) -> None:
    record = {**(load_document(message) or {}), "eventTime": print_time(now)}
    try:
        logs.call("create_log_stream", logGroupName=log_group, logStreamName=STREAM)
    except AwsError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise
    event = {"timestamp": now * 1000, "message": json.dumps(record)}
    answer = logs.call("put_log_events", logGroupName=log_group, logStreamName=STREAM, logEvents=[event])
    if mapping(answer, "rejectedLogEventsInfo"):
        raise InputError(f"CloudWatch Logs rejected the canary: its time, {print_time(now)}, is too far from AWS's")


def _history(alarms: AwsClient, name: str, now: int) -> Iterator[_Event]:
    """What the alarm did of late: by AWS's clock, and ours may be minutes ahead of it."""
    start = dt.datetime.fromtimestamp(now - _LATELY, dt.UTC)
    for page in alarms.pages("describe_alarm_history", AlarmName=name, StartDate=start):
        for item in records(page, "AlarmHistoryItems"):
            yield _Event(str(item.get("Timestamp")), text(item, "HistorySummary"), text(item, "HistoryData"))


def _told(events: Sequence[_Event]) -> tuple[bool, tuple[Action, ...]]:
    """Whether the alarm fired, and what it did."""
    actions = tuple(dict.fromkeys(action for event in events for action in _action(event)))
    return bool(actions) or any(event.summary.endswith(" to ALARM") for event in events), actions


def _action(event: _Event) -> Iterator[Action]:
    if event.summary.startswith(_SUCCEEDED):
        yield Action(event.summary.removeprefix(_SUCCEEDED).strip())
    elif event.summary.startswith(_FAILED):
        yield Action(event.summary.removeprefix(_FAILED).strip(), _error(event.data))


def _error(data: str) -> str:
    document = load_document(data) or {}
    error = document.get("error")
    return error if isinstance(error, str) and error else "it failed"
