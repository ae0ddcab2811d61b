"""What the store has learnt of actors does not depend on order, copies, parts or kills, and costs little to keep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vedette.alerts.habits import DAY, MAX_VALUES, ActorDay, Hour, Some, days_of, kinds_of, together
from vedette.cloudtrail.body import Kind, Malformed, Reason
from vedette.engine.result import BodyResult
from vedette.monitor import habits
from vedette.monitor.habits import Learner, News, history_of, learn, trim
from vedette.monitor.store import Store
from vedette.stores.memory import MemoryStore


def hour(start: int, actor: str, *shown: str) -> Hour:
    """An hour of one actor: an address, a call, a region, a program, as far as they are given."""
    kinds = (frozenset({(actor, value)} if value else ()) for value in (*shown, "", "", "", "")[:4])
    return Hour(start, frozenset({actor}), *kinds)


def joined(hours: Sequence[Hour]) -> Hour:
    """Several actors' hours of one start as one."""
    every = zip(*(one[1:] for one in hours), strict=True)
    return Hour(hours[0].start, *(frozenset().union(*each) for each in every))


starts = st.integers(0, 60).map(lambda number: number * 3_600)
hours = starts.flatmap(
    lambda start: st.lists(
        st.builds(
            hour, st.just(start), st.sampled_from("ab"), st.sampled_from(["", "198.51.100.7", "203.0.113.9"]),
            st.sampled_from(["", *"WXYZ"]), st.sampled_from(["", "us-east-1"]), st.sampled_from(["", "aws-cli"]),
        ),
        min_size=1, max_size=4,
    ).map(joined)
)  # fmt: skip


def body(*found: Hour) -> BodyResult:
    return BodyResult("log", Kind.LOG_FILE, hours=found)


def everything(store: Store) -> dict[tuple[str, int], ActorDay]:
    with store.transaction() as tx:
        return {(day.actor, day.start): day for actor in "abc" for day in tx.habits(actor, 0, 1 << 40)}


def slowly(found: Iterable[Hour]) -> dict[tuple[str, int], ActorDay]:
    """One value after the other."""
    seen: dict[tuple[str, int], list[set[object]]] = defaultdict(lambda: [set() for _ in range(5)])
    for one in found:
        day = one.start // DAY * DAY
        for actor in one.actors:
            seen[actor, day][0].add(one.start % DAY // 3_600)
        for number, pairs in enumerate(kinds_of(one), 1):
            for actor, value in pairs:
                seen[actor, day][number].add(value)
    return {
        (actor, start): ActorDay(actor, start, sum(1 << hour for hour in kept[0]), *(Some.of(one) for one in kept[1:]))
        for (actor, start), kept in seen.items()
    }


class Killed(Exception):
    """The process ended here."""


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.lists(hours, max_size=10), st.sampled_from([2, MAX_VALUES]), st.sampled_from([3, 50_000]))
def test_order_copies_and_kills_leave_the_same_days(
    monkeypatch: pytest.MonkeyPatch, data: st.DataObject, made: list[Hour], most: int, most_known: int
) -> None:
    """'Days are sets: late records, duplicates and objects that are read again leave them as they are.'"""
    monkeypatch.setattr("vedette.alerts.habits.MAX_VALUES", most)
    monkeypatch.setattr(habits, "_MOST_KNOWN", most_known)
    again = data.draw(st.lists(st.sampled_from(made), max_size=4)) if made else []
    order = data.draw(st.permutations([*made, *again]))
    store, learner = MemoryStore(), Learner()
    for one in order:
        if data.draw(st.booleans()):
            with pytest.raises(Killed), store.transaction() as tx:
                learn(tx, learner.news([body(one)]))
                raise Killed
            if data.draw(st.booleans()):
                learner = Learner()
        news = learner.news([body(one), Malformed("log", "", Reason.BROKEN_JSON, "")])
        with store.transaction() as tx:
            learn(tx, news)
        learner.remember(news)
    assert everything(store) == slowly(made)


@settings(max_examples=60, deadline=None)
@given(st.lists(hours, max_size=8), st.integers(0, 8))
def test_days_of_parts_together_are_the_days_of_the_whole(made: list[Hour], cut: int) -> None:
    parts = [*days_of(made[:cut]), *days_of(made[cut:])]
    assert together(parts) == together(days_of(made)) == slowly(made)


