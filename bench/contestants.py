"""Who runs: each contestant reads the files, answers all questions, and says what it cost. Run in a process of its own.

Standard input is a job, `{"contestant": …, "files": […], "detections": …}`; the answer is one JSON object: records,
matches, seconds of user and system time (its children's included), seconds by the clock, peak memory in MB.
"""

from __future__ import annotations

import datetime as dt
import gzip
import importlib.util
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import dialects
import msgspec
from isal import isal_zlib

import patterns
from vedette.app import ScanOptions, scan
from vedette.detections.definition import Derived, Detection, Severity
from vedette.detections.loader import load_builtin
from vedette.patterns import FilterPattern
from vedette.predicates.tree import Predicate, selectors
from vedette.sources.files import FileObject

TODAY = dt.date(2026, 3, 9)

Answer = tuple[int, int]
"""Records read and matches found, -1 for what the contestant does not count."""


def detections_named(name: str) -> list[Detection]:
    """`builtin`; a number of made-up ones; or a number followed by `k`, of ones that no key decides."""
    if name == "builtin":
        return list(load_builtin())
    texts = patterns.make_without_key(int(name[:-1])) if name.endswith("k") else patterns.make(int(name))
    return [_detection(number, text) for number, text in enumerate(texts)]


def _detection(number: int, text: str) -> Detection:
    return Detection(
        id=f"detection-{number}",
        title="measured",
        severity=Severity.LOW,
        description="",
        why="",
        pattern=FilterPattern.parse(text),
        rule=None,
        metric=None,
        alarm=None,
        group_by=(Derived.ACTOR,),
    )


def questions_of(detections: Sequence[Detection]) -> list[Predicate]:
    """The predicates of the detections that have one."""
    found = [detection.pattern.predicate for detection in detections if detection.pattern is not None]
    return [predicate for predicate in found if predicate is not None]


def gunzip(files: Sequence[str], _: Sequence[Detection]) -> Answer:
    """isal's gunzip alone."""
    for file in files:
        isal_zlib.decompress(Path(file).read_bytes(), wbits=31)
    return -1, -1


def floor(files: Sequence[str], detections: Sequence[Detection]) -> Answer:
    """Gunzip, and one typed decode of the fields that the questions read, and of eventID and eventTime."""
    decoder = floor_decoder(questions_of(detections))
    records = 0
    for file in files:
        records += len(decoder.decode(isal_zlib.decompress(Path(file).read_bytes(), wbits=31)).Records)
    return records, -1


def floor_decoder(questions: Sequence[Predicate]) -> msgspec.json.Decoder[object]:
    """Typed structs for what the questions read: single values decoded, `userIdentity` by its fields, the rest not."""
    scalar = str | int | float | bool | msgspec.UnsetType | None
    top: dict[str, object] = {"eventID": scalar, "eventTime": scalar}
    identity: dict[str, object] = {}
    for selector in sorted({each for question in questions for each in selectors(question)}, key=str):
        first, *rest = [str(step) for step in selector.steps]
        if first == "userIdentity" and rest:
            identity[rest[0]] = scalar if len(rest) == 1 and rest[0] != "sessionContext" else msgspec.Raw
        elif first != "userIdentity":
            inner = rest or first in ("requestParameters", "responseElements", "additionalEventData", "resources")
            top[first] = msgspec.Raw if inner else scalar
    if identity:
        top["userIdentity"] = _struct(identity)
    order = [
        "userIdentity",
        "eventTime",
        "eventSource",
        "eventName",
        "awsRegion",
        "sourceIPAddress",
        "userAgent",
        "errorCode",
        "errorMessage",
    ]
    ranked = sorted(top, key=lambda name: order.index(name) if name in order else len(order))
    shell = msgspec.defstruct("File", [("Records", list[_struct({name: top[name] for name in ranked})])], gc=False)  # type: ignore[misc]
    return msgspec.json.Decoder(shell)


def _struct(fields: dict[str, object]) -> type[msgspec.Struct]:
    named = [
        (f"f{number}", kind, msgspec.field(default=msgspec.UNSET, name=name))
        for number, (name, kind) in enumerate(fields.items())
    ]
    return msgspec.defstruct("Fields", named, gc=False, frozen=True)


