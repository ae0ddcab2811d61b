"""`vedette init`: settings from three questions, or from options. It writes a new file and changes none."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from vedette.cli import output
from vedette.detections.definition import Severity
from vedette.errors import ExitCode, InputError, UsageError, unwritable
from vedette.settings.kinds import Refusal
from vedette.settings.places import FILE_NAME
from vedette.settings.starter import MAIL_FOLDER, SLACK, checked_tell, checked_watch, starter

_SEVERITIES = [severity.value for severity in Severity]


@click.command("init")
@click.argument("file", default=FILE_NAME)
@click.option("--watch", metavar="PLACE", help="A folder, or the address of the SQS queue that a bucket notifies.")
@click.option("--tell", metavar="WHOM", help="A mail address, `slack`, or `folder` (mail in a folder here).")
@click.option(
    "--min-severity",
    type=click.Choice(_SEVERITIES),
    metavar="SEVERITY",
    help="Who is told hears from this severity on.",
)
@click.option("--smtp-host", metavar="HOST", help="The mail server, where WHOM is a mail address.")
def command(file: str, watch: str | None, tell: str | None, min_severity: str | None, smtp_host: str | None) -> int:
    """Write settings to FILE (vedette.toml), by asking three questions or from options."""
    path = Path(file)
    if path.exists():
        raise InputError(f"`{file}` is there already, and is left as it is", hint="give another name")
    asked = sys.stdin is not None and sys.stdin.isatty()
    if watch is None and not asked:
        raise UsageError("no terminal to ask at", hint=f"vedette init --watch ./AWSLogs --tell {MAIL_FOLDER}")
    place = _answer(watch, "What is to be watched? A folder, or the address of a bucket's queue", "", checked_watch)
    whom = _answer(
        tell if asked else tell or MAIL_FOLDER,
        f"Who is told? A mail address, `{SLACK}`, or `{MAIL_FOLDER}` for mail in a folder here",
        MAIL_FOLDER,
        checked_tell,
    )
    least = _answer(
        min_severity if asked else min_severity or Severity.MEDIUM.value,
        f"From which severity? {', '.join(_SEVERITIES)}",
        Severity.MEDIUM.value,
        _checked_severity,
    )
    _write(path, starter(place, whom, Severity(least), smtp_host))
    output.say(f"wrote {file}: read it, then `vedette doctor` and `vedette run`", style="dim")
    return ExitCode.DONE


def _answer(given: str | None, question: str, default: str, check: Callable[[str], str]) -> str:
    """The given answer, checked, or one that is asked for until it is right."""
    if given is not None:
        try:
            return check(given)
        except Refusal as refusal:
            raise InputError(refusal.message, hint=refusal.hint) from None
    while True:
        text = click.prompt(question, default=default or None, err=True)
        try:
            return check(text)
        except Refusal as refusal:
            output.print_error(refusal.message + (f"\nhint: {refusal.hint}" if refusal.hint else ""))


def _checked_severity(text: str) -> str:
    if text.lower() not in _SEVERITIES:
        raise Refusal(f"`{text}` is no severity")
    return text.lower()


def _write(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as error:
        raise unwritable(f"`{path}`", error) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
