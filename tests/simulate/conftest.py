"""A few simulated days, made once, and the records in their files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import pytest

from vedette.simulate import LogFile, generate, scenarios

DAY = date(2026, 11, 18)
Record = dict[str, Any]


def records_of(files: Iterable[LogFile]) -> list[Record]:
    return [record for file in files for record in json.loads(gzip.decompress(file.data))["Records"]]


@pytest.fixture(scope="session")
def day() -> date:
    return DAY


@pytest.fixture(scope="session")
def read() -> Callable[[Iterable[LogFile]], list[Record]]:
    return records_of


@pytest.fixture(scope="session")
def attack_files() -> list[LogFile]:
    return list(generate("full-attack", day=DAY, records=4_000))


@pytest.fixture(scope="session")
def attack_records(attack_files: list[LogFile]) -> list[Record]:
    """Each record once, however often it was delivered."""
    return list({record["eventID"]: record for record in records_of(attack_files)}.values())


@pytest.fixture(scope="session", params=[scenario.name for scenario in scenarios()])
def told(request: pytest.FixtureRequest) -> tuple[str, list[LogFile]]:
    """Each scenario by itself on the smallest of days."""
    return request.param, list(generate(request.param, day=DAY, records=0))
