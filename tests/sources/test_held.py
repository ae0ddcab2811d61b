"""Leases, sets of names and windows, each beside the obvious thing that it stands for."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.clocks import Stopped
from vedette.sources import held
from vedette.sources.held import Leases, Names, Window


def test_a_lease_ends_by_itself() -> None:
    clock = Stopped()
    leases = Leases(60, clock)
    assert leases.take("a")
    assert not leases.take("a")
    clock += 59
    assert leases.holds("a")
    clock += 1
    assert not leases.holds("a")
    assert leases.take("a")


def test_a_lease_can_be_made_longer_and_given_back() -> None:
    clock = Stopped()
    leases = Leases(60, clock)
    leases.extend("a", 1_000)
    assert leases.take("a")
    leases.extend("a", 100)
    clock += 99
    assert not leases.take("a")
    leases.release("a")
    leases.release("a")
    assert leases.take("a")


def test_ended_leases_are_forgotten_and_others_kept() -> None:
    clock = Stopped()
    leases = Leases(60, clock)
    leases.take("a")
    clock += 30
    leases.take("b")
    clock += 30
    leases.forget_ended()
    assert leases._ends.keys() == {"b"}


@given(st.lists(st.text(max_size=3), max_size=60), st.lists(st.text(max_size=3), max_size=20))
@settings(max_examples=60, deadline=None)
def test_names_are_a_set(added: list[str], asked: list[str]) -> None:
    """Whether a name was put in: the same answer as a set gives, whenever the fresh ones join the old."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(held, "_FRESH", 4)
        names = Names()
        for name in added:
            names.add(name)
    assert [name in names for name in (*added, *asked)] == [name in set(added) for name in (*added, *asked)]


def test_names_take_eight_bytes_each() -> None:
    names = Names()
    for number in range(100_000):
        names.add(f"AWSLogs/{number}.json.gz")
    assert len(names._old) * names._old.itemsize + len(names._fresh) * 100 < 3_000_000
    assert "AWSLogs/77777.json.gz" in names
    assert "AWSLogs/100001.json.gz" not in names


EVENTS = st.lists(
    st.tuples(st.sampled_from(["offer", "settle", "pass", "extend", "forget"]), st.integers(0, 8), st.integers(0, 40)),
    max_size=40,
)


@given(EVENTS)
@settings(max_examples=200, deadline=None)
def test_a_window_never_passes_what_is_not_done(events: list[tuple[str, int, int]]) -> None:
    """`low`: everything that was handed out before this position is done. Nothing done is handed out again, and
    everything that is out is read again."""
    clock = Stopped()
    window = Window(5, overlap=10, lease=30, clock=clock)
    out: dict[str, int] = {}
    done: dict[str, int] = {}
    for what, number, amount in events:
        key = f"k{number}"
        if what == "offer":
            position = out.get(key, done.get(key, amount))
            if window.offer(key, position):
                assert key not in done
                out[key] = position
        elif what == "settle":
            window.settle([key])
            done.update({key: out.pop(key)} if key in out else {})
        elif what == "pass":
            clock += amount
        elif what == "extend":
            window.extend([key], amount)
        else:
            window.forget()
        assert all(position >= window.low for position in out.values())
        assert window.low == min(out.values(), default=max([5, *done.values()]))
        assert all(position >= window.start for position in out.values())


def test_a_key_of_a_window_is_leased() -> None:
    clock = Stopped()
    window = Window(0, 10, lease=30, clock=clock)
    assert window.offer("a", 7)
    assert not window.offer("a", 7)
    window.extend(["a"], 60)
    window.extend(["b"], 60)
    clock += 59
    assert not window.offer("a", 7)
    clock += 1
    assert window.offer("a", 7)


def test_a_window_goes_on_where_nothing_comes() -> None:
    window = Window(0, 10)
    window.advance(100)
    assert (window.low, window.start) == (100, 90)
    window.advance(50)
    window.offer("late", 95)
    assert window.low == 95


def test_what_was_handed_out_may_be_answered_from_any_thread() -> None:
    window = Window(0, 10)
    keys = [f"k{number}" for number in range(400)]
    for number, key in enumerate(keys):
        window.offer(key, number)
    threads = [threading.Thread(target=window.settle, args=(keys[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert window.low == 399
