"""Whether it is usual: the sentences, the judgement, and what is not claimed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.making import NOON, actor, sighting
from vedette.alerts.evidence import Evidence
from vedette.alerts.habits import DAY, MAX_VALUES, ActorDay, Some
from vedette.alerts.usual import History, Judgement, Usual, active, actors_of, network_of, usual

TODAY = NOON - NOON % DAY
ALICE = actor("alice")
HOME, OTHER, NEAR = "198.51.100.7", "203.0.113.9", "198.51.100.99"
OFFICE = sum(1 << hour for hour in range(8, 18))


def day(back: int, **changes: object) -> ActorDay:
    """What alice does, so many days before the alert's."""
    fields: dict[str, object] = {
        "hours": OFFICE,
        "addresses": Some.of([HOME]),
        "calls": Some.of(["GetSecretValue"]),
        "regions": Some.of(["us-east-1"]),
        "programs": Some.of(["aws-cli"]),
        **changes,
    }
    return ActorDay(ALICE.key, TODAY - back * DAY, **fields)  # type: ignore[arg-type]


def history(*days: ActorDay, watched: int = 30) -> History:
    ordered = tuple(sorted(days, key=lambda one: one.start))
    return History(ALICE.key, TODAY, TODAY - watched * DAY, ordered)


MONTH = history(*(day(back) for back in range(1, 31)))


def judged(known: History = MONTH, **changes: object) -> Usual:
    """One record of alice at 10:00 UTC, on the day of the alert."""
    found = usual(Evidence.of([sighting(0, actor=ALICE, **changes)]), {ALICE.key: known})
    assert found is not None
    return found


def test_all_as_usual() -> None:
    found = judged()
    assert found.judgement is Judgement.USUAL
    assert found.lines == ("From 198.51.100.7, as on 30 of 30 days", "Called GetSecretValue on 30 of 30 days before")
    assert str(found) == "From 198.51.100.7, as on 30 of 30 days. Called GetSecretValue on 30 of 30 days before."


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"address": OTHER},
         "First time in 30 days that alice calls from 203.0.113.9 (usually 198.51.100.7, on 30 of 30 days)"),
        ({"address": "ec2.amazonaws.com"},
         "First time in 30 days that alice calls from ec2.amazonaws.com (usually 198.51.100.7, on 30 of 30 days)"),
        ({"event_name": "DeleteTrail"}, "Never called DeleteTrail before"),
        ({"region": "eu-west-3"}, "First time in eu-west-3 (usually us-east-1, on 30 of 30 days)"),
        ({"user_agent": "curl/8.5"}, "First time with curl (usually aws-cli, on 30 of 30 days)"),
        ({"time": TODAY + 3 * 3_600 + 720}, "At 03:12 UTC; usually active 08-17"),
    ],
)  # fmt: skip
def test_what_is_new_is_unusual_and_told_first(changes: dict[str, object], line: str) -> None:
    found = judged(**changes)
    assert found.judgement is Judgement.UNUSUAL
    assert found.lines[0] == line


def test_a_sign_in_is_called_one() -> None:
    assert (
        judged(address=OTHER, event_name="ConsoleLogin")
        .lines[0]
        .startswith("First time in 30 days that alice signs in from 203.0.113.9")
    )


def test_a_new_address_of_a_usual_network_is_usual() -> None:
    found = judged(address=NEAR)
    assert found.judgement is Judgement.USUAL
    assert found.lines[0] == "From 198.51.100.99, of the usual network 198.51.100.0/24 (on 30 of 30 days)"


def test_what_was_seen_on_one_day_of_many_is_not_usual() -> None:
    """An attack that goes on must not become usual on its second day."""
    known = history(*(day(back) for back in range(2, 31)), day(1, addresses=Some.of([HOME, OTHER])))
    found = judged(known, address=OTHER)
    assert found.judgement is Judgement.UNUSUAL
    assert found.lines[0] == "From 203.0.113.9 on 1 of 30 days before"
    assert judged(known, address="203.0.113.8").lines[0] == "From 203.0.113.0/24 on 1 of 30 days before"
    once = history(*(day(back) for back in range(2, 31)), day(1, calls=Some.of(["DeleteTrail"])))
    assert judged(once, event_name="DeleteTrail").lines[0] == "Called DeleteTrail on 1 of 30 days before"


@pytest.mark.parametrize(
    ("watched", "line"),
    [(0, "Watched for less than a day, too short to say"), (1, "Watched for 1 day only, too short to say"),
     (2, "Watched for 2 days only, too short to say")],
)  # fmt: skip
def test_a_short_watch_says_nothing(watched: int, line: str) -> None:
    known = history(*(day(back) for back in range(1, watched + 1)), watched=watched)
    assert judged(known, address=OTHER) == Usual(Judgement.UNKNOWN, (line,))


