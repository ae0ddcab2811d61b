"""Starts `stores.writing` in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from waiting import PATIENCE

TESTS = Path(__file__).parent.parent


def start(*arguments: str) -> subprocess.Popen[str]:
    """`python -m stores.writing ...`, its output in a pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "stores.writing", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )


def finish(process: subprocess.Popen[str]) -> str:
    """What it wrote, once it has ended well."""
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    return out


def claim_together(url: str, processes: int) -> list[list[str]]:
    """What each of several processes, started together, claimed."""
    started = [start("claim", url, f"monitor-{number}") for number in range(processes)]
    return [finish(process).split() for process in started]


def count_together(url: str, processes: int, times: int) -> None:
    """Let several processes add to one number."""
    for process in [start("count", url, str(times)) for _ in range(processes)]:
        finish(process)
