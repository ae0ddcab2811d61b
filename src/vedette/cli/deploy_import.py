"""`vedette deploy import` and `vedette deploy iam`: what is there already, and what must be allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
from rich.text import Text

from vedette.cli import output
from vedette.cli.deploy_options import deployed_option, perhaps_deployed, session_of, wanted_options
from vedette.cli.deploy_params import Params
from vedette.cli.live import form
from vedette.cli.loading import today
from vedette.deploy import permissions
from vedette.deploy.importing import Judged, Verdict, Written, judge, read_account, read_files
from vedette.deploy.importing.questions import Control, Likeness
from vedette.deploy.importing.wiring import Defect
from vedette.detections.loader import load_builtin
from vedette.errors import ExitCode, Level, NothingToDoError, UsageError, unwritable

_INDENT = "    "
_ALIKE = {
    Likeness.TEXT: "the same text",
    Likeness.QUESTION: "the same question, written otherwise",
    Likeness.VERDICTS: "the same verdicts on all test records",
}


@click.command("import", short_help="Make detections of the filters and alarms that are there.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option("--from-account", is_flag=True, help="Read the account, not files.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write detection files into this folder.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@click.option("--region", metavar="REGION", help="The AWS region. [default: as for the AWS command line]")
@click.option("--profile", metavar="NAME", help="The AWS profile. [default: as for the AWS command line]")
@form("table", "json")
def import_command(
    files: tuple[Path, ...],
    from_account: bool,
    out: Path | None,
    force: bool,
    region: str | None,
    profile: str | None,
    form: str,
) -> int:
    """Read metric filters and alarms, say what is wrong with them, and make detections of them.

    FILE is a CloudFormation template, a Terraform file or folder, or the output of `terraform show -json`. Nothing in
    the account is changed.

    \b
    vedette deploy import --from-account --out own/
    vedette deploy import infrastructure/ monitoring.yaml --out own/
    """
    if from_account is bool(files):
        raise UsageError("name either files or --from-account", hint="vedette deploy import --from-account")
    far = ["asking AWS" if from_account else "reading"]
    with output.activity(lambda: far[-1]):
        found = read_account(session_of(region, profile), far.append) if from_account else read_files(files)
        verdict = judge(found, load_builtin(), today(), far.append)
    if not verdict.judged and not verdict.unread:
        raise NothingToDoError(f"no metric filter and no alarm in {verdict.source}")
    if out is not None:
        _write(verdict.files, out, force)
    if form == "json":
        output.write_raw(json.dumps(_document(verdict), indent=2, ensure_ascii=False))
    else:
        for line in _page(verdict, output.width()):
            output.write(line)
    _tally(verdict, out)
    return ExitCode.DONE


def _write(files: Sequence[Written], out: Path, force: bool) -> None:
    there = [file.name for file in files if (out / file.name).exists()]
    if there and not force:
        more = f" and {len(there) - 1} more are" if len(there) > 1 else " is"
        raise UsageError(f"`{out / there[0]}`{more} there already", hint="choose another folder, or --force")
    try:
        out.mkdir(parents=True, exist_ok=True)
        for file in files:
            (out / file.name).write_text(file.text, encoding="utf-8")
    except OSError as error:
        raise unwritable(f"`{out}`", error) from None


def _page(verdict: Verdict, columns: int) -> Iterator[Text]:
    table = output.Table("FOUND", "SEVERITY", "SECURITY HUB", "DEFECTS", stretch=0)
    for one in verdict.judged:
        severity = output.severity(one.detection.severity.value) if one.detection is not None else Text("-")
        table.add(one.name, severity, _hub(one.control), _number(one.defects))
    lines = table.lines(columns)
    yield next(lines)
    for line, one in zip(lines, verdict.judged, strict=True):
        yield line
        for each in one.equivalents[:2]:
            like = f"as the built-in {each.detection.id}: {_ALIKE[each.likeness]}"
            yield from (Text(part, "dim") for part in output.fold(like, columns, first="  ", rest=_INDENT))
        for defect in one.defects:
            yield from _told(defect, columns)
    if verdict.unread:
        yield Text()
        yield output.heading("Left as it is")
        for left in verdict.unread:
            text = f"{left.where.name} ({left.where}): {left.reason}"
            yield from (Text(part) for part in output.fold(text, columns, first="  ", rest=_INDENT))


def _told(defect: Defect, columns: int) -> Iterator[Text]:
    style = "bold red" if defect.level is Level.ERROR else "yellow"
    for number, part in enumerate(
        output.fold(f"{defect.level.value}: {defect.message}", columns, first="  ", rest=_INDENT)
    ):
        line = Text(part)
        if number == 0:
            line.stylize(style, 2, 2 + len(defect.level.value))
        yield line
    if defect.hint:
        yield from (
            Text(part, "dim") for part in output.fold(f"→ {defect.hint}", columns, first=_INDENT, rest=_INDENT + "  ")
        )


def _hub(control: Control | None) -> str:
    if control is None:
        return "-"
    return f"{control.name} {'exact' if control.exact else 'not exact'}"


def _number(defects: Sequence[Defect]) -> Text:
    errors = sum(defect.level is Level.ERROR for defect in defects)
    warnings = len(defects) - errors
    if errors:
        return Text(f"{errors}", "bold red")
    return Text(f"{warnings} warned", "yellow") if warnings else Text("0")


def _tally(verdict: Verdict, out: Path | None) -> None:
    exact = sum(one.control is not None and one.control.exact for one in verdict.judged)
    files = output.count(len(verdict.files), "detection")
    output.say("")
    output.say(
        f"{files} from {verdict.source}; {output.count(verdict.defects, 'defect')}; "
        f"Security Hub's exact text in {exact}"
    )
    if out is None:
        output.say("nothing was written: `--out DIR` writes detection files", style="dim")
    elif verdict.files:
        output.say(f"written to {out}: look at them, then `vedette detections check {out}`", style="dim")


def _document(verdict: Verdict) -> dict[str, object]:
    return {
        "source": verdict.source,
        "found": [_judged(one) for one in verdict.judged],
        "left": [
            {"name": one.where.name, "source": one.where.source, "line": one.where.line, "reason": one.reason}
            for one in verdict.unread
        ],
    }


def _judged(one: Judged) -> dict[str, object]:
    return {
        "name": one.name,
        "filter": None if one.filter is None else _place(one.filter.name, str(one.filter.where)),
        "alarm": None if one.alarm is None else _place(one.alarm.name, str(one.alarm.where)),
        "detection": None if one.detection is None else one.detection.id,
        "severity": None if one.detection is None else one.detection.severity.value,
        "file": None if one.file is None else one.file.name,
        "reason": one.reason,
        "built_in": [
            {"id": each.detection.id, "likeness": each.likeness.value, "records": each.records}
            for each in one.equivalents
        ],
        "security_hub": None if one.control is None else {"control": one.control.name, "exact": one.control.exact},
        "defects": [
            {"rule": each.rule, "level": each.level.value, "message": each.message, "hint": each.hint}
            for each in one.defects
        ],
    }


def _place(name: str, where: str) -> Mapping[str, str]:
    return {"name": name, "where": where}


@click.command("iam", short_help="Print the least that IAM must allow for a command.")
@click.argument("command", nargs=-1, metavar="[COMMAND]")
@wanted_options
@click.option("--managed", is_flag=True, help="As a list of policies, none longer than a managed policy may be.")
@deployed_option
@form("json", "table")
def iam_command(command: tuple[str, ...], params: Params, managed: bool, deployed: bool, form: str) -> int:
    """Print the least that IAM must allow for a command, as a policy.

    COMMAND is plan, apply (the default), status, verify, destroy, import, secrets put, secrets list, secrets delete
    or run. The other options are those of `apply`: names, account and what is wanted decide what must be allowed.
    Without --deployed, AWS is not asked.

    \b
    vedette deploy iam apply --account 123456789012 --region eu-west-1
    vedette deploy iam verify -o table
    """
    name = " ".join(command) or "apply"
    wanted = perhaps_deployed(params, deployed)
    if form == "table":
        for line in _permissions(permissions.permissions(name, wanted), output.width()):
            output.write(line)
    else:
        parts = permissions.parts_for(name, wanted)
        printed: object = list(parts) if managed else permissions.policy_for(name, wanted)
        output.write_raw(json.dumps(printed, indent=2))
        if not managed and len(parts) > 1:
            output.say(f"a managed policy is too small for it: `--managed` prints {len(parts)} that fit", style="dim")
    if params.account is None and not deployed:
        output.say("the account is that of AWS's examples: name yours with --account", style="dim")
    return ExitCode.DONE


def _permissions(found: Sequence[permissions.Permission], columns: int) -> Iterator[Text]:
    for one in found:
        via = " (by CloudFormation only)" if one.condition and "CalledVia" in repr(one.condition) else ""
        yield Text(f"{one.why}{via}", "bold")
        for part in output.fold(", ".join(one.actions), columns, first="  ", rest="  "):
            yield Text(part)
        for arn in one.resources:
            yield Text(f"{_INDENT}{arn}", "dim")
