"""The command as a process of its own: its entry points, its streams, and what a signal does to it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.samples import OWN, record, write_logs
from waiting import PATIENCE, until

VEDETTE = [sys.executable, "-m", "vedette"]
FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and streams as POSIX has them")


def vedette(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    options = {"capture_output": True, "text": True, "timeout": PATIENCE} | more
    return subprocess.run([*VEDETTE, *arguments], **options)  # type: ignore[call-overload, no-any-return]


def through_shell(script: str) -> subprocess.CompletedProcess[str]:
    """A POSIX shell's pipe or redirection; `$V` is the command."""
    command = shlex.join([sys.executable, "-m", "vedette"])
    return subprocess.run(
        ["sh", "-c", script.replace("$V", command)], capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_the_module_is_the_command() -> None:
    assert vedette("--version").stdout == "vedette 0.1.0\n"


def test_the_entry_point_is_the_command() -> None:
    script = Path(sys.executable).with_name("vedette")
    if not script.exists():
        pytest.skip("vedette is not installed in this environment")
    done = subprocess.run([script, "-V"], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout) == (0, "vedette 0.1.0\n")


def test_a_reader_that_has_had_enough_is_no_failure(room: Path) -> None:
    """`vedette … | head -1`: no complaint, and exit code 0."""
    write_logs(room / "many", [record(number % 50, "CreateAccessKey", "iam", f"user{number}") for number in range(900)])
    for command in ("scan many -d own --no-builtin -o json", "detections list", "scan many -d own --no-builtin"):
        done = through_shell(f"{{ $V {command} 2>err; echo $? >code; }} | head -1")
        assert (room / "code").read_text().strip() == "0", command
        assert "Traceback" not in (room / "err").read_text()
        assert "Broken" not in (room / "err").read_text()
        assert len(done.stdout.splitlines()) == 1


def test_a_reader_that_has_had_enough_changes_no_verdict(room: Path) -> None:
    """Scripts rely on --fail-on, whoever reads the answer."""
    write_logs(room / "many", [record(number % 50, "CreateAccessKey", "iam", f"user{number}") for number in range(900)])
    through_shell("{ $V scan many -d own --no-builtin -o json --fail-on high; echo $? >code; } | head -1")
    assert (room / "code").read_text().strip() == "1"


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "command",
    [
        "scan logs -d own --no-builtin >/dev/full",
        "scan logs -d own --no-builtin -o json >/dev/full",
        "scan logs -d own --no-builtin -o csv --out /dev/full",
        "detections show root-login >/dev/full",
        "pattern test x own/key-made.yaml -o json >/dev/full",
        "--help >/dev/full",
    ],
)
def test_a_full_disk_is_a_failure_in_one_sentence(room: Path, command: str) -> None:
    done = through_shell(f"$V {command}")
    assert done.returncode == 4
    place = "`/dev/full`" if "--out" in command else "the answer"
    hint = "hint: make room on the disk, or choose another place"
    assert done.stderr == f"error: cannot write {place}: no space left on device\n{hint}\n"


def test_a_closed_stdout_is_a_failure_in_one_sentence(room: Path) -> None:
    done = through_shell("$V scan logs -d own --no-builtin >&-")
    assert (done.returncode, done.stderr) == (4, "error: cannot write the answer: standard output is closed\n")


def test_a_closed_stderr_spoils_no_answer(room: Path) -> None:
    done = through_shell("$V scan logs -d own --no-builtin -o csv 2>&-")
    assert done.returncode == 0
    assert done.stdout.startswith("id,severity")
    assert done.stdout.count("\n") == 8


def test_a_closed_stdin_is_nothing_to_read(room: Path) -> None:
    done = through_shell("$V scan - <&-")
    assert (done.returncode, done.stderr) == (3, "error: standard input is closed\nhint: give a file\n")


def test_standard_input_is_read_once_however_often_it_is_named(room: Path) -> None:
    """Standard input is there once; naming it twice takes nothing away and adds nothing."""
    logs = "logs/AWSLogs/*/*/*/*/*/*/*.gz"
    twice, once = (through_shell(f"cat {logs} | $V scan {paths} -d own --no-builtin") for paths in ("- -", "-"))
    assert twice.stdout == once.stdout
    assert "SEVERITY" in once.stdout
    assert "24 records = 23 unique" in twice.stderr


def test_a_terminal_without_unicode_gets_plain_signs(room: Path) -> None:
    done = vedette("scan", "logs", *OWN, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "> Create the detector again" in done.stdout


def interrupted(arguments: Sequence[str], wait_for: Path) -> tuple[int, str]:
    """The exit code and stderr of a command that gets Ctrl-C, as its whole process group, once it opens the pipe."""
    process = subprocess.Popen(
        [*VEDETTE, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        with wait_for.open("wb"):  # returns when the command has opened the other end, and is reading
            os.killpg(process.pid, signal.SIGINT)
            _, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    return process.returncode, err


@pytest.mark.parametrize("arguments", [["pattern", "test", "x", "pipe"], ["explain", "root-login", "pipe"]])
def test_ctrl_c_answers_130_in_one_line(room: Path, arguments: list[str]) -> None:
    os.mkfifo(room / "pipe")
    assert interrupted(arguments, room / "pipe") == (130, "vedette: interrupted\n")


STOP_ITSELF = """
import os, signal, sys
from vedette.cli import scan, invoke
steps = []
def progress(self, amount, note):
    steps.append(amount)
    if len(steps) == 2:
        os.killpg(0, signal.SIGINT)
scan.output.Bar.advance = progress
sys.exit(invoke(sys.argv[1:]))
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_in_the_middle_of_a_scan(room: Path, jobs: str) -> None:
    """The whole process group is interrupted after the second object, workers included; one line tells of it."""
    process = subprocess.Popen(
        [sys.executable, "-c", STOP_ITSELF, "scan", "logs", *OWN, "--jobs", jobs],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (130, "", "vedette: interrupted\n")
    until(lambda: not is_there(process.pid), lambda: "a worker is still there")


def is_there(group: int) -> bool:
    """Whether a process of the group is there: one that has ended is until somebody has asked how."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
