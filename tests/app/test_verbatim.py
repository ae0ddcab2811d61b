"""The records behind the alerts, read a second time: exactly their bytes, of exactly those records."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from app.logs import EACH, READ, TODAY, lines, log_file, put, record, text
from cloudtrail.samples import COMPRESSIONS, ENVELOPES
from vedette.alerts.document import sightings
from vedette.app import ScanOptions, open_inputs, scan, verbatim
from vedette.cloudtrail.envelope import Body, read_bodies
from vedette.cloudtrail.limits import DEFAULT_LIMITS, Limits
from vedette.sources.files import FileObject


def read_again(*paths: Path | str, limits: Limits = DEFAULT_LIMITS) -> dict[str, str]:
    """Event id to text of every record (EACH makes each an alert)."""
    options = ScanOptions(TODAY, limits=limits)
    with open_inputs([str(path) for path in paths]) as objects:
        report = scan(objects, [EACH], options)
        found = verbatim(report.alerts, objects, [EACH], options)
    assert {seen for alert in report.alerts for seen in alert.evidence.sightings} == set(found)
    return {seen.event_id: one for seen, one in found.items()}


def of(records: list[dict[str, object]]) -> dict[str, str]:
    return {str(each["eventID"]): text(each).decode() for each in records}


RECORDS = [record(n, n, note=["\u00e9", {"deep": n}]) for n in range(5)]


@pytest.mark.parametrize("compression", ["plain", "gzip"])
@pytest.mark.parametrize("envelope", ENVELOPES)
def test_every_record_of_every_envelope(tmp_path: Path, envelope: str, compression: str) -> None:
    """Bodies of one object may begin at the same place; the records are not mixed up."""
    made = ENVELOPES[envelope][1]([text(each) for each in RECORDS])
    (tmp_path / "object").write_bytes(COMPRESSIONS[compression](made))
    assert read_again(tmp_path) == of(RECORDS)


@pytest.mark.parametrize("limits", [DEFAULT_LIMITS, Limits(chunk_bytes=64)], ids=["at once", "in chunks"])
@pytest.mark.parametrize("envelope", [name for name in ENVELOPES if name != "NDJSON, CRLF and blank lines"])
def test_the_number_of_a_record_counts_through_the_whole_object(tmp_path: Path, envelope: str, limits: Limits) -> None:
    """`"record": 57` is found with `jq -c '.Records[]' | sed -n 57p`, however many documents an object joins."""
    put(tmp_path / "object", ENVELOPES[envelope][1]([text(each) for each in RECORDS]))
    with open_inputs([str(tmp_path)]) as objects:
        alerts = scan(objects, [EACH], ScanOptions(TODAY, limits=limits)).alerts
    told = [seen for alert in alerts for seen in sightings(alert.evidence)]
    assert {seen["record"]: seen["event_id"] for seen in told} == {
        number: each["eventID"] for number, each in enumerate(RECORDS, 1)
    }


def test_lines_in_later_chunks(tmp_path: Path) -> None:
    records = [record(n, n, note="x" * 50_000) for n in range(80)]
    put(tmp_path / "lines.json", b"\n\n" + lines(records[:30]) + b"\n \n" + lines(records[30:]))
    limits = Limits(chunk_bytes=1_500)
    with (tmp_path / "lines.json").open("rb") as stream:
        assert len({body.first_line for body in read_bodies(stream, "", limits) if isinstance(body, Body)}) > 3
    assert read_again(tmp_path, limits=limits) == of(records)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(lines(RECORDS))

    monkeypatch.setattr("sys.stdin", Stdin)
    assert read_again("-") == of(RECORDS)


def test_records_among_broken_ones(tmp_path: Path) -> None:
    broken = b",".join([text(RECORDS[0]), b"17", text(RECORDS[1]), b'"x"', text({**RECORDS[2], "errorCode": 7})])
    put(tmp_path / "log.json", b'{"Records":[' + broken + b"]}")
    assert read_again(tmp_path) == of([RECORDS[0], RECORDS[1], {**RECORDS[2], "errorCode": 7}])


def test_objects_are_read_again_only_where_needed_and_only_as_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [record(n, eventName="ListSecrets", note="x" * 50_000) for n in range(2, 100)]
    put(tmp_path / "a.json", lines(others[:1]))
    wanted = put(tmp_path / "b.json", lines([record(1), *others]))
    asked: list[tuple[str, int]] = []

    class Counted(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            asked.append((self.name, len(data)))
            return data

    def opened(found: FileObject) -> Counted:
        stream = Counted(Path(found.path).read_bytes())
        stream.name = found.name
        return stream

    options = ScanOptions(TODAY, limits=Limits(chunk_bytes=1_000))
    with open_inputs([str(tmp_path)]) as objects:
        report = scan(objects, [READ], options)
        monkeypatch.setattr(FileObject, "open", opened)
        found = verbatim(report.alerts, objects, [READ], options)
    assert [json.loads(one)["eventID"][-3:] for one in found.values()] == ["001"]
    assert {name for name, _ in asked} == {str(wanted)}
    assert sum(size for _, size in asked) < wanted.stat().st_size


def test_what_is_gone_or_has_changed_is_left_out(tmp_path: Path) -> None:
    """Another record in the place of the one that was seen must not stand as its evidence."""
    kept, gone, changed, shorter = (put(tmp_path / name, log_file([record(n)])) for n, name in enumerate("abcd"))
    options = ScanOptions(TODAY)
    with open_inputs([str(tmp_path)]) as objects:
        report = scan(objects, [EACH], options)
        gone.unlink()
        put(changed, log_file([record(9)]))
        put(shorter, log_file([]))
        found = verbatim(report.alerts, objects, [EACH], options)
    assert len(report.alerts) == 4
    assert {seen.object_name: seen.event_id[-1] for seen in found} == {str(kept): "0"}


def test_no_alerts_nothing_is_read() -> None:
    assert verbatim([], [], [READ], ScanOptions(TODAY)) == {}


@pytest.mark.parametrize("limits", [DEFAULT_LIMITS, Limits(chunk_bytes=64)], ids=["at once", "in chunks"])
@pytest.mark.parametrize("blank", [b"", b"\n\r\n", b"17\n{broken\n"], ids=["none", "blank", "broken"])
def test_the_number_of_a_record_in_lines_is_its_line(tmp_path: Path, blank: bytes, limits: Limits) -> None:
    """Whatever stands between them, `sed -n 3p` shows what `"record": 3` names; and its text is found again."""
    made = lines(RECORDS[:2]) + blank + lines(RECORDS[2:4]) + blank + lines(RECORDS[4:])
    put(tmp_path / "object", made)
    with open_inputs([str(tmp_path)]) as objects:
        alerts = scan(objects, [EACH], ScanOptions(TODAY, limits=limits)).alerts
    told = [seen for alert in alerts for seen in sightings(alert.evidence)]
    assert len(told) == len(RECORDS)
    for seen in told:
        assert json.loads(made.split(b"\n")[int(str(seen["record"])) - 1])["eventID"] == seen["event_id"]
    assert read_again(tmp_path, limits=limits) == of(RECORDS)


def test_what_is_no_record_counts_in_the_numbers_of_a_log_file(tmp_path: Path) -> None:
    """A record is found by its number behind odd elements, and a fault is named by the number that it has."""
    odd = [None, "x", [], text(RECORDS[0]), {"eventName": "ConsoleLogin", "eventTime": 17}, text(RECORDS[1])]
    parts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in odd]
    put(tmp_path / "object", b'{"Records":[' + b",".join(parts) + b"]}")
    with open_inputs([str(tmp_path)]) as objects:
        report = scan(objects, [EACH], ScanOptions(TODAY))
    told = [seen for alert in report.alerts for seen in sightings(alert.evidence)]
    assert {seen["event_id"]: seen["record"] for seen in told} == {
        RECORDS[0]["eventID"]: 4,
        RECORDS[1]["eventID"]: 6,
    }
    assert [one.place for one in report.malformed] == ["record 1", "record 2", "record 3", "record 5"]
