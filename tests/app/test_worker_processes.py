"""Workers: killed, interrupted, orphaned, started afresh. None may hang, and none may be missed in silence."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NoReturn, Self

import pytest

from app.logs import READ, TODAY, log_file, put, record, scanned, told
from vedette.app import Moment, ScanOptions, open_inputs, processes, scan
from vedette.detections.definition import Detection
from vedette.errors import VedetteError
from vedette.sources.files import FileObject
from waiting import PATIENCE

SCRIPT = """
import datetime, signal, sys
from vedette.app import ScanOptions, open_inputs, processes, scan
from vedette.detections.loader import load_builtin

processes.BATCH_OBJECTS = 1

def stop(moment):
    print("started", flush=True)
    signal.pause()

try:
    with open_inputs([sys.argv[1]]) as objects:
        scan(objects, load_builtin(tests=False)[:5], scan_options := ScanOptions(datetime.date(2026, 11, 21), 2), stop)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.fixture
def many(tmp_path: Path) -> Path:
    for number in range(40):
        put(tmp_path / "many" / f"{number:02}.json", log_file([record(number, number)]))
    return tmp_path / "many"


class Fatal(FileObject):
    """A worker that opens it comes to grief; the first process waits until one has begun to."""

    first = os.getpid()
    begun: int
    begins: int

    def open(self) -> BinaryIO:
        if os.getpid() != self.first:
            os.write(self.begins, b"x")
            self.fail()
        os.read(self.begun, 1)
        os.write(self.begins, b"x")
        return super().open()

    def fail(self) -> NoReturn:
        raise LookupError(f"a bug at {self.name}")

    @classmethod
    def all_of(cls, folder: Path) -> list[Self]:
        cls.begun, cls.begins = os.pipe()
        return [cls(str(path), str(path), path.stat().st_size) for path in sorted(folder.iterdir())]


class Killing(Fatal):
    def fail(self) -> NoReturn:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def test_a_killed_worker_is_an_error_not_a_hole(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its part of the logs is not known, and a report without it would be a lie."""
    monkeypatch.setattr(processes, "BATCH_OBJECTS", 1)
    with pytest.raises(VedetteError, match="a worker process was killed") as raised:
        scan(Killing.all_of(many), [READ], ScanOptions(TODAY, 2))
    assert raised.value.hint == "memory may have run out; try again with `--jobs 1`"
    assert multiprocessing.active_children() == []


def test_a_bug_in_a_worker_is_told_as_it_happened(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "BATCH_OBJECTS", 1)
    with pytest.raises(LookupError, match="a bug at") as raised:
        scan(Fatal.all_of(many), [READ], ScanOptions(TODAY, 2))
    assert any("in fail" in note for note in raised.value.__notes__)
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("jobs", [2, 3, 60])
def test_the_first_process_is_one_of_them(many: Path, monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    """With more processes than objects, too."""
    monkeypatch.setattr(processes, "BATCH_OBJECTS", 1)
    beside: list[int] = []
    with open_inputs([str(many)]) as objects:
        report = scan(
            objects, [READ], ScanOptions(TODAY, jobs), lambda _: beside.append(len(multiprocessing.active_children()))
        )
    assert max(beside) < min(jobs, 41)
    assert report.tally == scanned(many).tally
    assert told(many, jobs=jobs) == told(many)


def test_an_interrupted_scan_leaves_no_worker(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even while the traceback still holds the scan."""
    monkeypatch.setattr(processes, "BATCH_OBJECTS", 1)
    before: list[int] = []

    def interrupt(_: Moment) -> None:
        before.append(len(multiprocessing.active_children()))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as raised, open_inputs([str(many)]) as objects:
        scan(objects, [READ], ScanOptions(TODAY, 2), interrupt)
    assert before == [1]
    assert multiprocessing.active_children() == []
    assert raised.tb is not None


@contextmanager
def started(many: Path) -> Iterator[subprocess.Popen[str]]:
    """A scan in a process group of its own, stopped after its first object, with a worker beside it."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(many)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def test_ctrl_c_ends_every_process_and_says_nothing_of_workers(many: Path) -> None:
    """A terminal sends the signal to the whole group; each worker's traceback would hide the one line that counts."""
    with started(many) as process:
        os.killpg(process.pid, signal.SIGINT)
        answer, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, answer, errors) == (130, "", "")


def test_workers_end_when_the_first_process_is_killed(many: Path) -> None:
    """They hold the pipes of standard output open: reading comes to an end only when all of them have ended."""
    with started(many) as process:
        process.kill()
        answer, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, answer) == (-signal.SIGKILL, "")


def test_workers_that_are_started_afresh_answer_alike(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no fork, everything that a worker needs goes to it, and everything that it found comes back."""
    alone = told(many)
    monkeypatch.setattr(processes, "START", "spawn")
    assert told(many, jobs=2) == alone


def test_detections_can_be_sent_to_another_process(builtin: tuple[Detection, ...]) -> None:
    assert pickle.loads(pickle.dumps(builtin)) == builtin


def test_a_reader_who_stops_early_leaves_no_worker(many: Path) -> None:
    from vedette.cloudtrail.limits import DEFAULT_LIMITS
    from vedette.engine.engine import Engine

    with open_inputs([str(many)]) as objects:
        steps = processes.read_together(Engine([READ], TODAY), objects, DEFAULT_LIMITS, TODAY, 2)
        next(steps)
        steps.close()
    assert multiprocessing.active_children() == []
