"""The store in PostgreSQL keeps the contract, with several monitors at once and while the server comes and goes."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Iterator

import pytest

from stores.contract import StoreContract, delivery
from stores.processes import claim_together, count_together
from stores.server import Server, running
from stores.writing import whole, write
from vedette.app.stores import open_store
from vedette.errors import InputError
from vedette.monitor.store import ConflictError, Store, StoreError
from vedette.stores.postgres import Address, PostgresStore
from vedette.stores.retry import committed

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def url(server: Server) -> str:
    """A schema of its own."""
    return server.url(f"test_{next(_NUMBERS)}")


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(Address.parse(url))
    yield store
    store.close()


class TestPostgres(StoreContract):
    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        store = PostgresStore(Address.parse(url))
        yield store
        store.close()


def test_a_closed_store_says_so(store):
    store.close()
    with pytest.raises(StoreError, match="closed"), store.transaction():
        pass


def test_transactions_do_not_nest(store):
    with store.transaction(), pytest.raises(StoreError, match="within"), store.transaction():
        pass


def test_the_address_may_be_any_that_libpq_takes(url, server):
    store = open_store(url)
    write(store, 0)
    store.close()
    again = open_store(url.replace("postgresql:", "postgres:"))
    assert whole(again) == 1
    again.close()


def test_two_schemas_of_one_database_are_two_stores(server):
    one, two = (PostgresStore(Address.parse(server.url(name))) for name in ("left", "right"))
    write(one, 0)
    assert (whole(one), whole(two)) == (1, 0)
    one.close()
    two.close()


# several at once


def test_one_of_two_that_cannot_be_put_in_order_is_to_be_done_again(store, url):
    """Rule: 'where two cannot, one of them raises ConflictError and is to be done again'."""
    other = PostgresStore(Address.parse(url))
    with store.transaction() as tx:
        tx.put_note("n", "0")

    with pytest.raises(ConflictError) as caught, store.transaction() as one:
        assert one.note("n") == "0"
        with other.transaction() as two:
            two.put_note("n", str(int(two.note("n")) + 10))
        one.put_note("n", "1")
    assert "again" in str(caught.value.hint)
    with store.transaction() as tx:
        assert tx.note("n") == "10"
    other.close()


def test_two_that_each_read_what_the_other_writes_conflict(store, url):
    """Each plans for what it saw, and neither changes the same row: only SERIALIZABLE notices."""
    other = PostgresStore(Address.parse(url))
    with pytest.raises(ConflictError), store.transaction() as one:
        assert one.note("mine") is None
        with other.transaction() as two:
            assert two.note("yours") is None
            two.put_note("mine", "taken")
        one.put_note("yours", "taken")
    other.close()


def test_committed_does_it_again_until_it_can(store):
    waits: list[float] = []
    conflicts = iter([True, True, False])

    def work(tx):
        tx.put_note("n", "done")
        if next(conflicts):
            raise ConflictError("another transaction got in between")
        return 7

    assert committed(store, work, sleep=waits.append) == 7
    assert len(waits) == 2
    with store.transaction() as tx:
        assert tx.note("n") == "done"


def test_committed_gives_up_after_so_many(store):
    def work(tx):
        raise ConflictError("another transaction got in between")

    with pytest.raises(ConflictError):
        committed(store, work, attempts=3, sleep=lambda _: None)


def test_processes_do_not_lose_each_others_work(store, url):
    count_together(url, 2, 20)
    with store.transaction() as tx:
        assert tx.note("n") == "40"


def test_no_delivery_is_claimed_by_two_processes(store, url):
    keys = [f"d-{number:03}" for number in range(60)]
    with store.transaction() as tx:
        for key in keys:
            tx.put_delivery(delivery(key))
    claimed = claim_together(url, 3)
    assert sorted(key for each in claimed for key in each) == keys


def test_two_that_claim_at_once_do_not_wait_for_each_other_nor_get_the_same(store, url):
    """Rule: what another is claiming is passed over; whether both may commit is PostgreSQL's to say."""
    other = PostgresStore(Address.parse(url))
    with store.transaction() as tx:
        for key in ("d-1", "d-2"):
            tx.put_delivery(delivery(key))
    with pytest.raises(ConflictError), store.transaction() as one:
        assert [each.key for each in one.claim_deliveries("me", delivery().due, 1 << 40, 1)] == ["d-1"]
        with other.transaction() as two:
            assert [each.key for each in two.claim_deliveries("you", delivery().due, 1 << 40, 9)] == ["d-2"]
    again = committed(store, lambda tx: tx.claim_deliveries("me", delivery().due, 1 << 40, 9))
    assert [each.key for each in again] == ["d-1"]
    other.close()


