"""Over PostgreSQL every command about the monitor says, and does, what it does over SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.samples import Shell, the_records
from cli_live.room import NOW, Monitored, answers, refusals, write_settings
from stores.server import Server, running
from vedette.app.aside import put_aside
from vedette.app.stores import open_store

COMMANDS = (
    "alerts list", "alerts list --severity high --status open", "alerts list -o ndjson", "alerts show detector-deleted",
    "alerts ack detector-deleted --note on-it", "alerts snooze password-guessed --for 4h",
    "alerts resolve password-guessed", "alerts reopen password-guessed", "alerts show password-guessed -o json",
    "deliveries list", "deliveries list --state dead -o json", "deliveries retry --all-dead --channel hook",
    "deliveries list -o ndjson", "deliveries retry xyzzy", "channels list", "channels preview detector-deleted",
    "silences preview --actor alice", "silences add --actor alice --for 24h --reason planned", "silences list -o json",
    "silences end x", "sources list", "sources list -o json", "sources poison list", "sources poison retry a.json",
    "sources poison list", "alerts list --limit 1", "store prune --dry-run",
    "store prune -o json",
)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


def _session(shell: Shell, room: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What each command prints, in a room whose monitor has seen the same, over the store at `url`."""
    room.mkdir()
    write_settings(room)
    text = (room / "vedette.toml").read_text()
    (room / "vedette.toml").write_text(text.replace(f"sqlite://{room.as_posix()}/store.db", url))
    monkeypatch.chdir(room)
    open_store(url).close()
    monitored = Monitored(room)
    monitored.take(the_records())
    monitored.send(answers)
    monitored.send(refusals, NOW + 600)
    monitored.do(lambda tx, _: put_aside(tx, "logs", "a.json", "not readable", NOW))
    told = []
    for command in COMMANDS:
        answer = shell(*command.split())
        # Where a line breaks depends on how long the folder's name is.
        words = "".join(f"{answer.code}\n{answer.out}\n{answer.err}".split())
        told.append((command, words.replace(room.as_posix(), "/room")))
    return told


def test_each_command_says_the_same(
    shell: Shell, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite = _session(shell, tmp_path / "one", f"sqlite://{tmp_path}/store.db", monkeypatch)
    postgres = _session(shell, tmp_path / "two", server.url("commands"), monkeypatch)
    for one, two in zip(sqlite, postgres, strict=True):
        assert one == two
    assert "Traceback" not in str(postgres)


def test_before_the_first_run_each_command_says_how_the_store_is_made(
    shell: Shell, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = tmp_path / "room"
    room.mkdir()
    write_settings(room)
    text = (room / "vedette.toml").read_text()
    (room / "vedette.toml").write_text(text.replace(f"sqlite://{room.as_posix()}/store.db", server.url("untouched")))
    monkeypatch.chdir(room)
    for command in ("alerts list", "silences list", "sources list"):
        answer = shell(*command.split())
        assert answer.code
        assert "it is not made yet" in answer.err, command
        assert "hint: `vedette run` makes it" in answer.err, command
    (store,) = [one for one in json.loads(shell("doctor", "-o", "json").out) if one["what"] == "store"]
    assert store["state"] == "ok"
    assert "nothing in it yet, `vedette run` makes its tables" in store["found"]


def test_the_store_and_the_doctor(
    shell: Shell, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.url("looked_after")
    _session(shell, tmp_path / "room", url, monkeypatch)
    status = json.loads(shell("store", "status", "-o", "json").out)
    assert status["kind"] == "postgresql"
    assert len(shell("store", "export").out.splitlines()) > 50
    found = shell("doctor").out
    assert "postgresql, " in found
    assert "mail: accepted" in shell("canary", "--within", "1s").out
    server.stop()
    try:
        for command in ("alerts list", "deliveries list", "store status", "doctor"):
            answer = shell(*command.split())
            assert answer.code
            assert "cannot be reached" in answer.out + answer.err, command
            assert "Traceback" not in answer.err
    finally:
        server.start()
