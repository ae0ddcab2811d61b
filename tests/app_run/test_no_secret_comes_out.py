"""No secret comes out of a monitor: a canary in each, and a search in its log, its pages, its store and every command.

What each sender says of what it was answered is looked at beside the senders; here the other side, and a bug, tell
whatever they know, and so do a source and the store.
"""

from __future__ import annotations

import io
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from app_run.fakes import DETECTION, FilledSource, SetClock, log_file, record
from aws_server import bare_environment
from canaries import Canaries
from cli.samples import Shell
from vedette.alerts.delivery import Dead, Outcome, Retry, Sent
from vedette.app import control, doctor, trial, wiring
from vedette.app.channels import secrets_of
from vedette.app.health import HealthServer
from vedette.app.run import Run
from vedette.app.wiring import Parts, build
from vedette.monitor.store import Store, StoreError, Transaction
from vedette.senders.port import Message
from vedette.settings import Settings
from vedette.settings.load import load_settings
from vedette.sources.port import PoisonError, SourceError
from waiting import PATIENCE

SETTINGS = """
[monitor]
interval = "1s"
health_port = 0
[detections]
builtin = false
paths = ["rules"]
[store]
url = "sqlite://PLACE/store.db"
password = "secret://env/DATABASE"
[[source]]
kind = "folder"
name = "logs"
path = "logs"
[[channel]]
kind = "smtp"
name = "mail"
host = "127.0.0.1"
port = 9
from = "vedette@example.com"
to = ["you@example.com"]
username = "vedette"
password = "secret://file/MAIL"
[[channel]]
kind = "slack"
name = "slack"
webhook = "secret://env/SLACK"
[[channel]]
kind = "slack"
name = "bot"
token = "secret://aws/BOT"
channel = "C0123456789"
[[channel]]
kind = "teams"
name = "teams"
webhook = "secret://keyring/vedette/TEAMS"
[[channel]]
kind = "pagerduty"
name = "pager"
routing_key = "secret://env/PAGER"
[[channel]]
kind = "webhook"
name = "hook"
url = "secret://env/HOOK"
key = "secret://env/HOOK_KEY"
[[channel]]
kind = "apprise"
name = "apprise"
url = "secret://env/APPRISE"
"""

COMMANDS = (
    "alerts list -o json", "deliveries list", "deliveries list -o json", "channels list", "channels list -o json",
    "sources list", "sources list -o json", "sources poison list", "store status", "store export", "doctor",
    "channels test mail", "channels test bot",
)  # fmt: skip


@dataclass(slots=True)
class Leak:
    """A sender that tells its secrets, in every way that there is."""

    name: str
    told: str
    number: int = 0

    def send(self, _: Message) -> Outcome:
        self.number += 1
        match self.number % 4:
            case 1:
                raise RuntimeError(f"Authorization: {self.told}")
            case 2:
                return Retry(f"535 `{self.told}` refused", credentials=True)
            case 3:
                return Sent(self.told, self.told, f"nobody knows {self.told}")
            case _:
                return Dead(f"no such hook: {self.told}")

    def close(self) -> None:
        pass


@dataclass(slots=True)
class LeakingStore:
    """Fails when it is told to, as a server might."""

    store: Store
    told: str
    fails: bool = field(default=False)

    def transaction(self) -> AbstractContextManager[Transaction]:
        if self.fails:
            raise StoreError(f"connection to `postgresql://vedette:{self.told}@db` failed", hint=f"not {self.told}")
        return self.store.transaction()

    snapshot = transaction

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)


@dataclass(slots=True)
class Room:
    """A monitor whose every edge leaks."""

    canaries: Canaries
    parts: Parts
    source: FilledSource
    store: LeakingStore
    log: io.StringIO


