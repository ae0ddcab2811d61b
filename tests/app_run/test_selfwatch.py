"""The watch on itself: raised when something is wrong, told like any alert, cleared once it is mended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app_run.fakes import (
    DETECTION,
    NOON,
    AnsweringSender,
    FilledSource,
    SetClock,
    log_file,
    monitor,
    parts,
    record,
    settings,
)
from vedette.alerts.delivery import Dead, Delivery, DeliveryState, Reason, Retry
from vedette.app.aside import put_aside
from vedette.app.control import Control
from vedette.app.figures import DETECTION_ERRORS
from vedette.app.run import Run
from vedette.app.selfwatch import BUG, OVERDUE, Watch, bug_of, look, watch
from vedette.app.taking import TRIES
from vedette.app.wiring import Parts
from vedette.cloudtrail.body import Body
from vedette.detections.loader import load_text
from vedette.engine.engine import Engine
from vedette.engine.result import BodyResult
from vedette.monitor.selfwatch import Concern
from vedette.monitor.store import SourceHealth
from vedette.sources.port import SourceError
from vedette.stores.memory import MemoryStore

HOUR = 3_600
WATCH = Watch({"logs": 6 * HOUR}, ("mail", "chat"), HOUR)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def _look(store: MemoryStore, now: int) -> dict[tuple[Concern, str], str]:
    with store.transaction() as tx:
        return look(tx, WATCH, now)


def _health(store: MemoryStore, **changes: object) -> None:
    with store.transaction() as tx:
        tx.put_health(replace(tx.health("logs") or SourceHealth("logs"), **changes))  # type: ignore[arg-type]


def _delivery(key: str, **changes: object) -> Delivery:
    given = Delivery(key, "mail", "incident", ("alert",), Reason.FIRST, NOON, NOON)
    return replace(given, **changes)  # type: ignore[arg-type]


def test_all_is_well(store: MemoryStore) -> None:
    assert _look(store, NOON) == {}


def test_a_source_that_never_gave_anything_is_quiet_since_it_was_first_watched(store: MemoryStore) -> None:
    assert _look(store, NOON) == {}
    assert _look(store, NOON + 6 * HOUR) == {}
    assert _look(store, NOON + 6 * HOUR + 1) == {
        (Concern.SOURCE_QUIET, "logs"): "source logs: nothing came for 6 hours"
    }


def test_a_source_that_gave_something_is_quiet_since_then(store: MemoryStore) -> None:
    _look(store, NOON)
    _health(store, last_at=NOON + HOUR, last_object="a.json")
    assert _look(store, NOON + 7 * HOUR) == {}
    found = _look(store, NOON + 3 * 86_400)
    assert found == {
        (Concern.SOURCE_QUIET, "logs"): "source logs: nothing came for 2 days; the last object was `a.json`"
    }


def test_quiet_is_not_watched_where_it_is_not_wanted(store: MemoryStore) -> None:
    with store.transaction() as tx:
        look(tx, Watch({"logs": 0}, (), HOUR), NOON)
        assert look(tx, Watch({"logs": 0}, (), HOUR), NOON + 10**7) == {}


def test_a_source_that_fails_and_one_that_lags(store: MemoryStore) -> None:
    _health(store, last_error="no such bucket")
    assert _look(store, NOON) == {(Concern.SOURCE_FAILING, "logs"): "source logs: no such bucket"}
    _health(store, last_error="", last_at=NOON, lag=3 * HOUR)
    assert _look(store, NOON) == {
        (Concern.LAG, "logs"): "source logs: the newest object was read 3 hours after its delivery"
    }
    assert _look(store, NOON + HOUR) == {}, "what is old says nothing of now"


def test_objects_that_were_put_aside(store: MemoryStore) -> None:
    with store.transaction() as tx:
        put_aside(tx, "logs", "a", "not readable", NOON)
        put_aside(tx, "other", "b", f"{BUG}KeyError: x", NOON)
        put_aside(tx, "other", "c", bug_of({"one": "detection `x`: y", "two": "KeyError: z"}), NOON)
    both = "`c` was put aside: bug: detection `one`: detection .x.: y; detection `two`: KeyError: z"
    assert _look(store, NOON) == {
        (Concern.SOURCE_FAILING, "logs"): "source logs: `a` was put aside: not readable",
        (Concern.DETECTION_ERROR, "other"): "source other: `b` was put aside: bug: KeyError: x",
        (Concern.DETECTION_ERROR, "one"): f"source other: {both}",
        (Concern.DETECTION_ERROR, "two"): f"source other: {both}",
    }
    assert (Concern.SOURCE_FAILING, "logs") not in _look(store, NOON + 2 * 86_400)
    with store.transaction() as tx:
        put_aside(tx, "logs", "d", "gone", NOON + 60)
    why = "source logs: `d` and 1 other were put aside: gone"
    assert _look(store, NOON + 60)[Concern.SOURCE_FAILING, "logs"] == why


def test_a_channel_that_fails_and_deliveries_that_died(store: MemoryStore) -> None:
    with store.transaction() as tx:
        tx.put_delivery(_delivery("1", attempts=2, detail="busy"))
        assert look(tx, WATCH, NOON) == {}
        tx.put_delivery(_delivery("2", attempts=3, detail="refused"))
        tx.put_delivery(_delivery("3", channel="chat", state=DeliveryState.DEAD, settled=NOON, detail="no channel"))
    assert _look(store, NOON) == {
        (Concern.CHANNEL_FAILING, "mail"): "channel mail: 1 message not accepted: refused",
        (Concern.DELIVERY_DEAD, "chat"): "channel chat: no channel",
    }
    assert (Concern.DELIVERY_DEAD, "chat") not in _look(store, NOON + 2 * 86_400)


def test_what_stands_is_raised_once_and_cleared_when_it_is_mended(store: MemoryStore) -> None:
    watched = monitor(["mail", "chat"])
    _health(store, last_error="no such bucket")
    for now in (NOON, NOON + 60, NOON + 120):
        with store.transaction() as tx:
            (alert,) = watch(tx, watched, WATCH, now)
            assert (alert.kind, alert.detection, alert.group) == ("self", "vedette-source-failing", ("logs",))
    _health(store, last_error="")
    with store.transaction() as tx:
        assert watch(tx, watched, WATCH, NOON + 180) == []
        found = tx.alert(alert.id)
        assert found is not None
        assert (found.closed, found.opened) == (NOON + 180, NOON)


def test_a_channel_that_fails_is_told_over_the_others_and_told_when_mended() -> None:
    """The whole way: upkeep looks, the other channel's sender hears of it, and again when it is over."""
    mail, chat = AnsweringSender("mail"), AnsweringSender("chat")
    store, clock = MemoryStore(), SetClock()
    with store.transaction() as tx:
        tx.put_delivery(_delivery("1", attempts=3, due=NOON + 10**6, detail="refused"))
    run = Run(parts(store, senders=[mail, chat], clock=clock))
    _round(run)
    told = [(message.notice.reason.value, message.notice.alerts[0].detection) for message in chat.messages]
    assert told == [("first", "vedette-channel-failing")]
    with store.transaction() as tx:
        tx.replace_delivery(_delivery("1", attempts=4, state=DeliveryState.SENT, settled=NOON))
    clock.time += 1_000
    _round(run)
    assert [message.notice.reason.value for message in chat.messages] == ["first", "resolved"]


