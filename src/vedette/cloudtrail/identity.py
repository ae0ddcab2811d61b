"""Who acted: from a record's userIdentity to the human or workload behind it.

The same human or workload has the same `key`, whatever the session:

- an SSO user, a sourceIdentity, and a role session named by an e-mail address are that human, in any role and account;
- any other name of a role session is kept apart within its role (`deploy-role / nightly-backup`), unless it was made
  for one session (an instance id, a time stamp, a random word): then the role is the actor;
- an IAM user, root, and a federated user belong to their account; a caller of another account is that account's.

A session's name is the caller's choice (of SSO sessions it is not), so that a key groups evidence and proves nothing.
Sources: "CloudTrail userIdentity element"; "AWS Management Console sign-in events".
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from vedette.cloudtrail.session_name import is_email, is_instance, is_passing, permission_set


class ActorKind(enum.Enum):
    """What kind of identity acted, in the words that are shown."""

    ROOT = "root"
    IAM_USER = "IAM user"
    ROLE = "role"
    SSO_USER = "SSO user"
    FEDERATED_USER = "federated user"
    SAML_USER = "SAML user"
    WEB_IDENTITY = "web identity"
    DIRECTORY_USER = "directory user"
    OTHER_ACCOUNT = "other account"
    SERVICE = "AWS service"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted. `name` is what an administrator recognises; `key` is stable, see the module; the rest as recorded.

    `account` is the actor's own, which for a caller of another account is not the record's. `assumed_root` tells that
    root acted through a session of AssumeRoot.
    """

    kind: ActorKind
    name: str
    key: str
    account: str | None = None
    role: str | None = None
    session: str | None = None
    source_identity: str | None = None
    sso_user: str | None = None
    invoked_by: str | None = None
    arn: str | None = None
    access_key_id: str | None = None
    assumed_root: bool = False


identity_fields: tuple[tuple[str, ...], ...] = (
    ("userIdentity", "type"),
    ("userIdentity", "userName"),
    ("userIdentity", "principalId"),
    ("userIdentity", "arn"),
    ("userIdentity", "accountId"),
    ("userIdentity", "accessKeyId"),
    ("userIdentity", "invokedBy"),
    ("userIdentity", "identityProvider"),
    ("userIdentity", "onBehalfOf", "userId"),
    ("userIdentity", "sessionContext", "sourceIdentity"),
    ("userIdentity", "sessionContext", "assumedRoot"),
    ("userIdentity", "sessionContext", "sessionIssuer", "userName"),
    ("userIdentity", "sessionContext", "sessionIssuer", "arn"),
    ("additionalEventData", "UserName"),
    ("recipientAccountId",),
)
"""Every place of a record that `actor_of` reads."""

