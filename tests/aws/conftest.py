"""One server for the room's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aws_server import bare_environment, running


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    bare_environment(monkeypatch)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with running() as address:
        yield address
