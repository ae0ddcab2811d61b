"""Records that others have published, with the built-in detections: nothing raises, nothing goes missing."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from app.logs import scanned, told
from vedette.cloudtrail.body import Reason
from vedette.detections.definition import Detection


@pytest.fixture(scope="module")
def corpora() -> list[Path]:
    shared = Path(os.environ.get("VEDETTE_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    files = sorted((shared / "corpora").glob("*.jsonl.gz"))
    if not files:
        pytest.skip(f"reference corpora are not at {shared} (set VEDETTE_SHARED)")
    return files


def test_every_corpus_is_read_whole(corpora: list[Path], builtin: tuple[Detection, ...]) -> None:
    report = scanned(*corpora, detections=builtin)
    lines = sum(len(gzip.decompress(file.read_bytes()).splitlines()) for file in corpora)
    assert report.tally.records == lines
    # Samples in documentation write times as they like; everything else of them can be read.
    assert {malformed.reason for malformed in report.malformed} == {Reason.BAD_TIME}
    assert report.read == len(corpora)
    assert report.alerts


def test_the_corpora_are_told_alike_by_one_process_and_two(corpora: list[Path], builtin: tuple[Detection, ...]) -> None:
    assert told(*corpora, detections=builtin, jobs=2) == told(*corpora, detections=builtin)
