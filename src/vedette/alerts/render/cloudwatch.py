"""What CloudWatch publishes of an alarm's change of state: JSON, subject, SMS and e-mail, to the byte.

Form: notifications recorded in September 2026; older forms that are still seen are not written. Where no record says:
a period is multiplied by the periods when DatapointsToAlarm is unset, and `SampleCount` is `SAMPLE_COUNT`. AWS writes
milliseconds; alerts know seconds, so that the fraction is `.000`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import quote

from vedette.alarms.spec import AlarmSpec, State, TreatMissingData
from vedette.alerts.evidence import Evidence
from vedette.alerts.notice import Notice
from vedette.alerts.record import AlertRecord
from vedette.alerts.render.moments import amazon, stamp
from vedette.alerts.render.regions import is_region, long_name, partition_of
from vedette.detections.definition import Derived, Detection
from vedette.predicates.document import java_double

_SUBJECT = 100
_SMS_NAME = 90
_REASON, _DESCRIPTION, _RULE = 1_023, 1_024, 10_240
_CHILDREN = 10
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_STATISTICS = {
    "SampleCount": "SAMPLE_COUNT",
    "Average": "AVERAGE",
    "Sum": "SUM",
    "Minimum": "MINIMUM",
    "Maximum": "MAXIMUM",
}


@dataclass(frozen=True, slots=True)
class Watched:
    """What a metric alarm watches, and how; `dimensions` are (name, value) pairs."""

    namespace: str
    metric: str
    spec: AlarmSpec
    dimensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Child:
    """An alarm whose change made a composite alarm change: its ARN, the state it went into, when (epoch seconds)."""

    arn: str
    state: State
    at: int


@dataclass(frozen=True, slots=True)
class Composed:
    """A composite alarm's rule, and what triggered it."""

    rule: str
    children: tuple[Child, ...] = ()


@dataclass(frozen=True, slots=True)
class Notification:
    """One change of state of one alarm. Times are epoch seconds; actions are ARNs."""

    name: str
    description: str | None
    account: str
    region: str
    arn: str
    old: State
    new: State
    reason: str
    at: int
    configured: int
    trigger: Watched | Composed
    ok_actions: tuple[str, ...] = ()
    alarm_actions: tuple[str, ...] = ()
    insufficient_data_actions: tuple[str, ...] = ()


def notification(alert: AlertRecord, notice: Notice) -> Notification:
    """The alert as CloudWatch would tell of it: into ALARM, or back to OK once it is closed.

    The alarm is the notice's, or else the detection's, in the account and region of most records. An alarm that Vedette
    keeps by group has been OK before; CloudWatch's first alarm may come from INSUFFICIENT_DATA.
    """
    detection = notice.detections.get(alert.detection)
    region, account, name = _alarm(alert, notice)
    start = f"arn:{partition_of(region).name}:cloudwatch:{region}:{account}:alarm:"
    actions = (_sound(notice.topic),) if notice.topic else ()
    closed = alert.closed is not None
    return Notification(
        name=name,
        description=_sound(detection.description)[:_DESCRIPTION] if detection else _sound(alert.title),
        account=account,
        region=region,
        arn=start + name,
        old=State.ALARM if closed else State.OK,
        new=State.OK if closed else State.ALARM,
        reason=_sound(_reason(alert, notice, detection))[:_REASON],
        at=alert.opened if alert.closed is None else alert.closed,
        configured=notice.configured.get(alert.detection, alert.opened),
        trigger=_trigger(alert, detection, start + name.removesuffix(_sound(alert.detection))),
        ok_actions=actions,
        alarm_actions=actions,
    )


def _alarm(alert: AlertRecord, notice: Notice) -> tuple[str, str, str]:
    """The region, the account and the name of the alarm."""
    parts = notice.alarm.split(":", 6)
    if len(parts) == 7 and parts[5] == "alarm" and is_region(parts[3]):
        return parts[3], parts[4], _sound(parts[6])
    return _region(alert.evidence), _account(alert.evidence), _sound(alert.detection)


def _sound(text: str) -> str:
    """Text that can be encoded: lone surrogates are replaced."""
    return text.encode("utf-8", "replace").decode()


def _region(evidence: Evidence) -> str:
    return next((region for region, _ in evidence.regions.most_common() if is_region(region)), "us-east-1")


def _account(evidence: Evidence) -> str:
    return next((number for number, _ in evidence.accounts.most_common() if _ACCOUNT.fullmatch(number)), "000000000000")


def _reason(alert: AlertRecord, notice: Notice, detection: Detection | None) -> str:
    if alert.closed is None:
        return alert.reason
    if alert.id in notice.closing:
        return notice.closing[alert.id]
    spec = detection.alarm if detection else None
    if spec is None or spec.treat_missing_data is not TreatMissingData.NOT_BREACHING:
        return "The alarm returned to OK."
    periods = spec.evaluation_periods
    every = "1 period and 1 missing datapoint was" if periods == 1 else _many(periods)
    return f"Threshold Crossed: no datapoints were received for {every} treated as [NonBreaching]."


