"""`vedette scan`: from CloudTrail logs to the alerts in them."""

from __future__ import annotations

import csv
import json
import os
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import click
import msgspec
from rich.text import Text

from vedette.alerts.alert import Alert
from vedette.alerts.document import COLUMNS, document, row
from vedette.alerts.evidence import Sighting
from vedette.alerts.ocsf import finding
from vedette.app import Moment, Report, ScanOptions, Window, open_inputs, scan, verbatim
from vedette.cli import output, report
from vedette.cli.inputs import SHOWN_FAULTS, STDIN, await_stdin, near_to
from vedette.cli.loading import choose, ended_exceptions, load, today
from vedette.cli.streams import abandon_output
from vedette.cli.values import Number, moment
from vedette.cloudtrail.envelope import Malformed, Reason
from vedette.detections.definition import Detection, Severity
from vedette.errors import ExitCode, NothingToDoError, UsageError, calm, unwritable
from vedette.sources.files import FileObject, Unreadable, is_pipe, size_of, spooled_pipe

_SEVERITIES = [severity.value for severity in Severity]
_FORMS = ["table", "json", "ndjson", "csv", "ocsf"]


@dataclass(frozen=True, slots=True)
class _View:
    """What of the findings is shown, and how."""

    form: str
    least: Severity
    full: bool
    every: bool
    alert: str | None
    records: bool

    @property
    def in_full(self) -> bool:
        """Whether alerts are shown whole instead of as a table."""
        return self.full or self.alert is not None

    @property
    def wants_records(self) -> bool:
        """Whether the verbatim records are read once more: because they are asked for, or one alert is looked at."""
        return self.form != "csv" and (self.records or (self.form == "table" and self.alert is not None))


@click.command("scan")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("-o", "--output", "form", type=click.Choice(_FORMS), default="table", help="How to answer.")
@click.option("--out", metavar="FILE", help="Write the answer to FILE.")
@click.option(
    "--since", metavar="TIME", callback=moment, help="Only events since then: 24h, 7d, 2026-11-20, 2026-11-20T10:00."
)
@click.option("--until", metavar="TIME", callback=moment, help="Only events before then.")
@click.option(
    "--min-severity", type=click.Choice(_SEVERITIES), default="low", show_default=True, help="Show from here."
)
@click.option("--fail-on", type=click.Choice(_SEVERITIES), help="Exit with 1 if there is an alert this severe.")
@click.option("--full", is_flag=True, help="Show each alert in full instead of the table.")
@click.option("--all", "every", is_flag=True, help="Show every entry of the table, however many there are.")
@click.option("--alert", metavar="ID", help="Show only this alert, in full (the beginning of its id is enough).")
@click.option("--records", is_flag=True, help="Show the verbatim records in full alerts, json, ndjson and ocsf.")
@click.option("-d", "--detections", "own", multiple=True, metavar="PATH", help="Detections of your own, too.")
@click.option("--only", multiple=True, metavar="ID", help="Ask only these detections.")
@click.option("--no-builtin", is_flag=True, help="Leave out the detections that come with Vedette.")
@click.option("-j", "--jobs", type=Number(1), default=os.cpu_count() or 1, help="Processes. [default: all cores]")
def command(
    paths: tuple[str, ...],
    form: str,
    out: str | None,
    since: int | None,
    until: int | None,
    min_severity: str,
    fail_on: str | None,
    full: bool,
    every: bool,
    alert: str | None,
    records: bool,
    own: tuple[str, ...],
    only: tuple[str, ...],
    no_builtin: bool,
    jobs: int,
) -> int:
    """Find what matters in CloudTrail logs.

    PATH is a folder as S3 lays it out, a log file (gzip or plain, any form that CloudTrail data comes in), or - for
    standard input. Exit code 0: done; 1: an alert at or above --fail-on; 3: nothing to read.

    \b
    vedette scan ./AWSLogs
    vedette scan ./AWSLogs --since 24h --fail-on high -o ndjson
    """
    if alert == "":
        raise UsageError("`--alert` is empty", hint="give the beginning of an alert's id")
    if since is not None and until is not None and since >= until:
        raise UsageError("`--since` is not before `--until`", hint="swap them")
    detections = choose(load(own, builtin=not no_builtin), only)
    if not detections:
        raise UsageError("no detection to ask", hint="leave out `--no-builtin`, or give `--detections`")
    for told in ended_exceptions(detections):
        output.say(told, style="yellow")
    view = _View(form, Severity(min_severity), full, every, alert, records)
    found = _answer(paths, detections, ScanOptions(today(), jobs, Window(since, until)), view, out)
    if not found.tally.records and not found.older:
        named = ", ".join("standard input" if path == STDIN else f"`{calm(path)}`" for path in paths)
        raise NothingToDoError(f"no CloudTrail record in {named}", hint="`vedette scan --help` says what it reads")
    return ExitCode.FINDINGS if _fails(found, fail_on) else ExitCode.DONE


