"""`vedette deploy`: the chain in an AWS account, planned, applied, looked after and removed."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.text import Text

from vedette.aws import AwsSession
from vedette.cli import output
from vedette.cli.deploy_options import recalled, session_of, wanted_of, wanted_options
from vedette.cli.deploy_params import Params, spelled
from vedette.cli.deploy_progress import going_on, minutes, tell
from vedette.cli.deploy_view import plan_document, plan_lines, second_trail, tally, todo
from vedette.cli.live import form
from vedette.deploy import assets
from vedette.deploy.apply import apply, settle
from vedette.deploy.bundle import Bundle, bundle
from vedette.deploy.cost import estimate, of_a_second_trail
from vedette.deploy.plan import Plan, discard, make_plan
from vedette.deploy.template import build
from vedette.deploy.wanted import Wanted
from vedette.errors import ExitCode, UsageError, reason_of

_ELSEWHERE = {
    "status": ("vedette.cli.deploy_status", "status_command", "Say whether all of it is there, and works."),
    "verify": ("vedette.cli.deploy_checks", "verify_command", "Ask AWS whether it does what it should."),
    "destroy": ("vedette.cli.deploy_destroy", "destroy_command", "Remove it, and say what is kept."),
    "cost": ("vedette.cli.deploy_checks", "cost_command", "Say what it costs a month, with and without each part."),
    "export": ("vedette.cli.deploy_checks", "export_command", "Write it as CloudFormation or Terraform."),
    "iam": ("vedette.cli.deploy_import", "iam_command", "Print what IAM must allow for each command."),
    "import": ("vedette.cli.deploy_import", "import_command", "Turn filters and alarms that are there into files."),
}
_HERE = ("plan", "apply")
_USUAL_RECORDS, _USUAL_MATCHES = 30e6, 876
"""A month of a middling account; `vedette deploy cost` takes others."""


class _Group(click.Group):
    """Commands of other modules, loaded when they are called; the summaries are here, so that help stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_HERE, *_ELSEWHERE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, name, _ = _ELSEWHERE[cmd_name]
        found = getattr(importlib.import_module(module), name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = [(name, command.get_short_help_str(70)) for name in _HERE if (command := self.commands.get(name))]
        with formatter.section("Commands"):
            formatter.write_dl([*own, *((name, says) for name, (_, _, says) in _ELSEWHERE.items())])


@click.group("deploy", cls=_Group)
def command() -> None:
    """Put the whole chain into an AWS account: trail, log group, filters, alarms, topics, and who is told.

    `plan` shows what would happen, `apply` does it, `status` says how it is, `destroy` removes it. What is wanted is
    said by options, the same for each command; what is deployed keeps them, so that they need not be given again.
    """


@command.command("plan", short_help="Show what applying would do, and what it costs.")
@wanted_options
@click.option("-v", "--verbose", is_flag=True, help="Name every detection that is left out.")
@click.option("--detailed-exitcode", is_flag=True, help="Answer 1 where something would change.")
@form("table", "json")
def plan(params: Params, verbose: bool, detailed_exitcode: bool, form: str) -> int:
    """Build what is wanted, let CloudFormation say what would change, and show it. Nothing is changed.

    Exit code 0; with --detailed-exitcode 1 if something would change.
    """
    aws = session_of(params.region, params.profile)
    params = recalled(params, aws)
    with _coded(wanted_of(params, aws), params) as (wanted, _):
        planned = make_plan(aws, wanted, build(wanted), time.sleep)
    discard(aws, wanted, planned.stacks)
    if form == "json":
        output.write_raw(json.dumps(plan_document(planned) | {"recalled": spelled(params)}, indent=2))
    else:
        _show(planned, params, verbose=verbose)
        if planned.changed:
            output.say("`vedette deploy apply` with the same options does it", style="dim")
    return ExitCode.FINDINGS if detailed_exitcode and planned.changed else ExitCode.DONE


@contextmanager
def _coded(wanted: Wanted, params: Params) -> Iterator[tuple[Wanted, Bundle | None]]:
    """What is wanted with the place of the function's code, and the code, which is there inside the block only."""
    if not wanted.storyteller:
        yield wanted, None
        return
    with tempfile.TemporaryDirectory(prefix="vedette-") as folder:
        made = _given(Path(params.bundle)) if params.bundle else _built(Path(folder), wanted)
        yield assets.with_code(wanted, made), made


def _built(folder: Path, wanted: Wanted) -> Bundle:
    output.say("building the storyteller's code …", style="dim")
    path = folder / "storyteller.zip"
    return bundle(path, architecture=wanted.architecture, detections=wanted.detections)


def _given(path: Path) -> Bundle:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"`{path}`: {reason_of(error)}") from error
    if not zipfile.is_zipfile(path):
        raise UsageError(f"`{path}` is no zip", hint="`vedette deploy export` writes one, `storyteller.zip`")
    return Bundle(path, hashlib.sha256(data).hexdigest(), len(data))


