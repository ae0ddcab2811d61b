"""From the store to a channel: leased, sent, settled; what a sender answers decides what comes next."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from app_run.fakes import NOON, AnsweringSender, FilledSource, SetClock, log_file, parts, record
from stores.server import Server, running
from vedette.alerts.delivery import Dead, Delivery, DeliveryState, Outcome, Reason, Retry, Sent
from vedette.app.figures import TRIES
from vedette.app.objects import Reader
from vedette.app.run import Run
from vedette.app.stores import open_store
from vedette.monitor.outbox import LEASE
from vedette.monitor.store import Store
from vedette.stores.memory import MemoryStore
from waiting import PATIENCE, until


class Office:
    """A run that has one alert to tell over one channel."""

    def __init__(self, *answers: Outcome | Exception, store: Store | None = None) -> None:
        self.sender = AnsweringSender(answers=list(answers))
        self.store, self.clock, self.log = store or MemoryStore(), SetClock(), io.StringIO()
        source = FilledSource(objects={"a": log_file(record(1))})
        self.parts = parts(self.store, source=source, senders=[self.sender], clock=self.clock, stream=self.log)
        self.run = Run(self.parts)
        self.run.intake.poll_once(source)
        self.run.intake.work_off(Reader(self.parts.monitor, self.clock))
        (self.dispatch,) = self.run.dispatchers

    @property
    def delivery(self) -> Delivery:
        with self.store.transaction() as tx:
            return office_delivery(tx)


def test_what_is_due_is_sent_and_settled() -> None:
    office = Office(Sent("message-1", "thread-1"))
    assert office.dispatch.send_one()
    assert not office.dispatch.send_one()
    (message,) = office.sender.messages
    assert message.key == office.delivery.key
    assert message.notice.reason is Reason.FIRST
    assert [alert.detection for alert in message.notice.alerts] == ["key-made"]
    assert list(message.notice.detections) == ["key-made"]
    assert (office.delivery.state, office.delivery.detail) == (DeliveryState.SENT, "message-1")
    assert office.parts.figures.value(TRIES, "mail", "sent") == 1


def test_a_refusal_is_tried_again_when_it_is_due() -> None:
    office = Office(Retry("busy", after=60))
    assert office.dispatch.send_one()
    assert (office.delivery.state, office.delivery.attempts, office.delivery.detail) == (
        DeliveryState.WAITING, 1, "busy",
    )  # fmt: skip
    assert not office.dispatch.send_one()
    office.clock.time = office.delivery.due
    assert office.dispatch.send_one()
    assert office.delivery.state is DeliveryState.SENT
    assert [message.key for message in office.sender.messages] == [office.delivery.key] * 2


def test_what_will_never_be_taken_is_dead() -> None:
    office = Office(Dead("no such address"))
    assert office.dispatch.send_one()
    assert office.delivery.state is DeliveryState.DEAD
    assert "delivery dead" in office.log.getvalue()


def test_a_bug_in_a_sender_ends_nothing() -> None:
    office = Office(KeyError("oops"))
    assert office.dispatch.send_one()
    assert office.delivery.state is DeliveryState.WAITING
    assert "sender broke" in office.log.getvalue()


def test_what_another_holds_is_left_to_it_until_its_lease_ends() -> None:
    office = Office()
    with office.store.transaction() as tx:
        tx.claim_deliveries("another", NOON, NOON + LEASE, 9)
    assert not office.dispatch.send_one()
    office.clock.time += LEASE
    assert office.dispatch.send_one()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture(params=["memory", "postgres"])
def shared(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store for two monitors."""
    url = "memory:" if request.param == "memory" else request.getfixturevalue("server").url("slow")
    with closing(open_store(url)) as store:
        yield store


def test_a_send_that_outlasts_its_lease_is_no_other_monitors(shared: Store) -> None:
    """While one holder still sends, the other gets nothing, however long that takes; and there is one message."""
    office = Office(store=shared)
    office.dispatch.keep_every, office.dispatch.keep_most = 0.01, sys.maxsize
    other = AnsweringSender()
    (idle,) = Run(replace(parts(shared, senders=[other], clock=office.clock), holder="there/2/b")).dispatchers

    def during() -> None:
        for _ in range(3):
            office.clock.time += LEASE - 1
            until(lambda: office.delivery.lease == office.clock.time + LEASE)
            assert not idle.send_one()

    office.sender.during = during
    assert office.dispatch.send_one()
    assert not idle.send_one()
    assert (office.delivery.state, len(office.sender.messages), other.messages) == (DeliveryState.SENT, 1, [])


def test_a_send_that_never_ends_is_let_go_of() -> None:
    """A process that hangs must not keep what another could send."""
    office = Office()
    office.dispatch.keep_every = 0.001
    office.dispatch.keep_most = 3
    office.sender.during = lambda: until(lambda: not any(
        thread.name.startswith("keep ") for thread in threading.enumerate()))  # fmt: skip
    assert office.dispatch.send_one()


def test_a_lease_is_given_back_when_everything_ends() -> None:
    office = Office()
    assert not office.dispatch.send_one(lambda: True)
    assert (office.delivery.holder, office.delivery.lease, office.sender.messages) == ("", 0, [])


def test_alerts_that_are_gone_are_not_told() -> None:
    office = Office()
    with office.store.transaction() as tx:
        tx.replace_delivery(replace(office_delivery(tx), alerts=("gone",)))
    assert office.dispatch.send_one()
    assert (office.delivery.state, office.sender.messages) == (DeliveryState.DEAD, [])
    assert office.delivery.detail == "the alerts that it told of are gone"


def office_delivery(tx: object) -> Delivery:
    found = next(one for one in tx.deliveries() if one.incident.startswith("key-made"))  # type: ignore[attr-defined]
    assert isinstance(found, Delivery)
    return found


def test_its_thread_sends_until_told_to_stop() -> None:
    office = Office()
    stop = threading.Event()
    thread = threading.Thread(target=office.dispatch.run, args=(stop,))
    thread.start()
    assert office.sender.sent.wait(PATIENCE)
    stop.set()
    office.dispatch.wake.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.mark.parametrize("summary", [False, True])
def test_a_summary_says_how_many_it_stands_for(summary: bool) -> None:
    office = Office()
    with office.store.transaction() as tx:
        reason = Reason.SUMMARY if summary else Reason.FIRST
        tx.replace_delivery(replace(office_delivery(tx), reason=reason))
    office.dispatch.send_one()
    assert office.sender.messages[0].notice.held == (1 if summary else 0)
