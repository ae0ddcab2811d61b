"""From a source's settings to the source. Each kind's module is imported when a source of that kind is set up."""

from __future__ import annotations

from vedette.app.accounts import Accounts
from vedette.app.clock import Clock
from vedette.monitor.store import Store
from vedette.settings.source_tables import FolderSource
from vedette.settings.source_tables import Source as SourceSettings
from vedette.sources.port import Source


def make_source(source: SourceSettings, accounts: Accounts, store: Store, clock: Clock) -> Source:
    """The source, set to where it was when the store last heard of it; nothing is asked of it yet."""
    if isinstance(source, FolderSource):
        from vedette.sources.watch import WatchedFolder

        return WatchedFolder(source.name, source.path, source.settle)
    raise NotImplementedError(source.name)


def _cursor(store: Store, name: str) -> str:
    with store.transaction() as tx:
        health = tx.health(name)
    return "" if health is None else health.cursor
