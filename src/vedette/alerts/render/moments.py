"""Times as people read them: in UTC, in the reader's zone, and as CloudWatch writes them. Reads no clock."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from vedette.cloudtrail.moment import print_time

# strftime's names follow the process's locale; CloudWatch's do not.
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def utc(seconds: int) -> str:
    """`2026-11-21 10:00:00 UTC`."""
    text = print_time(seconds)
    return f"{text[:10]} {text[11:19]} UTC"


def spoken(seconds: int, zone: str) -> str:
    """In UTC and in the reader's zone; in UTC alone if that is the zone, or if it is not known here.

    >>> spoken(1795255200, "Europe/Berlin"), spoken(1795255200, "UTC")
    ('2026-11-21 10:00:00 UTC (Saturday 11:00 in Europe/Berlin)', '2026-11-21 10:00:00 UTC')
    """
    local = _local(seconds, zone)
    if local is None:
        return utc(seconds)
    return f"{utc(seconds)} ({_DAYS[local.weekday()]} {local:%H:%M} in {zone})"


def clock(seconds: int, zone: str) -> str:
    """The time of day to the minute, for the smallest of screens: `10:00 UTC`, `11:00 CET`."""
    local = _local(seconds, zone)
    return f"{print_time(seconds)[11:16]} UTC" if local is None else f"{local:%H:%M %Z}"


def _local(seconds: int, zone: str) -> dt.datetime | None:
    # A wrong zone is for the settings to refuse; a message must go out all the same.
    if zone in ("UTC", ""):
        return None
    try:
        return dt.datetime.fromtimestamp(seconds, zoneinfo.ZoneInfo(zone))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        return None


def amazon(seconds: int) -> str:
    """As CloudWatch writes it for people: `Monday 14 September, 2026 11:18:44 UTC`."""
    text = print_time(seconds)
    day = dt.date.fromisoformat(text[:10])
    return f"{_DAYS[day.weekday()]} {text[8:10]} {_MONTHS[day.month - 1]}, {text[:4]} {text[11:19]} UTC"


def stamp(seconds: int) -> str:
    """As CloudWatch writes it for machines: `2026-09-14T11:18:44.000+0000`."""
    return f"{print_time(seconds)[:19]}.000+0000"


def lasting(seconds: int) -> str:
    """A length of time in one unit: `40 seconds`, `5 minutes`, `3 hours`, `2 days`."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size or (seconds >= size and unit != "day"):
            number = seconds // size
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
