"""Alerts about the same records are shown as one; nothing is dropped, nothing comes before its turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import hypothesis.strategies as st
from hypothesis import given, settings

from alerts.making import alert, detection, sighting
from vedette.alerts.alert import Alert
from vedette.alerts.related import Told, fold_related
from vedette.detections.definition import Severity


def about(name: str, numbers: Iterable[int], severity: Severity = Severity.MEDIUM) -> Alert:
    """An alert about the records of these numbers, a minute each."""
    return alert(*(sighting(number, number) for number in numbers), of=detection(name, severity=severity))


def names(told: Iterable[Told]) -> list[tuple[str, list[str]]]:
    return [(one.alert.detection.id, [also.detection.id for also in one.also]) for one in told]


def test_alerts_about_exactly_the_same_records_are_told_once() -> None:
    assert names(fold_related([about("a", [1, 2]), about("b", [1, 2]), about("c", [3])])) == [("a", ["b"]), ("c", [])]


def test_alerts_of_more_records_than_are_sighted_are_the_same_if_their_ends_and_counts_are() -> None:
    many = range(40)
    same, other_count = about("b", many), about("c", [0, 1, 2, *range(10, 40)])
    assert names(fold_related([about("a", many), same, other_count])) == [("a", ["b"]), ("c", [])]


def test_an_alert_about_some_of_the_records_goes_under_the_one_about_all() -> None:
    assert names(fold_related([about("all", [1, 2, 3]), about("some", [2])])) == [("all", ["some"])]


def test_an_alert_that_adds_a_record_stands_alone() -> None:
    assert names(fold_related([about("a", [1, 2]), about("b", [2, 3])])) == [("a", []), ("b", [])]


def test_two_alerts_do_not_hold_a_third_together() -> None:
    """Each of its records is told by some earlier alert, but no earlier alert tells of them all."""
    assert names(fold_related([about("a", [1]), about("b", [2]), about("c", [1, 2])])) == [
        ("a", []), ("b", []), ("c", []),
    ]  # fmt: skip


def test_a_later_wider_alert_does_not_take_in_an_earlier_one() -> None:
    """The earlier one is the more severe: it leads."""
    severe = about("severe", [1], Severity.CRITICAL)
    assert names(fold_related([severe, about("wide", [1, 2], Severity.LOW)])) == [("severe", []), ("wide", [])]


def test_an_alert_of_many_records_is_not_judged_by_the_few_that_are_sighted() -> None:
    """40 records, five of them sighted, all five within another alert: the other 35 are told nowhere else."""
    many = about("many", range(40))
    few = about("few", [seen.place for seen in many.evidence.sightings])
    assert names(fold_related([few, many])) == [("few", []), ("many", [])]
    assert names(fold_related([many, few])) == [("many", ["few"])]


def test_alerts_about_records_without_an_id_stand_alone() -> None:
    """Nothing says that two records without an eventID are the same record."""
    first, second = (alert(sighting(event_id=""), of=detection(name)) for name in "ab")
    assert names(fold_related([first, second])) == [("a", []), ("b", [])]


def test_one_record_without_an_id_keeps_an_alert_apart() -> None:
    both = alert(sighting(1, 1), sighting(1, 2, event_id=""), of=detection("both"))
    assert names(fold_related([about("a", [1]), both])) == [("a", []), ("both", [])]


@settings(deadline=None, max_examples=150)
@given(sets=st.lists(st.frozensets(st.integers(0, 9), min_size=1, max_size=5), max_size=12))
def test_nothing_is_dropped_and_the_order_is_kept(sets: list[frozenset[int]]) -> None:
    """The multiset of alerts is kept; leads come in their order and before what is under them; what is under an alert
    adds no record to it."""
    alerts = [about(f"d{place}", records) for place, records in enumerate(sets)]
    told = fold_related(alerts)
    place = {one.detection.id: number for number, one in enumerate(alerts)}
    assert Counter(a.detection.id for one in told for a in (one.alert, *one.also)) == Counter(place.keys())
    leads = [place[one.alert.detection.id] for one in told]
    assert leads == sorted(leads)
    for one in told:
        under = [place[also.detection.id] for also in one.also]
        assert under == sorted(under)
        assert all(place[one.alert.detection.id] < each for each in under)
        assert all(sets[each] <= sets[place[one.alert.detection.id]] for each in under)
