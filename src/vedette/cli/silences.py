"""`vedette silences`: hold back what is expected, with an owner, a reason and an end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import click
from rich.text import Text

from vedette.alerts.policy import checked_matchers
from vedette.alerts.record import AlertRecord
from vedette.alerts.record_document import moment_text, record_document
from vedette.cli import output
from vedette.cli.alerts import table as alert_table
from vedette.cli.live import SETTINGS, form, minute, opened, person
from vedette.cli.values import length, moment
from vedette.errors import ExitCode, UsageError
from vedette.monitor.store import AlertFilter, Silence

F = TypeVar("F", bound=Callable[..., object])

_MATCHERS = {
    "detection": "This detection.",
    "category": "Detections of this category.",
    "severity": "This severity.",
    "actor": "This actor, as alerts name it.",
    "address": "This address.",
    "account": "This account.",
    "region": "This region.",
}


def _matching(command: F) -> F:
    """The options that say what is held back."""
    for name, meaning in reversed(_MATCHERS.items()):
        command = click.option(f"--{name}", metavar="GLOB", help=meaning)(command)
    return command


@click.group("silences")
def command() -> None:
    """Hold back what is expected, for a while.

    A silence holds an alert back if all that it names match; `*` stands for any text. Of what an alert shows several
    of (actors, addresses, accounts, regions), every one must match. What is held back is kept, and told if it still
    stands when the silence ends.
    """


@command.command("add", short_help="Hold back what matches, from now on.")
@_matching
@click.option("--for", "seconds", metavar="TIME", callback=length, required=True, help="How long: 30m, 24h, 7d.")
@click.option("--reason", metavar="TEXT", required=True, help="Why it is expected.")
@click.option("--owner", metavar="NAME", help="Who answers for it. [default: your login name]")
@SETTINGS
def add(seconds: int, reason: str, owner: str | None, given: str | None, **matchers: str | None) -> int:
    """Hold back what matches, from now on.

    \b
    vedette silences add --detection root-login --account 111122223333 \\
        --for 4h --reason 'yearly test of the root user'
    """
    wanted = _wanted(matchers)
    if not reason.strip():
        raise UsageError("a silence needs a reason", hint="--reason 'planned work'")
    with opened(given) as control:
        standing = control.held_back(wanted, AlertFilter(standing=True))
        made = control.add_silence(wanted, owner=person(owner), reason=reason.strip(), until=control.now + seconds)
    output.write(f"{made.id}: {_what(made.matchers)} until {minute(made.until)} UTC")
    if standing:
        verb = "is" if len(standing) == 1 else "are"
        output.say(f"{output.count(len(standing), 'standing alert')} {verb} held back", style="dim")
    output.say(f"`vedette silences end {made.id}` ends it", style="dim")
    return ExitCode.DONE


def _wanted(matchers: Mapping[str, str | None]) -> dict[str, str]:
    return checked_matchers({name: pattern for name, pattern in matchers.items() if pattern is not None})


def _what(matchers: Mapping[str, str]) -> str:
    return " ".join(f"{name}={pattern}" for name, pattern in matchers.items())


@command.command("list", short_help="List the silences in force.")
@SETTINGS
@form("table", "json")
def list_(given: str | None, form: str) -> int:
    """List the silences in force, the next to end first."""
    with opened(given) as control:
        found = control.silences()
    if form == "json":
        output.write_raw(json.dumps([_document(each) for each in found], indent=2))
        return ExitCode.DONE
    if not found:
        output.say("no silences", style="dim")
        return ExitCode.DONE
    for line in _table(found, output.width()):
        output.write(line)
    return ExitCode.DONE


def _table(silences: Sequence[Silence], columns: int) -> Iterator[Text]:
    rows = output.Table("ID", "UNTIL (UTC)", "OWNER", "HOLDS BACK", stretch=3)
    for each in silences:
        rows.add(each.id, minute(each.until), output.cut(each.owner, 20), _what(each.matchers))
    lines = rows.lines(columns)
    yield next(lines)
    for line, each in zip(lines, silences, strict=True):
        yield line
        yield from (Text(part, "dim") for part in output.fold(each.reason, columns, first="  ", rest="  ", most=3))


def _document(silence: Silence) -> dict[str, object]:
    return {
        "id": silence.id,
        "matchers": dict(silence.matchers),
        "owner": silence.owner,
        "reason": silence.reason,
        "created": moment_text(silence.created),
        "until": moment_text(silence.until),
    }


@command.command("end", short_help="End silences now.")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@SETTINGS
def end(ids: tuple[str, ...], given: str | None) -> int:
    """End silences now; of what they held back, what still stands is told. The beginning of an ID is enough."""
    with opened(given) as control:
        for each in control.end_silences(ids):
            output.write(f"{each.id}: ended, {_what(each.matchers)}")
    return ExitCode.DONE


@command.command("preview", short_help="Show which known alerts a silence would hold back.")
@_matching
@click.option("--since", metavar="TIME", callback=moment, help="Only alerts that changed since: 24h, 7d, 2026-11-20.")
@SETTINGS
@form("table", "json")
def preview(given: str | None, since: int | None, form: str, **matchers: str | None) -> int:
    """Show which of the known alerts a silence with these options would hold back. Nothing is changed."""
    wanted = _wanted(matchers)
    with opened(given) as control:
        known = AlertFilter(since=since)
        found, total = control.held_back(wanted, known), len(control.alerts(known))
    if form == "json":
        output.write_raw(json.dumps([record_document(alert) for alert in found], indent=2))
        return ExitCode.DONE
    _show(found, total)
    return ExitCode.DONE


def _show(found: Sequence[AlertRecord], total: int) -> None:
    if found:
        for line in alert_table(found, output.width()):
            output.write(line)
        output.say("")
    output.say(f"{len(found):,} of {output.count(total, 'alert')} would be held back", style="dim")
