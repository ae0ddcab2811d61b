"""Resolvers: the environment, files with their permissions, a keyring, and Secrets Manager by moto's server."""

from __future__ import annotations

import os
import stat
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.stub import Stubber

from aws_server import bare_environment, connect, emptied
from canaries import Canaries
from vedette.aws import AwsClient, AwsSession
from vedette.secrets import (
    AwsResolver,
    EnvironmentResolver,
    FileResolver,
    KeyringResolver,
    Provider,
    SecretError,
    SecretRef,
    Secrets,
    parse,
)


def file_ref(path: Path) -> SecretRef:
    return SecretRef(Provider.FILE, str(path))


def private(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


def test_the_environment() -> None:
    resolver = EnvironmentResolver({"TOKEN": "abc", "EMPTY": ""})
    assert resolver.fetch(parse("secret://env/TOKEN")) == "abc"
    for name in ("ABSENT", "EMPTY"):
        with pytest.raises(SecretError, match=f"`{name}` is not set"):
            resolver.fetch(parse(f"secret://env/{name}"))


@pytest.mark.parametrize(
    ("data", "value"), [(b"abc", "abc"), (b"abc\n", "abc"), (b"abc\r\n", "abc"), (b"a\n\n", "a\n")]
)
@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_its_owner(tmp_path: Path, data: bytes, value: str, mode: int) -> None:
    assert FileResolver().fetch(file_ref(private(tmp_path / "token", data, mode))) == value


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o660, 0o601, 0o777])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    canaries = Canaries()
    path = private(tmp_path / "token", canaries.plant("token").encode(), mode)
    with pytest.raises(SecretError) as caught:
        FileResolver().fetch(file_ref(path))
    assert caught.value.render() == (f"others may read or change `{path}` (mode {mode:04o})\nhint: chmod 600 {path}")
    canaries.check(caught.value)


def test_a_link_leads_to_a_private_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(private(tmp_path / "token", b"abc"))
    assert FileResolver().fetch(file_ref(tmp_path / "link")) == "abc"
    (tmp_path / "open").symlink_to(private(tmp_path / "public", b"abc", 0o644))
    with pytest.raises(SecretError, match="others may read"):
        FileResolver().fetch(file_ref(tmp_path / "open"))


def test_a_file_under_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    private(tmp_path / "token", b"abc")
    assert FileResolver().fetch(parse("secret://file/~/token")) == "abc"


def test_a_file_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = private(tmp_path / "token", b"abc")
    user = os.geteuid()
    if user == 0:
        try:
            os.chown(path, 65534, 65534)
        except OSError:
            pytest.skip("files cannot be given away here")
    else:
        monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    with pytest.raises(SecretError, match="belongs to another user"):
        FileResolver().fetch(file_ref(path))


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="no such file"):
        FileResolver().fetch(file_ref(tmp_path / "absent"))
    with pytest.raises(SecretError, match="is not a file"):
        FileResolver().fetch(file_ref(tmp_path))
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(SecretError, match="is not a file"):
        FileResolver().fetch(file_ref(tmp_path / "pipe"))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(SecretError, match="cannot read"):
        FileResolver().fetch(file_ref(tmp_path / "loop"))
    with pytest.raises(SecretError, match="larger than a secret"):
        FileResolver().fetch(file_ref(private(tmp_path / "large", b"x" * 65_537)))
    with pytest.raises(SecretError, match="not text in UTF-8"):
        FileResolver().fetch(file_ref(private(tmp_path / "binary", b"\xff\xfe")))
    assert stat.S_IMODE((tmp_path / "large").stat().st_mode) == 0o600


