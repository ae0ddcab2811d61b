"""The canary goes the whole way to every channel, and who can be reached is told where it does not arrive."""

from __future__ import annotations

import datetime as dt
import io
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from app_run.fakes import NOON, AnsweringSender, SetClock, monitor, parts
from vedette.alerts.delivery import Dead
from vedette.alerts.policy import Route
from vedette.alerts.record import Status
from vedette.alerts.render.headline import lead
from vedette.app.canary import UNREAD, canary_detection, canary_record, conclude, leave_in, new_name, with_canary
from vedette.app.canary_command import fly
from vedette.app.notices import Notices
from vedette.app.run import Run
from vedette.app.upkeep import LEASE
from vedette.app.wiring import Parts
from vedette.cloudtrail.body import Body, Kind
from vedette.detections.loader import load_builtin
from vedette.engine.engine import Engine
from vedette.monitor.selfwatch import Concern, concerns
from vedette.monitor.store import AlertFilter, Store
from vedette.monitor.watching import CANARY, Monitor
from vedette.stores.memory import MemoryStore


def _parts(*senders: AnsweringSender, store: Store | None = None, every: int = 0) -> Parts:
    given = parts(store, senders=senders, clock=SetClock())
    plain = monitor([sender.name for sender in senders])
    watched = Monitor(*with_canary(plain.detections, plain.policy, [sender.name for sender in senders]))
    settings = replace(given.settings, monitor=replace(given.settings.monitor, canary_every=every, canary_within=60))
    return replace(given, monitor=watched, settings=settings, notices=Notices(settings, watched))


def test_only_its_own_detection_matches_its_record() -> None:
    detections = (*load_builtin(tests=False), canary_detection())
    engine = Engine(detections, dt.date(2026, 11, 21))
    result = engine.process(Body(Kind.LOG_FILE, canary_record("x", NOON), "x"))
    assert [(detections[match.detection].id, match.group) for match in result.matches] == [(CANARY, ("x",))]
    assert result.malformed == ()


def test_it_arrives_everywhere_and_its_alert_is_ended() -> None:
    mail, chat, store = AnsweringSender("mail"), AnsweringSender("chat"), MemoryStore()
    flown = fly(_parts(mail, chat, store=store), 60, threading.Event())
    assert (flown.missing, flown.alone) == ({}, True)
    assert [len(sender.messages) for sender in (mail, chat)] == [1, 1]
    with store.transaction() as tx:
        (alert,) = tx.alerts(AlertFilter(detection=CANARY))
        assert (alert.group, alert.lifecycle.status) == ((flown.name,), Status.RESOLVED)
    assert "Nothing is wrong" in lead(mail.messages[0].notice)
    with store.transaction() as tx:
        assert tx.lease(LEASE, "another", NOON, NOON + 9), "its lease was given back"


def test_a_channel_that_does_not_accept_it_is_told_to_the_others() -> None:
    mail, chat, store = (
        AnsweringSender("mail"),
        AnsweringSender("chat", answers=[Dead("no such channel")]),
        MemoryStore(),
    )
    given = _parts(mail, chat, store=store)
    flown = fly(given, 0, threading.Event())
    assert flown.missing == {"chat": "the message is dead: no such channel"}
    with store.transaction() as tx:
        assert (Concern.CANARY_MISSING.value, ("chat",)) in [(one.detection, one.group) for one in concerns(tx)]
    Run(given).once()
    told = {alert.detection: lead(one.notice) for one in mail.messages for alert in one.notice.alerts}
    assert told[Concern.CANARY_MISSING.value] == "Vedette says this of itself: its watch may have a gap."


def test_everyone_who_can_be_reached_is_told_whatever_the_routes_say() -> None:
    mail, chat, pager = (
        AnsweringSender("mail"),
        AnsweringSender("chat", [Dead("no such channel")]),
        AnsweringSender("pager"),
    )
    given = _parts(mail, chat, pager)
    routes = (*given.monitor.policy.routes, Route(("pager",), stop=True))
    given = replace(
        given, monitor=replace(given.monitor, policy=replace(given.monitor.policy, routes=routes[:1] + routes[2:]))
    )
    fly(given, 0, threading.Event())
    Run(given).once()
    for sender in (mail, pager):
        told = [alert.detection for one in sender.messages for alert in one.notice.alerts]
        assert Concern.CANARY_MISSING.value in told


def test_a_canary_that_was_not_read_is_one_thing_to_tell_and_told_everywhere() -> None:
    mail, chat = AnsweringSender("mail"), AnsweringSender("chat")
    given = _parts(mail, chat)
    with given.store.transaction() as tx:
        missing = conclude(tx, given.monitor, "never came", ["mail", "chat"], NOON)
        assert missing == {"mail": "the record was not read", "chat": "the record was not read"}
        assert [alert.group for alert in concerns(tx)] == [(UNREAD,)]
    Run(given).once()
    assert [len(sender.messages) for sender in (mail, chat)] == [1, 1]
    with given.store.transaction() as tx:
        conclude(tx, given.monitor, "never came", [], NOON)
    fly(given, 60, threading.Event())
    with given.store.transaction() as tx:
        assert concerns(tx) == []


def test_without_a_monitor_that_reads_it_says_so() -> None:
    store = MemoryStore()
    with store.transaction() as tx:
        tx.lease(LEASE, "another", NOON, NOON + 10**6)
    flown = fly(_parts(AnsweringSender(), store=store), 0, threading.Event())
    assert not flown.alone
    assert flown.missing == {"mail": "the message is waiting"}


def test_a_folder_takes_it_whole_or_not_at_all(tmp_path: Path) -> None:
    path = leave_in(tmp_path, "x", NOON)
    assert path is not None
    assert path.read_bytes() == canary_record("x", NOON)
    assert leave_in(tmp_path / "missing", "x", NOON) is None
    assert [one.name for one in tmp_path.iterdir()] == ["vedette-canary-x.json"]


def test_names_are_nobody_elses() -> None:
    assert new_name(NOON).startswith("20261121T120000Z-")
    assert new_name(NOON) != new_name(NOON)


@pytest.mark.parametrize("arrives", [True, False])
def test_on_a_schedule(arrives: bool) -> None:
    """Sent when it is time, looked after until it arrived or was due, then not before it is time again."""
    mail, chat = AnsweringSender("mail"), AnsweringSender("chat")
    given = _parts(mail, chat, every=3_600)
    log = io.StringIO()
    given.journal._stream = log
    run, clock = Run(given), given.clock
    assert isinstance(clock, SetClock)
    run.upkeep.once()
    run.upkeep.once()
    assert log.getvalue().count("canary sent") == 1
    if arrives:
        for dispatcher in run.dispatchers:
            while dispatcher.send_one():
                continue
    clock.time += 30
    run.upkeep.once()
    assert log.getvalue().count("canary arrived") == arrives
    clock.time += 31
    run.upkeep.once()
    assert log.getvalue().count("canary missing") == (not arrives)
    with given.store.transaction() as tx:
        assert bool(concerns(tx)) is not arrives
    clock.time += 3_600
    run.upkeep.once()
    assert log.getvalue().count("canary sent") == 2
