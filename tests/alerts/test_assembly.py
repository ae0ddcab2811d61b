"""From courses to alerts: which episodes become one, what each holds, where every match goes."""

from __future__ import annotations

import dataclasses
import random

import hypothesis.strategies as st
from hypothesis import given, settings

from alerts.making import NOON, alarm, counts_of, course, detection, event_ids, sighting
from vedette.alarms import State, TreatMissingData
from vedette.alerts.assembly import Course, assemble
from vedette.alerts.evidence import Evidence
from vedette.detections.definition import Severity
from vedette.metrics.series import Series

READ = detection("secret-read")
BURST = detection("secret-burst", alarm=alarm(threshold=5))


def test_two_attackers_are_two_alerts() -> None:
    courses = [course(READ, {0: 3}, ("alice",)), course(READ, {0: 2}, ("mallory",))]
    alerts = assemble(courses, [READ]).alerts
    assert counts_of(alerts) == [("secret-read", ("alice",), 3), ("secret-read", ("mallory",), 2)]
    assert alerts[0].id != alerts[1].id


def test_a_second_incident_after_the_first_has_closed_is_a_second_alert() -> None:
    first, second = assemble([course(READ, {0: 1, 120: 4})], [READ]).alerts
    assert (first.evidence.count, second.evidence.count) == (1, 4)
    assert first.closed is not None
    assert first.closed.at < second.opened.at
    assert first.id != second.id


def test_a_slow_trickle_that_the_windows_tear_apart_is_one_alert() -> None:
    three = detection(alarm=alarm(threshold=3))
    (told,) = assemble([course(three, dict.fromkeys(range(0, 40, 2), 1))], [three]).alerts
    assert told.evidence.count == 20


def test_an_alert_opens_when_its_alarm_does_and_closes_with_it() -> None:
    (told,) = assemble([course(BURST, {0: 2, 3: 4})], [BURST]).alerts
    assert told.opened.new is State.ALARM
    assert told.opened.at == NOON + 4 * 60
    assert told.closed is not None
    assert told.closed.new is State.OK
    assert (told.evidence.first, told.evidence.count) == (NOON, 6)


def test_an_alarm_that_never_closes_gives_an_open_alert() -> None:
    kept = detection(alarm=alarm(missing=TreatMissingData.IGNORE))
    (told,) = assemble([course(kept, {0: 1})], [kept]).alerts
    assert told.closed is None


def test_matches_below_the_threshold_are_counted_not_told() -> None:
    found = assemble([course(BURST, {0: 4, 120: 5, 240: 1})], [BURST])
    assert counts_of(found.alerts) == [("secret-burst", ("alice",), 5)]
    assert (found.matches, found.alerted, found.below_threshold, found.building_blocks) == (10, 5, 5, 0)


def test_a_building_block_makes_no_alert() -> None:
    block = detection("block", notify=False)
    found = assemble([course(block, {0: 7})], [block])
    assert found.alerts == ()
    assert (found.matches, found.alerted, found.below_threshold, found.building_blocks) == (7, 0, 0, 7)


def test_matches_whose_metric_gives_no_datapoint_are_below_the_threshold() -> None:
    """A metric filter publishes no datapoint for a record whose value field holds no number."""
    silent = Course(READ, ("alice",), Series(), {NOON: Evidence.of([sighting()])})
    composite = detection("both", rule='ALARM("secret-read")')
    found = assemble([silent], [READ, composite])
    assert (found.alerts, found.matches, found.below_threshold) == ((), 1, 1)


def test_an_alarm_on_silence_makes_no_alert_without_a_record() -> None:
    """A default value gives datapoints without matches; an alert without evidence would tell nothing."""
    series = Series()
    series.add(NOON, 0.0, 5)
    quiet = detection(alarm=alarm(threshold=-1))
    assert assemble([Course(quiet, (), series, {})], [quiet]).alerts == ()


def test_no_courses_no_alerts() -> None:
    found = assemble([], [READ, detection("both", rule='ALARM("secret-read") OR ALARM("unheard-of")')])
    assert (found.alerts, found.matches) == ((), 0)


