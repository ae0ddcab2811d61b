"""A folder of invented logs, and a command line that runs in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.samples import DETECTIONS, Shell, write_logs
from vedette.detections.definition import Detection
from vedette.detections.loader import load_paths


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wish of whoever runs the tests: colours, widths and details are what each test says."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "VEDETTE_DEBUG", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with `logs/` and `own/` (the detections of these tests) in it."""
    write_logs(tmp_path / "logs")
    (tmp_path / "own").symlink_to(DETECTIONS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The detections of these tests in the place of the built-in ones, which change more often than their look."""
    known = load_paths([DETECTIONS])

    def load_builtin(*, tests: bool = True) -> tuple[Detection, ...]:
        return known

    monkeypatch.setattr("vedette.cli.loading.load_builtin", load_builtin)
    monkeypatch.setattr("vedette.cli.detections.load_builtin", load_builtin)


@pytest.fixture
def shell(room: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs `vedette` in `room`."""
    return Shell(capsys)
