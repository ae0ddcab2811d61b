"""Values in use: kept, refreshed, renewed, shared by threads; and what stands in when the provider is away."""

from __future__ import annotations

import threading

import pytest

from canaries import Canaries
from vedette.secrets import Provider, SecretError, SecretRef, Secrets, parse
from vedette.secrets.vault import GRACE
from waiting import PATIENCE

TOKEN = parse("secret://env/TOKEN")


class Source:
    """A resolver that counts what it is asked, answers what it is told to, and fails when it is told to."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.asked = 0
        self.error: SecretError | None = None

    def fetch(self, ref: SecretRef) -> str:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.value


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def source() -> Source:
    return Source("one")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def secrets(source: Source, clock: Clock) -> Secrets:
    return Secrets({Provider.ENVIRONMENT: source}, refresh=100, clock=clock)


def test_a_value_is_asked_for_once_in_an_interval(secrets: Secrets, source: Source, clock: Clock) -> None:
    assert [secrets.value(TOKEN), secrets.value(TOKEN)] == ["one", "one"]
    assert source.asked == 1
    source.value = "two"
    clock.now = 99
    assert secrets.value(TOKEN) == "one"
    clock.now = 100
    assert secrets.value(TOKEN) == "two"
    assert source.asked == 2


def test_renewing_is_at_once(secrets: Secrets, source: Source) -> None:
    assert secrets.value(TOKEN) == "one"
    assert not secrets.renew(TOKEN)
    source.value = "two"
    assert secrets.renew(TOKEN)
    assert secrets.value(TOKEN) == "two"
    assert source.asked == 3


def test_keys_of_one_secret_share_a_fetch(secrets: Secrets, source: Source) -> None:
    source.value = '{"user": "u", "password": "p", "port": 25, "tls": true, "more": {}, "none": null}'
    for key, value in (("user", "u"), ("password", "p"), ("port", "25"), ("tls", "true")):
        assert secrets.value(parse(f"secret://env/TOKEN#{key}")) == value
    assert source.asked == 1
    for key in ("more", "none"):
        with pytest.raises(SecretError, match="the value is no text"):
            secrets.value(parse(f"secret://env/TOKEN#{key}"))


@pytest.mark.parametrize("value", ["plain", "[1]", '"x"', "[" * 100_000, ""])
def test_a_key_of_what_is_no_object(secrets: Secrets, source: Source, value: str) -> None:
    canaries = Canaries()
    source.value = value + canaries.plant("token")
    with pytest.raises(SecretError, match="not a JSON object") as caught:
        secrets.value(parse("secret://env/TOKEN#key"))
    canaries.check(caught.value, repr(caught.value.__context__))


def test_a_key_that_is_not_there(secrets: Secrets, source: Source) -> None:
    canaries = Canaries()
    source.value = '{"user": "%s", "pass": "x"}' % canaries.plant("token")  # noqa: UP031
    with pytest.raises(SecretError) as caught:
        secrets.value(parse("secret://env/TOKEN#password"))
    assert caught.value.render() == (
        "secret://env/TOKEN#password: the secret has no key `password`\nhint: it has `pass`, `user`"
    )
    canaries.check(caught.value)
    source.value = "{}"
    secrets.renew(TOKEN)
    with pytest.raises(SecretError) as caught:
        secrets.value(parse("secret://env/TOKEN#password"))
    assert caught.value.hint == "it has no key"


def test_the_last_value_stands_in_while_the_provider_is_away(secrets: Secrets, source: Source, clock: Clock) -> None:
    assert secrets.value(TOKEN) == "one"
    source.error = SecretError("away", transient=True)
    clock.now = 100
    assert secrets.value(TOKEN) == "one"
    assert secrets.value(TOKEN) == "one"
    assert source.asked == 2, "a provider that is away is not asked at every use"
    source.error, source.value = None, "two"
    clock.now = 100 + GRACE
    assert secrets.value(TOKEN) == "two"
    source.error = SecretError("away", transient=True)
    assert not secrets.renew(TOKEN)
    assert secrets.value(TOKEN) == "two"


def test_a_value_that_was_withdrawn_is_not_used_on(secrets: Secrets, source: Source, clock: Clock) -> None:
    assert secrets.value(TOKEN) == "one"
    source.error = SecretError("not allowed")
    clock.now = 100
    with pytest.raises(SecretError, match="not allowed"):
        secrets.value(TOKEN)


def test_without_a_first_value_there_is_an_error(secrets: Secrets, source: Source) -> None:
    source.error = SecretError("away", transient=True)
    with pytest.raises(SecretError, match="away"):
        secrets.value(TOKEN)
    with pytest.raises(SecretError, match="secrets of `aws` are not read here"):
        secrets.value(parse("secret://aws/x"))


def test_the_vault_shows_nothing(secrets: Secrets, source: Source) -> None:
    canaries = Canaries()
    source.value = canaries.plant("token")
    credential = secrets.credential(TOKEN)
    assert credential() == source.value
    canaries.check(secrets, vars(secrets), credential, secrets.secret(TOKEN))


def test_hiding_what_was_fetched(secrets: Secrets, source: Source) -> None:
    source.value = '{"user": "usr", "password": "p4ssw0rd"}'
    text = 'sent p4ssw0rd and {"user": "usr", "password": "p4ssw0rd"} by usr'
    assert secrets.hide(text) == text
    secrets.value(TOKEN)
    assert secrets.hide(text) == "sent [secret] and [secret] by usr"


def test_threads_share_one_fetch_and_do_not_wait_for_other_secrets() -> None:
    entered, leave = threading.Event(), threading.Event()

    class Slow(Source):
        def fetch(self, ref: SecretRef) -> str:
            value = super().fetch(ref)
            if ref == TOKEN:
                entered.set()
                assert leave.wait(PATIENCE)
            return value

    source = Slow("one")
    secrets = Secrets({Provider.ENVIRONMENT: source})
    values: list[str] = []
    threads = [threading.Thread(target=lambda: values.append(secrets.value(TOKEN))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert entered.wait(PATIENCE)
    assert secrets.value(parse("secret://env/OTHER")) == "one"
    leave.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert values == ["one"] * 4
    assert source.asked == 2
