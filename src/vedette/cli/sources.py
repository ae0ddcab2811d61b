"""`vedette sources`: how the sources are, and the objects that were put aside."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import click
from rich.text import Text

from vedette.alerts.record_document import moment_text
from vedette.cli import output
from vedette.cli.live import SETTINGS, form, minute, opened, second
from vedette.errors import ExitCode, NothingToDoError, UsageError
from vedette.monitor.store import ObjectRow, SourceHealth


@click.group("sources")
def command() -> None:
    """See how the sources are, and what was put aside."""


@command.command("list", short_help="Say how each source is.")
@SETTINGS
@form("table", "json")
def list_(given: str | None, form: str) -> int:
    """Say how each source is: what came last and when, how late, how much, and the last error.

    Exit code 1: the last look at a source failed.
    """
    with opened(given) as control:
        found = control.healths()
    if form == "json":
        output.write_raw(json.dumps([_document(name, health) for name, health in found.items()], indent=2))
    else:
        if not found:
            raise NothingToDoError("no source is set", hint="`[[source]]` in the settings; `vedette init` writes some")
        for line in _table(found, output.width()):
            output.write(line)
    failing = any(health is not None and health.last_error for health in found.values())
    return ExitCode.FINDINGS if failing else ExitCode.DONE


def _table(found: Mapping[str, SourceHealth | None], columns: int) -> Iterator[Text]:
    rows = output.Table("SOURCE", "LAST READ (UTC)", "LAG", "OBJECTS", "RECORDS", "ERRORS", stretch=0)
    for name, health in found.items():
        if health is None:
            rows.add(name, minute(None), "-", "-", "-", "-")
            continue
        errors = Text(f"{health.errors:,}", "red" if health.last_error else "")
        lag = _lag(health.lag) if health.last_at else "-"
        rows.add(name, minute(health.last_at), lag, f"{health.objects:,}", f"{health.records:,}", errors)
    lines = rows.lines(columns)
    yield next(lines)
    for line, health in zip(lines, found.values(), strict=True):
        yield line
        if health is not None and health.last_object:
            yield Text("  " + output.cut(f"last: {health.last_object}", columns - 2), "dim")
        if health is not None and health.last_error:
            for part in output.fold(f"fails: {health.last_error}", columns, first="  ", rest="    ", most=4):
                yield Text(part, "red")


def _lag(seconds: int) -> str:
    """`40 s`, `12 min`, `3 h`, `2 d`."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _document(name: str, health: SourceHealth | None) -> dict[str, object]:
    known = health or SourceHealth(name)
    return {
        "source": name,
        "last_object": known.last_object,
        "last_read": moment_text(known.last_at),
        "lag": known.lag,
        "objects": known.objects,
        "records": known.records,
        "errors": known.errors,
        "last_error": known.last_error,
    }


@command.group("poison")
def poison() -> None:
    """See the objects that were put aside because they could not be read, and let them be tried again."""


@poison.command("list", short_help="List what was put aside, the newest first.")
@SETTINGS
@form("table", "json")
def list_poison(given: str | None, form: str) -> int:
    """List the objects that were put aside, and why, the newest first."""
    with opened(given) as control:
        found = control.poison()
    if form == "json":
        output.write_raw(json.dumps([_poison_document(row) for row in found], indent=2))
        return ExitCode.DONE
    if found:
        _show_poison(found)
    else:
        output.say("nothing was put aside", style="dim")
    return ExitCode.DONE


def _show_poison(found: Sequence[ObjectRow]) -> None:
    columns = output.width()
    for row in found:
        output.write(Text(row.name, "bold"))  # whole, however long: it is what `retry` takes
        output.write(f"  from {row.source}, put aside {second(row.at)} UTC")
        for part in output.fold(row.poison, columns, first="  ", rest="  ", most=4):
            output.write(Text(part, "red"))
    output.say("")
    output.say("`vedette sources poison retry OBJECT` lets it be read again; `--all` all of them", style="dim")


def _poison_document(row: ObjectRow) -> dict[str, object]:
    return {
        "source": row.source,
        "object": row.name,
        "at": moment_text(row.at),
        "why": row.poison,
        "records": row.records,
        "malformed": row.malformed,
        "bodies": row.bodies,
    }


@poison.command("retry", short_help="Let objects be read again.")
@click.argument("names", nargs=-1, metavar="[OBJECT]...")
@click.option("--all", "every", is_flag=True, help="All of them.")
@SETTINGS
def retry(names: tuple[str, ...], every: bool, given: str | None) -> int:
    """Let objects that were put aside be read again.

    The running monitor fetches each from its source at the next look, and goes on where it had stopped.
    """
    if bool(names) == every:
        raise UsageError("give objects, or `--all`", hint="`vedette sources poison list` shows them")
    with opened(given) as control:
        freed = control.release(None if every else names)
    if not freed:
        raise NothingToDoError("nothing was put aside")
    for row in freed:
        output.write(f"{row.name}: the monitor reads it again, from {row.source}")
    return ExitCode.DONE
