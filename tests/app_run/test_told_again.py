"""What a message about an alert that was told before says of it: what is new, how often it was told, why again."""

from __future__ import annotations

from dataclasses import replace

from app_run.fakes import NOON, AnsweringSender, FilledSource, SetClock, log_file, parts, record
from vedette.alerts.delivery import Reason
from vedette.alerts.render.headline import lead
from vedette.app.run import Run
from vedette.monitor.lifecycle import resolve, snooze
from vedette.monitor.store import AlertFilter
from vedette.stores.memory import MemoryStore

HOUR = 3_600


class Watched:
    """A run over one actor who goes on and on, stepped by hand; `say` is the first line of the newest message."""

    def __init__(self) -> None:
        self.source, self.sender, self.clock = FilledSource(), AnsweringSender(), SetClock()
        self.store = MemoryStore()
        self.run = Run(parts(self.store, source=self.source, senders=[self.sender], clock=self.clock,
                             news_after=60, repeat_after=HOUR, resolve_after=9 * HOUR))  # fmt: skip
        self.number = 0

    def step(self, seconds: int, address: str | None = "198.51.100.7") -> int:
        """Later, with another record from there or with none; how many messages that came to."""
        self.clock.time += seconds
        if address is not None:
            self.number += 1
            made = record(self.number, at=self.clock.time) | {"sourceIPAddress": address}
            self.source.objects[f"o{self.number}"] = log_file(made)
            self.run.intake.poll_once(self.source)
            self.run.intake.work_off(self.run._reader())
        self.run.upkeep.once()
        before = len(self.sender.messages)
        while self.run.dispatchers[0].send_one():
            continue
        return len(self.sender.messages) - before

    @property
    def said(self) -> str:
        return lead(self.sender.messages[-1].notice)


def test_a_new_address_is_named_though_the_alert_counts_it_as_told_by_then() -> None:
    watched = Watched()
    assert watched.step(0) == 1
    assert watched.said == "New alert."
    assert watched.step(120, "203.0.113.66") == 1
    assert watched.said == "New address in an alert that was told before: 203.0.113.66."
    for number in range(1, 6):
        watched.step(9, f"203.0.113.{number}")
    assert watched.step(60, "203.0.113.6") == 1
    named = "203.0.113.1, 203.0.113.2, 203.0.113.3 and 3 more"
    assert watched.said == f"New addresses in an alert that was told before: {named}."


def test_a_reminder_counts_what_was_told_before_it_and_says_why_it_comes() -> None:
    watched = Watched()
    watched.step(0)
    assert watched.step(HOUR, None) == 1
    opened = "Reminder: still open since 2026-11-21 12:01:00 UTC"
    assert watched.said == f"{opened}, told once before. Nobody has acknowledged it."
    assert watched.step(HOUR, None) == 1
    assert watched.said == f"{opened}, told twice before. Nobody has acknowledged it."
    with watched.store.transaction() as tx:
        (alert,) = tx.alerts(AlertFilter())
        until = watched.clock.time + HOUR
        snooze(tx, watched.run.parts.monitor, alert.id, "bob", watched.clock.time, until)
    assert watched.step(HOUR - 60, None) == 0
    assert watched.step(60, None) == 1
    assert watched.said == f"{opened}, told 3 times before. The snooze has ended."
    assert watched.clock.time == NOON + 3 * HOUR


def test_what_somebody_resolves_is_told_to_those_who_heard_of_it_once_and_names_what_still_stands() -> None:
    """Else a page would stay open that somebody has ended here."""
    watched = Watched()
    watched.step(0)
    with watched.store.transaction() as tx:
        (alert,) = tx.alerts(AlertFilter())
        tx.put_alert(replace(alert, id="another", detection="gone", group=("x",)))  # of the same incident
        resolve(tx, watched.run.parts.monitor, alert.id, "bob", watched.clock.time)
    assert watched.step(60, None) == 1
    told = watched.sender.messages[-1].notice
    assert (told.reason, told.others) == (Reason.RESOLVED, 1)
    assert watched.said.startswith("Resolved by bob, ")
    assert watched.said.endswith(" 1 other alert of this incident stands.")
    assert watched.step(HOUR, None) == 0