def test_nothing_learnt_at_all() -> None:
    assert judged(History(ALICE.key, TODAY, None, ())).judgement is Judgement.UNKNOWN


def test_a_new_actor() -> None:
    assert judged(history(watched=34)) == Usual(
        Judgement.UNUSUAL, ("New actor: alice was not seen in the 34 days before",)
    )


def test_an_actor_that_is_seldom_seen() -> None:
    known = history(day(20), watched=34)
    assert judged(known) == Usual(Judgement.UNUSUAL, ("alice was seen on 1 of 34 days before, last on 2026-11-01",))
    young = judged(history(day(2), day(1), watched=5))
    assert young.judgement is Judgement.UNKNOWN
    assert young.lines == ("alice was seen on 2 of 5 days before, last on 2026-11-20, too few to say",)


def test_of_too_many_values_nothing_is_claimed_that_is_not_known() -> None:
    many = Some.of(f"192.0.2.{number}" for number in range(MAX_VALUES + 1))
    calls = Some.of(f"Call{number}" for number in range(MAX_VALUES + 1))
    known = history(*(day(back, addresses=many, calls=calls, programs=calls) for back in range(1, 11)))
    found = judged(known, address=OTHER, event_name="DeleteTrail", user_agent="curl/8")
    assert found.judgement is Judgement.UNKNOWN
    assert found.lines == (
        "alice calls from too many addresses to say which is usual",
        "alice calls too much to say what is usual",
    )


def test_few_days_tell_nothing_of_hours() -> None:
    assert judged(history(*(day(back) for back in range(1, 4))), time=TODAY).judgement is Judgement.USUAL


def test_an_hour_beside_a_usual_one_is_usual() -> None:
    assert judged(time=TODAY + 18 * 3_600).judgement is Judgement.USUAL
    assert judged(time=TODAY + 19 * 3_600).judgement is Judgement.UNUSUAL


def test_several_actors_are_judged_each_by_its_own_records() -> None:
    seen = [sighting(0, 0, actor=ALICE), sighting(1, 1, actor=actor("bob"), address=OTHER)]
    bob = History(actor("bob").key, TODAY, MONTH.since, ())
    found = usual(Evidence.of(seen), {ALICE.key: MONTH, bob.actor: bob})
    assert found is not None
    assert found.judgement is Judgement.UNUSUAL
    assert found.lines[:2] == (
        "New actor: bob was not seen in the 30 days before",
        "alice: From 198.51.100.7, as on 30 of 30 days",
    )


def test_all_that_the_evidence_shows_of_one_actor_counts() -> None:
    """Its middle has no sightings, but its addresses and calls are there."""
    seen = [
        sighting(number, number, actor=ALICE, event_name="Rare" if number == 10 else "GetSecretValue")
        for number in range(20)
    ]
    assert judged_of(seen).lines[0] == "Never called Rare before"


def judged_of(seen: list[object]) -> Usual:
    found = usual(Evidence.of(seen), {ALICE.key: MONTH})  # type: ignore[arg-type]
    assert found is not None
    return found


def test_long_lists_are_cut() -> None:
    seen = [sighting(number, number, actor=ALICE, event_name=f"Call{number}") for number in range(9)]
    assert judged_of(seen).lines[0] == "Never called Call0, Call1 and 7 more before"


def test_without_sightings_there_is_nothing_to_judge() -> None:
    assert usual(Evidence(), {}) is None
    assert usual(Evidence.of([sighting(actor=ALICE)]), {}) is None
    assert actors_of(Evidence()) == ()


def test_spans_of_hours() -> None:
    def counts(*hours: int) -> list[int]:
        return [int(hour in hours) for hour in range(24)]

    assert active(counts(9)) == "09"
    assert active(counts(22, 23, 0, 5)) == "22-05"
    assert active(counts(0, 12)) == "00-12"
    assert active(counts(*range(24))) == "00-23"


@given(st.sets(st.integers(0, 23), min_size=1))
@settings(max_examples=80, deadline=None)
def test_a_span_holds_every_hour_and_no_shorter_one_does(hours: set[int]) -> None:
    first, _, last = active([int(hour in hours) for hour in range(24)]).partition("-")
    length = (int(last or first) - int(first)) % 24 + 1
    shortest = min(
        size for size in range(1, 25) for at in range(24) if hours <= {(at + step) % 24 for step in range(size)}
    )
    assert length == shortest
    assert hours <= {(int(first) + step) % 24 for step in range(length)}


def test_networks() -> None:
    assert network_of("198.51.100.7") == "198.51.100.0/24"
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert network_of("AWS Internal") == "AWS Internal"