def _many(periods: int) -> str:
    return f"{periods} periods and {periods} missing datapoints were"


def _trigger(alert: AlertRecord, detection: Detection | None, start: str) -> Watched | Composed:
    if detection is not None and detection.rule is not None:
        reason = _sound(alert.reason)
        named = [child for child in detection.rule.children if reason.startswith((f"{child} ", f"{start}{child} "))]
        children = tuple(Child(start + child, State.ALARM, alert.opened) for child in named)
        return Composed(_sound(str(detection.rule))[:_RULE], children)
    spec = detection.alarm if detection else None
    metric = detection.metric if detection else None
    spec = spec or AlarmSpec(alert.detection, 1.0)
    dimensions = metric.dimensions if metric else ()
    values = tuple((name, _sound(_dimension(selector, alert, detection))) for name, selector in dimensions)
    name = metric.name if metric else _sound(alert.detection)
    return Watched(metric.namespace if metric else "Vedette", name, spec, values)


def _dimension(selector: str, alert: AlertRecord, detection: Detection | None) -> str:
    """The value of a dimension for the alert's group: of the group, else of the records if they agree."""
    fields = detection.group_by if detection else ()
    for group_field, value in zip(fields, alert.group, strict=False):
        if not isinstance(group_field, Derived) and str(group_field) == selector:
            return value
    evidence = alert.evidence
    known = {
        "$.recipientAccountId": evidence.accounts,
        "$.awsRegion": evidence.regions,
        "$.eventName": evidence.event_names,
        "$.sourceIPAddress": evidence.addresses,
    }.get(selector)
    values = list(known.values) if known else []
    return values[0] if len(values) == 1 else selector


def default_json(told: Notification) -> str:
    """The `default` body: compact JSON, AWS's keys in AWS's order, doubles as Java writes them."""
    trigger = told.trigger
    fields: list[tuple[str, object]] = [
        ("AlarmName", told.name),
        ("AlarmDescription", told.description),
        ("AWSAccountId", told.account),
    ]
    if isinstance(trigger, Watched):
        fields.append(("AlarmConfigurationUpdatedTimestamp", stamp(told.configured)))
    fields += [
        ("NewStateValue", told.new.value),
        ("NewStateReason", told.reason),
        ("StateChangeTime", stamp(told.at)),
        ("Region", long_name(told.region)),
        ("AlarmArn", told.arn),
    ]
    actions: list[tuple[str, object]] = [
        ("OKActions", list(told.ok_actions)),
        ("AlarmActions", list(told.alarm_actions)),
        ("InsufficientDataActions", list(told.insufficient_data_actions)),
    ]
    old, muted = ("OldStateValue", told.old.value), ("ActionExecutedAfterMuteWindow", False)
    if isinstance(trigger, Watched):
        return _object([*fields, old, muted, *actions, ("Trigger", _Raw(_watched_json(trigger)))])
    rule: list[tuple[str, object]] = [("AlarmRule", trigger.rule), ("TriggeringChildren", _children(trigger))]
    return _object([*fields, *actions, muted, old, *rule])


@dataclass(frozen=True, slots=True)
class _Raw:
    """JSON that is written already; `json` has no way to write a number as Java does."""

    text: str


def _object(fields: list[tuple[str, object]]) -> str:
    return "{" + ",".join(f"{_json(key)}:{_json(value)}" for key, value in fields) + "}"


def _json(value: object) -> str:
    return value.text if isinstance(value, _Raw) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _watched_json(trigger: Watched) -> str:
    spec = trigger.spec
    kind = "Statistic" if spec.statistic in _STATISTICS else "ExtendedStatistic"
    fields: list[tuple[str, object]] = [
        ("MetricName", trigger.metric),
        ("Namespace", trigger.namespace),
        ("StatisticType", kind),
        (kind, _STATISTICS.get(spec.statistic, spec.statistic)),
        ("Unit", spec.unit),
        ("Dimensions", [{"value": value, "name": name} for name, value in trigger.dimensions]),
        ("Period", spec.period),
        ("EvaluationPeriods", spec.evaluation_periods),
    ]
    if spec.datapoints_to_alarm is not None:
        fields.append(("DatapointsToAlarm", spec.datapoints_to_alarm))
    fields += [
        ("ComparisonOperator", spec.comparison_operator.value),
        ("Threshold", _Raw(java_double(float(spec.threshold)))),
        ("TreatMissingData", spec.treat_missing_data.value),
        ("EvaluateLowSampleCountPercentile", _few_samples(spec)),
    ]
    return _object(fields)


def _few_samples(spec: AlarmSpec) -> str:
    """Empty unless it was set; a setting that says the default counts as unset."""
    setting = spec.evaluate_low_sample_count_percentile
    return "" if setting == "evaluate" else setting