def _answer(
    paths: Sequence[str], detections: Sequence[Detection], options: ScanOptions, view: _View, out: str | None
) -> Report:
    """Read what is under the paths, write what is chosen of it, and tell how it went."""
    await_stdin(paths)
    with _inputs(paths) as objects, _destination(out, objects) as stream:
        started = time.perf_counter()
        found = _scan(objects, detections, options)
        seconds = time.perf_counter() - started
        chosen = _chosen(found, view)
        texts = verbatim(chosen, objects, detections, options) if view.wants_records else {}
        with _refusals(out):
            _empty(stream)
            _WRITERS[view.form](stream, chosen, texts, view)
            stream.flush()
    _tell(found, chosen, seconds, view)
    return found


@contextmanager
def _inputs(paths: Sequence[str]) -> Iterator[Sequence[FileObject | Unreadable]]:
    """The objects under the paths; raises NothingToDoError with a hint where there is none."""
    with ExitStack() as stack:
        pipes = {stack.enter_context(spooled_pipe(path)).path: path for path in dict.fromkeys(paths) if is_pipe(path)}
        spools = {path: spool for spool, path in pipes.items()}
        try:
            objects = stack.enter_context(open_inputs([spools.get(path, path) for path in paths]))
        except NothingToDoError as error:
            error.hint = error.hint or near_to(paths[0])
            raise
        yield [replace(found, name=pipes.get(found.name, found.name)) for found in objects]


def _scan(objects: Sequence[FileObject | Unreadable], detections: Sequence[Detection], options: ScanOptions) -> Report:
    started = time.perf_counter()
    with output.progress_bar(sum(size_of(found) for found in objects)) as bar:

        def progress(now: Moment) -> None:
            pace = now.records / max(time.perf_counter() - started, 1e-6)
            bar.advance(now.advanced, f"{now.records:,} records, {pace:,.0f}/s")

        return scan(objects, detections, options, progress)


def _chosen(found: Report, view: _View) -> list[Alert]:
    if view.alert is None:
        return [alert for alert in found.alerts if view.least <= alert.detection.severity]
    chosen = [alert for alert in found.alerts if alert.id.startswith(view.alert)]
    if not chosen:
        raise UsageError(f"no alert's id begins with `{view.alert}`", hint="`-o json` and `--full` show the ids")
    return chosen


def _fails(found: Report, fail_on: str | None) -> bool:
    return fail_on is not None and any(Severity(fail_on) <= alert.detection.severity for alert in found.alerts)


@contextmanager
def _destination(out: str | None, objects: Sequence[FileObject | Unreadable]) -> Iterator[TextIO]:
    """Where the answer goes; opened before the work, so that a place that cannot be written is known before it.

    Raises UsageError if that is one of the `objects`: the answer would take the place of evidence.
    """
    if out is None:
        yield sys.stdout
        return
    if _is_among(out, objects):
        raise UsageError(f"`{out}` is among what is read", hint="write the answer to a place outside of it")
    with _refusals(out):
        stream = Path(out).open("a", encoding="utf-8", errors="backslashreplace", newline="")  # noqa: SIM115  closed below
    try:
        yield stream
    finally:
        with _refusals(out):
            stream.close()


def _is_among(out: str, objects: Sequence[FileObject | Unreadable]) -> bool:
    try:
        info = Path(out).stat()
        alike = (found.path for found in objects if isinstance(found, FileObject) and found.size == info.st_size)
        return any(os.path.samestat(info, Path(path).stat()) for path in alike)
    except OSError:
        return False