def test_history_is_no_lag_and_a_late_live_object_is() -> None:
    """The whole way: what was there when the monitor came is history, however old; what came since and lay is late."""
    source, clock, mail = FilledSource(), SetClock(), AnsweringSender("mail")
    run = Run(parts(source=source, senders=[mail], clock=clock))
    clock.time = NOON + 30 * 86_400
    source.put("old", delivered=NOON)
    assert run.once().objects == 1
    assert _told(mail) == []
    started = clock.time
    source.put("late", delivered=started + 60)
    clock.time += 60 + 2 * HOUR
    assert run.once().objects == 2
    assert _told(mail) == [("first", "vedette-lag")]
    assert "2 hours" in mail.messages[0].notice.alerts[0].reason
    source.put("copied from an archive", delivered=NOON - 86_400)
    source.put("fresh", delivered=clock.time)
    clock.time += 1_000
    run.once()
    assert _told(mail) == [("first", "vedette-lag"), ("resolved", "vedette-lag")]


def _broken_for(monkeypatch: pytest.MonkeyPatch, detection: str) -> None:
    """Let every engine fail that asks that detection of a record by mallory."""
    process = Engine.process

    def failing(engine: Engine, body: Body) -> BodyResult:
        if b"mallory" in body.data and any(each.id == detection for each in engine.detections):
            raise KeyError("the bug")
        return process(engine, body)

    monkeypatch.setattr(Engine, "process", failing)


