"""Reading on several processes: batches out, results back in the order of the objects, whoever was quicker."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait

from vedette.app.reading import ObjectResult, Piece, read_batch, read_object, tune_collector
from vedette.cloudtrail.limits import Limits
from vedette.detections.definition import Detection
from vedette.engine.engine import Engine
from vedette.errors import VedetteError
from vedette.sources.files import FileObject, Unreadable, size_of

BATCH_OBJECTS = 40
BATCH_BYTES = 4 << 20
LARGE_OBJECT = 32 << 20
"""Objects of this size and above are read by the first process, body by body, so that no result grows with them."""

_SWITCH_INTERVAL = 0.0002
"""A result comes in pieces of 64 kB, and the worker waits until the pool's thread has read the last; each would wait
until the first process, busy with earlier results, lets go of the interpreter: 5 ms, if nothing is said."""

START = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
"""How workers start. A fork is ready at once; no thread runs beside this one when it happens."""

Found = FileObject | Unreadable
Step = tuple[int, Piece | None]
"""Bytes that are done, and what was read; None with the last piece of an object."""


class _Worker:
    """What a worker process keeps between batches."""

    engine: Engine
    limits: Limits


def _start(detections: Sequence[Detection], today: dt.date, limits: Limits) -> None:
    # Ctrl-C goes to every process of the terminal; the first one ends the work, and tells of it once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Worker.engine = Engine(detections, today, limits)
    _Worker.limits = limits
    tune_collector()


def _end_with_parent() -> None:
    """A worker whose first process was killed would wait for work for ever: it holds both ends of its queue."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _work(batch: Sequence[Found], strides: Mapping[int, int]) -> list[ObjectResult]:
    return read_batch(_Worker.engine, batch, _Worker.limits, strides)


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
    """Every object, on `jobs` processes, in the same order as `read_alone`; raises VedetteError if one is killed."""
    switching = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_INTERVAL)
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context(START), _start, (engine.detections, today, limits))
    waiting: deque[Future[list[ObjectResult]] | FileObject] = deque()
    try:
        for work in _batches(objects):
            if isinstance(work, FileObject):
                waiting.append(work)
            else:
                with _ctrl_c_held_back():
                    waiting.append(pool.submit(_work, work, dict(strides or {})))
            while len(waiting) > 2 * jobs:
                yield from _finish(waiting.popleft(), engine, limits, strides)
        while waiting:
            yield from _finish(waiting.popleft(), engine, limits, strides)
    except BrokenProcessPool as error:
        raise VedetteError(
            "a worker process was killed, and its part of the logs is not known",
            hint="memory may have run out; try again with `--jobs 1`",
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        sys.setswitchinterval(switching)


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Ctrl-C waits while workers are made: one that meets it before its `_start` would tell of it at length."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _finish(
    work: Future[list[ObjectResult]] | FileObject, engine: Engine, limits: Limits, strides: Mapping[int, int] | None
) -> Iterator[Step]:
    if isinstance(work, FileObject):
        yield from read_alone(engine, [work], limits, strides)
        return
    for result in work.result():
        for piece in result.pieces:
            yield 0, piece
        yield result.size, None


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
