"""The architecture as a picture: an SVG drawn from the stacks of a deployment, so that it shows what is deployed.

A pure function: a box stands for each kind of thing that the templates hold, with how many there are, and an arrow is
drawn where both its ends are there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from vedette.alerts.words import joined
from vedette.deploy.deployment import Deployment
from vedette.deploy.wanted import Wanted

_WIDE, _HIGH, _GAP, _LINE = 150, 62, 34, 104
_LEFT, _TOP = 16, 64
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2933; }
  .name { font-weight: 600; } .small { font-size: 11px; fill: #52606d; } .title { font-size: 15px; font-weight: 600; }
  rect { fill: #f5f7fa; stroke: #7b8794; rx: 6px; } .far rect { fill: none; stroke-dasharray: 4 3; }
  path { fill: none; stroke: #7b8794; stroke-width: 1.4; marker-end: url(#tip); } #tip path { fill: #7b8794; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e7eb; } .small { fill: #9aa5b1; } rect { fill: #1f2933; } .far rect { fill: none; }
  }"""


@dataclass(frozen=True, slots=True)
class _Box:
    """A thing of the picture: column, row, and two lines of text. A far one is not Vedette's."""

    column: int
    row: int
    name: str
    small: str
    far: bool = False

    @property
    def x(self) -> int:
        return _LEFT + self.column * (_WIDE + _GAP)

    @property
    def y(self) -> int:
        return _TOP + self.row * _LINE

    def draw(self) -> str:
        kind = ' class="far"' if self.far else ""
        return (
            f'<g{kind}><rect x="{self.x}" y="{self.y}" width="{_WIDE}" height="{_HIGH}"/>'
            f'<text class="name" x="{self.x + 12}" y="{self.y + 26}">{escape(self.name)}</text>'
            f'<text class="small" x="{self.x + 12}" y="{self.y + 45}">{escape(self.small)}</text></g>'
        )


_ARROWS = (
    *("account trail", "trail bucket", "trail group", "group filters", "filters alarms", "alarms topics"),
    *("alarms composites", "topics people", "account rules", "rules topics", "alarms storyteller"),
    *("storyteller channels", "secrets storyteller", "group storyteller", "filters dashboard"),
)
"""What leads to what."""


def architecture(deployment: Deployment, wanted: Wanted) -> str:
    """The picture as the text of an SVG file."""
    boxes = dict(_boxes(deployment, wanted))
    drawn = [_arrow(boxes[start], boxes[end]) for start, end in map(str.split, _ARROWS) if {start, end} <= boxes.keys()]
    drawn += [box.draw() for box in boxes.values()]
    width = _LEFT * 2 + 6 * _WIDE + 5 * _GAP
    height = _TOP + 3 * _LINE
    tip = '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            "<title>What `vedette deploy` puts into an AWS account</title>",
            f"<style>{_STYLE}\n</style>",
            f'<defs>{tip}<path d="M0 0L8 4L0 8z"/></marker></defs>',
            f'<text class="title" x="{_LEFT}" y="28">{escape(_heading(deployment))}</text>',
            *(
                f'<text class="small" x="{_LEFT}" y="45">{escape(text)}</text>'
                for text in [_beside(deployment)]
                if text
            ),
            *drawn,
            "</svg>\n",
        ]
    )


def _heading(deployment: Deployment) -> str:
    named = ", ".join(stack.name for stack in deployment.stacks if not stack.region)
    here = sum(not stack.region for stack in deployment.stacks)
    return f"{len(deployment.placed)} detections in {here} stacks: {named}"


def _beside(deployment: Deployment) -> str:
    """What stands in other regions."""
    regions = _regions(deployment)
    return f"and a stack in {joined(regions)}, of event rules that forward" if regions else ""


def _regions(deployment: Deployment) -> list[str]:
    return sorted({stack.region for stack in deployment.stacks if stack.region})


def _boxes(deployment: Deployment, wanted: Wanted) -> Iterator[tuple[str, _Box]]:
    """The things that are there, by name; the account and the people always are."""
    many = Counter(
        str(one.get("Type")) for stack in deployment.stacks if not stack.region for one in _resources(stack.template)
    )
    regions = len(_regions(deployment))
    yield "account", _Box(0, 1, "your account", "every region", far=True)
    yield "people", _Box(5, 1, "people", _told(wanted), far=True)
    if not many["AWS::CloudTrail::Trail"]:
        yield "trail", _Box(1, 1, "a trail", "that is there already", far=True)
    found = (
        ("trail", 1, 1, "AWS::CloudTrail::Trail", "CloudTrail trail", "all regions, validated"),
        ("bucket", 1, 2, "AWS::S3::Bucket", "S3 bucket", "closed, encrypted"),
        ("group", 2, 1, "AWS::Logs::LogGroup", "log group", f"kept {wanted.retention_days} days"),
        ("key", 2, 2, "AWS::KMS::Key", "KMS key", "for logs and topics"),
        ("filters", 3, 1, "AWS::Logs::MetricFilter", "{} metric filters", "one for a detection"),
        (
            "rules",
            1,
            0,
            "AWS::Events::Rule",
            "{} event rules",
            f"of {regions + 1} regions, in seconds" if regions else "tell within seconds",
        ),
        ("alarms", 4, 1, "AWS::CloudWatch::Alarm", "{} alarms", "by severity to topics"),
        ("composites", 4, 0, "AWS::CloudWatch::CompositeAlarm", "{} roll-up alarms", "one over a severity"),
        ("dashboard", 3, 2, "AWS::CloudWatch::Dashboard", "dashboard", "every alarm"),
        ("storyteller", 4, 2, "AWS::Lambda::Function", "storyteller", "who, whence, what now"),
    )
    for name, column, row, kind, text, small in found:
        if many[kind]:
            yield name, _Box(column, row, text.format(many[kind]), small)
    topics = many["AWS::SNS::Topic"]
    yield "topics", _Box(5, 0, f"{topics} SNS topics", "by severity")
    if wanted.channels and many["AWS::Lambda::Function"]:
        kinds = ", ".join(dict.fromkeys(channel.kind for channel in wanted.channels))
        yield "channels", _Box(5, 2, "channels", kinds, far=True)


def _resources(template: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    found = template.get("Resources")
    yield from found.values() if isinstance(found, Mapping) else ()


def _told(wanted: Wanted) -> str:
    words = {"email": "e-mail", "sms": "SMS", "https": "HTTPS", "sqs": "queues"}
    return ", ".join(dict.fromkeys(words[one.protocol] for one in wanted.subscriptions)) or "nobody subscribed yet"


def _arrow(start: _Box, end: _Box) -> str:
    """An arrow: straight where boxes are neighbours, else bent in the space between rows, or above all of them."""
    if start.row == end.row and end.column - start.column > 1:
        x, to_x, over = start.x + _WIDE // 2, end.x + _WIDE // 2, start.y - 14
        return f'<path d="M{x} {start.y}V{over}H{to_x}V{end.y - 3}"/>'
    if start.row == end.row:
        y = start.y + _HIGH // 2
        return f'<path d="M{start.x + _WIDE} {y}H{end.x - 3}"/>'
    down = end.row > start.row
    x, y = start.x + _WIDE // 2, start.y + (_HIGH if down else 0)
    to_x, to_y = end.x + _WIDE // 2, end.y + (-3 if down else _HIGH + 3)
    if start.column == end.column:
        return f'<path d="M{x} {y}V{to_y}"/>'
    shift = 20 if start.column < end.column else -20
    middle = (y + to_y) // 2
    return f'<path d="M{x + shift} {y}V{middle}H{to_x - shift}V{to_y}"/>'
