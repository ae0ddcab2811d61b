"""Who a sighting shows, against `actor_of` asked of each record alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.samples import TODAY, detection, log_file, record
from vedette.cloudtrail.identity import actor_of
from vedette.engine import Engine

LOGIN = '{ $.eventName = "ConsoleLogin" }'

odd = st.sampled_from([None, "", "alice", "bob", True, False, 1, 1.0, 10**30, ["alice"], {"arn": "x"}])
issuers = st.fixed_dictionaries({}, optional={"userName": odd, "arn": odd, "principalId": odd})
sessions = st.fixed_dictionaries(
    {"attributes": st.builds(lambda second: {"creationDate": f"2026-11-21T12:00:{second:02}Z"}, st.integers(0, 59))},
    optional={"sourceIdentity": odd, "assumedRoot": odd | st.just("true"), "sessionIssuer": issuers | odd},
)
identities = st.fixed_dictionaries(
    {"type": st.sampled_from(["Root", "IAMUser", "AssumedRole", "Role", "AWSAccount", "AWSService", "New"]) | odd},
    optional={
        "userName": odd,
        "principalId": st.sampled_from(["AROAEXAMPLE:alice", "AROAEXAMPLE:bob"]) | odd,
        "arn": st.sampled_from(["arn:aws:sts::111122223333:assumed-role/deploy/alice"]) | odd,
        "accountId": st.sampled_from(["111122223333", 1, True]) | odd,
        "accessKeyId": st.sampled_from(["ASIAEXAMPLE1", "ASIAEXAMPLE2"]) | odd,
        "invokedBy": odd,
        "identityProvider": odd,
        "onBehalfOf": st.sampled_from([{"userId": "carol"}, {"userId": "dan"}]) | odd,
        "sessionContext": sessions | odd,
    },
)
ENGINE = Engine([detection(LOGIN)], TODAY)
"""One for all examples: what it remembers of earlier records must not change what it says of later ones."""


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(identities, st.sampled_from(["111122223333", 1, True, None])), min_size=1, max_size=6))
@example([({"type": "IAMUser", "accountId": 1}, None), ({"type": "IAMUser", "accountId": True}, None)])
@example([({"type": "Role", "sessionContext": {"sourceIdentity": name}}, None) for name in ("alice", "bob", None)])
def test_the_actor_is_that_of_the_record(made) -> None:
    """The same human or workload has the same key; what an engine remembers makes no other actor."""
    records = [record(n, userIdentity=who, recipientAccountId=account) for n, (who, account) in enumerate(made)]
    found = ENGINE.process(log_file(*records)).matches
    assert [match.sighting.actor for match in found] == [actor_of(json.loads(json.dumps(each))) for each in records]


def test_a_new_session_of_the_same_identity_is_the_same_actor() -> None:
    """When a session began is no part of who acted: actors are remembered across sessions."""
    who = {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/deploy/nightly"}
    began = [{**who, "sessionContext": {"attributes": {"creationDate": f"2026-11-21T12:00:0{n}Z"}}} for n in range(3)]
    found = ENGINE.process(log_file(*(record(n, userIdentity=each) for n, each in enumerate(began)))).matches
    assert len({id(match.sighting.actor) for match in found}) == 1


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"errorCode": "AccessDenied", "errorMessage": "User: bob is not authorized"}, "AccessDenied"),
        ({"errorMessage": "Failed authentication"}, "Failed authentication"),
        ({"errorMessage": "No username found in supplied account"}, "No username found in supplied account"),
        ({"errorMessage": ["no", "text"]}, ""),
        ({}, ""),
    ],
)
def test_a_failed_sign_in_has_a_message_and_no_code(fields, error) -> None:
    """'No `errorCode` on sign-in failures – only errorMessage' (Console sign-in events)."""
    (match,) = ENGINE.process(log_file(record(**fields))).matches
    assert match.sighting.error == error
