"""Times as people type them: `24h`, `7d`, `2026-11-20`, `2026-11-20T10:00`, `2026-11-20T10:00:00Z` (UTC)."""

from __future__ import annotations

import datetime as dt
import re

import click

_SPAN = re.compile(r"(\d{1,6})\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class MomentParam(click.ParamType[int]):
    """An option whose value is an instant, in epoch seconds; a span counts back from now."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The instant; click's usage error for anything else."""
        if isinstance(value, int):
            return value
        text = str(value).strip()
        if span := _SPAN.fullmatch(text):
            return int(dt.datetime.now(dt.UTC).timestamp()) - int(span[1]) * _SECONDS[span[2]]
        try:
            moment = dt.datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"`{text}` is no time; try 24h, 7d, 2026-11-20 or 2026-11-20T10:00 (UTC)", param, ctx)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp())