@pytest.fixture
def canaries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Canaries:
    """In every secret, of every provider."""
    bare_environment(monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "vedette.toml").write_text(SETTINGS.replace("PLACE", str(tmp_path)))
    for folder in ("logs", "rules"):
        (tmp_path / folder).mkdir()
    (tmp_path / "rules" / "key-made.yaml").write_text(DETECTION)
    made = Canaries()
    for module in (wiring, control, doctor, trial):
        monkeypatch.setattr(module, "open_secrets", lambda _: made.secrets())
    return made


@contextmanager
def leaking(canaries: Canaries, form: str) -> Iterator[Room]:
    settings: Settings = load_settings("vedette.toml", {}, Path.cwd())
    parts = build(settings, form=form, clock=SetClock())
    vault, log = parts.secrets, io.StringIO()
    parts.journal._stream = log
    assert settings.store.password is not None
    senders = [
        Leak(channel.name, " ".join(vault.value(ref) for ref in secrets_of(channel))) for channel in settings.channels
    ]
    store, source = LeakingStore(parts.store, vault.value(settings.store.password)), FilledSource("logs")
    try:
        yield Room(canaries, replace(parts, senders=tuple(senders), sources=(source,), store=store), source, store, log)  # type: ignore[arg-type]
    finally:
        parts.close()


def _work(room: Room) -> Run:
    """Everything goes wrong that can, and everyone who is told of it tells all that he knows."""
    (told, *_) = (sender.told for sender in room.parts.senders if isinstance(sender, Leak))
    run, clock = Run(room.parts), room.parts.clock
    assert isinstance(clock, SetClock)
    room.source.objects["a"] = log_file(record(1))
    room.source.objects["b"] = PoisonError(f"cannot open with {told}")
    for _ in range(4):
        run.once()
        clock.time += 3_600
        room.source.objects[f"{clock.time}"] = log_file(record(clock.time, user=f"user-{clock.time}", at=clock.time))
    room.source.failure = SourceError(f"access denied for {told}", hint=f"give {told}")
    run.once()
    return run


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_comes_out(canaries: Canaries, capfd: pytest.CaptureFixture[str], tmp_path: Path, form: str) -> None:
    with leaking(canaries, form) as room:
        run = _work(room)
        assert len(canaries.planted) == 9
        server = HealthServer("127.0.0.1", 0, run.troubles, run.page)
        try:
            pages = [_page(f"http://127.0.0.1:{server.port}{path}") for path in ("/metrics", "/readyz", "/healthz")]
            room.store.fails = True
            run.work.patience = 0
            with pytest.raises(StoreError):
                run.work.do(lambda tx: None)
            pages.append(_page(f"http://127.0.0.1:{server.port}/readyz"))
        finally:
            server.close()
        assert "access denied" in pages[1]
        assert "failed" in pages[3]
        for word in ("sender broke", "refused", "object put aside", "source fails", "store fails"):
            assert word in room.log.getvalue()
        canaries.check(
            *pages, room.log.getvalue(), room.parts.settings, room.parts.secrets, *room.parts.journal.__dict__
        )
    canaries.check(tmp_path, *capfd.readouterr())


def _page(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


def test_no_command_tells_a_secret(
    canaries: Canaries, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with leaking(canaries, "text") as room:
        _work(room)
        with room.parts.store.transaction() as tx:
            told = tx.deliveries(limit=1)[0].alerts[0]
    monkeypatch.setattr(trial, "make_sender", lambda channel, secrets, _: Leak(
        channel.name, " ".join(secrets.value(ref) for ref in secrets_of(channel))))  # fmt: skip
    shell = Shell(capsys)
    for command in (*COMMANDS, f"alerts show {told}", f"alerts show {told} -o json", f"channels preview {told}"):
        answer = shell(*command.split())
        canaries.check(answer.out, answer.err)
        assert "Traceback" not in answer.err


def test_what_went_wrong_stays_readable(canaries: Canaries) -> None:
    """Only the secret is taken out: who mends it reads the rest."""
    with leaking(canaries, "text") as room:
        _work(room)
        with room.parts.store.transaction() as tx:
            details = {each.detail for each in tx.deliveries()}
        assert any(detail.startswith("535 `") and detail.endswith("` refused") for detail in details)
