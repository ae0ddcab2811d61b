"""`vedette pattern`: what a filter pattern would match, before CloudWatch Logs is asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TextIO

import click

from vedette.cli import output
from vedette.errors import ExitCode, PatternSyntaxError, printable
from vedette.patterns import FilterPattern


@click.group("pattern")
def command() -> None:
    """Try CloudWatch Logs filter patterns on messages."""


@command.command("test")
@click.argument("pattern")
@click.argument("file", default="-")
@click.option("-o", "--output", "form", type=click.Choice(["text", "json"]), default="text", help="How to answer.")
def test(pattern: str, file: str, form: str) -> int:
    """Print the messages of FILE (one a line; - for standard input) that PATTERN matches.

    The answer is that of CloudWatch Logs' TestMetricFilter call. Exit code 0: the pattern is valid; 2: it is not.

    \b
    vedette pattern test '{ $.eventName = "ConsoleLogin" }' events.ndjson
    """
    try:
        compiled = FilterPattern.parse(pattern)
    except PatternSyntaxError as error:
        if form == "text":
            raise
        output.write_raw(json.dumps({"valid": False, "error": error.aws_message}))
        return ExitCode.WRONG_INPUT
    matches: list[int] = []
    extracted: dict[str, dict[str, str]] = {}
    total = 0
    with _messages(file) as stream:
        for total, message in enumerate(_lines(stream), start=1):
            if not compiled.matches(message):
                continue
            matches.append(total)
            if form == "text":
                output.write_raw(printable(message) if sys.stdout.isatty() else message)
            else:
                extracted[str(total)] = compiled.extract(message)
    if form == "json":
        output.write_raw(json.dumps({"valid": True, "matches": matches, "extracted": extracted}))
    else:
        output.say(f"{len(matches)} of {total} messages match {compiled}", style="dim")
    return ExitCode.DONE


def _messages(file: str) -> AbstractContextManager[TextIO]:
    if file == "-":
        return nullcontext(sys.stdin)
    return Path(file).open(encoding="utf-8", errors="replace", newline="\n")


def _lines(stream: TextIO) -> Iterator[str]:
    for line in stream:
        yield line.rstrip("\n").removesuffix("\r")
