"""From a source to the store: read, kept, acknowledged, in this order; and what happens when something fails."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from app_run.fakes import NOON, FilledSource, SetClock, log_file, parts, record
from vedette.app.figures import MALFORMED, MATCHES, OBJECTS, POISON, RECORDS, SOURCE_ERRORS
from vedette.app.intake import EXTEND_EVERY
from vedette.app.objects import PART, Reader
from vedette.app.run import Run
from vedette.app.taking import TRIES
from vedette.app.work import Stopped
from vedette.aws import AwsError, Failure
from vedette.monitor import Arrival, Ingested, Monitor
from vedette.monitor.store import AlertFilter, StoreError, Transaction
from vedette.sources.port import PoisonError, SourceError
from vedette.stores.memory import MemoryStore
from waiting import PATIENCE


class Desk:
    """A run over a filled source, stepped by hand."""

    def __init__(self, source: FilledSource | None = None, store: MemoryStore | None = None) -> None:
        self.source = source or FilledSource()
        self.store = store or MemoryStore()
        self.clock = SetClock()
        self.log = io.StringIO()
        self.parts = parts(self.store, source=self.source, clock=self.clock, stream=self.log)
        self.run = Run(self.parts)
        self.reader = Reader(self.parts.monitor, self.clock)

    def step(self) -> int:
        """Poll once, and read what came."""
        found = self.run.intake.poll_once(self.source)
        self.run.intake.work_off(self.reader)
        return found

    def ask(self, task: object) -> object:
        with self.store.transaction() as tx:
            return task(tx)  # type: ignore[operator]


def test_an_object_is_kept_and_then_acknowledged() -> None:
    desk = Desk()
    desk.source.objects["a"] = log_file(record(1), record(2, name="GetUser"))
    assert desk.step() == 1
    assert desk.source.acknowledged == ["a"]
    with desk.store.transaction() as tx:
        row = tx.object("fake", "a")
        assert row is not None
        assert (row.done, row.records, row.malformed) == (True, 2, 0)
        health = tx.health("fake")
        assert health is not None
        assert (health.last_object, health.objects, health.records, health.last_error) == ("a", 1, 2, "")
        assert [alert.evidence.count for alert in tx.alerts(AlertFilter())] == [1]
    figures = desk.parts.figures
    assert [figures.value(one, "fake") for one in (OBJECTS, RECORDS, MATCHES, MALFORMED)] == [1, 2, 1, 0]
    assert desk.run.taking.planned.is_set()


def test_an_object_that_is_known_is_acknowledged_and_not_read() -> None:
    desk = Desk()
    desk.source.objects["a"] = log_file(record(1))
    desk.step()
    desk.source.objects["a"] = AssertionError("it was opened")  # type: ignore[assignment]
    desk.step()
    assert desk.source.acknowledged == ["a", "a"]
    assert desk.parts.figures.value(OBJECTS, "fake") == 1


def test_nothing_is_acknowledged_before_its_effects_are_committed() -> None:
    """`An object is acknowledged only once everything that follows from it is committed`."""

    class Failing(MemoryStore):
        broken = True

        @contextmanager
        def transaction(self) -> Iterator[Transaction]:
            with super().transaction() as tx:
                yield tx
                if self.broken and tx.object("fake", "a") is not None:
                    raise StoreError("the disk is full")

    store = Failing()
    desk = Desk(store=store)
    desk.source.objects["a"] = log_file(record(1))
    desk.run.intake.poll_once(desk.source)
    reading = threading.Thread(target=_until_stopped, args=(desk,))
    reading.start()
    while not desk.run.work.trouble:
        assert reading.is_alive()
    assert desk.source.acknowledged == []
    assert desk.run.troubles() == ["the disk is full"] or desk.run.work.trouble == "the disk is full"
    store.broken = False
    reading.join(PATIENCE)
    assert not reading.is_alive()
    assert desk.source.acknowledged == ["a"]
    assert desk.run.work.trouble == ""
    assert "store fails" in desk.log.getvalue()
    assert "store works again" in desk.log.getvalue()


def _until_stopped(desk: Desk) -> None:
    try:
        desk.run.intake.work_off(desk.reader)
    except Stopped:
        return


def test_whoever_waits_for_the_store_stops_when_everything_ends() -> None:
    class Broken(MemoryStore):
        @contextmanager
        def transaction(self) -> Iterator[Transaction]:
            raise StoreError("gone")
            yield

    desk = Desk(store=Broken())
    desk.run.stop.set()
    with pytest.raises(Stopped):
        desk.run.work.do(lambda tx: None)


def test_small_objects_share_a_transaction_and_each_is_acknowledged() -> None:
    desk = Desk()
    for number in range(40):
        desk.source.objects[f"o{number:02}"] = log_file(record(number))
    assert desk.step() == 40
    assert desk.source.acknowledged == [f"o{number:02}" for number in range(40)]
    with desk.store.transaction() as tx:
        assert sum(alert.evidence.count for alert in tx.alerts(AlertFilter())) == 40


def test_objects_from_afar_are_kept_and_acknowledged_as_others_are_and_one_that_fails_fails_alone() -> None:
    desk = Desk()
    desk.source.buffered = 1000
    for number in range(40):
        desk.source.objects[f"o{number:02}"] = log_file(record(number))
    desk.source.objects["o07"] = OSError("the network went away")
    assert desk.step() == 40
    assert desk.source.acknowledged == [f"o{number:02}" for number in range(40) if number != 7]
    with desk.store.transaction() as tx:
        assert sum(alert.evidence.count for alert in tx.alerts(AlertFilter())) == 39
    desk.source.objects["o07"] = log_file(record(7))
    desk.step()
    assert desk.source.acknowledged[-1] == "o07"


def test_a_long_object_is_kept_in_parts_and_gone_on_with_behind_them() -> None:
    """Stopped, or killed, between two parts: the next reads only what was not committed, and counts nothing twice."""
    line = log_file(record(0)).replace(b'{"Records": [', b"").replace(b"]}", b"").replace(b"event-0", b"event-%d")
    lines = b"\n".join(line % number for number in range(3 * PART))
    desk = Desk()
    desk.source.objects["long"] = lines
    parts_read = desk.reader.parts(desk.source.item("long"), 0)
    first = next(parts_read)
    assert not first.done
    desk.run.stop.set()
    desk.run.intake._offer(desk.source, desk.source.item("long"))
    desk.run.stop.clear()
    desk.run.intake.poll_once(desk.source)
    batch = list(desk.run.intake._batch())
    desk.run.stop.set()
    desk.run.taking.take(batch, desk.reader)
    assert desk.source.acknowledged == []
    with desk.store.transaction() as tx:
        row = tx.object("fake", "long")
        assert row is not None
        assert not row.done
        assert 0 < row.records < 3 * PART
    desk.run.stop.clear()
    desk.run.taking.take(batch, desk.reader)
    assert desk.source.acknowledged == ["long"]
    with desk.store.transaction() as tx:
        row = tx.object("fake", "long")
        assert row is not None
        assert (row.done, row.records) == (True, 3 * PART)
        assert [alert.evidence.count for alert in tx.alerts(AlertFilter())] == [3 * PART]


def test_what_cannot_be_read_is_counted_and_told() -> None:
    desk = Desk()
    desk.source.objects["bad"] = b'{"Records": [{"eventName"'
    desk.step()
    assert desk.source.acknowledged == ["bad"]
    assert desk.parts.figures.value(MALFORMED, "fake") >= 1
    assert "malformed" in desk.log.getvalue()


def test_an_object_that_fails_again_and_again_is_put_aside_by_name() -> None:
    desk = Desk()
    desk.source.objects["a"] = OSError(13, "Permission denied")
    for _ in range(TRIES):
        assert "a" not in desk.source.rejected
        desk.step()
    assert desk.source.rejected == {"a": "permission denied"}
    with desk.store.transaction() as tx:
        assert [(row.name, row.poison, row.done) for row in tx.objects(poison=True)] == [
            ("a", "permission denied", False)
        ]
    assert desk.parts.figures.value(POISON, "fake") == 1
    assert desk.run.taking.total.failed == TRIES


def test_an_object_that_says_it_is_poison_is_put_aside_at_once() -> None:
    desk = Desk()
    desk.source.objects["a"] = PoisonError("`a` is gone")
    desk.step()
    assert desk.source.rejected == {"a": "`a` is gone"}


def test_what_passes_by_itself_never_puts_an_object_aside() -> None:
    desk = Desk()
    desk.source.objects["a"] = AwsError("slow down", Failure.THROTTLED)
    for _ in range(3 * TRIES):
        desk.step()
    assert desk.source.rejected == {}
    desk.source.objects["a"] = log_file(record(1))
    desk.step()
    assert desk.source.acknowledged == ["a"]


def test_a_bug_in_one_object_spares_those_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from vedette.app import taking

    ingest = taking.ingest_together

    def broken(tx: Transaction, monitor: Monitor, arrivals: Sequence[Arrival], now: int) -> list[Ingested]:
        if any(arrival.name == "bad" for arrival in arrivals):
            raise KeyError("oops")
        return ingest(tx, monitor, arrivals, now)

    monkeypatch.setattr(taking, "ingest_together", broken)
    desk = Desk()
    desk.source.objects |= {"a": log_file(record(1)), "bad": log_file(record(2)), "c": log_file(record(3))}
    for _ in range(TRIES):
        desk.step()
    assert desk.source.acknowledged == ["a", "c"]
    assert desk.source.rejected == {"bad": "bug: KeyError: 'oops'"}


def test_what_was_put_aside_is_read_again_once_it_is_let_go() -> None:
    desk = Desk()
    desk.source.objects["a"] = PoisonError("not readable")
    desk.step()
    desk.source.objects["a"] = log_file(record(1))
    with desk.store.transaction() as tx:
        (row,) = tx.objects(poison=True)
        from dataclasses import replace

        tx.put_object(replace(row, poison="", done=False))
    desk.step()
    with desk.store.transaction() as tx:
        found = tx.object("fake", "a")
        assert found is not None
        assert (found.done, found.records) == (True, 1)


def test_what_was_let_go_and_is_gone_is_put_aside_again() -> None:
    desk = Desk()
    desk.source.objects["a"] = PoisonError("not readable")
    desk.step()
    with desk.store.transaction() as tx:
        (row,) = tx.objects(poison=True)
        from dataclasses import replace

        tx.put_object(replace(row, poison="", done=False))
    desk.step()
    with desk.store.transaction() as tx:
        assert [each.poison for each in tx.objects(poison=True)] == ["`a` is gone"]


def test_an_object_in_hand_is_not_taken_twice_and_its_lease_is_made_longer() -> None:
    desk = Desk()
    desk.source.objects["a"] = log_file(record(1))
    assert desk.run.intake.poll_once(desk.source) == 1
    assert desk.run.intake.poll_once(desk.source) == 0
    desk.run.intake.extend()
    assert desk.source.extended == []
    desk.clock.time += int(EXTEND_EVERY) + 1
    desk.run.intake.extend()
    desk.run.intake.extend()
    assert desk.source.extended == ["a"]
    desk.run.intake.work_off(desk.reader)
    assert desk.run.intake.waiting == 0


def test_a_source_that_fails_is_told_and_noted_until_it_works() -> None:
    desk = Desk(FilledSource(failure=SourceError("no folder", hint="mkdir")))
    desk.run.stop.wait = lambda timeout=None: desk.run.stop.set() or True  # type: ignore[method-assign,func-returns-value]
    desk.run.intake.poll(desk.source, 1.0)
    with desk.store.transaction() as tx:
        health = tx.health("fake")
        assert health is not None
        assert (health.last_error, health.errors) == ("no folder", 1)
    assert desk.parts.figures.value(SOURCE_ERRORS, "fake") == 1
    assert "no folder" in desk.log.getvalue()
    assert desk.run.troubles() == ["stopping", "source fake: no folder"]
    desk.run.stop.clear()
    desk.source.failure = None
    desk.source.cursor = "later"
    desk.step()
    with desk.store.transaction() as tx:
        health = tx.health("fake")
        assert health is not None
        assert (health.last_error, health.errors, health.cursor) == ("", 1, "later")


def test_an_acknowledgement_that_fails_changes_nothing() -> None:
    """It comes again, is found done, and is acknowledged then."""
    desk = Desk()
    desk.source.objects["a"] = log_file(record(1))
    acknowledge = FilledSource._ack
    desk.source.__class__._ack = _refuse  # type: ignore[method-assign]
    try:
        desk.step()
    finally:
        desk.source.__class__._ack = acknowledge  # type: ignore[method-assign]
    assert "not acknowledged" in desk.log.getvalue()
    desk.step()
    assert desk.source.acknowledged == ["a"]
    assert desk.parts.figures.value(MATCHES, "fake") == 1


def test_a_batch_is_acknowledged_together_and_what_fails_then_comes_again() -> None:
    """Some sources tell all at once when `together` ends; whoever did not hear of it gives the objects again."""
    desk = Desk()
    for name in ("a", "b"):
        desk.source.objects[name] = log_file(record(ord(name)))
    told: list[list[str]] = []
    desk.source.together = telling(desk.source, told, SourceError("away"))
    desk.step()
    assert told == [["a", "b"]]
    assert "not acknowledged" in desk.log.getvalue()
    for name in ("a", "b"):
        desk.source.objects[name] = log_file(record(ord(name)))
    desk.source.together = telling(desk.source, told, None)
    desk.step()
    assert told == [["a", "b"], ["a", "b"]]
    assert desk.parts.figures.value(MATCHES, "fake") == 2


def telling(source: FilledSource, told: list[list[str]], failure: Exception | None) -> object:
    @contextmanager
    def together() -> Iterator[None]:
        source.acknowledged.clear()
        yield
        told.append(list(source.acknowledged))
        if failure is not None:
            raise failure

    return together


def _refuse(self: FilledSource, name: str) -> None:
    raise OSError(5, "no network")


def test_exceptions_of_a_detection_end_by_days() -> None:
    """The engine is made anew when the day changes."""
    desk = Desk()
    before = desk.reader._ready()
    assert desk.reader._ready() is before
    desk.clock.time = NOON + 86_400
    assert desk.reader._ready() is not before
