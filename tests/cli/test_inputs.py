"""Files and standard input as a command's argument: opened, or told in a sentence why not."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from cli.samples import OWN, Shell, Terminal, record
from vedette.cli import streams
from vedette.cli.inputs import near_to
from vedette.errors import OutputError

pytestmark = pytest.mark.usefixtures("library")


class TypedInput(io.TextIOWrapper):
    """Standard input, at which somebody sits."""

    def isatty(self) -> bool:
        return True


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes, *, typed: bool = False) -> None:
    monkeypatch.setattr(sys, "stdin", (TypedInput if typed else io.TextIOWrapper)(io.BytesIO(data)))


def test_explain_reads_standard_input(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, json.dumps(record(1, "DeleteDetector", "guardduty")).encode())
    answer = shell("explain", "detector-deleted", "-")
    assert (answer.code, answer.err) == (0, "1 of 1 record matches detector-deleted\n")


def test_pattern_test_reads_standard_input_where_no_file_is_named(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines end in a line feed alone: a carriage return inside a message is part of it."""
    stdin(monkeypatch, b"one \xff\rstill one\r\ntwo\n")
    answer = shell("pattern", "test", "one")
    assert answer.out == "one \ufffd\rstill one\n"
    assert answer.err == "1 of 2 messages match one\n"
    assert not sys.stdin.closed


@pytest.mark.parametrize("command", [("explain", "sign-in", "-"), ("pattern", "test", "x"), ("scan", "-", *OWN)])
def test_whoever_sits_at_standard_input_is_told(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    stdin(monkeypatch, b"", typed=True)
    assert shell(*command).err.startswith("reading standard input; Ctrl-D ends it\n")


def test_a_closed_standard_input_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    answer = shell("pattern", "test", "x")
    assert (answer.code, answer.err) == (3, "error: standard input is closed\nhint: give a file\n")


def test_a_pipe_is_scanned_and_called_by_its_name(shell: Shell, room: Path) -> None:
    """What a shell makes of `vedette scan <(zcat …)`; named twice, it is still read once."""
    logs = b"".join(path.read_bytes() for path in sorted((room / "logs").rglob("*.json.gz")))
    os.mkfifo(room / "pipe")
    writer = threading.Thread(target=(room / "pipe").write_bytes, args=(logs,))
    writer.start()
    answer = shell("scan", "pipe", "pipe", *OWN, "-o", "ndjson")
    writer.join()
    assert answer.code == 0, answer.err
    told = [json.loads(line) for line in answer.out.splitlines()]
    assert {seen["object"] for alert in told for seen in alert["sightings"]} == {"pipe"}


def test_explain_numbers_records_as_their_faults_are_numbered(shell: Shell, room: Path) -> None:
    """What is no record takes a number too, so that no two things are called `record 2`."""
    (room / "mixed.json").write_text(json.dumps({"Records": [17, record(1, "A", "iam"), None, record(2, "B", "iam")]}))
    answer = shell("explain", "key-made", "mixed.json", "-o", "ndjson")
    assert [json.loads(line)["record"] for line in answer.out.splitlines()] == [2, 4]
    assert [line.split(": ")[0] for line in answer.err.splitlines()] == ["mixed.json, record 1", "mixed.json, record 3"]


def test_explain_tells_some_faults_and_counts_the_rest(shell: Shell, room: Path) -> None:
    (room / "junk.json").write_text(json.dumps([*range(1_000), record(1, "A", "iam")]))
    told = shell("explain", "key-made", "junk.json").err.splitlines()
    assert told[-2:] == ["… and 990 more that could not be read", "0 of 1 record matches key-made"]
    assert len(told) == 12


@pytest.mark.parametrize("through", ["log.json", "link.json"])
def test_an_answer_takes_the_place_of_no_log(shell: Shell, room: Path, through: str) -> None:
    log = room / "logs" / "log.json"
    log.write_text(json.dumps(record(1, "A", "iam")))
    (room / "logs" / "link.json").symlink_to(log)
    before = log.read_bytes()
    for paths in (["logs"], ["logs/log.json"], ["own", "logs/link.json"]):
        answer = shell("scan", *paths, *OWN, "--out", f"logs/{through}")
        assert (answer.code, answer.err.splitlines()[0]) == (2, f"error: `logs/{through}` is among what is read")
    assert log.read_bytes() == before
    assert shell("scan", "logs", *OWN, "--out", "logs/new.txt").code == 0


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (
            gzip.compress(b"one", mtime=0),
            "this is gzip, and each line is taken for a message: unpack it with `gzip -dc file`",
        ),
        (
            b'{"Records":[{}]}',
            "a log file is one message here; `jq -c '.Records[]'` puts each of its records on a line",
        ),
        (b'{\n "a": 1\n}\n', "each line is taken for a message; `jq -c .` puts a document on one line"),
        (b"plain\n", None),
        (b"", None),
    ],
)
def test_a_file_that_is_no_message_a_line_is_hinted_at(shell: Shell, room: Path, data: bytes, hint: str | None) -> None:
    """A log file as S3 has it holds no message that a pattern of CloudWatch Logs could match."""
    (room / "file").write_bytes(data)
    for form in ("text", "json"):
        answer = shell("pattern", "test", '{ $.eventName = "ConsoleLogin" }', "file", "-o", form)
        assert answer.code == 0
        assert [line for line in answer.err.splitlines() if "hint" in line] == ([f"hint: {hint}"] if hint else [])


