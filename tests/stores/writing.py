"""A process that uses a store until it is stopped, for the tests that stop it: `python -m stores.writing TASK URL ...`.

write URL [LIMIT]     whole transactions, each numbered and told on stdout once it has committed; with LIMIT the
                      file may not grow beyond so many bytes, and the first error is told and lived through
claim URL HOLDER      claims deliveries, a few at a time, until there is none; tells their keys
count URL TIMES       adds one to a note, so many times
"""

from __future__ import annotations

import resource
import sys
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from alerts.making import NOON, sighting
from stores.contract import GROUP, alert, delivery, one
from vedette.alerts.evidence import Evidence
from vedette.app.stores import open_store
from vedette.metrics.statistics import StatisticSet
from vedette.monitor.store import AlertFilter, Decision, MatchRow, MinuteRow, Store, StoreError, Transaction
from vedette.stores.retry import committed
from vedette.stores.sqlite import SqliteStore

MATCHES = 5


def write(store: Store, number: int) -> None:
    """One transaction such as the monitor's, about object `number`."""
    with store.transaction() as tx:
        seen = [replace_event(number, part) for part in range(MATCHES)]
        tx.put_object(one(f"object-{number}", NOON + number))
        tx.add_matches(MatchRow("root-login", row.event_id, GROUP, 1.0, row) for row in seen)
        tx.put_minutes(
            "root-login", GROUP, [MinuteRow(NOON + 60 * number, StatisticSet.of([1.0] * MATCHES), Evidence.of(seen))]
        )
        tx.put_alert(alert(f"alert-{number}"))
        tx.put_decision(Decision(f"alert-{number}", NOON, delivery().reason))
        tx.put_delivery(delivery(f"delivery-{number}"))
        tx.put_note("last", str(number))


def replace_event(number: int, part: int):
    return sighting(number, part)._replace(event_id=f"event-{number}-{part}")


def whole(store: Store) -> int:
    """How many transactions are in the store; AssertionError unless each is there as a whole."""
    with store.transaction() as tx:
        last = int(tx.note("last") or -1)
        numbers = set(range(last + 1))
        assert {row.name for row in tx.objects(limit=10**6)} == {f"object-{number}" for number in numbers}
        assert {each.id for each in tx.alerts(AlertFilter(limit=10**6))} == {f"alert-{number}" for number in numbers}
        assert {each.key for each in tx.deliveries(limit=10**6)} == {f"delivery-{number}" for number in numbers}
        assert [row.start for row in tx.minutes("root-login", GROUP, 0, 1 << 40)] == [
            NOON + 60 * n for n in sorted(numbers)
        ]
        assert all(len(tx.decisions(f"alert-{number}")) == 1 for number in numbers)
    rows = store.status()["rows"]
    assert isinstance(rows, dict)
    assert rows["matches"] == MATCHES * len(numbers)
    return len(numbers)


def write_for_ever(path: Path, told: Connection) -> None:
    """Write from the first transaction that is not there; tell how many are after each commit."""
    store = SqliteStore(path)
    with store.transaction() as tx:
        number = int(tx.note("last") or -1) + 1
    while True:
        write(store, number)
        number += 1
        told.send(number)


def _fill(store: Store, limit: int) -> None:
    number = whole(store)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    while number < 10_000:
        try:
            write(store, number)
        except StoreError as error:
            print(error.render(), flush=True)
            break
        number += 1
        print(number, flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert whole(store) == number
    write(store, number)
    assert whole(store) == number + 1


def _claim(store: Store, holder: str) -> None:
    claimed = True
    while claimed:
        claimed = committed(store, lambda tx: tx.claim_deliveries(holder, NOON, NOON + 60, 3))
        for each in claimed:
            print(each.key, flush=True)
            sent = replace(each, attempts=1)
            committed(store, lambda tx, sent=sent: tx.replace_delivery(sent))


def _count(store: Store, times: int) -> None:
    def add(tx: Transaction) -> None:
        tx.put_note("n", str(int(tx.note("n") or 0) + 1))

    for _ in range(times):
        committed(store, add, attempts=200)


def main(task: str, url: str, *arguments: str) -> None:
    store = open_store(url)
    if task == "fill":
        _fill(store, int(arguments[0]))
    elif task == "claim":
        _claim(store, arguments[0])
    else:
        _count(store, int(arguments[0]))
    store.close()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    main(*sys.argv[1:])