def test_two_monitors_on_one_store_keep_what_the_other_learnt() -> None:
    store = MemoryStore()
    one, other = hour(0, "a", "198.51.100.7", "X"), hour(0, "a", "203.0.113.9", "Y")
    learners = Learner(), Learner()
    for learner, seen in zip((*learners, learners[0]), (one, other, hour(0, "a", "", "Z")), strict=True):
        news = learner.news([body(seen)])
        with store.transaction() as tx:
            learn(tx, news)
        learner.remember(news)
    (day,) = everything(store).values()
    assert day.calls == Some.of("XYZ")
    assert day.addresses == Some.of(["198.51.100.7", "203.0.113.9"])


def test_what_is_known_is_neither_asked_of_the_store_nor_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = Learner()

    def news(start: int) -> News:
        return learner.news([body(hour(start, "a", "198.51.100.7", "X"))])

    first = news(0)
    assert len(first.days) == 1
    assert news(0) == first  # not committed yet
    learner.remember(first)
    assert news(0).days == ()
    (later,) = news(7_200).days
    assert later.hours == 1 << 2
    assert [day.start for day in news(DAY).days] == [DAY]
    learner.remember(news(DAY))
    monkeypatch.setattr(habits, "_MOST_KNOWN", 3)
    learner.remember(news(DAY))
    assert news(0) == first  # forgotten, the longest known first
    assert news(DAY).days == ()


def test_what_a_crowded_day_will_not_keep_is_no_news() -> None:
    """'Beyond that those are kept whose digests are smallest.'"""
    learner = Learner()
    crowd = [f"203.0.113.{number}" for number in range(200)]
    learner.remember(learner.news([body(*(hour(0, "a", address) for address in crowd[:100]))]))
    kept = Some.of(crowd[:100]).values
    for address in crowd:
        (*days,) = learner.news([body(hour(0, "a", address))]).days
        assert bool(days) == (address not in kept and address in Some.of([*kept, address]).values)


def test_what_the_learner_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """'However many actors there are and whatever they do.'"""
    monkeypatch.setattr(habits, "_MOST_KNOWN", 500)
    learner = Learner()
    for number in range(300):
        start = number // 100 * DAY
        seen = [hour(start, f"{number}-{each}", f"{each}", f"{number}") for each in range(10)]
        learner.remember(learner.news([body(*seen, *(hour(start, "a", f"{number}-{each}") for each in range(10)))]))
        assert sum(known.size for known in learner._days.values()) <= 500


def test_nothing_is_written_that_is_there() -> None:
    store, news = MemoryStore(), Learner().news([body(hour(0, "a", "", "X"))])
    with store.transaction() as tx:
        assert (learn(tx, news), learn(tx, news), learn(tx, Learner().news([]))) == (1, 0, 0)


@given(st.permutations([f"203.0.113.{number}" for number in range(60)]), st.integers(0, 60))
@settings(max_examples=30, deadline=None)
def test_a_day_is_bounded_and_which_values_stay_does_not_depend_on_order(order: Sequence[str], cut: int) -> None:
    """'Which ones does not depend on the order in which they came.'"""
    some = Some.of(order[:cut]).merge(Some.of(order[cut:]))
    assert len(some.values) == MAX_VALUES
    assert some == Some.of(order) == Some(some.values, complete=False)
    assert some.merge(some) == some


def test_days_of_different_actors_do_not_merge() -> None:
    with pytest.raises(ValueError, match="different"):
        ActorDay("a", 0, 1).merge(ActorDay("b", 0, 1))


def test_a_history_ends_before_the_day_of_the_alert_and_reaches_as_far_as_it_may() -> None:
    """'The day of the alert itself is in no history: an alert's own records must not make themselves usual.'"""
    store = MemoryStore()
    with store.transaction() as tx:
        assert history_of(tx, ["a"], 9 * DAY + 5, 90 * DAY)["a"].since is None
        tx.put_habits(ActorDay("a", day * DAY, 1) for day in (2, 5, 8, 9, 10))
        tx.put_habits([ActorDay("b", DAY, 1)])
    with store.transaction() as tx:
        found = history_of(tx, ["a", "c", "a"], 9 * DAY + 5, 90 * DAY)
        assert [day.start // DAY for day in found["a"].days] == [2, 5, 8]
        assert (found["a"].since, found["a"].watched, found["c"].days) == (DAY, 8, ())
        short = history_of(tx, ["a"], 9 * DAY + 5, 3 * DAY)["a"]
        assert ([day.start // DAY for day in short.days], short.watched) == ([8], 3)


def test_the_store_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(habits, "MOST_DAYS", 3)
    store = MemoryStore()
    with store.transaction() as tx:
        tx.put_habits(ActorDay("a", day * DAY, 1) for day in range(3))
        tx.put_habits(ActorDay(f"crowd-{number}", 2 * DAY, 1) for number in range(5))
        assert (trim(tx), trim(tx)) == (5, 0)
    assert len(everything(store)) == 3
