"""The records of a time, from the log group: asked for with the detection's own pattern, a page at a time.

What comes back is asked again by our own engine: a pattern that the service cannot take is not sent, and emulators
match what they do not understand. Source: FilterLogEvents in the CloudWatch Logs API reference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vedette.cloudtrail.body import Body, Kind
from vedette.deploy.storyteller.contract import CANARY_STREAM
from vedette.deploy.storyteller.window import Window
from vedette.detections.definition import Detection

LONGEST_PATTERN = 1_024
MOST_EVENTS = 20_000
MOST_BYTES = 64 * 1_024 * 1_024
"""Records that are read for one alarm, and what they may take of the function's memory; more would say no more."""


class Pages(Protocol):
    """What is needed of an AwsClient of `logs`."""

    def pages(self, method: str, **parameters: object) -> Iterator[Mapping[str, object]]:
        """Every page of an answer; raises AwsError."""


@dataclass(slots=True)
class Found:
    """Bodies of records, and apart from them those of canaries.

    A canary is told by the stream that it was put into, which CloudTrail never writes to. What a record says of itself,
    its user agent for one, was written by whoever acted.
    """

    bodies: list[Body] = field(default_factory=list)
    canaries: list[Body] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(len(body.data) for body in (*self.bodies, *self.canaries))


@dataclass(slots=True)
class Records:
    """A log group. `name` is its name, or its ARN where it is another account's."""

    client: Pages
    name: str
    cut: bool = field(default=False, init=False)
    """Whether the last answer left records out, because there were too many or they took too long."""

    def of(self, detections: Sequence[Detection], window: Window, has_time: Callable[[], bool] = lambda: True) -> Found:
        """The records of the window that the detections may match, each once; raises AwsError.

        `has_time` is asked after each page: a busy group has many without a match.
        """
        seen: set[str] = set()
        found = Found()
        self.cut = False
        patterns = {_pattern(one) for one in detections if one.pattern is not None}
        for pattern in [None] if None in patterns else sorted(text for text in patterns if text is not None):
            for events in self._pages(pattern, window):
                fresh = [event for event in events if event["eventId"] not in seen]
                seen.update(str(event["eventId"]) for event in fresh)
                self._add(fresh, found)
                if len(seen) >= MOST_EVENTS or found.size >= MOST_BYTES or not has_time():
                    self.cut = True
                    return found
        return found

    def _add(self, events: Sequence[Mapping[str, object]], found: Found) -> None:
        for bodies, is_canary in ((found.bodies, False), (found.canaries, True)):
            own = [event for event in events if (event.get("logStreamName") == CANARY_STREAM) is is_canary]
            if own:
                bodies.append(self._body(own))

    def _pages(self, pattern: str | None, window: Window) -> Iterator[list[Mapping[str, object]]]:
        # The API's end is the last millisecond that counts.
        parameters: dict[str, object] = {"startTime": window.start * 1000, "endTime": window.end * 1000 - 1}
        if self.name.startswith("arn:"):
            parameters["logGroupIdentifier"] = self.name.removesuffix(":*")
        else:
            parameters["logGroupName"] = self.name
        if pattern:
            parameters["filterPattern"] = pattern
        for page in self.client.pages("filter_log_events", **parameters):
            events = page.get("events", [])
            assert isinstance(events, list)
            yield events

    def _body(self, events: Sequence[Mapping[str, object]]) -> Body:
        digest = hashlib.sha256("\n".join(str(event["eventId"]) for event in events).encode()).hexdigest()[:16]
        return Body(Kind.NDJSON, lines(str(event["message"]) for event in events), f"logs://{self.name}/{digest}")


def lines(messages: Iterable[str]) -> bytes:
    """Records as lines; a message holds no line's end that would cut it in two."""
    return b"".join(
        message.replace("\r", " ").replace("\n", " ").encode("utf-8", "surrogatepass") + b"\n" for message in messages
    )


def _pattern(detection: Detection) -> str | None:
    """The pattern's text; None where the service would refuse it, so that everything is read and asked here."""
    assert detection.pattern is not None
    text = detection.pattern.source.strip()
    return text if 0 < len(text) <= LONGEST_PATTERN else None
