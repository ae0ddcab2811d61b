"""How a notice looks on each kind of channel, as text for a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from vedette.alerts import render
from vedette.alerts.notice import Notice

Part: TypeAlias = tuple[str, str]
"""A part's name, and its text."""


def _email(notice: Notice) -> Iterator[Part]:
    content = render.email(notice)
    yield "subject", content.subject
    yield "headers", "\n".join(f"{name}: {value}" for name, value in content.headers.items())
    yield "text", content.text


def _plain(notice: Notice) -> Iterator[Part]:
    title, _, body = render.plain(notice).partition("\n")
    yield "title", title
    yield "text", body.strip()


def _sms(notice: Notice) -> Iterator[Part]:
    yield "text", render.sms(notice)


def _cloudwatch(notice: Notice) -> Iterator[Part]:
    yield "subject", render.cloudwatch_subject(notice)
    yield "e-mail", render.cloudwatch_email(notice)
    yield "SMS", render.cloudwatch_sms(notice)
    yield "JSON", _indented(json.loads(render.cloudwatch_json(notice)))


def _indented(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


def _json(make: Callable[[Notice], Mapping[str, object]]) -> Callable[[Notice], Iterator[Part]]:
    def parts(notice: Notice) -> Iterator[Part]:
        yield "JSON", _indented(make(notice))

    return parts


KINDS: Mapping[str, Callable[[Notice], Iterator[Part]]] = {
    "email": _email,
    "sms": _sms,
    "slack": _json(render.slack),
    "teams": _json(render.teams),
    "pagerduty": _json(render.pagerduty),
    "webhook": _json(render.webhook),
    "sns": _cloudwatch,
    "apprise": _plain,
}
"""By kind of channel: the parts of its message. Mail is one, whichever way it goes; a topic gets CloudWatch's texts."""

OF_CHANNEL = {"maildir": "email", "smtp": "email"}
"""The kinds of channels that go by another name here."""
