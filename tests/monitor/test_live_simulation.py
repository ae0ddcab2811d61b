"""A simulated day with an attack in it, taken in as it might arrive, gives the alerts of `scan` over the same files."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor import live
from vedette.alerts.policy import Policy, Route
from vedette.app.scan import Report, ScanOptions, open_inputs, scan
from vedette.app.stores import open_store
from vedette.cloudtrail.envelope import Body, read_bodies
from vedette.cloudtrail.limits import DEFAULT_LIMITS
from vedette.detections.loader import load_builtin
from vedette.engine.engine import Engine
from vedette.engine.result import BodyResult
from vedette.simulate import write

DAY = dt.date(2026, 11, 18)
DETECTIONS = load_builtin()
POLICY = Policy(routes=(Route(("mail",)),), max_age=10**9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("day")
    write(path, "full-attack", day=DAY, records=3_000)
    return path / "AWSLogs"


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    with open_inputs([str(folder)]) as objects:
        return scan(objects, DETECTIONS, ScanOptions(today=DAY))


@pytest.fixture(scope="module")
def results(folder: Path) -> list[tuple[str, list[BodyResult]]]:
    engine = Engine(DETECTIONS, DAY)
    return [(path.name, list(_results(engine, path))) for path in sorted(folder.rglob("*.json.gz"))]


def _results(engine: Engine, path: Path) -> Iterator[BodyResult]:
    with path.open("rb") as stream:
        for body in read_bodies(stream, path.name, DEFAULT_LIMITS):
            assert isinstance(body, Body)
            yield engine.process(body)


@pytest.mark.parametrize(("seed", "url"), [(0, "memory:"), (1, "memory:"), (2, "sqlite:///{}/vedette.db")])
def test_a_simulated_day_in_any_order_gives_the_alerts_of_a_scan(
    seed: int, url: str, report: Report, results: list[tuple[str, list[BodyResult]]], tmp_path: Path
) -> None:
    chance = random.Random(seed)
    order = [*results, *chance.sample(results, len(results) // 10)]
    chance.shuffle(order)
    store, watching = open_store(url.format(tmp_path)), live.monitor(DETECTIONS, POLICY)
    now = int(dt.datetime(2026, 11, 18, tzinfo=dt.UTC).timestamp())
    for number, (name, bodies) in enumerate(order):
        now += chance.randrange(600)
        # The same object under another name: its records are known all the same.
        live.take(store, watching, bodies, now, name if chance.random() < 0.5 else f"{number}/{name}")
        live.at(store, watching, now)
    live.at(store, watching, now + 10**8)
    assert len(report.alerts) > 10
    assert live.said_live(store) == live.said_scanned(report.alerts)
    assert {each.told.times > 0 for each in live.alerts(store)} == {True}
    store.close()
