"""How a deployment is: every link of the chain from the trail to the people, read from the account. It changes nothing.

The chain is only as good as its last link, so what nobody has confirmed counts as broken.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vedette.aws import AwsError, AwsSession, Failure
from vedette.deploy import drift, standing
from vedette.deploy.answers import epoch, flag, mapping, numbers, records, text
from vedette.deploy.deployed import Resource, read
from vedette.deploy.discovery import FoundTrail, find_trails
from vedette.deploy.drift import Drift
from vedette.deploy.intrinsics import Place
from vedette.deploy.mending import RENEWAL, mendable
from vedette.deploy.names import forward_role_name
from vedette.deploy.stacks import Phase, StackState
from vedette.deploy.standing import Unreached
from vedette.deploy.storyteller.contract import CONFIG
from vedette.deploy.subscribers import SubscriptionState, not_told, subscriptions
from vedette.predicates.document import load_document

_DAY = 86_400
_ASKING = ("AWS::Logs::MetricFilter", "AWS::Events::Rule")


@dataclass(frozen=True, slots=True)
class TrailState:
    """Whether the trail writes. Times are in epoch seconds; errors are AWS's words, empty for none."""

    name: str
    logging: bool
    delivered: int | None
    delivery_error: str
    to_logs: int | None
    to_logs_error: str


@dataclass(frozen=True, slots=True)
class StorytellerState:
    """Whether the function can run, how often it failed in a day, and its channels. `trouble` is AWS's words."""

    name: str
    state: str
    trouble: str
    errors: int = 0
    runs: int = 0
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForwardingState:
    """The rules of another region: how many, and how many events they could not send home in a day."""

    region: str
    rules: int
    failed: int


@dataclass(frozen=True, slots=True)
class Status:
    """All of it. `alarms` counts by state; `standing` names the alarms in ALARM, with their detections' ids."""

    place: Place
    stacks: tuple[StackState, ...]
    deployed: tuple[Resource, ...]
    trail: TrailState | None
    drifts: tuple[Drift, ...]
    alarms: Mapping[str, int]
    standing: tuple[tuple[str, str], ...]
    subscriptions: tuple[SubscriptionState, ...]
    storyteller: StorytellerState | None
    forwarding: tuple[ForwardingState, ...] = ()
    unreached: tuple[Unreached, ...] = ()


def look(session: AwsSession, place: Place, now: int) -> Status:
    """Read everything. `now` is in epoch seconds."""
    found = standing.find(session, place)
    deployed = read(session, found.states, place)
    alarms = _alarms(session, deployed)
    detections = {one.name: one.detection for one in deployed}
    return Status(
        place=place,
        stacks=found.states,
        deployed=deployed,
        trail=_trail(session, place, deployed),
        drifts=drift.find(session, deployed),
        alarms=Counter(alarms.values()),
        standing=tuple((name, detections.get(name, "")) for name, state in alarms.items() if state == "ALARM"),
        subscriptions=subscriptions(session, deployed),
        storyteller=_storyteller(session, deployed, now),
        forwarding=tuple(_forwarding(session, place, deployed, now)),
        unreached=found.unreached,
    )


