"""Kill -9 at random moments: nothing is lost, and nothing is counted twice."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import boto3
import pytest

from aws_server import REGION, bare_environment
from chaos.conftest import Hardness, settle_in
from chaos.crowd import Crowd, put
from chaos.living import Monitor, check, figures, objects_read
from emulating import emulating
from vedette.monitor.store import Store
from vedette.stores.sqlite import SqliteStore

Files = list[tuple[str, bytes]]


@dataclass(slots=True)
class Torment:
    """A monitor that is started and killed while files appear.

    One kill of three comes while it starts, the others once it has read some of what there is, before it has read all.
    `amid` counts those in whose lives something was read and something left.
    """

    monitor: Monitor
    store: Path
    chance: random.Random
    start: float = 1.0
    appeared: int = 0
    amid: int = 0

    def kill_it(self, kills: int, crowd: Crowd, appear: Callable[[Files], None]) -> None:
        """`kills` lives; files appear with each of them, and the last of them once it is left alone."""
        contents = crowd.contents()
        most = max(1, 2 * crowd.files // kills)
        for number in range(kills):
            before = objects_read(self.store)
            self.monitor.start()
            some = list(islice(contents, self.chance.randint(0, most)))
            appear(some)
            self.appeared += len(some)
            if number and self.chance.random() < 1 / 3:
                assert self.monitor.live_for(self.start * self.chance.uniform(0.1, 1.0)), self.monitor.tail()
            else:
                self._read(before + self.chance.randint(1, max(1, min(most, self.appeared - before - 1))))
            self.monitor.kill()
            self.amid += before < objects_read(self.store) < self.appeared
        appear(list(contents))
        self.monitor.start()

    def _read(self, count: int) -> None:
        """Let it live until it has read so many objects in all, and a moment longer; or long enough for that."""
        started = time.monotonic()
        while objects_read(self.store) < min(count, self.appeared):
            assert self.monitor.live_for(0.02), self.monitor.tail()
            if time.monotonic() - started > 3 * self.start + 1:
                return
        self.start = 0.9 * self.start + 0.1 * (time.monotonic() - started)
        assert self.monitor.live_for(self.chance.uniform(0, 0.05)), self.monitor.tail()


def _leave_alone(
    torment: Torment, home: Path, hardness: Hardness, crowd: Crowd, started: float, first: Callable[[], None]
) -> None:
    """Left alone, it comes to what a scan finds; and enough of the kills came at a bad moment."""
    monitor = torment.monitor
    with closing(SqliteStore(home / "store.db", create=False)) as store:
        first()
        monitor.wait_until_idle(store, crowd.files)
        assert monitor.end() == 0
        check(home, store, crowd)
        print(_line(torment, hardness, crowd, store, time.monotonic() - started))
    assert hardness.kills < 100 or torment.amid > hardness.kills // 4, f"only {torment.amid} kills came while it read"


def _line(torment: Torment, hardness: Hardness, crowd: Crowd, store: Store, seconds: float) -> str:
    kills = f"{hardness.kills} kills, {torment.amid} of them amid reading"
    return f"\n{crowd.files} files, {kills}, {seconds:.0f} s in all: {figures(store)}"


def test_over_a_folder(home: Path, monitor: Monitor, hardness: Hardness) -> None:
    """Every match is counted exactly once, every alert is delivered at least once, duplicates have the same key."""
    settle_in(home)
    started = time.monotonic()
    crowd = Crowd(hardness.seed, hardness.files, int(time.time()) - 3_600)
    torment = Torment(monitor, home / "store.db", random.Random(hardness.seed))

    def appear(files: Files) -> None:
        for name, data in files:
            put(home / "logs", name, data)

    torment.kill_it(hardness.kills, crowd, appear)
    _leave_alone(torment, home, hardness, crowd, started, lambda: None)


def test_over_a_bucket_and_its_queue(
    home: Path, monitor: Monitor, hardness: Hardness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same, with a queue that gives messages twice and in any order, and again after each kill."""
    bare_environment(monkeypatch)
    started = time.monotonic()
    chance = random.Random(hardness.seed + 1)
    crowd = Crowd(hardness.seed, hardness.files, int(time.time()) - 3_600)
    torment = Torment(monitor, home / "store.db", random.Random(hardness.seed))
    with emulating(Path(__file__).parent / "emulator.py") as emulator:
        s3, sqs = (boto3.client(name, region_name=REGION, endpoint_url=emulator.address) for name in ("s3", "sqs"))
        s3.create_bucket(Bucket="trail")
        queue = sqs.create_queue(QueueName="logs")["QueueUrl"]
        settle_in(
            home, f'kind = "s3-sqs"\nqueue = "{queue}"\nwait = "1s"\nvisibility = "30s"\nmax_receives = 1000',
            more=f'[aws]\nendpoint_url = "{emulator.address}"\nregion = "{REGION}"\n',
        )  # fmt: skip

        def let_pass() -> None:
            emulator.process.send_signal(signal.SIGUSR1)

        def afterwards() -> None:
            # What the killed one had asked for last is answered within a second, to nobody.
            assert monitor.live_for(1.5), monitor.tail()
            let_pass()

        def appear(files: Files) -> None:
            messages = []
            for name, data in files:
                put(home / "logs", name, data)
                s3.put_object(Bucket="trail", Key=name, Body=data)
                messages += [_notification(name)] * chance.choice((1, 1, 2))
            chance.shuffle(messages)
            for start in range(0, len(messages), 10):
                some = [{"Id": str(at), "MessageBody": text} for at, text in enumerate(messages[start : start + 10])]
                assert not sqs.send_message_batch(QueueUrl=queue, Entries=some).get("Failed")
            if chance.random() < 0.5:
                let_pass()

        torment.kill_it(hardness.kills, crowd, appear)
        _leave_alone(torment, home, hardness, crowd, started, afterwards)


def _notification(key: str) -> str:
    place = {"bucket": {"name": "trail"}, "object": {"key": key, "size": 1}}
    return json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": place}]})
