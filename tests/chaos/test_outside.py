"""What happens around the monitor: a mail server that refuses, a disk that fills, a database that restarts."""

from __future__ import annotations

import json
import resource
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from chaos.conftest import Hardness, settle_in
from chaos.crowd import Crowd, put
from chaos.living import Monitor, alerts, check, counted, is_idle, untold
from senders.mailing import mail_server
from stores import server
from vedette.app.stores import open_store

SMTP = """\
kind = "smtp"
name = "mail"
host = "127.0.0.1"
port = {port}
security = "none"
from = "vedette@example.com"
to = ["you@example.com"]
"""


def _crowd(hardness: Hardness, files: int) -> Crowd:
    return Crowd(hardness.seed, files, int(time.time()) - 3_600)


def _appear(home: Path, contents: Iterator[tuple[str, bytes]], count: int | None = None) -> None:
    for name, data in islice(contents, count):
        put(home / "logs", name, data)


def test_a_mail_server_that_refuses_and_then_accepts(home: Path, monitor: Monitor, hardness: Hardness) -> None:
    """Killed while it is refused as well: every alert arrives, and what arrives twice has the same key."""
    crowd = _crowd(hardness, 40)
    with mail_server() as post:
        settle_in(home, channel=SMTP.replace("{port}", str(post.port)))
        post.data = "451 try again later"
        _appear(home, crowd.contents())
        for _ in range(2):
            monitor.start()
            monitor.wait_until(lambda: "try again later" in monitor.log.read_text())
            monitor.kill()
            monitor.log.write_text("")
        assert post.envelopes == []
        post.data = "250 taken"
        monitor.start()
        with closing(open_store(f"sqlite:{home}/store.db")) as store:
            monitor.wait_until(lambda: is_idle(store, crowd.files))
            assert monitor.end() == 0
            assert counted(store) == crowd.expected
            letters = post.letters
            assert not untold(letters, store)
            keys = Counter(str(letter["X-Vedette-Key"]) for letter in letters)
            with store.transaction() as tx:
                assert set(keys) == {delivery.key for delivery in tx.deliveries(limit=100_000)}


def test_a_disk_that_is_full_for_a_while(home: Path, monitor: Monitor, hardness: Hardness) -> None:
    """It waits, says so, acknowledges nothing, and goes on by itself once there is room."""
    settle_in(home)
    crowd = _crowd(hardness, 120)
    contents = crowd.contents()
    _appear(home, contents, 30)
    monitor.start()
    monitor.wait_until((home / "store.db").exists)
    with closing(open_store(f"sqlite:{home}/store.db")) as store:
        monitor.wait_until(lambda: is_idle(store, 30))
        for _ in range(2):
            assert monitor.process is not None
            monitor.log.write_text("")  # it is a file of the process, too
            resource.prlimit(monitor.process.pid, resource.RLIMIT_FSIZE, (16_384, resource.RLIM_INFINITY))
            _appear(home, contents, 40)
            monitor.wait_until(lambda: '"store fails"' in monitor.log.read_text())
            resource.prlimit(monitor.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        _appear(home, contents)
        monitor.wait_until(lambda: is_idle(store, crowd.files))
        assert monitor.end() == 0
        check(home, store, crowd)


@pytest.fixture
def second(home: Path) -> Iterator[Monitor]:
    monitor = Monitor(home / "vedette.toml", home / "log2")
    yield monitor
    monitor.abandon()


def test_two_monitors_on_a_database_that_restarts(
    home: Path, monitor: Monitor, second: Monitor, hardness: Hardness
) -> None:
    """Both read the same folder: every match counts once, and each message is sent by one of them, once."""
    crowd = _crowd(hardness, 120)
    contents = crowd.contents()
    with server.running() as database:
        url = database.url()
        settle_in(home, store=url.replace("{", "{{"))
        _appear(home, contents, 40)
        monitor.start()
        second.start()
        with closing(open_store(url)) as store:
            monitor.wait_until(lambda: is_idle(store, 40))
            _appear(home, contents, 40)
            database.restart()
            _appear(home, contents)
            monitor.wait_until(lambda: is_idle(store, crowd.files))
            assert (monitor.end(), second.end()) == (0, 0)
            check(home, store, crowd)
            assert alerts(store)
    sent = Counter(_sent(monitor)) + Counter(_sent(second))
    assert set(sent.values()) == {1}


def _sent(monitor: Monitor) -> Iterator[str]:
    events = (json.loads(line) for line in monitor.log.read_text().splitlines() if line.startswith("{"))
    return (event["key"] for event in events if event["event"] == "delivery sent")
