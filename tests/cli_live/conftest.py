"""A room with a monitor's settings and a filled store, and a command line in this process whose clock stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.samples import Shell
from cli_live.room import NOW, Monitored, fill, write_settings


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No wish, and nothing of the home of whoever runs the tests."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "VEDETTE_DEBUG", "VEDETTE_SETTINGS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("vedette.cli.values.now", lambda: NOW + 60)
    monkeypatch.setattr("getpass.getuser", lambda: "carol")


@pytest.fixture
def empty_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: settings, and no store yet."""
    write_settings(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def monitored(empty_room: Path) -> Monitored:
    """The same with a filled store."""
    made = Monitored(empty_room)
    fill(made)
    return made


@pytest.fixture
def shell(empty_room: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs `vedette` in the room."""
    return Shell(capsys)