def _show(planned: Plan, params: Params, *, verbose: bool, planning: bool = True) -> None:
    wanted = planned.wanted
    output.write(Text(f"{wanted.name} in the account {wanted.account}, {wanted.region}", "bold"))
    if known := " ".join(spelled(params)):
        for told in output.fold(f"taken from what is deployed: {known}", output.width(), rest="  ", whole=True):
            output.write(Text(told, "dim"))
    output.write("")
    for line in plan_lines(planned, output.width(), verbose=verbose):
        output.write(line)
    for cost in _cost(planned):
        output.write(cost)
    tasks = list(todo(planned)) if planning else []
    if planned.changed and tasks:
        output.write(output.heading("What you will have to do"))
        for number, task in enumerate(tasks, start=1):
            for told in output.fold(task, output.width(), first=f"  {number}. ", rest="     ", whole=True):
                output.write(told)
        output.write("")
    output.say(tally(planned))


def _cost(planned: Plan) -> Iterator[Text]:
    from vedette.cli.deploy_checks import usage_of  # which loads all that verifying and exporting need

    if not planned.changed:
        return
    usage = usage_of(planned.wanted, _USUAL_RECORDS, _USUAL_MATCHES)
    found = estimate(planned.deployment, usage)
    yield output.heading("What it costs")
    yield Text(f"  about ${found.total:,.2f} a month at {_USUAL_RECORDS / 1e6:g} million records")
    if planned.beside:
        told = second_trail(planned, of_a_second_trail(usage))
        yield from (
            Text(line, "yellow") for line in output.fold(told, output.width(), first="  ", rest="  ", whole=True)
        )
    yield Text("  `vedette deploy cost` says for what, and what each option changes", "dim")
    yield Text()


@command.command("apply", short_help="Do it, after asking.")
@wanted_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("-v", "--verbose", is_flag=True, help="Name every detection that is left out.")
def apply_(params: Params, yes: bool, verbose: bool) -> int:
    """Show the plan, ask, and carry it out, stack by stack.

    What an interrupted `apply` began is waited for first. A stack whose creation fails leaves nothing; an update that
    fails is taken back.
    """
    aws = session_of(params.region, params.profile)
    params = recalled(params, aws)
    with _coded(wanted_of(params, aws), params) as (wanted, made):
        deployment = build(wanted)
        for state in settle(aws, wanted, deployment.stacks, time.sleep):
            output.say(f"CloudFormation is at work on {state.name} ({state.status}): waiting for it", style="yellow")
        planned = make_plan(aws, wanted, deployment, time.sleep)
        try:
            _show(planned, params, verbose=verbose, planning=False)
            if not planned.changed:
                return ExitCode.DONE
            agreed = yes or _agreed()
        except BaseException:  # also Ctrl-C at the question: the change sets go again
            discard(aws, wanted, planned.stacks)
            raise
        if not agreed:
            discard(aws, wanted, planned.stacks)
            output.say("nothing was changed")
            return ExitCode.DONE
        _carry_out(aws, planned, made)
    return ExitCode.DONE


def _agreed() -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("no terminal to ask at", hint="`--yes` does it without asking")
    return click.confirm("Do it?", default=False, err=True)


def _carry_out(aws: AwsSession, planned: Plan, made: Bundle | None) -> None:
    begun = time.monotonic()
    if made is not None:
        try:
            assets.upload_code(aws, planned.wanted, made)
        except BaseException:
            discard(aws, planned.wanted, planned.stacks)
            raise
    with going_on("`vedette deploy apply` with the same options"):
        for step in apply(aws, planned, time.sleep):
            tell(step, time.monotonic() - begun)
    seconds = round(time.monotonic() - begun)
    output.say(f"done in {minutes(seconds)}", style="green")
    tasks = list(todo(planned))
    for number, task in enumerate(tasks, start=1):
        for line in output.fold(task, output.width(), first=f"  {number}. ", rest="     ", whole=True):
            output.say(line)
    if any(task.startswith("Confirm the ") for task in tasks):
        output.say("Confirmation mails are on their way; `vedette deploy status` says who has confirmed")
    output.say("`vedette deploy verify` tries the whole chain", style="dim")
