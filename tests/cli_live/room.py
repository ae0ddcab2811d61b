"""A monitor's settings and store, filled by the records of `cli.samples` as a run would have filled them."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from cli.samples import DETECTIONS, Record, check_golden, the_records
from vedette.alerts.delivery import Dead, Outcome, Retry, Sent
from vedette.app.control import Control, open_control
from vedette.app.stores import open_store
from vedette.cloudtrail.envelope import Body, read_bodies
from vedette.cloudtrail.limits import DEFAULT_LIMITS
from vedette.engine.engine import Engine
from vedette.monitor import claim, ingest, settle, tick
from vedette.monitor.store import ObjectRow, SourceHealth, Transaction

GOLDEN = Path(__file__).parent / "golden"
NOW = 1_795_258_200
"""2026-11-21T10:50:00Z, ten minutes after the last record."""

SETTINGS = """\
[store]
url = "sqlite://{room}/store.db"

[detections]
builtin = false
paths = ["own"]

[[source]]
kind = "folder"
name = "logs"
path = "logs"

[[source]]
kind = "folder"
name = "more-logs"
path = "more"

[[channel]]
kind = "maildir"
name = "mail"
path = "mail"

[[channel]]
kind = "webhook"
name = "hook"
url = "secret://env/HOOK_URL"

[[channel]]
kind = "sns"
name = "nobody"
topic_arn = "arn:aws:sns:eu-west-1:111122223333:alerts"

[[route]]
channels = ["mail", "hook"]
min_severity = "medium"

[[route]]
channels = ["mail"]
detections = ["secret-read"]
hours = "Mon-Sun 06:00-22:00"
"""


def write_settings(room: Path) -> None:
    """`vedette.toml` and the detections that it names, in `room`."""
    (room / "own").symlink_to(DETECTIONS)
    (room / "logs").mkdir()
    (room / "more").mkdir()
    (room / "vedette.toml").write_text(SETTINGS.replace("{room}", room.as_posix()))


@dataclass(frozen=True)
class Monitored:
    """The room of a monitor, and what a test does in the place of the running one."""

    room: Path

    def do(self, task: Callable[[Transaction, Control], object], now: int = NOW) -> None:
        """Something in a transaction."""
        with open_control(None, now) as control:
            control.do(lambda tx: task(tx, control))

    def take(self, records: Iterable[Record], name: str = "log.json", now: int = NOW) -> None:
        """An object that arrives."""
        data = json.dumps({"Records": list(records)}).encode()

        def work(tx: Transaction, control: Control) -> None:
            engine = Engine(control.monitor.detections, dt.date(2026, 11, 21), DEFAULT_LIMITS)
            bodies = [body for body in read_bodies(io.BytesIO(data), name, DEFAULT_LIMITS) if isinstance(body, Body)]
            results = [engine.process(body) for body in bodies]
            ingest(tx, control.monitor, "logs", name, results, now, bodies=len(bodies), done=True)
            tx.put_health(SourceHealth("logs", last_object=name, last_at=now, lag=240, objects=1, records=24))

        self.do(work, now)

    def send(self, answer: Callable[[str], Outcome], now: int = NOW + 12) -> None:
        """Every due delivery is tried once; `answer` gives what its channel says."""

        def work(tx: Transaction, control: Control) -> None:
            for delivery in claim(tx, "tests", now):
                settle(tx, control.monitor, delivery, answer(delivery.channel), now)

        self.do(work, now)

    def tick(self, now: int) -> None:
        """Time passes."""
        self.do(lambda tx, control: tick(tx, control.monitor, now), now)

    def put_aside(self, name: str, why: str) -> None:
        """An object that could not be read."""
        self.do(lambda tx, _: tx.put_object(ObjectRow("logs", name, NOW, 3, 0, 2, False, why)))

    def fail(self, source: str, why: str) -> None:
        """A source that cannot be asked."""
        self.do(
            lambda tx, _: tx.put_health(replace(tx.health(source) or SourceHealth(source), last_error=why, errors=7))
        )


def answers(channel: str) -> Outcome:
    """The mail arrives, the webhook is away."""
    return Sent("<1@localhost>") if channel == "mail" else Retry("203.0.113.9 answered 503: try later", 60)


def refusals(channel: str) -> Outcome:
    """The mail arrives, the webhook wants nothing of it."""
    return Sent("<1@localhost>") if channel == "mail" else Dead("203.0.113.9 answered 410: gone for good")


def fill(monitored: Monitored) -> None:
    """The quarter of an hour of `cli.samples`, told to two channels of which one does not answer."""
    open_store(f"sqlite:{monitored.room}/store.db").close()
    monitored.take(the_records())
    monitored.send(answers)


def check(name: str, text: str, room: Path) -> None:
    """Compare with the golden file."""
    check_golden(name, text.replace(room.as_posix(), "/room"), GOLDEN)
