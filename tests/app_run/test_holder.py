"""Leases that a killed monitor leaves behind are taken back where it can be seen that it has ended; only there."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from app_run.fakes import NOON
from vedette.alerts.delivery import Delivery, Reason
from vedette.app.holder import has_ended, own_holder, take_back
from vedette.stores.memory import MemoryStore


@pytest.fixture
def dead() -> str:
    """The holder of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return own_holder().replace(f"/{os.getpid()}/", f"/{process.pid}/")


def test_no_two_are_alike_and_a_living_one_has_not_ended() -> None:
    assert own_holder() != own_holder()
    assert not has_ended(own_holder())
    assert not has_ended(own_holder().replace(f"/{os.getpid()}/", "/1/"))


def test_one_that_has_ended_is_told_from_those_that_cannot_be_seen(dead: str) -> None:
    assert has_ended(dead)
    for unknown in (
        "",
        "x",
        "elsewhere/1/a",
        f"other{dead}",
        dead.replace("/", "/x", 1),
        "a/99999999999999999999999/b",
    ):
        assert not has_ended(unknown)


def test_leases_of_the_dead_are_taken_back(dead: str) -> None:
    store, living = MemoryStore(), own_holder()
    plain = Delivery("1", "mail", "incident", ("alert",), Reason.FIRST, NOON, NOON, holder=dead, lease=NOON + 99)
    with store.transaction() as tx:
        for each in (plain, replace(plain, key="2", holder=living), replace(plain, key="3", holder="", lease=0)):
            tx.put_delivery(each)
        tx.lease("upkeep", dead, NOON, NOON + 99)
        tx.put_note("who", dead)
        assert take_back(tx, "upkeep", "who") == 2
        assert [(one.key, one.holder) for one in tx.deliveries()] == [("3", ""), ("2", living), ("1", "")]
        assert tx.lease("upkeep", living, NOON, NOON + 9)
        tx.put_note("who", living)
        assert take_back(tx, "upkeep", "who") == 0
