"""What several of these tests need, made once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from vedette.detections.definition import Detection
from vedette.detections.loader import load_builtin
from vedette.simulate import write


@pytest.fixture(scope="session")
def builtin() -> tuple[Detection, ...]:
    return load_builtin(tests=False)


@pytest.fixture(scope="session")
def attack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The logs of a small simulated day with an attack in it."""
    directory = tmp_path_factory.mktemp("attack")
    write(directory, "full-attack", day=dt.date(2026, 11, 19), records=400)
    return directory / "AWSLogs"