@contextmanager
def _refusals(out: str | None) -> Iterator[None]:
    """Tell of what the system refuses to write. A reader that has had enough (`head`) changes no verdict."""
    try:
        yield
    except BrokenPipeError:
        if out is None:
            abandon_output()
    except OSError as error:
        raise unwritable("the answer" if out is None else f"`{out}`", error) from error


def _empty(stream: TextIO) -> None:
    """An earlier answer in the file gives way only now that there is a new one."""
    if stream is not sys.stdout and stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.truncate(0)


Texts = dict[Sighting, str]


def _write_table(stream: TextIO, alerts: Sequence[Alert], texts: Texts, view: _View) -> None:
    columns = output.width()
    every = report.table(alerts, columns, every=view.every)
    output.write_all(_in_full(alerts, texts, columns) if view.in_full else every, stream)


def _in_full(alerts: Sequence[Alert], texts: Texts, columns: int) -> Iterator[Text]:
    for number, alert in enumerate(alerts):
        if number:
            yield from (Text(), Text("─" * columns), Text())
        yield from report.full(alert, texts, columns)


def _write_json(stream: TextIO, alerts: Sequence[Alert], texts: Texts, _: _View) -> None:
    # One alert at a time, so that memory does not grow with the documents; laid out as `json.dump(…, indent=2)` would.
    separator = "[\n"
    for alert in alerts:
        stream.write(separator + _laid_out(document(alert, texts)))
        separator = ",\n"
    stream.write("\n]\n" if alerts else "[]\n")


def _laid_out(element: dict[str, object]) -> str:
    """The element of a list as `json.dumps([element], indent=2)` has it, at a third of its price."""
    try:
        return msgspec.json.format(f"[{json.dumps(element)}]", indent=2)[2:-2]
    except msgspec.DecodeError:  # half a surrogate pair: a file's name that is not UTF-8
        return json.dumps([element], indent=2)[2:-2]


def _write_ndjson(stream: TextIO, alerts: Sequence[Alert], texts: Texts, _: _View) -> None:
    for alert in alerts:
        stream.write(json.dumps(document(alert, texts)) + "\n")


def _write_ocsf(stream: TextIO, alerts: Sequence[Alert], texts: Texts, _: _View) -> None:
    for alert in alerts:
        stream.write(json.dumps(finding(alert, texts)) + "\n")


def _write_csv(stream: TextIO, alerts: Sequence[Alert], _: Texts, __: _View) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row(alert) for alert in alerts)


_WRITERS: dict[str, Callable[[TextIO, Sequence[Alert], Texts, _View], None]] = {
    "table": _write_table,
    "json": _write_json,
    "ndjson": _write_ndjson,
    "csv": _write_csv,
    "ocsf": _write_ocsf,
}


def _tell(found: Report, chosen: Sequence[Alert], seconds: float, view: _View) -> None:
    """The tally, on stderr: what was found, what was read, what could not be."""
    shown = _examples(found)
    for malformed in shown:
        output.say(str(malformed), style="yellow")
    if rest := sum(found.malformed_counts.values()) - len(shown):
        output.say(f"… and {rest:,} more that could not be read", style="yellow")
    output.say(report.summary(found.alerts))
    for line in report.tally(found, seconds):
        output.say(line, style="dim")
    hidden = len(found.alerts) - len(chosen)
    if hidden and view.alert is None:
        output.say(
            f"{hidden:,} below {view.least.value} not shown: `--min-severity informational` shows them", style="dim"
        )
    if chosen and view.form == "table" and not view.in_full:
        output.say(f"one in full: add `--alert {chosen[0].id}`", style="dim")


def _examples(found: Report) -> list[Malformed]:
    """What could not be read, at most so many, but every reason before any a second time."""
    nth: Counter[Reason] = Counter()
    ranked = []
    for malformed in found.malformed:
        ranked.append((nth[malformed.reason], malformed))
        nth[malformed.reason] += 1
    return [malformed for _, malformed in sorted(ranked, key=lambda pair: pair[0])][:SHOWN_FAULTS]
