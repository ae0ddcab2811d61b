"""Small logs made for the tests, a detection that asks for all their records, and what must hold of any report."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from alerts.making import alarm, detection
from vedette.alerts.document import document
from vedette.app import Report, ScanOptions, Window, open_inputs, scan, verbatim
from vedette.cloudtrail.limits import DEFAULT_LIMITS, Limits
from vedette.cloudtrail.moment import print_time
from vedette.detections.definition import Detection, Metric
from vedette.patterns import FilterPattern
from vedette.predicates.tree import Selector

TODAY = dt.date(2026, 11, 21)
NOON = 1_795_255_200
"""2026-11-21T10:00:00Z"""


def asking(pattern: str, name: str = "secret-read", **changes: object) -> Detection:
    """A detection with this pattern; any match alarms."""
    return replace(detection(name, **changes), pattern=FilterPattern.parse(pattern))


READ = asking('{ $.eventName = "GetSecretValue" }')
EACH = replace(READ, group_by=(Selector(("eventID",)),))
"""As READ, an alert for each record."""
BURST = asking('{ $.eventName = "GetSecretValue" }', "secret-burst", alarm=alarm(threshold=4))
SILENCE = replace(
    asking('{ $.eventName = "StopLogging" }', "silence", group_by=()), metric=Metric("Vedette", "Stops", default=0.0)
)


def record(number: int, minute: float = 0, **fields: object) -> dict[str, object]:
    """A record that READ asks for, `minute` minutes after noon."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "userName": "alice", "accountId": "111122223333"},
        "eventTime": print_time(NOON + int(60 * minute)),
        "eventSource": "secretsmanager.amazonaws.com",
        "eventName": "GetSecretValue",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.0 \u00e9 }]}",
        "eventID": f"00000000-0000-4000-8000-{number:012}",
        "recipientAccountId": "111122223333",
        **fields,
    }


def text(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def log_file(records: Iterable[object]) -> bytes:
    return b'{"Records":[' + b",".join(map(text, records)) + b"]}"


def lines(records: Iterable[object]) -> bytes:
    return b"".join(text(each) + b"\n" for each in records)


def put(path: Path, data: bytes) -> Path:
    """Write `data`, gzipped if the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


def scanned(
    *paths: Path | str,
    detections: Sequence[Detection] = (READ,),
    jobs: int = 1,
    window: Window | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Report:
    """The report, of which every identity holds."""
    with open_inputs([str(path) for path in paths]) as objects:
        report = scan(objects, detections, ScanOptions(TODAY, jobs, window or Window(), limits))
    adds_up(report)
    return report


def told(*paths: Path | str, detections: Sequence[Detection] = (READ,), jobs: int = 1) -> str:
    """Everything that a scan answers, the verbatim records among it, as text."""
    options = ScanOptions(TODAY, jobs)
    with open_inputs([str(path) for path in paths]) as objects:
        report = scan(objects, detections, options)
        texts = verbatim(report.alerts, objects, detections, options)
    adds_up(report)
    documents = [document(alert, texts) for alert in report.alerts]
    faults = [str(malformed) for malformed in report.malformed]
    rest = (report.tally, report.objects, report.read, report.first, report.last, report.malformed_counts, faults)
    return json.dumps(documents, indent=1) + repr(rest)


def adds_up(report: Report) -> None:
    """objects = read + older + unreadable; records = unique + duplicates; unique = matched + unmatched; matches =
    alerted + below threshold + building blocks."""
    tally, assembly = report.tally, report.assembly
    assert report.objects == report.read + report.older + report.unreadable
    assert tally.records == tally.unique + tally.duplicates
    assert tally.unique == tally.matched + tally.unmatched
    assert assembly.matches == assembly.alerted + assembly.below_threshold + assembly.building_blocks
    assert assembly.matches >= tally.matched
    assert report.malformed_counts.total() >= len(report.malformed)
    numbers = (report.read, report.older, report.unreadable, report.outside, tally.unmatched, assembly.below_threshold)
    assert min(numbers) >= 0
