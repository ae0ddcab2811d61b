"""The secrets of a process: every provider that is there, each read when a reference first needs it."""

from __future__ import annotations

import os

from vedette.app.accounts import Accounts
from vedette.secrets import (
    AwsResolver,
    EnvironmentResolver,
    FileResolver,
    KeyringResolver,
    Provider,
    Secrets,
)  # fmt: skip


def open_secrets(accounts: Accounts) -> Secrets:
    """A vault over all providers. Secrets Manager is asked with the usual credentials."""
    return Secrets(
        {
            Provider.AWS: AwsResolver(lambda region: accounts.session().client("secretsmanager", region)),
            Provider.ENVIRONMENT: EnvironmentResolver(os.environ),
            Provider.FILE: FileResolver(),
            Provider.KEYRING: KeyringResolver(),
        }
    )