def _children(trigger: Composed) -> list[object]:
    return [
        {"Arn": child.arn, "State": {"Value": child.state.value, "Timestamp": stamp(child.at)}}
        for child in trigger.children[:_CHILDREN]
    ]


def subject(told: Notification) -> str:
    """At most 100 characters: the name gives way. A run of characters outside printable ASCII becomes one `_`."""
    start, end = f'{told.new.value}: "', f'" in {long_name(told.region)}'
    name = re.sub(r"[^\x20-\x7e]+", "_", told.name)
    return start + _cut(name, _SUBJECT - len(start) - len(end)) + end


def sms(told: Notification) -> str:
    """The sentence of the subject, with up to 90 characters of the name."""
    return f'{told.new.value}: "{_cut(told.name, _SMS_NAME)}" in {long_name(told.region)}'


def _cut(name: str, longest: int) -> str:
    return name if len(name) <= longest else name[: longest - 3] + "..."


def email_body(told: Notification) -> str:
    """The e-mail body, with the trailing blanks that AWS's has; SNS adds its footer itself."""
    return f"{_opening(told)}\n\n{_address(told)}\n\n{block(told)}\n\n{_actions(told)}\n"


def _opening(told: Notification) -> str:
    start = (
        f'You are receiving this email because your Amazon CloudWatch Alarm "{told.name}" in the '
        f"{long_name(told.region)} region has"
    )
    if isinstance(told.trigger, Composed):
        return f'{start} transitioned to {told.new.value} state on {amazon(told.at)}, because "{told.reason}".'
    return f'{start} entered the {told.new.value} state, because "{told.reason}" at "{amazon(told.at)}".'


def _address(told: Notification) -> str:
    console = f"https://{told.region}.{partition_of(told.region).console}/cloudwatch/deeplink.js"
    page = f"{console}?region={told.region}#alarmsV2:alarm/{quote(told.name, safe='')}"
    return f"View this alarm in the AWS Management Console:\n{page}"


def block(told: Notification) -> str:
    """The middle of the e-mail: Alarm Details, then Threshold and Monitored Metric, or the triggering children."""
    lines = ["Alarm Details:", _line("Name", told.name), _line("Description", told.description or "")]
    lines.append(_line("State Change", f"{told.old.value} -> {told.new.value}"))
    if isinstance(told.trigger, Composed):
        lines.append(_line("Alarm Rule", told.trigger.rule))
    lines += [_line("Reason for State Change", told.reason), _line("Timestamp", amazon(told.at))]
    lines += [_line("AWS Account", told.account), _line("Alarm Arn", told.arn), ""]
    if isinstance(told.trigger, Composed):
        lines.append("Triggering children (max. 10):")
        lines += [
            f"- {child.arn}   {child.state.value:<20}{amazon(child.at)}" for child in told.trigger.children[:_CHILDREN]
        ]
        return "\n".join(lines)
    return "\n".join([*lines, *_watched_lines(told.trigger), ""])


def _watched_lines(trigger: Watched) -> list[str]:
    spec = trigger.spec
    dimensions = " ".join(f"[{name} = {value}]" for name, value in trigger.dimensions)
    return [
        "Threshold:",
        f"- The alarm is in the ALARM state when the metric is {threshold(spec)}. ",
        "",
        "Monitored Metric:",
        _line("MetricNamespace", trigger.namespace, 39),
        _line("MetricName", trigger.metric, 39),
        _line("Dimensions", dimensions, 39),
        _line("Period", f"{spec.period} seconds", 39),
        _line("Statistic", spec.statistic, 39),
        _line("Unit", spec.unit or "not specified", 39),
        _line("TreatMissingData", spec.treat_missing_data.value, 39),
    ]


def threshold(spec: AlarmSpec) -> str:
    """When the alarm is in ALARM: `GreaterThanThreshold 50.0 for at least 1 of the last 1 period(s) of 300 seconds`."""
    compared = f"{spec.comparison_operator.value} {java_double(float(spec.threshold))} for"
    if spec.datapoints_to_alarm is None:
        return f"{compared} {spec.period * spec.evaluation_periods} seconds"
    periods = f"{spec.datapoints_to_alarm} of the last {spec.evaluation_periods} period(s)"
    return f"{compared} at least {periods} of {spec.period} seconds"


def _line(label: str, value: str, column: int = 30) -> str:
    return f"- {label}:".ljust(column) + value


def _actions(told: Notification) -> str:
    named = (
        ("OK", told.ok_actions),
        ("ALARM", told.alarm_actions),
        ("INSUFFICIENT_DATA", told.insufficient_data_actions),
    )
    lines = [f"- {state}: {' '.join(f'[{action}]' for action in actions)}" for state, actions in named]
    return "\n".join(["State Change Actions:", *lines])
