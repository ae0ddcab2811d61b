"""A store is made, and brought up to date from every earlier version; one of a newer program is left alone."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest

from stores.stores import server, url  # noqa: F401  fixtures
from stores.writing import whole, write
from vedette.app.stores import open_kept
from vedette.monitor.store import StoreError
from vedette.stores import migrations, schema
from vedette.stores.sqlite import SqliteStore

DIALECTS = ["sqlite", "postgres"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_versions_count_from_one_without_a_gap(dialect):
    steps = migrations.migrations(dialect)
    assert [step.version for step in steps] == list(range(1, len(steps) + 1))
    assert [step.name for step in steps] == [step.name for step in migrations.migrations("sqlite")]


@pytest.mark.parametrize("earlier", range(migrations.latest("sqlite") + 1))
def test_a_store_of_every_earlier_version_is_brought_up_to_date(url, earlier, monkeypatch):  # noqa: F811
    everything = migrations.migrations
    if earlier:
        monkeypatch.setattr(migrations, "migrations", lambda dialect: everything(dialect)[:earlier])
        open_kept(url).close()
        monkeypatch.undo()
    store = open_kept(url)
    dialect = "sqlite" if url.startswith("sqlite") else "postgres"
    assert len(store.applied) == migrations.latest(dialect) - earlier
    assert store.status()["version"] == store.status()["latest"] == migrations.latest(dialect)
    write(store, 0)
    assert whole(store) == 1
    store.close()


def test_a_store_is_migrated_once(url):  # noqa: F811
    first = open_kept(url)
    write(first, 0)
    first.close()
    again = open_kept(url)
    every = [f"{step.version:04}-{step.name}" for step in migrations.migrations("sqlite")]
    assert (first.applied, again.applied) == (every, [])
    assert whole(again) == 1
    again.close()


def test_a_store_of_a_newer_program_is_left_alone(url):  # noqa: F811
    store = open_kept(url)
    with store.transaction() as tx:
        tx._session.change("INSERT INTO vedette_migrations VALUES (9, 'later', 0)")
    store.close()
    for create in (True, False):
        with pytest.raises(StoreError, match="version 9") as caught:
            open_kept(url, create=create)
        assert "upgrade" in str(caught.value.hint)


def test_opened_by_several_at_once_it_is_migrated_once(url):  # noqa: F811
    start = threading.Barrier(4)
    stores = []

    def open_it() -> None:
        start.wait()
        stores.append(open_kept(url))

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(store.applied) for store in stores) == [0, 0, 0, migrations.latest("sqlite")]
    for store in stores:
        store.close()


def test_a_new_file_that_another_has_locked_is_waited_for(tmp_path):
    """Two processes that begin with the same new file: the later one waits, for as long as its patience lasts."""
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="held its lock"):
            SqliteStore(path, patience=0.05)
        release = threading.Timer(0.3, lambda: other.execute("ROLLBACK"))
        release.start()
        store = SqliteStore(path, patience=20)
        release.join()
    assert len(store.applied) == migrations.latest("sqlite")
    store.close()


def test_a_migration_that_fails_leaves_nothing_behind(url, monkeypatch):  # noqa: F811
    """Rule: 'all steps commit together'."""
    everything = migrations.migrations
    bad = migrations.Migration(2, "bad", ("CREATE TABLE half (a INTEGER)", "CREATE TABLE objects (a INTEGER)"))
    monkeypatch.setattr(migrations, "migrations", lambda dialect: (everything(dialect)[0], bad))
    with pytest.raises(StoreError):
        open_kept(url)
    monkeypatch.undo()
    store = open_kept(url)
    assert len(store.applied) == migrations.latest("sqlite")
    store.close()


def test_without_leave_nothing_is_made(url):  # noqa: F811
    if url.startswith("sqlite"):
        with pytest.raises(StoreError, match="no store") as caught:
            open_kept(url, create=False)
        assert "migrate" in str(caught.value.hint)
    else:
        store = open_kept(url, create=False)
        assert store.status()["version"] == 0
        store.close()


def test_the_tables_are_what_the_schema_says(url):  # noqa: F811
    """`schema` says the columns in their order, and every row is written and read by it."""
    store = open_kept(url)
    with store.reading() as session:
        for table in schema.TABLES:
            if url.startswith("sqlite"):
                found = session.rows(f"SELECT name FROM pragma_table_info('{table.name}')", (), str)
            else:
                asked = (store.address.schema, table.name)
                found = session.rows(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = ? AND table_name = ?"
                    " ORDER BY ordinal_position",
                    asked,
                    str,
                )
            assert found == list(table.columns), table.name
    store.close()
