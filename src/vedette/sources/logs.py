"""A log group of CloudWatch Logs to which a trail delivers: read by time from a cursor, each page an object of lines.

Events come late, and pages overlap on purpose; an event that was handed out is known by its id until it is out of
reach. Source: FilterLogEvents in the CloudWatch Logs API reference.
"""

from __future__ import annotations

import hashlib
import io
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vedette.aws import AwsClient
from vedette.sources.held import LEASE, Clock, Window
from vedette.sources.port import Item, PoisonError

_NAME = re.compile(r"logs://(?P<group>.+)/(?P<first>\d+)-(?P<last>\d+)-[0-9a-f]{16}")

_LATEST = 3_600
"""Seconds after which a quiet group is not expected to bring anything of that time."""


@dataclass(frozen=True, slots=True)
class _Event:
    id: str
    time: int
    message: str


@dataclass(slots=True)
class LogGroup:
    """A log group as a source. `since` and `overlap` are seconds; `given` is the cursor of an earlier run."""

    name: str
    client: AwsClient
    group: str
    since: int
    stream_prefix: str = ""
    overlap: int = 300
    given: str = ""
    lease: float = LEASE
    clock: Clock = time.monotonic
    _window: Window = field(init=False)

    def __post_init__(self) -> None:
        low = int(self.given) if self.given.isdigit() else self.since * 1000
        self._window = Window(low, self.overlap * 1000, self.lease, self.clock)

    @property
    def cursor(self) -> str:
        """The time, in milliseconds, up to which all is done."""
        return str(self._window.low)

    def poll(self, now: int) -> Iterator[Item]:
        """The events that came since, a page an object; raises AwsError."""
        self._window.forget()
        for events in self._pages(max(0, self._window.start)):
            fresh = [event for event in events if self._window.offer(event.id, event.time)]
            if fresh:
                yield self._item(fresh)
        self._window.advance((now - _LATEST) * 1000)

    def fetch(self, name: str) -> Item:
        """The events of an object's time, with those that came late to it."""
        found = _NAME.fullmatch(name)
        if found is None or found["group"] != self.group:
            raise PoisonError(f"`{name}` is not of the log group {self.group}")
        first, last = int(found["first"]), int(found["last"])

        def fetch() -> io.BytesIO:
            return io.BytesIO(b"".join(_lines(events) for events in self._pages(first, last + 1)))

        return Item(name, 0, fetch)

    def _pages(self, start: int, end: int | None = None) -> Iterator[list[_Event]]:
        parameters: dict[str, object] = {"startTime": start}
        if self.group.startswith("arn:"):
            parameters["logGroupIdentifier"] = self.group.removesuffix(":*")
        else:
            parameters["logGroupName"] = self.group
        if self.stream_prefix:
            parameters["logStreamNamePrefix"] = self.stream_prefix
        if end is not None:
            parameters["endTime"] = end
        for page in self.client.pages("filter_log_events", **parameters):
            yield _events(page)

    def _item(self, events: Sequence[_Event]) -> Item:
        ids = [event.id for event in events]
        times = [event.time for event in events]
        digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16]
        data = _lines(events)
        return Item(
            name=f"logs://{self.group}/{min(times)}-{max(times)}-{digest}",
            size=len(data),
            open=lambda: io.BytesIO(data),
            ack=lambda: self._window.settle(ids),
            extend=lambda seconds: self._window.extend(ids, seconds),
            reject=lambda why: self._window.settle(ids),
            delivered=max(times) // 1000,
        )


def _events(page: Mapping[str, object]) -> list[_Event]:
    found = page.get("events", [])
    assert isinstance(found, list)
    return [_Event(one["eventId"], one["timestamp"], one["message"]) for one in found]


def _lines(events: Sequence[_Event]) -> bytes:
    return b"".join(
        event.message.replace("\r", " ").replace("\n", " ").encode("utf-8", "surrogatepass") + b"\n" for event in events
    )
