"""A secret does not show itself, whoever looks."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import pprint
import traceback

import msgspec
import pytest

from canaries import Canaries
from vedette.secrets import Secret


@dataclasses.dataclass
class Holder:
    name: str
    secret: Secret


def test_only_reveal_shows_it(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    canaries = Canaries()
    secret = Secret(canaries.plant("password"))
    holder = Holder("smtp", secret)
    print(secret, repr(secret), f"{secret}", f"{secret!r:>40}", f"{secret:>20}", "%s %r" % (secret, secret))  # noqa: UP031
    print(holder, [secret], {"x": secret}, pprint.pformat(holder), dataclasses.asdict(holder), dir(secret))
    print([getattr(secret, name, None) for name in dir(secret) if not name.startswith("__")])
    logging.getLogger("test").warning("%s %r %s", secret, holder, {"k": secret})
    canaries.check(capsys.readouterr().out, caplog.text)
    assert secret.reveal() == canaries.planted["password"]


def test_a_traceback_with_its_locals_does_not_show_it() -> None:
    canaries = Canaries()

    def fail(secret: Secret) -> None:
        raise ValueError(f"refused: {secret}")

    try:
        fail(Secret(canaries.plant("token")))
    except ValueError as error:
        canaries.check("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))
        canaries.check(error)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_cannot_be_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Secret("x"), protocol)


def test_it_is_no_json() -> None:
    with pytest.raises(TypeError):
        json.dumps({"password": Secret("x")})
    with pytest.raises(TypeError):
        msgspec.json.encode({"password": Secret("x")})
    assert json.dumps({"password": Secret("x")}, default=str) == '{"password": "[secret]"}'


def test_equality_and_copies() -> None:
    secret = Secret("s\udc80")
    assert secret == Secret("s\udc80")
    assert secret != Secret("other")
    assert secret != "s\udc80"
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret
    with pytest.raises(TypeError):
        hash(secret)


def test_the_canaries_sing() -> None:
    """The helper finds what it must find, or every test with it would be worth nothing."""
    canaries = Canaries()
    value = canaries.plant("smtp")
    import base64

    leaks = [
        value,
        f"https://example.com/{value}?x",
        value[3:15],
        base64.b64encode(f"user:{value}".encode()).decode(),
        value.encode().hex(),
        value.encode(),
        ValueError(value),
        [value],
    ]
    for leak in leaks:
        with pytest.raises(AssertionError, match="was told"):
            canaries.check("harmless", leak)
    canaries.check("harmless", b"\xff", ValueError("x"))
