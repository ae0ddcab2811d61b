"""Objects to results: opens each, hands its bodies to the engine, and turns what the system refuses into a count."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from vedette.cloudtrail.envelope import Body, Malformed, Reason, read_bodies
from vedette.cloudtrail.limits import Limits
from vedette.engine.engine import Engine
from vedette.engine.result import BodyResult
from vedette.errors import reason_of
from vedette.sources.files import FileObject, Unreadable, size_of

Piece = BodyResult | Malformed


@dataclass(frozen=True, slots=True)
class ObjectResult:
    """Everything that one object says, and its size in bytes as stored."""

    name: str
    size: int
    pieces: tuple[Piece, ...]


@contextmanager
def resting_collector() -> Iterator[None]:
    """Let the cycle collector rest: decoded records make no cycles, and looking for some costs a tenth of a scan."""
    thresholds = gc.get_threshold()
    tune_collector()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


def tune_collector() -> None:
    """As `resting_collector`, for as long as the process lives."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def read_object(
    engine: Engine, found: FileObject | Unreadable, limits: Limits, strides: Mapping[int, int] | None = None
) -> Iterator[Piece]:
    """What each body of the object says, one at a time; nothing that the system or the object does raises.

    `strides` are those of the fold that takes the pieces, see `Engine.process`.
    """
    if isinstance(found, Unreadable):
        yield Malformed(found.name, "", Reason.UNREADABLE, found.reason)
        return
    try:
        with found.open() as stream:
            for body in read_bodies(stream, found.name, limits):
                yield engine.process(body, strides or {}) if isinstance(body, Body) else body
    except OSError as error:
        yield Malformed(found.name, "", Reason.UNREADABLE, reason_of(error))


def read_batch(
    engine: Engine, batch: Sequence[FileObject | Unreadable], limits: Limits, strides: Mapping[int, int] | None = None
) -> list[ObjectResult]:
    """Whole objects; for those that are small enough for their results to be held together."""
    return [
        ObjectResult(found.name, size_of(found), tuple(read_object(engine, found, limits, strides))) for found in batch
    ]