def _alarms(session: AwsSession, deployed: Iterable[Resource]) -> dict[str, str]:
    names = [one.name for one in deployed if one.type in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")]
    return {text(one, "AlarmName"): text(one, "StateValue") for one in drift.described_alarms(session, names)}


def _trail(session: AwsSession, place: Place, deployed: Sequence[Resource]) -> TrailState | None:
    """The trail that the filters' log group is fed by: ours, or the one that was there."""
    groups = {one.properties.get("LogGroupName") for one in deployed if one.type == "AWS::Logs::MetricFilter"}
    names = {one.name for one in deployed if one.type == "AWS::CloudTrail::Trail"}
    if not groups and not names:
        return None
    found = [one for one in find_trails(session, place.account) if one.name in names or one.log_group in groups]
    return _trail_state(session, found[0]) if found else None


def _trail_state(session: AwsSession, found: FoundTrail) -> TrailState:
    answer = session.client("cloudtrail").call("get_trail_status", Name=found.arn)
    return TrailState(
        name=found.name,
        logging=flag(answer, "IsLogging"),
        delivered=epoch(answer, "LatestDeliveryTime"),
        delivery_error=text(answer, "LatestDeliveryError"),
        to_logs=epoch(answer, "LatestCloudWatchLogsDeliveryTime"),
        to_logs_error=text(answer, "LatestCloudWatchLogsDeliveryError"),
    )


def _storyteller(session: AwsSession, deployed: Sequence[Resource], now: int) -> StorytellerState | None:
    function = next((one for one in deployed if one.type == "AWS::Lambda::Function"), None)
    if function is None:
        return None
    try:
        answer = session.client("lambda").call("get_function_configuration", FunctionName=function.name)
    except AwsError as error:
        if error.failure is not Failure.MISSING:
            raise
        return StorytellerState(
            function.name, "Missing", "somebody has deleted it; `vedette deploy apply` makes it anew"
        )
    trouble = text(answer, "StateReason") or text(answer, "LastUpdateStatusReason")
    state = text(answer, "State") or "Active"
    if text(answer, "LastUpdateStatus") == "Failed":
        state = "Failed"
    errors, runs = (_counted(session, function.name, metric, now) for metric in ("Errors", "Invocations"))
    return StorytellerState(function.name, state, trouble, errors, runs, _channels(function))


def _channels(function: Resource) -> tuple[str, ...]:
    """The channels that the function was deployed with."""
    variables = mapping(mapping(function.properties, "Environment"), "Variables")
    config = load_document(text(variables, CONFIG)) or {}
    return tuple(text(one, "name") for one in records(config, "channels"))


def _counted(session: AwsSession, function: str, metric: str, now: int) -> int:
    answer = session.client("cloudwatch").call(
        "get_metric_statistics",
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        StartTime=dt.datetime.fromtimestamp(now - _DAY, dt.UTC),
        EndTime=dt.datetime.fromtimestamp(now, dt.UTC),
        Period=_DAY,
        Statistics=["Sum"],
    )
    sums = [one.get("Sum") for one in records(answer, "Datapoints")]
    return round(sum(value for value in sums if isinstance(value, int | float)))


def _forwarding(session: AwsSession, place: Place, deployed: Sequence[Resource], now: int) -> Iterator[ForwardingState]:
    """By region. What cannot be sent is tried for a day and then lost: no queue of another region takes it."""
    rules: dict[str, list[str]] = {}
    for one in deployed:
        if one.region and one.type == "AWS::Events::Rule":
            rules.setdefault(one.region, []).append(one.name)
    for region, named in rules.items():
        with standing.reaching(region, place.region):
            answer = session.client("cloudwatch", region).call(
                "get_metric_data",
                MetricDataQueries=[_failures_of(number, name) for number, name in enumerate(named)],
                StartTime=dt.datetime.fromtimestamp(now - _DAY, dt.UTC),
                EndTime=dt.datetime.fromtimestamp(now, dt.UTC),
            )
        values = [value for one in records(answer, "MetricDataResults") for value in numbers(one, "Values")]
        yield ForwardingState(region, len(named), round(sum(values)))


def _failures_of(number: int, rule: str) -> Mapping[str, object]:
    metric = {
        "Namespace": "AWS/Events",
        "MetricName": "FailedInvocations",
        "Dimensions": [{"Name": "RuleName", "Value": rule}],
    }
    return {"Id": f"rule{number}", "MetricStat": {"Metric": metric, "Period": _DAY, "Stat": "Sum"}}


def problems(status: Status) -> list[str]:
    """What is wrong, each in a sentence that says what to do, the beginning of the chain first."""
    found = [_stack(one) for one in status.stacks if one.phase is not Phase.STANDING]
    found += [f"{one.reason}: nobody knows whether its events come home" for one in status.unreached]
    trail = status.trail
    if trail is None:
        found.append("no trail writes to the log group: nothing is seen; `vedette deploy apply` mends it")
    else:
        if not trail.logging:
            found.append(_switched_off(status, trail.name))
        if trail.delivery_error:
            found.append(f"the trail {trail.name} cannot deliver to its bucket: {trail.delivery_error}")
        if trail.to_logs_error:
            found.append(f"the trail {trail.name} cannot deliver to the log group: {trail.to_logs_error}")
    found += [
        f"{one.kind} {one.called} is not as it was deployed: {one.fault.value}; {_remedy(one)}"
        for one in status.drifts
        if [each.path for each in one.details] != ["IsLogging"]  # which is told above
    ]
    found += [
        f"the rules in {one.region} could not send {one.failed} events home in a day: look at the role "
        f"`{forward_role_name(status.place)}`"
        for one in status.forwarding
        if one.failed
    ]
    found += not_told(status.subscriptions)
    if not any(one.type in _ASKING for one in status.deployed):
        found.append("no detection is deployed: an apply has not come to its end; `vedette deploy apply` goes on")
    if not status.subscriptions and (status.storyteller is None or not status.storyteller.channels):
        found.append("nobody is told: give `--email` or a channel to `vedette deploy apply`")
    teller = status.storyteller
    if teller is not None and teller.state != "Active":
        found.append(f"the function {teller.name} is {teller.state.lower()}: {teller.trouble or 'AWS says no more'}")
    elif teller is not None and teller.errors:
        found.append(f"the function {teller.name} failed {teller.errors} of {teller.runs} times in a day: see its log")
    return found


def _switched_off(status: Status, trail: str) -> str:
    ours = any(one.type == "AWS::CloudTrail::Trail" and one.name == trail for one in status.deployed)
    remedy = "`vedette deploy apply` switches it on" if ours else f"`aws cloudtrail start-logging --name {trail}`"
    return f"the trail {trail} is switched off, and nothing is seen: {remedy}"


def _remedy(one: Drift) -> str:
    return "`vedette deploy apply` puts it back" if mendable(one) else RENEWAL


def _stack(one: StackState) -> str:
    if one.phase is Phase.BUSY:
        return f"CloudFormation is at work on {one.name} ({one.status})"
    return f"the stack {one.name} is in {one.status}: `vedette deploy apply` says what to do"
