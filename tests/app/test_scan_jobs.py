"""One process or several, in whatever order the objects come: the same report."""

from __future__ import annotations

import json
import multiprocessing
import random
from pathlib import Path

import pytest

from app.logs import BURST, EACH, NOON, READ, SILENCE, TODAY, lines, log_file, put, record, scanned, told
from vedette.alerts.document import document
from vedette.app import Moment, ScanOptions, open_inputs, processes, scan
from vedette.detections.definition import Detection
from vedette.engine import fold

DIGEST = b'{"awsAccountId":"111122223333","digestEndTime":"2026-11-21T10:00:00Z","digestS3Object":"x","logFiles":[]}'


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder of good, broken and strange objects."""
    folder = tmp_path / "odd"
    for number in range(6):
        put(folder / f"a{number}.json.gz", log_file(record(10 * number + n, number) for n in range(3)))
    cut = put(
        folder / "cut.json.gz", log_file(record(100 + n, 40, padding=random.Random(n).random()) for n in range(40))
    )
    cut.write_bytes(cut.read_bytes()[:-200])
    put(folder / "empty.json", b"")
    put(folder / "broken.json", log_file([record(200), record(201)])[:-9])
    put(folder / "lines.json", lines([record(300), "no object", record(301, 2)]) + b'{"broken\n' + lines([record(302)]))
    put(folder / "digest.json.gz", DIGEST)
    put(folder / "picture.png", b"\x89PNG\r\n\x1a\n\x00\x00")
    put(folder / "deep" / "joined.json", log_file([record(400)]) + b"\n" + log_file([record(401)]))
    put(folder / "twice.json.gz", log_file(record(n) for n in range(3)))
    (folder / "gone.json").symlink_to(folder / "nowhere")
    return folder


def test_odd_objects_are_counted_and_cost_the_others_nothing(odd: Path) -> None:
    report = scanned(odd)
    assert report.malformed_counts == {
        "could not be read": 1,
        "cut short": 2,
        "empty": 1,
        "broken JSON": 1,
        "not a JSON object": 1,
        "not JSON": 1,
    }
    assert (report.objects, report.read, report.unreadable) == (15, 14, 1)
    assert report.tally.duplicates == 3
    assert report.assembly.alerted == report.tally.matched == report.tally.unique
    ids = {seen.event_id[-3:] for alert in scanned(odd, detections=[EACH]).alerts for seen in alert.evidence.sightings}
    assert {"000", "052", "100", "200", "300", "301", "302", "400", "401"} <= ids


@pytest.mark.parametrize("batch", [1, 3, 20])
def test_several_processes_answer_as_one_does(odd: Path, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    """Byte for byte, whichever process was quicker."""
    detections = [READ, EACH, BURST, SILENCE]
    alone = told(odd, detections=detections)
    monkeypatch.setattr(processes, "BATCH_OBJECTS", batch)
    assert told(odd, detections=detections, jobs=2) == alone
    assert multiprocessing.active_children() == []


def test_the_simulated_attack_is_told_alike_by_one_process_and_two(
    attack: Path, builtin: tuple[Detection, ...]
) -> None:
    alone = told(attack, detections=builtin)
    assert '"detection": "secret-read-burst"' in alone
    assert told(attack, detections=builtin, jobs=2) == alone


@pytest.mark.parametrize("kept", [5, 60])
def test_noise_is_forgotten_alike_by_one_process_and_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    """Workers hear late of which minutes nothing is told any more, and some of what they read was delivered before."""
    rng = random.Random(kept)
    records = [record(n, 60 * rng.randrange(400)) for n in range(600)]
    for number in range(40):
        some = records[15 * number : 15 * number + 15]
        put(tmp_path / f"{number:02}.json", log_file([*some, some[0], *rng.sample(records[: 15 * number + 15], 3)]))
    monkeypatch.setattr(fold, "MAX_TOLD", kept)
    monkeypatch.setattr(processes, "BATCH_OBJECTS", 2)
    alone = told(tmp_path, detections=[READ, EACH, BURST])
    assert told(tmp_path, detections=[READ, EACH, BURST], jobs=2) == alone
    assert sum(alert.evidence.untold for alert in scanned(tmp_path, detections=[EACH]).alerts) > 0


def test_a_folder_given_twice_is_read_once(odd: Path) -> None:
    once = told(odd)
    assert told(odd, odd) == once
    assert scanned(odd, odd / "deep", odd / "deep" / "joined.json").objects == 15


def test_large_objects_are_read_by_the_first_process(odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no result grows with them: no worker is even started here."""
    (odd / "gone.json").unlink()
    alone = told(odd)
    monkeypatch.setattr(processes, "LARGE_OBJECT", 0)
    children: list[object] = []
    with open_inputs([str(odd)]) as objects:
        report = scan(
            objects, [READ], ScanOptions(TODAY, 2), lambda _: children.extend(multiprocessing.active_children())
        )
    assert children == []
    assert report.tally == scanned(odd).tally
    monkeypatch.setattr(processes, "LARGE_OBJECT", 300)
    assert told(odd, jobs=2) == alone


