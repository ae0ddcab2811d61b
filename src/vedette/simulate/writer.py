"""Writes a simulated day into a directory: the log files, the ground truth and the manifest.

    DIRECTORY/AWSLogs/…             as CloudTrail lays them out in a bucket
    DIRECTORY/ground-truth.jsonl    a line for each record of the attack
    DIRECTORY/manifest.json         what was asked for, and what was made

The only module of the simulation that touches the disk.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from vedette.errors import InputError, unwritable
from vedette.simulate.day import DEFAULT_ACCOUNTS, generate
from vedette.simulate.delivery import LogFile

GROUND_TRUTH = "ground-truth.jsonl"
MANIFEST = "manifest.json"
_MADE_BY = "vedette simulate"
_CONTENT = slice(-8, None)
"""The end of a gzip file: checksum and length of the content, whatever compressed it."""


@dataclass(slots=True)
class Summary:
    """What was written: also the content of the manifest.

    `records` counts different records, `delivered` what a reader meets (duplicates included), `scenario_records` those
    of the attack; `expected` are the detections to hear from, `addresses` the attacker's. `digest` is the SHA-256 over
    each file's key and its content's checksum and length, in order, so that it does not depend on the compressor.
    """

    scenario: str
    seed: str
    day: str
    accounts: list[str]
    files: int = 0
    records: int = 0
    duplicates: int = 0
    delivered: int = 0
    scenario_records: int = 0
    bytes: int = 0
    uncompressed_bytes: int = 0
    steps: dict[str, int] = field(default_factory=dict)
    expected: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    digest: str = ""
    made_by: str = _MADE_BY


def write(
    directory: Path,
    scenario: str,
    *,
    day: date,
    seed: int | str = 7,
    accounts: Sequence[str] = DEFAULT_ACCOUNTS,
    records: int = 10_000,
    replace: bool = False,
) -> Summary:
    """Simulate a day (`generate`) and write it under `directory`, which is made if need be.

    Refuses with InputError when the directory holds log files already; with `replace` those of an earlier simulation
    are removed first, never any others. Raises OutputError when the disk refuses.
    """
    files = generate(scenario, day=day, seed=seed, accounts=accounts, records=records)
    summary = Summary(scenario, str(seed), day.isoformat(), list(accounts))
    with _disk(directory):
        _make_room(directory, replace)
        _write_files(directory, files, summary)
        text = json.dumps(asdict(summary), indent=2)
        (directory / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return summary


@contextmanager
def _disk(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unwritable(f"the simulation to `{directory}`", error) from error


def _make_room(directory: Path, replace: bool) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    logs = directory / "AWSLogs"
    if not logs.exists():
        return
    if not replace:
        raise InputError(f"`{directory}` holds log files already", hint="give an empty directory")
    if not _is_ours(directory / MANIFEST):
        raise InputError(f"`{directory}` holds log files that no simulation made", hint="give an empty directory")
    shutil.rmtree(logs)


def _is_ours(manifest: Path) -> bool:
    try:
        content: object = json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("made_by") == _MADE_BY


def _write_files(directory: Path, files: Iterator[LogFile], summary: Summary) -> None:
    steps: Counter[str] = Counter()
    expected: set[str] = set()
    addresses: set[str] = set()
    digest = hashlib.sha256()
    folders: set[Path] = set()
    with (directory / GROUND_TRUTH).open("w", encoding="utf-8") as truth:
        for file in files:
            path = directory / file.key
            if path.parent not in folders:
                path.parent.mkdir(parents=True, exist_ok=True)
                folders.add(path.parent)
            path.write_bytes(file.data)
            digest.update(file.key.encode() + file.data[_CONTENT])
            _count(summary, file)
            for row in file.truth:
                truth.write(json.dumps(row) + "\n")
                steps[str(row["step"])] += 1
                expected |= _ids(row)
                addresses.add(str(row["address"]))
    summary.steps = dict(sorted(steps.items()))
    summary.scenario_records = steps.total()
    summary.expected = sorted(expected)
    summary.addresses = sorted(addresses)
    summary.digest = digest.hexdigest()


def _ids(row: Mapping[str, object]) -> set[str]:
    ids = row["expected"]
    return set(map(str, ids)) if isinstance(ids, list) else set()


def _count(summary: Summary, file: LogFile) -> None:
    summary.files += 1
    summary.records += file.records
    summary.duplicates += file.duplicates
    summary.delivered += file.records + file.duplicates
    summary.bytes += len(file.data)
    summary.uncompressed_bytes += file.size
