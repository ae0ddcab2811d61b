"""`vedette run` in this process: for good until it is told to stop, figures on a port; and ends of all kinds."""

from __future__ import annotations

import io
import os
import signal
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from app_run.fakes import NOON, AnsweringSender, FilledSource, SetClock, log_file, parts, record
from vedette.app.holder import own_holder
from vedette.app.run import Run
from vedette.app.upkeep import PRUNE_EVERY, Upkeep
from vedette.cli import invoke
from vedette.cli.run import stopping
from vedette.monitor.store import AlertFilter, StoreError
from vedette.monitor.ticking import tick
from vedette.stores.memory import MemoryStore
from waiting import PATIENCE, held_port, until

SETTINGS = """\
[store]
url = "sqlite:///{home}/store.db"
[detections]
only = ["root-login"]
[[source]]
kind = "folder"
name = "logs"
path = "{home}/logs"
[[channel]]
kind = "maildir"
name = "mail"
path = "{home}/mail"
{more}
[policy]
group_wait = "0s"
[monitor]
interval = "1s"
health_port = {port}
"""


def root_login(number: int) -> dict[str, object]:
    found = record(number, name="ConsoleLogin") | {"eventSource": "signin.amazonaws.com"}
    found["userIdentity"] = {"type": "Root", "accountId": f"{111122223333 + number}"}
    return found | {"responseElements": {"ConsoleLogin": "Success"}, "recipientAccountId": f"{111122223333 + number}"}


def write_settings(home: Path, *, port: int = 0, more: str = "") -> None:
    (home / "logs").mkdir()
    (home / "vedette.toml").write_text(SETTINGS.format(home=home, port=port, more=more))


@contextmanager
def beside(work: Callable[[], None]) -> Iterator[None]:
    """`work` in another thread; what it raises is raised at the end."""
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)
            raise
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, lambda *_: None)  # a run that ended too soon must not end the tests
    thread = threading.Thread(target=guarded)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        signal.signal(signal.SIGTERM, before)
    assert not failures


