"""Who acted, for every userIdentity that CloudTrail documents, for those it was seen to write, and for nonsense."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtrail.samples import corpus
from vedette.cloudtrail.identity import HIDDEN_USER_NAME, ActorKind, actor_of, identity_fields
from vedette.cloudtrail.session_name import is_email, is_passing, permission_set

ACCOUNT = "111122223333"
SSO_ROLE = "AWSReservedSSO_AdministratorAccess_0123456789abcdef"


def actor(**identity: object):
    return actor_of({"userIdentity": identity, "recipientAccountId": ACCOUNT})


def role_session(role: str, session: str, account: str = ACCOUNT, **context: object):
    return actor(
        type="AssumedRole",
        principalId=f"AROAEXAMPLE:{session}",
        arn=f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        accountId=account,
        accessKeyId="ASIAIOSFODNN7EXAMPLE",
        sessionContext={"sessionIssuer": {"type": "Role", "userName": role, "accountId": account}, **context},
    )


ROOT_ARN = f"arn:aws:iam::{ACCOUNT}:root"
CASES = [
    ({"type": "Root", "arn": ROOT_ARN, "accountId": ACCOUNT}, ActorKind.ROOT, f"root ({ACCOUNT})", f"root:{ACCOUNT}"),
    (
        {"type": "Root", "userName": "acme", "accountId": ACCOUNT},
        ActorKind.ROOT,
        f"root (acme, {ACCOUNT})",
        f"root:{ACCOUNT}",
    ),
    ({"type": "Root", "userName": "root"}, ActorKind.ROOT, f"root ({ACCOUNT})", f"root:{ACCOUNT}"),
    ({"type": "IAMUser", "userName": "alice"}, ActorKind.IAM_USER, "alice", f"user:{ACCOUNT}:alice"),
    (
        {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/team/alice"},
        ActorKind.IAM_USER,
        "alice",
        f"user:{ACCOUNT}:alice",
    ),
    ({"type": "IAMUser", "principalId": "AIDAX"}, ActorKind.IAM_USER, "AIDAX", f"user:{ACCOUNT}:AIDAX"),
    ({"type": "IAMUser"}, ActorKind.IAM_USER, "unnamed IAM user", f"user:{ACCOUNT}:-"),
    (
        {"type": "IAMUser", "accountId": ACCOUNT, "accessKeyId": "", "userName": HIDDEN_USER_NAME},
        ActorKind.IAM_USER,
        f"unknown user name ({ACCOUNT})",
        f"user:{ACCOUNT}:{HIDDEN_USER_NAME}",
    ),
    (
        {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/deploy"},
        ActorKind.ROLE,
        "deploy",
        f"role:{ACCOUNT}:deploy",
    ),
    ({"type": "AssumedRole"}, ActorKind.ROLE, "unnamed role", f"role:{ACCOUNT}:-"),
    ({"type": "AssumedRole", "principalId": "AROAX:me"}, ActorKind.ROLE, "unnamed role / me", f"role:{ACCOUNT}:-:me"),
    (
        {"type": "AWSService", "invokedBy": "rds.amazonaws.com"},
        ActorKind.SERVICE,
        "rds.amazonaws.com",
        "service:rds.amazonaws.com",
    ),
    ({"type": "AWSService"}, ActorKind.SERVICE, "AWS service", "service:AWS service"),
    (
        {"accountId": ACCOUNT, "invokedBy": "secretsmanager.amazonaws.com"},
        ActorKind.SERVICE,
        "secretsmanager.amazonaws.com",
        "service:secretsmanager.amazonaws.com",
    ),
    (
        {"type": "AWSAccount", "accountId": "444455556666", "principalId": "AROAX:build"},
        ActorKind.OTHER_ACCOUNT,
        "account 444455556666 / build",
        "account:444455556666:AROAX",
    ),
    (
        {"type": "AWSAccount", "accountId": "444455556666", "principalId": "AIDAX"},
        ActorKind.OTHER_ACCOUNT,
        "account 444455556666",
        "account:444455556666:AIDAX",
    ),
    (
        {
            "type": "FederatedUser",
            "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/bob",
            "sessionContext": {"sessionIssuer": {"type": "IAMUser", "userName": "broker"}},
        },
        ActorKind.FEDERATED_USER,
        "bob (through broker)",
        f"federated:{ACCOUNT}:broker:bob",
    ),
    (
        {"type": "FederatedUser", "principalId": f"{ACCOUNT}:bob"},
        ActorKind.FEDERATED_USER,
        "bob",
        f"federated:{ACCOUNT}:-:bob",
    ),
    ({"type": "FederatedUser"}, ActorKind.FEDERATED_USER, "unnamed federated user", f"federated:{ACCOUNT}"),
    ({"type": "Directory", "userName": "carol"}, ActorKind.DIRECTORY_USER, "carol", f"directory:{ACCOUNT}:-:carol"),
    (
        {"type": "SAMLUser", "userName": "Bob@example.com", "identityProvider": "idp="},
        ActorKind.SAML_USER,
        "Bob@example.com",
        "human:bob@example.com",
    ),
    (
        {"type": "SAMLUser", "principalId": "idp=:bob", "identityProvider": "idp="},
        ActorKind.SAML_USER,
        "bob",
        f"saml:{ACCOUNT}:idp=:bob",
    ),
    (
        {
            "type": "WebIdentityUser",
            "userName": "system:serviceaccount:prod:web",
            "identityProvider": "oidc.example.com",
        },
        ActorKind.WEB_IDENTITY,
        "system:serviceaccount:prod:web",
        f"web:{ACCOUNT}:oidc.example.com:system:serviceaccount:prod:web",
    ),
    (
        {"type": "IdentityCenterUser", "onBehalfOf": {"userId": "94-ab", "identityStoreArn": "arn:x"}},
        ActorKind.SSO_USER,
        "94-ab",
        "identity-center:94-ab",
    ),
    (
        {"type": "IdentityCenterUser", "userName": "dora", "onBehalfOf": {"userId": "94-ab"}},
        ActorKind.SSO_USER,
        "dora",
        "identity-center:94-ab",
    ),
    ({"type": "IdentityCenterUser", "userName": "dora"}, ActorKind.SSO_USER, "dora", "human:dora"),
    (
        {"type": "Unknown", "principalId": "94-ab", "userName": "dora"},
        ActorKind.UNKNOWN,
        "dora",
        f"unknown:{ACCOUNT}:dora",
    ),
    ({"type": "Unknown", "onBehalfOf": {"userId": "94-ab"}}, ActorKind.SSO_USER, "94-ab", "identity-center:94-ab"),
    (
        {"type": "Unknown", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{SSO_ROLE}/erin"},
        ActorKind.SSO_USER,
        "erin (AdministratorAccess)",
        "human:erin",
    ),
    ({"arn": f"arn:aws:iam::{ACCOUNT}:user/frank"}, ActorKind.IAM_USER, "frank", f"user:{ACCOUNT}:frank"),
    ({"arn": "arn:aws-cn:iam::444455556666:root"}, ActorKind.ROOT, "root (444455556666)", "root:444455556666"),
    ({}, ActorKind.UNKNOWN, f"unknown ({ACCOUNT})", f"unknown:{ACCOUNT}"),
    ({"type": "IAMUser", "userName": "a", "accountId": 12345678901}, ActorKind.IAM_USER, "a", "user:012345678901:a"),
]


@pytest.mark.parametrize(("identity", "kind", "name", "key"), CASES)
def test_each_type_of_identity(identity, kind, name, key):
    found = actor(**identity)
    assert (found.kind, found.name, found.key) == (kind, name, key)


def test_a_record_without_an_identity():
    assert actor_of({}).name == "unknown"
    assert actor_of({"userIdentity": None, "recipientAccountId": ACCOUNT}).key == f"unknown:{ACCOUNT}"
    entered = {"userIdentity": {"type": "Unknown"}, "additionalEventData": {"UserName": "dora"}}
    assert actor_of(entered).name == "dora"


def test_what_an_assumed_role_tells():
    found = role_session("deploy-role", "alice@example.com", sourceIdentity="alice")
    assert found.name == "deploy-role / alice@example.com"
    assert (found.role, found.session, found.source_identity) == ("deploy-role", "alice@example.com", "alice")
    assert (found.account, found.access_key_id) == (ACCOUNT, "ASIAIOSFODNN7EXAMPLE")
    assert found.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy-role/alice@example.com"
    assert found.sso_user is None


def test_an_sso_user_is_named_by_the_session():
    found = role_session(SSO_ROLE, "grace@example.com")
    assert (found.kind, found.sso_user) == (ActorKind.SSO_USER, "grace@example.com")
    assert found.name == "grace@example.com (AdministratorAccess)"


def test_the_service_that_called_for_somebody_is_kept():
    found = actor(type="IAMUser", userName="alice", invokedBy="secretsmanager.amazonaws.com")
    assert (found.name, found.invoked_by) == ("alice", "secretsmanager.amazonaws.com")


def test_root_by_assume_root():
    found = actor(type="Root", accountId=ACCOUNT, sessionContext={"assumedRoot": "true"})
    assert found.assumed_root
    assert not actor(type="Root", accountId=ACCOUNT).assumed_root


def test_the_same_human_has_one_key():
    """An SSO user, a sourceIdentity, and a session named by an e-mail address are that human, in any role."""
    keys = {
        role_session(SSO_ROLE, "Heidi@example.com").key,
        role_session("AWSReservedSSO_ReadOnly_fedcba9876543210", "heidi@example.com", "444455556666").key,
        role_session("deploy-role", "heidi@example.com").key,
        role_session("other-role", "HEIDI@example.com", "444455556666").key,
        role_session("chained", "botocore-session-1700000000", sourceIdentity="heidi@example.com").key,
    }
    assert keys == {"human:heidi@example.com"}


@pytest.mark.parametrize(
    "session",
    [
        "i-0abcdef1234567890",
        "mi-0abcdef1234567890",
        "botocore-session-1700000000",
        "aws-go-sdk-1722375070115152000",
        "1700000000123456789",
        "AWSCodeBuild-5f2b7c1e-8d3a-4b6f-9e0c-1a2b3c4d5e6f",
        "eks-prod-web-0A1B2C3D-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
        "0123456789abcdef0123456789abcdef",
        "MandoService2842426183934887787",
        "AbC9dEf2gH1iJkLm",
    ],
)
def test_sessions_made_for_once_are_their_role(session):
    """Instance ids, time stamps and random words fold into the role."""
    assert is_passing(session)
    assert role_session("web-role", session).key == f"role:{ACCOUNT}:web-role"
    assert role_session("web-role", session).session == session


@pytest.mark.parametrize(
    "session", ["nightly-backup", "AWSCloudFormation", "GitHubActions", "alice", "my-function-v2", "s3-sync-2024"]
)
def test_sessions_with_a_lasting_name_are_kept_apart(session):
    assert not is_passing(session)
    assert role_session("web-role", session).key == f"role:{ACCOUNT}:web-role:{session}"
    assert role_session("web-role", session).name == f"web-role / {session}"


def test_what_is_shown_of_a_passing_session():
    assert role_session("web-role", "i-0abcdef1234567890").name == "web-role / i-0abcdef1234567890"
    assert role_session("web-role", "botocore-session-1700000000").name == "web-role"
    assert role_session("web-role", "ivan123456@example.com").name == "web-role / ivan123456@example.com"


@pytest.mark.parametrize(
    ("role", "wanted"),
    [
        (SSO_ROLE, "AdministratorAccess"),
        ("AWSReservedSSO_My_Set_0123456789abcdef", "My_Set"),
        ("AWSReservedSSO_Admin", "Admin"),
        ("AWSReservedSSO_", None),
        ("Admin", None),
    ],
)
def test_permission_sets(role, wanted):
    assert permission_set(role) == wanted


def test_email_addresses():
    assert is_email("a.b+c@mail.example.com")
    assert not any(map(is_email, ["alice", "@example.com", "a@b", "a@b@example.com", "a b@example.com", "a@.com"]))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**4000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(sorted({step for path in identity_fields for step in path}))
types = st.sampled_from(
    [
        *("Root", "IAMUser", "AssumedRole", "Role", "FederatedUser", "Directory", "AWSAccount", "AWSService"),
        *("IdentityCenterUser", "SAMLUser", "WebIdentityUser", "Unknown", "New"),
    ]
)
texts = st.sampled_from(
    [
        "alice",
        "",
        "a@example.com",
        "AROAX:me",
        ":",
        "/",
        ROOT_ARN,
        "arn:aws:sts::1:assumed-role/",
        "\ud800",
        "x" * 5_000,
    ]
)
contexts = st.dictionaries(names, anything | texts | st.dictionaries(names, anything | texts, max_size=3), max_size=5)
identities = st.builds(lambda kind, rest: {**rest, "type": kind}, types | anything, contexts)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(names, anything | identities, max_size=4)
    | identities.map(lambda identity: {"userIdentity": identity})
)
def test_no_shape_raises(shape):
    """Never an exception, whatever the shape; and name and key are always there, printable as UTF-8, and bounded."""
    found = actor_of(shape)
    assert found.name
    assert found.key
    assert found == actor_of(shape)
    for text in (found.name, found.key, found.role, found.session, found.account, found.arn):
        assert text is None or len(text.encode()) < 8_000


@settings(max_examples=150, deadline=None)
@given(identities)
def test_identity_fields_are_all_that_is_read(identity):
    """A record that is cut down to `identity_fields` has the same actor."""
    record = {
        "userIdentity": identity,
        "additionalEventData": {"UserName": "x"},
        "eventName": "a",
        "recipientAccountId": "1",
    }
    kept: dict[str, object] = {}
    for path in identity_fields:
        value: object = record
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if value is None or isinstance(value, dict):
            continue
        place = kept
        for step in path[:-1]:
            place = place.setdefault(step, {})  # type: ignore[assignment]
        place[path[-1]] = value
    assert actor_of(kept) == actor_of(record)


def test_every_real_record_has_an_actor():
    kinds = set()
    for line in corpus():
        found = actor_of(json.loads(line))
        assert found.name
        kinds.add(found.kind)
    assert kinds >= set(ActorKind) - {ActorKind.DIRECTORY_USER}
