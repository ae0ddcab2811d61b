"""The times of many records at once: nearly all are `YYYY-MM-DDThh:mm:ssZ`, and few minutes occur in one body."""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import attrgetter
from typing import cast

from vedette.cloudtrail.moment import parse_time
from vedette.cloudtrail.projection import Record

_MINUTE_LENGTH = len("2026-11-21T10:00:")
_SECONDS = {f"{second:02}Z": second for second in range(60)}
_MAX_MINUTES = 1 << 16
_DAY = r"[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])"
_PLAIN_TIMES = re.compile(rf"(?:{_DAY}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ)*+", re.ASCII)
"""Times, one behind the other, that are valid for sure; of the last days of a month a calendar must judge."""

_stamp = attrgetter("event_time")


class Times:
    """Reads times, and remembers the minutes that it has read."""

    def __init__(self) -> None:
        self._minutes: dict[str, int] = {}

    def time(self, text: object) -> int | None:
        """Epoch seconds of an eventTime, as `parse_time`."""
        if type(text) is not str:
            return None
        minute = self._minutes.get(text[:_MINUTE_LENGTH])
        second = _SECONDS.get(text[_MINUTE_LENGTH:])
        if second is None:
            return parse_time(text)
        return self._remembered(text[:_MINUTE_LENGTH], second) if minute is None else minute + second

    def _remembered(self, start: str, second: int) -> int | None:
        minute = parse_time(f"{start}00Z")
        if minute is None:
            return None
        if len(self._minutes) >= _MAX_MINUTES:
            self._minutes.clear()
        self._minutes[start] = minute
        return minute + second

    def unreadable(self, records: Sequence[Record]) -> list[int]:
        """The places of the records whose time cannot be read."""
        try:
            text = "".join(cast("Sequence[str]", list(map(_stamp, records))))
        except TypeError:
            text = "some are no text"
        if _PLAIN_TIMES.fullmatch(text) and len(text) == len(records) * (_MINUTE_LENGTH + 3):
            return []
        return [place for place, record in enumerate(records) if self.time(record.event_time) is None]

    def minutes(self, records: Sequence[Record]) -> tuple[int | None, ...]:
        """The start of each record's minute, in epoch seconds."""
        times = (self.time(record.event_time) for record in records)
        return tuple([None if time is None else time - time % 60 for time in times])
