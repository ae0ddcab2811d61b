"""`vedette deliveries`: which messages arrived, which wait, which were given up; and another try."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

import click
from rich.text import Text

from vedette.alerts.delivery import Delivery, DeliveryState
from vedette.cli import output
from vedette.cli.alerts import DELIVERY_STYLES, delivery_document
from vedette.cli.live import SETTINGS, form, minute, opened
from vedette.cli.values import Number
from vedette.errors import ExitCode, NothingToDoError, UsageError


@click.group("deliveries")
def command() -> None:
    """See which messages arrived, and try again."""


@command.command("list", short_help="List messages, the newest first.")
@SETTINGS
@click.option("--state", type=click.Choice([state.value for state in DeliveryState]), help="Only those.")
@click.option("--channel", metavar="NAME", help="Only those to this channel.")
@click.option("--limit", type=Number(1), default=50, show_default=True, help="How many at most.")
@form("table", "json", "ndjson")
def list_(given: str | None, state: str | None, channel: str | None, limit: int, form: str) -> int:
    """List messages, the newest first, with the last answer of those that did not arrive."""
    with opened(given) as control:
        found = control.deliveries(DeliveryState(state) if state else None, channel)
    shown = found[:limit]
    match form:
        case "json":
            output.write_raw(json.dumps([delivery_document(each) for each in shown], indent=2))
        case "ndjson":
            for each in shown:
                output.write_raw(json.dumps(delivery_document(each)))
        case _:
            _show(shown, found)
    return ExitCode.DONE


def _show(shown: Sequence[Delivery], found: Sequence[Delivery]) -> None:
    if not found:
        output.say("no messages", style="dim")
        return
    for line in table(shown, output.width()):
        output.write(line)
    counts = Counter(each.state for each in found)
    told = ", ".join(f"{counts[state]:,} {state.value}" for state in DeliveryState if counts[state])
    output.say("")
    output.say(f"{output.count(len(found), 'message')}: {told}", style="dim")
    if len(found) > len(shown):
        output.say(f"{len(found) - len(shown):,} older not shown: `--limit {len(found)}`", style="dim")
    if counts[DeliveryState.DEAD]:
        output.say("`vedette deliveries retry KEY` tries a dead one again; `--all-dead` all of them", style="dim")


def table(deliveries: Sequence[Delivery], columns: int) -> Iterator[Text]:
    """The deliveries, a line each; under those that did not arrive, or not everywhere, what the other side said."""
    rows = output.Table("KEY", "STATE", "CHANNEL", "REASON", "PLANNED (UTC)", stretch=2)
    for each in deliveries:
        state = Text(each.state.value, DELIVERY_STYLES[each.state])
        rows.add(each.key, state, each.channel, each.reason.value, minute(each.created))
    lines = rows.lines(columns)
    yield next(lines)
    for line, each in zip(lines, deliveries, strict=True):
        yield line
        yield from (Text(part, "dim") for part in _detail(each, columns))


def _detail(delivery: Delivery, columns: int) -> list[str]:
    if delivery.state is DeliveryState.SENT:
        return output.fold(delivery.note, columns, first="  ", rest="  ", most=3) if delivery.note else []
    next_try = f"next try {minute(delivery.due)}; " if delivery.state is DeliveryState.WAITING else ""
    tries = output.count(delivery.attempts, "attempt") if delivery.attempts else "not tried yet"
    why = f": {delivery.detail}" if delivery.detail else ""
    return output.fold(f"{next_try}{tries}{why}", columns, first="  ", rest="  ", most=3)


@command.command("retry", short_help="Try again what was given up, or waits.")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--all-dead", is_flag=True, help="All that were given up.")
@click.option("--channel", metavar="NAME", help="With --all-dead: only those to this channel.")
@SETTINGS
def retry(keys: tuple[str, ...], all_dead: bool, channel: str | None, given: str | None) -> int:
    """Let messages be tried at once, by their KEYs (the beginning is enough). The running monitor sends them.

    A receiver that had one already can tell by its key.
    """
    if bool(keys) == all_dead:
        raise UsageError("give keys, or `--all-dead`", hint="`vedette deliveries list --state dead` shows them")
    if channel is not None and not all_dead:
        raise UsageError("`--channel` goes with `--all-dead`", hint="leave it out")
    with opened(given) as control:
        again = control.retry_dead(channel) if all_dead else control.retry(keys)
    if not again:
        raise NothingToDoError("no message was given up")
    for each in again:
        output.write(f"{each.key}: waits for {each.channel}")
    return ExitCode.DONE