def _with_another(given: Parts) -> Parts:
    """The same with a detection more, before the other, that asks the same."""
    other = load_text(DETECTION.replace("id: key-made", "id: another"), "test")
    return replace(given, monitor=replace(given.monitor, detections=(other, *given.monitor.detections)))


def test_a_detection_that_errors_is_named_and_costs_the_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way: the other detections' alerts come, the broken one is told of, and once mended it is asked."""
    source, clock, mail = FilledSource(), SetClock(), AnsweringSender("mail")
    run = Run(_with_another(parts(source=source, senders=[mail], clock=clock)))
    with monkeypatch.context() as patch:
        _broken_for(patch, "another")
        source.objects["a"] = log_file(record(1, user="mallory"), record(2, user="bob"))
        run.once()
    assert source.acknowledged == ["a"]
    assert sorted(_told(mail)) == [("first", "key-made"), ("first", "key-made"), ("first", "vedette-detection-error")]
    (told,) = (one for message in mail.messages for one in message.notice.alerts if one.kind == "self")
    assert told.group == ("another",)
    assert "KeyError: 'the bug'" in told.reason
    assert run.parts.figures.value(DETECTION_ERRORS, "another") == 1
    mail.messages.clear()
    assert [row.name for row in Control(run.parts.settings, run.parts.store, clock.now()).release(None)] == ["a"]
    source.objects["a"] = log_file(record(1, user="mallory"), record(2, user="bob"))
    clock.time += 1_000
    run.once()
    assert [pair for pair in _told(mail) if pair[0] == "first"] == [("first", "another")] * 2, "nothing counts twice"
    assert ("resolved", "vedette-detection-error") in _told(mail)
    with run.parts.store.transaction() as tx:
        row = tx.object("fake", "a")
        assert row is not None
        assert (row.done, row.poison, row.records) == (True, "", 2)


