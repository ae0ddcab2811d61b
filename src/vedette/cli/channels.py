"""`vedette channels`: the ways to people; whether one works; what a message looks like on each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import click
from rich.text import Text

from vedette.alerts import render
from vedette.alerts.delivery import Dead, Delivery, DeliveryState, Retry, Sent
from vedette.alerts.record_document import moment_text
from vedette.app.stores import settings_from
from vedette.app.trial import Trial, try_channel
from vedette.cli import output, values
from vedette.cli.live import SETTINGS, form, minute, opened
from vedette.cli.loading import nearest_hint
from vedette.cli.preview import KINDS, OF_CHANNEL
from vedette.detections.definition import Severity
from vedette.errors import ExitCode, UsageError, printable, unwritable
from vedette.monitor.store import StoreError
from vedette.settings import Settings
from vedette.settings.channel_tables import (
    AppriseChannel,
    Channel,
    MaildirChannel,
    PagerdutyChannel,
    SlackChannel,
    SmsChannel,
    SmtpChannel,
    SnsChannel,
    TeamsChannel,
    WebhookChannel,
)  # fmt: skip
from vedette.settings.model import RouteSettings
from vedette.settings.policy import DEFAULT_SEVERITY


@click.group("channels")
def command() -> None:
    """List, test and preview the ways to people."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A channel, what it hears of, and how its messages fare; None if there is no store yet."""

    channel: Channel
    hears: tuple[str, ...]
    deliveries: Sequence[Delivery] | None

    def number(self, state: DeliveryState) -> int | None:
        """How many of its messages are in that state."""
        return None if self.deliveries is None else sum(each.state is state for each in self.deliveries)

    @property
    def last_sent(self) -> int | None:
        """When the last message arrived (epoch seconds)."""
        sent = (each.settled for each in self.deliveries or () if each.state is DeliveryState.SENT and each.settled)
        return max(sent, default=None)


@command.command("list", short_help="Name the channels, what they hear of, and how their messages fare.")
@SETTINGS
@form("table", "json")
def list_(given: str | None, form: str) -> int:
    """Name the channels of the settings, what each hears of, and how its messages fare."""
    settings = settings_from(given)
    known = _deliveries(given)
    rows = [
        _Row(channel, _hears(settings, channel.name), None if known is None else known.get(channel.name, ()))
        for channel in settings.channels
    ]
    if form == "json":
        output.write_raw(json.dumps([_document(row) for row in rows], indent=2))
        return ExitCode.DONE
    for line in _table(rows, output.width()):
        output.write(line)
    output.say("")
    output.say("`vedette channels test NAME` sends a test message", style="dim")
    return ExitCode.DONE


def _deliveries(given: str | None) -> Mapping[str, Sequence[Delivery]] | None:
    """By channel; None without a store, which is no reason not to name the channels."""
    found: dict[str, list[Delivery]] = {}
    try:
        with opened(given) as control:
            for delivery in control.deliveries():
                found.setdefault(delivery.channel, []).append(delivery)
    except StoreError:
        return None
    return found


def _hears(settings: Settings, name: str) -> tuple[str, ...]:
    """What goes to the channel, in words: one text for each route that names it."""
    if not settings.routes:
        return (f"{DEFAULT_SEVERITY.value} and above",)
    routes = [_route(route) for route in settings.routes if name in route.channels]
    return tuple(routes or ["nothing: no route names it"])


def _route(route: RouteSettings) -> str:
    every = route.min_severity is Severity.INFORMATIONAL
    parts = ["everything" if every else f"{route.min_severity.value} and above"]
    for noun, globs in (
        ("detections", route.detections), ("categories", route.categories), ("accounts", route.accounts),
        ("regions", route.regions),
    ):  # fmt: skip
        parts += [f"{noun} {', '.join(globs)}"] if globs else []
    parts += [route.hours] if route.hours else []
    return "; ".join(parts)


def _table(rows: Sequence[_Row], columns: int) -> Iterator[Text]:
    table = output.Table("NAME", "KIND", "WAITING", "DEAD", "LAST SENT (UTC)", stretch=0)
    for row in rows:
        waiting, dead = row.number(DeliveryState.WAITING), row.number(DeliveryState.DEAD)
        table.add(
            row.channel.name,
            row.channel.kind,
            Text(_shown(waiting), "yellow" if waiting else ""),
            Text(_shown(dead), "bold red" if dead else ""),
            minute(row.last_sent),
        )
    lines = table.lines(columns)
    yield next(lines)
    for line, row in zip(lines, rows, strict=True):
        yield line
        for label, text in (("to", place(row.channel)), *(("hears", text) for text in row.hears)):
            yield from (Text(part, "dim") for part in output.fold(text, columns, first=f"  {label} ", rest="    "))