def test_a_matching_file_needs_no_hint(shell: Shell, room: Path) -> None:
    (room / "file").write_text("{\n")
    assert "hint" not in shell("pattern", "test", "", "file").err


def test_a_hostile_name_stays_on_its_line(shell: Shell, room: Path) -> None:
    (room / "a\n\x1b[31mb.csv").write_text("a,b\n")
    answer = shell("scan", "a\n\x1b[31mb.csv", *OWN)
    assert "error: no CloudTrail record in `a \ufffd[31mb.csv`\n" in answer.err


def test_exceptions_are_shown_and_their_end_is_told(shell: Shell, room: Path) -> None:
    text = (room / "own" / "key-made.yaml").read_text(encoding="utf-8")
    excepted = (
        "exceptions: [{pattern: '{ $.awsRegion = \"eu-*\" }', owner: o@example.com, reason: tried, expires: %s}]\n"
    )
    (room / "ended.yaml").write_text(text + excepted % "2020-01-31", encoding="utf-8")
    (room / "held.yaml").write_text(text + excepted % "2999-01-31", encoding="utf-8")
    ended = shell("scan", "logs", "-d", "ended.yaml")
    assert ended.err.startswith(
        "an exception of `key-made` ended on 2020-01-31: tried (o@example.com vouched for it)\n"
    )
    assert "exception" not in shell("scan", "logs", "-d", "held.yaml").err
    shown = shell("detections", "show", "key-made", "-d", "held.yaml").out
    assert 'Exceptions\n  - { $.awsRegion = "eu-*" } (until 2999-01-31): tried; o@example.com vouches' in shown
    assert "(ended on 2020-01-31)" in shell("detections", "show", "key-made", "-d", "ended.yaml").out
    told = json.loads(shell("detections", "show", "key-made", "-d", "held.yaml", "-o", "json").out)
    assert [one["expires"] for one in told["exceptions"]] == ["2999-01-31"]


def test_an_alert_without_an_id_is_none(shell: Shell) -> None:
    """`--alert "$ID"` with nothing in it would show everything in full."""
    answer = shell("scan", "logs", *OWN, "--alert", "")
    assert (answer.code, answer.err.splitlines()[0]) == (2, "error: `--alert` is empty")


def test_near_names(tmp_path: Path) -> None:
    (tmp_path / "AWSLogs").mkdir()
    assert near_to(str(tmp_path / "AWSLog")) == f"did you mean `{tmp_path}/AWSLogs`?"
    assert near_to(str(tmp_path / "AWSLogs")) == f"`ls -ld {tmp_path}/AWSLogs` shows who may read it"
    assert near_to(str(tmp_path / "xyzzy")) is None
    assert near_to(str(tmp_path / "no" / "folder")) is None
    assert near_to("a" * 5_000) is None
    assert near_to("") == "the path is empty: is a variable of the shell unset?"
    assert near_to(str(tmp_path / "*.gz")) == "no name matches, and so the shell left the pattern as it is"
    assert near_to("s3://bucket/AWSLogs") == "copy it first: `aws s3 sync s3://bucket/AWSLogs ./AWSLogs`"


def test_streams_that_were_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes to a closed stderr goes nowhere; writing to a closed stdout is told."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    streams.open_streams()
    assert sys.stderr.write("gone") == 4
    sys.stderr.close()
    with pytest.raises(OutputError, match="standard output is closed"):
        sys.stdout.write("lost")


