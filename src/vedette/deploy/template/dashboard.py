"""The dashboard: what rings now, what was counted, and whether the machinery is well.

CloudFormation takes any text for a dashboard's body, so that `problems` judges it: a widget that CloudWatch does not
know, or an alarm that nobody made, would show as an empty frame only.
Source: CloudWatch API reference, "Dashboard body structure and syntax".
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from vedette.deploy import names
from vedette.deploy.template.values import Json, Resources, portable, text_of
from vedette.deploy.template.wording import worded
from vedette.deploy.wanted import Wanted
from vedette.detections.definition import Detection, Severity

WIDTH: Final = 24
MAX_ALARMS: Final = 100
MAX_METRICS: Final = 500
_KNOWN: Final = ("alarm", "metric", "text", "log")
_COLOURS: Final = {
    Severity.CRITICAL: "#7d2105", Severity.HIGH: "#d13212", Severity.MEDIUM: "#ff7f0e", Severity.LOW: "#1f77b4",
    Severity.INFORMATIONAL: "#7f7f7f",
}  # fmt: skip


def add_dashboard(
    wanted: Wanted,
    alarms: Sequence[Detection],
    metrics: Sequence[Detection],
    roll_ups: Sequence[str],
    resources: Resources,
) -> None:
    """The dashboard over the alarms that tell somebody, most severe first."""
    body: Json = {"widgets": list(_placed(_widgets(wanted, alarms, metrics, roll_ups)))}
    properties: dict[str, Json] = {
        "DashboardName": portable(wanted, names.dashboard_name(wanted)),
        "DashboardBody": portable(wanted, text_of(body)),
    }
    resources.add("Dashboard", "AWS::CloudWatch::Dashboard", properties)


_Widget = tuple[str, int, int, Mapping[str, Json]]


def _widgets(
    wanted: Wanted, alarms: Sequence[Detection], metrics: Sequence[Detection], roll_ups: Sequence[str]
) -> Iterator[_Widget]:
    yield "text", 24, 2, {
        "markdown": f"# {wanted.name}\nAlarms by severity, and what was counted. `vedette deploy status` says whether "
        "everything is as it was deployed."
    }  # fmt: skip
    ours = [names.undelivered_alarm_name(wanted)]
    if wanted.storyteller:
        ours.append(names.storyteller_alarm_name(wanted))
    yield "alarm", 24, 3, _alarms(wanted, "Overview", [*roll_ups, *ours])
    for severity in sorted(Severity, reverse=True):
        of_it = [names.alarm_name(wanted, one.id) for one in alarms if one.severity is severity]
        for start in range(0, len(of_it), MAX_ALARMS):
            part = of_it[start : start + MAX_ALARMS]
            height = 2 + (len(part) + 3) // 4
            yield "alarm", 24, min(height, 30), _alarms(wanted, severity.value.capitalize(), part)
    for title, counted in _graphs(wanted, metrics):
        yield "metric", 12, 6, _graph(wanted, title, counted)


def _graphs(wanted: Wanted, metrics: Sequence[Detection]) -> Iterator[tuple[str, Sequence[Json]]]:
    """What was counted, by severity, then how much arrives and how the function does."""
    for severity in sorted(Severity, reverse=True):
        if counted := [_count(one) for one in metrics if one.severity is severity][:MAX_METRICS]:
            yield f"Counted: {severity.value}", counted
    group = names.log_group_name(wanted)
    yield "Records that arrive", [["AWS/Logs", "IncomingLogEvents", "LogGroupName", group, {"color": "#2ca02c"}]]
    if wanted.storyteller:
        function = names.function_name(wanted)
        failed = {"color": _COLOURS[Severity.HIGH]}
        yield "Storyteller", [
            ["AWS/Lambda", "Invocations", "FunctionName", function],
            ["AWS/Lambda", "Errors", "FunctionName", function, failed],
        ]  # fmt: skip


def _alarms(wanted: Wanted, title: str, alarms: Sequence[str]) -> Mapping[str, Json]:
    return {"title": title, "alarms": [_alarm(wanted, name) for name in alarms]}


def _alarm(wanted: Wanted, name: str) -> str:
    return f"arn:{wanted.partition}:cloudwatch:{wanted.region}:{wanted.account}:alarm:{name}"


def _count(detection: Detection) -> Json:
    assert detection.metric is not None
    return [detection.metric.namespace, detection.metric.name, {"label": worded(detection.title)}]


def _graph(wanted: Wanted, title: str, metrics: Sequence[Json]) -> Mapping[str, Json]:
    return {
        "title": title,
        "region": wanted.region,
        "view": "timeSeries",
        "stacked": False,
        "stat": "Sum",
        "period": 300,
        "metrics": metrics,
    }


def _placed(widgets: Iterator[_Widget]) -> Iterator[Json]:
    """The widgets with their places: from left to right, a new row where one does not fit."""
    x = y = row = 0
    for kind, width, height, properties in widgets:
        if x + width > WIDTH:
            x, y, row = 0, y + row, 0
        yield {"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties}
        x, row = x + width, max(row, height)


def problems(body: str, alarms: Collection[str], metrics: Collection[tuple[str, str]]) -> list[str]:
    """What CloudWatch would refuse or show empty; `alarms` are ARNs, `metrics` (namespace, name) of our own."""
    try:
        widgets = json.loads(body)["widgets"]
    except (ValueError, KeyError, TypeError):
        return ["the body is no JSON object with widgets"]
    found: list[str] = []
    for number, widget in enumerate(widgets):
        found += [f"widget {number}: {problem}" for problem in _problems(widget, alarms, metrics)]
    return found


def _problems(
    widget: Mapping[str, object], alarms: Collection[str], metrics: Collection[tuple[str, str]]
) -> Iterator[str]:
    kind, properties = widget.get("type"), widget.get("properties")
    if kind not in _KNOWN:
        yield f"no widget is called `{kind}`"
    if not isinstance(properties, Mapping):
        yield "no properties"
        return
    x, width = widget.get("x"), widget.get("width")
    if not (isinstance(x, int) and isinstance(width, int) and x >= 0 and width >= 1 and x + width <= WIDTH):
        yield f"wider than {WIDTH} columns"
    named = properties.get("alarms", [])
    listed = properties.get("metrics", [])
    if kind == "alarm":
        if not isinstance(named, list) or not 1 <= len(named) <= MAX_ALARMS:
            yield f"an alarm widget shows from 1 to {MAX_ALARMS} alarms"
            return
        yield from (f"no alarm `{name}`" for name in named if name not in alarms)
    if kind == "metric":
        if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_METRICS or "region" not in properties:
            yield f"a metric widget has a region, and shows from 1 to {MAX_METRICS} metrics"
            return
        for metric in listed:
            if not str(metric[0]).startswith("AWS/") and (metric[0], metric[1]) not in metrics:
                yield f"no metric `{metric[0]}` `{metric[1]}`"
