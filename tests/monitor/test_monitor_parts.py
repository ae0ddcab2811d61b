"""What is counted of objects, what people do to alerts, and the monitor's word about itself."""

from __future__ import annotations

import pytest

from alerts.making import NOON, alarm, detection
from monitor import live
from monitor.live import Event
from vedette.alarms import AlarmSpec, TreatMissingData
from vedette.alerts.delivery import Reason
from vedette.alerts.policy import Policy, Route
from vedette.alerts.record import Status
from vedette.cloudtrail.body import Kind, Malformed
from vedette.cloudtrail.body import Reason as Why
from vedette.detections.definition import Detection, Metric, Severity
from vedette.engine.result import BodyResult, EventIds
from vedette.errors import InputError
from vedette.monitor import (
    Concern,
    Ingested,
    Monitor,
    acknowledge,
    clear_concern,
    concerns,
    ingest,
    last_malformed,
    lift,
    preview,
    raise_concern,
    resolve,
    silence,
    snooze,
)
from vedette.monitor.intake import MOST_MALFORMED
from vedette.monitor.judgement import MOST_NAMED
from vedette.monitor.store import AlertFilter
from vedette.stores.memory import MemoryStore

SINGLE = detection("single")
ALL_ALIKE = detection("all-alike", group_by=())
OF_ALL = detection("of-all", group_by=(), alarm=alarm(missing=TreatMissingData.IGNORE))


def event(number: int, minute: float = 0, group: str = "a", *, of: int = 0, **changes: object) -> Event:
    return Event(number, minute, ((of, (group,)),), **changes)  # type: ignore[arg-type]


def test_an_object_is_counted_in_parts() -> None:
    store, watching = MemoryStore(), live.monitor([SINGLE])
    broken = Malformed("o", "record 2", Why.NOT_JSON)
    with store.transaction() as tx:
        first = ingest(tx, watching, "s", "o", [live.body([event(1), event(2)]), broken], NOON, bodies=2, done=False)
        assert first == Ingested(2, 1, 2, 0, first.alerts, first.alerts, told=1)
        assert len(first.opened) == 1
        row = tx.object("s", "o")
        assert row is not None
        assert (row.records, row.malformed, row.bodies, row.done) == (2, 1, 2, False)
    with store.transaction() as tx:
        again = ingest(tx, watching, "s", "o", [live.body([event(1)])], NOON, bodies=1, done=False)
        assert again == Ingested(known=True)
        last = ingest(tx, watching, "s", "o", [live.body([event(2), event(3)])], NOON + 1, bodies=3, done=True)
        assert (last.records, last.fresh, last.duplicates) == (2, 1, 1)
        assert ingest(tx, watching, "s", "o", [live.body([event(9)])], NOON, bodies=4, done=True).known
        row = tx.object("s", "o")
        assert row is not None
        assert (row.records, row.malformed, row.bodies, row.done, row.at) == (4, 1, 3, True, NOON + 1)


def test_the_last_malformed_parts_are_kept() -> None:
    store, watching = MemoryStore(), live.monitor([SINGLE])
    with store.transaction() as tx:
        assert last_malformed(tx) == []
        for number in range(3):
            inside = tuple(Malformed("o", f"{number}/{place}", Why.CUT_SHORT) for place in range(MOST_MALFORMED - 1))
            result = BodyResult("o", Kind.LOG_FILE, malformed=inside)
            ingest(tx, watching, "s", f"o{number}", [result], NOON, bodies=1, done=True)
        kept = last_malformed(tx)
    assert len(kept) == MOST_MALFORMED
    assert [kept[0]["place"], kept[-1]["place"]] == ["1/198", "2/198"]
    assert kept[-1]["why"] == "cut short"


def test_a_record_without_an_id_counts_once_for_each_place() -> None:
    store, watching = MemoryStore(), live.monitor([SINGLE])
    body = live.body([event(1), event(2)], "log")
    nameless = tuple(match._replace(sighting=match.sighting._replace(event_id="")) for match in body.matches)
    result = BodyResult("log", Kind.LOG_FILE, EventIds(["", ""]), nameless)
    for number in range(2):
        live.take(store, watching, [result], NOON, f"o{number}")
    (alert,) = live.alerts(store)
    assert alert.evidence.count == 2


