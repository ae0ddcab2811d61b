"""From Lambda's event to what happened: an alarm's own call, SNS, or EventBridge; in the forms of 2017 to 2026.

Sources: "Lambda actions" of alarms, EventBridge events of alarms (CloudWatch user guide), and notifications that were
recorded. Keys that some year lacks are not relied on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from vedette.alarms.spec import State
from vedette.cloudtrail.moment import parse_time
from vedette.deploy.storyteller.change import AlarmChange, Call, Child, Happened, Seen
from vedette.errors import InputError

_LONGEST = 604_800
"""Seconds of an alarm's periods together."""

OURS = "idempotency_key"
"""The attribute of messages that Vedette itself published: they are not told of again, or a topic would go round."""


def read_event(event: object) -> list[Call]:
    """What the event tells of, in order; none for what is known and says nothing (our own message, a test).

    Raises InputError for an event that nobody who may call us sends.
    """
    given = _mapping(event)
    if isinstance(given.get("Records"), list):
        return [call for record in _list(given["Records"]) for call in _of_sns(_mapping(record))]
    if "alarmData" in given:
        return [_of_action(given)]
    if "event" in given and "detection" in given:
        return [Happened(_record(_mapping(given["event"])), _text(given["detection"]))]
    if "AlarmName" in given:
        return [_of_notification(given)]
    return _of_eventbridge(given)


def _of_eventbridge(given: Mapping[str, object]) -> list[Call]:
    kind = _text(given.get("detail-type"))
    if kind == "CloudWatch Alarm State Change":
        return [_of_state_change(given)]
    if kind.startswith("CloudWatch Alarm"):
        return []
    if kind.endswith("via CloudTrail"):
        return [Happened(_record(given))]
    raise InputError(
        "the storyteller does not know this event", hint="it takes alarms' own calls, SNS, and EventBridge events"
    )


def _of_sns(record: Mapping[str, object]) -> Iterator[Call]:
    sns = _mapping(record.get("Sns"))
    if not sns:
        raise InputError("the storyteller does not know this event", hint="records come from SNS")
    message = _object(sns.get("Message"))
    if OURS in _mapping(sns.get("MessageAttributes")) or "AlarmName" not in message:
        return
    yield _of_notification(message)


def _of_notification(message: Mapping[str, object]) -> AlarmChange:
    """The JSON that CloudWatch publishes. `AlarmArn` is there since 2020; `Region` is the long name of one."""
    trigger = _mapping(message.get("Trigger"))
    arn = _text(message.get("AlarmArn"))
    parts = arn.split(":", 6)
    now = Seen(
        _state(message.get("NewStateValue")),
        _time(message.get("StateChangeTime")),
        _text(message.get("NewStateReason")),
    )
    return AlarmChange(
        name=_text(message.get("AlarmName")),
        arn=arn,
        account=_text(message.get("AWSAccountId")),
        region=parts[3] if len(parts) == 7 else "",
        now=now,
        before=Seen(_state(message.get("OldStateValue"))),
        period=_number(trigger.get("Period")),
        periods=_number(trigger.get("EvaluationPeriods")),
        children=_children(message.get("TriggeringChildren"), ("Arn", "State", "Value", "Timestamp")),
    )


def _of_action(given: Mapping[str, object]) -> AlarmChange:
    """The event of an alarm's Lambda action."""
    return _of_detail(
        _mapping(given["alarmData"]), _text(given.get("alarmArn")), _text(given.get("accountId")),
        _text(given.get("region")), _time(given.get("time")),
    )  # fmt: skip


def _of_state_change(given: Mapping[str, object]) -> AlarmChange:
    resources = given.get("resources")
    arn = _text(resources[0]) if isinstance(resources, list) and resources else ""
    return _of_detail(
        _mapping(given.get("detail")), arn, _text(given.get("account")), _text(given.get("region")),
        _time(given.get("time")),
    )  # fmt: skip


def _of_detail(data: Mapping[str, object], arn: str, account: str, region: str, at: int) -> AlarmChange:
    configuration = _mapping(data.get("configuration"))
    now = _seen(data.get("state"), at)
    return AlarmChange(
        name=_text(data.get("alarmName")),
        arn=arn,
        account=account,
        region=region,
        now=now,
        before=_seen(data.get("previousState"), 0),
        period=_period(configuration) or _number(now.data.get("period")),
        children=_children(now.data.get("triggeringAlarms"), ("arn", "state", "value", "timestamp")),
    )


def _seen(given: object, at: int) -> Seen:
    state = _mapping(given)
    return Seen(
        _state(state.get("value")),
        _time(state.get("timestamp")) or at,
        _text(state.get("reason")),
        _object(state.get("reasonData")),
    )


def _period(configuration: Mapping[str, object]) -> int | None:
    metrics = configuration.get("metrics")
    for metric in metrics if isinstance(metrics, list) else ():
        period = _number(_mapping(_mapping(metric).get("metricStat")).get("period"))
        if period:
            return period
    return None


def _children(given: object, keys: tuple[str, str, str, str]) -> tuple[Child, ...]:
    """Objects, as they were recorded, or bare ARNs, as they are documented."""
    arn, state, value, at = keys
    found = []
    for child in given if isinstance(given, list) else ():
        if isinstance(child, str):
            found.append(Child(child, State.ALARM))
        elif isinstance(child, Mapping) and isinstance(child.get(arn), str):
            seen = _mapping(child.get(state))
            found.append(Child(_text(child[arn]), _state(seen.get(value)), _time(seen.get(at))))
    return tuple(found)


def _record(event: Mapping[str, object]) -> Mapping[str, object]:
    """The record of a CloudTrail event; an event that was unpacked before is one itself."""
    detail = event.get("detail", event)
    if isinstance(detail, Mapping) and "eventName" in detail:
        return detail
    raise InputError("the event holds no CloudTrail record", hint="its `detail` is one, with an `eventName`")


def _state(given: object) -> State:
    known = [state for state in State if state.value == given]
    return known[0] if known else State.INSUFFICIENT_DATA


def _time(given: object) -> int:
    return parse_time(given) or 0


def _text(given: object) -> str:
    return given if isinstance(given, str) else ""


def _number(given: object) -> int | None:
    if not isinstance(given, int | float) or isinstance(given, bool):
        return None
    return int(given) if 0 < given <= _LONGEST else None


def _mapping(given: object) -> Mapping[str, object]:
    return given if isinstance(given, Mapping) else {}


def _list(given: object) -> Sequence[object]:
    return given if isinstance(given, list) else ()


def _object(text: object) -> Mapping[str, object]:
    """The object in a JSON text, or the object itself; empty for anything else."""
    if isinstance(text, Mapping):
        return text
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