def test_the_most_severe_is_told_first_then_the_earliest() -> None:
    low, high = detection("b-low", severity=Severity.LOW), detection("a-high", severity=Severity.HIGH)
    late = detection("a-late", severity=Severity.LOW)
    courses = [course(late, {60: 1}), course(low, {0: 1}, ("bob",)), course(low, {0: 1}), course(high, {90: 1})]
    told = [(alert.detection.id, alert.group) for alert in assemble(courses, [low, high, late]).alerts]
    assert told == [("a-high", ("alice",)), ("b-low", ("alice",)), ("b-low", ("bob",)), ("a-late", ("alice",))]


def test_the_id_depends_on_the_detection_the_group_and_the_first_minute_only() -> None:
    """`--alert ID` of a later scan that sees more of the same incident must still find it."""
    (short,) = assemble([course(READ, {0: 1})], [READ]).alerts
    renamed = dataclasses.replace(READ, title="Other words", severity=Severity.HIGH)
    (long,) = assemble([course(renamed, {0: 2, 1: 5})], [renamed]).alerts
    (other_group,) = assemble([course(READ, {0: 1}, ("bob",))], [READ]).alerts
    (later,) = assemble([course(READ, {1: 1})], [READ]).alerts
    assert short.id == long.id == "secret-read-eff0ada2"
    assert len({short.id, other_group.id, later.id}) == 3


minutes = st.dictionaries(st.integers(0, 180), st.integers(1, 6), max_size=25)
alarms = st.builds(
    alarm,
    threshold=st.sampled_from([1, 2, 5, 9]),
    period=st.sampled_from([60, 300, 900]),
    missing=st.sampled_from(list(TreatMissingData)),
    periods=st.integers(1, 3),
)
plans = st.lists(st.tuples(alarms, st.booleans(), st.lists(minutes, max_size=3)), min_size=1, max_size=3)


@settings(deadline=None, max_examples=80)
@given(plans=plans, seed=st.integers(0, 99))
def test_every_match_goes_to_one_place(plans: list, seed: int) -> None:
    """matches = alerted + below_threshold + building_blocks; a match is in at most one alert of its detection; alerts
    do not depend on the order of the courses."""
    detections = [detection(f"d{n}", alarm=spec, notify=notify) for n, (spec, notify, _) in enumerate(plans)]
    courses = [
        course(asked, counts, (f"g{number}",), start=1_000 * number)
        for asked, (_, _, groups) in zip(detections, plans, strict=True)
        for number, counts in enumerate(groups)
    ]
    found = assemble(courses, detections)
    assert found.matches == sum(sum(counts.values()) for _, _, groups in plans for counts in groups)
    assert found.matches == found.alerted + found.below_threshold + found.building_blocks
    assert found.alerted == sum(alert.evidence.count for alert in found.alerts)
    assert min(found.alerted, found.below_threshold, found.building_blocks) >= 0
    assert found.building_blocks == sum(c.matches for c in courses if not c.detection.notify)
    for asked in detections:
        told = event_ids(alert for alert in found.alerts if alert.detection is asked)
        assert len(told) == len(set(told))
    for one in courses:
        own = [alert for alert in found.alerts if (alert.detection, alert.group) == (one.detection, one.group)]
        assert sum(alert.evidence.count for alert in own) <= one.matches
    assert len({alert.id for alert in found.alerts}) == len(found.alerts)
    random.Random(seed).shuffle(courses)
    assert assemble(courses, detections) == found


@settings(deadline=None, max_examples=60)
@given(counts=minutes.filter(bool), period=st.sampled_from([60, 300]))
def test_at_a_threshold_of_one_every_match_is_told(counts: dict[int, int], period: int) -> None:
    """One match breaches, so none may stay below: what an administrator asked to hear of is heard of."""
    one = detection(alarm=alarm(period=period))
    found = assemble([course(one, counts)], [one])
    assert (found.alerted, found.below_threshold) == (sum(counts.values()), 0)
