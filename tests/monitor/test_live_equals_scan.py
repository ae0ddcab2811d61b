"""A live run over files in any order ends in the same alerts as a scan over all of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from alerts.making import NOON, alarm, detection
from monitor import live
from monitor.live import Event
from vedette.alarms import AlarmSpec, TreatMissingData
from vedette.detections.definition import Detection, Metric
from vedette.monitor import Arrival, Ingested, ingest_together
from vedette.predicates.tree import Selector

ADDRESS = Selector(("sourceIPAddress",))
MISSING = TreatMissingData

METRICS: list[Detection] = [
    detection("single"),
    detection("burst", alarm=alarm(threshold=3)),
    detection("quick", alarm=alarm(period=60, threshold=2)),
    detection("m-of-n", alarm=AlarmSpec("m", 2, period=60, evaluation_periods=3, datapoints_to_alarm=2)),
    detection("mean", alarm=AlarmSpec("mean", 2, statistic="Average", period=120, treat_missing_data=MISSING.MISSING)),
    detection("keeps", alarm=AlarmSpec("k", 2, statistic="Average", period=60, treat_missing_data=MISSING.IGNORE)),
    detection("breaches", alarm=AlarmSpec("b", 2, statistic="Average", treat_missing_data=MISSING.BREACHING)),
    detection("by-address", group_by=(ADDRESS,), notify=False),
    detection("block", alarm=alarm(threshold=2), notify=False),
    detection("of-all", group_by=(), alarm=alarm(threshold=4)),
    detection("few", alarm=AlarmSpec("p", 2, statistic="p90", evaluate_low_sample_count_percentile="ignore")),
    detection("hourly", alarm=AlarmSpec("h", 2, period=3600, evaluation_periods=25)),
]
COMPOSITES: list[Detection] = [
    detection("both", rule='ALARM("single") AND ALARM("block")'),
    detection("either", rule='ALARM("burst") OR ALARM("by-address")'),
    detection("unless", rule='ALARM("single") AND NOT ALARM("quick")'),
    detection("shared", rule='ALARM("single") AND ALARM("by-address")'),
    detection("united", rule='ALARM("single")', group_by=()),
    detection("nested", rule='ALARM("both") OR ALARM("m-of-n")'),
    detection("hidden", rule='ALARM("burst")', notify=False),
    detection("over-hidden", rule='ALARM("hidden") AND OK("mean")'),
    detection("quiet", rule='NOT ALARM("single")'),
]
DEFAULTED: list[Detection] = [
    detection("share", metric=Metric("V", "Share", default=0.0), alarm=AlarmSpec("s", 0.5, statistic="Average")),
    detection("total", group_by=(), metric=Metric("V", "Total", default=0.0), alarm=alarm(threshold=2)),
    detection("noise", metric=Metric("V", "Noise", default=1.0), alarm=alarm(threshold=5, period=60)),
]
ALL = [*METRICS, *COMPOSITES, *DEFAULTED]
NUMBERS = [number for number, each in enumerate(ALL) if each.rule is None]


def group_of(number: int, name: str) -> tuple[str, ...]:
    return tuple(name for _ in ALL[number].group_by)


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    """Some records in bursts, each of a few detections."""
    made: list[Event] = []
    clock = 0.0
    for number in range(draw(st.integers(1, 24))):
        clock += draw(st.sampled_from([0, 0, 0.5, 1, 1, 2, 4, 9, 16, 17, 29, 31, 33, 50, 400]))
        name = draw(st.sampled_from("ab"))
        asked = draw(st.lists(st.sampled_from(NUMBERS), max_size=4, unique=True))
        value = draw(st.sampled_from([1.0, 1.0, 1.0, 0.0, 5.0, None]))
        who = draw(st.sampled_from(["alice", "bob"]))
        made.append(Event(number, clock, tuple((each, group_of(each, name)) for each in asked), value, who))
    return made


@st.composite
def deliveries(draw: st.DrawFn, made: Sequence[Event]) -> list[list[list[Event]]]:
    """The records in objects of bodies: shuffled, some of them twice."""
    again = draw(st.lists(st.sampled_from(made), max_size=5))
    order = draw(st.permutations([*made, *again]))
    bodies = []
    rest = list(order)
    while rest:
        size = draw(st.integers(1, 6))
        bodies.append(rest[:size])
        rest = rest[size:]
    objects = []
    while bodies:
        size = draw(st.integers(1, 3))
        objects.append(bodies[:size])
        bodies = bodies[size:]
    return objects


class Killed(Exception):
    """The process ended here."""


def run(
    objects: Sequence[Sequence[Sequence[Event]]], chance: random.Random, detections: Sequence[Detection]
) -> live.MemoryStore:
    """Take the objects in: in parts, killed now and then and resumed, ticking in between."""
    store, watching = live.new_store(), live.monitor(detections)
    now = NOON + chance.choice([0, 3600, 86400])
    for number, bodies in enumerate(objects):
        name = f"o{number}"
        results = [live.body(each, f"{name}", minutes=True) for each in bodies]
        while True:
            with store.transaction() as tx:
                known = tx.object("test", name)
            if known is not None and known.done:
                break
            before = known.bodies if known is not None else 0
            size = chance.randint(1, 3)
            part = results[before : before + size]
            done = before + size >= len(results)
            now += chance.choice([0, 1, 60, 700])
            if chance.random() < 0.3:
                with pytest.raises(Killed):
                    _kill(store, watching, part, now, name, before, done=done)
            else:
                live.take(store, watching, part, now, name, before=before, done=done)
            if chance.random() < 0.4:
                live.at(store, watching, now)
            if chance.random() < 0.1:
                live.take(store, watching, part, now, name, before=before, done=done)
    return store


def _kill(store, watching, part, now, name, before, *, done) -> None:  # type: ignore[no-untyped-def]
    with store.transaction() as tx:
        live.ingest(tx, watching, "test", name, part, now, bodies=before + len(part), done=done)
        raise Killed


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_order_duplicates_parts_and_kills_give_the_alerts_of_a_scan(data: st.DataObject) -> None:
    """A live run over files in any order, with duplicates, late delivery, kill and resume between transactions, ends in
    the same alerts (detection, group, first, last, count, evidence, opened, closed) as a scan over all of them."""
    made = data.draw(events())
    objects = data.draw(deliveries(made))
    store = run(objects, random.Random(data.draw(st.integers(0, 2**32))), ALL)
    live.at(store, live.monitor(ALL), live.FAR)
    assert live.said_live(store) == live.said_scanned(live.scanned(ALL, made))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_objects_taken_in_together_give_the_alerts_of_a_scan(data: st.DataObject) -> None:
    """However many objects share a transaction, every match counts once and the alerts are those of a scan; the counts
    of each object are those that it has when it comes alone."""
    made = data.draw(events())
    objects = data.draw(deliveries(made))
    together, alone, watching = live.new_store(), live.new_store(), live.monitor(ALL)
    arrivals = [
        Arrival(
            "test", f"o{number}", [live.body(each, f"o{number}", minutes=True) for each in bodies], len(bodies), True
        )
        for number, bodies in enumerate(objects)
    ]
    counted: list[Ingested] = []
    while len(counted) < len(arrivals):
        size = data.draw(st.integers(1, 6))
        with together.transaction() as tx:
            counted += ingest_together(tx, watching, arrivals[len(counted) :][:size], NOON + len(counted))
    with alone.transaction() as tx:
        apart = [ingest_together(tx, watching, [arrival], NOON)[0] for arrival in arrivals]
    per_object = [[replace(one, alerts=(), opened=(), told=0) for one in ones] for ones in (counted, apart)]
    assert per_object[0] == per_object[1]
    with together.transaction() as tx:
        assert all(one.known for one in ingest_together(tx, watching, arrivals, NOON))
    live.at(together, watching, live.FAR)
    assert live.said_live(together) == live.said_scanned(live.scanned(ALL, made))


LONG = [
    detection("single"),
    detection("burst", alarm=alarm(threshold=3)),
    detection("mean", alarm=AlarmSpec("mean", 2, statistic="Average", period=120, treat_missing_data=MISSING.MISSING)),
    detection("both", rule='ALARM("single") AND ALARM("burst")'),
    detection("unless", rule='ALARM("single") AND NOT ALARM("mean")'),
]


@settings(max_examples=5, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    gaps=st.lists(st.sampled_from([0.5, 1, 3, 8, 14, 20, 27]), min_size=1, max_size=3),
    late=st.floats(0, 0.2),
    days=st.sampled_from([1, 2]),
)
def test_alerts_that_stand_for_days_are_those_of_a_scan(seed: int, gaps: list[float], late: float, days: int) -> None:
    """Also when the older part of a long alert is put together for good, and records arrive hours late."""
    chance = random.Random(seed)
    made: list[Event] = []
    clock = 0.0
    while clock < days * 24 * 60 and len(made) < 500:
        clock += chance.choice([*gaps, gaps[0], gaps[0], 35 if chance.random() < 0.1 else gaps[0]])
        asked = tuple((number, ("a",)) for number in range(3) if chance.random() < 0.8)
        value = chance.choice([1.0, 1.0, 4.0])
        made.append(Event(len(made), clock, asked, value, chance.choice(["alice", "bob"])))
    delayed = [(event.minute + (chance.uniform(0, 900) if chance.random() < late else 5), event) for event in made]
    order = [event for _, event in sorted(delayed, key=lambda pair: pair[0])]
    store, watching = live.new_store(), live.monitor(LONG)
    while order:
        size = chance.randint(1, 12)
        now = NOON + int(60 * max(event.minute for event in order[:size])) + 300
        live.take(store, watching, [live.body(order[:size])], now, f"o{len(order)}")
        live.at(store, watching, now)
        order = order[size:]
    live.at(store, watching, live.FAR)
    assert live.said_live(store) == live.said_scanned(live.scanned(LONG, made))
