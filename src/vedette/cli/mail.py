"""`vedette mail`: reads the folder into which the mail-folder channel puts its letters. It changes nothing there."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.text import Text

from vedette.alerts.record_document import moment_text
from vedette.app.mailbox import Content, Letter, letters, read
from vedette.app.stores import settings_from
from vedette.cli import output
from vedette.cli.live import SETTINGS, form, minute
from vedette.cli.values import Number
from vedette.errors import ExitCode, NothingToDoError, UsageError, VedetteError, reason_of
from vedette.settings.channel_tables import MaildirChannel

_CHANNEL = click.option("--channel", metavar="NAME", help="The mail folder of this channel. [default: the first]")
_FOLDER = click.option("--folder", metavar="PATH", help="Another maildir.")


@click.group("mail", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> int:
    """Read the mail in the monitor's mail folder; without a command, list it."""
    return ExitCode.DONE if ctx.invoked_subcommand else int(ctx.invoke(list_))


@command.command("list", short_help="List the letters, the newest first.")
@_CHANNEL
@_FOLDER
@SETTINGS
@click.option("--limit", type=Number(1), default=20, show_default=True, help="How many at most.")
@form("table", "json")
def list_(
    channel: str | None = None, folder: str | None = None, given: str | None = None, limit: int = 20,
    form: str = "table",
) -> int:  # fmt: skip
    """List the letters, the newest first."""
    found = _letters(channel, folder, given)
    shown = [(letter, _read(letter)) for letter in found[:limit]]
    if form == "json":
        output.write_raw(json.dumps([_document(letter, content) for letter, content in shown], indent=2))
        return ExitCode.DONE
    if not shown:
        output.say("no mail", style="dim")
        return ExitCode.DONE
    table = output.Table("", "DATE (UTC)", "SUBJECT", stretch=2)
    for letter, content in shown:
        style = "bold" if letter.fresh else ""
        table.add(f"{letter.number:>3}", minute(content.at), Text(output.calm(content.subject or "(none)"), style))
    table.write()
    output.say("")
    rest = f"{len(found) - limit:,} older not shown; " if len(found) > limit else ""
    output.say(f"{rest}`vedette mail show NUMBER` shows one", style="dim")
    return ExitCode.DONE


@command.command("show", short_help="Show the text of one.")
@click.argument("number", type=Number(1), required=False)
@_CHANNEL
@_FOLDER
@SETTINGS
def show(number: int | None, channel: str | None, folder: str | None, given: str | None) -> int:
    """Show the text of letter NUMBER, of the newest if none is given."""
    found = _letters(channel, folder, given)
    if not found:
        raise NothingToDoError("there is no mail yet")
    letter = found[0] if number is None else next((one for one in found if one.number == number), None)
    if letter is None:
        raise UsageError(f"there is no letter {number}", hint=f"there are 1 to {found[0].number}")
    content = _read(letter)
    output.write(Text.assemble(("From     ", "dim"), content.sender))
    output.write(Text.assemble(("Date     ", "dim"), f"{minute(content.at)} UTC"))
    output.write(Text.assemble(("Subject  ", "dim"), (content.subject, "bold")))
    output.write("")
    for line in content.text.rstrip().splitlines():
        output.write(line)
    if not content.text.strip():
        output.say(f"it has no text part; the whole of it is in {letter.path}", style="dim")
    return ExitCode.DONE


def _letters(channel: str | None, folder: str | None, given: str | None) -> list[Letter]:
    path = _folder(channel, given) if folder is None else Path(folder)
    try:
        return letters(path)
    except OSError as error:
        raise VedetteError(f"cannot read `{path}`: {reason_of(error)}") from error


def _folder(channel: str | None, given: str | None) -> Path:
    settings = settings_from(given)
    folders = {one.name: one.path for one in settings.channels if isinstance(one, MaildirChannel)}
    if channel is not None and channel not in folders:
        known = ", ".join(f"`{name}`" for name in folders)
        raise UsageError(f"no channel `{channel}` is a mail folder", hint=f"there is {known}" if known else None)
    if not folders:
        raise NothingToDoError("no channel is a mail folder", hint='`[[channel]]` with `kind = "maildir"` is one')
    return Path(folders[channel] if channel is not None else next(iter(folders.values())))


def _read(letter: Letter) -> Content:
    try:
        return read(letter)
    except OSError as error:
        raise VedetteError(f"cannot read `{letter.path}`: {reason_of(error)}") from error


def _document(letter: Letter, content: Content) -> dict[str, object]:
    return {
        "number": letter.number,
        "date": moment_text(content.at),
        "from": content.sender,
        "subject": content.subject,
        "new": letter.fresh,
        "path": str(letter.path),
    }
