"""References: what they mean, and what is said of a wrong one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canaries import Canaries
from vedette.errors import ExitCode
from vedette.secrets import Provider, SecretRef, SecretReferenceError, parse, require_reference

ARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:vedette/smtp-AbCdEf"
VERSION = "EXAMPLE1-90ab-cdef-fedc-ba987SECRET1"


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("secret://aws/smtp", SecretRef(Provider.AWS, "smtp")),
        ("secret://aws/vedette/smtp#password", SecretRef(Provider.AWS, "vedette/smtp", "password")),
        (f"secret://aws/{ARN}#password", SecretRef(Provider.AWS, ARN, "password")),
        ("secret://aws/smtp?stage=AWSPREVIOUS", SecretRef(Provider.AWS, "smtp", stage="AWSPREVIOUS")),
        (
            f"secret://aws/smtp?stage=AWSCURRENT&version={VERSION}#a%3Fb",
            SecretRef(Provider.AWS, "smtp", "a?b", "AWSCURRENT", VERSION),
        ),
        ("secret://env/SMTP_PASSWORD", SecretRef(Provider.ENVIRONMENT, "SMTP_PASSWORD")),
        ("secret://env/SMTP#password", SecretRef(Provider.ENVIRONMENT, "SMTP", "password")),
        ("secret://file/etc/vedette/token", SecretRef(Provider.FILE, "/etc/vedette/token")),
        ("secret://file//etc/vedette/token", SecretRef(Provider.FILE, "/etc/vedette/token")),
        ("secret://file/~/token", SecretRef(Provider.FILE, "~/token")),
        ("secret://file/a%20b%23", SecretRef(Provider.FILE, "/a b#")),
        ("secret://keyring/vedette/smtp", SecretRef(Provider.KEYRING, "vedette/smtp")),
        ("secret://keyring/a/b/user", SecretRef(Provider.KEYRING, "a/b/user")),
    ],
)
def test_what_references_mean(text: str, ref: SecretRef) -> None:
    assert parse(text) == ref
    assert parse(str(ref)) == ref
    assert ref.whole.key is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("secret://aws/", "the name is missing\n    secret://aws/\n                 ^"),
        ("secret://aws", "the name is missing\n    secret://aws\n                ^"),
        ("secret://aws/#k", "the name is missing\n    secret://aws/#k\n                 ^"),
        ("secret://enw/X", "nobody called `enw` keeps secrets\n    secret://enw/X\n             ^^^\nhint: did"),
        ("secret://vault/X", "nobody called `vault` keeps secrets\n    secret://vault/X\n             ^^^^^\nhint:"),
        ("secret://", "nobody called `` keeps secrets\n    secret://\n             ^"),
        ("secret://env/A-B", "no name of an environment variable\n    secret://env/A-B\n                 ^^^"),
        ("secret://aws/a!b", "no name or ARN that Secrets Manager allows"),
        ("secret://keyring/vedette", "a keyring knows a secret by its service and its user"),
        ("secret://keyring/vedette/", "a keyring knows"),
        ("secret://aws/a b", "a blank or control character in a reference\n    secret://aws/a b\n                  ^"),
        ("secret://aws/a\x1b", "a blank or control character"),
        ("secret://file/a%2", "a `%` that is no escape\n    secret://file/a%2\n                   ^"),
        ("secret://aws/a#", "the key after `#` is missing"),
        ("secret://aws/a#k?s=X", "options stand before the key\n    secret://aws/a#k?s=X\n                    ^^^^"),
        ("secret://aws/a?stag=X", "unknown option `stag`\n    secret://aws/a?stag=X\n                   ^^^^^^"),
        ("secret://aws/a?", "unknown option ``"),
        ("secret://aws/a?stage=", "`stage` has no value"),
        ("secret://aws/a?stage", "`stage` has no value"),
        ("secret://aws/a?stage=A&stage=B", "`stage` is given twice"),
        ("secret://aws/a?version=1", "a version id has 32 to 64"),
        ("secret://env/A?stage=B", "`env` takes no options"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_wrong_one(text: str, shown: str) -> None:
    with pytest.raises(SecretReferenceError) as caught:
        parse(text)
    assert caught.value.render().startswith(shown)
    assert caught.value.exit_code is ExitCode.WRONG_INPUT


@given(
    st.sampled_from(["env", "file", "aws", "keyring", "x", ""]),
    st.text(max_size=12),
    st.sampled_from(["", "?stage=A", "?version=" + VERSION, "?", "#k", "#", "?x=1#k"]),
)
def test_any_text_is_a_reference_or_an_error(provider: str, name: str, rest: str) -> None:
    """parse answers a reference that prints to one equal to it, or raises SecretReferenceError; nothing else."""
    try:
        ref = parse(f"secret://{provider}/{name}{rest}")
    except SecretReferenceError as error:
        assert error.render()
    else:
        assert parse(str(ref)) == ref


def test_a_literal_is_refused_and_not_shown() -> None:
    canaries = Canaries()
    literal = canaries.plant("password")
    with pytest.raises(SecretReferenceError) as caught:
        require_reference(literal, "`password` of channel `mail`", suggestion="vedette/mail")
    canaries.check(caught.value, caught.value.render(), caught.value.reference)
    assert "`password` of channel `mail` must be a reference to a secret" in caught.value.message
    assert "aws secretsmanager create-secret --name vedette/mail" in (caught.value.hint or "")
    with pytest.raises(SecretReferenceError) as caught:
        parse(literal)
    canaries.check(caught.value, caught.value.render())


def test_a_wrong_reference_in_a_setting_names_the_setting() -> None:
    assert require_reference("secret://env/A", "`password`") == SecretRef(Provider.ENVIRONMENT, "A")
    with pytest.raises(SecretReferenceError) as caught:
        require_reference("secret://enw/A", "`password`")
    assert caught.value.render().startswith("`password`: nobody called `enw` keeps secrets\n    secret://enw/A")
