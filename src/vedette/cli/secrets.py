"""`vedette secrets`: put credentials into AWS Secrets Manager, list them, delete them; a value is never shown."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import click
from rich.text import Text

from vedette.cli import output
from vedette.cli.deploy_options import session_of
from vedette.cli.live import form, minute
from vedette.cloudtrail.moment import print_time
from vedette.errors import ExitCode, InputError, UsageError
from vedette.secrets import Provider, SecretRef, parse
from vedette.secrets.keeper import Keeper, Listed
from vedette.secrets.reference import SCHEME
from vedette.secrets.resolvers import MAX_BYTES
from vedette.secrets.secret import Secret

F = TypeVar("F", bound=Callable[..., object])

_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")


def _placed(command: F) -> F:
    """The options that say in which account and region."""
    for name, meaning in (("region", "The AWS region."), ("profile", "The AWS profile.")):
        text = f"{meaning} [default: as for the AWS command line]"
        command = click.option(f"--{name}", metavar=name.upper(), help=text)(command)
    return command


@click.group("secrets")
def command() -> None:
    """Keep credentials in AWS Secrets Manager.

    Settings and deployments name a credential by its reference, secret://aws/NAME#key. The value is read from a hidden
    prompt or from standard input, and never shown again.
    """


@command.command("put", short_help="Store a value, and print the reference to it.")
@click.argument("name")
@click.argument("extra", nargs=-1, metavar="")
@click.option("--key", metavar="KEY", help="Store it under this key; the other keys stay as they are.")
@_placed
def put(name: str, extra: tuple[str, ...], key: str | None, region: str | None, profile: str | None) -> int:
    """Store a value in the secret NAME, and print the reference to it.

    The value is asked for, or read from standard input where that is no terminal. NAME may be a whole reference.

    \b
    vedette secrets put vedette/slack --key url
    pass show smtp | vedette secrets put secret://aws/vedette/smtp#password
    """
    if extra:
        # What stands there may be the value itself: it is not repeated.
        raise UsageError(
            "a value is not taken from the command line, where others can read it",
            hint="leave it out: it is asked for, or read from standard input; change it if it was a real one",
        )
    ref = _reference(name, key)
    value = _value()
    made = Keeper(session_of(region, profile).client("secretsmanager", _region_of(ref))).put(ref.name, value, ref.key)
    output.write(str(made.ref))
    did = "was made" if made.new else "was changed" if made.changed else "holds that value already"
    output.say(f"{ref.name} {did}")
    return ExitCode.DONE


def _reference(name: str, key: str | None) -> SecretRef:
    """The reference that is meant; raises InputError for what names no secret of Secrets Manager."""
    if name.startswith(SCHEME):
        ref = parse(name)
        if ref.provider is not Provider.AWS or ref.stage or ref.version:
            raise UsageError(f"`{ref}` is not a current value in Secrets Manager", hint="secret://aws/NAME#key")
        if key is not None and ref.key is not None and key != ref.key:
            raise UsageError("the reference names one key, and --key another")
        ref = SecretRef(Provider.AWS, ref.name, key if key is not None else ref.key)
    else:
        ref = SecretRef(Provider.AWS, name, key)
    if not ref.name.startswith("arn:") and not _NAME.fullmatch(ref.name):
        raise InputError("no name that Secrets Manager allows", hint="letters, digits and /_+=.@- as in vedette/slack")
    if ref.key is not None and (not ref.key.isprintable() or not ref.key):
        raise InputError("a key is a printable text", hint="--key url")
    return ref


def _region_of(ref: SecretRef) -> str | None:
    return ref.name.split(":")[3] if ref.name.startswith("arn:") and ref.name.count(":") >= 6 else None


def _value() -> Secret:
    """The value, typed unseen or read to the end; one newline at its end is not part of it."""
    if sys.stdin.isatty():
        typed: str = click.prompt("value", hide_input=True, err=True)
        return _checked(typed.encode("utf-8", "surrogateescape"))
    return _checked(sys.stdin.buffer.read(MAX_BYTES + 3))


def _checked(data: bytes) -> Secret:
    text = data.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
    if "\N{REPLACEMENT CHARACTER}" in text:
        raise InputError("the value is not text in UTF-8", hint="a binary value can be stored in base64")
    if not text:
        raise InputError("the value is empty", hint="type it, or pipe it in: `vedette secrets put NAME < FILE`")
    if len(text.encode()) > MAX_BYTES:
        raise InputError(f"the value is larger than a secret may be ({MAX_BYTES:,} bytes)")
    return Secret(text)


@command.command("list", short_help="Name the secrets, never their values.")
@click.argument("prefix", default="")
@_placed
@form("table", "json")
def list_(prefix: str, region: str | None, profile: str | None, form: str) -> int:
    """Name the secrets whose names begin with PREFIX: when each was changed and rotated, and its tags."""
    keeper = Keeper(session_of(region, profile).client("secretsmanager"))
    found = sorted(keeper.list(prefix), key=lambda one: one.name)
    if form == "json":
        output.write_raw(json.dumps([_document(one) for one in found], indent=2))
        return ExitCode.DONE
    if not found:
        output.say("no secret" + (f" begins with {prefix}" if prefix else ""))
        return ExitCode.DONE
    for line in _table(found, output.width()):
        output.write(line)
    return ExitCode.DONE


def _table(found: Sequence[Listed], columns: int) -> Iterator[Text]:
    table = output.Table("NAME", "CHANGED (UTC)", "ROTATED (UTC)", stretch=0)
    for one in found:
        table.add(one.name, minute(one.changed), minute(one.rotated))
    lines = table.lines(columns)
    yield next(lines)
    for line, one in zip(lines, found, strict=True):
        yield line
        if one.deleted is not None:
            yield Text("  waits to be deleted", "yellow")
        if one.tags:
            tags = " ".join(f"{key}={value}" for key, value in one.tags)
            yield from (Text(part, "dim") for part in output.fold(tags, columns, first="  ", rest="  "))


def _document(one: Listed) -> dict[str, object]:
    times = {"changed": one.changed, "rotated": one.rotated, "deleted": one.deleted}
    return {
        "name": one.name,
        "arn": one.arn,
        **{name: None if moment is None else print_time(moment) for name, moment in times.items()},
        "tags": dict(one.tags),
        "reference": str(SecretRef(Provider.AWS, one.name)),
    }


@command.command("delete", short_help="Delete a secret, after a time in which it can be restored.")
@click.argument("name")
@click.option(
    "--days", type=click.IntRange(7, 30), default=30, show_default=True, metavar="DAYS",
    help="How long it can still be restored, from 7 to 30.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="Do not ask.")
@_placed
def delete(name: str, days: int, yes: bool, region: str | None, profile: str | None) -> int:
    """Delete the secret NAME with all its keys. For DAYS it can be restored; nobody can read it any more."""
    ref = _reference(name, None)
    if not yes:
        click.confirm(f"delete {ref.name}, all keys of it", abort=True, err=True)
    moment = Keeper(session_of(region, profile).client("secretsmanager", _region_of(ref))).delete(ref.name, days)
    output.say(f"{ref.name} is gone for readers now, and for good on {print_time(moment or 0)[:10]}")
    output.say(f"until then `aws secretsmanager restore-secret --secret-id {ref.name}` brings it back", style="dim")
    return ExitCode.DONE
