"""`vedette demo`: a day of logs with an attack in it, made here, and what Vedette says of it."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from vedette.alerts.alert import Alert
from vedette.app import Report, ScanOptions, open_inputs, scan, verbatim
from vedette.cli import output, report
from vedette.cli.loading import load
from vedette.cli.values import Number
from vedette.detections.definition import Severity
from vedette.errors import ExitCode
from vedette.simulate import Summary, write

DAY = dt.date(2026, 11, 19)
"""A Thursday; the same each time, so that what the documentation shows is what you see."""

SCENARIO = "full-attack"
RECORDS = 12_000
_IN_FULL = "secret-read-burst"


@click.command("demo")
@click.option("--out", metavar="DIR", help="Keep the logs in DIR (otherwise they go when the demo ends).")
@click.option("--records", type=Number(0), default=RECORDS, show_default=True, help="About how many records.")
@click.option("--seed", default="7", show_default=True, help="Same seed, same day.")
def command(out: str | None, records: int, seed: str) -> int:
    """Make a day of a company's logs with an attack in it, and find the attack."""
    detections = load([])
    with _directory(out) as directory:
        started = time.perf_counter()
        truth = write(directory, SCENARIO, day=DAY, seed=seed, records=records, replace=True)
        _heading(f"1. A day of a company, {truth.day}, with an attack in it")
        output.write(
            f"{truth.delivered:,} records in {truth.files:,} CloudTrail files, made in "
            f"{time.perf_counter() - started:.1f} s. {truth.scenario_records} records are the attacker's."
        )
        options = ScanOptions(DAY)
        with open_inputs([str(directory / "AWSLogs")]) as objects:
            started = time.perf_counter()
            found = scan(objects, detections, options)
            seconds = time.perf_counter() - started
            shown = _one(found.alerts)
            texts = verbatim(shown, objects, detections, options)
    _heading(f"2. `vedette scan` asks each record {len(detections)} questions")
    for line in report.table(found.alerts, output.width()):
        output.write(line)
    output.write("")
    output.write(report.summary(found.alerts))
    for text in report.tally(found, seconds):
        output.write(text)
    _heading("3. One of them in full")
    for alert in shown:
        for line in report.full(alert, {} if out is None else texts, output.width()):
            output.write(line)
    _heading("4. Was that right?")
    for text in _verdict(found, truth):
        output.write(text)
    _heading("5. What to run next")
    for text in _next(out):
        output.write(text)
    return ExitCode.DONE


@contextmanager
def _directory(out: str | None) -> Iterator[Path]:
    if out is not None:
        yield Path(out)
        return
    directory = Path(tempfile.mkdtemp(prefix="vedette-demo-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _heading(text: str) -> None:
    output.write("")
    output.write(output.heading(text))
    output.write("")


def _one(alerts: Sequence[Alert]) -> list[Alert]:
    """The alert to show in full: the one about the secrets, or else the first."""
    return [alert for alert in alerts if alert.detection.id == _IN_FULL][:1] or list(alerts[:1])


def _verdict(found: Report, truth: Summary) -> Iterator[str]:
    told = {alert.detection.id for alert in found.alerts}
    missed = sorted(set(truth.expected) - told)
    yield f"The attack has {len(truth.steps)} kinds of step; they should set off {len(truth.expected)} detections."
    yield f"{len(truth.expected) - len(missed)} of {len(truth.expected)} told" + (
        f"; missed: {', '.join(missed)}" if missed else "."
    )
    others = [
        alert for alert in found.alerts if alert.detection.severity >= Severity.MEDIUM and not _is_attack(alert, truth)
    ]
    told_of = f"{output.count(len(others), 'alert')} of medium severity or above"
    yield f"{told_of} {'is' if len(others) == 1 else 'are'} about anybody else."


def _is_attack(alert: Alert, truth: Summary) -> bool:
    return bool(set(alert.evidence.addresses.values) & set(truth.addresses))


def _next(out: str | None) -> Iterator[str]:
    logs = f"{out}/AWSLogs" if out else "./AWSLogs"
    yield f"vedette scan {logs}                     your own logs: a folder, files, or -"
    yield "vedette detections list                    what is looked for"
    yield "vedette detections show secret-read-burst  one of them, with its runbook"
    yield "vedette explain root-login event.json      why a record matches, or does not"
    yield "vedette simulate --list                    other days, other attacks"
