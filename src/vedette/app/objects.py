"""Objects in hand, and how their bodies become parts that a transaction takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from vedette.app.clock import Clock
from vedette.app.narrowing import narrowed
from vedette.cloudtrail.envelope import Body, Malformed, read_bodies
from vedette.cloudtrail.limits import DEFAULT_LIMITS, Limits
from vedette.engine.engine import Engine
from vedette.engine.result import BodyResult
from vedette.monitor.watching import Monitor
from vedette.sources.port import Item

PART = 20_000
"""Records after which a part of a long object is committed."""

Piece = BodyResult | Malformed
Place = tuple[str, str]


@dataclass(slots=True)
class Held:
    """An object in hand, the name of its source, and when its lease was last made longer (elapsed seconds)."""

    source: str
    item: Item
    since: float

    @property
    def place(self) -> Place:
        """What it is known by."""
        return self.source, self.item.name


@dataclass(frozen=True, slots=True)
class Part:
    """The results of some bodies of an object: up to the `bodies`-th; `done` with the last of them.

    With the last comes what is `broken`: the detections that could not be asked of some body, by id, and why.
    """

    pieces: tuple[Piece, ...]
    bodies: int
    done: bool
    broken: Mapping[str, str] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """How many records it has."""
        return sum(piece.records for piece in self.pieces if isinstance(piece, BodyResult))

    @property
    def malformed(self) -> Iterator[Malformed]:
        """What could not be read."""
        for piece in self.pieces:
            yield from piece.malformed if isinstance(piece, BodyResult) else (piece,)


class Reader:
    """Reads objects in one thread, with an engine of its own, made anew on every day: exceptions end by days.

    With `habits` its results also say what actors did, for the learner.
    """

    def __init__(
        self, monitor: Monitor, clock: Clock, limits: Limits = DEFAULT_LIMITS, *, habits: bool = False
    ) -> None:
        self._monitor = monitor
        self._limits = limits
        self._habits = habits
        self._clock = clock
        self._day = dt.date.min
        self._engine: Engine | None = None

    def parts(self, item: Item, skip: int) -> Iterator[Part]:
        """The parts of an object behind its first `skip` bodies; always one at least, and the last is `done`."""
        engine = self._ready()
        pieces: list[Piece] = []
        broken: dict[str, str] = {}
        number = records = 0
        with item.open() as stream:
            for number, body in enumerate(read_bodies(stream, item.name, self._limits), 1):
                if number <= skip:
                    continue
                if records >= PART:
                    yield Part(tuple(pieces), number - 1, done=False)
                    pieces, records = [], 0
                piece = self._ask(engine, body, broken) if isinstance(body, Body) else body
                pieces.append(piece)
                records += piece.records if isinstance(piece, BodyResult) else 1
        yield Part(tuple(pieces), max(number, skip), done=True, broken=broken)

    def _ask(self, engine: Engine, body: Body, broken: dict[str, str]) -> BodyResult:
        try:
            return engine.process(body)
        except Exception as error:  # noqa: BLE001  # raised again, unless it is about some of the detections
            found = narrowed(engine.detections, self._day, self._limits, body, error)
        broken |= found.broken
        if not self._habits:
            return found.result
        return replace(found.result, hours=Engine([], self._day, self._limits, habits=True).process(body).hours)

    def _ready(self) -> Engine:
        today = dt.datetime.fromtimestamp(self._clock.now(), dt.UTC).date()
        if self._engine is None or today != self._day:
            self._day = today
            self._engine = Engine(self._monitor.detections, today, self._limits, habits=self._habits)
        return self._engine
