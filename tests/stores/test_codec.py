"""What is kept comes back: exactly, and only if it was written by a program of this version."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.values import evidences, groups, sightings, statistic_sets, texts
from vedette.errors import VedetteError
from vedette.metrics.extended import statistic
from vedette.metrics.statistics import StatisticSet, merge
from vedette.stores import codec
from vedette.stores.texts import digest, restored, storable

few = settings(max_examples=60, deadline=None)


@few
@given(evidences)
def test_evidence_comes_back_as_it_was(evidence):
    """Rule: 'exactly, whatever the records held'."""
    text = codec.encode_evidence(evidence)
    assert codec.decode_evidence(text) == evidence
    text.encode()  # UTF-8 holds it
    assert "\x00" not in text


@few
@given(sightings)
def test_a_sighting_comes_back_as_it_was(sighting):
    back = codec.decode_sighting(codec.encode_sighting(sighting))
    assert back == sighting
    assert type(back) is type(sighting)


@few
@given(statistic_sets(), statistic_sets())
def test_a_statistic_set_comes_back_as_it_was_and_goes_on_counting(kept, other):
    """Rule: a set that was kept merges as if it had never left memory."""
    back = codec.decode_statistics(codec.encode_statistics(kept))
    assert back == kept
    assert merge(back, other) == merge(kept, other)
    assert back.exact_sum == kept.exact_sum


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=200))
@settings(max_examples=20, deadline=None)
def test_percentiles_survive(values):
    kept = StatisticSet.of(values)
    back = codec.decode_statistics(codec.encode_statistics(kept))
    assert [statistic(name, back) for name in ("p50", "p99.9", "TM(1%:99%)")] == [
        statistic(name, kept) for name in ("p50", "p99.9", "TM(1%:99%)")
    ]


@few
@given(groups)
def test_a_group_comes_back_as_it_was(group):
    assert codec.decode_group(codec.encode_group(group)) == group


@given(texts)
def test_a_text_is_made_storable_and_restored(text):
    """Rule: 'NUL and half surrogate pairs as escapes, the backslash doubled; reversible'."""
    stored = storable(text)
    stored.encode()
    assert "\x00" not in stored
    assert restored(stored) == text


def test_a_plain_text_is_stored_as_it_is():
    assert storable("AWSLogs/111122223333/CloudTrail/x.json.gz") == "AWSLogs/111122223333/CloudTrail/x.json.gz"


@given(st.lists(texts, max_size=3), st.lists(texts, max_size=3))
def test_digests_are_equal_only_for_the_same_texts(one, other):
    assert (digest(*one) == digest(*other)) is (one == other)
    assert digest("ab", "c") != digest("a", "bc")


def test_the_same_sighting_is_written_once():
    from vedette.alerts.evidence import Evidence, Sighting
    from vedette.cloudtrail.identity import Actor, ActorKind

    actor = Actor(ActorKind.IAM_USER, "alice", "alice@111122223333", "111122223333")
    seen = Sighting(1, "only-once", "o", 0, 0, actor, "192.0.2.1", "us-east-1", "1", "iam", "X", "cli", "", ())
    assert codec.encode_evidence(Evidence.of([seen])).count("only-once") == 1


FOREIGN = ["", "[]", "{}", "null", "[2,0]", '[1,"x"]', "[1" + "[" * 20_000]
INCONSISTENT = ['[1,3,0.0,1.0,"1/0",[1],[1]]', '[1,3,0.0,1.0,"7",[1],[]]']


@pytest.mark.parametrize("text", FOREIGN + INCONSISTENT)
def test_a_text_that_no_statistic_set_wrote_is_refused_with_a_hint(text):
    with pytest.raises(VedetteError) as caught:
        codec.decode_statistics(text)
    assert "cannot be read" in caught.value.message
    assert "restore" in str(caught.value.hint)


def test_evidence_whose_sightings_are_missing_is_refused():
    wire = json.loads(codec.encode_evidence(codec.Evidence()))
    wire[6] = [4]
    with pytest.raises(VedetteError, match="belong together"):
        codec.decode_evidence(json.dumps(wire))
