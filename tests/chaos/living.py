"""A real `vedette run` that can be killed, and what of its work is left in the store and in the mail folder."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import os
import re
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from chaos.crowd import Counted, Crowd
from vedette.alerts.delivery import Delivery, DeliveryState
from vedette.alerts.record import AlertRecord
from vedette.app.scan import ScanOptions, open_inputs, scan
from vedette.detections.loader import load_paths
from vedette.monitor.store import AlertFilter, Store, StoreError
from vedette.stores.sqlite import SqliteStore
from waiting import PATIENCE

DETECTIONS = ("key-made", "many-reads")
END = 1 << 40
_JOINED = "joined with "


@dataclass(slots=True)
class Monitor:
    """The process, by its settings; started again and again, killed, or ended in order."""

    settings: Path
    log: Path
    extra: Mapping[str, str] = field(default_factory=dict)
    starts: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its log goes on in the same file."""
        assert self.process is None
        environment = {**os.environ, "VEDETTE_DEBUG": "1", **self.extra}
        command = [sys.executable, "-m", "vedette", "run", "--settings", str(self.settings), "--log", "json"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=log, env=environment, start_new_session=True)
        self.starts += 1

    def live_for(self, seconds: float) -> bool:
        """Let it work so long; False if it ended by itself."""
        assert self.process is not None
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def kill(self) -> None:
        """As the machine's power going out, for the process."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def end(self) -> int:
        """Ask it to end; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self.process = None
        return code

    def abandon(self) -> None:
        """Whatever a test left behind."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()

    def wait_until(self, question: Callable[[], bool]) -> None:
        """Wait until `question()` holds, while the process lives; fails with the end of its log."""
        for _ in range(int(PATIENCE / 0.25)):
            if question():
                return
            assert self.live_for(0.25), f"it ended by itself:\n{self.tail()}"
        raise AssertionError(f"not within {PATIENCE} seconds:\n{self.tail()}")

    def wait_until_idle(self, store: Store, files: int, patience: float = PATIENCE) -> None:
        """Wait until all files are read and nothing waits to be sent; fails after `patience` seconds without progress.

        How long the whole takes is the machine's business, and that of who else works on it.
        """
        before, quiet = store.status()["rows"], 0
        while not is_idle(store, files):
            assert self.live_for(1), f"it ended by itself:\n{self.tail()}"
            now = store.status()["rows"]
            before, quiet = now, quiet + 1 if now == before else 0
            assert quiet < patience, f"nothing for {patience} seconds, with {now}:\n{self.tail()}"

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text()[-3000:] if self.log.exists() else ""


def counted(store: Store) -> Counted:
    """What the store holds of matches, by detection, group and minute."""
    found: Counted = Counter()
    with store.transaction() as tx:
        for detection in DETECTIONS:
            for group in tx.groups(detection, 0, END):
                for row in tx.minutes(detection, group, 0, END):
                    assert row.statistics is not None
                    assert row.statistics.sample_count == row.evidence.count
                    found[(detection, group, row.start)] = row.evidence.count
    return found


def objects_read(path: Path) -> int:
    """How many objects a monitor has read to their ends, by the store of this path, which need not be there yet."""
    if not path.exists():
        return 0
    try:
        with closing(SqliteStore(path, create=False)) as store, store.snapshot() as tx:
            return sum(health.objects for health in tx.healths())
    except StoreError:  # killed before it had made the store, or about to make it
        return 0


def figures(store: Store) -> str:
    """What the store came to, in a line."""
    with store.snapshot() as tx:
        sent = tx.deliveries(limit=1_000_000)
        healths = list(tx.healths())
    matches, told = sum(counted(store).values()), len(alerts(store))
    records, tries = sum(health.records for health in healths), sum(one.attempts for one in sent)
    return f"{records} records, {matches} matches, {told} alerts, {len(sent)} messages in {tries} tries"


def alerts(store: Store) -> list[AlertRecord]:
    """Every alert of the two detections that is one."""
    with store.transaction() as tx:
        return [alert for alert in tx.alerts(AlertFilter(limit=100_000))
                if not alert.withdrawn and alert.detection in DETECTIONS]  # fmt: skip


def joined_with(store: Store) -> dict[str, list[str]]:
    """The ids that an alert had before: of alerts that were told, and then turned out to be the same episode."""
    with store.transaction() as tx:
        gone = [alert for alert in tx.alerts(AlertFilter(limit=100_000)) if alert.withdrawn.startswith(_JOINED)]
    found: dict[str, list[str]] = defaultdict(list)
    for alert in sorted(gone, key=lambda alert: alert.changed):
        found[alert.withdrawn.removeprefix(_JOINED)] += [alert.id, *found.get(alert.id, [])]
    return found


def check(home: Path, store: Store, crowd: Crowd) -> None:
    """Fails unless every match was counted once, and every alert that a scan finds was told, and nothing else."""
    assert counted(store) == crowd.expected
    found = alerts(store)
    assert {_episode(alert) for alert in found} == scanned(home)
    with store.transaction() as tx:
        assert not tx.objects(poison=True)
        deliveries = tx.deliveries(limit=1_000_000)
    assert {delivery.state for delivery in deliveries} == {DeliveryState.SENT}
    letters = list(mails(home / "mail"))
    missing = untold(letters, store)
    assert not missing, f"{len(missing)} of {len(found)} alerts came in no message: {missing[0]}"
    keys = [str(letter["X-Vedette-Key"]) for letter in letters]
    assert set(keys) == {delivery.key for delivery in deliveries}
    assert len(keys) == len(set(keys)), "the mail folder takes a key once"


LISTED = 40
"""How many alerts one message names."""


def untold(letters: Iterable[email.message.EmailMessage], store: Store) -> list[AlertRecord]:
    """The alerts that no message tells of."""
    texts = {str(letter["X-Vedette-Key"]): _text(letter) for letter in letters}
    with store.transaction() as tx:
        deliveries = tx.deliveries(limit=1_000_000)
    told = {alert for each in deliveries for alert in each.alerts if _tells(texts.get(each.key, ""), each, alert)}
    joined = joined_with(store)
    return [alert for alert in alerts(store) if told.isdisjoint((alert.id, *joined[alert.id]))]


def _tells(text: str, delivery: Delivery, alert: str) -> bool:
    """By its id; or, of so many that belong together that a list of them would not be read, by their number."""
    told = f" {len(delivery.alerts)} alerts that belong together" in text.replace("\n", " ")
    return _names(text, alert) or (told and len(delivery.alerts) > LISTED)


def _text(letter: email.message.EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _names(told: str, alert: str) -> bool:
    return re.search(rf"{re.escape(alert)}(?![0-9a-f-])", told) is not None


def scanned(home: Path) -> set[tuple[object, ...]]:
    """The alerts that a scan of the same files finds."""
    detections = load_paths([home / "detections"])
    with open_inputs([str(home / "logs")]) as objects:
        report = scan(objects, detections, ScanOptions(dt.datetime.now(dt.UTC).date()))
    return {
        (one.detection.id, one.group, one.opened.at, one.evidence.count, one.evidence.first) for one in report.alerts
    }


def _episode(alert: AlertRecord) -> tuple[object, ...]:
    evidence = alert.evidence
    return alert.detection, alert.group, alert.opened, evidence.count, evidence.first


def is_idle(store: Store, files: int) -> bool:
    """Whether all files are read, and nothing waits to be sent."""
    rows = store.status()["rows"]
    if not isinstance(rows, dict) or rows["objects"] < files:
        return False  # cheaper than to look at each of them, which would take the time from the monitor
    with store.snapshot() as tx:
        done = sum(row.done for row in tx.objects(limit=1_000_000))
        return done >= files and not tx.deliveries(state=DeliveryState.WAITING, limit=1)


def mails(folder: Path) -> Iterator[email.message.EmailMessage]:
    """The messages in a mail folder."""
    for path in sorted(folder.glob("new/*")):
        yield email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