HIDDEN_USER_NAME = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""What AWS writes for the user name of a sign-in that names no user: it may be a password typed in the wrong field."""

_LONGEST = 512
_NAMED_KINDS = {
    "FederatedUser": (ActorKind.FEDERATED_USER, "federated"),
    "SAMLUser": (ActorKind.SAML_USER, "saml"),
    "WebIdentityUser": (ActorKind.WEB_IDENTITY, "web"),
    "Directory": (ActorKind.DIRECTORY_USER, "directory"),
}


def actor_of(record: Mapping[str, object]) -> Actor:
    """The actor of a decoded record. Never raises, whatever the shape: what cannot be told is left out.

    >>> actor_of({"userIdentity": {"type": "IAMUser", "userName": "alice", "accountId": "111122223333"}}).name
    'alice'
    """
    identity = _Identity(record)
    match identity.type:
        case "Root":
            return _root(identity)
        case "IAMUser":
            return _iam_user(identity)
        case "AssumedRole" | "Role":
            return _role(identity)
        case "FederatedUser" | "SAMLUser" | "WebIdentityUser" | "Directory":
            return _named(identity)
        case "AWSAccount":
            return _other_account(identity)
        case "AWSService":
            return _service(identity)
        case "IdentityCenterUser":
            return _identity_center_user(identity)
        case _:
            return _untyped(identity)


class _Identity:
    """The fields of `identity_fields` that are usable text, by short names."""

    def __init__(self, record: Mapping[str, object]) -> None:
        user = _object(record, "userIdentity")
        session = _object(user, "sessionContext")
        issuer = _object(session, "sessionIssuer")
        self.type = _text(user, "type")
        self.user_name = _text(user, "userName")
        self.principal = _text(user, "principalId")
        self.arn = _text(user, "arn")
        self.account = _account(user, "accountId") or _account_of(self.arn) or _account(record, "recipientAccountId")
        self.access_key_id = _text(user, "accessKeyId")
        self.invoked_by = _text(user, "invokedBy")
        self.provider = _text(user, "identityProvider")
        self.user_id = _text(_object(user, "onBehalfOf"), "userId")
        self.source_identity = _text(session, "sourceIdentity")
        self.assumed_root = session.get("assumedRoot") in ("true", True)
        self.issuer_name = _text(issuer, "userName") or _tail(_text(issuer, "arn"))
        self.entered_name = _text(_object(record, "additionalEventData"), "UserName")

    def actor(
        self,
        kind: ActorKind,
        name: str,
        key: str,
        *,
        role: str | None = None,
        session: str | None = None,
        sso_user: str | None = None,
    ) -> Actor:
        """An actor with what every kind has."""
        return Actor(
            kind,
            name,
            key,
            account=self.account,
            role=role,
            session=session,
            source_identity=self.source_identity,
            sso_user=sso_user,
            invoked_by=self.invoked_by,
            arn=self.arn,
            access_key_id=self.access_key_id,
            assumed_root=self.assumed_root,
        )

    def key(self, kind: str, *parts: str | None) -> str:
        """A key within the actor's account."""
        return ":".join((kind, self.account or "-", *(part or "-" for part in parts)))


def _root(identity: _Identity) -> Actor:
    """Root; its userName is the account's alias, where one is set, and is never a user's name."""
    alias = identity.user_name if identity.user_name not in (None, "root", "Root") else None
    where = ", ".join(filter(None, (alias, identity.account)))
    return identity.actor(ActorKind.ROOT, f"root ({where})" if where else "root", identity.key("root"))


def _iam_user(identity: _Identity) -> Actor:
    name = identity.user_name or _tail(identity.arn) or identity.principal or identity.access_key_id
    if name == HIDDEN_USER_NAME:
        shown = f"unknown user name ({identity.account})" if identity.account else "unknown user name"
        return identity.actor(ActorKind.IAM_USER, shown, identity.key("user", HIDDEN_USER_NAME))
    return identity.actor(ActorKind.IAM_USER, name or "unnamed IAM user", identity.key("user", name))


def _role(identity: _Identity) -> Actor:
    role, session = _role_and_session(identity)
    set_name = permission_set(role) if role else None
    if set_name is not None and session is not None:
        key = _human(session)
        name = f"{session} ({set_name})"
        return identity.actor(ActorKind.SSO_USER, name, key, role=role, session=session, sso_user=session)
    return identity.actor(
        ActorKind.ROLE, _role_name(role, session), _role_key(identity, role, session), role=role, session=session
    )


def _role_and_session(identity: _Identity) -> tuple[str | None, str | None]:
    """The role's and the session's name: of the ARN, else of the session's issuer and the principal id."""
    arn = identity.arn or ""
    _, assumed, path = arn.partition(":assumed-role/")
    if assumed:
        role, _, session = path.partition("/")
    else:
        role, session = (_tail(arn) if ":role/" in arn else None) or "", ""
    _, _, principal_session = (identity.principal or "").partition(":")
    return role or identity.issuer_name or identity.user_name, session or principal_session or None


def _role_name(role: str | None, session: str | None) -> str:
    if session is None or (is_passing(session) and not is_instance(session) and not is_email(session)):
        return role or "unnamed role"
    return f"{role or 'unnamed role'} / {session}"


def _role_key(identity: _Identity, role: str | None, session: str | None) -> str:
    if identity.source_identity is not None:
        return _human(identity.source_identity)
    if session is not None and is_email(session):
        return _human(session)
    if session is None or is_passing(session):
        return identity.key("role", role or identity.principal)
    return identity.key("role", role, session)


