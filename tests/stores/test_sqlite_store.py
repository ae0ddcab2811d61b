"""The store in SQLite keeps the contract, alone and among several processes, and says what its disk does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stores.contract import StoreContract
from vedette.monitor.store import Store
from vedette.stores.sqlite import SqliteStore


class TestSqlite(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = SqliteStore(tmp_path / "state" / "vedette.db")
        yield store
        store.close()
