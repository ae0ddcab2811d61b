"""What the commands print, word for word: golden/NAME.txt is a session at a terminal of 80 columns without colours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.samples import DETECTIONS, Shell, check_golden, record, sign_in, the_records

pytestmark = pytest.mark.usefixtures("library")

WRONG_PATTERN = "{ $.eventName = "


def keys_of(value: object, path: str = "") -> list[str]:
    """The paths of a JSON document with the types of their values."""
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in keys_of(inner, f"{path}.{key}")]
    if isinstance(value, list):
        return sorted({line for inner in value for line in keys_of(inner, f"{path}[]")}) or [f"{path}: empty list"]
    return [f"{path}: {type(value).__name__}"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("scan-table", ["logs"]),
        ("scan-informational", ["logs", "--min-severity", "informational"]),
        ("scan-one-alert", ["logs", "--alert", "detector-deleted"]),
        ("scan-in-full", ["logs", "--full", "--min-severity", "medium"]),
        ("scan-csv", ["logs", "-o", "csv"]),
        ("scan-window", ["logs", "--since", "2026-11-21T10:06", "--until", "2026-11-21T10:30"]),
    ],
)
def test_scans(shell: Shell, name: str, arguments: list[str]) -> None:
    check_golden(f"{name}.txt", shell.transcript("scan", *arguments, "--jobs", "1"))


def test_keys_of_a_json_alert(shell: Shell) -> None:
    """The keys are an interface: a change of them shows here."""
    answer = shell("scan", "logs", "-o", "ndjson", "--alert", "key-made", "--records")
    alert = json.loads(answer.out.splitlines()[0])
    check_golden("scan-ndjson-keys.txt", "\n".join(keys_of(alert)) + "\n")


def test_the_tally_counts_what_it_could_not_read(shell: Shell, room: Path) -> None:
    """Unreadable, broken and foreign objects are named with their place, counted, and the rest goes on."""
    logs = room / "logs"
    (logs / "a-broken.json").write_text(json.dumps({"Records": the_records()[:2]})[:-40])
    (logs / "b-foreign.json").write_text('{"hello": "world"}')
    (logs / "c-text.log").write_text("plain\nwords\n")
    (logs / "d-empty.json").write_text("")
    (logs / "e-\x1b[31mred.json").write_text("[1]")
    (logs / "f.ndjson").write_text(json.dumps(sign_in(4, "Success", eventID="own")) + "\n{oops}\n")
    (logs / "g.json").write_text("{}")
    check_golden("scan-malformed.txt", shell.transcript("scan", "logs", "nowhere", "--jobs", "1"))


def test_explanations(shell: Shell, room: Path) -> None:
    (room / "match.json").write_text(json.dumps(record(7, "DeleteDetector", "guardduty")))
    refused = record(8, "DeleteDetector", "guardduty", errorCode="AccessDenied")
    (room / "near.json").write_text(json.dumps({"Records": [refused, record(9, "ListDetectors", "guardduty")]}))
    envelope = {"detail-type": "AWS API Call via CloudTrail", "source": "aws.guardduty", "detail": refused}
    (room / "eventbridge.json").write_text(json.dumps(envelope))
    parts = [
        shell.transcript("explain", "detector-deleted", file, *more)
        for file, *more in (
            ["match.json"],
            ["near.json"],
            ["eventbridge.json"],
            ["near.json", "-o", "json"],
            ["near.json", "-o", "ndjson"],
        )
    ]
    answer = json.loads(shell("explain", "detector-deleted", "near.json", "-o", "json").out)
    assert [(one["record"], one["holds"]) for one in answer] == [(1, False), (2, False)]
    check_golden("explain.txt", "\n".join(parts))


def test_detections_listed_and_shown(shell: Shell) -> None:
    parts = [
        shell.transcript("detections", "list"),
        shell.transcript("detections", "list", "--severity", "high", "--category", "sign-in"),
        shell.transcript("detections", "show", "detector-deleted"),
        shell.transcript("detections", "show", "password-guessed"),
        shell.transcript("detections", "show", "sign-ins-failed", "-o", "json"),
    ]
    check_golden("detections-list-and-show.txt", "\n".join(parts))


def test_detections_checked_and_tested(shell: Shell, room: Path) -> None:
    text = (DETECTIONS / "key-made.yaml").read_text()
    (room / "wrong.yaml").write_text(text.replace("severity:", "sevrity:").replace("matches: true", "matches: maybe"))
    (room / "unwise.yaml").write_text(text.replace("eventName =", "eventNaem ="))
    (room / "failing.yaml").write_text(text.replace("eventName: DeleteAccessKey", "eventName: CreateAccessKey"))
    parts = [
        shell.transcript("detections", "check", "own"),
        shell.transcript("detections", "check", "wrong.yaml"),
        shell.transcript("detections", "check", "unwise.yaml"),
        shell.transcript("detections", "test", "own"),
        shell.transcript("detections", "test", "own/secret-read.yaml", "--verbose"),
        shell.transcript("detections", "test", "own/secret-read.yaml", "-o", "json"),
        shell.transcript("detections", "test", "failing.yaml"),
        shell.transcript("detections", "test", "wrong.yaml"),
    ]
    check_golden("detections-check-and-test.txt", "\n".join(parts))


def test_patterns_tried(shell: Shell, room: Path) -> None:
    (room / "lines").write_text('{"eventName": "ConsoleLogin"}\r\n{"eventName": "Other"}\nip=203.0.113.66 ERROR\n')
    (room / "binary").write_bytes(b"\xff\xfe ERROR \x00\n\x80\n")
    asked = '{ $.eventName = "ConsoleLogin" }'
    parts = [
        shell.transcript("pattern", "test", *arguments)
        for arguments in (
            [asked, "lines"],
            [asked, "lines", "-o", "json"],
            ["[pair = ip*, level]", "lines", "-o", "json"],
            ["", "lines"],
            ["ERROR", "binary", "-o", "json"],
            [WRONG_PATTERN, "lines"],
            [WRONG_PATTERN, "lines", "-o", "json"],
        )
    ]
    check_golden("pattern-test.txt", "\n".join(parts))


def test_errors(shell: Shell, room: Path) -> None:
    """Every error is a sentence that says what, where and how to mend it."""
    (room / "empty").mkdir()
    (room / "notes.json").write_text('{"hello": "world"}')
    (room / "taken.yaml").write_text("")
    parts = [
        shell.transcript(*arguments)
        for arguments in (
            ["scna"],
            ["frobnicate"],
            ["--colour"],
            ["scan"],
            ["scan", "lgos"],
            ["scan", "s3://example-logs/AWSLogs"],
            ["scan", "empty"],
            ["scan", "notes.json"],
            ["scan", "logs", "--fail-on", "hgih"],
            ["scan", "logs", "--fail-on", "whatever"],
            ["scan", "logs", "--fial-on", "high"],
            ["scan", "logs", "--since", "yesterday"],
            ["scan", "logs", "--since", "2026-11-21", "--until", "2026-11-20"],
            ["scan", "logs", "--jobs", "0"],
            ["scan", "logs", "--jobs", "many"],
            ["scan", "logs", "--no-builtin"],
            ["scan", "logs", "-d", "empty"],
            ["scan", "logs", "-d", "nowhere.yaml"],
            ["scan", "logs", "--only", "key-mode"],
            ["scan", "logs", "--only", "xyzzy"],
            ["scan", "logs", "--alert", "xyzzy"],
            ["scan", "logs", "--out", "nowhere/answer"],
            ["scan", "logs", "--out", "empty"],
            ["scan", "logs", "-o", "yaml"],
            ["detections"],
            ["detections", "shwo"],
            ["detections", "show"],
            ["detections", "show", "key-mode"],
            ["detections", "list", "--category", "sign-in", "--severity", "critical"],
            ["detections", "list", "--category", "compute"],
            ["detections", "check", "nowhere.yaml"],
            ["detections", "check", "empty"],
            ["detections", "new", "Not An Id"],
            ["detections", "new", "fine", "--out", "taken.yaml"],
            ["detections", "new", "fine", "--out", "nowhere/fine.yaml"],
            ["pattern", "test", "x", "nowhere"],
            ["pattern", "test", "x", "empty"],
            ["explain", "password-guessed", "notes.json"],
            ["explain", "key-made", "notes.json"],
            ["explain", "key-made", "notes.jsn"],
            ["explain", "key-made", "empty"],
            ["simulate"],
            ["simulate", "--scenario", "quiet-dya", "--out", "new"],
            ["simulate", "--scenario", "quiet-day", "--out", "logs"],
            ["simulate", "--scenario", "quiet-day", "--out", "new", "--day", "2026-13-01"],
            ["simulate", "--scenario", "quiet-day", "--out", "new", "--records", "few"],
        )
    ]
    text = "\n".join(parts)
    check_golden("errors.txt", text.replace(room.as_posix(), "…"))