def _human(name: str) -> str:
    """The key of a human; names of humans differ by more than case."""
    return f"human:{name.casefold()}"


def _named(identity: _Identity) -> Actor:
    """Users whom somebody else vouches for, and who have a name of their own."""
    kind, word = _NAMED_KINDS[identity.type or ""]
    name = identity.user_name or _tail(identity.arn) or _after_colon(identity.principal) or identity.access_key_id
    if name is None:
        return identity.actor(kind, f"unnamed {kind.value}", identity.key(word))
    if kind is ActorKind.SAML_USER and is_email(name):
        return identity.actor(kind, name, _human(name))
    voucher = identity.issuer_name if kind is ActorKind.FEDERATED_USER else identity.provider
    shown = f"{name} (through {voucher})" if kind is ActorKind.FEDERATED_USER and voucher else name
    return identity.actor(kind, shown, identity.key(word, voucher, name))


def _other_account(identity: _Identity) -> Actor:
    """A caller of another account, of whom only the principal id is told: `AROA…:session` or `AIDA…`."""
    principal, _, session = (identity.principal or "").partition(":")
    shown = f"account {identity.account}" if identity.account else "another account"
    if session and (is_instance(session) or not is_passing(session)):
        shown = f"{shown} / {session}"
    key = identity.key("account", principal)
    return identity.actor(ActorKind.OTHER_ACCOUNT, shown, key, session=session or None)


def _service(identity: _Identity) -> Actor:
    name = identity.invoked_by or identity.user_name or "AWS service"
    return identity.actor(ActorKind.SERVICE, name, f"service:{name}")


def _identity_center_user(identity: _Identity) -> Actor:
    """A user of IAM Identity Center, whose id is always told and whose name only sometimes."""
    name = identity.user_name or identity.entered_name
    user_id = identity.user_id or _after_colon(identity.principal)
    shown = name or user_id or "unnamed SSO user"
    key = f"identity-center:{user_id}" if user_id else _human(shown)
    return identity.actor(ActorKind.SSO_USER, shown, key, sso_user=name)


def _untyped(identity: _Identity) -> Actor:
    """An identity of no, or of an unknown, type: service events, sign-ins, and whatever AWS adds next."""
    arn = identity.arn or ""
    if ":assumed-role/" in arn:
        return _role(identity)
    if ":user/" in arn:
        return _iam_user(identity)
    if arn.endswith(":root"):
        return _root(identity)
    if identity.user_id is not None:
        return _identity_center_user(identity)
    if identity.type is None and identity.invoked_by is not None:
        return _service(identity)
    name = identity.user_name or identity.entered_name or _after_colon(identity.principal) or identity.access_key_id
    if name is not None:
        return identity.actor(ActorKind.UNKNOWN, name, identity.key("unknown", name))
    shown = f"unknown ({identity.account})" if identity.account else "unknown"
    return identity.actor(ActorKind.UNKNOWN, shown, identity.key("unknown"))


def _object(parent: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = parent.get(key) if isinstance(parent, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _text(parent: Mapping[str, object], key: str) -> str | None:
    """The text there, if it is some: not empty, cut to a sane length, encodable."""
    value = parent.get(key)
    if not isinstance(value, str) or not value:
        return None
    text = value[:_LONGEST]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _account(parent: Mapping[str, object], key: str) -> str | None:
    """The account id there; one written as a number (by a tool, or in YAML) gets its leading zeros back."""
    value = parent.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12:
        return f"{value:012}"
    return _text(parent, key)


def _account_of(arn: str | None) -> str | None:
    parts = (arn or "").split(":", 5)
    return parts[4] or None if len(parts) == 6 and parts[0] == "arn" else None


def _tail(arn: str | None) -> str | None:
    """The last part of an ARN's resource, which is the name of a user or role."""
    return (arn or "").rpartition("/")[2].rpartition(":")[2] or None


def _after_colon(principal: str | None) -> str | None:
    """The name in a principal id `ID:name`; the whole of one without a colon."""
    head, colon, name = (principal or "").partition(":")
    return (name if colon else head) or None