class FakeKeyring(types.ModuleType):
    """The part of `keyring` that is used, with one password in it."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.errors = types.ModuleType("keyring.errors")
        self.errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
        self.locked = False

    def get_password(self, service: str, user: str) -> str | None:
        if self.locked:
            raise self.errors.KeyringError("locked")
        return "abc" if (service, user) == ("vedette/prod", "smtp") else None


def test_a_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = FakeKeyring()
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", keyring.errors)
    assert KeyringResolver().fetch(parse("secret://keyring/vedette/prod/smtp")) == "abc"
    with pytest.raises(SecretError) as caught:
        KeyringResolver().fetch(parse("secret://keyring/vedette/other"))
    assert caught.value.hint == "keyring set vedette other"
    keyring.locked = True
    with pytest.raises(SecretError, match="did not answer") as caught:
        KeyringResolver().fetch(parse("secret://keyring/vedette/prod/smtp"))
    assert caught.value.transient


def test_without_keyring_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SecretError) as caught:
        KeyringResolver().fetch(parse("secret://keyring/a/b"))
    assert caught.value.hint == "pip install 'vedette[keyring]'"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with emptied() as address:
        yield address


@pytest.fixture
def aws(server: str, monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    bare_environment(monkeypatch)
    return connect(server)


def vault(aws: AwsSession) -> Secrets:
    return Secrets({Provider.AWS: AwsResolver(lambda region: aws.client("secretsmanager", region))})


def test_secrets_manager(aws: AwsSession) -> None:
    manager = aws.client("secretsmanager")
    made = manager.call("create_secret", Name="plain", SecretString="abc")
    manager.call("create_secret", Name="team/smtp", SecretString='{"username": "u", "password": "pw", "port": 587}')
    manager.call("create_secret", Name="bytes", SecretBinary=b"\xc3\xa9")
    manager.call("create_secret", Name="odd", SecretBinary=b"\xff")
    secrets = vault(aws)
    assert secrets.value(parse("secret://aws/plain")) == "abc"
    assert secrets.value(parse(f"secret://aws/{made['ARN']}")) == "abc"
    assert secrets.value(parse("secret://aws/team/smtp#password")) == "pw"
    assert secrets.value(parse("secret://aws/team/smtp#port")) == "587"
    assert secrets.value(parse("secret://aws/bytes")) == "é"
    with pytest.raises(SecretError, match="not text in UTF-8"):
        secrets.value(parse("secret://aws/odd"))


def test_rotation_needs_no_restart(aws: AwsSession) -> None:
    """AWSCURRENT moves to the new version; renew picks it up, and AWSPREVIOUS is the old one."""
    manager = aws.client("secretsmanager")
    first = manager.call("create_secret", Name="rotated", SecretString='{"password": "old"}')["VersionId"]
    secrets = vault(aws)
    current = parse("secret://aws/rotated#password")
    credential = secrets.credential(current)
    assert credential() == "old"
    manager.call("put_secret_value", SecretId="rotated", SecretString='{"password": "new"}')
    assert credential() == "old", "kept until the interval is over or someone is refused"
    credential.renew()
    assert credential() == "new"
    assert not secrets.renew(current), "nothing changed since"
    assert secrets.value(parse("secret://aws/rotated?stage=AWSPREVIOUS#password")) == "old"
    assert secrets.value(parse(f"secret://aws/rotated?version={first}#password")) == "old"


@pytest.mark.parametrize("name", ["absent", "arn:aws:secretsmanager:us-east-1:123456789012:secret:absent-AbCdEf"])
def test_a_secret_that_is_not_there(aws: AwsSession, name: str) -> None:
    with pytest.raises(SecretError) as caught:
        vault(aws).value(parse(f"secret://aws/{name}"))
    assert f"cannot read secret://aws/{name}: ResourceNotFoundException" in caught.value.message
    assert "aws secretsmanager describe-secret" in (caught.value.hint or "")
    assert not caught.value.transient


def denied(client: AwsClient, action: str, resource: str) -> SecretError:
    with Stubber(client._boto) as stub:
        stub.add_client_error(
            "get_secret_value",
            "AccessDeniedException",
            f"User: arn:aws:iam::111122223333:user/monitor is not authorized to perform: {action} on resource: "
            f"{resource} because no identity-based policy allows the {action} action",
            400,
        )
        with pytest.raises(SecretError) as caught:
            AwsResolver(lambda region: client).fetch(parse("secret://aws/smtp"))
    return caught.value


def test_a_secret_that_may_not_be_read(aws: AwsSession) -> None:
    client = aws.client("secretsmanager")
    arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:smtp-AbCdEf"
    assert denied(client, "secretsmanager:GetSecretValue", arn).hint == (
        f"allow `secretsmanager:GetSecretValue` on `{arn}`"
    )
    key = "arn:aws:kms:us-east-1:111122223333:key/1"
    assert denied(client, "kms:Decrypt", key).hint == (
        f"allow `kms:Decrypt` on `{key}`: the secret is encrypted with that key"
    )


def test_an_arn_is_asked_for_in_its_region() -> None:
    regions: list[str | None] = []

    def client(region: str | None) -> AwsClient:
        regions.append(region)
        raise SecretError("stop")

    for name in ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:smtp-AbCdEf", "smtp"):
        with pytest.raises(SecretError):
            AwsResolver(client).fetch(SecretRef(Provider.AWS, name))
    assert regions == ["eu-west-1", None]
