"""`vedette secrets` against moto's server: what is stored, what is printed, and that no value is ever told."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import sys
from collections.abc import Iterator

import pytest

from aws_server import REGION, bare_environment, connect, emptied
from canaries import Canaries
from cli.samples import Shell
from vedette.aws import AwsClient

VALUE = "https://hooks.example.com/services/T00/B00/hunter2hunter2"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with emptied() as address:
        yield address


@pytest.fixture
def client(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsClient]:
    bare_environment(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setenv("AWS_REGION", REGION)
    client = connect(address).client("secretsmanager")
    yield client
    secrets = client.call("list_secrets", IncludePlannedDeletion=True)["SecretList"]
    for secret in secrets:  # type: ignore[attr-defined]
        client.call("delete_secret", SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)


class Piped(io.TextIOWrapper):
    """Standard input that is no terminal."""

    def __init__(self, text: str | bytes) -> None:
        super().__init__(io.BytesIO(text.encode() if isinstance(text, str) else text), encoding="utf-8")


def pipe(monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    monkeypatch.setattr(sys, "stdin", Piped(text))


def stored(client: AwsClient, name: str) -> str:
    return str(client.call("get_secret_value", SecretId=name)["SecretString"])


def test_a_value_is_stored_and_only_the_reference_is_printed(
    client: AwsClient, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(monkeypatch, VALUE + "\n")
    answer = shell("secrets", "put", "vedette/slack")
    assert answer.code == 0
    assert answer.out == "secret://aws/vedette/slack\n"
    assert answer.err == "vedette/slack was made\n"
    assert stored(client, "vedette/slack") == VALUE
    tags = client.call("describe_secret", SecretId="vedette/slack")["Tags"]
    assert tags == [{"Key": "vedette:name", "Value": "vedette"}]


def test_keys_are_merged(client: AwsClient, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key more, or another value for a key: what else the secret holds stays."""
    for key, value in (("user", "monitor"), ("password", "p@ss\tü"), ("user", "vedette")):
        pipe(monkeypatch, value)
        answer = shell("secrets", "put", f"secret://aws/vedette/smtp#{key}")
        assert answer.out == f"secret://aws/vedette/smtp#{key}\n"
    assert json.loads(stored(client, "vedette/smtp")) == {"user": "vedette", "password": "p@ss\tü"}
    versions = client.call("describe_secret", SecretId="vedette/smtp")["VersionIdsToStages"]
    pipe(monkeypatch, "vedette")
    answer = shell("secrets", "put", "vedette/smtp", "--key", "user")
    assert answer.err == "vedette/smtp holds that value already\n"
    assert client.call("describe_secret", SecretId="vedette/smtp")["VersionIdsToStages"] == versions


