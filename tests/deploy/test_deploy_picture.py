"""The picture of a deployment is drawn from its templates: what is not deployed is not shown."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from deploy.wishes import wish
from vedette.deploy.picture import architecture
from vedette.deploy.reference import architecture_picture, example, permissions_page
from vedette.deploy.template import build
from vedette.deploy.wanted import ChannelWanted, ExistingTrail, Wanted

SVG = "{http://www.w3.org/2000/svg}"


def texts(drawn: str) -> list[str]:
    return [found.text or "" for found in ET.fromstring(drawn).iter(f"{SVG}text")]


def draw(wanted: Wanted) -> str:
    return architecture(build(wanted), wanted)


def test_the_numbers_are_those_of_the_templates() -> None:
    here = [stack.template["Resources"] for stack in build(example()).stacks if not stack.region]
    made = Counter(one["Type"] for resources in here for one in resources.values())  # type: ignore[attr-defined]
    shown = texts(architecture_picture())
    for number, words in (
        (made["AWS::Logs::MetricFilter"], "metric filters"),
        (made["AWS::CloudWatch::Alarm"], "alarms"),
        (made["AWS::CloudWatch::CompositeAlarm"], "roll-up alarms"),
        (made["AWS::Events::Rule"], "event rules"),
        (made["AWS::SNS::Topic"], "SNS topics"),
    ):
        assert f"{number} {words}" in shown
    assert "of 4 regions, in seconds" in shown
    assert "and a stack in ap-southeast-2, eu-north-1 and us-east-2, of event rules that forward" in shown
    assert {"e-mail, SMS", "slack", "storyteller", "KMS key", "dashboard"} <= set(shown)


@pytest.mark.parametrize(
    ("more", "gone"),
    [
        ({"storyteller": False}, "storyteller"),
        ({"storyteller": False}, "channels"),
        ({"key": False}, "KMS key"),
        ({"dashboard": False}, "dashboard"),
        ({"trail": ExistingTrail("t", "arn:aws:cloudtrail:eu-west-1:111122223333:trail/t", "/g", "b")}, "S3 bucket"),
    ],
)
def test_what_is_left_out_is_not_drawn(more: dict[str, object], gone: str) -> None:
    channels = (ChannelWanted("slack", "slack", "secret://aws/vedette/slack#url"),)
    base = {"channels": channels, "code": ("b", "k", "0" * 64)}
    assert gone in texts(draw(wish("root-login", **base)))
    assert gone not in texts(draw(wish("root-login", **(base | more))))


def test_no_box_lies_on_another_and_none_outside() -> None:
    root = ET.fromstring(architecture_picture())
    width, height = map(int, root.attrib["viewBox"].split()[2:])
    places = [(int(box.attrib["x"]), int(box.attrib["y"])) for box in root.iter(f"{SVG}rect")]
    assert len(set(places)) == len(places)
    assert all(0 <= x <= width - 150 and 0 <= y <= height - 62 for x, y in places)


def test_names_are_escaped_and_the_same_wish_gives_the_same_picture() -> None:
    wanted = wish("root-login", channels=(ChannelWanted("a&b", "slack", "secret://aws/x"),), code=("b", "k", "0" * 64))
    assert draw(wanted) == draw(wanted)
    assert not re.search(r"&(?!amp;|lt;|gt;|quot;|#x27;)", draw(wanted))


def test_the_page_of_permissions_names_every_command() -> None:
    page = permissions_page("")
    assert page.count("\n## `vedette ") == 10
    assert "| read filters and alarms and who hears of them | `logs:DescribeMetricFilters` |" in page
