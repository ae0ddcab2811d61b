"""What is read, what is passed over, and what of it counts."""

from __future__ import annotations

import gc
import io
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.making import alarm
from app.logs import EACH, NOON, READ, SILENCE, TODAY, asking, lines, log_file, put, record, scanned
from vedette.alerts.assembly import Assembly
from vedette.app import ScanOptions, Window, open_inputs, scan
from vedette.app.scan import OTHER_GROUPS
from vedette.cloudtrail.body import Malformed
from vedette.cloudtrail.limits import Limits
from vedette.detections.definition import Derived, Metric
from vedette.engine.fold import MAX_GROUPS
from vedette.errors import NothingToDoError
from vedette.sources.files import FileObject, Unreadable

HOUR = 3_600


def key(minute: int) -> str:
    """A log file delivered so many minutes after ten o'clock."""
    return (
        f"111122223333_CloudTrail_us-east-1_20261121T{10 + minute // 60:02}{minute % 60:02}Z_AbCdEfGhIjKlMnOp.json.gz"
    )


def test_the_window_holds_its_start_and_not_its_end(tmp_path: Path) -> None:
    put(tmp_path / "log.json", log_file(record(n, 10 * n) for n in range(6)))
    report = scanned(tmp_path, window=Window(NOON + 600, NOON + 1800))
    assert (report.outside, report.tally.matched, report.tally.unmatched) == (4, 2, 4)
    assert (report.first, report.last) == (NOON + 600, NOON + 1200)
    assert scanned(tmp_path, window=Window(since=NOON + 1)).outside == 1
    assert scanned(tmp_path, window=Window(until=NOON)).outside == 6
    assert scanned(tmp_path).outside == 0


def test_objects_delivered_before_the_window_are_not_read(tmp_path: Path) -> None:
    """No record is older than its delivery; the name of the object tells its minute."""
    put(tmp_path / key(0), log_file([record(0, -4)]))
    put(tmp_path / key(29), log_file([record(1, 29.99)]))
    put(tmp_path / key(30), log_file([record(2, 28), record(3, 30)]))
    put(tmp_path / "old-but-unnamed.json", log_file([record(4, -60)]))
    report = scanned(tmp_path, window=Window(since=NOON + 30 * 60))
    assert (report.objects, report.older, report.read) == (4, 2, 2)
    assert [alert.evidence.count for alert in report.alerts] == [1]
    minute_not_over = scanned(tmp_path, window=Window(since=NOON + 30 * 60 - 1))
    assert (minute_not_over.older, minute_not_over.assembly.alerted) == (1, 2)


def test_what_cannot_be_found_is_never_older(tmp_path: Path) -> None:
    put(tmp_path / key(90), log_file([record(0, 90)]))
    (tmp_path / key(0)).symlink_to(tmp_path / "nowhere")
    report = scanned(tmp_path, window=Window(since=NOON + HOUR))
    assert (report.older, report.unreadable, report.read) == (0, 1, 1)


def test_records_outside_the_window_give_no_default_datapoint(tmp_path: Path) -> None:
    """A metric's default counts the records that do not match; outside the window none counts."""
    counting = replace(SILENCE, metric=Metric("Vedette", "Stops", default=1.0), alarm=alarm(threshold=3))
    put(tmp_path / "log.json", log_file([*(record(n) for n in range(5)), record(5, 1, eventName="StopLogging")]))
    (whole,) = scanned(tmp_path, detections=[counting]).alerts
    assert whole.evidence.count == 1
    late = scanned(tmp_path, detections=[counting], window=Window(since=NOON + 60))
    assert (late.alerts, late.outside, late.assembly.below_threshold) == ((), 0, 1)
    early = scanned(tmp_path, detections=[counting], window=Window(until=NOON + 60))
    assert (early.alerts, early.outside, early.tally.unmatched) == ((), 1, 6)


def test_metric_values_that_are_no_numbers_alarm_nobody(tmp_path: Path) -> None:
    counting = replace(READ, metric=Metric("Vedette", "Reads", value="$.requestParameters.count"))
    records = [record(0, requestParameters={"count": "many"}), record(1, requestParameters=None)]
    put(tmp_path / "log.json", log_file(records))
    report = scanned(tmp_path, detections=[counting])
    assert (report.alerts, report.assembly.below_threshold) == ((), 2)


