"""Kill -9 at random moments: nothing is lost, and nothing is counted twice."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path

import boto3
import pytest
from moto.sqs.models import sqs_backends

from aws_server import ACCOUNT, REGION, bare_environment, running
from chaos.conftest import Hardness, settle_in
from chaos.crowd import Crowd, put
from chaos.living import Monitor, check
from vedette.stores.sqlite import SqliteStore


def _torment(monitor: Monitor, hardness: Hardness, crowd: Crowd, appear: Callable[[str, bytes], None]) -> None:
    """Files appear while the monitor is started and killed; at the end all files are there, and it is left alone."""
    chance = random.Random(hardness.seed)
    contents = crowd.contents()
    for _ in range(hardness.kills):
        for name, data in islice(contents, chance.randint(0, max(1, 2 * crowd.files // hardness.kills))):
            appear(name, data)
        monitor.start()
        assert monitor.live_for(chance.uniform(0.2, 1.6)), monitor.tail()
        monitor.kill()
    for name, data in contents:
        appear(name, data)
    monitor.start()


def test_over_a_folder(home: Path, monitor: Monitor, hardness: Hardness) -> None:
    """Every match is counted exactly once, every alert is delivered at least once, duplicates have the same key."""
    settle_in(home)
    crowd = Crowd(hardness.seed, hardness.files, int(time.time()) - 3_600)
    _torment(monitor, hardness, crowd, lambda name, data: put(home / "logs", name, data))
    monitor.wait_until((home / "store.db").exists, 30)
    with closing(SqliteStore(home / "store.db", create=False)) as store:
        monitor.wait_until_idle(store, crowd.files)
        assert monitor.end() == 0
        check(home, store, crowd)


def test_over_a_bucket_and_its_queue(
    home: Path, monitor: Monitor, hardness: Hardness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same, with a queue that gives messages twice and in any order, and again after each kill."""
    bare_environment(monkeypatch)
    chance = random.Random(hardness.seed + 1)
    crowd = Crowd(hardness.seed, max(50, hardness.files // 4), int(time.time()) - 3_600)
    with running() as address:
        s3, sqs = (boto3.client(name, region_name=REGION, endpoint_url=address) for name in ("s3", "sqs"))
        s3.create_bucket(Bucket="trail")
        queue = sqs.create_queue(QueueName="logs")["QueueUrl"]
        settle_in(
            home, f'kind = "s3-sqs"\nqueue = "{queue}"\nwait = "1s"\nmax_receives = 1000',
            more=f'[aws]\nendpoint_url = "{address}"\nregion = "{REGION}"\n',
        )  # fmt: skip

        held: list[str] = []

        def appear(name: str, data: bytes) -> None:
            put(home / "logs", name, data)
            s3.put_object(Bucket="trail", Key=name, Body=data)
            held.extend([_notification(name)] * chance.choice((1, 1, 2)))
            chance.shuffle(held)
            while len(held) > 20:
                sqs.send_message(QueueUrl=queue, MessageBody=held.pop())
            _give_again(visible=chance.random() < 0.2)

        _torment(monitor, hardness, crowd, appear)
        for message in held:
            sqs.send_message(QueueUrl=queue, MessageBody=message)
        monitor.wait_until((home / "store.db").exists, 30)
        with closing(SqliteStore(home / "store.db", create=False)) as store:
            _give_again(visible=True)
            monitor.wait_until_idle(store, crowd.files)
            assert monitor.end() == 0
            check(home, store, crowd)


def _notification(key: str) -> str:
    place = {"bucket": {"name": "trail"}, "object": {"key": key, "size": 1}}
    return json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": place}]})


def _give_again(*, visible: bool) -> None:
    """As if the time had passed for which the messages in flight were somebody's."""
    if not visible:
        return
    for queue in sqs_backends[ACCOUNT][REGION].queues.values():
        for message in list(queue._messages):
            message.visible_at = 0
        queue.pending_messages.clear()
