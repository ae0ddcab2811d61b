"""Objects that are found by listing: from a time, in CloudTrail's layout, with a cursor that passes nothing."""

from __future__ import annotations

import json

import pytest

from sources.clocks import Stopped
from sources.cloud import NOW, Cloud, drain, key_at, names, read
from vedette.aws import AwsClient, AwsError, Failure
from vedette.sources.listing import ListedBucket
from vedette.sources.port import PoisonError

HOUR = 3_600


def source_of(cloud: Cloud, **given: object) -> ListedBucket:
    return ListedBucket("trail", cloud.s3, cloud.bucket, NOW - HOUR, **{"overlap": 600, **given})  # type: ignore[arg-type]


def folder(account: str = "111122223333", region: str = "us-east-1", top: str = "") -> str:
    return f"{top}AWSLogs/{account}/CloudTrail/{region}/"


def test_files_since_a_time_come_in_their_order(cloud: Cloud) -> None:
    cloud.put(key_at(NOW - 3 * HOUR))
    # The overlap reaches behind the beginning, so that a restart at the same time would miss nothing either.
    found = [cloud.put(key_at(NOW - seconds)) for seconds in (HOUR + 300, HOUR, 1_800, 0)]
    assert drain(source_of(cloud)) == found


def test_what_comes_later_is_found_and_nothing_comes_twice(cloud: Cloud) -> None:
    source = source_of(cloud)
    first = cloud.put(key_at(NOW - 60))
    assert drain(source) == [first]
    assert drain(source) == []
    late = cloud.put(key_at(NOW - 300, "LATE000000000000"))
    same_minute = cloud.put(key_at(NOW - 60, "AAAA000000000000"))
    after = cloud.put(key_at(NOW + 60))
    too_late = cloud.put(key_at(NOW - 1_200))
    assert drain(source) == [late, same_minute, after]
    assert too_late not in drain(source)


def test_every_account_and_region_is_listed(cloud: Cloud) -> None:
    top = "audit/"
    found = {
        cloud.put(key_at(NOW, account=account, region=region, top=top))
        for account in ("111122223333", "444455556666")
        for region in ("us-east-1", "eu-central-1")
    }
    cloud.put(key_at(NOW))
    assert set(drain(source_of(cloud, prefix="audit"))) == found
    assert set(drain(source_of(cloud, prefix="/audit/", accounts=("444455556666",), regions=("eu-central-1",)))) == {
        name for name in found if "444455556666" in name and "eu-central-1" in name
    }


def test_an_organisations_layout_is_known(cloud: Cloud) -> None:
    key = key_at(NOW).replace("AWSLogs/", "AWSLogs/o-exampleorg/")
    name = cloud.put(key)
    assert drain(source_of(cloud)) == [name]


def test_digests_and_other_things_are_not_listed(cloud: Cloud) -> None:
    digest = key_at(NOW).replace("CloudTrail", "CloudTrail-Digest")
    cloud.put(digest)
    cloud.put(folder() + "2026/11/21/notes.txt")
    name = cloud.put(key_at(NOW))
    assert drain(source_of(cloud)) == [name]


def test_an_empty_bucket_has_nothing(cloud: Cloud) -> None:
    source = source_of(cloud)
    assert drain(source) == []
    assert source.cursor == ""


def test_the_cursor_never_passes_what_is_not_acknowledged(cloud: Cloud) -> None:
    moments = [NOW - 1_800, NOW - 1_200, NOW - 600]
    for moment in moments:
        cloud.put(key_at(moment))
    source = source_of(cloud)
    first, second, third = source.poll(NOW)
    assert json.loads(source.cursor) == {folder(): moments[0]}
    third.ack()
    first.ack()
    assert json.loads(source.cursor) == {folder(): moments[1]}
    second.reject("broken")
    assert json.loads(source.cursor) == {folder(): moments[2]}


def test_a_restart_goes_on_at_the_cursor(cloud: Cloud) -> None:
    for moment in (NOW - 1_800, NOW):
        cloud.put(key_at(moment))
    source = source_of(cloud)
    drain(source)
    again = source_of(cloud, given=source.cursor)
    assert again.cursor == source.cursor
    assert drain(again) == [f"s3://{cloud.bucket}/{key_at(NOW)}"]
    assert again.cursor == source.cursor


@pytest.mark.parametrize("given", ["[1]", "not JSON", '{"x": "y"}', ""])
def test_a_cursor_that_is_none_begins_at_the_time_that_was_set(cloud: Cloud, given: str) -> None:
    name = cloud.put(key_at(NOW - HOUR))
    assert drain(source_of(cloud, given=given)) == [name]


def test_what_nobody_answered_for_comes_again_after_its_lease(cloud: Cloud) -> None:
    clock = Stopped()
    source = source_of(cloud, lease=60.0, clock=clock)
    name = cloud.put(key_at(NOW))
    (item,) = source.poll(NOW)
    item.extend(90)
    clock += 60
    assert list(source.poll(NOW)) == []
    clock += 30
    assert names(source.poll(NOW)) == [name]


def test_a_new_region_is_discovered_in_time(cloud: Cloud) -> None:
    clock = Stopped()
    source = source_of(cloud, clock=clock)
    first = cloud.put(key_at(NOW))
    assert drain(source) == [first]
    second = cloud.put(key_at(NOW, region="eu-west-1"))
    assert drain(source) == []
    clock += 600
    assert drain(source) == [second]


def test_more_files_than_a_page_holds_come_one_page_at_a_time(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        cloud.put(key_at(NOW - 60 * number))
    asked: list[str] = []
    original = AwsClient.pages

    def pages(self: AwsClient, method: str, **parameters: object) -> object:
        if "StartAfter" in parameters:
            parameters["PaginationConfig"] = {"PageSize": 3}
        for page in original(self, method, **parameters):
            asked.append(method)
            yield page

    monkeypatch.setattr(AwsClient, "pages", pages)
    items = source_of(cloud).poll(NOW)
    next(items)
    pages_before = len(asked)
    assert len(list(items)) == 6
    assert len(asked) == pages_before + 2


def test_an_item_is_downloaded_and_fetched_by_its_name(cloud: Cloud) -> None:
    name = cloud.put(key_at(NOW), b"data")
    source = source_of(cloud)
    (item,) = source.poll(NOW)
    assert (item.size, item.delivered, read(item)) == (4, NOW, b"data")
    assert read(source.fetch(name)) == b"data"
    with pytest.raises(PoisonError):
        source.fetch("sqs://queue/id")


def test_a_bucket_that_is_not_there_is_told(cloud: Cloud) -> None:
    source = ListedBucket("trail", cloud.s3, f"other-{cloud.id}", NOW)
    with pytest.raises(AwsError) as caught:
        list(source.poll(NOW))
    assert (caught.value.failure, caught.value.action) == (Failure.MISSING, "s3:ListBucket")
