"""`vedette deploy destroy`: what goes, what is kept and how to purge it; and then it goes."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator

import click
from rich.text import Text

from vedette.cli import output
from vedette.cli.deploy_options import account_of, nothing_wanted, place_options, session_of
from vedette.cli.deploy_progress import going_on, minutes, tell
from vedette.deploy.apply import settle
from vedette.deploy.changes import KINDS
from vedette.deploy.destroy import Removal, destroy, look
from vedette.errors import ExitCode, NothingToDoError, UsageError


@click.command("destroy", short_help="Remove it, and say what is kept.")
@place_options
@click.option("--assets-bucket", metavar="NAME", help="The bucket that was given to `apply`; it is left alone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def destroy_command(
    name: str, region: str | None, profile: str | None, account: str | None, assets_bucket: str | None, yes: bool
) -> int:
    """Remove every stack of the deployment. Logs, their bucket and their key are kept; it says how to purge them.

    What Vedette did not make is left alone: a trail, group or bucket that was given to `apply`, secrets.
    """
    aws = session_of(region, profile)
    number, partition, where = account_of(aws, account)
    wanted = nothing_wanted(name, number, where, partition, assets_bucket)
    found = look(aws, wanted, waits=yes)
    if not found.stacks and not found.bucket:
        raise NothingToDoError(
            f"nothing called `{name}` is deployed in the account {number}, {where}",
            hint="look at --name, --region and --profile",
        )
    for line in lines(found, output.width()):
        output.write(line)
    if not yes and not _agreed(name):
        output.say("nothing was removed")
        return ExitCode.DONE
    begun = time.monotonic()
    for state in settle(aws, wanted, (), time.sleep):
        output.say(f"CloudFormation is at work on {state.name} ({state.status}): waiting for it", style="yellow")
    with going_on("`vedette deploy destroy`"):
        for step in destroy(aws, wanted, found.stacks, time.sleep):
            tell(step, time.monotonic() - begun)
    output.say(f"done in {minutes(round(time.monotonic() - begun))}", style="green")
    return ExitCode.DONE


def _agreed(name: str) -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("no terminal to ask at", hint="`--yes` does it without asking")
    typed: str = click.prompt(f"Type `{name}` to remove it", default="", show_default=False, err=True)
    return typed.strip() == name


def lines(found: Removal, columns: int) -> Iterator[Text]:
    """What goes, by kinds; what is kept, with the way to get rid of it."""
    place = found.place
    yield Text(f"{place.name} in the account {place.account}, {place.region}", "bold")
    yield Text()
    yield output.heading("What goes")
    for state in found.stacks:
        counts = Counter(KINDS.get(one.type, one.type) for one in found.going if one.stack == state.name)
        told = ", ".join(_counted(kind, counts[kind]) for kind in sorted(counts)) or state.status
        for line in output.fold(f"{state.name}: {told}", columns, first="  ", rest="    "):
            yield Text(line)
    for there in found.unreached:
        for line in output.fold(f"{there.reason}; what is there stays", columns, first="  ", rest="    "):
            yield Text(line, "yellow")
    if found.bucket:
        yield Text(f"  bucket {found.bucket}, with the templates and the code in it")
    yield Text()
    if found.kept:
        yield output.heading("What is kept, and how to purge it")
        for one in found.kept:
            yield Text(f"  {one.kind} {one.name}" + (f": {one.mind}" if one.mind else ""))
            yield Text(f"      {one.purge}", "dim")  # never folded: it is to be copied
        yield Text()


def _counted(kind: str, number: int) -> str:
    return kind if number == 1 else f"{number} × {kind}"
