"""What `scan`'s options choose: which detections are asked, which alerts are shown, and where the answer goes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from cli.samples import DETECTIONS, OWN, Shell, record, write_logs

SEVERITIES = ["informational", "low", "medium", "high", "critical"]


def alerts(shell: Shell, *arguments: str) -> list[dict[str, object]]:
    answer = shell("scan", "logs", "-o", "json", *arguments)
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert isinstance(found, list)
    return found


def detections_of(found: list[dict[str, object]]) -> set[object]:
    return {alert["detection"] for alert in found}


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        (["2026-11-21"], " 10:05 "),
        (["2026-11-21", "2026-11-23"], " 11-23 10:05 "),
        (["2024-11-21", "2026-11-21"], " 2024-11-21 10:05 "),
    ],
)
def test_the_table_tells_as_much_of_a_day_as_is_needed(shell: Shell, room: Path, days: list[str], shown: str) -> None:
    """Logs of several years without a year would be told in an order that nobody understands."""
    made = [
        record(5, "DeleteDetector", "guardduty", user, eventTime=f"{day}T10:05:00Z")
        for user, day in zip("ab", days, strict=False)
    ]
    write_logs(room / "made", made)
    assert shown in shell("scan", "made", *OWN).out


@pytest.mark.parametrize("fail_on", SEVERITIES)
@pytest.mark.parametrize("worst", SEVERITIES)
def test_fail_on_answers_1_for_an_alert_at_or_above(shell: Shell, fail_on: str, worst: str) -> None:
    """Exit code 1: an alert at or above --fail-on, whatever is shown of it."""
    only = {
        "informational": "buckets-listed",
        "low": "secret-read",
        "medium": "sign-ins-failed",
        "high": "key-made",
        "critical": "detector-deleted",
    }
    answer = shell("scan", "logs", *OWN, "--only", only[worst], "--fail-on", fail_on, "--min-severity", "critical")
    assert answer.code == (1 if SEVERITIES.index(worst) >= SEVERITIES.index(fail_on) else 0)


@pytest.mark.parametrize("least", SEVERITIES)
def test_min_severity_shows_from_there(shell: Shell, least: str) -> None:
    everything = alerts(shell, *OWN, "--min-severity", "informational")
    rank = SEVERITIES.index
    expected = [alert for alert in everything if rank(str(alert["severity"])) >= rank(least)]
    assert alerts(shell, *OWN, "--min-severity", least) == expected
    assert len(everything) == 8


def test_only_brings_what_a_composite_needs(shell: Shell) -> None:
    """A composite is decided by its children, so `--only` asks them too; they tell of themselves as ever."""
    assert detections_of(alerts(shell, *OWN, "--only", "password-guessed")) == {"password-guessed", "sign-ins-failed"}


def test_only_may_be_given_several_times(shell: Shell) -> None:
    found = alerts(shell, *OWN, "--only", "key-made", "--only", "secret-read")
    assert detections_of(found) == {"key-made", "secret-read"}


def test_own_detections_join_the_built_in_ones(shell: Shell) -> None:
    """Asked of the real library: its detections and ours tell of the same logs."""
    found = detections_of(alerts(shell, "-d", "own"))
    assert "key-made" in found
    assert len(found) > len(detections_of(alerts(shell, *OWN)))


@pytest.mark.usefixtures("library")
def test_an_own_detection_takes_the_place_of_a_built_in_one(shell: Shell, room: Path) -> None:
    text = (DETECTIONS / "key-made.yaml").read_text(encoding="utf-8")
    (room / "mine.yaml").write_text(text.replace("title: An access key was made", "title: Mine"), encoding="utf-8")
    found = alerts(shell, "-d", "mine.yaml", "--only", "key-made")
    assert {alert["title"] for alert in found} == {"Mine"}


def test_records_puts_the_verbatim_records_in(shell: Shell) -> None:
    with_records = alerts(shell, *OWN, "--records", "--only", "detector-deleted")
    without = alerts(shell, *OWN, "--only", "detector-deleted")
    (sighting,) = with_records[0]["sightings"]  # type: ignore[misc]
    assert json.loads(sighting["cloudtrail"])["eventName"] == "DeleteDetector"
    assert "cloudtrail" not in json.dumps(without)


@pytest.mark.parametrize("name", ["plain.json.gz", "\u00e9.json.gz", "n\udce9.json.gz"])
def test_json_is_laid_out_as_python_lays_it_out(shell: Shell, name: str) -> None:
    """Indented by two and in ASCII, whatever stands in it: a file's name that is not UTF-8, or nothing at all."""
    first = min(Path("logs").rglob("*.gz"))
    try:
        first.rename(first.with_name(name))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    answer = shell("scan", "logs", *OWN, "-o", "json")
    assert answer.out == json.dumps(json.loads(answer.out), indent=2) + "\n"
    assert ascii(name)[1:-9].replace("\\xe9", "\\u00e9") in answer.out
    assert shell("scan", "logs", *OWN, "-o", "json", "--since", "2030-01-01").out == "[]\n"