def test_a_terminal_without_our_signs_gets_plain_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A locale that is not UTF-8: tables keep their columns, and what others wrote is escaped."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    streams.open_streams()
    print("cut…  a · b  → 10–12  ✓ ✗ ×3 ── caf\u00e9\u4e2d")
    sys.stdout.flush()
    assert written.getvalue() == b"cut~  a - b  > 10-12  + x x3 -- caf\\xe9\\u4e2d\n"


def test_abandoning_a_stream_without_a_file_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    streams.abandon_output()


def test_messages_on_a_terminal_are_harmless_and_not_endless(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or a pipe gets every byte of a message; a terminal what it can bear."""
    stdin(monkeypatch, b"one \x1b[2J" + b"x" * 10_000 + b"\n")
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    shell("pattern", "test", "one")
    assert screen.getvalue().startswith("one \ufffd[2Jxxx")
    assert screen.getvalue().endswith("…\n")
    assert len(screen.getvalue()) == 4_001


def test_a_long_explanation_shows_what_decides(shell: Shell, room: Path) -> None:
    """Of many clauses the first few with the verdict of the whole; `--all` shows every one."""
    names = " || ".join(f'$.eventName = "Name{number}"' for number in range(9))
    text = (room / "own" / "key-made.yaml").read_text(encoding="utf-8").partition("tests:")[0]
    lines = [f"pattern: '{{ {names} }}'" if line.startswith("pattern") else line for line in text.splitlines()]
    (room / "many.yaml").write_text("\n".join(lines).replace("key-made", "many") + "\n", encoding="utf-8")
    (room / "one.json").write_text(json.dumps(record(1, "Name3", "iam")), encoding="utf-8")
    (room / "none.json").write_text(json.dumps(record(1, "Other", "iam")), encoding="utf-8")
    asked = ("explain", "many", "-d", "many.yaml")
    assert "… 8 that do not hold (`--all` shows them)" in shell(*asked, "one.json").out
    assert "… 3 that do not hold (`--all` shows them)" in shell(*asked, "none.json").out
    assert shell(*asked, "none.json", "--all").out.count("✗ $.eventName") == 9


def test_a_pattern_that_asks_for_text_is_explained_in_a_line(shell: Shell, room: Path) -> None:
    text = (room / "own" / "key-made.yaml").read_text(encoding="utf-8").partition("tests:")[0]
    lines = ["pattern: CreateAccessKey" if line.startswith("pattern") else line for line in text.splitlines()]
    (room / "words.yaml").write_text("\n".join(lines).replace("key-made", "words") + "\n", encoding="utf-8")
    (room / "record.json").write_text(json.dumps(record(1, "CreateAccessKey", "iam")), encoding="utf-8")
    answer = shell("explain", "words", "record.json", "-d", "words.yaml")
    assert answer.code == 0, answer.err
    assert "the record as text matches" in answer.out


def test_what_is_no_record_is_counted_apart(shell: Shell, room: Path) -> None:
    """Digest files are no logs, and no mistake either."""
    digest = {"awsAccountId": "111122223333", "digestStartTime": "2026-11-21T10:00:00Z", "logFiles": []}
    more = {"digestEndTime": "2026-11-21T11:00:00Z", "digestS3Bucket": "example", "previousDigestSignature": None}
    (room / "logs" / "digest.json").write_text(json.dumps(digest | more), encoding="utf-8")
    assert "counted apart: 1 × digest file" in shell("scan", "logs", *OWN).err


def test_many_actors_are_counted(shell: Shell, room: Path) -> None:
    lines = [json.dumps(record(1, "GetSecretValue", "secretsmanager", f"user{number}")) for number in range(7)]
    (room / "many.ndjson").write_text("\n".join(lines), encoding="utf-8")
    text = (room / "own" / "secret-read.yaml").read_text(encoding="utf-8") + "group_by: []\n"
    (room / "all.yaml").write_text(text, encoding="utf-8")
    answer = shell("scan", "many.ndjson", "-d", "all.yaml", "--full", "--jobs", "1")
    assert "  and 2 others\n" in answer.out


def test_a_hostile_name_forges_no_line_of_an_error(shell: Shell, room: Path) -> None:
    """Names of files were written by somebody, too: neither line ends nor colours of theirs reach the terminal."""
    (room / "logs\nhint: all is well\x1b[32m").write_text("")
    answer = shell("scan", "logs\nhint: all is well\x1b[3", *OWN)
    assert answer.code == 3
    assert [line.split(":")[0] for line in answer.err.splitlines()] == ["error", "hint"]
    assert "\x1b" not in answer.err
