"""`vedette run`: threads that wait at the edges, one store between them, and an orderly end.

    sources ─ poll ─► queue ─ work ─► store ◄─ upkeep
                                        │
                              dispatch ◄┘─► channels

Whatever happens to the process, the store knows what was done, and whoever starts next goes on from there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vedette import __version__
from vedette.alerts.delivery import DeliveryState, Reason
from vedette.app.dispatch import Dispatch
from vedette.app.figures import BUILD, DELIVERIES, STANDING, Figure, Labels
from vedette.app.flights import Flights
from vedette.app.intake import Intake
from vedette.app.objects import Held, Reader
from vedette.app.reading import tune_collector
from vedette.app.selfwatch import Watch
from vedette.app.stores import kept_for
from vedette.app.taking import Taking
from vedette.app.upkeep import Upkeep
from vedette.app.wiring import Parts, quiet_after
from vedette.app.work import Stopped, Work
from vedette.errors import VedetteError
from vedette.monitor.store import TABLES, AlertFilter, StoreError, Transaction
from vedette.monitor.watching import CANARY
from vedette.settings.model import Settings
from vedette.settings.source_tables import FolderSource, QueueSource
from vedette.sources.port import Item, Source

WORKERS = 2
PATIENCE = 30.0
"""Seconds for which the end waits for the object and the messages at hand."""

ONCE_PATIENCE = 30.0
"""Seconds for which the store may fail in a run that is to end by itself."""

PROGRESS_EVERY = 60.0
"""Seconds between two lines of the log that say how far the monitor is."""

POLL = "poll "
"""How the names of threads begin that may wait for a network: they hold nothing, and the end does not wait for them."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a run came to. `waiting` messages are for later: over a channel's rate, or to be tried again; `failed` are
    sources, and tries of objects, that could not be read; of `too_old` alerts nobody was told, for their age."""

    objects: int
    records: int
    matches: int
    sent: int
    waiting: int
    failed: int
    too_old: int = 0


class Run:
    """A monitor at work: `forever` until told to stop, or `once` over what is there."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.stop = threading.Event()
        given = parts.settings.monitor
        self.work = Work(parts.store, self.stop, parts.journal, parts.figures)
        self.taking = Taking(parts.monitor, self.work, parts.clock, parts.journal, parts.figures, self.stop)
        self.intake = Intake(self.taking, self.work, parts.clock, parts.journal, parts.figures, self.stop)
        self.dispatchers = [
            Dispatch(sender, parts.monitor, parts.notices, self.work, parts.holder, parts.clock, parts.journal,
                     parts.figures)
            for sender in parts.senders
        ]  # fmt: skip
        names = [sender.name for sender in parts.senders]
        kept = kept_for(parts.settings)
        self.upkeep = Upkeep(
            parts.monitor, Watch(quiet_after(parts.settings, parts.sources), names, given.lag_limit),
            {table: kept[table] for table in TABLES}, parts.store, self.work, parts.holder, parts.clock, parts.journal,
            parts.figures, given.interval, planned=self._wake, also=self._canary,
        )  # fmt: skip
        parts.figures.set(BUILD, __version__, to=1)
        self.flights = Flights(
            parts.monitor, self.work, parts.clock, parts.journal, names, _folders(parts.settings), self.take,
            given.canary_every, given.canary_within,
        )  # fmt: skip

    # for ever

    def forever(self) -> None:
        """Work until `stop` is set; then finish what is at hand, give leases back, and return."""
        tune_collector()
        asked = sum(one.id != CANARY for one in self.parts.monitor.detections)  # the doctor's number, too
        self.parts.journal.info(
            "started", version=__version__, store=_kind(self.parts.settings.store.url), detections=asked,
            sources=len(self.parts.sources), channels=len(self.dispatchers),
        )  # fmt: skip
        with self._health():
            threads = [self._thread(name, target) for name, target in self._tasks()]
            for thread in threads:
                thread.start()
            self.stop.wait()
            self.parts.journal.info("stopping", objects=self.intake.waiting)
            self._wake()
            self._join([thread for thread in threads if not thread.name.startswith(POLL)])
        self._give_back()
        self.parts.journal.info("stopped")

    def _tasks(self) -> Iterator[tuple[str, Callable[[], None]]]:
        for number in range(WORKERS):
            yield f"read {number + 1}", lambda: self.intake.work_on(self._reader())
        for dispatcher in self.dispatchers:
            yield f"send {dispatcher.sender.name}", lambda dispatcher=dispatcher: dispatcher.run(self.stop)  # type: ignore[misc]
        yield "upkeep", lambda: self.upkeep.run(self.stop)
        yield "keep", self._keep
        for source, given in zip(self.parts.sources, self.parts.settings.sources, strict=True):
            # A queue is asked again at once: each question waits for messages by itself.
            pause = 0.1 if isinstance(given, QueueSource) else float(self.parts.settings.monitor.interval)
            yield POLL + source.name, lambda source=source, pause=pause: self.intake.poll(source, pause)  # type: ignore[misc]

    def _thread(self, name: str, target: Callable[[], None]) -> threading.Thread:
        """A thread whose end by a bug ends the process: half a monitor would look like a whole one."""

        def guarded() -> None:
            try:
                target()
            except Stopped:
                return
            except Exception as error:  # noqa: BLE001  # told, and everything ends: whoever started us starts us again
                self.parts.journal.error("part broke", part=name, why=f"{type(error).__name__}: {error}")
                self.broken = f"{name}: {type(error).__name__}: {error}"
                self.stop.set()

        return threading.Thread(target=guarded, name=name, daemon=True)

    broken: str = ""
    """What ended the run, if it was a bug."""

    def _keep(self) -> None:
        """Every second: leases of objects in hand are made longer, and senders hear of what was planned."""
        told, at = 0, self.parts.clock.elapsed()
        while not self.stop.wait(1.0):
            self.intake.extend()
            total = self.taking.total
            if total.objects != told and self.parts.clock.elapsed() - at >= PROGRESS_EVERY:
                told, at = total.objects, self.parts.clock.elapsed()
                self.parts.journal.info("progress", objects=told, records=total.records, waiting=self.intake.waiting)
            if self.taking.planned.is_set():
                self.taking.planned.clear()
                self._wake()

    def _wake(self) -> None:
        for dispatcher in self.dispatchers:
            dispatcher.wake.set()

    def _join(self, threads: list[threading.Thread]) -> None:
        end = self.parts.clock.elapsed() + PATIENCE
        for thread in threads:
            thread.join(max(0.1, end - self.parts.clock.elapsed()))
        late = [thread.name for thread in threads if thread.is_alive()]
        if late:
            self.parts.journal.warning("not finished in time", parts=", ".join(late))

    def _give_back(self) -> None:
        try:
            self.work.once(self.upkeep.release)
        except StoreError as error:
            self.parts.journal.warning("lease not given back", why=error.message)

    def _canary(self) -> None:
        self.flights.round()

    def take(self, source: str, item: Item) -> None:
        """Read one object in this thread, as if a source of that name had given it."""
        self.taking.take([Held(source, item, self.parts.clock.elapsed())], self._reader())

    def _reader(self) -> Reader:
        return Reader(self.parts.monitor, self.parts.clock, habits=self.parts.settings.habits.learn)

    # once

    def once(self) -> Done:
        """Read all that the sources have, look after what is due, send it, and return.

        Raises StoreError if the store fails for longer than ONCE_PATIENCE. Told to stop, it ends early.
        """
        tune_collector()
        self.work.patience = ONCE_PATIENCE
        sent = failed = too_old = 0
        try:
            before = self.work.do(lambda tx: tx.last_decision())
            failed = self._read_all()
            sent = self._send_all()
            self._give_back()
            too_old = self.work.do(lambda tx: tx.count_decided(Reason.TOO_OLD, before))
        except Stopped:
            failed += 1
        done = self.taking.total
        waiting = 0 if self.stop.is_set() else self.work.do(lambda tx: len(tx.deliveries(state=DeliveryState.WAITING)))
        return Done(done.objects, done.records, done.matches, sent, waiting, failed + done.failed, too_old)

    def _read_all(self) -> int:
        """Read every source to its end, and look after what is due; how many failed."""
        self.upkeep.take_back()
        failed = [source.name for source in self.parts.sources if not self._drain(source)]
        self.upkeep.once()
        return len(failed)

    def _send_all(self) -> int:
        """Send what is due; how many messages were sent, or tried."""
        ahead = self.parts.monitor.policy.group_wait
        sent = 0
        for dispatcher in self.dispatchers:
            # What waits for others of its incident need not: there are none to come.
            while not self.stop.is_set() and dispatcher.send_one(self.stop.is_set, ahead):
                sent += 1
        return sent

    def _drain(self, source: Source) -> bool:
        """Read until the source has nothing more; False if it failed."""
        reader = self._reader()
        while not self.stop.is_set():
            polling = _Polling(self.intake, source)
            while polling.is_alive() or self.intake.waiting:
                self.intake.work_off(reader)
            if polling.error is not None:
                self.intake.source_failed(source, polling.error, 1)
                return False
            if not polling.found:
                break
        return True

    # to look at

    @contextmanager
    def _health(self) -> Iterator[None]:
        given = self.parts.settings.monitor
        if not given.health_port:
            yield
            return
        from vedette.app.health import HealthServer

        server = HealthServer(given.health_host, given.health_port, self.troubles, self.page)
        self.parts.journal.info("listening", address=f"http://{given.health_host}:{server.port}")
        try:
            yield
        finally:
            server.close()

    def troubles(self) -> list[str]:
        """Why the monitor is not ready; nothing if it is."""
        found = [self.work.trouble, self.broken, "stopping" if self.stop.is_set() else ""]
        own = {source.name for source in self.parts.sources}
        try:
            healths = [each for each in self.work.look(lambda tx: list(tx.healths())) if each.source in own]
            found += [f"source {each.source}: {each.last_error}" for each in healths if each.last_error]
        except StoreError as error:
            found.append(error.message)
        return [self.parts.journal.hide(trouble) for trouble in found if trouble]

    def page(self) -> str:
        """The figures as Prometheus reads them."""
        try:
            asked = self.work.look(self._asked)
        except StoreError:
            asked = {}
        return self.parts.figures.page(asked)

    def _asked(self, tx: Transaction) -> dict[Figure, dict[Labels, float]]:
        standing: dict[Labels, float] = {}
        for alert in tx.alerts(AlertFilter(standing=True)):
            labels = (alert.severity.value,)
            standing[labels] = standing.get(labels, 0) + 1
        deliveries: dict[Labels, float] = {
            (dispatcher.sender.name, state.value): len(tx.deliveries(state=state, channel=dispatcher.sender.name))
            for dispatcher in self.dispatchers
            for state in (DeliveryState.WAITING, DeliveryState.DEAD)
        }
        return {STANDING: standing, DELIVERIES: deliveries}


def _folders(settings: Settings) -> list[Path]:
    return [Path(source.path) for source in settings.sources if isinstance(source, FolderSource)]


class _Polling(threading.Thread):
    """One poll of a source, beside the thread that reads what it finds."""

    def __init__(self, intake: Intake, source: Source) -> None:
        super().__init__(name=POLL + source.name, daemon=True)
        self._intake = intake
        self._source = source
        self.found = 0
        self.error: OSError | VedetteError | None = None
        self.start()

    def run(self) -> None:
        """Poll, once."""
        try:
            self.found = self._intake.poll_once(self._source)
        except (OSError, VedetteError) as error:
            self.error = error


def _kind(url: str) -> str:
    # The rest of an address may hold a password.
    return url.partition(":")[0]
