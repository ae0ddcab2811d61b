"""Deliveries: how one is settled, and that none is lost or told twice whatever happens."""

from __future__ import annotations

import random
from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from alerts.making import NOON, alarm, detection
from monitor.scenario import STEP, World, world
from stores.contract import alert, delivery
from vedette.alarms import TreatMissingData
from vedette.alerts.delivery import Dead, DeliveryState, Outcome, Reason, Retry, Sent
from vedette.alerts.policy import Backoff, Policy, Rate, Route
from vedette.errors import InputError
from vedette.monitor import Monitor, claim, retry, settle
from vedette.monitor.outbox import LEASE, Outbox, settled
from vedette.monitor.store import AlertFilter
from vedette.stores.memory import MemoryStore

POLICY = Policy(routes=(Route(("mail",)),), backoff=Backoff(first=10, longest=100, attempts=3, age=60))
KEEPS = alarm(missing=TreatMissingData.IGNORE)


def test_an_accepted_delivery_is_sent_and_keeps_its_thread() -> None:
    tried = replace(delivery(), holder="me", lease=NOON + 9)
    after = settled(tried, Sent("<1@example.com>", "thread-1"), NOON + 3, POLICY.backoff)
    assert (after.state, after.settled, after.attempts) == (DeliveryState.SENT, NOON + 3, 1)
    assert (after.detail, after.thread, after.holder, after.lease) == ("<1@example.com>", "thread-1", "", 0)
    assert settled(tried, Sent(note="bob was refused"), NOON, POLICY.backoff).note == "bob was refused"
    later = settled(replace(tried, thread="thread-0"), Sent("r", "thread-1"), NOON, POLICY.backoff)
    assert later.thread == "thread-0"


def test_a_busy_receiver_is_tried_later_at_its_wish_or_ours() -> None:
    after = settled(delivery(), Retry("busy"), NOON, POLICY.backoff)
    assert (after.state, after.attempts, after.detail) == (DeliveryState.WAITING, 1, "busy")
    assert NOON + 7 <= after.due <= NOON + 13
    assert settled(delivery(), Retry("busy", after=500), NOON, POLICY.backoff).due == NOON + 500


def test_a_delivery_dies_when_it_is_refused_or_its_tries_are_spent() -> None:
    dead = settled(delivery(), Dead("no such address"), NOON, POLICY.backoff)
    assert (dead.state, dead.detail, dead.settled) == (DeliveryState.DEAD, "no such address", NOON)
    tired = replace(delivery(), attempts=2)
    assert settled(tired, Retry("away"), NOON + 59, POLICY.backoff).state is DeliveryState.WAITING
    given_up = settled(tired, Retry("away"), NOON + 60, POLICY.backoff)
    assert (given_up.state, given_up.detail) == (DeliveryState.DEAD, "given up: away")


def test_an_incident_goes_on_in_its_thread() -> None:
    store = MemoryStore()
    with store.transaction() as tx:
        tx.put_delivery(delivery("first"))
        (first,) = claim(tx, "me", NOON)
        settle(tx, Monitor((), POLICY), first, Sent("r", "thread-1"), NOON)
        tx.put_delivery(delivery("second", created=NOON + 1))
        tx.put_delivery(delivery("elsewhere", channel="chat"))
        assert {each.key: each.thread for each in claim(tx, "me", NOON + 1)} == {"second": "thread-1", "elsewhere": ""}


def test_who_comes_too_late_changes_nothing_unless_it_was_accepted() -> None:
    store = MemoryStore()
    with store.transaction() as tx:
        tx.put_delivery(delivery())
        (slow,) = claim(tx, "slow", NOON)
        (quick,) = claim(tx, "quick", NOON + LEASE)
        settle(tx, Monitor((), POLICY), quick, Sent("r"), NOON + LEASE)
        assert settle(tx, Monitor((), POLICY), slow, Dead("gone"), NOON + LEASE + 1).state is DeliveryState.SENT
        assert settle(tx, Monitor((), POLICY), slow, Sent("again"), NOON + LEASE + 2).detail == "again"


@pytest.mark.parametrize("outcome", [Retry("away"), Dead("gone")])
def test_what_another_is_sending_by_now_is_left_to_it(outcome: Outcome) -> None:
    store = MemoryStore()
    with store.transaction() as tx:
        tx.put_delivery(delivery())
        (slow,) = claim(tx, "slow", NOON)
        (quick,) = claim(tx, "quick", NOON + LEASE)
        assert settle(tx, Monitor((), POLICY), slow, outcome, NOON + LEASE + 1) == replace(quick, thread="")
        assert not claim(tx, "third", NOON + LEASE + 2)


