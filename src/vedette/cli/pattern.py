"""`vedette pattern`: what a filter pattern would match, before CloudWatch Logs is asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TextIO

import click

from vedette.cli import output
from vedette.cli.inputs import opened_text
from vedette.errors import ExitCode, PatternSyntaxError
from vedette.patterns import FilterPattern

_SHOWN_ON_TERMINAL = 4_000
"""Characters of a message that a terminal is given; a file or a pipe gets all of it."""


@click.group("pattern")
def command() -> None:
    """Try CloudWatch Logs filter patterns on messages."""


@command.command("test", short_help="Print the messages that a pattern matches.")
@click.argument("pattern")
@click.argument("file", default="-")
@click.option("-o", "--output", "form", type=click.Choice(["text", "json"]), default="text", help="How to answer.")
def test(pattern: str, file: str, form: str) -> int:
    """Print the messages of FILE (one a line; - for standard input) that PATTERN matches.

    The answer is that of CloudWatch Logs' TestMetricFilter call. Exit code 0: the pattern is valid; 2: it is not; 3:
    FILE cannot be read.

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
    first = ""
    with opened_text(file) as stream:
        for total, message in enumerate(_lines(stream), start=1):
            first = message if total == 1 else first
            if not compiled.matches(message):
                continue
            matches.append(total)
            if form == "text":
                output.write_raw(output.cut(message, _SHOWN_ON_TERMINAL) if sys.stdout.isatty() else message)
            else:
                extracted[str(total)] = compiled.extract(message)
    if form == "json":
        output.write_raw(json.dumps({"valid": True, "matches": matches, "extracted": extracted}))
    else:
        asked = (compiled.source.strip() and str(compiled)) or "the empty pattern"
        told = f"{len(matches):,} of {output.count(total, 'message')} {output.match(total)}"
        output.say(f"{told} {output.cut(asked, 200)}", style="dim")
    if not matches and (hint := _hint(first, file)):
        output.print_hint(hint)
    return ExitCode.DONE


def _hint(first: str, file: str) -> str:
    """Why nothing may have matched: what is no message a line, as CloudWatch Logs has them; empty if nothing is odd."""
    if first.startswith("\x1f\ufffd"):
        return f"this is gzip, and each line is taken for a message: unpack it with `gzip -dc {file}`"
    if first.lstrip().startswith(('{"Records":', '{ "Records":')):
        return "a log file is one message here; `jq -c '.Records[]'` puts each of its records on a line"
    if first.strip() in {"{", "["}:
        return "each line is taken for a message; `jq -c .` puts a document on one line"
    return ""


def _lines(stream: TextIO) -> Iterator[str]:
    for line in stream:
        yield line.rstrip("\n").removesuffix("\r")
