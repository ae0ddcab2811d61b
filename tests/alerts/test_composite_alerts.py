"""Composite detections: children followed group by group or united, and the evidence that their alerts carry."""

from __future__ import annotations

from alerts.making import NOON, alarm, counts_of, course, detection, event_ids
from vedette.alarms import TreatMissingData
from vedette.alarms.state import ChildChange
from vedette.alerts.assembly import assemble
from vedette.detections.definition import Derived
from vedette.predicates.tree import Selector

ADDRESS = Selector(("sourceIPAddress",))
FAILED = detection("failed", alarm=alarm(threshold=3), notify=False)
SIGNED_IN = detection("signed-in", notify=False)
BOTH = detection("both", rule='ALARM("failed") AND ALARM("signed-in")')
ALL = [FAILED, SIGNED_IN, BOTH]


def test_children_grouped_alike_are_followed_group_by_group() -> None:
    """The failures of one never meet the success of another."""
    apart = [course(FAILED, {0: 3}, ("alice",)), course(SIGNED_IN, {2: 1}, ("bob",), start=100)]
    assert assemble(apart, ALL).alerts == ()
    together = [*apart, course(SIGNED_IN, {3: 1}, ("alice",), start=200)]
    assert counts_of(assemble(together, ALL).alerts) == [("both", ("alice",), 4)]


def test_each_group_has_its_own_alert() -> None:
    courses = [course(c, {0: 3}, (g,), start=n) for n, (c, g) in enumerate((c, g) for g in "ab" for c in ALL[:2])]
    assert counts_of(assemble(courses, ALL).alerts) == [("both", ("a",), 6), ("both", ("b",), 6)]


def test_children_grouped_otherwise_count_as_one_for_every_group() -> None:
    """`failed` is by address: any address in ALARM is `failed` in ALARM, whoever the actor of the composite is."""
    failed = detection("failed", group_by=(ADDRESS,), notify=False)
    courses = [
        course(failed, {0: 1}, ("198.51.100.7",)),
        course(failed, {1: 1}, ("198.51.100.8",), start=10),
        course(SIGNED_IN, {2: 1}, ("alice",), start=20),
        course(SIGNED_IN, {2: 1}, ("bob",), start=30),
        course(SIGNED_IN, {240: 1}, ("carol",), start=40),
    ]
    alerts = assemble(courses, [failed, SIGNED_IN, BOTH]).alerts
    assert counts_of(alerts) == [("both", ("alice",), 3), ("both", ("bob",), 3)]


def test_groups_united_are_in_alarm_while_any_of_them_is() -> None:
    failed = detection("failed", group_by=(ADDRESS,), notify=False)
    for_all = detection("any-failed", rule='ALARM("failed")', group_by=())
    overlapping = [course(failed, {0: 1}, ("a",)), course(failed, {10: 1}, ("b",), start=10)]
    (told,) = assemble(overlapping, [failed, for_all]).alerts
    assert (told.group, told.evidence.count) == ((), 2)
    assert told.opened.at == NOON + 60
    assert told.closed is not None
    assert told.closed.at > NOON + 20 * 60


def test_a_rule_over_children_that_are_all_grouped_otherwise_has_one_group() -> None:
    failed = detection("failed", group_by=(ADDRESS,), notify=False)
    by_actor = detection("any-failed", rule='ALARM("failed")')
    assert counts_of(assemble([course(failed, {0: 2}, ("a",))], [failed, by_actor]).alerts) == [("any-failed", (), 2)]


def test_a_nested_rule_is_followed_through() -> None:
    outer = detection("outer", rule='ALARM("both") AND ALARM("root-used")')
    root = detection("root-used")
    courses = [course(FAILED, {0: 3}), course(SIGNED_IN, {2: 1}, start=10), course(root, {4: 1}, start=20)]
    alerts = assemble(courses, [outer, *ALL, root]).alerts
    assert sorted(counts_of(alerts)) == [
        ("both", ("alice",), 4),
        ("outer", ("alice",), 5),
        ("root-used", ("alice",), 1),
    ]


