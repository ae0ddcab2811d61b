"""`vedette detections`: list, show, check, test, and start new ones."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text

from vedette.cli import output
from vedette.cli.loading import find, load, today
from vedette.detections.definition import Derived, Detection, ScopedException, Severity
from vedette.detections.lint import lint
from vedette.detections.loader import load_builtin, read_paths
from vedette.detections.scaffold import scaffold
from vedette.detections.testing import TestResult, run_tests
from vedette.errors import ExitCode, Level, NothingToDoError, Problem, UsageError, printable, unwritable

_OWN = click.option("-d", "--detections", "paths", multiple=True, metavar="PATH", help="Detections of your own.")


@click.group("detections")
def command() -> None:
    """List, show, check, test and start detections."""


@command.command("list", short_help="Name the detections that a scan would ask.")
@_OWN
@click.option("--severity", type=click.Choice([s.value for s in Severity]), help="Only this severity and above.")
@click.option("--category", help="Only this category.")
@click.option("-o", "--output", "form", type=click.Choice(["table", "json"]), default="table", help="How to answer.")
def list_(paths: tuple[str, ...], severity: str | None, category: str | None, form: str) -> int:
    """Name the detections that a scan would ask."""
    least = Severity(severity) if severity else Severity.INFORMATIONAL
    known = load(paths)
    categories = sorted({d.category for d in known if d.category})
    if category is not None and category not in categories:
        raise UsageError(f"no detection has the category `{category}`", hint=f"there are {', '.join(categories)}")
    found = [d for d in known if least <= d.severity and category in (None, d.category)]
    if not found:
        told = f" in the category `{category}`" if category else ""
        raise NothingToDoError(f"no detection of severity {least.value} or above{told}")
    if form == "json":
        output.write_raw(json.dumps([_document(detection) for detection in found], indent=2))
        return ExitCode.DONE
    table = output.Table("ID", "SEVERITY", "TITLE", stretch=2)
    for detection in sorted(found, key=lambda d: (-d.severity.rank, d.category, d.id)):
        table.add(detection.id, output.severity(detection.severity.value), detection.title)
    table.write()
    counts = Counter(detection.severity for detection in found)
    told = ", ".join(f"{counts[s]} {s.value}" for s in reversed(Severity) if counts[s])
    output.say("")
    output.say(f"{output.count(len(found), 'detection')}: {told}", style="dim")
    output.say("`vedette detections show ID` tells all about one", style="dim")
    return ExitCode.DONE


@command.command("show", short_help="Tell all about one, runbook included.")
@click.argument("detection_id", metavar="ID")
@_OWN
@click.option(
    "-o", "--output", "form", type=click.Choice(["text", "json", "yaml"]), default="text", help="How to answer."
)
def show(detection_id: str, paths: tuple[str, ...], form: str) -> int:
    """Tell what detection ID sees, why it matters, and what to do when it fires."""
    detection = find({d.id: d for d in load(paths)}, detection_id)
    if form == "yaml":
        output.write_raw(detection.source.rstrip("\n"))
    elif form == "json":
        output.write_raw(json.dumps(_document(detection), indent=2))
    else:
        _show(detection)
    return ExitCode.DONE


def _show(detection: Detection) -> None:
    columns = output.width()
    output.write(Text(detection.title, "bold"))
    output.write(
        Text.assemble(detection.id, "  ", output.severity(detection.severity.value), f"  {detection.category}")
    )
    sections: list[tuple[str, Sequence[str], str]] = [
        ("What it sees", [detection.description], ""),
        ("Why it matters", [detection.why], ""),
        ("When it is harmless", detection.false_positives, "- "),
        ("What to do", detection.respond, "1. "),
        ("Asks", [str(detection.pattern or detection.rule)], ""),
        ("Alarm", [_alarm(detection)], ""),
        ("One alert for each", [_groups(detection)], ""),
        ("Exceptions", [_exception(exception) for exception in detection.exceptions], "- "),
        ("ATT&CK", [", ".join(detection.attack)], ""),
        ("Compliance", detection.compliance, "- "),
        ("References", detection.references, "- "),
    ]
    for title, texts, mark in sections:
        if any(texts):
            output.write("")
            output.write(Text(title, "bold"))
            for number, text in enumerate(texts, start=1):
                first = f"  {number}. " if mark == "1. " else f"  {mark}"
                for line in output.fold(text, columns, first=first, rest=" " * len(first), whole=True):
                    output.write(line)


def _alarm(detection: Detection) -> str:
    alarm = detection.alarm
    if alarm is None:
        return "composite: in ALARM while its rule holds"
    needed = alarm.datapoints_to_alarm or alarm.evaluation_periods
    return (
        f"{alarm.statistic} {alarm.comparison_operator.value} {alarm.threshold:g}, {needed} of "
        f"{alarm.evaluation_periods} periods of {alarm.period} s, missing data {alarm.treat_missing_data.value}"
    )


def _exception(exception: ScopedException) -> str:
    ends = f"until {exception.expires}" if today() <= exception.expires else f"ended on {exception.expires}"
    return f"{exception.pattern.source} ({ends}): {exception.reason}; {exception.owner} vouches for it"


def _settings(detection: Detection) -> dict[str, object] | None:
    """The alarm under CloudWatch's names; None for a composite."""
    alarm = detection.alarm
    if alarm is None:
        return None
    return {
        "statistic": alarm.statistic,
        "period": alarm.period,
        "evaluation_periods": alarm.evaluation_periods,
        "datapoints_to_alarm": alarm.datapoints_to_alarm or alarm.evaluation_periods,
        "threshold": alarm.threshold,
        "comparison_operator": alarm.comparison_operator.value,
        "treat_missing_data": alarm.treat_missing_data.value,
    }