def engine(files: Sequence[str], detections: Sequence[Detection]) -> Answer:
    """What `vedette scan --jobs 1` does, up to the alerts; cold: it learns as it goes."""
    return _scanned(files, detections, jobs=1)


def two_processes(files: Sequence[str], detections: Sequence[Detection]) -> Answer:
    """What `vedette scan --jobs 2` does, up to the alerts."""
    return _scanned(files, detections, jobs=2)


def _scanned(files: Sequence[str], detections: Sequence[Detection], jobs: int) -> Answer:
    objects = [FileObject(file, file, Path(file).stat().st_size) for file in files]
    report = scan(objects, detections, ScanOptions(TODAY, jobs))
    assert report.tally.malformed.total() == 0
    return report.tally.records, report.assembly.matches


def closures(files: Sequence[str], detections: Sequence[Detection]) -> Answer:
    """json.loads, and closures over the dictionaries."""
    asked = [dialects.closure(question) for question in questions_of(detections)]
    records = matches = 0
    for file in files:
        for document in json.loads(gzip.decompress(Path(file).read_bytes()))["Records"]:
            records += 1
            matches += sum(question(document) for question in asked)
    return records, matches


def duckdb(files: Sequence[str], detections: Sequence[Detection]) -> Answer:
    """DuckDB's read_json with one thread, each field taken out of a record once."""
    import duckdb as database

    questions = questions_of(detections)
    fields = sorted({each for question in questions for each in selectors(question)}, key=str)
    counts = ", ".join(f"count(*) FILTER (WHERE {dialects.sql(question)})" for question in questions)
    connection = database.connect(config={"threads": 1})
    reading = "read_json($files, columns={'Records': 'JSON[]'}, maximum_object_size=100000000)"
    source = f"SELECT unnest(Records) AS r FROM {reading}"
    query = f"SELECT count(*), {counts} FROM (SELECT {dialects.sql_columns(fields)} FROM ({source}))"
    row = connection.execute(query, {"files": list(files)}).fetchone()
    assert row is not None
    return row[0], sum(row[1:])


def jq(files: Sequence[str], detections: Sequence[Detection]) -> Answer:
    """jq: one filter that tells for each record how many questions hold."""
    conditions = ", ".join(dialects.jq(question) for question in questions_of(detections))
    with tempfile.NamedTemporaryFile("w", suffix=".jq") as program:
        program.write(f"[.Records[] | [{conditions}] | map(select(.)) | length] | [length, add]")
        program.flush()
        unzipped = subprocess.Popen(["gzip", "-dc", *files], stdout=subprocess.PIPE)
        run = subprocess.run(["jq", "-c", "-f", program.name], stdin=unzipped.stdout, capture_output=True, check=True)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    return sum(records for records, _ in answers), sum(matches for _, matches in answers)


CONTESTANTS: dict[str, Callable[[Sequence[str], Sequence[Detection]], Answer]] = {
    "gunzip": gunzip,
    "floor": floor,
    "engine": engine,
    "two processes": two_processes,
    "json.loads + closures": closures,
    "DuckDB read_json": duckdb,
    "jq": jq,
}


def is_there(name: str) -> bool:
    """Whether the peer is installed."""
    if name == "DuckDB read_json":
        return importlib.util.find_spec("duckdb") is not None
    return name != "jq" or shutil.which("jq") is not None


def _cpu_seconds() -> float:
    """User and system time of this process and of the children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> None:
    """Run the contestant that the job on standard input names, and print what it cost."""
    job = json.load(sys.stdin)
    detections = detections_named(job["detections"])
    clock, before = time.perf_counter(), _cpu_seconds()
    records, matches = CONTESTANTS[job["contestant"]](job["files"], detections)
    elapsed, after = time.perf_counter() - clock, _cpu_seconds()
    peaks = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cost = {
        "records": records,
        "matches": matches,
        "cpu": after - before,
        "clock": elapsed,
        "memory": max(peaks),
    }
    print(json.dumps(cost))


if __name__ == "__main__":
    main()
