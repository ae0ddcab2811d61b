"""Who reads secrets: AWS Secrets Manager, the environment, files, the keyring of the desktop.

A resolver answers the whole text of a secret. Its errors name the reference, never what was read: an exception whose
attributes hold the text (of a decoder) is not chained either.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Protocol

from vedette.aws import AwsClient, AwsError, Failure
from vedette.errors import VedetteError, reason_of
from vedette.secrets.reference import SecretRef

MAX_BYTES = 65_536
"""As large as a secret of Secrets Manager may be."""


class SecretError(VedetteError):
    """A secret that could not be read. `transient` tells whether that may pass by itself."""

    def __init__(self, message: str, *, hint: str | None = None, transient: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.transient = transient


class Resolver(Protocol):
    """Reads secrets of one provider; may be called from several threads."""

    def fetch(self, ref: SecretRef) -> str:
        """The whole text, whatever the key; raises SecretError."""


class EnvironmentResolver:
    """Environment variables."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def fetch(self, ref: SecretRef) -> str:
        """The variable's value; one that is empty counts as not set."""
        value = self._environment.get(ref.name, "")
        if not value:
            raise SecretError(
                f"the environment variable `{ref.name}` is not set",
                hint=f"set it where vedette starts, or change {ref}",
            )
        return value


class FileResolver:
    """Files that only their owner may read. A newline at the end, as editors leave it, is not part of the secret."""

    def fetch(self, ref: SecretRef) -> str:
        """The file's text. The permissions are those of the file that was opened, whatever its name leads to later."""
        path = Path(ref.name).expanduser()
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            hint = "look at the path" if isinstance(error, FileNotFoundError) else None
            raise SecretError(f"cannot read {ref}: {reason_of(error)}", hint=hint) from None
        try:
            _require_private(path, os.fstat(descriptor))
            data = os.read(descriptor, MAX_BYTES + 1)
        finally:
            os.close(descriptor)
        if len(data) > MAX_BYTES:
            raise SecretError(f"{ref} is larger than a secret may be ({MAX_BYTES} bytes)")
        return _text(data, ref).removesuffix("\n").removesuffix("\r")


def _require_private(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise SecretError(f"`{path}` is not a file")
    if found.st_uid not in (os.geteuid(), 0):
        raise SecretError(
            f"`{path}` belongs to another user, who could change it", hint=f"sudo chown {os.geteuid()} {path}"
        )
    if found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise SecretError(f"others may read or change `{path}` (mode {mode:04o})", hint=f"chmod 600 {path}")


class KeyringResolver:
    """The keyring of the desktop or the system, through `keyring` (an extra)."""

    def fetch(self, ref: SecretRef) -> str:
        """The password of `SERVICE/USER`."""
        keyring = _require_keyring()
        service, _, user = ref.name.rpartition("/")
        try:
            value: str | None = keyring.get_password(service, user)
        except keyring.errors.KeyringError as error:
            raise SecretError(
                f"the keyring did not answer for {ref}: {type(error).__name__}",
                hint="is it unlocked? a service has no keyring: use secret://file/PATH there",
                transient=True,
            ) from None
        if not value:
            raise SecretError(f"the keyring has no {ref}", hint=f"keyring set {service} {user}")
        return value


def _require_keyring() -> ModuleType:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise SecretError("`keyring` is not installed", hint="pip install 'vedette[keyring]'") from None
    module: ModuleType = keyring
    return module


class AwsResolver:
    """AWS Secrets Manager. `client` answers the client of a region; None is that of the settings.

    One GetSecretValue a fetch: the value with stage AWSCURRENT unless a stage or version is asked for.
    """

    def __init__(self, client: Callable[[str | None], AwsClient]) -> None:
        self._client = client

    def fetch(self, ref: SecretRef) -> str:
        """The secret's text; one that was stored as bytes must be UTF-8."""
        parameters = {"SecretId": ref.name, "VersionStage": ref.stage, "VersionId": ref.version}
        try:
            answer = self._client(_region(ref.name)).call(
                "get_secret_value", **{name: value for name, value in parameters.items() if value is not None}
            )
        except AwsError as error:
            raise _secret_error(error, ref) from None
        text = answer.get("SecretString")
        if isinstance(text, str):
            return text
        data = answer.get("SecretBinary", b"")
        assert isinstance(data, bytes)
        return _text(data, ref)


def _region(name: str) -> str | None:
    return name.split(":")[3] if name.startswith("arn:") and name.count(":") >= 6 else None


def _secret_error(error: AwsError, ref: SecretRef) -> SecretError:
    hint = error.hint
    if error.failure is Failure.MISSING:
        hint = f"`aws secretsmanager describe-secret --secret-id {ref.name}` shows its versions; is the region right?"
    elif error.failure is Failure.DENIED and error.action.startswith("kms:"):
        hint = f"{error.hint}: the secret is encrypted with that key"
    return SecretError(f"cannot read {ref}: {error.message}", hint=hint, transient=error.transient)


def _text(data: bytes, ref: SecretRef) -> str:
    text = data.decode("utf-8", "replace")
    if "\N{REPLACEMENT CHARACTER}" in text:
        raise SecretError(f"{ref} is not text in UTF-8")
    return text
