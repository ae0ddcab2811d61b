"""The store in PostgreSQL keeps the contract, with several monitors at once and while the server comes and goes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from stores.contract import StoreContract
from stores.server import Server, running
from vedette.monitor.store import Store
from vedette.stores.postgres import Address, PostgresStore

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def url(server: Server) -> str:
    """A schema of its own."""
    return server.url(f"test_{next(_NUMBERS)}")


class TestPostgres(StoreContract):
    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        store = PostgresStore(Address.parse(url))
        yield store
        store.close()
