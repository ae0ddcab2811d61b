"""What people type as the value of an option: times and numbers.

Times are `24h`, `7d`, `2026-11-20`, `2026-11-20T10:00`, `2026-11-20T10:00:00Z`; UTC where no zone is given.
Lengths of time are `30m`, `4h`, `7d`.
"""

from __future__ import annotations

import datetime as dt
import re

import click

_SPAN = re.compile(r"(\d{1,6})\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Number(click.IntRange):
    """A whole number from `min` on, called so in help and errors (click calls it an integer range)."""

    name = "number"


def moment(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Callback of an option whose value is an instant, in epoch seconds; a span counts back from now.

    Raises click's BadParameter, which names the option, for anything else.
    """
    if value is None:
        return None
    text = value.strip()
    if span := _SPAN.fullmatch(text):
        return now() - int(span[1]) * _SECONDS[span[2]]
    try:
        instant = dt.datetime.fromisoformat(text)
        return int((instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)).timestamp())
    except (ValueError, OverflowError):
        message = f"`{value}` is no time; try 24h, 7d, 2026-11-20 or 2026-11-20T10:00 (UTC)"
        raise click.BadParameter(message, ctx, param) from None


def length(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Callback of an option whose value is a length of time, in seconds; raises click's BadParameter for others."""
    if value is None:
        return None
    span = _SPAN.fullmatch(value.strip())
    if span is None or not int(span[1]):
        raise click.BadParameter(f"`{value}` is no length of time; try 30m, 4h or 7d", ctx, param)
    return int(span[1]) * _SECONDS[span[2]]


def now() -> int:
    """The time, in epoch seconds."""
    return int(dt.datetime.now(dt.UTC).timestamp())


def day(ctx: click.Context, param: click.Parameter, value: str | None) -> dt.date | None:
    """Callback of an option whose value is a day; raises click's BadParameter for anything else."""
    try:
        return None if value is None else dt.date.fromisoformat(value.strip())
    except ValueError:
        raise click.BadParameter(f"`{value}` is no day; try 2026-11-20", ctx, param) from None
