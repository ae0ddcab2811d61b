"""Kill -9 at random moments, over a folder and a mail folder: nothing is lost, and nothing is counted twice.

`make chaos` sets VEDETTE_CHAOS_KILLS=200 and VEDETTE_CHAOS_FILES=10000; without them a short form runs. The seed is
printed, and VEDETTE_CHAOS_SEED sets it.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import re
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from chaos.crowd import Crowd, put, write_detections
from chaos.living import Monitor, alerts, counted, is_idle, joined_with, mails
from vedette.alerts.delivery import DeliveryState
from vedette.app.scan import ScanOptions, open_inputs, scan
from vedette.detections.loader import load_paths
from vedette.monitor.store import Store
from vedette.stores.sqlite import SqliteStore

KILLS = int(os.environ.get("VEDETTE_CHAOS_KILLS", "8"))
FILES = int(os.environ.get("VEDETTE_CHAOS_FILES", "400"))
SEED = int(os.environ.get("VEDETTE_CHAOS_SEED", "20261121"))

SETTINGS = """\
[store]
url = "sqlite:///{home}/store.db"

[detections]
builtin = false
paths = ["{home}/detections"]

[[source]]
kind = "folder"
name = "logs"
path = "{home}/logs"

[[channel]]
kind = "maildir"
name = "mail"
path = "{home}/mail"
rate = "100000/1s"

[[route]]
channels = ["mail"]

[policy]
group_wait = "1s"
group_window = "1s"
repeat_after = "0s"
max_age = "30d"

[monitor]
interval = "1s"
health_port = 0
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    write_detections(tmp_path / "detections")
    (tmp_path / "vedette.toml").write_text(SETTINGS.format(home=tmp_path))
    return tmp_path


@pytest.fixture
def monitor(home: Path) -> Iterator[Monitor]:
    monitor = Monitor(home / "vedette.toml", home / "log")
    yield monitor
    monitor.abandon()


def test_nothing_is_lost_or_counted_twice_however_often_it_is_killed(home: Path, monitor: Monitor) -> None:
    """Every match is counted exactly once, every alert is delivered at least once, duplicates have the same key."""
    print(f"seed {SEED}, {KILLS} kills, {FILES} files")
    chance = random.Random(SEED)
    crowd = Crowd(SEED, FILES, int(time.time()) - 3_600)
    contents = crowd.contents()
    for _ in range(KILLS):
        for name, data in islice(contents, chance.randint(0, max(1, 2 * FILES // KILLS))):
            put(home / "logs", name, data)
        monitor.start()
        assert monitor.live_for(chance.uniform(0.2, 1.6)), monitor.tail()
        monitor.kill()
    for name, data in contents:
        put(home / "logs", name, data)
    monitor.start()
    monitor.wait_until((home / "store.db").exists, 30)
    store = SqliteStore(home / "store.db", create=False)
    try:
        monitor.wait_until(lambda: is_idle(store, FILES), 60 + FILES / 20)
        assert monitor.end() == 0
        _check(home, store, crowd)
    finally:
        store.close()


def _check(home: Path, store: Store, crowd: Crowd) -> None:
    assert counted(store) == crowd.expected
    found = alerts(store)
    assert {_episode(alert) for alert in found} == _scanned(home)
    with store.transaction() as tx:
        assert not tx.objects(poison=True)
        deliveries = tx.deliveries(limit=1_000_000)
    assert {delivery.state for delivery in deliveries} == {DeliveryState.SENT}
    letters = list(mails(home / "mail"))
    told = "\n".join(str(letter.get_body(("plain",))) for letter in letters)
    joined = joined_with(store)
    missing = [alert for alert in found if not any(_names(told, one) for one in (alert.id, *joined[alert.id]))]
    assert not missing, f"{len(missing)} of {len(found)} alerts came in no message: {missing[0]}"
    keys = [str(letter["Message-ID"]) for letter in letters]
    assert len(keys) == len(set(keys)) == len(deliveries)


def _names(told: str, alert: str) -> bool:
    return re.search(rf"{re.escape(alert)}(?![0-9a-f-])", told) is not None


def _scanned(home: Path) -> set[tuple[object, ...]]:
    """The alerts that a scan of the same files finds."""
    detections = load_paths([home / "detections"])
    with open_inputs([str(home / "logs")]) as objects:
        report = scan(objects, detections, ScanOptions(dt.datetime.now(dt.UTC).date()))
    return {
        (one.detection.id, one.group, one.opened.at, one.evidence.count, one.evidence.first) for one in report.alerts
    }


def _episode(alert: object) -> tuple[object, ...]:
    from vedette.alerts.record import AlertRecord

    assert isinstance(alert, AlertRecord)
    evidence = alert.evidence
    return alert.detection, alert.group, alert.opened, evidence.count, evidence.first