@pytest.mark.parametrize("form", ["json", "ndjson", "ocsf"])
def test_one_alert_by_the_beginning_of_its_id(shell: Shell, form: str) -> None:
    answer = shell("scan", "logs", *OWN, "-o", form, "--alert", "secret-read-aa")
    assert answer.out.count("secret-read-aa") >= 1
    assert "detector-deleted" not in answer.out
    assert "verbatim" not in answer.out


def test_an_alert_is_found_below_the_least_severity(shell: Shell) -> None:
    assert "Buckets were listed" in shell("scan", "logs", *OWN, "--alert", "buckets-listed").out


@pytest.mark.parametrize("form", ["table", "json", "ndjson", "csv", "ocsf"])
def test_jobs_change_nothing_in_the_answer(shell: Shell, form: str) -> None:
    """`--jobs` changes how long it takes, never what comes out."""
    alone, together = (shell("scan", "logs", *OWN, "-o", form, "--records", "--jobs", jobs) for jobs in ("1", "2"))
    assert alone.out == together.out
    assert alone.out


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_stdout_holds_nothing_but_the_answer(shell: Shell, jobs: str) -> None:
    """Data on stdout; progress, tally and hints on stderr."""
    answer = {
        form: shell("scan", "logs", *OWN, "-o", form, "--jobs", jobs) for form in ("json", "ndjson", "csv", "ocsf")
    }
    assert len(json.loads(answer["json"].out)) == 7
    assert len(list(map(json.loads, answer["ndjson"].out.splitlines()))) == 7
    assert [json.loads(line)["class_uid"] for line in answer["ocsf"].out.splitlines()] == [2004] * 7
    rows = list(csv.reader(io.StringIO(answer["csv"].out)))
    assert {len(row) for row in rows} == {13}
    assert len(rows) == 8
    assert all("24 records = 23 unique + 1 duplicates" in told.err for told in answer.values())


def test_out_writes_a_file_and_keeps_stdout_silent(shell: Shell, room: Path) -> None:
    (room / "answer.json").write_text("an earlier answer, longer than the one that comes" * 1000, encoding="utf-8")
    answer = shell("scan", "logs", *OWN, "-o", "json", "--out", "answer.json")
    assert answer.out == ""
    assert len(json.loads((room / "answer.json").read_text(encoding="utf-8"))) == 7


def test_a_wrong_option_leaves_an_earlier_answer_alone(shell: Shell, room: Path) -> None:
    (room / "answer.json").write_text("earlier", encoding="utf-8")
    assert shell("scan", "logs", *OWN, "--out", "answer.json", "--alert", "xyzzy").code == 2
    assert (room / "answer.json").read_text(encoding="utf-8") == "earlier"


def test_a_table_in_a_file_has_no_colours(shell: Shell, room: Path) -> None:
    shell("scan", "logs", *OWN, "--out", "table.txt")
    text = (room / "table.txt").read_text(encoding="utf-8")
    assert "CRITICAL  The threat detector was deleted" in text
    assert "\x1b" not in text


def test_half_a_surrogate_breaks_no_answer(shell: Shell, room: Path) -> None:
    """Python writes no lone surrogate as UTF-8; JSON may hold one."""
    write_logs(room / "odd", [record(1, "DeleteDetector", "guardduty", userAgent="\ud800", sourceIPAddress="\udc00")])
    for form in ("table", "json", "ndjson", "csv", "ocsf"):
        assert shell("scan", "odd", *OWN, "-o", form, "--out", f"answer.{form}").code == 0
        assert (room / f"answer.{form}").stat().st_size


def test_a_window_without_older_objects_is_no_lack_of_logs(shell: Shell) -> None:
    """Objects delivered before the window are not opened; that there are some is enough not to answer 3."""
    answer = shell("scan", "logs", *OWN, "--since", "2026-11-22")
    assert answer.code == 0
    assert "6 objects = 0 read + 6 delivered before the window" in answer.err


def test_accounts_are_named_where_there_are_several(shell: Shell, room: Path) -> None:
    other = {"recipientAccountId": "123456789012"}
    write_logs(
        room / "two",
        [record(1, "DeleteDetector", "guardduty"), record(2, "CreateAccessKey", "iam", "bob", **other)],
    )
    out = shell("scan", "two", *OWN).out
    assert "· 123456789012" in out
    assert "· 111122223333" in out


def test_alerts_of_several_days_carry_their_day(shell: Shell, room: Path) -> None:
    later = {"eventTime": "2026-11-23T04:05:06Z"}
    write_logs(room / "days", [record(1, "DeleteDetector", "guardduty"), record(2, "CreateAccessKey", "iam", **later)])
    out = shell("scan", "days", *OWN).out
    assert "11-21 10:01" in out
    assert "11-23 04:05" in out


def test_the_same_again_shares_an_entry(shell: Shell, room: Path) -> None:
    """Alerts of one detection and group are one entry, that says how many more there are."""
    again = [record(minute, "DeleteDetector", "guardduty") for minute in (0, 60, 120)]
    write_logs(room / "again", again)
    (line,) = [line for line in shell("scan", "again", *OWN).out.splitlines() if line.startswith("CRITICAL")]
    assert line.endswith("10:00 (+2)      3")