def test_only_what_was_not_sent_is_tried_again() -> None:
    store = MemoryStore()
    with store.transaction() as tx:
        tx.put_delivery(delivery("dead", state=DeliveryState.DEAD, attempts=9, settled=NOON))
        tx.put_delivery(delivery("sent", state=DeliveryState.SENT))
        again = retry(tx, "dead", NOON + 5)
        assert (again.state, again.due, again.attempts, again.settled) == (DeliveryState.WAITING, NOON + 5, 0, None)
        for key in ("sent", "unheard-of"):
            with pytest.raises(InputError):
                retry(tx, key, NOON)


@pytest.mark.parametrize("most", [5_000, 10])
def test_many_incidents_at_once_each_find_the_message_that_waits_for_them(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule: 'after some questions all of the channel' are asked for, unless too many: the answers are alike."""
    monkeypatch.setattr("vedette.monitor.outbox._MOST_WAITING", most)
    store, policy = MemoryStore(), replace(POLICY, group_wait=60)
    numbers = range(50)
    with store.transaction() as tx:
        for number in numbers:
            tx.put_delivery(delivery(f"d-{number}", incident=f"i-{number}", alerts=("old",), due=NOON + 60))
        tx.put_delivery(delivery("over", incident="i-7", reason=Reason.RESOLVED, created=NOON + 1, due=NOON + 60))
        tx.put_delivery(delivery("tried", incident="i-8", attempts=1, created=NOON + 1, due=NOON + 60))
        outbox = Outbox(tx, policy, NOON + 2)
        planned = [
            outbox.plan(alert(f"a-{number}", incident=f"i-{number}"), "mail", Reason.FIRST) for number in numbers
        ]
        assert planned == [(f"d-{number}", False) for number in numbers]
        (new,) = {outbox.plan(alert(name, incident="i-new"), "mail", Reason.FIRST)[0] for name in ("b", "c")}
        outbox.flush()
        assert [tx.delivery(f"d-{number}").alerts for number in numbers] == [  # type: ignore[union-attr]
            ("old", f"a-{number}") for number in numbers
        ]
        assert tx.delivery(new).alerts == ("b", "c")  # type: ignore[union-attr]
        assert {tx.delivery(key).alerts for key in ("over", "tried")} == {("a-1",)}  # type: ignore[union-attr]


DETECTIONS = [detection("single"), detection("standing", alarm=KEEPS), detection("of-all", group_by=(), alarm=KEEPS)]
CHAOTIC = Policy(
    routes=(Route(("mail",)), Route(("chat",), detections=("s*",))),
    repeat_after=1800,
    rates={"mail": Rate(3, 900)},
    rate=Rate(5, 600),
    backoff=Backoff(first=10, longest=60, attempts=3, age=120),
)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_happens_each_telling_is_in_one_delivery_a_channel(seed: int) -> None:
    """Each alert and channel is in exactly one delivery per telling; planned = sent + waiting + dead; and at the end,
    when every channel is back, nothing that was told waits."""
    chance = random.Random(seed)
    made = world(DETECTIONS, CHAOTIC)
    for _ in range(40):
        made.advance(made.now + chance.choice([0, 10, 30, 300, 1200]))
        made.do("chaos", chance.choice(_acts(made, chance)).split(), ())
        made.check_conservation()
    made.outcomes.clear()
    made.advance(made.now + 2 * 3600)
    made.check_conservation()
    with made.store.transaction() as tx:
        waiting = tx.deliveries(state=DeliveryState.WAITING)
        assert all(each.due > made.now - STEP for each in waiting)
        for alert in tx.alerts(AlertFilter(limit=1000)):
            telling = [each for each in tx.decisions(alert.id) if each.deliveries]
            assert len(telling) == alert.told.times
            heard = {tx.delivery(key).channel for each in telling for key in each.deliveries}  # type: ignore[union-attr]
            assert heard == alert.told.channels


def _acts(made: World, chance: random.Random) -> list[str]:
    group = chance.choice("abcdef")
    pushes = [
        f"push single {group}",
        f"push standing {group} from=203.0.113.{chance.randrange(4)}",
        f"push of-all x by={group}",
    ]
    others = ["mail is away", "chat is refusing", "mail is back", "chat is back", "retry dead", "trouble lag folder"]
    others.append("well lag folder")
    with made.store.transaction() as tx:
        known = ["/".join((each.detection, *each.group)) for each in tx.alerts(AlertFilter()) if not each.withdrawn]
    if known:
        name = chance.choice(known)
        later = (made.now - _midnight()) // 3600 + 2
        others += [f"ack {name}", f"resolve {name}", f"reopen {name}", f"snooze {name} until={later}:00"]
        others.append(f"silence s actor={group} until={later}:00")
    return [*pushes, *pushes, *others]


def _midnight() -> int:
    return NOON - 10 * 3600
