"""`vedette doctor`: is everything there that a monitor needs, and how is it mended?"""

from __future__ import annotations

import json
from collections import Counter

import click
from rich.text import Text

from vedette.app.doctor import Check, State, examine, is_well
from vedette.app.stores import settings_from
from vedette.cli import output
from vedette.cli.live import SETTINGS, form
from vedette.cli.values import now
from vedette.errors import ExitCode

_STYLES = {State.GOOD: "green", State.DOUBTFUL: "yellow", State.BAD: "bold red"}


@click.command("doctor")
@SETTINGS
@click.option("--send", is_flag=True, help="Send a test message over each channel.")
@form("table", "json")
def command(given: str | None, send: bool, form: str) -> int:
    """Check settings, detections, store, sources, channels and clock.

    Says how to mend what is not as it should be. Nothing is changed; nothing is sent without --send. Exit code 0: all
    is well; 1: something is not; 2: the settings cannot be read.
    """
    checks = list(examine(settings_from(given), now(), send=send))
    if form == "json":
        output.write_raw(json.dumps([_document(check) for check in checks], indent=2))
    else:
        _show(checks)
    return ExitCode.DONE if is_well(checks) else ExitCode.FINDINGS


def _show(checks: list[Check]) -> None:
    table = output.Table("", "WHAT", "FOUND", stretch=2)
    for check in checks:
        table.add(Text(check.state.value, _STYLES[check.state]), check.what, check.found)
    table.write()
    mending = [check for check in checks if check.mend]
    if mending:
        output.write("")
    for check in mending:
        output.write(Text(f"{output.calm(check.what)}: {output.calm(check.mend)}"))
    counts = Counter(check.state for check in checks)
    output.say(f"{counts[State.GOOD]} well, {counts[State.DOUBTFUL]} to look at, {counts[State.BAD]} bad")


def _document(check: Check) -> dict[str, str]:
    return {"what": check.what, "state": check.state.value, "found": check.found, "mend": check.mend}