def _groups(detection: Detection) -> str:
    return ", ".join("actor" if field is Derived.ACTOR else str(field) for field in detection.group_by) or "detection"


def _document(detection: Detection) -> dict[str, object]:
    return {
        "id": detection.id,
        "title": detection.title,
        "severity": detection.severity.value,
        "category": detection.category,
        "description": detection.description,
        "why": detection.why,
        "false_positives": list(detection.false_positives),
        "respond": list(detection.respond),
        "references": list(detection.references),
        "attack": list(detection.attack),
        "compliance": list(detection.compliance),
        "pattern": None if detection.pattern is None else detection.pattern.source,
        "rule": None if detection.rule is None else str(detection.rule),
        "alarm": _settings(detection),
        "group_by": ["actor" if field is Derived.ACTOR else str(field) for field in detection.group_by],
        "notify": detection.notify,
        "exceptions": [
            {"pattern": one.pattern.source, "owner": one.owner, "reason": one.reason, "expires": str(one.expires)}
            for one in detection.exceptions
        ],
    }


@command.command("check", short_help="Look for mistakes in detection files.")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
def check(paths: tuple[str, ...], strict: bool) -> int:
    """Look for mistakes in detection files and folders (the built-in ones if none is named).

    Exit code 0: none; 1: rules of good practice are broken; 2: a file cannot be used.
    """
    detections, problems = _read(paths)
    unusable = len(problems)
    problems = (*problems, *lint(detections, today(), built_in=not paths))
    output.print_problems(problem.render() for problem in problems)
    errors = sum(problem.level is Level.ERROR for problem in problems)
    warnings = len(problems) - errors
    told = f"{output.count(errors, 'error')}, {output.count(warnings, 'warning')}"
    output.say(f"{output.count(len(detections), 'detection')} checked: {told}")
    if unusable:
        return ExitCode.WRONG_INPUT
    return ExitCode.FINDINGS if errors or (strict and warnings) else ExitCode.DONE


@command.command("test", short_help="Run the tests that detection files carry.")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("-v", "--verbose", is_flag=True, help="Name the tests that pass, too.")
@click.option("-o", "--output", "form", type=click.Choice(["text", "json"]), default="text", help="How to answer.")
def test(paths: tuple[str, ...], verbose: bool, form: str) -> int:
    """Run the tests that detection files carry (the built-in ones if none is named).

    Exit code 0: all pass; 1: some fail; 2: a file cannot be used.
    """
    detections, problems = _read(paths)
    output.print_problems(problem.render() for problem in problems)
    results = list(run_tests(detections, today()))
    failed = [result for result in results if not result.passed]
    if form == "json":
        output.write_raw(json.dumps([_result(result) for result in results], indent=2))
    else:
        for result in results if verbose else failed:
            _show_result(result)
        told = f"{len(results) - len(failed):,} passed, {len(failed):,} failed"
        output.say(f"{told}, in {output.count(len(detections), 'detection')}")
    if problems:
        return ExitCode.WRONG_INPUT
    return ExitCode.FINDINGS if failed else ExitCode.DONE


def _show_result(result: TestResult) -> None:
    mark = Text("pass ", "green") if result.passed else Text("FAIL ", "bold red")
    place = f" ({result.path}:{result.line})" if result.path else ""
    output.write(Text.assemble(mark, f"{result.detection}: {printable(result.name)}", (place, "dim")))
    for line in result.why.splitlines():
        output.write(f"     {printable(line)}")


def _result(result: TestResult) -> dict[str, object]:
    return {
        "detection": result.detection,
        "test": result.name,
        "passed": result.passed,
        "why": result.why,
        "path": result.path,
        "line": result.line,
    }


def _read(paths: Sequence[str]) -> tuple[tuple[Detection, ...], tuple[Problem, ...]]:
    """The detections and the problems of `paths`; the built-in ones where there is no path."""
    builtin = load_builtin()
    if not paths:
        return builtin, ()
    loaded = read_paths([Path(path) for path in paths], known=[d.id for d in builtin])
    if not loaded.detections and not loaded.problems:
        told = ", ".join(f"`{path}`" for path in paths)
        raise NothingToDoError(f"no detection file in {told}", hint="a detection file ends in .yaml or .yml")
    return loaded.detections, loaded.problems


@command.command("new", short_help="Write a commented detection file to start from.")
@click.argument("detection_id", metavar="ID")
@click.option("--out", metavar="FILE", help="Write to FILE, which must not exist, instead of standard output.")
def new(detection_id: str, out: str | None) -> int:
    """Write a commented detection file to start from; it passes `check` and `test` as it stands."""
    text = scaffold(detection_id)
    if out is None:
        output.write_raw(text.rstrip("\n"))
        return ExitCode.DONE
    try:
        with Path(out).open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise unwritable(f"`{out}`", error) from error
    output.say(f"wrote {out}; try `vedette detections check {out}` and `vedette detections test {out}`")
    return ExitCode.DONE