def test_an_alert_that_late_records_refute_is_withdrawn_and_told_so_and_may_come_back() -> None:
    mean = detection("mean", alarm=AlarmSpec("m", 3, statistic="Average", period=60))
    store, watching = MemoryStore(), live.monitor([mean])
    live.take(store, watching, [live.body([event(1, value=4.0)])], NOON, "o1")
    (first,) = live.alerts(store)
    live.take(store, watching, [live.body([event(2, value=0.0)])], NOON + 60, "o2")
    assert live.alerts(store) == []
    with store.transaction() as tx:
        gone = tx.alert(first.id)
        assert gone is not None
        assert (gone.withdrawn, gone.lifecycle.status) == ("late records took its ground away", Status.RESOLVED)
        assert [each.reason for each in tx.decisions(first.id)] == [Reason.FIRST, Reason.RESOLVED]
        with pytest.raises(InputError):
            acknowledge(tx, watching, first.id, "bob", NOON)
    live.take(store, watching, [live.body([event(3, value=90.0)])], NOON + 120, "o3")
    (back,) = live.alerts(store)
    assert (back.id, back.evidence.count, back.lifecycle.status) == (first.id, 3, Status.OPEN)
    with store.transaction() as tx:
        assert [each.reason for each in tx.decisions(first.id)] == [Reason.FIRST, Reason.RESOLVED, Reason.REPEAT]


@pytest.mark.parametrize("gap", range(20, 40))
def test_what_lies_behind_the_minutes_that_were_read_makes_no_alert(gap: int) -> None:
    """A lone breaching datapoint is an alarm only if no good one follows, though that one is too far off to be read."""
    asked = detection("m-of-n", alarm=AlarmSpec("m", 1, period=60, evaluation_periods=3, datapoints_to_alarm=2))
    store, watching = MemoryStore(), live.monitor([asked])
    live.take(store, watching, [live.body([event(1, gap), event(2, gap + 1, value=0.0)])], NOON, "o1")
    live.take(store, watching, [live.body([event(3, 0)])], NOON, "late")
    assert [each.minutes[0] for each in live.alerts(store)] == [NOON]


def test_two_alerts_that_begin_in_one_minute_have_different_ids() -> None:
    """The first grew to the left and was cut in two by a late record: the second begins where the first once did."""
    mean = detection("mean", alarm=AlarmSpec("m", 2, statistic="Average", period=60))
    store, watching = MemoryStore(), live.monitor([mean])
    minutes = [20, 0, 3, 6, 9, 12, 15, 18]
    for number, minute in enumerate(minutes):
        live.take(store, watching, [live.body([event(number, minute, value=4.0)])], NOON + number, f"o{number}")
    (whole,) = live.alerts(store)
    goods = [event(100 + minute, minute, value=-90.0) for minute in range(1, 20) if minute not in minutes]
    goods += [event(200 + minute, minute, value=-90.0) for minute in minutes[2:]]
    live.take(store, watching, [live.body(goods)], NOON, "late")
    found = live.alerts(store)
    assert [each.minutes[0] for each in found] == [NOON, NOON + 20 * 60]
    assert (found[0].id, found[1].id) == (whole.id, f"{whole.id}-2")


def test_an_attack_from_ever_new_addresses_does_not_grow_an_alerts_memory_for_ever() -> None:
    store, watching = MemoryStore(), live.monitor([ALL_ALIKE], Policy(routes=(Route(("mail",)),), news_after=0))
    for number in range(MOST_NAMED + 50):
        one = Event(number, number, ((0, ()),), address=f"203.0.113.{number % 250}/{number}")
        live.take(store, watching, [live.body([one])], NOON + number * 60, f"o{number}")
    (alert,) = live.alerts(store)
    assert len(alert.told.addresses) <= MOST_NAMED
    assert alert.evidence.count == MOST_NAMED + 50


def test_a_preview_names_what_a_silence_would_hold_back() -> None:
    store, watching = MemoryStore(), live.monitor([SINGLE])
    live.take(store, watching, [live.body([event(1), event(2, group="b", who="bob")])], NOON)
    found = live.alerts(store)
    assert [each.group for each in preview(watching, {"actor": "bo*"}, found)] == [("b",)]
    assert preview(watching, {"detection": "single", "category": ""}, found) == found
    with pytest.raises(InputError):
        preview(watching, {"actr": "bob"}, found)