def test_an_evaluation_that_errors_names_its_detection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way, where the bug is in what comes after the question."""
    source, mail = FilledSource(), AnsweringSender("mail")
    run = Run(parts(source=source, senders=[mail]))
    monkeypatch.setattr("vedette.monitor.intake.reconcile", _raise)
    source.objects["a"] = log_file(record(1))
    for _ in range(TRIES):
        run.once()
    assert _told(mail) == [("first", "vedette-detection-error")]
    assert mail.messages[0].notice.alerts[0].group == ("key-made",)


def _raise(*_: object) -> None:
    raise RuntimeError("the bug")


def test_a_bug_that_is_no_detections_is_not_blamed_on_any(monkeypatch: pytest.MonkeyPatch) -> None:
    source, mail = FilledSource(), AnsweringSender("mail")
    run = Run(_with_another(parts(source=source, senders=[mail])))
    monkeypatch.setattr(Engine, "process", _raise)
    source.objects["a"] = log_file(record(1))
    for _ in range(TRIES):
        run.once()
    assert mail.messages[0].notice.alerts[0].group == ("fake",)


def test_a_source_that_has_gone_quiet_is_told_and_told_when_it_gives_again() -> None:
    """The whole way, of a source and of one that cannot be asked."""
    source, clock, mail = FilledSource(), SetClock(), AnsweringSender("mail")
    given = parts(source=source, senders=[mail], clock=clock)
    quiet = settings("[[source]]\nkind = 'folder'\nname = 'fake'\npath = '/'\nquiet_after = '6h'\n")
    run = Run(replace(given, settings=quiet))
    run.once()
    clock.time += 6 * HOUR + 1
    run.once()
    assert _told(mail) == [("first", "vedette-source-quiet")]
    source.put("a", delivered=clock.time)
    clock.time += 1_000
    run.once()
    assert _told(mail)[1:] == [("resolved", "vedette-source-quiet")]
    source.failure = SourceError("no folder `/`")
    run.once()
    source.failure = None
    clock.time += 1_000
    run.once()
    assert _told(mail)[2:] == [("first", "vedette-source-failing"), ("resolved", "vedette-source-failing")]


def test_a_message_that_was_given_up_is_told_over_another_channel() -> None:
    """The whole way: what one channel will never take, the other says, together with what it was about."""
    source = FilledSource(objects={"a": log_file(record(1))})
    mail, chat = AnsweringSender("mail", answers=[Dead("no such mailbox")]), AnsweringSender("chat")
    run = Run(parts(source=source, senders=[mail, chat]))
    run.once()
    assert sorted(_told(chat)) == [("first", "key-made"), ("first", "vedette-delivery-dead")]
    (told,) = (one for message in chat.messages for one in message.notice.alerts if one.kind == "self")
    assert (told.group, told.reason) == (("mail",), "no such mailbox")


def test_messages_for_a_channel_that_was_taken_out_are_told_of_and_given_up_in_the_end() -> None:
    """Nobody would send them, and nobody would know: their alerts went to that channel alone, perhaps."""
    source = FilledSource(objects={"a": log_file(record(1))})
    store, clock = MemoryStore(), SetClock()
    Run(parts(store, source=source, senders=[AnsweringSender("mail", [Retry("busy")])], clock=clock)).once()
    chat = AnsweringSender("chat")
    run = Run(parts(store, senders=[chat], clock=clock))
    _round(run)
    assert _told(chat) == []  # another monitor on the store may have the channel, and is about to send it
    clock.time += 2 * OVERDUE
    _round(run)
    (told,) = (one for message in chat.messages for one in message.notice.alerts)
    assert (told.detection, told.group) == ("vedette-channel-failing", ("mail",))
    assert told.reason == "channel mail: 1 message for it cannot be sent: the settings have no such channel"
    clock.time += run.parts.monitor.policy.backoff.age
    _round(run)
    with store.transaction() as tx:
        (dead,) = tx.deliveries(state=DeliveryState.DEAD)
        assert (dead.channel, dead.detail) == ("mail", "the settings have no channel `mail`")
    _round(run)
    assert ("first", "vedette-delivery-dead") in _told(chat)
    assert ("resolved", "vedette-delivery-dead") not in _told(chat)


def test_that_it_is_over_is_not_planned_for_a_channel_that_was_taken_out() -> None:
    source = FilledSource(objects={"a": log_file(record(1))})
    store, clock = MemoryStore(), SetClock()
    mail, chat = AnsweringSender("mail"), AnsweringSender("chat")
    Run(parts(store, source=source, senders=[mail, chat], clock=clock)).once()
    assert _told(mail) == _told(chat) == [("first", "key-made")]
    clock.time += 4 * HOUR
    _round(Run(parts(store, senders=[chat], clock=clock)))
    assert _told(chat) == [("first", "key-made"), ("resolved", "key-made")]
    with store.transaction() as tx:
        assert tx.deliveries(state=DeliveryState.WAITING) == []


def _told(sender: AnsweringSender) -> list[tuple[str, str]]:
    return [(message.notice.reason.value, message.notice.alerts[0].detection) for message in sender.messages]


def _round(run: Run) -> None:
    run.upkeep.once()
    for dispatcher in run.dispatchers:
        while dispatcher.send_one():
            continue
