"""The store in SQLite keeps the contract, alone and among several processes, and says what its disk does."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from stores.contract import StoreContract, delivery, match
from stores.processes import TESTS, claim_together, count_together, finish, start
from stores.writing import whole, write, write_for_ever
from vedette.monitor.store import Store, StoreError
from vedette.stores import migrations, sqlite
from vedette.stores.sqlite import SqliteStore
from waiting import PATIENCE

KILLS = 36


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "vedette.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path)
    yield store
    store.close()


class TestSqlite(StoreContract):
    @pytest.fixture
    def store(self, path: Path) -> Iterator[Store]:
        store = SqliteStore(path)
        yield store
        store.close()


def test_a_closed_store_says_so(store):
    store.close()
    with pytest.raises(StoreError, match="closed"), store.transaction():
        pass


def test_a_store_closed_within_a_transaction_lets_it_end(path):
    store = SqliteStore(path)
    with store.transaction() as tx:
        store.close()
        tx.put_note("n", "kept")
    again = SqliteStore(path)
    with again.transaction() as tx:
        assert tx.note("n") == "kept"
    again.close()


def test_transactions_do_not_nest(store):
    with store.transaction(), pytest.raises(StoreError, match="within"), store.transaction():
        pass


def test_the_files_are_for_their_owner_only(store, path):
    with store.transaction() as tx:
        tx.put_note("n", "1")
    found = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
    assert found.pop("vedette.db-wal") == 0o600
    assert set(found.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_was_committed_survives_a_loss_of_power(store):
    """Rule: 'each transaction is durable when it ends (WAL, synchronous=FULL)'; FULL is 2."""
    with store.reading() as session:
        assert session.rows("PRAGMA synchronous", (), int) == [2]
        assert session.rows("PRAGMA journal_mode", (), str) == ["wal"]


def test_an_error_of_the_caller_stays_what_it_is(store):
    with pytest.raises(FileNotFoundError), store.transaction() as tx:
        tx.put_note("n", "1")
        Path("/nonexistent").read_text()


# what disks do


def test_a_file_that_is_no_database(path):
    path.parent.mkdir()
    path.write_text("not a database, " * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a database") as caught:
        SqliteStore(path)
    assert "backup" in str(caught.value.hint)
    assert path.read_bytes() == before


def test_the_database_of_another_program(path):
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE cookies (name TEXT)")
    connection.close()
    with pytest.raises(StoreError, match="another program"):
        SqliteStore(path)


def test_a_damaged_file(store, path):
    for number in range(30):
        write(store, number)
    store.close()
    with path.open("r+b") as file:
        size = path.stat().st_size
        file.seek(8192)
        file.write(b"\xa5" * (size - 8192))
    with pytest.raises(StoreError, match="damaged") as caught:
        SqliteStore(path)
    assert "backup" in str(caught.value.hint)


def test_a_read_only_file(store, path, monkeypatch):
    """A file that may not be written can be looked at; root may write any, so it is opened read-only here."""
    store.close()
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite.sqlite3, "connect", lambda name, **more: connect(f"file:{name}?mode=ro", uri=True, **more)
    )
    store = SqliteStore(path)
    assert store.status()["version"] == migrations.latest("sqlite")
    with pytest.raises(StoreError, match="read-only") as caught, store.transaction() as tx:
        tx.put_note("n", "1")
    assert "must be able to write" in str(caught.value.hint)
    store.close()


def test_a_full_disk_keeps_what_was_committed(store, path):
    for number in range(3):
        write(store, number)
    with store.reading() as session:
        (pages,) = session.rows("PRAGMA page_count", (), int)
    with pytest.raises(StoreError, match="disk is full") as caught, store.transaction() as tx:
        tx._session.change(f"PRAGMA max_page_count = {pages + 4}")
        tx.add_matches(match(f"e-{number}") for number in range(10_000))
    assert "prune" in str(caught.value.hint)
    assert whole(store) == 3


def test_a_limit_on_the_size_of_files_is_lived_through(store, path):
    """The writer meets the limit (half a megabyte), tells it, finds its store whole, and goes on without the limit."""
    store.close()
    told = finish(start("fill", f"sqlite:{path}", str(1 << 19))).splitlines()
    assert int(told[-3]) > 3
    assert "the disk" in told[-2]
    assert told[-1].startswith("hint: ")


def test_a_place_where_no_file_can_be(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot open the store"):
        SqliteStore(tmp_path / "file" / "vedette.db")


def test_a_lock_that_is_held_too_long(store, path):
    hasty = SqliteStore(path, patience=0.01)
    with store.transaction(), ThreadOf(partial(_note, hasty)) as other:
        pass
    assert isinstance(other.error, StoreError)
    assert "lock" in other.error.message
    hasty.close()


class ThreadOf:
    """Work in another thread, waited for within the block; `error` is how it ended."""

    def __init__(self, work) -> None:
        self._work, self.error = work, None

    def __enter__(self):
        thread = threading.Thread(target=self._run)
        thread.start()
        thread.join(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def _run(self) -> None:
        try:
            self._work()
        except StoreError as error:
            self.error = error


def _note(store: Store) -> None:
    with store.transaction() as tx:
        tx.put_note("n", "1")


# several at once


def test_a_reader_holds_up_no_writer(store):
    with store.reading() as session:
        assert session.rows("SELECT count(*) FROM notes", (), int) == [0]
        with ThreadOf(partial(_note, store)) as other:
            assert other.error is None
        assert session.rows("SELECT count(*) FROM notes", (), int) == [0]


def test_threads_do_not_lose_each_others_work(store):
    def add() -> None:
        for _ in range(25):
            with store.transaction() as tx:
                tx.put_note("n", str(int(tx.note("n") or 0) + 1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.transaction() as tx:
        assert tx.note("n") == "100"


def test_processes_do_not_lose_each_others_work(store, path):
    count_together(f"sqlite:{path}", 3, 20)
    with store.transaction() as tx:
        assert tx.note("n") == "60"


def test_no_delivery_is_claimed_by_two_processes(store, path):
    keys = [f"d-{number:03}" for number in range(60)]
    with store.transaction() as tx:
        for key in keys:
            tx.put_delivery(delivery(key))
    claimed = claim_together(f"sqlite:{path}", 3)
    assert sorted(key for each in claimed for key in each) == keys


def test_a_writer_that_is_killed_leaves_whole_transactions(path, monkeypatch):
    """Rule: everything of a transaction or nothing; and all that was told to be committed is there."""
    dice = random.Random(20_261_121)
    monkeypatch.setenv("PYTHONPATH", str(TESTS))  # else each process imports everything anew
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["stores.writing"])
    told = 0
    for _ in range(KILLS):
        receiver, sender = processes.Pipe(duplex=False)
        process = processes.Process(target=write_for_ever, args=(path, sender))
        process.start()
        sender.close()
        for _ in range(dice.randrange(1, 12)):
            told = receiver.recv()
        process.join(dice.uniform(0, 0.004))
        process.kill()
        process.join()
        with suppress(EOFError):
            while True:
                told = receiver.recv()
        receiver.close()
        process.close()
        store = SqliteStore(path)
        assert told <= whole(store) <= told + 1
        store.close()
