"""Credentials by reference: `secret://aws/…`, `secret://env/…`, `secret://file/…`, `secret://keyring/…`.

A value leaves this room only through `Secrets.value` and `Secret.reveal`; nothing here shows, logs or stores one.
"""

from vedette.secrets.reference import Provider, SecretRef, SecretReferenceError, parse, require_reference
from vedette.secrets.resolvers import (
    AwsResolver,
    EnvironmentResolver,
    FileResolver,
    KeyringResolver,
    Resolver,
    SecretError,
)
from vedette.secrets.secret import Secret
from vedette.secrets.vault import Credential, Secrets

__all__ = [
    "AwsResolver",
    "Credential",
    "EnvironmentResolver",
    "FileResolver",
    "KeyringResolver",
    "Provider",
    "Resolver",
    "Secret",
    "SecretError",
    "SecretRef",
    "SecretReferenceError",
    "Secrets",
    "parse",
    "require_reference",
]
