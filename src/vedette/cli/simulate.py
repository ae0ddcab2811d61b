"""`vedette simulate`: a realistic account's logs, with an attack in them and the truth beside them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from vedette.cli import output
from vedette.errors import ExitCode, UsageError
from vedette.simulate import scenarios, write


@click.command("simulate")
@click.option("--scenario", metavar="NAME", help="What happens; `--list` names the scenarios.")
@click.option("--out", metavar="DIR", help="Where to write.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The day to simulate (UTC). [default: yesterday]")
@click.option("--seed", default="7", show_default=True, help="Same seed, same logs.")
@click.option("--records", type=click.IntRange(0), default=10_000, show_default=True, help="About how many records.")
@click.option("--replace", is_flag=True, help="Replace an earlier simulation in DIR.")
@click.option("--list", "listing", is_flag=True, help="Name the scenarios.")
def command(
    scenario: str | None,
    out: str | None,
    day: dt.datetime | None,
    seed: str,
    records: int,
    replace: bool,
    listing: bool,
) -> int:
    """Write a realistic account's logs, with an attack in them.

    DIR gets AWSLogs/ as CloudTrail lays it out in S3, ground-truth.jsonl (a line for each record of the attack, with
    the detections that should tell of it) and manifest.json.

    \b
    vedette simulate --scenario secrets-theft --out ./logs
    """
    if listing:
        table = output.Table("SCENARIO", "WHAT HAPPENS", stretch=1)
        for known in scenarios():
            table.add(known.name, known.description)
        table.write()
        return ExitCode.DONE
    if scenario is None or out is None:
        raise UsageError("`--scenario` and `--out` are needed", hint="`vedette simulate --list` names the scenarios")
    chosen = day.date() if day else dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    summary = write(Path(out), scenario, day=chosen, seed=seed, records=records, replace=replace)
    output.say(
        f"wrote {summary.records:,} records and {summary.duplicates:,} duplicates of {summary.day} in "
        f"{summary.files:,} files; {summary.scenario_records:,} of them are the scenario's"
    )
    output.say(f"try `vedette scan {Path(out) / 'AWSLogs'}`", style="dim")
    return ExitCode.DONE
