"""Adding results up: conservation, duplicates, bounds, and independence of how the work was divided."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import reference_engine
from engine.samples import NOON, TODAY, by, detection, lines, log_file, metric, record
from vedette.alerts.evidence import Evidence, Sighting
from vedette.cloudtrail.body import Body, Kind, Reason
from vedette.engine import Engine, Fold
from vedette.engine import fold as fold_module
from vedette.engine.groups import PER_MINUTE
from vedette.engine.result import Match, Matches, bare_sighting
from vedette.engine.seen import SeenIds
from vedette.metrics.statistics import StatisticSet

LOGIN = '{ $.eventName = "ConsoleLogin" }'


def folded(detections, bodies, workers: int = 1):
    """The fold of the bodies, worked out by some engines in turn, as if in other processes."""
    engines = [Engine(detections, TODAY) for _ in range(workers)]
    fold = Fold(detections)
    for number, body in enumerate(bodies):
        result = engines[number % workers].process(body)
        fold.add(result if workers == 1 else pickle.loads(pickle.dumps(result)))
    return fold


def contents(fold: Fold):
    return fold.tally, [
        (each.detection, each.group, each.matches, each.series, each.evidence(0, 1 << 40)) for each in fold.results()
    ]


@st.composite
def many_bodies(draw):
    numbers = st.lists(st.integers(0, 40), max_size=12)
    bodies = []
    for name in range(draw(st.integers(1, 5))):
        records = [
            record(
                number,
                eventID=draw(st.sampled_from([None, "", 7])) if number == 0 else f"id-{number}",
                eventName=("ConsoleLogin", "GetObject", "Other")[number % 3],
                eventTime=f"2026-11-21T12:{number % 4:02}:{number:02}Z" if number != 1 else "never",
                userIdentity={"type": "IAMUser", "userName": f"user-{number % 5}", "accountId": "111122223333"},
            )
            for number in draw(numbers)
        ]
        bodies.append(draw(st.sampled_from([log_file, lines]))(*records, name=f"object-{name}"))
    return bodies


ASKED = [
    detection(LOGIN),
    detection('{ $.eventName = "*e*" }', group_by=by("awsRegion")),
    detection("{ $.eventID = * }"),
]


@settings(max_examples=80, deadline=None)
@given(many_bodies())
def test_the_fold_counts_what_a_slow_one_counts(bodies):
    """Matches by detection, group and minute, each event id once; and the tally's identities."""
    fold = folded(ASKED, bodies)
    expected = reference_engine.counts_of(ASKED, TODAY, bodies)
    found = {
        (each.detection, each.group): {start: each.series[start].sample_count for start in each.series}
        for each in fold.results()
    }
    assert found == expected
    tally = fold.tally
    assert tally.records == sum(len(reference_engine.documents_of(body)) for body in bodies)
    assert tally.records == tally.unique + tally.duplicates
    assert tally.unique == tally.matched + tally.unmatched
    assert tally.bodies.total() == len(bodies)


@settings(max_examples=40, deadline=None)
@given(many_bodies(), st.integers(2, 4))
def test_any_number_of_workers_gives_the_same(bodies, workers):
    """Identical results for any number of worker processes."""
    assert contents(folded(ASKED, bodies, workers)) == contents(folded(ASKED, bodies))


@st.composite
def noisy_bodies(draw):
    """Many matches in many minutes, some of records that came before, in the same body or in an earlier one."""
    bodies = []
    for name in range(draw(st.integers(2, 9))):
        numbers = draw(st.lists(st.integers(0, 60), min_size=1, max_size=30))
        records = [
            record(
                60 * number + number % 7,
                eventID=f"id-{number}" if number else None,
                eventName=("ConsoleLogin", "ConsoleLogin", "Other")[number % 3],
                userAgent=f"agent-{number % 5}",
            )
            for number in numbers
        ]
        bodies.append(log_file(*records, name=f"object-{name}"))
    return bodies


@settings(max_examples=60, deadline=None)
@given(noisy_bodies(), st.integers(1, 4), st.integers(1, 12), st.integers(1, 4))
def test_what_is_left_out_early_is_what_would_be_forgotten(bodies, behind, told, groups):
    """Whoever makes results may look at any earlier state of the fold, and changes nothing by it."""
    asked = [
        detection(LOGIN, group_by=by("userAgent")),
        detection("{ $.eventID = * }"),
        detection('{ $.eventName = "O*" }'),
    ]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fold_module, "MAX_TOLD", told)
        patched.setattr(fold_module, "MAX_GROUPS", groups)
        fold, states = Fold(asked), [{}]
        engine = Engine(asked, TODAY)
        for body in bodies:
            fold.add(pickle.loads(pickle.dumps(engine.process(body, states[max(0, len(states) - behind)]))))
            states.append(dict(fold.strides))
        assert contents(fold) == contents(folded(asked, bodies))


