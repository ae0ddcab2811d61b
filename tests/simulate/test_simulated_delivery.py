"""Delivery: names, delays, disorder, duplicates."""

from __future__ import annotations

import gzip
import json
import re
import statistics
from collections import Counter, defaultdict
from datetime import UTC, datetime
from random import Random

import pytest

from vedette.cloudtrail.object_key import ObjectKey
from vedette.simulate import delivery, generate
from vedette.simulate.acts import Written
from vedette.simulate.company import found

KEY = re.compile(
    r"AWSLogs/(\d{12})/CloudTrail/([a-z0-9-]+)/(\d{4})/(\d\d)/(\d\d)/"
    r"\1_CloudTrail_\2_\3\4\5T\d\d[0-5][05]Z_[A-Za-z0-9]{16}\.json\.gz"
)


def _epoch(text: str, form: str) -> int:
    return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())


def test_keys_are_laid_out_as_in_a_bucket(attack_files):
    assert all(KEY.fullmatch(file.key) for file in attack_files)
    assert len({file.key for file in attack_files}) == len(attack_files)


def test_keys_are_read_by_the_reader_of_keys(attack_files):
    for file in attack_files[:50]:
        key = ObjectKey.parse(file.key)
        assert key is not None
        assert key.account == file.key.split("/")[1]


def test_delays_are_those_that_were_measured(attack_files):
    """Spec 5.5: name time − eventTime "min 3 s, p10 96 s, median 200 s, p90 419 s, … max 594 s"."""
    seen, delays = set(), []
    for file in attack_files:
        due = _epoch(file.key.split("_")[3], "%Y%m%dT%H%MZ")
        for record in json.loads(gzip.decompress(file.data))["Records"]:
            if record["eventID"] not in seen:
                delays.append(due - _epoch(record["eventTime"], "%Y-%m-%dT%H:%M:%SZ"))
            seen.add(record["eventID"])
    assert 3 <= min(delays) <= 20
    assert max(delays) <= 600
    assert 180 <= statistics.median(delays) <= 240
    assert 340 <= statistics.quantiles(delays, n=10)[-1] <= 450


def test_records_are_not_in_order(attack_files):
    """Spec 5.5: "not sorted"."""
    largest = max(attack_files, key=lambda file: file.records)
    times = [record["eventTime"] for record in json.loads(gzip.decompress(largest.data))["Records"]]
    assert times != sorted(times)


def test_duplicates_are_rare_counted_and_in_a_later_file(day):
    """Spec 5.5: "you may receive log files that contain one or more duplicate events … the same eventID"."""
    files = list(generate("quiet-day", day=day, records=20_000))
    where = defaultdict(list)
    for file in files:
        for event in re.findall(rb'"eventID":"([^"]+)"', gzip.decompress(file.data)):
            where[event].append(file.key)
    again = [keys for keys in where.values() if len(keys) > 1]
    assert all(len(set(keys)) == 2 for keys in again)
    assert len(again) == sum(file.duplicates for file in files)
    assert 1 <= len(again) <= 40
    assert len(where) == sum(file.records for file in files)


def test_a_duplicate_is_the_same_record_in_another_file():
    mail = delivery.Mail(found(1, ("111122223333",), 0))
    record = Written(1_000, "111122223333", "eu-west-1", '{"eventID":"a"}', {"step": "x"})
    mail.post(record, _Always(0.0))
    first, second = mail.deliver(before=10_000)
    assert (first.records, first.duplicates, second.records, second.duplicates) == (1, 0, 0, 1)
    assert first.key < second.key
    assert first.truth == ({"step": "x", "object_key": first.key},)
    assert second.truth == ()


class _Always(Random):
    def __init__(self, value):
        super().__init__(0)
        self.value = value

    def random(self):
        return self.value


@pytest.mark.parametrize("wait", [0.0, 0.5, 0.999999])
def test_no_record_waits_for_longer_than_six_hundred_seconds(wait):
    assert 3 <= delivery.delay(_Always(wait)) <= 600 - delivery.PERIOD


def test_a_file_holds_no_more_than_its_share():
    mail = delivery.Mail(found(1, ("111122223333",), 0))
    for number in range(delivery.MOST_RECORDS + 1):
        mail.post(Written(1_000, "111122223333", "eu-west-1", f'{{"eventID":"{number}"}}'), _Always(0.5))
    assert [file.records for file in mail.deliver(before=10_000)] == [delivery.MOST_RECORDS, 1]


def test_nothing_is_delivered_before_its_time():
    mail = delivery.Mail(found(1, ("111122223333",), 0))
    mail.post(Written(1_000, "111122223333", "eu-west-1", "{}"), _Always(0.5))
    assert list(mail.deliver(before=1_200)) == []
    assert len(list(mail.deliver(before=1_201))) == 1


def test_gzip_carries_no_time(attack_files):
    """Same seed, same bytes: the header's modification time is 0."""
    assert Counter(file.data[4:8] for file in attack_files) == {b"\0\0\0\0": len(attack_files)}
