"""How CloudTrail delivers: files of five minutes, some minutes late, in no order, and now and then a record twice.

Source: CloudTrail user guide, "CloudTrail log file name format" and "Finding your CloudTrail log files"; the delays
follow what was measured on delivered files (time in the file's name minus `eventTime`: 3 to 600 s, median about 200 s).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from vedette.simulate import identifiers
from vedette.simulate.acts import Written
from vedette.simulate.company import Company

PERIOD = 300
MOST_RECORDS = 2_000
_TWICE = 1 / 2_000


@dataclass(frozen=True, slots=True)
class LogFile:
    """One delivered file: its key below the bucket, its gzipped bytes, and what is in it.

    `records` counts the records delivered for the first time, `duplicates` those that an earlier file holds too;
    `truth` has a row for each record of the scenario that is delivered here first.
    """

    key: str
    data: bytes
    records: int
    duplicates: int
    size: int
    truth: tuple[Mapping[str, object], ...]


class Mail:
    """Records on their way. At most three periods are under way at a time."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._waiting: dict[int, dict[tuple[str, str], list[Written]]] = {}
        self._again: dict[int, dict[tuple[str, str], list[Written]]] = {}

    def post(self, record: Written, rng: Random) -> None:
        """Take a record; it is delivered at the first end of a period that is not before its delay is over."""
        due = -(-(record.at + delay(rng)) // PERIOD) * PERIOD
        _put(self._waiting, due, record)
        if rng.random() < _TWICE:
            _put(self._again, due + PERIOD, record)

    def deliver(self, before: int) -> Iterator[LogFile]:
        """The files of every period that ends before `before`, in order of time, account and region."""
        for due in sorted(period for period in {*self._waiting, *self._again} if period < before):
            fresh, again = self._waiting.pop(due, {}), self._again.pop(due, {})
            for account, region in sorted({*fresh, *again}):
                yield from self._files(
                    due, account, region, fresh.get((account, region), []), again.get((account, region), [])
                )

    def _files(
        self, due: int, account: str, region: str, fresh: list[Written], again: list[Written]
    ) -> Iterator[LogFile]:
        marked = [(record, True) for record in fresh] + [(record, False) for record in again]
        self._company.stream("order", due, account, region).shuffle(marked)
        for first in range(0, len(marked), MOST_RECORDS):
            unique = identifiers.suffix(self._company.stream("file", due, account, region, first), 16)
            yield _file(object_key(account, region, due, unique), marked[first : first + MOST_RECORDS])


def _put(there: dict[int, dict[tuple[str, str], list[Written]]], due: int, record: Written) -> None:
    there.setdefault(due, {}).setdefault((record.account, record.region), []).append(record)


def delay(rng: Random) -> int:
    """Seconds until CloudTrail has a record ready; the wait for the end of the period comes on top."""
    if rng.random() < 0.78:
        return 3 + int(rng.random() * rng.random() * 80)
    return 120 + int(rng.random() * 176)


def object_key(account: str, region: str, due: int, unique: str) -> str:
    """The name of a log file that is delivered at `due` (epoch seconds)."""
    moment = datetime.fromtimestamp(due, UTC)
    name = f"{account}_CloudTrail_{region}_{moment:%Y%m%dT%H%MZ}_{unique}.json.gz"
    return f"AWSLogs/{account}/CloudTrail/{region}/{moment:%Y/%m/%d}/{name}"


def _file(key: str, marked: list[tuple[Written, bool]]) -> LogFile:
    body = f'{{"Records":[{",".join(record.text for record, _ in marked)}]}}'.encode()
    fresh = sum(is_first for _, is_first in marked)
    truth = tuple({**record.truth, "object_key": key} for record, is_first in marked if is_first and record.truth)
    return LogFile(key, zlib.compress(body, 1, 31), fresh, len(marked) - fresh, len(body), truth)
