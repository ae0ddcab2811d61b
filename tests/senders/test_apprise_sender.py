"""Apprise, by a stand-in for the package: it is an extra, and the tests reach nobody."""

from __future__ import annotations

import logging
import sys
import types
from dataclasses import replace

import pytest

from senders.telling import empty, hostile, message, record
from vedette.alerts import render
from vedette.alerts.delivery import Reason, Retry, Sent
from vedette.detections.definition import Severity
from vedette.errors import VedetteError
from vedette.senders import AppriseSender

URL = "json://user:p4ssw0rd@127.0.0.1/"


class FakeApprise(types.ModuleType):
    """The part of the package that is used: `Apprise().add(url)` and `.notify(...)`."""

    def __init__(self) -> None:
        super().__init__("apprise")
        self.accepts = True
        self.notified: list[dict[str, str]] = []
        outer = self

        class Apprise:
            def add(self, url: str) -> bool:
                logging.getLogger("apprise").error("could not load %s", url)
                return "://" in url

            def notify(self, **given: str) -> bool:
                outer.notified.append(given)
                return outer.accepts

        self.Apprise = Apprise


@pytest.fixture
def apprise(monkeypatch: pytest.MonkeyPatch) -> FakeApprise:
    fake = FakeApprise()
    monkeypatch.setitem(sys.modules, "apprise", fake)
    return fake


def test_what_is_handed_over(apprise: FakeApprise) -> None:
    told = message()
    sender = AppriseSender("all", lambda: URL)
    assert sender.send(told) == Sent(told.key)
    [given] = apprise.notified
    assert given["title"] == render.email(told.notice).subject
    assert given["body"].endswith(f"\n\n{told.key}")
    assert (given["notify_type"], given["body_format"]) == ("failure", "text")
    sender.close()


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (message(replace(record(), severity=Severity.MEDIUM)), "warning"),
        (message(replace(record(), severity=Severity.LOW)), "info"),
        (message(reason=Reason.RESOLVED), "success"),
        (empty(), "info"),
        (hostile(), "failure"),
    ],
)
def test_kinds(apprise: FakeApprise, told: object, kind: str) -> None:
    assert isinstance(AppriseSender("all", lambda: URL).send(told), Sent)  # type: ignore[arg-type]
    assert apprise.notified[0]["notify_type"] == kind


def test_how_it_fails(apprise: FakeApprise, monkeypatch: pytest.MonkeyPatch) -> None:
    apprise.accepts = False
    assert AppriseSender("all", lambda: URL).send(message()) == Retry(
        "Apprise could not deliver it; it does not say why"
    )
    assert AppriseSender("all", lambda: "nothing").send(message()) == Retry(
        "Apprise does not know what to do with the URL", credentials=True
    )

    def away() -> str:
        raise VedetteError("away")

    assert AppriseSender("all", away).send(message()) == Retry("away")
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert AppriseSender("all", lambda: URL).send(message()) == Retry(
        "`apprise` is not installed\nhint: pip install 'vedette[apprise]'"
    )