# the server comes and goes


def test_a_restart_between_transactions_is_not_noticed(store, server):
    write(store, 0)
    server.restart()
    write(store, 1)
    assert whole(store) == 2


def test_while_the_server_is_away_it_says_so_and_then_works(store, server):
    write(store, 0)
    server.stop()
    try:
        for _ in range(2):
            with pytest.raises(StoreError, match="cannot be reached") as caught:
                write(store, 1)
            assert "running" in str(caught.value.hint)
    finally:
        server.start()
    write(store, 1)
    assert whole(store) == 2


def test_a_server_that_dies_within_a_transaction_keeps_nothing_of_it(store, server):
    write(store, 0)
    with pytest.raises(StoreError, match="cannot be reached"), store.transaction() as tx:
        tx.put_note("last", "5")
        server.stop("immediate")
        server.start()
        tx.put_note("last", "6")
    assert whole(store) == 1


def test_a_connection_that_the_administrator_ends(store, url):
    other = PostgresStore(Address.parse(url))
    with pytest.raises(StoreError), store.transaction() as tx:
        (number,) = tx._session.rows("SELECT pg_backend_pid()", (), int)
        with other.reading() as session:
            session.rows("SELECT pg_terminate_backend(?)", (number,), bool)
        tx.put_note("n", "1")
    write(store, 0)
    assert whole(store) == 1
    other.close()


def test_a_read_only_server(server, url, store):
    with pytest.raises(StoreError, match="read-only") as caught, store.transaction() as tx:
        tx._session.change("SET LOCAL transaction_read_only = on")
        tx.put_note("n", "1")
    assert "primary" in str(caught.value.hint)


# who may, and what is said


def test_a_user_who_may_not_make_the_schema(server, store):
    with store.transaction() as tx:
        tx._session.change("CREATE ROLE guest LOGIN")
    with pytest.raises(StoreError, match="lacks a permission") as caught:
        PostgresStore(Address.parse(server.url("forbidden").replace("vedette@", "guest@")))
    assert "CREATE" in str(caught.value.hint)


def test_a_database_that_is_not_there(server):
    with pytest.raises(StoreError, match="elsewhere"):
        PostgresStore(Address.parse(server.url().replace("/postgres?", "/elsewhere?")))


def test_the_password_is_asked_for_at_each_connection_and_never_shown(server, url):
    asked: list[int] = []

    def password() -> str:
        asked.append(1)
        return "hunter2-canary"

    store = PostgresStore(Address.parse(url), password=password)
    server.restart()
    write(store, 0)
    assert len(asked) == 2
    assert "canary" not in repr(store.status())
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hunter2-canary@[::1:5432/x",
        "postgresql://u:hunter2-canary/@host:x5432/x",
        "postgresql://u:hunter2-canary@host/x?nonsense=1",
        "postgresql://u:hunter2-canary@host/x?schema=Robert'); DROP",
    ],
)
def test_an_address_that_is_none_is_not_repeated(url):
    with pytest.raises(InputError) as caught:
        open_store(url)
    assert "canary" not in caught.value.render()


def test_a_server_that_refuses_names_no_password():
    with pytest.raises(StoreError) as caught:
        open_store("postgresql://u:hunter2-canary@127.0.0.1:1/x")
    assert "canary" not in caught.value.render()
    assert "127.0.0.1/x" in caught.value.message


def test_without_the_driver_the_extra_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "vedette.stores.postgres")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError) as caught:
        open_store("postgresql://u@host/x")
    assert caught.value.hint == "pip install 'vedette[postgres]'"


def test_threads_have_a_connection_each(store):
    threads = [threading.Thread(target=_count, args=(store, 5)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.transaction() as tx:
        assert tx.note("n") == "15"


def _count(store: Store, times: int) -> None:
    def add(tx):
        tx.put_note("n", str(int(tx.note("n") or 0) + 1))

    for _ in range(times):
        committed(store, add, attempts=200)