def test_keys_are_not_lost_and_texts_get_none(client: AwsClient, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    client.call("create_secret", Name="keyed", SecretString='{"url": "u", "token": "t"}')
    client.call("create_secret", Name="plain", SecretString="text")
    client.call("create_secret", Name="bytes", SecretBinary=b"\xff\x00")
    pipe(monkeypatch, "x")
    whole = shell("secrets", "put", "keyed")
    assert whole.code == 4
    assert whole.err == "error: the secret `keyed` holds keys, which would be lost: `token`, `url`\nhint: --key KEY\n"
    pipe(monkeypatch, "x")
    keyed = shell("secrets", "put", "plain", "--key", "url")
    assert keyed.code == 4
    assert "holds one text, and no keys" in keyed.err
    pipe(monkeypatch, "x")
    assert "holds bytes, not text" in shell("secrets", "put", "bytes").err
    assert stored(client, "keyed") == '{"url": "u", "token": "t"}'


def test_a_secret_without_a_value_gets_one(client: AwsClient, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    client.call("create_secret", Name="vedette/empty")
    pipe(monkeypatch, VALUE)
    answer = shell("secrets", "put", "vedette/empty")
    assert (answer.code, answer.err) == (0, "vedette/empty was changed\n")
    assert stored(client, "vedette/empty") == VALUE


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b"", "the value is empty"),
        (b"\n", "the value is empty"),
        (b"\xff\xfe", "the value is not text in UTF-8"),
        (b"x" * 65_537, "the value is larger than a secret may be (65,536 bytes)"),
        (b"x" * 300_000, "the value is larger than a secret may be (65,536 bytes)"),
    ],
)
def test_values_that_cannot_be(
    client: AwsClient, shell: Shell, monkeypatch: pytest.MonkeyPatch, given: bytes, told: str
) -> None:
    pipe(monkeypatch, given)
    answer = shell("secrets", "put", "vedette/x")
    assert answer.code == 2
    assert answer.err.startswith(f"error: {told}\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no name"], "no name that Secrets Manager allows"),
        (["secret://env/TOKEN"], "`secret://env/TOKEN` is not a current value in Secrets Manager"),
        (["secret://aws/a#b", "--key", "c"], "the reference names one key, and --key another"),
        (["name", "--key", ""], "a key is a printable text"),
    ],
)
def test_names_that_cannot_be(
    client: AwsClient, shell: Shell, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    pipe(monkeypatch, VALUE)
    answer = shell("secrets", "put", *arguments)
    assert answer.code == 2
    assert told in answer.err


def test_a_list_has_names_and_never_values(client: AwsClient, shell: Shell) -> None:
    client.call("create_secret", Name="vedette/slack", SecretString=VALUE, Tags=[{"Key": "team", "Value": "ops"}])
    client.call("create_secret", Name="other", SecretString=VALUE)
    client.call("delete_secret", SecretId="other", RecoveryWindowInDays=7)
    table = shell("secrets", "list")
    assert [line.split()[0] for line in table.out.splitlines()] == [
        "NAME",
        "other",
        "waits",
        "vedette/slack",
        "team=ops",
    ]
    one = json.loads(shell("secrets", "list", "vedette/", "-o", "json").out)
    assert [each["name"] for each in one] == ["vedette/slack"]
    assert one[0]["reference"] == "secret://aws/vedette/slack"
    assert (one[0]["rotated"], one[0]["tags"]) == (None, {"team": "ops"})
    assert shell("secrets", "list", "nothing").err == "no secret begins with nothing\n"


def test_delete_asks_and_leaves_time(client: AwsClient, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    client.call("create_secret", Name="vedette/old", SecretString=VALUE)
    pipe(monkeypatch, "n\n")
    assert shell("secrets", "delete", "vedette/old").code == 130
    assert stored(client, "vedette/old") == VALUE
    answer = shell("secrets", "delete", "vedette/old", "--days", "7", "--yes")
    assert answer.code == 0
    assert "restore-secret --secret-id vedette/old" in answer.err
    pipe(monkeypatch, "new")
    put = shell("secrets", "put", "vedette/old")
    assert put.code == 4
    assert "waits to be deleted" in put.err
    assert shell("secrets", "delete", "vedette/none", "--yes").code == 4
    assert shell("secrets", "delete", "vedette/old", "--days", "3", "--yes").code == 2


def test_a_value_on_the_command_line_is_refused_and_not_repeated(client: AwsClient, shell: Shell) -> None:
    for arguments in (
        ["put", "vedette/x", VALUE],
        ["put", "vedette/x", f"--value={VALUE}"],
        ["put", "x", "--key=k", VALUE],
    ):
        answer = shell("secrets", *arguments)
        assert answer.code == 2
        assert "hunter2" not in answer.out + answer.err


def test_a_prompt_does_not_echo(client: AwsClient, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    leader, follower = pty.openpty()
    with os.fdopen(follower, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _: VALUE)
        answer = shell("secrets", "put", "vedette/typed")
    os.close(leader)
    assert answer.code == 0
    assert "hunter2" not in answer.out + answer.err
    assert stored(client, "vedette/typed") == VALUE


def test_no_canary_is_told(
    client: AwsClient, shell: Shell, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Success, refusals of every kind, and an unreachable service: no value in any output, log or error."""
    canaries = Canaries()
    caplog.set_level(logging.INFO)
    said: list[object] = []

    def put(*arguments: str, value: str) -> None:
        pipe(monkeypatch, value)
        answer = shell("secrets", "put", *arguments)
        said.extend((answer.out, answer.err))

    put("vedette/a", value=canaries.plant("whole"))
    put("vedette/b", "--key", "k", value=canaries.plant("keyed"))
    put("vedette/a", "--key", "k", value=canaries.plant("refused for its key"))
    put("vedette/b", value=canaries.plant("refused for the keys"))
    put("vedette/c", value=canaries.plant("too large", "{}" + "x" * 65_536))
    put("vedette/d", value=canaries.plant("not utf-8") + "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"))
    client.call("delete_secret", SecretId="vedette/a", RecoveryWindowInDays=7)
    put("vedette/a", value=canaries.plant("deleted"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    put("vedette/e", value=canaries.plant("unreachable"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    put("vedette/e", value=canaries.plant("no credentials"))
    canaries.check(*said, caplog.text)
