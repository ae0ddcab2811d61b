"""`vedette simulate`: a realistic account's logs, with an attack in them and the truth beside them."""

from __future__ import annotations

import datetime as dt
import shlex
from pathlib import Path

import click
from rich.text import Text

from vedette.cli import output
from vedette.cli.loading import today
from vedette.cli.values import Number, day
from vedette.errors import ExitCode, UsageError
from vedette.simulate import scenarios, write


def _list() -> None:
    wide = max(len(known.name) for known in scenarios()) + 2
    for known in scenarios():
        first, *rest = output.fold(known.description, output.width() - wide)
        output.write(Text.assemble((f"{known.name:<{wide}}", "bold"), first))
        for line in rest:
            output.write(" " * wide + line)


@click.command("simulate")
@click.option("--scenario", metavar="NAME", help="What happens; `--list` names the scenarios.")
@click.option("--out", metavar="DIR", help="Where to write.")
@click.option("--day", metavar="DATE", callback=day, help="The day to simulate (UTC). [default: yesterday]")
@click.option("--seed", default="7", show_default=True, help="Same seed, same logs.")
@click.option("--records", type=Number(0), default=10_000, show_default=True, help="About how many records.")
@click.option("--replace", is_flag=True, help="Replace an earlier simulation in DIR.")
@click.option("--list", "listing", is_flag=True, help="Name the scenarios.")
def command(
    scenario: str | None,
    out: str | None,
    day: dt.date | None,
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
        _list()
        return ExitCode.DONE
    if not scenario or not out:  # an empty name of a folder would be this one
        raise UsageError("`--scenario` and `--out` are needed", hint="`vedette simulate --list` names the scenarios")
    chosen = day or today() - dt.timedelta(days=1)
    summary = write(Path(out), scenario, day=chosen, seed=seed, records=records, replace=replace)
    output.say(
        f"wrote {output.count(summary.records, 'record')} and {output.count(summary.duplicates, 'duplicate')} of "
        f"{summary.day} in {output.count(summary.files, 'file')}; {summary.scenario_records:,} are the scenario's"
    )
    output.say(f"try `vedette scan {shlex.quote(str(Path(out) / 'AWSLogs'))}`", style="dim")
    return ExitCode.DONE
