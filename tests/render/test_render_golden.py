"""Every channel's message for every reason, as kept in golden files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from golden import check_golden
from render.notices import variants
from vedette.alerts import render
from vedette.alerts.delivery import TELLING
from vedette.alerts.notice import Notice

GOLDEN = Path(__file__).parent / "golden"


def _email(notice: Notice) -> str:
    content = render.email(notice, domain="example.com")
    headers = "".join(f"{name}: {value}\n" for name, value in content.headers.items())
    return f"Subject: {content.subject}\n{headers}\n{content.text}"


def _cloudwatch(notice: Notice) -> str:
    parts = (render.cloudwatch_subject, render.cloudwatch_sms, render.cloudwatch_json, render.cloudwatch_email)
    return "\n".join(part(notice) for part in parts)


def _json(channel: Callable[[Notice], dict[str, object]]) -> Callable[[Notice], str]:
    return lambda notice: json.dumps(channel(notice), indent=1, ensure_ascii=False) + "\n"


CHANNELS: dict[str, tuple[str, Callable[[Notice], str]]] = {
    "email": ("txt", _email),
    "html": ("html", lambda notice: render.email(notice).html),
    "sms": ("txt", lambda notice: render.sms(notice) + "\n"),
    "slack": ("json", _json(render.slack)),
    "teams": ("json", _json(render.teams)),
    "pagerduty": ("json", _json(render.pagerduty)),
    "webhook": ("json", _json(render.webhook)),
    "cloudwatch": ("txt", _cloudwatch),
}


IN_HTML = {"first", "incident", "resolved-by-hand", "self"}
"""The HTML says what the text says; a few show its layout."""

KEPT = [(channel, variant) for channel in CHANNELS for variant in variants() if channel != "html" or variant in IN_HTML]


@pytest.mark.parametrize(("channel", "variant"), KEPT)
def test_messages_are_as_they_were(channel: str, variant: str) -> None:
    ending, write = CHANNELS[channel]
    check_golden(GOLDEN / variant / f"{channel}.{ending}", write(variants()[variant]))


def test_no_golden_file_is_left_over() -> None:
    kept = {GOLDEN / variant / f"{channel}.{CHANNELS[channel][0]}" for channel, variant in KEPT}
    assert {path for path in GOLDEN.rglob("*") if path.is_file()} == kept


def test_every_reason_to_tell_has_its_golden_files() -> None:
    assert {notice.reason for notice in variants().values()} == TELLING


@pytest.mark.parametrize("variant", list(variants()))
def test_plain_text_is_the_mail_with_its_subject(variant: str) -> None:
    notice = variants()[variant]
    content = render.email(notice)
    assert render.plain(notice) == f"{content.subject}\n\n{content.text}"
