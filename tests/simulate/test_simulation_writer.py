"""Writing a simulation: the layout, the truth beside it, the manifest, and what is refused."""

from __future__ import annotations

import gzip
import json
from datetime import date

import pytest

from vedette.errors import InputError, OutputError
from vedette.simulate import generate, write

DAY = date(2026, 11, 18)


def test_a_day_is_written_with_its_truth_and_manifest(tmp_path):
    summary = write(tmp_path / "out", "secrets-theft", day=DAY, records=300)
    files = sorted((tmp_path / "out").rglob("*.json.gz"))
    records = [record for path in files for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]]
    assert summary.files == len(files)
    assert summary.delivered == len(records) == summary.records + summary.duplicates
    assert summary.records == len({record["eventID"] for record in records})
    assert summary.bytes == sum(path.stat().st_size for path in files)
    rows = [json.loads(line) for line in (tmp_path / "out/ground-truth.jsonl").read_text().splitlines()]
    assert summary.scenario_records == len(rows) == sum(summary.steps.values())
    assert all((tmp_path / "out" / row["object_key"]).is_file() for row in rows)
    assert "secret-read-burst" in summary.expected
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["digest"] == summary.digest
    assert (manifest["scenario"], manifest["seed"], manifest["day"]) == ("secrets-theft", "7", "2026-11-18")


def test_two_writings_have_one_digest(tmp_path):
    one = write(tmp_path / "one", "root-use", day=DAY, records=100)
    two = write(tmp_path / "two", "root-use", day=DAY, records=100)
    assert one == two
    assert one.digest != write(tmp_path / "three", "root-use", day=DAY, records=100, seed=8).digest


def test_what_is_written_is_what_is_generated(tmp_path):
    write(tmp_path, "brute-force", day=DAY, records=50)
    for file in generate("brute-force", day=DAY, records=50):
        assert (tmp_path / file.key).read_bytes() == file.data


def test_log_files_are_never_mixed_with_others(tmp_path):
    write(tmp_path, "quiet-day", day=DAY, records=0)
    with pytest.raises(InputError, match="holds log files already"):
        write(tmp_path, "quiet-day", day=DAY, records=0)


def test_an_earlier_simulation_may_be_replaced(tmp_path):
    write(tmp_path, "quiet-day", day=DAY, records=0, seed=1)
    second = write(tmp_path, "quiet-day", day=DAY, records=0, seed=2, replace=True)
    assert len(list(tmp_path.rglob("*.json.gz"))) == second.files


@pytest.mark.parametrize("manifest", [None, "{", "[]", '{"made_by": "someone else"}'])
def test_other_log_files_are_never_replaced(tmp_path, manifest):
    precious = tmp_path / "AWSLogs" / "precious.json.gz"
    precious.parent.mkdir()
    precious.write_bytes(b"x")
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(InputError, match="no simulation made"):
        write(tmp_path, "quiet-day", day=DAY, records=0, replace=True)
    assert precious.exists()


def test_a_disk_that_refuses_is_an_error_of_output(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write the simulation to"):
        write(tmp_path / "file", "quiet-day", day=DAY, records=0)


def test_wrong_arguments_leave_no_directory(tmp_path):
    with pytest.raises(InputError):
        write(tmp_path / "new", "no-such-thing", day=DAY)
    assert not (tmp_path / "new").exists()