def test_records_of_which_nothing_is_told_are_only_counted():
    """Their sightings have a time, a place and an actor, and are made without reading more."""
    engine = Engine([detection(LOGIN), detection('{ $.eventName = "Console*" }')], TODAY)
    body = log_file(*(record(60 * n, eventID=f"id-{n}") for n in range(4)))
    whole, even = engine.process(body).matches, engine.process(body, {0: 2, 1: 2}).matches
    assert engine.process(body, {0: 2}).matches == whole  # the other detection tells of every minute
    told = [match.sighting.time // 60 % 2 == 0 for match in whole]
    assert [match.sighting.event_name for match in even] == ["ConsoleLogin" if each else "" for each in told]
    assert [match.group for match in even] == [match.group for match in whole]
    assert [match.sighting.order[2:] for match in even] == [match.sighting.order[2:] for match in whole]


@st.composite
def some_matches(draw):
    """Matches as an engine makes them, several of one record, with values of every kind."""
    bare = bare_sighting(NOON, "object", 5, 9)
    (whole,) = Engine([detection(LOGIN)], TODAY).process(log_file(record(), name="object", first_line=5)).matches
    sightings = [bare, whole.sighting, whole.sighting._replace(place=3), whole.sighting._replace(object_name="other")]
    numbers, groups = st.sampled_from([0, 7, 400]), st.sampled_from([(), ("a",), ("a", "b")])
    values = st.sampled_from([1.0, 0.0, -0.0, 2.5, None])
    return Matches(draw(st.lists(st.builds(Match, numbers, groups, values, st.sampled_from(sightings)), max_size=9)))


@settings(max_examples=100, deadline=None)
@given(some_matches())
def test_matches_come_out_of_another_process_as_they_went_in(matches):
    """Every value, the sign of a zero too, and what is shared stays shared."""
    back = pickle.loads(pickle.dumps(matches))
    assert (type(back), repr(back)) == (Matches, repr(matches))
    assert all(type(match) is Match and type(match.sighting) is Sighting for match in back)
    assert len({id(match.sighting) for match in back}) == len({id(match.sighting) for match in matches})


def test_evidence_is_of_the_minutes_asked_for():
    """What the minutes that begin in [start, end) show."""
    records = [record(second, eventID=f"id-{second}") for second in (0, 59, 60, 61, 120)]
    (group,) = folded([detection(LOGIN)], [log_file(*records)]).results()
    evidence = group.evidence(NOON + 60, NOON + 120)
    assert (evidence.count, evidence.first, evidence.last, evidence.untold) == (2, NOON + 60, NOON + 61, 0)
    assert [seen.event_id for seen in evidence.sightings] == ["id-60", "id-61"]
    assert group.evidence(0, NOON) == Evidence()
    assert group.evidence(NOON, NOON + 180).count == group.matches == 5


def test_many_matches_in_a_minute_are_put_together():
    records = [record(0, eventID=f"id-{n}", sourceIPAddress=f"192.0.2.{n % 3}") for n in range(3 * PER_MINUTE)]
    (group,) = folded([detection(LOGIN)], [log_file(*records)]).results()
    evidence = group.evidence(NOON, NOON + 60)
    assert (evidence.count, evidence.untold) == (3 * PER_MINUTE, 0)
    assert evidence.addresses.most_common(1) == [("192.0.2.0", PER_MINUTE)]
    assert group.series[NOON] == StatisticSet.of([1.0] * 3 * PER_MINUTE)


def test_values_of_a_minute():
    """A statistic set of the metric's values; a match without a value gives no sample and is evidence all the same."""
    asked = [detection(LOGIN, metric=metric(value="$.requestParameters.size"))]
    records = [
        record(0, eventID=f"id-{n}", requestParameters={"size": size}) for n, size in enumerate([5, 5, "x", 7, 5])
    ]
    (group,) = folded(asked, [log_file(*records)]).results()
    assert group.series[NOON] == StatisticSet.of([5, 5, 7, 5])
    assert group.evidence(NOON, NOON + 60).count == group.matches == 5
    (silent,) = folded(asked, [log_file(record())]).results()
    assert (silent.matches, dict(silent.series)) == (1, {})


def test_defaults_count_the_records_that_do_not_match():
    """The default is emitted once for each record that does not match, duplicates and unreadable times apart."""
    asked = [detection(LOGIN, metric=metric(default=0.0), group_by=()), detection(LOGIN, metric=metric(default=2.0))]
    records = [record(0), *(record(n, eventName="Other") for n in (1, 1, 2, 60)), record(3, eventTime="never")]
    fold = folded(asked, [log_file(*records)])
    single, grouped = fold.results()
    assert {start: (point.sample_count, point.sum) for start, point in single.series.items()} == {
        NOON: (3, 1.0),
        NOON + 60: (1, 0.0),
    }
    assert {start: point.sum for start, point in grouped.series.items()} == {NOON: 5.0, NOON + 60: 2.0}
    assert [each.series for each in fold.results()] == [single.series, grouped.series]  # sets are shared, not added to
    (only,) = folded(asked, [log_file(record(0, eventName="Other"))]).results()
    assert (only.group, only.matches, only.series[NOON].sum) == ((), 0, 0.0)


def test_groups_beyond_the_bound_share_one(monkeypatch):
    """Matches of groups that are too many are counted in one group, which says so and comes last."""
    monkeypatch.setattr(fold_module, "MAX_GROUPS", 3)
    asked = [detection(LOGIN, group_by=by("userAgent"))]
    records = [record(0, eventID=f"id-{n}", userAgent=f"agent-{n % 6}") for n in range(12)]
    found = [(each.group, each.matches) for each in folded(asked, [log_file(*records)]).results()]
    assert found == [(("agent-0",), 2), (("agent-1",), 2), (("agent-2",), 2), (None, 6)]


def test_noise_of_one_detection_costs_another_no_evidence(monkeypatch):
    """Beyond MAX_TOLD the detection with the most sightings keeps fewer; what is not told is counted."""
    monkeypatch.setattr(fold_module, "MAX_TOLD", 60)
    asked = [detection('{ $.eventName = "Noise" }'), detection(LOGIN)]
    noise = [record(n, eventID=f"n-{n}", eventName="Noise", userAgent=f"{n % 7}") for n in range(900)]
    fold = folded(asked, [log_file(record(5, eventID="real"), *noise, record(70, eventID="later"))])
    loud, quiet = fold.results()
    evidence = loud.evidence(0, 1 << 40)
    assert (evidence.count, loud.matches) == (900, 900)
    assert 0 < evidence.untold < 900
    assert sum(evidence.actors.values.values()) == 900 - evidence.untold
    assert (evidence.first, evidence.last) == (NOON, NOON + 899)
    assert quiet.evidence(0, 1 << 40).untold == 0
    assert sum(loud.series[start].sample_count for start in loud.series) == 900


def test_forgetting_ends_even_if_all_is_in_the_first_minute_of_all(monkeypatch):
    """Minute 0 is a multiple of every stride."""
    monkeypatch.setattr(fold_module, "MAX_TOLD", 10)
    asked = [detection(LOGIN, group_by=by("userAgent"))]
    records = [record(0, eventID=f"{n}", userAgent=f"{n}", eventTime="1970-01-01T00:00:00Z") for n in range(40)]
    fold = folded(asked, [log_file(*records)])
    assert sum(each.evidence(0, 60).count for each in fold.results()) == 40
    assert sum(each.evidence(0, 60).untold for each in fold.results()) >= 30


def test_malformed_are_counted_apart_and_the_first_are_kept(monkeypatch):
    monkeypatch.setattr(fold_module, "MAX_MALFORMED", 2)
    fold = folded([], [log_file(1, 2, record()), log_file(3), Body(Kind.DIGEST, b"{}", "digest")])
    assert fold.tally.malformed == {Reason.NOT_AN_OBJECT: 3}
    assert len(fold.malformed) == 2
    assert (fold.tally.records, fold.tally.bodies[Kind.DIGEST]) == (1, 1)


def test_matched_records_are_recognised_after_the_window(monkeypatch):
    """A window of recent ids for all records, exact for matched records."""
    monkeypatch.setattr(fold_module, "RECENT_IDS", 4)
    others = [log_file(*(record(n, eventName="Other") for n in range(start, start + 4))) for start in range(1, 40, 4)]
    login = log_file(record(0))
    fold = folded([detection(LOGIN)], [login, *others, login, others[0]])
    (group,) = fold.results()
    assert group.matches == 1
    assert (fold.tally.duplicates, fold.tally.matched) == (1, 1)


@given(st.lists(st.lists(st.integers(0, 30).map(str).map(lambda text: "" if text == "0" else text), max_size=8)))
def test_seen_ids_remembers_the_last(batches):
    """At least the last `window` ids are remembered; an empty id is none."""
    seen = SeenIds(1000)
    before: set[str] = set()
    for batch in batches:
        repeated = []
        for place, each in enumerate(batch):
            if each and each in before:
                repeated.append(place)
            before.add(each)
        assert seen.repeated(tuple(batch)) == repeated


@pytest.mark.parametrize("window", [1, 3, 10])
def test_seen_ids_forgets(window):
    seen = SeenIds(window)
    for number in range(200):
        assert seen.repeated((f"{number}",)) == []
        recent = tuple(f"{back}" for back in range(max(0, number - window + 1), number + 1))
        assert len(seen.repeated(recent)) == len(recent)
        assert len(seen._young) + len(seen._old) <= 2 * window + len(recent)