def test_a_rule_that_does_not_notify_only_feeds_others() -> None:
    inner = detection("both", rule='ALARM("failed") AND ALARM("signed-in")', notify=False)
    outer = detection("outer", rule='ALARM("both")')
    courses = [course(FAILED, {0: 3}), course(SIGNED_IN, {2: 1}, start=10)]
    assert counts_of(assemble(courses, [FAILED, SIGNED_IN, inner, outer]).alerts) == [("outer", ("alice",), 4)]


def test_not_holds_an_alert_back_while_the_other_is_in_alarm() -> None:
    change = detection("change")
    approved = detection("approved", notify=False)
    unapproved = detection("unapproved", rule='ALARM("change") AND NOT ALARM("approved")')
    known = [change, approved, unapproved]
    alone = [course(change, {0: 1})]
    assert ("unapproved", ("alice",), 1) in counts_of(assemble(alone, known).alerts)
    with_approval = [*alone, course(approved, {0: 1}, start=10)]
    assert [told.detection.id for told in assemble(with_approval, known).alerts] == ["change"]
    of_another = [*alone, course(approved, {0: 1}, ("bob",), start=10)]
    assert ("unapproved", ("alice",), 1) in counts_of(assemble(of_another, known).alerts)


def test_a_rule_that_holds_of_nothing_makes_no_alert() -> None:
    """`NOT ALARM(x)` holds from the start: that is no change, and nothing to tell."""
    quiet = detection("quiet", rule='NOT ALARM("unheard-of")')
    assert counts_of(assemble([course(detection("x"), {0: 1})], [detection("x"), quiet]).alerts) == [
        ("x", ("alice",), 1)
    ]


def test_a_rule_that_comes_true_in_silence_makes_no_alert() -> None:
    """When `x` ends, `NOT ALARM(x)` comes true; no record is behind that, so there is nobody to tell of."""
    known = [detection("x"), detection("quiet-again", rule='NOT ALARM("x")')]
    assert [told.detection.id for told in assemble([course(known[0], {0: 1})], known).alerts] == ["x"]


def test_the_evidence_is_what_holds_the_children_in_alarm() -> None:
    """A child stays in ALARM as long as its datapoint is in the evaluation range; then it is evidence, later not."""
    courses = [course(FAILED, {0: 3}), course(SIGNED_IN, {13: 1}, start=10)]
    (told,) = assemble(courses, ALL).alerts
    assert told.evidence.count == 4
    assert told.evidence.first == NOON
    late = [course(FAILED, {0: 3}), course(SIGNED_IN, {16: 1}, start=10)]
    assert assemble(late, ALL).alerts == ()


def test_records_from_before_the_look_back_are_not_evidence() -> None:
    kept = detection("failed", alarm=alarm(missing=TreatMissingData.IGNORE), notify=False)
    courses = [course(kept, {0: 3}), course(SIGNED_IN, {60: 1}, start=10)]
    (told,) = assemble(courses, [kept, SIGNED_IN, BOTH]).alerts
    assert event_ids([told]) == ["00000000-0000-4000-8000-000000000010"]


def test_a_record_is_in_one_alert_of_a_composite() -> None:
    courses = [
        course(FAILED, dict.fromkeys(range(0, 200, 7), 3)),
        course(SIGNED_IN, dict.fromkeys((3, 60, 100, 180), 1), start=500),
    ]
    alerts = assemble(courses, ALL).alerts
    assert len(alerts) > 1
    told = event_ids(alerts)
    assert len(told) == len(set(told))


def test_a_composite_that_flickers_is_one_alert() -> None:
    courses = [course(FAILED, {0: 3, 5: 3, 10: 3}), course(SIGNED_IN, {2: 1, 18: 1}, start=100)]
    (told,) = assemble(courses, ALL).alerts
    assert told.evidence.count == 11


def test_building_blocks_are_counted_once_though_a_composite_shows_them() -> None:
    found = assemble([course(FAILED, {0: 3}), course(SIGNED_IN, {2: 1}, start=10)], ALL)
    assert (found.matches, found.alerted, found.building_blocks, found.below_threshold) == (4, 0, 4, 0)


def test_the_cause_of_a_composite_names_the_child() -> None:
    (told,) = assemble([course(FAILED, {0: 3}), course(SIGNED_IN, {2: 1}, start=10)], ALL).alerts
    assert isinstance(told.opened.cause, ChildChange)
    assert told.opened.cause.child == "signed-in"
    assert told.detection.group_by == (Derived.ACTOR,)
