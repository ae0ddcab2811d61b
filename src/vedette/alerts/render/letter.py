"""E-mail and plain text: the whole story, in HTML and in text. Templates escape; this module only gathers.

Jinja2 is imported when the first message is written: commands that send nothing do not wait for it.
"""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from vedette.alerts import words
from vedette.alerts.delivery import Reason
from vedette.alerts.notice import Notice
from vedette.alerts.record import AlertRecord
from vedette.alerts.render.clean import clean_evidence, shown
from vedette.alerts.render.headline import lead, severity, subject
from vedette.alerts.render.story import Seen, Story, story

if TYPE_CHECKING:
    import jinja2

BYTES = 98_000
"""Mail clients cut a message whose HTML is longer than about 100 kB."""

_WHOLE = 4
"""How many alerts of a message are told in full, if they fit."""

_LISTED, _FEW = 40, 8
_WIDTH = 78
_HEADER = 200
_UNBROKEN = 30
"""ASCII characters of code that a phone of 320 px has room for in a line."""


@dataclass(frozen=True, slots=True)
class EmailContent:
    """An e-mail but for its addresses. `headers` are safe as they are: one line of printable ASCII each."""

    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in words: the first line, a short list, then each alert in full, then how many more there are."""

    subject: str
    severity: str
    calm: bool
    lead: str
    listed: tuple[str, ...]
    stories: tuple[Story, ...]
    left_out: int
    key: str
    reason: str


def tell(notice: Notice, whole: int = _WHOLE, most: int = _LISTED) -> Told:
    """The notice in words: `whole` of its alerts told in full, `most` of them in the list."""
    stories = tuple(story(alert, notice) for alert in notice.alerts[:whole])
    several = len(notice.alerts) > 1
    return Told(
        subject=subject(notice, _all(notice, stories)),
        severity=severity(notice).lower(),
        calm=notice.reason in {Reason.RESOLVED, Reason.TEST} or {a.kind for a in notice.alerts} == {"canary"},
        lead=lead(notice),
        listed=tuple(_listed(notice, whole, most)) if several else (),
        stories=stories,
        left_out=max(0, len(notice.alerts) - (most if several else 1)),
        key=shown(notice.key),
        reason=notice.reason.value,
    )


def _listed(notice: Notice, whole: int, most: int) -> Iterator[str]:
    """The list above the stories; what is not told in full says by which id it is found."""
    for number, alert in enumerate(notice.alerts[:most]):
        yield glance(alert) if number < whole else f"{glance(alert)} - {shown(alert.id)}"


def _all(notice: Notice, stories: tuple[Story, ...]) -> tuple[Story, ...]:
    # The subject only counts those after the first.
    return stories + stories[:1] * (len(notice.alerts) - len(stories))


def glance(alert: AlertRecord) -> str:
    """One alert on a line of the list: severity, title, who, how often."""
    seen = Seen(clean_evidence(alert.evidence))
    parts = [f"{alert.severity.value.upper()}: {shown(alert.title or alert.detection, 90)}"]
    parts += [shown(words.who(seen), 60)] if seen.evidence.actors.values else []
    parts += [words.times(seen.evidence.count)] if seen.evidence.count else []
    return " - ".join(parts)


def email(notice: Notice, *, domain: str = "vedette.invalid", thread: str = "") -> EmailContent:
    """Subject, text, HTML and headers.

    `domain` is what Message-IDs end in, `thread` the Message-ID of the incident's first message if it is known. All
    messages of an incident also refer to one id that is made of the incident, so that they are one thread anyway.
    """
    told, html = _fitting(notice)
    return EmailContent(told.subject, _text(told), html, _headers(notice, domain, thread))


def _fitting(notice: Notice) -> tuple[Told, str]:
    """As many alerts in full as keep the HTML within BYTES, and at least one."""
    for whole, most in ((4, _LISTED), (3, _LISTED), (2, _LISTED), (1, _LISTED), (1, _FEW)):
        told = tell(notice, whole, most)
        html = _html(told)
        if len(html.encode()) <= BYTES:
            break
    return told, html


def plain(notice: Notice, *, sent: bool = True) -> str:
    """For a terminal: the subject, then the text of the e-mail. Nothing in it steers the terminal.

    Unless it is `sent`, why and as which delivery is left out.
    """
    told, _ = _fitting(notice)
    if not sent:
        told = replace(told, lead="", key="")
    return f"{told.subject}\n\n{_text(told)}"


def _html(told: Told) -> str:
    return _environment().get_template("message.html").render(told=told)


def _text(told: Told) -> str:
    lines = _environment().get_template("message.txt").render(told=told).split("\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("vedette.alerts.render"),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html",), disabled_extensions=("txt",), default=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(wrapped=_wrapped, runs=_runs, pieces=_pieces)
    return environment


def _wrapped(text: str, first: str = "", rest: str = "") -> str:
    """Prose in lines of 78 columns. Words are never broken: an address stays one."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest or " " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _runs(text: str) -> list[tuple[bool, str]]:
    """The text in turns: (whether it stood in back-ticks, words)."""
    return [(number % 2 == 1, part) for number, part in enumerate(text.split("`")) if part]


def _pieces(command: str) -> list[tuple[bool, str]]:
    """A command in turns: (whether it is a word that must not be broken, text).

    A browser breaks after a hyphen and at a slash, and half an option reads as another one. What is longer than a
    phone's line may be broken all the same: else the whole message would be wider than the screen.
    """
    found: list[tuple[bool, str]] = []
    for part in re.split(r"(\s+)", command):
        held = len(part) <= _UNBROKEN and part.isascii() and re.search(r"[^\w\s]", part) is not None
        if found and not held and not found[-1][0]:
            found[-1] = (False, found[-1][1] + part)
        elif part:
            found.append((held, part))
    return found


def _headers(notice: Notice, domain: str, thread: str) -> dict[str, str]:
    incident = _message_id("incident", notice.incident, domain)
    parents = [incident, *([_one_line(thread)] if re.fullmatch(r"<[^<>\s]{1,250}>", thread) else [])]
    headers = {
        "Message-ID": _message_id("message", notice.key, domain),
        "In-Reply-To": parents[-1],
        "References": " ".join(dict.fromkeys(parents)),
        "Auto-Submitted": "auto-generated",
        "X-Vedette-Reason": notice.reason.value,
        "X-Vedette-Key": _one_line(notice.key),
        "X-Vedette-Incident": _one_line(notice.incident),
    }
    if notice.alerts:
        headers |= {
            "X-Vedette-Severity": severity(notice).lower(),
            "X-Vedette-Detection": _several(alert.detection for alert in notice.alerts),
            "X-Vedette-Alert": _several(alert.id for alert in notice.alerts),
        }
    return headers


def _message_id(kind: str, identity: str, domain: str) -> str:
    digest = hashlib.blake2b(f"{kind}\0{identity}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    host = re.sub(r"[^A-Za-z0-9.-]", "", domain)[:200].strip(".-") or "vedette.invalid"
    return f"<{digest}@{host}>"


def _several(names: Iterable[str]) -> str:
    """As many as there is room for, each whole, so that a mail filter finds them by their names."""
    told = ""
    for name in dict.fromkeys(map(_one_line, names)):
        longer = f"{told}, {name}" if told else name
        if len(longer) > _HEADER:
            break
        told = longer
    return told or "-"


def _one_line(value: str) -> str:
    """A header's value: printable ASCII, no longer than a line may be."""
    return re.sub(r"[^\x20-\x7e]+", "?", value[:_HEADER]).strip() or "-"