def _shown(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def place(channel: Channel) -> str:
    """Where a channel's messages go, as far as that is no secret."""
    match channel:
        case MaildirChannel(path=path):
            return path
        case SmtpChannel(to=to, host=host):
            return f"{', '.join(to)} by {host}"
        case SnsChannel(topic_arn=topic):
            return topic
        case SmsChannel(to=to):
            return ", ".join(to)
        case SlackChannel(webhook=None, channel=name):
            return name or "Slack"
        case SlackChannel(webhook=ref) | TeamsChannel(webhook=ref) | AppriseChannel(url=ref):
            return str(ref)
        case PagerdutyChannel(routing_key=ref):
            return str(ref)
        case WebhookChannel(url=str(url)):
            return urlsplit(url).hostname or "webhook"  # the rest of an address may hold a key
        case WebhookChannel(url=ref):
            return str(ref)


def _document(row: _Row) -> dict[str, object]:
    return {
        "name": row.channel.name,
        "kind": row.channel.kind,
        "goes_to": place(row.channel),
        "hears": list(row.hears),
        "waiting": row.number(DeliveryState.WAITING),
        "dead": row.number(DeliveryState.DEAD),
        "last_sent": moment_text(row.last_sent),
    }


@command.command("test", short_help="Send a test message, and say what happened.")
@click.argument("name")
@SETTINGS
def test(name: str, given: str | None) -> int:
    """Send a test message over channel NAME, once, and say what happened.

    It says that it is a test. Exit code 0: it was accepted; 4: it was not.
    """
    settings = settings_from(given)
    channel = _channel(settings, name)
    tried = try_channel(settings, channel, values.now())
    match tried.outcome:
        case Sent(note=note):
            reference = f" ({output.cut(tried.hidden, 60)})" if tried.hidden else ""
            output.write(Text.assemble((f"{name}: accepted", "green"), reference))
            if note:
                output.say(note, style="yellow")
            output.say(f"now look whether it is there: {output.calm(place(channel))}", style="dim")
            return ExitCode.DONE
        case Retry() | Dead():
            _tell_refusal(settings, channel, tried)
            return ExitCode.FAILURE


def _channel(settings: Settings, name: str) -> Channel:
    by_name = {channel.name: channel for channel in settings.channels}
    if name not in by_name:
        hint = nearest_hint(name, by_name) or f"there are {', '.join(f'`{known}`' for known in by_name)}"
        raise UsageError(f"no channel is called `{printable(name)}`", hint=hint)
    return by_name[name]


def _tell_refusal(settings: Settings, channel: Channel, tried: Trial) -> None:
    """Why it was not accepted, whether the monitor would try again, and how to mend it."""
    lines = tried.hidden.splitlines() or ["no reason was given"]
    match tried.outcome:
        case Retry(after=after, credentials=credentials):
            wait = f" in {after} s" if after else ""
            then = f"the monitor would try again{wait}"
            hint = "the credential was refused: store the right one where the settings point" if credentials else ""
        case _:
            then, hint = "the monitor would give the message up", ""
    if not any(line.startswith("hint: ") for line in lines):
        origin = settings.origin("channel", settings.channels.index(channel), "name")
        lines.append(f"hint: {hint or 'look at the channel' + (f' in {origin}' if origin else ' in the settings')}")
    output.print_error("\n".join([f"{channel.name}: not accepted: {lines[0]}", *lines[1:]]))
    output.say(then, style="dim")


@command.command("preview", short_help="Show what a message about an alert looks like.")
@click.argument("alert")
@click.option("--channel", "kind", metavar="KIND|NAME", help="Only this kind of channel, or a channel's name.")
@click.option("--html", "page", metavar="FILE", help="Write the HTML of the e-mail to FILE, too.")
@SETTINGS
def preview(alert: str, kind: str | None, page: str | None, given: str | None) -> int:
    """Show what a message about ALERT looks like on every kind of channel. Nothing is sent."""
    with opened(given) as control:
        kinds = list(KINDS) if kind is None else [_kind(control.settings, kind)]
        notice = control.notice(control.find(alert))
    if page is not None:
        _save(render.email(notice).html, page)
    for number, one in enumerate(kinds):
        if number:
            output.write("")
        for part, text in KINDS[one](notice):
            output.write(output.heading(f"{one}: {part}"))
            for line in text.splitlines():
                output.write(line)
    return ExitCode.DONE


def _kind(settings: Settings, given: str) -> str:
    named = next((channel.kind for channel in settings.channels if channel.name == given), given)
    kind = OF_CHANNEL.get(named, named)
    if kind not in KINDS:
        hint = nearest_hint(given, KINDS) or f"one of {', '.join(KINDS)}, or a channel's name"
        raise UsageError(f"`{printable(given)}` is no kind of channel", hint=hint)
    return kind


def _save(html: str, path: str) -> None:
    """Readable by its owner only: who did what, from where, is in it."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(html)
    except OSError as error:
        raise unwritable(f"`{path}`", error) from error
    output.say(f"wrote {path}", style="dim")
