"""An ordinary day of an account without an attack in it: what the built-in detections say of it is little and low."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from vedette.cli import cli
from vedette.simulate import write

WEDNESDAY = dt.date(2026, 11, 18)
RECORDS = 6_000
"""Enough that people have a full day of work in it."""
SHOWN = 20
"""Alerts that somebody can read through on an ordinary day."""


@pytest.mark.parametrize("seed", [1, 20, 300])
def test_a_quiet_day_is_quiet(tmp_path: Path, seed: int) -> None:
    """Nothing of medium severity or above, and few of low severity: who is woken for nothing stops listening."""
    write(tmp_path / "logs", "quiet-day", day=WEDNESDAY, records=RECORDS, seed=seed)
    logs = str(tmp_path / "logs" / "AWSLogs")
    answer = CliRunner().invoke(cli, ["scan", logs, "-o", "ndjson", "--jobs", "1"], catch_exceptions=False)
    alerts = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [alert["detection"] for alert in alerts if alert["severity"] != "low"] == []
    assert 0 < len(alerts) <= SHOWN
