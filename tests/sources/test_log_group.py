"""A log group as a source: from a cursor, with an overlap, each event once."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from sources.clocks import Stopped
from sources.cloud import NOW, Cloud, drain, names, read
from vedette.aws import AwsClient, AwsError, Failure
from vedette.sources.logs import LogGroup
from vedette.sources.port import PoisonError

MS = 1_000


def message(name: str) -> str:
    return json.dumps({"eventName": name})


def source_of(cloud: Cloud, group: str, **given: object) -> LogGroup:
    return LogGroup("logs", cloud.logs, group, NOW - 600, **{"overlap": 60, **given})  # type: ignore[arg-type]


def events_of(source: LogGroup, now: int = NOW) -> list[str]:
    found: list[str] = []
    for item in source.poll(now):
        found += [json.loads(line)["eventName"] for line in read(item).splitlines()]
        item.ack()
    return found


@pytest.fixture(autouse=True)
def _present(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server takes no events that are two weeks old or of the future: its clock is that of the tests."""
    now = dt.datetime.fromtimestamp(NOW + 900, dt.UTC).replace(tzinfo=None)
    monkeypatch.setattr("moto.logs.models.utcnow", lambda: now)


def test_events_since_a_time_come_once(cloud: Cloud) -> None:
    group = cloud.log_group(
        ((NOW - 700) * MS, message("old")), ((NOW - 500) * MS, message("a")), (NOW * MS, message("b"))
    )
    source = source_of(cloud, group)
    assert events_of(source) == ["a", "b"]
    assert events_of(source) == []
    cloud.log(group, ((NOW + 60) * MS, message("c")), stream="111122223333_CloudTrail_us-east-1")
    assert events_of(source) == ["c"]


def test_events_that_come_late_are_found_within_the_overlap(cloud: Cloud) -> None:
    group = cloud.log_group((NOW * MS, message("a")))
    source = source_of(cloud, group)
    assert events_of(source) == ["a"]
    cloud.logs.call("create_log_stream", logGroupName=group, logStreamName="other")
    cloud.log(group, ((NOW - 120) * MS, message("too late")), ((NOW - 30) * MS, message("late")), stream="other")
    assert events_of(source) == ["late"]


def test_a_group_is_named_by_its_arn_too_and_streams_are_chosen(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    def pages(self: AwsClient, method: str, **parameters: object) -> list[dict[str, object]]:
        asked.update(parameters)
        return []

    monkeypatch.setattr(AwsClient, "pages", pages)
    arn = "arn:aws:logs:us-east-1:111122223333:log-group:trail"
    assert list(source_of(cloud, arn + ":*", stream_prefix="1111").poll(NOW)) == []
    assert asked == {"logGroupIdentifier": arn, "startTime": (NOW - 660) * MS, "logStreamNamePrefix": "1111"}


def test_the_cursor_passes_nothing_and_a_restart_goes_on_there(cloud: Cloud) -> None:
    group = cloud.log_group(((NOW - 300) * MS, message("a")), (NOW * MS, message("b")))
    source = source_of(cloud, group)
    assert source.cursor == str((NOW - 600) * MS)
    (item,) = source.poll(NOW)
    assert source.cursor == str((NOW - 300) * MS)
    item.ack()
    assert source.cursor == str(NOW * MS)
    again = source_of(cloud, group, given=source.cursor)
    assert events_of(again) == ["b"]


def test_a_quiet_groups_cursor_goes_on(cloud: Cloud) -> None:
    source = source_of(cloud, cloud.log_group())
    assert events_of(source, NOW + 86_400) == []
    assert source.cursor == str((NOW + 86_400 - 3_600) * MS)


def test_what_nobody_answered_for_comes_again_under_the_same_name(cloud: Cloud) -> None:
    clock = Stopped()
    group = cloud.log_group((NOW * MS, message("a")))
    source = source_of(cloud, group, lease=60.0, clock=clock)
    (item,) = source.poll(NOW)
    item.extend(90)
    clock += 89
    assert list(source.poll(NOW)) == []
    clock += 1
    (again,) = source.poll(NOW)
    assert again.name == item.name
    again.reject("broken")
    clock += 100
    assert list(source.poll(NOW)) == []


def test_an_item_is_fetched_again_by_its_name(cloud: Cloud) -> None:
    group = cloud.log_group((NOW * MS, message("a")), ((NOW + 1) * MS, "two\nlines"), ((NOW + 9) * MS, message("b")))
    source = source_of(cloud, group)
    (item,) = source.poll(NOW)
    assert read(source.fetch(item.name)) == read(item)
    assert read(item).splitlines()[1] == b"two lines"
    assert item.delivered == NOW + 9
    assert names([source.fetch(item.name)]) == [item.name]
    for other in ("logs://elsewhere/1-2-0123456789abcdef", "s3://a/b"):
        with pytest.raises(PoisonError, match="is not of the log group"):
            source.fetch(other)


def test_pages_are_objects(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    group = cloud.log_group(*(((NOW + number) * MS, message(f"e{number}")) for number in range(5)))
    original = AwsClient.pages

    def pages(self: AwsClient, method: str, **parameters: object) -> object:
        return original(self, method, **parameters, PaginationConfig={"PageSize": 2})

    monkeypatch.setattr(AwsClient, "pages", pages)
    assert len(drain(source_of(cloud, group))) == 3


def test_a_group_that_is_not_there_is_told(cloud: Cloud) -> None:
    with pytest.raises(AwsError) as caught:
        list(source_of(cloud, "nowhere").poll(NOW))
    assert (caught.value.failure, caught.value.action) == (Failure.MISSING, "logs:FilterLogEvents")