def test_a_batch_ends_with_its_bytes_too(odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = told(odd)
    monkeypatch.setattr(processes, "BATCH_BYTES", 700)
    assert told(odd, jobs=2) == alone


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_adds_up_to_everything(odd: Path, jobs: int) -> None:
    moments: list[Moment] = []
    with open_inputs([str(odd)]) as objects:
        report = scan(objects, [READ], ScanOptions(TODAY, jobs), moments.append)
    sizes = sum(path.stat().st_size for path in odd.rglob("*") if path.is_file())
    assert sum(moment.advanced for moment in moments) == sizes
    records = [moment.records for moment in moments]
    assert records == sorted(records)
    assert records[-1] == report.tally.records
    assert len(moments) > report.objects  # a large object is heard of while it is read, body by body


def test_the_order_of_the_objects_does_not_change_the_alerts(tmp_path: Path, builtin: tuple[Detection, ...]) -> None:
    """CloudTrail delivers late and out of order: only the times within the records count."""
    rng = random.Random(7)
    users = [{"type": "IAMUser", "userName": name, "accountId": "111122223333"} for name in ("alice", "mallory")]
    records = [record(n, rng.uniform(0, 600), userIdentity=rng.choice(users)) for n in range(300)]
    detections = [READ, BURST, *builtin]
    parts = [log_file(records[start : start + 25]) for start in range(0, 300, 25)]
    answers = set()
    for turn in range(4):
        rng.shuffle(parts)
        folder = tmp_path / str(turn)
        for number, part in enumerate(parts):
            put(folder / f"{number:02}.json", part)
        answers.add(json.dumps([placeless(document(alert)) for alert in scanned(folder, detections=detections).alerts]))
    (answer,) = answers
    assert answer.count('"secret-burst"') > 3


def placeless(told: dict[str, object]) -> dict[str, object]:
    """Without the names of the objects and the places in them."""
    sightings = told["sightings"]
    assert isinstance(sightings, list)
    kept = [{key: value for key, value in seen.items() if key not in ("object", "record")} for seen in sightings]
    return {**told, "sightings": kept}


def test_records_delivered_twice_count_once(tmp_path: Path) -> None:
    """CloudTrail delivers at least once, in different files too."""
    put(tmp_path / "a.json", log_file(record(n) for n in range(4)))
    put(tmp_path / "b.json.gz", log_file(record(n) for n in range(2, 7)))
    report = scanned(tmp_path, detections=[BURST])
    assert (report.tally.records, report.tally.unique, report.tally.duplicates) == (9, 7, 2)
    (alert,) = report.alerts
    assert alert.evidence.count == 7
    assert (report.first, report.last) == (NOON, NOON)
