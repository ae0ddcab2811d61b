"""Objects are read, asked, kept and acknowledged, in this order; what fails again and again is put aside.

Each object's effects are in one transaction (a long one's in one for each part). Small objects that wait together share
a transaction: what takes time is that the disk keeps it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from vedette.app.ahead import opened_ahead
from vedette.app.aside import put_aside
from vedette.app.clock import Clock
from vedette.app.figures import (
    ALERTS,
    DETECTION_ERRORS,
    INGEST_SECONDS,
    LAG,
    LAST_OBJECT,
    MALFORMED,
    MATCHES,
    OBJECTS,
    POISON,
    RECORDS,
    SOURCE_ERRORS,
    Figures,
)  # fmt: skip
from vedette.app.journal import LONGEST, Journal, Level
from vedette.app.objects import PART, Held, Part, Place, Reader
from vedette.app.selfwatch import BUG, bug_of
from vedette.app.work import Stopped, Work
from vedette.detections.definition import Severity
from vedette.errors import VedetteError, reason_of
from vedette.monitor.habits import Learner, News, learn
from vedette.monitor.intake import Arrival, Ingested, evaluating, ingest_together
from vedette.monitor.store import SourceHealth, Transaction
from vedette.monitor.watching import Monitor
from vedette.sources.port import Item, PoisonError

TRIES = 4
"""Failures after which an object is put aside."""


@dataclass(slots=True)
class Total:
    """What was read since the start; `failed` counts tries."""

    objects: int = 0
    records: int = 0
    matches: int = 0
    alerts: int = 0
    failed: int = 0


@dataclass(slots=True)
class Taking:
    """Shared by the threads that read; each brings a `Reader` of its own."""

    monitor: Monitor
    work: Work
    clock: Clock
    journal: Journal
    figures: Figures
    stop: threading.Event
    planned: threading.Event = field(default_factory=threading.Event)
    """Set when an object led to something that people are told."""

    total: Total = field(default_factory=Total)
    learner: Learner = field(default_factory=Learner)
    _failures: Counter[Place] = field(default_factory=Counter)
    _newest: dict[str, int] = field(default_factory=dict)
    _live: dict[str, int] = field(default_factory=dict)
    """When each source was first read to its end."""

    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, batch: Sequence[Held], reader: Reader) -> None:
        """Read the objects of a batch, and acknowledge those that are done. Raises Stopped."""
        started = self.clock.elapsed()
        small: list[tuple[Held, Part]] = []
        weight = 0
        unknown = list(self._unknown(batch))
        with closing(opened_ahead([held.item for held, _ in unknown])) as items:
            for (held, skip), item in zip(unknown, items, strict=True):
                part = self._begin(held, item, skip, reader)
                if part is None:
                    continue
                small.append((held, part))
                weight += part.records
                if weight >= PART:
                    self._keep_together(small)
                    small, weight = [], 0
        self._keep_together(small)
        self.figures.observe(INGEST_SECONDS, self.clock.elapsed() - started)

    def _unknown(self, batch: Sequence[Held]) -> Iterator[tuple[Held, int]]:
        """The objects that are not done, and how many of their bodies are."""
        rows = self.work.do(lambda tx: [tx.object(held.source, held.item.name) for held in batch])
        found = list(zip(batch, rows, strict=True))
        known = [held for held, row in found if row is not None and (row.done or row.poison)]
        for held in known:
            self.journal.debug("object known", source=held.source, object=held.item.name)
        self._acknowledge(known)
        for held, row in found:
            if row is None or not (row.done or row.poison):
                yield held, 0 if row is None else row.bodies

    def _begin(self, held: Held, item: Item, skip: int, reader: Reader) -> Part | None:
        """The whole of a small object; None if it was a long one, which is kept part by part, or failed."""
        try:
            for part in reader.parts(item, skip):
                if part.done:
                    return part
                self._keep(held, part)
                if self.stop.is_set():
                    return None  # not acknowledged: whoever gets it next goes on behind this part
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001  # the boundary of an object: recorded, counted, and put aside
            self._failed(held, error)
        return None

    def _keep_together(self, small: Sequence[tuple[Held, Part]]) -> None:
        if not small:
            return
        try:
            done = self._commit(small)
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001  # the same boundary; alone, each shows whether it is to blame
            if len(small) == 1:
                self._failed(small[0][0], error)
                return
            for one in small:
                self._keep_together([one])
            return
        for (held, part), ingested in zip(small, done, strict=True):
            self._count(held, part, ingested)
        self._acknowledge([held for held, _ in small])

    def _keep(self, held: Held, part: Part) -> None:
        (done,) = self._commit([(held, part)])
        self._count(held, part, done)

    def _commit(self, parts: Sequence[tuple[Held, Part]]) -> list[Ingested]:
        news = self.learner.news(piece for _, part in parts for piece in part.pieces)
        done = self.work.do(lambda tx: self._ingest(tx, parts, news))
        self.learner.remember(news)
        return done

    def _ingest(self, tx: Transaction, parts: Sequence[tuple[Held, Part]], news: News) -> list[Ingested]:
        now = self.clock.now()
        learn(tx, news)
        arrivals = [Arrival(held.source, held.item.name, part.pieces, part.bodies, part.done) for held, part in parts]
        done = ingest_together(tx, self.monitor, arrivals, now)
        healths: dict[str, SourceHealth] = {}
        for (held, part), each in zip(parts, done, strict=True):
            if not each.known:
                source = held.source
                before = healths.get(source) or tx.health(source) or SourceHealth(source)
                healths[source] = self._health(before, held, part, each, now)
                self._note_broken(tx, held, part, now)
        for health in healths.values():
            tx.put_health(health)
        return done

    def _health(self, before: SourceHealth, held: Held, part: Part, done: Ingested, now: int) -> SourceHealth:
        return replace(
            before,
            last_object=held.item.name,
            last_at=now,
            lag=self._lag(held, now),
            objects=before.objects + part.done,
            records=before.records + done.records,
        )

    def _note_broken(self, tx: Transaction, held: Held, part: Part, now: int) -> None:
        """Put an object aside that some detection could not be asked of, so that it can be once that is mended."""
        if part.broken:
            put_aside(tx, held.source, held.item.name, self.journal.hide(bug_of(part.broken))[:LONGEST], now)

    def caught_up(self, source: str) -> None:
        """All that the source had at first is read or in hand: from now on, what it gives late is late."""
        self._live.setdefault(source, self.clock.now())

    def _lag(self, held: Held, now: int) -> int:
        """How far behind the newest object of the source is; 0 where objects do not say when they were delivered.

        What was delivered before the source had been read to its end once is history, and no measure of delay.
        """
        delivered, live = held.item.delivered, self._live.get(held.source)
        if delivered is None or live is None or delivered < live:
            return 0
        self._newest[held.source] = max(self._newest.get(held.source, 0), delivered)
        return max(0, now - self._newest[held.source])

    def _acknowledge(self, done: Sequence[Held]) -> None:
        """Tell the sources; what cannot be told comes again, is found done, and is acknowledged then."""
        of_source: dict[str, list[Held]] = {}
        for held in done:
            self._failures.pop(held.place, None)
            of_source.setdefault(held.source, []).append(held)
        for source, some in of_source.items():
            try:
                with some[0].item.together():
                    for held in some:
                        self._answer(held)
            except (OSError, VedetteError) as error:
                self.journal.warning("not acknowledged", source=source, objects=len(some), why=_why(error))

    def _answer(self, held: Held) -> None:
        try:
            held.item.ack()
        except (OSError, VedetteError) as error:
            self.journal.warning("not acknowledged", source=held.source, object=held.item.name, why=_why(error))

    # what is counted and told

    def _count(self, held: Held, part: Part, done: Ingested) -> None:
        self._add(part, done)
        figures, source = self.figures, held.source
        figures.add(OBJECTS, source, by=part.done)
        figures.add(RECORDS, source, by=done.records)
        figures.add(MALFORMED, source, by=done.malformed)
        figures.add(MATCHES, source, by=done.fresh)
        figures.set(LAST_OBJECT, source, to=self.clock.now())
        if source in self._newest:
            figures.set(LAG, source, to=max(0, self.clock.now() - self._newest[source]))
        if done.malformed:
            shown = next((str(piece) for piece in part.malformed), "")
            self.journal.warning("malformed", source=source, object=held.item.name, parts=done.malformed, first=shown)
        self.journal.debug(
            "object read", source=source, object=held.item.name, records=done.records, matches=done.fresh,
            duplicates=done.duplicates, alerts=len(done.alerts), told=done.told,
        )  # fmt: skip
        for detection, why in sorted(part.broken.items()):
            figures.add(DETECTION_ERRORS, detection)
            self.journal.error("detection broke", detection=detection, source=source, object=held.item.name, why=why)
        if done.told:
            self.planned.set()
        self._count_alerts(done)

    def _add(self, part: Part, done: Ingested) -> None:
        with self._lock:
            self.total.objects += part.done
            self.total.records += done.records
            self.total.matches += done.fresh

    def _count_alerts(self, done: Ingested) -> None:
        """Count each alert that this monitor opened, by its severity."""
        if not done.opened:
            return
        for alert in self.work.do(lambda tx: [tx.alert(one) for one in sorted(done.opened)]):
            if alert is not None and not alert.withdrawn:
                with self._lock:
                    self.total.alerts += 1
                self.figures.add(ALERTS, alert.severity.value)
                level = Level.INFO if alert.severity >= Severity.MEDIUM else Level.DEBUG
                fields = {"alert": alert.id, "title": alert.title, "severity": alert.severity.value}
                self.journal.tell(level, "alert opened", fields)

    # what fails

    def _failed(self, held: Held, error: Exception) -> None:
        why = _why(error)
        self.figures.add(SOURCE_ERRORS, held.source)
        with self._lock:
            self.total.failed += 1
            if not getattr(error, "transient", False):
                self._failures[held.place] += TRIES if isinstance(error, PoisonError) else 1
            tries = self._failures[held.place]
        self.journal.warning("object not read", source=held.source, object=held.item.name, why=why, tries=tries)
        if tries >= TRIES:
            self._put_aside(held, why)

    def _put_aside(self, held: Held, why: str) -> None:
        source, name, words = held.source, held.item.name, self.journal.hide(why)[:LONGEST]
        self.work.do(lambda tx: put_aside(tx, source, name, words, self.clock.now()))
        self._failures.pop(held.place, None)
        self.figures.add(POISON, source)
        self.journal.error("object put aside", source=source, object=name, why=why)
        try:
            held.item.reject(why)
        except (OSError, VedetteError) as error:
            self.journal.warning("not rejected", source=source, object=name, why=_why(error))


def _why(error: Exception) -> str:
    if isinstance(error, VedetteError):
        return error.message
    if isinstance(error, OSError):
        return reason_of(error)
    why = f"{type(error).__name__}: {error}"
    return bug_of({evaluated: why}) if (evaluated := evaluating(error)) else BUG + why
