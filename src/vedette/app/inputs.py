"""From a source's settings to the source. Each kind's module is imported when a source of that kind is set up."""

from __future__ import annotations

from vedette.app.accounts import Accounts
from vedette.app.clock import Clock
from vedette.aws import AwsClient
from vedette.errors import InputError
from vedette.monitor.store import Store
from vedette.settings.source_tables import (
    EventBridgeSource,
    FolderSource,
    LogsSource,
    QueueSource,
    S3QueueSource,
    S3Source,
)
from vedette.settings.source_tables import Source as SourceSettings
from vedette.sources.port import Source


def make_source(source: SourceSettings, accounts: Accounts, store: Store, clock: Clock) -> Source:
    """The source, set to where it was when the store last heard of it; nothing is asked of it yet."""
    match source:
        case FolderSource():
            from vedette.sources.watch import WatchedFolder

            return WatchedFolder(source.name, source.path, source.settle)
        case S3QueueSource() | EventBridgeSource():
            return _queue_source(source, accounts)
        case S3Source():
            return _bucket(source, accounts, _cursor(store, source.name), clock)
        case LogsSource():
            return _logs(source, accounts, _cursor(store, source.name), clock)
        case _:
            raise InputError(f"`{source.kind}` is no kind of source")


def _client(source: QueueSource | S3Source | LogsSource, accounts: Accounts, service: str) -> AwsClient:
    return accounts.session(source.account).client(service, source.region)


def _queue_source(source: S3QueueSource | EventBridgeSource, accounts: Accounts) -> Source:
    from vedette.sources.sqs import Queue

    queue = Queue(
        _client(source, accounts, "sqs"), source.queue, source.visibility, source.wait, source.max_receives,
        leave=source.on_poison == "leave",
    )  # fmt: skip
    if isinstance(source, EventBridgeSource):
        from vedette.sources.eventbridge import EventQueue

        return EventQueue(source.name, queue)
    from vedette.sources.s3 import NotifiedBucket

    return NotifiedBucket(source.name, _client(source, accounts, "s3"), queue)


def _bucket(source: S3Source, accounts: Accounts, cursor: str, clock: Clock) -> Source:
    from vedette.sources.listing import ListedBucket

    return ListedBucket(
        source.name, _client(source, accounts, "s3"), source.bucket, source.since.resolve(clock.now()), source.prefix,
        source.accounts, source.regions, source.overlap, cursor,
    )  # fmt: skip


def _logs(source: LogsSource, accounts: Accounts, cursor: str, clock: Clock) -> Source:
    from vedette.sources.logs import LogGroup

    return LogGroup(
        source.name, _client(source, accounts, "logs"), source.group, source.since.resolve(clock.now()),
        source.stream_prefix, source.overlap, cursor,
    )  # fmt: skip


def _cursor(store: Store, name: str) -> str:
    with store.transaction() as tx:
        health = tx.health(name)
    return "" if health is None else health.cursor
