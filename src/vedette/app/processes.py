"""Reading on one process or several: the results come in the order of the objects, whoever was quicker."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from collections.abc import Generator, Iterable, Iterator, Mapping
from functools import partial

from vedette.app.reading import Piece, read_object
from vedette.app.workers import StartContext, Team
from vedette.cloudtrail.limits import Limits
from vedette.engine.engine import Engine
from vedette.sources.files import FileObject, Unreadable, size_of

BATCH_OBJECTS = 40
BATCH_BYTES = 1 << 20
"""Small batches: when the last ones are being read, the other processes have nothing left to do."""

LARGE_OBJECT = 32 << 20
"""Objects of this size and above are read by the first process, body by body, so that no result grows with them."""

START = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
"""How workers start. A fork is ready at once; no thread runs beside this one when it happens."""

Found = FileObject | Unreadable
Step = tuple[int, Piece | None]
"""Bytes that are done, and what was read; None with the last piece of an object."""


def read_alone(
    engine: Engine, objects: Iterable[Found], limits: Limits, strides: Mapping[int, int] | None = None
) -> Generator[Step, None, None]:
    """Every object, in this process. `strides` are those of the fold that takes the pieces, as it goes."""
    for found in objects:
        for piece in read_object(engine, found, limits, strides):
            yield 0, piece
        yield size_of(found), None


def read_together(
    engine: Engine,
    objects: Iterable[Found],
    limits: Limits,
    today: dt.date,
    jobs: int,
    strides: Mapping[int, int] | None = None,
) -> Generator[Step, None, None]:
    """Every object, on `jobs` processes, in the same order as `read_alone`; raises VedetteError if one is killed.

    This process is one of them. `engine` must not have read anything yet if others are to begin where it does.
    """
    strides = {} if strides is None else strides
    work = list(_batches(objects))
    batches = [each for each in work if not isinstance(each, FileObject)]
    others = min(jobs, len(work), len(batches) + 1) - 1
    make = partial(_as_it_is, engine) if START == "fork" else partial(Engine, engine.detections, today, limits)
    team = Team(engine, batches, limits, strides)
    numbers = iter(range(len(batches)))
    with team.started(others, _context(), make):
        for each in work:
            if isinstance(each, FileObject):
                yield from read_alone(engine, [each], limits, strides)
                continue
            for result in team.results_of(next(numbers)):
                for piece in result.pieces:
                    yield 0, piece
                yield result.size, None


def _context() -> StartContext:
    return multiprocessing.get_context("fork") if START == "fork" else multiprocessing.get_context("spawn")


def _as_it_is(engine: Engine) -> Engine:
    return engine


def _batches(objects: Iterable[Found]) -> Iterator[list[Found] | FileObject]:
    batch: list[Found] = []
    size = 0
    for found in objects:
        if isinstance(found, FileObject) and found.size >= LARGE_OBJECT:
            if batch:
                yield batch
                batch, size = [], 0
            yield found
            continue
        batch.append(found)
        size += size_of(found)
        if len(batch) >= BATCH_OBJECTS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