def test_what_people_ask_for_must_make_sense() -> None:
    store, watching = MemoryStore(), live.monitor([SINGLE])
    live.take(store, watching, [live.body([event(1)])], NOON)
    (alert,) = live.alerts(store)
    with store.transaction() as tx:
        with pytest.raises(InputError):
            resolve(tx, watching, "unheard-of", "bob", NOON)
        with pytest.raises(InputError):
            snooze(tx, watching, alert.id, "bob", NOON, NOON)
        with pytest.raises(InputError):
            silence(tx, "s", {"actor": "bob"}, owner="bob", reason="r", now=NOON, until=NOON)
        with pytest.raises(InputError):
            lift(tx, watching, "unheard-of", NOON)
        after = acknowledge(tx, watching, alert.id, "bob", NOON + 5, "mine")
        life = after.lifecycle
        assert (life.status, life.who, life.when, life.note) == (Status.ACKNOWLEDGED, "bob", NOON + 5, "mine")
        assert tx.decisions(alert.id)[-1].detail == "acknowledged by bob: mine"


def test_a_concern_stands_once_until_it_is_cleared() -> None:
    store, watching = MemoryStore(), live.monitor([SINGLE])
    with store.transaction() as tx:
        assert clear_concern(tx, watching, Concern.LAG, "folder", NOON) is None
        first = raise_concern(tx, watching, Concern.LAG, "folder", "20 minutes", NOON)
        assert raise_concern(tx, watching, Concern.LAG, "folder", "20 minutes", NOON + 60) == first
        grown = raise_concern(tx, watching, Concern.LAG, "folder", "2 hours", NOON + 120, Severity.CRITICAL)
        assert (grown.id, grown.reason, grown.severity) == (first.id, "2 hours", Severity.CRITICAL)
        raise_concern(tx, watching, Concern.CANARY_MISSING, "mail", "not seen", NOON)
        assert {(each.title, each.kind) for each in concerns(tx)} == {
            ("Records arrive late", "self"),
            ("The canary did not arrive", "self"),
        }
        over = clear_concern(tx, watching, Concern.LAG, "folder", NOON)
        assert over is not None
        assert over.told.over
        second = raise_concern(tx, watching, Concern.LAG, "folder", "again", NOON)
        assert second.id != first.id
        assert len(tx.alerts(AlertFilter(detection=Concern.LAG.value))) == 2


def test_an_alert_of_a_detection_that_is_gone_still_closes() -> None:
    store = MemoryStore()
    live.take(store, live.monitor([SINGLE]), [live.body([event(1)])], NOON)
    live.at(store, live.monitor([]), live.FAR)
    (alert,) = live.alerts(store)
    assert alert.closed is not None


def test_what_a_monitor_watches_follows_from_its_rules() -> None:
    def reach(*known: Detection) -> bool:
        """Whether evaluations of the last one are bounded."""
        return Monitor(tuple(known), live.POLICY).scopes[known[-1].id].reach is not None

    block = detection("block", group_by=(), notify=False)
    assert reach(SINGLE)
    assert not reach(OF_ALL)
    assert reach(SINGLE, detection("c", rule='ALARM("single") AND ALARM("unheard-of")'))
    assert not reach(SINGLE, detection("c", rule='NOT ALARM("single")'))
    assert not reach(SINGLE, detection("c", rule='OK("single") AND ALARM("single")'))
    assert reach(SINGLE, block, detection("c", rule='ALARM("single") AND NOT ALARM("block")'))
    assert not reach(SINGLE, block, detection("c", rule='ALARM("single") OR ALARM("block")'))
    assert reach(block, detection("c", rule='ALARM("block")'))
    assert not reach(block, detection("c", rule='TRUE OR ALARM("block")'))
    assert reach(SINGLE, detection("c", rule='AT_LEAST(1, ALARM, ("single")) AND TRUE'))
    shared = [detection(f"b{number}", group_by=(), notify=False) for number in range(11)]
    every = " OR ".join(f'ALARM("{each.id}")' for each in shared)
    assert not reach(SINGLE, *shared, detection("c", rule=f'ALARM("single") AND ({every})'))
    assert reach(detection("d", metric=Metric("V", "D", default=0.0)))
    assert not reach(detection("d", metric=Metric("V", "D", default=1.0)))
    low = AlarmSpec("low", 2, statistic="p90", evaluate_low_sample_count_percentile="ignore")
    assert not reach(detection("d", alarm=low))
