"""ministack as a process, with what a room of tests adds to it: a script that runs where the tools are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from waiting import PATIENCE, held_port, until

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Emulator:
    """A ministack that runs: where it listens, and its process."""

    address: str
    process: subprocess.Popen[bytes]


def tool(name: str) -> str:
    """The path of a program of tests/tools.txt; the test is skipped where it is not installed."""
    own = _ROOT / ".venv" / "tools" / "bin" / name
    found = str(own) if own.exists() else shutil.which(name) if name != "python" else None
    if found is None:
        pytest.skip(f"`{name}` of tests/tools.txt is not installed: `make test` installs it")
    return found


@contextmanager
def emulating(script: Path, **environment: str) -> Iterator[Emulator]:
    """A ministack that runs inside the block, started by the script, with more variables in its environment."""
    python = tool("python")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    given = kept | {"BIND_HOST": "127.0.0.1", "LOG_LEVEL": "ERROR"} | environment
    quiet = subprocess.DEVNULL
    with held_port() as port:
        given["GATEWAY_PORT"] = str(port)
        process = subprocess.Popen([python, str(script)], env=given, stdin=quiet, stdout=quiet, stderr=quiet)
        address = f"http://127.0.0.1:{port}"
        try:
            until(lambda: _answers(process, address), lambda: "ministack did not start")
            yield Emulator(address, process)
        finally:
            process.terminate()  # so that it removes its pid file
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(process: subprocess.Popen[bytes], address: str) -> bool:
    if process.poll() is not None:
        pytest.fail(f"ministack ended with {process.returncode}")
    try:
        with urllib.request.urlopen(f"{address}/_ministack/health", timeout=PATIENCE):
            return True
    except (urllib.error.URLError, OSError):
        return False
