"""ministack with more in it, an account of its own for each test, and a command line that asks it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.loaders import create_loader

from aws_server import bare_environment
from cli.samples import Shell
from deploy.stories import Stage, hook, stage
from emulating import emulating
from emulating import tool as tool
from senders.receiving import Receiver, receiving
from vedette.aws import AwsSession, session
from vedette.detections.loader import load_builtin

HERE = Path(__file__).parent
REGION = "us-east-1"

_accounts = itertools.count(333300000001)


@contextmanager
def emulator(**environment: str) -> Iterator[str]:
    """The address of a ministack that runs inside the block, with more variables in its environment."""
    with emulating(HERE / "emulator.py", **environment) as found:
        yield found.address


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """The built-in detections and botocore's descriptions of services are read once, not by every command again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vedette.cli.loading.load_builtin", functools.cache(load_builtin))
        patch.setattr("botocore.session.create_loader", functools.cache(create_loader))
        yield


@pytest.fixture(scope="session")
def ministack() -> Iterator[str]:
    """The address of the one that the room's tests share; their accounts keep them apart."""
    with emulator() as address:
        yield address


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> str:
    """An account that nobody has used: ministack takes a key of twelve digits for one."""
    bare_environment(monkeypatch)
    name = str(next(_accounts))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", name)
    monkeypatch.setenv("AWS_REGION", REGION)
    return name


@pytest.fixture
def aws(ministack: str, account: str, monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    """A session in that account; whatever else is called finds the emulator too."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    return session(region=REGION, endpoint_url=ministack)


@pytest.fixture
def shell(
    aws: AwsSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """Runs `vedette` against the emulator, in an empty folder."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "VEDETTE_DEBUG", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook on this machine."""
    with receiving() as found:
        yield found


@pytest.fixture
def at_hook(receiver: Receiver) -> Stage:
    """A storyteller that tells it."""
    return stage(hook(receiver.url()))
