"""Delivery scenarios as text, on a virtual clock: what happens, and what must have been sent by then.

    10:00 push single alice                     a record; `by=bob`, `from=203.0.113.9`, `at=09:50`, `id=7`, `account=`
    10:01 want                                  every message since the last `want`, in any order: none are listed here
    10:02 want
        mail first single/alice                 channel, reason, the alerts in it
    10:05 ack single/alice                      also: resolve, reopen, `snooze single/alice until=12:00`
    10:06 silence s detection=single until=12:00        and `lift s`
    10:07 mail is away                          away: Retry; refusing: Dead; back
    10:08 decided single/alice first, silenced  the reasons stored so far, in order
    10:09 states single/alice open closed       lifecycle status and whether it stands
    10:10 trouble lag folder                    and `well lag folder`

Between lines the monitor ticks, and senders drain the outbox, every ten seconds. Times are of one day, in UTC, and go
on past 24:00.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from alerts.making import NOON, actor, sighting
from vedette.alerts.delivery import Dead, DeliveryState, Outcome, Retry, Sent
from vedette.alerts.policy import Policy
from vedette.alerts.record import AlertRecord
from vedette.cloudtrail.body import Kind
from vedette.detections.definition import Detection
from vedette.engine.result import BodyResult, EventIds, Match
from vedette.monitor import (
    Concern,
    Monitor,
    acknowledge,
    claim,
    clear_concern,
    ingest,
    lift,
    raise_concern,
    reopen,
    resolve,
    retry,
    settle,
    silence,
    snooze,
    tick,
)
from vedette.monitor.store import AlertFilter, Transaction
from vedette.stores.memory import MemoryStore

MIDNIGHT = NOON - 10 * 3600
STEP = 10
_OUTCOMES: dict[str, Outcome] = {"away": Retry("connection refused"), "refusing": Dead("no such address")}


def clock(text: str) -> int:
    """`10:05` or `10:05:30` in epoch seconds."""
    hours, minutes, *seconds = map(int, text.split(":"))
    return MIDNIGHT + hours * 3600 + minutes * 60 + sum(seconds)


@dataclass(slots=True)
class World:
    """A monitor, its store, and channels that remember what they were sent."""

    monitor: Monitor
    now: int = MIDNIGHT
    store: MemoryStore = field(default_factory=MemoryStore)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    number: int = 0

    def play(self, text: str) -> None:
        """Play the scenario; AssertionError where it does not go as it says."""
        for time, words, wanted in _steps(text):
            self.advance(clock(time))
            self.do(f"{time} {' '.join(words)}", words, wanted)
        self.check_conservation()

    def advance(self, until: int) -> None:
        """Let time pass; each step the monitor ticks and the senders send."""
        while self.now < until:
            self.now = min(until, self.now + STEP)
            with self.store.transaction() as tx:
                tick(tx, self.monitor, self.now)
            self.send()

    def send(self) -> None:
        with self.store.transaction() as tx:
            for delivery in claim(tx, "sender", self.now):
                names = ", ".join(sorted(self.name_of(tx, each) for each in delivery.alerts))
                outcome = self.outcomes.get(delivery.channel, Sent("id", f"thread of {delivery.key}"))
                if isinstance(outcome, Sent):
                    self.sent.append(f"{delivery.channel} {delivery.reason.value} {names}")
                settle(tx, self.monitor, delivery, outcome, self.now)

    def name_of(self, tx: Transaction, alert_id: str) -> str:
        alert = tx.alert(alert_id)
        assert alert is not None
        return "/".join((alert.detection, *alert.group))

    def alert(self, tx: Transaction, name: str) -> AlertRecord:
        """The newest alert of that name (`detection/group`)."""
        detection, _, group = name.partition("/")
        found = [alert for alert in tx.alerts(AlertFilter(detection=detection)) if "/".join(alert.group) == group]
        assert found, f"there is no alert {name}"
        return max(found, key=lambda alert: (alert.created, alert.minutes))

    def do(self, line: str, words: Sequence[str], wanted: Sequence[str]) -> None:
        """One line."""
        plain = [word for word in words if "=" not in word]
        options = dict(word.split("=", 1) for word in words if "=" in word)
        with self.store.transaction() as tx:
            match plain:
                case ["push", detection, group]:
                    self.push(tx, detection, group, options)
                case ["want"]:
                    assert Counter(self.sent) == Counter(wanted), line
                    self.sent.clear()
                case [channel, "is", how]:
                    self.outcomes.pop(channel, None)
                    if how != "back":
                        self.outcomes[channel] = _OUTCOMES[how]
                case ["decided", name, *reasons]:
                    taken = [each.reason.value for each in tx.decisions(self.alert(tx, name).id)]
                    assert taken == [each.strip() for each in " ".join(reasons).split(",")], line
                case ["states", name, status, standing]:
                    alert = self.alert(tx, name)
                    assert (alert.lifecycle.status.value, alert.standing) == (status, standing == "stands"), line
                case _:
                    self.act(tx, plain, options)

    def act(self, tx: Transaction, plain: Sequence[str], options: dict[str, str]) -> None:
        """What people do."""
        until = clock(options.pop("until")) if "until" in options else 0
        match plain:
            case ["ack", name]:
                acknowledge(tx, self.monitor, self.alert(tx, name).id, "bob", self.now)
            case ["resolve", name]:
                resolve(tx, self.monitor, self.alert(tx, name).id, "bob", self.now)
            case ["reopen", name]:
                reopen(tx, self.monitor, self.alert(tx, name).id, "bob", self.now)
            case ["snooze", name]:
                snooze(tx, self.monitor, self.alert(tx, name).id, "bob", self.now, until)
            case ["silence", name]:
                silence(tx, name, options, owner="bob", reason="planned", now=self.now, until=until)
            case ["lift", name]:
                lift(tx, self.monitor, name, self.now)
            case ["retry", "dead"]:
                for dead in tx.deliveries(state=DeliveryState.DEAD):
                    retry(tx, dead.key, self.now)
            case ["trouble", what, subject]:
                raise_concern(tx, self.monitor, Concern(f"vedette-{what}"), subject, "no object for an hour", self.now)
            case ["well", what, subject]:
                clear_concern(tx, self.monitor, Concern(f"vedette-{what}"), subject, self.now)
            case _:
                raise AssertionError(f"what does {plain} mean?")

    def push(self, tx: Transaction, detection: str, group: str, options: dict[str, str]) -> None:
        self.number += 1
        number = int(options.get("id", 1000 + self.number))
        time = clock(options["at"]) if "at" in options else self.now
        seen = sighting(
            0, number, time=time, actor=actor(options.get("by", group)),
            address=options.get("from", "198.51.100.7"), account=options.get("account", "111122223333"),
        )  # fmt: skip
        index = [each.id for each in self.monitor.detections].index(detection)
        asked = self.monitor.detections[index]
        match = Match(index, tuple(group for _ in asked.group_by), 1.0, seen)
        result = BodyResult("log", Kind.LOG_FILE, EventIds([seen.event_id]), (match,))
        ingest(tx, self.monitor, "folder", f"o{self.number}", [result], self.now, bodies=1, done=True)

    def check_conservation(self) -> None:
        """Each decision that tells names one delivery a channel; each delivery is of the alerts that name it."""
        with self.store.transaction() as tx:
            alerts = tx.alerts(AlertFilter(limit=10**6))
            deliveries = tx.deliveries(limit=10**6)
            named = [
                (key, alert.id)
                for alert in alerts
                for decision in tx.decisions(alert.id)
                for key in decision.deliveries
            ]
            channels = {delivery.key: delivery.channel for delivery in deliveries}
            for alert in alerts:
                for decision in tx.decisions(alert.id):
                    to = [channels[key] for key in decision.deliveries]
                    assert len(to) == len(set(to))
            assert set(named) == {(delivery.key, alert) for delivery in deliveries for alert in delivery.alerts}
            assert all(len(delivery.alerts) == len(set(delivery.alerts)) for delivery in deliveries)
            states = Counter(delivery.state for delivery in deliveries)
            assert len(deliveries) == sum(states[state] for state in DeliveryState)


def _steps(text: str) -> Iterator[tuple[str, list[str], list[str]]]:
    lines = [line for line in text.splitlines() if line.strip()]
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    for number, line in enumerate(lines):
        if line[margin] != " ":
            time, *words = line.split()
            wanted = []
            for following in lines[number + 1 :]:
                if following[margin] != " ":
                    break
                wanted.append(following.strip())
            yield time, words, wanted


def world(detections: Sequence[Detection], policy: Policy) -> World:
    return World(Monitor(tuple(detections), policy))
