"""A whole run in this process: a file appears, a message goes out; it ends in order; and --once comes to the same."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from app_run.fakes import NOON, AnsweringSender, FilledSource, SetClock, log_file, parts, record
from vedette.alerts.delivery import DeliveryState, Retry
from vedette.alerts.policy import Rate
from vedette.app.clock import SteadyClock
from vedette.app.figures import ALERTS, BUILD
from vedette.app.run import Done, Run
from vedette.app.upkeep import LEASE
from vedette.monitor.store import AlertFilter, StoreError
from vedette.sources.port import SourceError
from vedette.stores.memory import MemoryStore
from vedette.stores.sqlite import SqliteStore
from waiting import PATIENCE


def _running(run: Run) -> threading.Thread:
    thread = threading.Thread(target=run.forever)
    thread.start()
    return thread


def test_an_object_becomes_a_message_and_the_end_is_in_order(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    source, sender, log = FilledSource(), AnsweringSender(), io.StringIO()
    run = Run(parts(store, source=source, senders=[sender], clock=SteadyClock(), stream=log))  # type: ignore[arg-type]
    thread = _running(run)
    source.objects["a"] = log_file(record(1))
    assert sender.sent.wait(PATIENCE), log.getvalue()
    run.stop.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert (source.acknowledged, run.broken) == (["a"], "")
    with store.transaction() as tx:
        assert [one.state for one in tx.deliveries()] == [DeliveryState.SENT]
        assert tx.lease(LEASE, "another", NOON, NOON + 9)
    assert run.parts.figures.value(ALERTS, "high") == 1
    assert run.parts.figures.value(BUILD, run.page().split('version="')[1].split('"')[0]) == 1
    assert "stopped" in log.getvalue()
    store.close()


def test_a_part_that_breaks_ends_the_whole() -> None:
    """Half a monitor would look like a whole one."""
    source = FilledSource(failure=ZeroDivisionError("oops"))
    run = Run(parts(source=source, clock=SteadyClock()))  # type: ignore[arg-type]
    thread = _running(run)
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert run.broken == "poll fake: ZeroDivisionError: oops"


def test_once_reads_everything_sends_what_is_due_and_ends() -> None:
    source, sender = FilledSource(), AnsweringSender()
    source.objects = {f"o{number}": log_file(record(number, user=f"user{number}")) for number in range(100)}
    store = MemoryStore()
    run = Run(parts(store, source=source, senders=[sender], group_wait=10, rate=Rate(1_000, 1)))
    done = run.once()
    assert done == Done(objects=100, records=100, matches=100, sent=100, waiting=0, failed=0)
    assert {alert.group for message in sender.messages for alert in message.notice.alerts} == {
        (f"user:111122223333:user{number}",) for number in range(100)
    }
    again = Run(parts(store, source=FilledSource(), senders=[AnsweringSender()]))
    assert again.once() == Done(0, 0, 0, 0, 0, 0)


def test_once_says_how_many_messages_wait_for_their_time() -> None:
    """What is over a channel's rate waits: whoever runs next sends it."""
    source = FilledSource()
    source.objects = {f"o{number}": log_file(record(number, user=f"user{number}")) for number in range(5)}
    done = Run(parts(source=source, rate=Rate(2, 600))).once()
    assert (done.sent, done.waiting) == (2, 1)


def test_once_says_what_could_not_be_read() -> None:
    source = FilledSource(objects={"a": OSError(13, "Permission denied")})
    assert Run(parts(source=source)).once().failed == 4
    assert Run(parts(source=FilledSource(failure=SourceError("gone")))).once().failed == 1


def test_two_monitors_on_one_store_count_once_and_send_once() -> None:
    """Each reads what its source gives it; what both read counts once, and one of them sends."""
    store, clock = MemoryStore(), SetClock()
    senders = [AnsweringSender(), AnsweringSender()]
    for sender in senders:
        source = FilledSource(objects={"a": log_file(record(1)), "b": log_file(record(2))})
        Run(parts(store, source=source, senders=[sender], clock=clock)).once()
    assert [len(sender.messages) for sender in senders] == [1, 0]
    with store.transaction() as tx:
        assert [alert.evidence.count for alert in tx.alerts(_any())] == [2]


def _any() -> object:
    from vedette.monitor.store import AlertFilter

    return AlertFilter()


def test_upkeep_is_done_by_one_at_a_time() -> None:
    store, clock = MemoryStore(), SetClock()
    first, second = (Run(parts(store, clock=clock)) for _ in range(2))
    second.upkeep.holder = "there/2/b"
    assert first.upkeep.once()
    assert not second.upkeep.once()
    clock.time += 61
    assert second.upkeep.once()
    assert not first.upkeep.once()


def test_an_alert_that_is_over_is_told_by_upkeep() -> None:
    source, sender, clock = FilledSource(objects={"a": log_file(record(1))}), AnsweringSender(), SetClock()
    store = MemoryStore()
    Run(parts(store, source=source, senders=[sender], clock=clock)).once()
    clock.time += 7_200
    run = Run(parts(store, senders=[sender], clock=clock))
    run.upkeep.once()
    while run.dispatchers[0].send_one():
        continue
    assert [message.notice.reason.value for message in sender.messages] == ["first", "resolved"]


