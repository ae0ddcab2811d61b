"""Checks of what humans read: title, description, runbook, and the exceptions' last days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from vedette.detections.lint import rules
from vedette.detections.lint.finding import Finding, Subject
from vedette.errors import Level

_LONGEST_TITLE = 80
_NOTICE = dt.timedelta(days=30)


def check_prose(subject: Subject) -> Iterator[Finding]:
    """prose and missing-runbook."""
    detection = subject.detection
    for message in _title(detection.title):
        yield Finding(rules.PROSE, message, ("title",))
    if not detection.description.endswith((".", "?", "!")):
        yield Finding(rules.PROSE, "the description does not end as a sentence", ("description",))
    if detection.description.rstrip(".") == detection.title.rstrip("."):
        yield Finding(rules.PROSE, "the description only repeats the title", ("description",))
    if not detection.respond and detection.notify:
        level = Level.ERROR if subject.built_in else None
        yield Finding(rules.MISSING_RUNBOOK, "no steps under `respond`", level=level)


def _title(title: str) -> Iterator[str]:
    if len(title) > _LONGEST_TITLE:
        yield f"the title has {len(title)} characters; an alert's heading shows {_LONGEST_TITLE}"
    if "\n" in title:
        yield "the title is not on one line"
    if title.endswith("."):
        yield "a title has no full stop"
    if title[:1].islower() and title.split()[0].islower():
        yield "a title starts with a capital"


def check_exceptions(subject: Subject) -> Iterator[Finding]:
    """exception-expired and exception-expiring."""
    for index, exception in enumerate(subject.detection.exceptions):
        at = ("exceptions", index, "expires")
        left = exception.expires - subject.today
        if left < dt.timedelta(0):
            message = f"the exception ended on {exception.expires}; {exception.owner} vouched for it"
            yield Finding(rules.EXCEPTION_EXPIRED, message, at)
        elif left < _NOTICE:
            message = f"the exception ends on {exception.expires}; {exception.owner} vouches for it"
            yield Finding(rules.EXCEPTION_EXPIRING, message, at)
