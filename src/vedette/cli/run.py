"""`vedette run`: the live monitor."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

import click

from vedette.alerts.render.moments import lasting
from vedette.app.run import Done, Run
from vedette.app.taking import Total
from vedette.app.wiring import build
from vedette.cli import output
from vedette.cli.inputs import near_to
from vedette.errors import ExitCode, NothingToDoError, UsageError, VedetteError
from vedette.settings import Settings, load_settings
from vedette.settings.source_tables import FolderSource

SETTINGS = click.option(
    "--settings", "file", metavar="FILE", help="The settings. [default: ./vedette.toml, or the user's]"
)

_ONE_WISH = 0.5
"""Seconds within which signals count as one: some tools send theirs to the process and to its group."""


@click.command("run")
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
@SETTINGS
@click.option("--once", is_flag=True, help="Read what is there, send what is due, and end.")
@click.option("--tell-old", is_flag=True, help="Tell of alerts however old their records are.")
@click.option("--log", "form", type=click.Choice(["text", "json"]), help="How to write the log, on stderr.")
def command(folders: tuple[str, ...], file: str | None, once: bool, tell_old: bool, form: str | None) -> int:
    """Watch CloudTrail, and alert people.

    Sources, store and channels are those of the settings. A FOLDER takes the place of their sources: its files are
    read as they appear. Without settings alerts go to a mail folder, which `vedette mail` shows. SIGTERM and Ctrl-C
    end it in an orderly way; a second one ends it at once.

    \b
    vedette run ./AWSLogs --once     with all that is there; however old it is, it is told
    vedette run                      for good, as vedette.toml says

    Exit code 0: ended as asked; 3: no source; 4: with --once, something could not be read.
    """
    settings = run_settings(file, folders)
    if once and form is None and sys.stderr.isatty() and settings.monitor.log_level == "info":
        # Whoever looks on sees how far it is instead.
        settings = replace(settings, monitor=replace(settings.monitor, log_level="warning"))
    parts = build(settings, form=form, tell_old=tell_old or bool(once and folders))
    try:
        run = Run(parts)
        with stopping(run.stop):
            if once:
                with output.activity(lambda: _far(run.taking.total)):
                    done = run.once()
                return _tell(done, settings)
            run.forever()
    finally:
        parts.close()
    if run.broken:
        raise VedetteError(
            f"a part of the monitor broke: {run.broken}", hint="this is a bug in Vedette; it can be started again"
        )
    return ExitCode.DONE


def run_settings(file: str | None, folders: Sequence[str]) -> Settings:
    """The settings, with `folders` in place of their sources; raises NothingToDoError where there is no source."""
    settings = load_settings(file, os.environ, Path.cwd())
    if folders:
        settings = replace(settings, sources=tuple(_folder(folder) for folder in dict.fromkeys(folders)))
    if not settings.sources:
        raise NothingToDoError(
            "the settings name no source", hint="`vedette run FOLDER` watches a folder; `vedette init` writes settings"
        )
    return settings


def _folder(given: str) -> FolderSource:
    path = Path(given)
    if not path.is_dir():
        what = "is not a folder" if path.exists() else "does not exist"
        raise UsageError(f"`{given}` {what}", hint=near_to(given))
    place = str(path.resolve())
    return FolderSource(name=f"folder:{place}"[:200], path=place)


@contextmanager
def stopping(stop: threading.Event) -> Iterator[None]:
    """Signals set `stop`; a second one ends the process at once, and the next start goes on from what is kept."""
    first = 0.0

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal first
        if not stop.is_set():
            first = time.monotonic()
            stop.set()
        elif time.monotonic() - first > _ONE_WISH:
            os._exit(128 + number)

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _far(total: Total) -> str:
    return f"{output.count(total.objects, 'object')}, {output.count(total.records, 'record')}, {total.alerts:,} alerts"


def _tell(done: Done, settings: Settings) -> int:
    counts = {"object": done.objects, "record": done.records}
    read = ", ".join(output.count(number, noun) for noun, number in counts.items())
    matches = f"{done.matches:,} {'match' if done.matches == 1 else 'matches'}"
    output.say(f"{read}, {matches}, {output.count(done.sent, 'message')} sent")
    if done.sent and any(channel.kind == "maildir" for channel in settings.channels):
        output.say("`vedette mail` shows them", style="dim")
    if done.too_old:
        age = lasting(settings.policy.max_age)
        are = "is about records" if done.too_old == 1 else "are about records"
        output.say(f"{output.count(done.too_old, 'alert')} {are} older than {age}, and nobody was told:")
        output.say("`vedette alerts list` shows them; with a new store, `--tell-old` tells of them, too", style="dim")
    if done.waiting:
        waits = "waits for its" if done.waiting == 1 else "wait for their"
        messages = f"{output.count(done.waiting, 'message')} {waits} time (a channel's rate, or another try)"
        output.say(f"{messages}: run again, or `vedette run`")
    if done.failed:
        output.say(f"{done.failed:,} could not be read", style="yellow")
    return ExitCode.FAILURE if done.failed else ExitCode.DONE
