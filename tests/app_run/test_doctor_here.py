"""The doctor over what is on this machine: folders, stores and mail servers that are not as they should be."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app_run.fakes import NOON, settings
from senders.mailing import mail_server
from vedette.app.doctor import Check, State, examine
from vedette.app.holder import own_holder
from vedette.app.upkeep import HOLDER
from vedette.stores.sqlite import SqliteStore
from waiting import PATIENCE

STORE = '[store]\nurl = "sqlite:///{home}/store.db"\n'
POST = """
[[channel]]
kind = "smtp"
name = "post"
host = "127.0.0.1"
port = {port}
security = "none"
from = "vedette@example.com"
to = ["you@example.com"]
"""
MAIL = '[[channel]]\nkind = "maildir"\nname = "mail"\npath = "{home}/mail"\n'
LOGS = '[[source]]\nkind = "folder"\nname = "logs"\npath = "{home}/logs"\n'


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vedette.app.doctor.PATIENCE", PATIENCE)


def checks(text: str, home: Path, *, send: bool = False) -> dict[str, Check]:
    given = settings(text.replace("{home}", str(home)))
    return {check.what: check for check in examine(given, NOON, send=send)}


@contextmanager
def server_that_says(words: bytes) -> Iterator[int]:
    """A port at which somebody else's server answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(words)

        thread = threading.Thread(target=answer)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def test_a_mail_server_is_greeted_and_tried_only_when_that_is_wanted(tmp_path: Path) -> None:
    with mail_server() as post:
        text = STORE + POST.replace("{port}", str(post.port))
        found = checks(text, tmp_path)["channel post"]
        assert (found.state, found.found) == (State.GOOD, f"127.0.0.1:{post.port} answers; `--send` tries the rest")
        assert post.envelopes == []
        assert checks(text, tmp_path, send=True)["channel post"].found == "a test message was accepted"
        assert len(post.envelopes) == 1
        post.data = "554 not from you"
        refused = checks(text, tmp_path, send=True)["channel post"]
        assert refused.state is State.BAD
        assert "not from you" in refused.found


def test_what_answers_at_the_port_is_no_mail_server(tmp_path: Path) -> None:
    with server_that_says(b"SSH-2.0-OpenSSH_9.9\r\n") as port:
        found = checks(STORE + POST.replace("{port}", str(port)), tmp_path)["channel post"]
    assert (found.state, found.found) == (State.BAD, f"127.0.0.1:{port} does not greet as a mail server does")
    assert "`port`" in found.mend


def test_a_store_of_an_older_program_says_how_it_is_brought_up_to_date(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "store.db").close()
    with closing(sqlite3.connect(tmp_path / "store.db")) as store, store:
        store.execute("DELETE FROM vedette_migrations WHERE version = (SELECT max(version) FROM vedette_migrations)")
    found = checks(STORE, tmp_path)["store"]
    assert (found.state, found.mend) == (State.BAD, "vedette store migrate")
    assert found.found.startswith("its schema is of version ")


def test_a_monitor_that_runs_is_seen_and_one_that_was_killed_is_not(tmp_path: Path) -> None:
    ended = own_holder().replace(f"/{os.getpid()}/", f"/{2**22 + 1}/")  # no process has so high a number
    for holder, state in ((own_holder(), State.GOOD), (ended, State.DOUBTFUL), ("", State.DOUBTFUL)):
        with closing(SqliteStore(tmp_path / "store.db")) as store, store.transaction() as tx:
            tx.put_note(HOLDER, holder)
        assert checks(STORE, tmp_path)["monitor"].state is state, holder


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("not a folder")
    found = checks(STORE + LOGS, tmp_path)["source logs"]
    assert (found.state, found.found) == (State.BAD, f"{tmp_path}/logs: not a directory")
    assert found.mend == f"let the user who runs Vedette read {tmp_path}/logs"


@pytest.fixture
def nothing_writable(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is for a user who owns nothing here: root, who runs tests in containers, may write everywhere."""
    monkeypatch.setattr("os.access", lambda *_: False)


@pytest.mark.usefixtures("nothing_writable")
def test_places_that_may_not_be_written(tmp_path: Path) -> None:
    found = checks(STORE + MAIL, tmp_path)
    assert (found["store"].state, found["store"].found) == (State.BAD, f"{tmp_path}/store.db: cannot be made")
    assert found["channel mail"].found == f"{tmp_path}/mail cannot be written"
    assert found["store"].mend == found["channel mail"].mend == f"let the user who runs Vedette write {tmp_path}"
