"""One server in place of AWS for the room's tests, and an environment in which boto3 finds nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aws_server import bare_environment, connect, running
from sources.cloud import Cloud


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    bare_environment(monkeypatch)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with running() as address:
        yield address


@pytest.fixture
def cloud(server: str, request: pytest.FixtureRequest) -> Cloud:
    """A bucket and a queue of the test's own."""
    return Cloud(connect(server))