def test_a_clock_that_is_set_back_holds_up_nothing_and_is_told() -> None:
    """What comes meanwhile is told at once, and what was refused is tried again, as if nothing had been."""
    wall, passed = [float(NOON)], [0.0]
    clock = SteadyClock(lambda: wall[0], lambda: passed[0])
    source, mail, log = FilledSource(), AnsweringSender(answers=[Retry("busy", after=60)]), io.StringIO()
    run = Run(replace(parts(source=source, senders=[mail], stream=log), clock=clock))

    def pass_(seconds: float, set_back: float = 0) -> None:
        wall[0] += seconds - set_back
        passed[0] += seconds

    source.put("a", record(1), delivered=NOON)
    run.once()
    pass_(1, set_back=7_200)
    source.put("b", record(2, user="bob", at=NOON), delivered=NOON)
    run.once()
    assert [message.notice.alerts[0].group for message in mail.messages][1:] == [("user:111122223333:bob",)]
    pass_(300)
    run.once()
    assert len(mail.messages) == 3, "the refused one, tried again"
    with run.parts.store.transaction() as tx:
        assert not tx.deliveries(state=DeliveryState.WAITING)
        assert {alert.detection for alert in tx.alerts(AlertFilter())} == {"key-made"}, "nothing is said of delay"
    assert log.getvalue().count("the clock was set back") == 1


def test_an_object_that_is_listed_again_after_its_counts_were_pruned_is_not_counted_again() -> None:
    """A file may lie in a watched folder for longer than what it said is kept."""
    store, clock, mail = MemoryStore(), SetClock(), AnsweringSender()
    for days in (0, 46, 46, 200):
        clock.time = NOON + days * 86_400
        source = FilledSource(objects={"a": log_file(record(1))})
        done = Run(parts(store, source=source, senders=[mail], clock=clock, max_age=86_400)).once()
        assert (done.objects, done.matches) == ((0, 0) if days else (1, 1))
    assert store.status()["rows"]["matches"] == 0  # type: ignore[index]
    with store.transaction() as tx:
        assert [alert.evidence.count for alert in tx.alerts(AlertFilter(detection="key-made"))] == [1]


def test_what_could_still_be_told_is_never_pruned() -> None:
    """Old logs that are told of however old they are keep what they are told from."""
    source, clock = FilledSource(objects={"a": log_file(record(1, at=NOON - 10**8))}), SetClock()
    store = MemoryStore()
    run = Run(parts(store, source=source, clock=clock, max_age=10**9))
    run.once()
    clock.time += 2 * 86_400
    run.upkeep.once()
    with store.transaction() as tx:
        assert tx.minutes("key-made", ("user:111122223333:alice",), 0, 1 << 40)
    other = Run(parts(store, clock=clock, max_age=86_400))
    clock.time += 2 * 86_400
    other.upkeep.once()
    with store.transaction() as tx:
        assert not tx.minutes("key-made", ("user:111122223333:alice",), 0, 1 << 40)


def test_the_end_does_not_wait_for_ever_for_a_sender_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vedette.app.run.PATIENCE", 0.5)
    release, busy = threading.Event(), threading.Event()

    def hang() -> None:
        busy.set()
        release.wait(PATIENCE)

    sender, log = AnsweringSender(during=hang), io.StringIO()
    source = FilledSource(objects={"a": log_file(record(1))})
    run = Run(parts(source=source, senders=[sender], clock=SteadyClock(), stream=log))  # type: ignore[arg-type]
    thread = _running(run)
    assert busy.wait(PATIENCE)
    run.stop.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert "not finished in time" in log.getvalue()
    release.set()


def test_readiness_and_figures_while_the_store_is_gone() -> None:
    class Gone(MemoryStore):
        gone = False

        def transaction(self):  # type: ignore[no-untyped-def]
            if self.gone:
                raise StoreError("the server is away")
            return super().transaction()

    store = Gone()
    run = Run(parts(store))
    assert run.troubles() == []
    assert 'vedette_deliveries{channel="mail",state="waiting"} 0' in run.page()
    store.gone = True
    assert run.troubles() == ["the server is away"]
    assert "vedette_deliveries{" not in run.page()


def test_once_gives_up_on_a_store_that_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run from cron must end; one for ever waits."""
    monkeypatch.setattr("vedette.app.run.ONCE_PATIENCE", 0.0)

    class Gone(MemoryStore):
        def transaction(self):  # type: ignore[no-untyped-def]
            raise StoreError("the server is away")

    with pytest.raises(StoreError, match="the server is away"):
        Run(parts(Gone(), source=FilledSource())).once()


def test_once_that_is_told_to_stop_ends_early_and_says_so() -> None:
    source = FilledSource(objects={f"o{number}": log_file(record(number)) for number in range(500)})
    run = Run(parts(source=source))
    run.stop.set()
    done = run.once()
    assert done.objects < 500


def test_an_alert_is_opened_once_whoever_adds_to_it() -> None:
    """By the next run in the same minute, or another monitor of the store: it was there already."""
    store, clock, logs = MemoryStore(), SetClock(), [io.StringIO() for _ in range(3)]
    figures = []
    for number, log in enumerate(logs):
        source = FilledSource(objects={f"o{number}": log_file(record(number))})
        run = Run(parts(store, source=source, clock=clock, stream=log))
        assert run.once().matches == 1
        figures.append((run.taking.total.alerts, run.parts.figures.value(ALERTS, "high")))
    assert figures == [(1, 1), (0, 0), (0, 0)]
    assert ["alert opened" in log.getvalue() for log in logs] == [True, False, False]
    with store.transaction() as tx:
        assert [alert.evidence.count for alert in tx.alerts(AlertFilter())] == [3]
