"""Evidence: bounded, and the same for every partition of the sightings."""

from __future__ import annotations

from collections import Counter
from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.alerts.evidence import MAX_VALUES, Counts, Evidence, Sighting
from vedette.cloudtrail.identity import actor_of

ACTORS = [actor_of({"userIdentity": {"type": "IAMUser", "userName": name}}) for name in ("alice", "bob")]


def sighting(number: int, time: int = 0, **texts) -> Sighting:
    plain = {
        "actor": ACTORS[number % 2],
        "address": "198.51.100.7",
        "region": "us-east-1",
        "account": "111122223333",
        "event_source": "s3.amazonaws.com",
        "event_name": "GetObject",
        "user_agent": "",
        "error": "",
        "resources": (),
        **texts,
    }
    return Sighting(time, f"id-{number}", "object", 1, number, **plain)


sightings = st.lists(
    st.builds(
        lambda time, address, error: {
            "time": time,
            "address": address,
            "error": error,
            "resources": (address, address),
        },
        st.integers(0, 5),
        st.integers(0, 200).map("192.0.2.{}".format),
        st.sampled_from(["", "AccessDenied"]),
    ),
    max_size=120,
).map(lambda found: [sighting(number, **each) for number, each in enumerate(found)])


@settings(max_examples=60, deadline=None)
@given(sightings, st.randoms(use_true_random=False))
def test_any_partition_in_any_order_gives_the_same_evidence(found, random):
    """Putting it together is associative and commutative."""
    whole = Evidence.of(found)
    shuffled = random.sample(found, len(found))
    cuts = sorted(random.randrange(len(found) + 1) for _ in range(4))
    parts = [Evidence.of(shuffled[a:b]) for a, b in zip([0, *cuts], [*cuts, len(found)], strict=True)]
    assert reduce(Evidence.merge, parts, Evidence()) == whole
    assert reduce(lambda left, right: right.merge(left), parts, Evidence()) == whole


@given(sightings)
def test_evidence_says_what_the_sightings_say(found):
    evidence = Evidence.of(found)
    assert evidence.count == len(found)
    addresses = Counter(each.address for each in found)
    if len(addresses) <= MAX_VALUES:
        assert evidence.addresses == Counts(addresses)
        assert evidence.resources.values == addresses
        assert dict(evidence.addresses.most_common()) == addresses
    assert evidence.errors.values == Counter(each.error for each in found if each.error)
    in_order = sorted(found, key=lambda each: each.order)
    assert evidence.sightings == tuple(in_order if len(found) <= 5 else in_order[:3] + in_order[-2:])
    if found:
        assert (evidence.first, evidence.last) == (in_order[0].time, in_order[-1].time)


def test_values_beyond_the_bound_are_a_sample_with_exact_counts():
    """Up to MAX_VALUES distinct values all are there; beyond that `complete` is false, and counts stay exact."""
    found = [sighting(number, address=f"address-{number % 100}") for number in range(300)]
    counts = Evidence.of(found).addresses
    assert not counts.complete
    assert len(counts.values) == MAX_VALUES
    assert set(counts.values.values()) == {3}
    assert Evidence.of(found[:64]).addresses.complete


def test_most_common_first_and_equals_by_text():
    assert Counts({"b": 2, "a": 2, "c": 9}).most_common(2) == [("c", 9), ("a", 2)]


def test_records_of_which_nothing_is_told_are_counted():
    evidence = Evidence.untold_records(3, 10, 50).merge(Evidence.of([sighting(1, 20)]))
    assert (evidence.count, evidence.untold, evidence.first, evidence.last) == (4, 3, 10, 50)
    assert len(evidence.sightings) == 1
