"""`vedette canary`: does an alert arrive?"""

from __future__ import annotations

import threading

import click

from vedette.app.canary_command import Flown, fly
from vedette.app.stores import settings_from
from vedette.app.wiring import build
from vedette.cli import output
from vedette.cli.live import SETTINGS
from vedette.cli.run import stopping
from vedette.cli.values import length
from vedette.errors import ExitCode


@click.command("canary")
@SETTINGS
@click.option("--within", metavar="TIME", callback=length, help="How soon it must arrive. [default: `canary_within`]")
def command(given: str | None, within: int | None) -> int:
    """Send a harmless record the whole way, and wait until it arrives.

    The record is marked as Vedette's own, and goes to every channel. A running monitor reads it from its first folder,
    or from this command where there is none; without a running monitor this command does everything itself. Exit code
    0: every channel accepted it; 1: one did not, and everyone who can be reached is told.
    """
    settings = settings_from(given)
    stop = threading.Event()
    parts = build(settings)
    try:
        with stopping(stop):
            flown = fly(parts, within or settings.monitor.canary_within, stop)
    finally:
        parts.close()
    return _tell(flown, [channel.name for channel in settings.channels])


def _tell(flown: Flown, channels: list[str]) -> int:
    for channel in channels:
        why = flown.missing.get(channel)
        output.write(f"{channel}: {output.calm(why) if why else f'accepted within {flown.seconds:.0f} s'}")
    if flown.alone:
        output.say("no monitor is running: this command read the record and sent the messages itself", style="dim")
    return ExitCode.FINDINGS if flown.missing else ExitCode.DONE
