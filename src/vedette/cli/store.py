"""`vedette store`: look after what the monitor keeps."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import click

from vedette.app.stores import BY_NAME, RETENTION, TABLES, KeptStore, kept_for, open_kept_by, settings_from
from vedette.cli import output, values
from vedette.errors import ExitCode, UsageError, printable, unwritable
from vedette.settings.model import Settings

_DAY = 86_400
_AGE = re.compile(r"(\d{1,5})d?")
_FORM = click.option(
    "-o", "--output", "form", type=click.Choice(["table", "json"]), default="table", help="How to answer."
)
_SETTINGS = click.option("--settings", "given", metavar="FILE", help="Settings. [default: as for `vedette run`]")
_URL = click.option(
    "--url", metavar="URL", help="Another store than the settings name: sqlite:PATH, postgresql://USER@HOST/DATABASE."
)


@click.group("store")
def command() -> None:
    """Look after what the monitor keeps: its state, its schema, its size."""


@command.command("status", short_help="Say where the store is and what is in it.")
@_SETTINGS
@_URL
@_FORM
def status(given: str | None, url: str | None, form: str) -> int:
    """Say where the store is, its schema's version, its size, and how many rows each table has.

    Exit code 1: the schema must be migrated.
    """
    settings = settings_from(given)
    with _opened(settings, url, create=False) as store:
        found = store.status()
    current = found["version"] == found["latest"]
    if form == "json":
        output.write_raw(json.dumps(found, indent=2))
    else:
        _show(found, kept_for(settings))
        if not current:
            output.say("`vedette store migrate` brings the schema up to date; so does `vedette run`", style="yellow")
    return ExitCode.DONE if current else ExitCode.FINDINGS


def _show(found: Mapping[str, object], kept: Mapping[str, int]) -> None:
    rows, size = found["rows"], found["bytes"]
    assert isinstance(rows, dict)
    assert isinstance(size, int)
    table = output.Table("TABLE", "ROWS", "KEPT", "WHAT", stretch=3)
    for each in TABLES:
        table.add(each.name, f"{rows.get(each.name, 0):,}", _kept(kept.get(each.name)), each.purpose)
    table.write()
    output.say("")
    version = f"schema version {found['version']} of {found['latest']}"
    output.say(f"{found['kind']} at {found['place']}: {_bytes(size)}, {version}", style="dim")


def _kept(seconds: int | None) -> str:
    return "for good" if seconds is None else output.count(seconds // _DAY, "day")


def _bytes(size: int) -> str:
    amount, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{size:,} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"


@command.command("migrate", short_help="Make the store, or bring its schema up to date.")
@_SETTINGS
@_URL
def migrate(given: str | None, url: str | None) -> int:
    """Make the store if there is none, and bring its schema up to date. `vedette run` does so by itself."""
    with _opened(settings_from(given), url, create=True) as store:
        found, applied = store.status(), store.applied
    for step in applied:
        output.write(step)
    told = f"{output.count(len(applied), 'migration')} applied" if applied else "nothing to migrate"
    output.say(f"{told}: {found['place']} has schema version {found['version']}", style="dim")
    return ExitCode.DONE


@command.command("prune", short_help="Delete rows that are older than they need be.")
@_SETTINGS
@_URL
@click.option(
    "--keep", "ages", multiple=True, metavar="TABLE=DAYS", help="Keep a table's rows so long, for example matches=30."
)
@click.option("--dry-run", is_flag=True, help="Only count what would go.")
@_FORM
def prune(given: str | None, url: str | None, ages: tuple[str, ...], dry_run: bool, form: str) -> int:
    """Delete rows that are older than their table keeps them.

    Standing alerts, what is to be said of them, and deliveries that wait stay, however old. Keep `objects` longer than
    objects stay in a watched folder: what is forgotten there is read again.

    \b
    vedette store prune --dry-run
    vedette store prune --keep matches=30 --keep minutes=30
    """
    settings = settings_from(given)
    kept = {**kept_for(settings), **dict(map(_age, ages))}
    now = values.now()
    before = {name: now - seconds for name, seconds in kept.items()}
    with _opened(settings, url, create=False) as store:
        gone = store.expired(before) if dry_run else _pruned(store, before)
    if form == "json":
        output.write_raw(json.dumps(dict(gone), indent=2))
        return ExitCode.DONE
    table = output.Table("TABLE", "KEPT", "WOULD GO" if dry_run else "GONE", stretch=0)
    for name, number in gone.items():
        table.add(name, _kept(kept[name]), f"{number:,}")
    table.write()
    return ExitCode.DONE


def _pruned(store: KeptStore, before: Mapping[str, int]) -> Mapping[str, int]:
    with _telling("looking for old rows") as tell:
        return store.prune(before, lambda name, gone: tell(f"{name}: {output.count(gone, 'row')} gone"))


def _age(text: str) -> tuple[str, int]:
    name, _, days = text.partition("=")
    if name not in RETENTION:
        raise UsageError(f"no table `{printable(name)}` is pruned", hint=f"one of {', '.join(RETENTION)}")
    if not (found := _AGE.fullmatch(days)):
        raise UsageError(f"`{printable(text)}` says no number of days", hint=f"write {name}=30")
    return name, int(found[1]) * _DAY


@command.command("export", short_help="Write every table as lines of JSON.")
@_SETTINGS
@_URL
@click.option("--table", "names", multiple=True, type=click.Choice(list(BY_NAME)), help="Only this table.")
@click.option("--out", metavar="FILE", help="Write to FILE.")
def export(given: str | None, url: str | None, names: tuple[str, ...], out: str | None) -> int:
    """Write every table as lines of JSON, each row with its table's name; all of one moment, while the monitor runs.

    What the records held is in them as it was, hostile texts too. Credentials are not: the store has none.
    """
    tables = [table for table in TABLES if not names or table.name in names]
    with _opened(settings_from(given), url, create=False) as store:
        lines = store.export(tables)
        written = _print(lines) if out is None else _save(lines, out)
    output.say(f"{output.count(written, 'row')} written", style="dim")
    return ExitCode.DONE


def _print(lines: Iterable[str]) -> int:
    written = 0
    for line in lines:
        output.write_raw(line)
        written += 1
    return written


def _save(lines: Iterable[str], out: str) -> int:
    """Into a file that only its owner reads: who did what, from where, is in it."""
    written = 0
    try:
        descriptor = os.open(out, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream, _telling("reading") as tell:
            for line in lines:
                stream.write(line + "\n")
                written += 1
                if written % 1000 == 0:
                    tell(f"{written:,} rows written")
    except OSError as error:
        raise unwritable(f"`{out}`", error) from error
    return written


@contextmanager
def _telling(first: str) -> Iterator[Callable[[str], None]]:
    """A line on stderr that says how far the work is, on a terminal only."""
    with output.console(sys.stderr).status(first) as line:
        yield line.update


@contextmanager
def _opened(settings: Settings, url: str | None, *, create: bool) -> Iterator[KeptStore]:
    store = open_kept_by(settings, url, create=create)
    try:
        yield store
    finally:
        store.close()