def test_a_file_that_goes_before_it_is_read_is_counted(tmp_path: Path) -> None:
    put(tmp_path / "a.json", log_file([record(0)]))
    gone = put(tmp_path / "b.json", log_file([record(1)]))
    swapped = put(tmp_path / "c.json", log_file([record(2)]))
    with open_inputs([str(tmp_path)]) as objects:
        gone.unlink()
        swapped.unlink()
        swapped.mkdir()
        report = scan(objects, [READ], ScanOptions(TODAY))
    assert (report.objects, report.read, report.unreadable) == (3, 1, 2)
    assert [str(fault) for fault in report.malformed] == [
        f"{gone}: could not be read: no such file or directory",
        f"{swapped}: could not be read: is a directory",
    ]
    assert report.assembly.alerted == 1


def test_of_very_many_faults_some_are_shown_and_all_counted() -> None:
    objects = [Unreadable(f"{number}.json", "no") for number in range(1_500)]
    report = scan(objects, [READ], ScanOptions(TODAY))
    assert report.malformed_counts == {"could not be read": 1_500}
    assert len(report.malformed) == 1_000
    assert all(isinstance(fault, Malformed) for fault in report.malformed)


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(NothingToDoError, match=r"^no file in `.*`$"), open_inputs([str(tmp_path)]):
        pass


def test_nothing_that_can_be_read(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    with pytest.raises(NothingToDoError, match=r"cannot read `.*missing`: no such file"), open_inputs([missing]):
        pass


def test_one_file_that_can_be_read_is_enough(tmp_path: Path) -> None:
    put(tmp_path / "a.json", log_file([record(0)]))
    report = scanned(tmp_path / "missing", tmp_path / "a.json")
    assert (report.objects, report.unreadable, report.assembly.alerted) == (2, 1, 1)


class Stdin:
    """What a pipe gives, once."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def test_standard_input_is_read_once_however_often_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "a.json", log_file([record(0)]))
    monkeypatch.setattr("sys.stdin", Stdin(lines([record(1), record(2)])))
    report = scanned("-", tmp_path, "-")
    assert (report.objects, report.tally.records) == (2, 3)


def test_bodies_of_one_object_are_read_one_at_a_time(tmp_path: Path) -> None:
    put(tmp_path / "lines.json", lines(record(n, n, note="x" * 50_000) for n in range(100)))
    report = scanned(tmp_path, limits=Limits(chunk_bytes=2_000))
    assert report.tally.bodies.total() > 3
    assert report.tally.unique == report.assembly.alerted == 100


def test_groups_that_are_too_many_are_told_together(tmp_path: Path) -> None:
    """Whoever makes up a new name for each call must not fill the memory, nor be missed."""
    records = [record(n, n % 7, userIdentity={"type": "IAMUser", "userName": f"u{n}"}) for n in range(MAX_GROUPS + 30)]
    put(tmp_path / "lines.json", lines(records))
    by_two = replace(READ, group_by=(Derived.ACTOR, *EACH.group_by))
    for asked in (READ, by_two):
        report = scanned(tmp_path, detections=[asked])
        assert len(report.alerts) == MAX_GROUPS + 1
        (others,) = [alert for alert in report.alerts if alert.group == (OTHER_GROUPS,) * len(asked.group_by)]
        assert others.evidence.count == 30
        assert report.assembly.alerted == MAX_GROUPS + 30


def test_no_detections_no_alerts(tmp_path: Path) -> None:
    put(tmp_path / "a.json", log_file([record(0)]))
    report = scanned(tmp_path, detections=[])
    assert report.assembly == Assembly((), 0, 0, 0, 0)
    assert (report.first, report.last, report.tally.unmatched) == (None, None, 1)


def test_the_collector_is_left_as_it_was(tmp_path: Path) -> None:
    put(tmp_path / "a.json", log_file([record(0)]))
    before = gc.get_threshold()
    scanned(tmp_path)
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_a_scan_reads_objects_that_need_no_file_system_name(tmp_path: Path) -> None:
    """The name is for messages, the path for reading."""
    path = put(tmp_path / "spool", lines([record(0)]))
    report = scan([FileObject("-", str(path), 10)], [asking('{ $.awsRegion = "us-*" }')], ScanOptions(TODAY, jobs=8))
    (alert,) = report.alerts
    assert [seen.object_name for seen in alert.evidence.sightings] == ["-"]
