"""Worker processes beside the first one: each takes the next batch that nobody has taken, and sends what it found."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import TypeAlias

from vedette.app.reading import ObjectResult, read_batch, tune_collector
from vedette.cloudtrail.limits import Limits
from vedette.engine.engine import Engine
from vedette.errors import VedetteError
from vedette.sources.files import FileObject, Unreadable

AHEAD = 4
"""How many batches for each process may be taken and not yet folded."""

_PATIENCE = 5.0
"""Seconds; nobody holds the lock for as much as one, unless it was killed meanwhile."""

_SWITCH_INTERVAL = 0.0002
"""A result comes in pieces of 64 kB, and the worker waits until the thread that listens has read the last; each would
wait until the first process, busy with a batch of its own, lets go of the interpreter: 5 ms, if nothing is said."""

StartContext: TypeAlias = ForkContext | SpawnContext
_FAREWELL = b""

Batch: TypeAlias = Sequence[FileObject | Unreadable]
EngineMaker: TypeAlias = Callable[[], Engine]


class _Claims:
    """Which batch is whose: the next one goes to the process that asks first."""

    def __init__(self, context: StartContext, batches: int, ahead: int) -> None:
        self._batches = batches
        self._slots = context.Semaphore(ahead)
        self._lock = context.Lock()
        self._next = context.RawValue("l", 0)

    def claim(self, *, wait: bool) -> int | None:
        """The number of a batch that is now the caller's; None if all are taken, or if it would have to `wait`."""
        if not self._slots.acquire(wait):
            return None
        if self._lock.acquire(timeout=_PATIENCE):
            number = int(self._next.value)
            self._next.value = number + 1
            self._lock.release()
            if number < self._batches:
                return number
        self._slots.release()
        return None

    def done(self) -> None:
        """A batch has been folded, and another may be taken."""
        self._slots.release()


class _Strides:
    """The fold's strides, where every process sees them; what it sees may be a little old."""

    def __init__(self, context: StartContext, detections: int) -> None:
        self._numbers = context.RawArray("H", detections)

    def write(self, strides: Mapping[int, int]) -> None:
        """Tell the workers."""
        for number, stride in strides.items():
            self._numbers[number] = stride

    def read(self) -> dict[int, int]:
        """What was told last."""
        return {number: stride for number, stride in enumerate(self._numbers) if stride}


def _work(
    make: EngineMaker,
    batches: Sequence[Batch],
    limits: Limits,
    claims: _Claims,
    strides: _Strides,
    results: Connection,
) -> None:
    """The life of a worker: the number of a batch and its results, again and again; nothing, when none is left."""
    # Ctrl-C goes to every process of the terminal; the first one ends the work, and tells of it once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    tune_collector()
    said: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    sender = threading.Thread(target=_send, args=(said, results))
    sender.start()
    try:
        engine = make()
        while (number := claims.claim(wait=True)) is not None:
            found = read_batch(engine, batches[number], limits, strides.read())
            said.put(pickle.dumps((number, found), pickle.HIGHEST_PROTOCOL))
    except Exception as error:  # noqa: BLE001 -- raised again in the first process
        error.add_note("".join(traceback.format_exception(error)))
        said.put(pickle.dumps(error))
    said.put(_FAREWELL)
    sender.join()


def _send(said: queue.SimpleQueue[bytes], results: Connection) -> None:
    """Send beside the work: a pipe holds little, and the first process reads it between batches of its own."""
    more = True
    while more:
        data = said.get()
        results.send_bytes(data)
        more = data != _FAREWELL


def _end_with_parent() -> None:
    """A worker whose first process was killed would wait for a batch for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


class Team:
    """Workers, and the process that leads them: it takes batches like the others while no result waits to be folded."""

    def __init__(self, engine: Engine, batches: Sequence[Batch], limits: Limits, strides: Mapping[int, int]) -> None:
        self._engine = engine
        self._batches = batches
        self._limits = limits
        self._strides = strides
        self._ready: dict[int, list[ObjectResult]] = {}
        self._heard: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    @contextmanager
    def started(self, workers: int, context: StartContext, make: EngineMaker) -> Iterator[None]:
        """Workers for as long as the block lasts; none outlives it. `make` gives each its engine."""
        self._claims = _Claims(context, len(self._batches), AHEAD * (workers + 1))
        self._told = _Strides(context, len(self._engine.detections))
        processes: list[BaseProcess] = []
        readers: list[Connection] = []
        switching = sys.getswitchinterval()
        try:
            with _ctrl_c_held_back():
                for _ in range(workers):
                    reader, writer = context.Pipe(duplex=False)
                    readers.append(reader)
                    arguments = (make, self._batches, self._limits, self._claims, self._told, writer)
                    processes.append(context.Process(target=_work, args=arguments))
                    processes[-1].start()
                    writer.close()
            sys.setswitchinterval(_SWITCH_INTERVAL)
            for reader in readers:
                threading.Thread(target=_listen, args=(reader, self._heard), daemon=True).start()
            yield
            for process in processes:
                process.join(_PATIENCE)
        finally:
            sys.setswitchinterval(switching)
            for process in processes:
                process.kill()
                process.join()

    def results_of(self, number: int) -> list[ObjectResult]:
        """What is in the batch; asked for in the order of their numbers. Raises VedetteError if a worker was killed."""
        while number not in self._ready:
            self._told.write(self._strides)
            self._take_in(wait=False)
            if number in self._ready:
                break
            mine = self._claims.claim(wait=False)
            if mine is None:
                self._take_in(wait=True)
            else:
                self._ready[mine] = read_batch(self._engine, self._batches[mine], self._limits, self._strides)
        self._claims.done()
        return self._ready.pop(number)

    def _take_in(self, *, wait: bool) -> None:
        """Take in what workers have sent."""
        while wait or not self._heard.empty():
            data = self._heard.get()
            if data is None:
                raise VedetteError(
                    "a worker process was killed, and its part of the logs is not known",
                    hint="memory may have run out; try again with `--jobs 1`",
                )
            heard = pickle.loads(data)  # noqa: S301 -- from a process that this one has started
            if isinstance(heard, Exception):
                raise heard
            number, found = heard
            self._ready[number] = found
            wait = False


def _listen(reader: Connection, heard: queue.SimpleQueue[bytes | None]) -> None:
    """Put what a worker sends where the first process looks; None when it ends without a farewell."""
    try:
        while data := reader.recv_bytes():
            heard.put(data)
    except (EOFError, OSError):
        heard.put(None)


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Ctrl-C waits while workers are made: one that meets it before it knows better would tell of it at length."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