def page(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
        return str(answer.read().decode())


@pytest.fixture
def port() -> Iterator[int]:
    with held_port() as found:
        yield found


def test_for_good_until_it_is_told_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """A file that appears becomes a message, and a figure; SIGTERM ends it, and the handler before it holds again."""
    monkeypatch.chdir(tmp_path)
    write_settings(tmp_path, port=port)

    def operate() -> None:
        until((tmp_path / "store.db").exists)
        part = tmp_path / "logs" / ".part"
        part.write_bytes(log_file(root_login(1)))
        part.replace(tmp_path / "logs" / "a.json")
        until(lambda: len(list(tmp_path.glob("mail/new/*"))) == 1)
        until(lambda: 'vedette_deliveries{channel="mail",state="waiting"} 0' in page(port, "/metrics"))
        assert 'vedette_records_total{source="logs"} 1' in page(port, "/metrics")
        assert page(port, "/readyz").strip() == "ready"

    with beside(operate):
        before = signal.getsignal(signal.SIGTERM)
        assert invoke(["run", "--tell-old", "--log", "json"]) == 0
        assert signal.getsignal(signal.SIGTERM) is before
    with pytest.raises(OSError, match="refused"):
        page(port, "/healthz")


def test_signals_at_once_are_one_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some tools send theirs to the process and to its group; one that comes later ends the process at once."""
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    monkeypatch.setattr("vedette.cli.run._ONE_WISH", PATIENCE)
    stop = threading.Event()
    with stopping(stop):
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.is_set()
        assert ended == []
        monkeypatch.setattr("vedette.cli.run._ONE_WISH", 0.0)
        os.kill(os.getpid(), signal.SIGINT)
    assert ended == [128 + signal.SIGINT]


def test_once_says_what_waits_for_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_settings(tmp_path, more='rate = "2/10m"')
    for number in range(4):
        (tmp_path / "logs" / f"{number}.json").write_bytes(log_file(root_login(number)))
    assert invoke(["run", "--once", "--tell-old"]) == 0
    told = capsys.readouterr().err
    assert "2 messages sent" in told
    assert "1 message waits for its time" in told, "what is over the rate is summed up in one"


def test_a_part_that_breaks_is_told_by_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a monitor would look like a whole one."""
    monkeypatch.chdir(tmp_path)
    write_settings(tmp_path)

    def broken(_: Upkeep) -> bool:
        raise KeyError("a bug")

    monkeypatch.setattr(Upkeep, "once", broken)
    assert invoke(["run"]) == 4
    told = capsys.readouterr().err
    assert "a part of the monitor broke: upkeep: KeyError: 'a bug'" in told


# --- ends of its parts ---


class Away(MemoryStore):
    """A store whose server is away when it is told so."""

    away = False

    def transaction(self):  # type: ignore[no-untyped-def]
        if self.away:
            raise StoreError("the server is away")
        return super().transaction()

    def prune(self, before, tell=None):  # type: ignore[no-untyped-def]
        raise StoreError("the disk is full")


def test_a_monitor_that_ends_while_the_store_is_away_says_that_it_keeps_its_lease() -> None:
    log, store = io.StringIO(), Away()
    run = Run(parts(store, source=FilledSource(), stream=log))
    thread = threading.Thread(target=run.forever)
    thread.start()
    until(lambda: "prune failed" in log.getvalue())  # so it holds the lease
    store.away = True
    run.stop.set()
    thread.join()
    assert "lease not given back" in log.getvalue()
    assert log.getvalue().splitlines()[-1].endswith("stopped")
    assert run.broken == ""


def test_readers_and_upkeep_that_wait_for_the_store_end_when_everything_does() -> None:
    """A store that is away for good must not keep the process from ending."""
    store = Away()
    run = Run(parts(store, source=FilledSource(objects={"a": log_file(record(1))})))
    run.intake.poll_once(run.parts.sources[0])
    store.away = True
    threads = [
        threading.Thread(target=run.intake.work_on, args=(run._reader(),)),
        threading.Thread(target=run.upkeep.run, args=(run.stop,)),
    ]
    for thread in threads:
        thread.start()
    until(lambda: bool(run.work.trouble))
    run.stop.set()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert run.intake.waiting == 0, "nothing is held that nobody reads"


def test_pruning_that_fails_is_told_and_tried_again() -> None:
    log, clock = io.StringIO(), SetClock()
    run = Run(parts(Away(), clock=clock, stream=log))
    for _ in range(2):
        assert run.upkeep.once()
    assert log.getvalue().count("prune failed") == 2
    run.upkeep.store = MemoryStore()
    assert run.upkeep.once()
    assert run.upkeep.once()
    clock.time += PRUNE_EVERY
    assert run.upkeep.once()
    assert log.getvalue().count("prune failed") == 2


def test_more_groups_are_due_than_one_look_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that was not looked after for long: all of them are looked at in one round."""
    monkeypatch.setattr("vedette.app.upkeep.tick", partial(tick, limit=3))
    source, sender, clock = FilledSource(), AnsweringSender(), SetClock()
    source.objects["a"] = log_file(*[record(number, user=f"user{number}") for number in range(10)])
    store = MemoryStore()
    Run(parts(store, source=source, senders=[sender], clock=clock)).once()
    clock.time += 7_200
    run = Run(parts(store, senders=[sender], clock=clock))
    run.upkeep.once()
    with store.transaction() as tx:
        assert [alert.closed is None for alert in tx.alerts(AlertFilter())] == [False] * 10


def test_what_an_ended_process_held_is_freed_at_the_start() -> None:
    log, store = io.StringIO(), MemoryStore()
    killed = Run(parts(store))
    killed.upkeep.holder = own_holder().replace(f"/{os.getpid()}/", f"/{2**22 + 1}/")
    assert killed.upkeep.once()
    run = Run(parts(store, stream=log))
    assert not run.upkeep.once()
    run.upkeep.take_back()
    assert "took back what an ended process held" in log.getvalue()
    assert run.upkeep.once()


# --- ends of a poll ---


def test_a_poll_ends_in_the_middle_when_everything_does() -> None:
    """What was not handed out comes again; the source's generator is closed, so that it can let go of it."""
    source = Closing(objects={f"o{number}": log_file(record(number)) for number in range(500)})
    run = Run(parts(source=source))
    thread = threading.Thread(target=run.intake.poll_once, args=(source,))
    thread.start()
    until(lambda: run.intake.waiting)  # nobody reads: the queue is full after some
    run.stop.set()
    thread.join(PATIENCE)
    assert source.closed
    assert 0 < run.intake.waiting < 100


class Closing(FilledSource):
    closed = False

    def poll(self, now: int):  # type: ignore[no-untyped-def]
        try:
            yield from super().poll(now)
        finally:
            self.closed = True


def test_a_lease_that_cannot_be_made_longer_is_told_and_spares_the_others() -> None:
    log, clock = io.StringIO(), SetClock()
    source = FilledSource(objects={name: log_file(record(1)) for name in ("a", "b")})
    run = Run(parts(source=source, clock=clock, stream=log))
    first, second = (source.item(name) for name in ("a", "b"))

    def refuse(_: int) -> None:
        raise OSError(5, "Input/output error")

    run.intake._offer(source, replace(first, extend=refuse))
    run.intake._offer(source, second)
    clock.time += 60
    run.intake.extend()
    assert "lease not extended" in log.getvalue()
    assert source.extended == ["b"]


def test_progress_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vedette.app.run.PROGRESS_EVERY", 0.0)
    log = io.StringIO()
    source = FilledSource(objects={"a": log_file(record(1), record(2))})
    run = Run(parts(source=source, stream=log, clock=SetClock(NOON)))
    thread = threading.Thread(target=run.forever)
    thread.start()
    until(lambda: "progress" in log.getvalue())
    run.stop.set()
    thread.join()
    (line,) = [line for line in log.getvalue().splitlines() if "progress" in line]
    assert "records=2" in line
