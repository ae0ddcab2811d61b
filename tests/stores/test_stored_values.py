"""Any value that the monitor can make is kept by both SQL stores exactly, and shown by the export."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stores.contract import GROUP, actor_day, alert, delivery, match, one
from stores.stores import server, url  # noqa: F401  fixtures
from stores.values import alerts, days, deliveries, evidences, groups, silences, statistic_sets, texts
from stores.writing import write
from vedette.alerts.delivery import DeliveryState, Reason
from vedette.app.stores import TABLES, KeptStore, open_kept
from vedette.monitor.store import Decision, MinuteRow, ObjectRow, Silence, SourceHealth, StoreError

some = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def store(url: str) -> Iterator[KeptStore]:  # noqa: F811
    store = open_kept(url)
    yield store
    store.close()


@some
@given(alerts)
def test_any_alert(store, kept):
    with store.transaction() as tx:
        tx.put_alert(kept)
    with store.transaction() as tx:
        assert tx.alert(kept.id) == kept


@some
@given(deliveries, silences, st.builds(Decision, st.just("a"), st.integers(0, 9), st.sampled_from(Reason), texts))
def test_any_delivery_silence_and_decision(store, sent, silence, decision):
    with store.transaction() as tx:
        tx.replace_delivery(sent)
        tx.put_silence(silence)
        tx.put_decision(decision)
    with store.transaction() as tx:
        assert tx.delivery(sent.key) == sent
        assert silence in tx.silences(silence.until - 1)
        assert tx.decisions("a")[-1] == decision


@some
@given(groups, evidences, st.none() | statistic_sets(), st.integers(0, 2**40))
def test_any_minute_of_any_group(store, group, evidence, statistics, start):
    row = MinuteRow(start, statistics, evidence)
    with store.transaction() as tx:
        tx.put_minutes("root-login", group, [row])
    with store.transaction() as tx:
        assert tx.minutes("root-login", group, start, start + 1) == [row]
        assert group in tx.groups("root-login", start, start + 1)


@some
@given(texts, texts, texts)
def test_any_object_source_and_note(store, source, name, text):
    seen = ObjectRow(source, name, 1, 2, 3, 4, False, text)
    health = SourceHealth(source, text, name, last_error=text)
    with store.transaction() as tx:
        tx.put_object(seen)
        tx.put_health(health)
        tx.put_note(name, text)
        assert tx.lease(source, name, 0, 60)
    with store.transaction() as tx:
        assert tx.object(source, name) == seen
        assert tx.health(source) == health
        assert tx.note(name) == text
        tx.release(source, name)


@some
@given(days)
def test_any_day_of_any_actor(store, day):
    with store.transaction() as tx:
        tx.put_habits([day])
    with store.transaction() as tx:
        assert tx.habits(day.actor, day.start, day.start + 1) == [day]
        assert tx.habits_on(day.start, [day.actor]) == [day]


def test_a_day_that_was_changed_by_hand_is_refused_with_a_hint(store):
    with store.transaction() as tx:
        tx.put_habits([actor_day("bob")])
        for body in ("", "[]", '[1,"nine"]', "[9,0,[[],true],[[],true],[[],true],[[],true]]"):
            tx._session.change("UPDATE habits SET body = ?", (body,))
            with pytest.raises(StoreError, match="cannot be read") as caught:
                tx.habits("bob", 0, 1)
            assert "backup" in str(caught.value.hint)


def test_a_name_that_is_longer_than_any_index_takes(store):
    """PostgreSQL refuses keys beyond 2,704 bytes; a user agent has what length its author likes."""
    long = "".join(chr(0x100 + number * 7919 % 40_000) for number in range(50_000))
    with store.transaction() as tx:
        tx.put_object(one(long, 1))
        tx.put_minutes("root-login", (long,), [MinuteRow(60, None, alert().evidence)])
        assert len(tx.add_matches([match(long), match(long)])) == 1
    with store.transaction() as tx:
        assert tx.object("folder", long) == one(long, 1)
        assert tx.groups("root-login", 0, 99) == [(long,)]
        assert tx.add_matches([match(long)]) == []


# export


def _exported(store: KeptStore) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {table.name: [] for table in TABLES}
    for line in store.export():
        row = json.loads(line)
        found[row.pop("table")].append(row)
    return found


def test_the_export_has_every_row_of_every_table_by_name(store):
    for number in range(2):
        write(store, number)
    with store.transaction() as tx:
        tx.put_health(SourceHealth("folder", cursor="c"))
        tx.set_due("root-login", GROUP, 7)
        tx.put_silence(Silence("s", {"actor": "*"}, "ops", "planned", 1, 2))
        tx.put_habits([actor_day()])
        tx.lease("l", "me", 1, 2)
    found = _exported(store)
    assert {name: len(rows) for name, rows in found.items()} == store.status()["rows"]
    assert all(found.values())
    assert found["alerts"][0]["id"] == "alert-0"
    assert found["alerts"][0]["group"] == list(GROUP)
    assert found["minutes"][0]["statistics"]["sum"] == 5.0
    assert found["matches"][0]["sighting"]["event_name"]
    assert found["due"] == [{"detection": "root-login", "group": list(GROUP), "due": 7}]
    assert found["silences"][0]["matchers"] == {"actor": "*"}


@some
@given(alerts, deliveries)
def test_the_export_of_any_value_is_a_line_of_json_that_says_it(store, kept, sent):
    with store.transaction() as tx:
        tx.put_alert(kept)
        tx.replace_delivery(sent)
    found = _exported(store)
    (one_alert,) = [row for row in found["alerts"] if row["id"] == kept.id]
    assert (one_alert["title"], one_alert["reason"]) == (kept.title, kept.reason)
    assert one_alert["evidence"]["count"] == kept.evidence.count
    assert sent.detail in [row["detail"] for row in found["deliveries"]]


def test_the_export_is_of_one_moment_and_holds_up_nobody(store, url):  # noqa: F811
    write(store, 0)
    other = open_kept(url)
    lines = store.export()
    first = next(lines)
    write(other, 1)
    assert "object-0" in first
    assert not any("object-1" in line or "alert-1" in line for line in lines)
    other.close()


# pruning


def test_pruning_spares_what_waits_is_told_and_can_be_counted_before(store):
    with store.transaction() as tx:
        tx.put_alert(alert("waited-for", changed=1, closed=1))
        tx.put_delivery(delivery("d", alerts=("waited-for",), created=1))
        tx.put_alert(alert("standing", changed=1))
        tx.put_decision(Decision("standing", 1, Reason.FIRST))
        for number in range(5_003):
            tx.put_object(one(f"{number}", number))
    before = dict.fromkeys(("objects", "alerts", "decisions", "leases"), 5_002)
    expected = {"objects": 5_002, "alerts": 0, "decisions": 0, "leases": 0}
    assert store.expired(before) == expected
    told: list[tuple[str, int]] = []
    assert store.prune(before, lambda *news: told.append(news)) == expected
    assert told[:2] == [("objects", 5_000), ("objects", 5_002)]
    with store.transaction() as tx:
        tx.replace_delivery(delivery("d", alerts=("waited-for",), created=1, state=DeliveryState.SENT, settled=9_999))
    assert store.prune({"alerts": 5_000}) == {"alerts": 1}
