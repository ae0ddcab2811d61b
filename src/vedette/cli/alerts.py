"""`vedette alerts`: what the monitor has found, who was told, and what people answer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import click
from rich.text import Text

from vedette.alerts import words
from vedette.alerts.delivery import Delivery, DeliveryState, Reason
from vedette.alerts.notice import Notice
from vedette.alerts.record import AlertRecord, Status
from vedette.alerts.record_document import moment_text, record_document
from vedette.alerts.render import places_document, plain, usual_document
from vedette.app.control import Act, Control, History
from vedette.cli import output
from vedette.cli.live import SETTINGS, form, minute, opened, person, second
from vedette.cli.values import Number, length, moment
from vedette.detections.definition import Severity
from vedette.errors import ExitCode
from vedette.monitor import acknowledge, reopen, resolve, snooze
from vedette.monitor.store import AlertFilter, Decision

F = TypeVar("F", bound=Callable[..., object])

_STATUSES = [status.value for status in Status]
_SEVERITIES = [severity.value for severity in Severity]
_IDS = click.argument("ids", nargs=-1, required=True, metavar="ID...")
_STYLES = {"open": "bold", "acknowledged": "cyan", "snoozed": "cyan"}
DELIVERY_STYLES = {DeliveryState.SENT: "green", DeliveryState.WAITING: "yellow", DeliveryState.DEAD: "bold red"}


def _answering(command: F) -> F:
    """The options of what people answer."""
    for option in (
        SETTINGS,
        click.option("--who", metavar="NAME", help="Who says so. [default: your login name]"),
        click.option("--note", default="", metavar="TEXT", help="Why, for whoever looks later."),
    ):
        command = option(command)
    return command


@click.group("alerts")
def command() -> None:
    """Look at what the monitor has found, and answer it."""


@command.command("list", short_help="List alerts, the most severe first.")
@SETTINGS
@click.option("--status", type=click.Choice(_STATUSES), help="Only those.")
@click.option("--severity", type=click.Choice(_SEVERITIES), help="Only this severity and above.")
@click.option("--since", metavar="TIME", callback=moment, help="Only those that changed since: 24h, 7d, 2026-11-20.")
@click.option("--standing", is_flag=True, help="Only those whose alarm still stands.")
@click.option("--detection", metavar="ID", help="Only those of this detection.")
@click.option("--limit", type=Number(1), default=50, show_default=True, help="How many at most.")
@form("table", "json", "ndjson")
def list_(
    given: str | None, status: str | None, severity: str | None, since: int | None, standing: bool,
    detection: str | None, limit: int, form: str,
) -> int:  # fmt: skip
    """List alerts, the most severe first, then the newest.

    What stands is listed, and what changed last, up to 2,000. STATUS is what people made of it; `over` is an alert
    whose alarm has ended without anybody saying so.
    """
    wanted = AlertFilter(Status(status) if status else None, detection, since=since, standing=standing or None)
    least = Severity(severity) if severity else Severity.INFORMATIONAL
    with opened(given) as control:
        found = sorted((alert for alert in control.alerts(wanted) if alert.severity >= least), key=_order)
    _answer(found[:limit], form)
    if len(found) > limit:
        output.say(f"{len(found) - limit:,} more not shown: `--limit {len(found)}`", style="dim")
    return ExitCode.DONE


def _order(alert: AlertRecord) -> tuple[int, int, str]:
    return -alert.severity.rank, -(alert.evidence.last or alert.opened), alert.id


def _answer(alerts: Sequence[AlertRecord], form: str) -> None:
    match form:
        case "json":
            output.write_raw(json.dumps([record_document(alert) for alert in alerts], indent=2))
        case "ndjson":
            for alert in alerts:
                output.write_raw(json.dumps(record_document(alert)))
        case _ if not alerts:
            output.say("no alerts", style="dim")
        case _:
            for line in table(alerts, output.width()):
                output.write(line)
            counts = Counter(alert.severity for alert in alerts)
            told = ", ".join(f"{counts[one]} {one.value}" for one in reversed(Severity) if counts[one])
            output.say("")
            output.say(f"{output.count(len(alerts), 'alert')}: {told}", style="dim")
            output.say("`vedette alerts show ID` tells all about one", style="dim")


def table(alerts: Sequence[AlertRecord], columns: int) -> Iterator[Text]:
    """The alerts in two lines each: what, and under it the id, who, and how often."""
    rows = output.Table("SEVERITY", "ALERT", "STATUS", "LAST (UTC)", stretch=1)
    for alert in alerts:
        status = _status(alert)
        rows.add(
            output.severity(alert.severity.value),
            alert.title or alert.detection,
            Text(status, _STYLES.get(status, "dim")),
            minute(alert.evidence.last or alert.opened),
        )
    lines = rows.lines(columns)
    yield next(lines)
    indent = " " * (2 + max(len("SEVERITY"), *(len(alert.severity.value) for alert in alerts)))
    for line, alert in zip(lines, alerts, strict=True):
        yield line
        yield Text(indent + output.cut(f"{alert.id} · {_who(alert)}", columns - len(indent)), "dim")


def _status(alert: AlertRecord) -> str:
    status = alert.lifecycle.status
    return "over" if status is Status.OPEN and not alert.standing else status.value


def _who(alert: AlertRecord) -> str:
    if not alert.evidence.count:
        return " ".join(alert.group)
    return f"{words.who(alert)} · {words.times(alert.evidence.count)}"


@command.command("show", short_help="Tell all about one: what to do, who was told, and why.")
@click.argument("name", metavar="ID")
@SETTINGS
@form("text", "json")
def show(name: str, given: str | None, form: str) -> int:
    """Tell what a message about alert ID says, who was told when and why, and why not."""
    with opened(given) as control:
        alert = control.find(name)
        history = control.history(alert)
        if form == "json":
            output.write_raw(json.dumps(_document(history, control.notice(alert)), indent=2))
        else:
            _show(control, alert)
            for line in _told(history):
                output.write(line)
    return ExitCode.DONE


def _show(control: Control, alert: AlertRecord) -> None:
    lines = plain(control.notice(alert), sent=False).splitlines()
    output.write(Text(lines[0], output.SEVERITY_STYLES[alert.severity.value]))
    for line in lines[1:]:
        is_heading = line[:1].isalpha() and line == line.upper()
        output.write(output.heading(line) if is_heading else line)
    if alert.withdrawn:
        output.write("")
        output.write(Text(f"It is no alert any more: {alert.withdrawn}", "yellow"))


def _told(history: History) -> Iterator[Text]:
    yield Text()
    yield output.heading("WHO WAS TOLD, AND WHY")
    columns = output.width()
    for decision in history.decisions:
        lines = output.fold(f"{second(decision.at)} UTC: {_why(decision, history)}", columns, first="  ", rest=" " * 4)
        yield from map(Text, lines)
        for key in decision.deliveries:
            delivery = history.deliveries.get(key)
            if delivery is not None:
                yield from delivered(delivery, columns, "    ")
    if not history.decisions:
        yield Text("  nothing was decided yet: the monitor has not looked at it", "dim")


def _why(decision: Decision, history: History) -> str:
    reason, detail = decision.reason.value, decision.detail
    if decision.reason is Reason.SILENCED and detail in history.silences:
        silence = history.silences[detail]
        detail += f" ({silence.owner}: {silence.reason})"
    if not detail or detail.startswith(reason):
        return detail or reason
    return f"{reason}: {detail}"


def delivered(delivery: Delivery, columns: int, indent: str) -> Iterator[Text]:
    """How far a delivery has come, in a line; what the other side said, in up to two more."""
    state = delivery.state
    when = {
        DeliveryState.SENT: f" {second(delivery.settled)}",
        DeliveryState.DEAD: f" since {second(delivery.settled)}",
        DeliveryState.WAITING: f", next try {second(delivery.due)}",
    }[state]
    tries = f", tried {words.times(delivery.attempts)}" if delivery.attempts > 1 else ""
    name = output.calm(delivery.channel)
    yield Text.assemble(indent, name, ": ", (state.value, DELIVERY_STYLES[state]), when, tries)
    said = delivery.note if state is DeliveryState.SENT else delivery.detail
    if said:
        inner = indent + "  "
        yield from map(Text, output.fold(said, columns, first=inner, rest=inner, most=3))


def _document(history: History, notice: Notice) -> dict[str, object]:
    alert = history.alert
    return {
        **record_document(alert),
        "usual": usual_document(notice.usual.get(alert.id)),
        "places": places_document(alert, notice),
        "decisions": [
            {
                "at": moment_text(decision.at),
                "reason": decision.reason.value,
                "detail": decision.detail,
                "deliveries": list(decision.deliveries),
            }
            for decision in history.decisions
        ],
        "deliveries": [delivery_document(delivery) for delivery in history.deliveries.values()],
    }


def delivery_document(delivery: Delivery) -> dict[str, object]:
    """A delivery for machines; times are ISO 8601 in UTC."""
    return {
        "key": delivery.key,
        "channel": delivery.channel,
        "state": delivery.state.value,
        "reason": delivery.reason.value,
        "alerts": list(delivery.alerts),
        "incident": delivery.incident,
        "created": moment_text(delivery.created),
        "due": moment_text(delivery.due),
        "settled": moment_text(delivery.settled),
        "attempts": delivery.attempts,
        "detail": delivery.detail,
        "note": delivery.note,
    }


@command.command("ack", short_help="Say that somebody is on it.")
@_IDS
@_answering
def ack(ids: tuple[str, ...], given: str | None, who: str | None, note: str) -> int:
    """Say that somebody is on it: there are no more reminders.

    A new actor or address in the alert, and that it is over, are still told. The beginning of an ID is enough.
    """
    name = person(who)
    return _act(given, ids, lambda tx, monitor, alert, at: acknowledge(tx, monitor, alert, name, at, note))


@command.command("snooze", short_help="Hear of it again later.")
@_IDS
@click.option("--for", "seconds", metavar="TIME", callback=length, required=True, help="How long: 30m, 4h, 7d.")
@_answering
def snooze_(ids: tuple[str, ...], seconds: int, given: str | None, who: str | None, note: str) -> int:
    """Tell nobody for a while; if its alarm still stands then, it is told again."""
    name = person(who)
    return _act(given, ids, lambda tx, monitor, alert, at: snooze(tx, monitor, alert, name, at, at + seconds, note))


@command.command("resolve", short_help="Say that it is over.")
@_IDS
@_answering
def resolve_(ids: tuple[str, ...], given: str | None, who: str | None, note: str) -> int:
    """Say that it is over for people: those who heard of it are told so, and nothing more of it.

    If new records make the episode longer, it opens again and is told again.
    """
    name = person(who)
    return _act(given, ids, lambda tx, monitor, alert, at: resolve(tx, monitor, alert, name, at, note))


@command.command("reopen", short_help="Take back an answer.")
@_IDS
@_answering
def reopen_(ids: tuple[str, ...], given: str | None, who: str | None, note: str) -> int:
    """Take back `ack`, `snooze` or `resolve`."""
    name = person(who)
    return _act(given, ids, lambda tx, monitor, alert, at: reopen(tx, monitor, alert, name, at, note))


def _act(given: str | None, ids: Sequence[str], act: Act) -> int:
    with opened(given) as control:
        for alert in control.act(ids, act):
            life = alert.lifecycle
            until = f" until {minute(life.until)} UTC" if life.until else ""
            output.write(f"{alert.id}: {life.status.value}{until}, by {life.who}")
    return ExitCode.DONE
