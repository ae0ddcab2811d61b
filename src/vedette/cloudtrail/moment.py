"""CloudTrail's times: `2026-11-21T10:00:00Z` to whole seconds since 1970 and back. Reads no clock."""

from __future__ import annotations

import datetime as dt
import re

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,]\d{1,9})?(?:[Zz]|([+-])(\d\d):?(\d\d))", re.ASCII
)
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
_FIRST_SECOND = (dt.date.min.toordinal() - _EPOCH_DAY) * 86_400
_LAST_SECOND = (dt.date.max.toordinal() - _EPOCH_DAY + 1) * 86_400 - 1


def parse_time(text: object) -> int | None:
    """Seconds since 1970 (UTC) of an ISO 8601 time with a zone; None for anything else. Never raises.

    CloudTrail writes `YYYY-MM-DDThh:mm:ssZ`; other tools that re-write records add fractions (dropped) or offsets.
    A leap second counts as the second after it.

    >>> parse_time("2026-11-21T10:00:00Z")
    1795255200
    >>> parse_time("yesterday") is None
    True
    """
    found = _ISO.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    if hour > 23 or minute > 59 or second > 60:
        return None
    try:
        days = dt.date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    return days * 86_400 + hour * 3_600 + minute * 60 + second - _offset(found[7], found[8], found[9])


def _offset(sign: str | None, hours: str | None, minutes: str | None) -> int:
    if sign is None or hours is None or minutes is None:
        return 0
    seconds = int(hours) * 3_600 + int(minutes) * 60
    return -seconds if sign == "-" else seconds


def print_time(seconds: int) -> str:
    """The time as CloudTrail writes it; seconds outside the years 1 to 9999 are drawn to the nearest that can be shown.

    >>> print_time(1795255200)
    '2026-11-21T10:00:00Z'
    """
    days, rest = divmod(min(max(seconds, _FIRST_SECOND), _LAST_SECOND), 86_400)
    date = dt.date.fromordinal(days + _EPOCH_DAY)
    return f"{date.isoformat()}T{rest // 3_600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"
