"""The steps of the attacks, and the built-in detections that each must set off: the one table of expectations.

A step's detections are those that its records are the reason for; a threshold may need several records of the step.
The detections' ids are those of the library; a test compares this table with it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping


class Step(enum.Enum):
    """What an attacker does, one step of a story."""

    UNKNOWN_USER = "sign-in-as-unknown-user"
    WRONG_PASSWORD = "sign-in-with-wrong-password"  # noqa: S105  # a step's name
    SIGN_IN = "sign-in-without-mfa"
    LOOK_AROUND = "look-around"
    ASK_WHO = "ask-who-i-am"
    REFUSED = "refused-discovery"
    LIST_SECRETS = "list-secrets"
    SECRET_REFUSED = "secret-refused"  # noqa: S105
    READ_SECRET = "read-secret"  # noqa: S105
    READ_SECRETS = "read-secrets-in-batch"
    SECRET_DECRYPTED = "decrypted-for-the-reader"  # noqa: S105
    KEY_DELETED = "own-key-deleted"
    ROOT_WRONG_PASSWORD = "root-wrong-password"  # noqa: S105
    ROOT_SIGN_IN = "root-sign-in"
    ROOT_CALL = "root-call"
    ROOT_KEY = "root-key-created"
    GROUP_CREATED = "security-group-created"
    GROUP_OPENED = "security-group-opened"
    GROUP_OPENED_FLAT = "security-group-opened-flat"
    GROUP_OPENED_IPV6 = "security-group-opened-ipv6"
    GROUP_RULE_MODIFIED = "security-group-rule-modified"
    GROUP_DELETED = "security-group-deleted"
    TRAIL_STOPPED = "trail-stopped"
    TRAIL_BLINDED = "trail-blinded"
    TRAIL_DELETED = "trail-deleted"
    GUARDDUTY_DISABLED = "guardduty-disabled"
    GUARDDUTY_DELETED = "guardduty-deleted"
    CONFIG_STOPPED = "config-stopped"
    USER_CREATED = "user-created"
    ADMIN_GRANTED = "admin-granted"
    KEY_FOR_OTHER = "key-for-another-user"
    PASSWORD_GIVEN = "console-password-given"  # noqa: S105
    SNAPSHOT_TAKEN = "snapshot-taken"
    SNAPSHOT_SHARED = "snapshot-shared"
    BUCKET_OPENED = "bucket-opened-to-world"
    DATA_COPIED = "data-copied"


_OPENED = ("security-group-opened-to-world", "security-group-opened-admin-ports", "security-group-changed")

EXPECTED: Mapping[Step, tuple[str, ...]] = {
    Step.UNKNOWN_USER: ("console-login-failures-by-source", "console-login-unknown-user"),
    Step.WRONG_PASSWORD: ("console-login-failures-by-source", "console-login-failures-by-user"),
    Step.SIGN_IN: ("console-login-without-mfa", "console-login-failures-then-success"),
    Step.REFUSED: ("access-denied-burst",),
    Step.SECRET_REFUSED: ("secret-read-denied",),
    Step.READ_SECRET: ("secret-read", "secret-read-burst"),
    Step.READ_SECRETS: ("secret-read-batch",),
    Step.ROOT_WRONG_PASSWORD: ("root-login-failed",),
    Step.ROOT_SIGN_IN: ("root-login", "root-login-without-mfa"),
    Step.ROOT_CALL: ("root-use",),
    Step.ROOT_KEY: ("root-access-key-created", "root-use"),
    Step.GROUP_CREATED: ("security-group-created",),
    Step.GROUP_OPENED: _OPENED,
    Step.GROUP_OPENED_FLAT: _OPENED,
    Step.GROUP_OPENED_IPV6: _OPENED,
    Step.GROUP_RULE_MODIFIED: ("security-group-rule-modified-to-world", "security-group-changed"),
    Step.GROUP_DELETED: ("security-group-deleted",),
    Step.TRAIL_STOPPED: ("trail-stopped",),
    Step.TRAIL_BLINDED: ("trail-selectors-narrowed",),
    Step.TRAIL_DELETED: ("trail-deleted",),
    Step.GUARDDUTY_DISABLED: ("guardduty-disabled",),
    Step.GUARDDUTY_DELETED: ("guardduty-disabled",),
    Step.CONFIG_STOPPED: ("config-recording-stopped",),
    Step.USER_CREATED: ("iam-user-created",),
    Step.ADMIN_GRANTED: ("admin-policy-attached",),
    Step.KEY_FOR_OTHER: ("access-key-created",),
    Step.PASSWORD_GIVEN: ("login-profile-created",),
    Step.SNAPSHOT_SHARED: ("snapshot-shared",),
    Step.BUCKET_OPENED: ("bucket-policy-public",),
}
"""Steps without an entry set nothing off by themselves."""


def expected(step: Step) -> tuple[str, ...]:
    """The ids of the detections that a record of `step` must set off, or help to."""
    return EXPECTED.get(step, ())
