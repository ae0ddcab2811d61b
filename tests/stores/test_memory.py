"""The store in memory keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stores.contract import StoreContract
from vedette.errors import VedetteError
from vedette.monitor.store import Store
from vedette.stores.memory import MemoryStore


class TestMemory(StoreContract):
    @pytest.fixture
    def store(self) -> Iterator[Store]:
        store = MemoryStore()
        yield store
        store.close()

    def test_transactions_do_not_nest(self, store: Store) -> None:
        with store.transaction(), pytest.raises(VedetteError), store.transaction():
            pass
