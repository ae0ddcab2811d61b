"""A slow, plain engine and fold, to hold the fast ones against: everything decoded, every question asked, all kept."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence

from vedette.cloudtrail.body import Body, Malformed
from vedette.cloudtrail.identity import actor_of
from vedette.cloudtrail.moment import parse_time
from vedette.cloudtrail.split import split
from vedette.detections.definition import Derived, Detection
from vedette.detections.question import matcher
from vedette.predicates.document import MISSING, load_document, number_text
from vedette.predicates.evaluate import select

Found = tuple[int, int, tuple[str, ...], str]


def documents_of(body: Body) -> list[tuple[bytes, dict[str, object]]]:
    """Text and content of every record of the body."""
    texts = [found for found in split(body) if not isinstance(found, Malformed)]
    return [(text, document) for text in texts if (document := load_document(text)) is not None]


def group_text(document: dict[str, object], field: object) -> str:
    if field is Derived.ACTOR:
        return actor_of(document).key
    value = select(field, document)
    if value is MISSING or value is None or isinstance(value, list | dict):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else number_text(value)


def matches_of(detections: Sequence[Detection], today: dt.date, body: Body) -> list[Found]:
    """(place, detection, group, event name) of every match in the body."""
    asked = [matcher(detection, today) for detection in detections]
    found = []
    for place, (text, document) in enumerate(documents_of(body)):
        if parse_time(document.get("eventTime")) is None:
            continue
        for number, detection in enumerate(detections):
            if asked[number](text.decode()):
                group = tuple(group_text(document, field) for field in detection.group_by)
                found.append((place, number, group, str(document.get("eventName"))))
    return found


def counts_of(
    detections: Sequence[Detection], today: dt.date, bodies: Iterable[Body]
) -> dict[tuple[int, tuple[str, ...]], Counter[int]]:
    """Matches by detection, group and minute; a record whose id came before counts for nothing."""
    seen: set[str] = set()
    counts: dict[tuple[int, tuple[str, ...]], Counter[int]] = {}
    for body in bodies:
        documents = [document for _, document in documents_of(body)]
        fresh = set()
        for place, document in enumerate(documents):
            event_id = document.get("eventID")
            if not isinstance(event_id, str) or not event_id or event_id not in seen:
                fresh.add(place)
            if isinstance(event_id, str):
                seen.add(event_id)
        for place, number, group, _ in matches_of(detections, today, body):
            if place in fresh:
                time = parse_time(documents[place]["eventTime"])
                counts.setdefault((number, group), Counter())[time - time % 60] += 1
    return counts
