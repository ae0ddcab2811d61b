"""The exit codes that scripts rely on, and what the boundary makes of whatever a command raises."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import click
import pytest

from cli.samples import OWN, Shell, record, write_logs
from vedette import cli
from vedette.errors import ExitCode, InputError, NothingToDoError, OutputError, UsageError, VedetteError

DONE, FINDINGS, WRONG_INPUT, NOTHING_TO_DO, FAILURE, INTERRUPTED = map(int, ExitCode)


def test_the_codes() -> None:
    """0 done, 1 findings or failed checks, 2 wrong input, 3 nothing to do, 4 runtime failure, 130 interrupted."""
    assert list(map(int, ExitCode)) == [0, 1, 2, 3, 4, 130]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("--version", DONE),
        ("--help", DONE),
        ("scan --help", DONE),
        ("scan logs", DONE),
        ("scan logs --fail-on critical", FINDINGS),
        ("scan quiet --fail-on informational", DONE),
        ("scan logs nowhere", DONE),
        ("scan logs --fail-on severe", WRONG_INPUT),
        ("scan logs --only no-such-id", WRONG_INPUT),
        ("scan logs -d broken.yaml", WRONG_INPUT),
        ("scan nowhere", NOTHING_TO_DO),
        ("scan empty", NOTHING_TO_DO),
        ("scan notes.txt", NOTHING_TO_DO),
        ("scan logs --out empty", FAILURE),
        ("detections list", DONE),
        ("detections list --severity critical --category iam", NOTHING_TO_DO),
        ("detections show key-made", DONE),
        ("detections show key-made -o yaml", DONE),
        ("detections show no-such-id", WRONG_INPUT),
        ("detections check", DONE),
        ("detections check own", DONE),
        ("detections check unwise.yaml", FINDINGS),
        ("detections check sparse.yaml", DONE),
        ("detections check sparse.yaml --strict", FINDINGS),
        ("detections check broken.yaml", WRONG_INPUT),
        ("detections check empty", NOTHING_TO_DO),
        ("detections test", DONE),
        ("detections test failing.yaml", FINDINGS),
        ("detections test broken.yaml", WRONG_INPUT),
        ("detections new fine", DONE),
        ("detections new fine --out fine.yaml", DONE),
        ("detections new fine --out notes.txt", FAILURE),
        ("detections new 'Not fine'", WRONG_INPUT),
        ("pattern test plain notes.txt", DONE),
        ("pattern test absent notes.txt", DONE),
        ("pattern test { notes.txt", WRONG_INPUT),
        ("pattern test { notes.txt -o json", WRONG_INPUT),
        ("pattern test plain nowhere", NOTHING_TO_DO),
        ("explain key-made key.json", DONE),
        ("explain sign-in key.json", FINDINGS),
        ("explain password-guessed key.json", WRONG_INPUT),
        ("explain key-made notes.txt", NOTHING_TO_DO),
        ("simulate --list", DONE),
        ("simulate --scenario quiet-day --out new --records 5", DONE),
        ("simulate --scenario quiet-day --out new --day 2026-11-20 --records 5", DONE),
        ("simulate --scenario no-such-day --out new", WRONG_INPUT),
        ("simulate --scenario quiet-day --out notes.txt", FAILURE),
        ("simulate --scenario quiet-day --out new --day 9999-12-31", WRONG_INPUT),
        ("simulate --scenario quiet-day --out=", WRONG_INPUT),
    ],
)
def test_exit_codes(shell: Shell, room: Path, command: str, code: int) -> None:
    own = (room / "own" / "key-made.yaml").read_text(encoding="utf-8")
    write_logs(room / "quiet", [record(1, "DescribeInstances", "ec2")])
    (room / "empty").mkdir()
    (room / "notes.txt").write_text("plain text\n", encoding="utf-8")
    (room / "key.json").write_text('{"eventName": "CreateAccessKey", "eventSource": "iam.amazonaws.com"}', "utf-8")
    (room / "broken.yaml").write_text("id: [", encoding="utf-8")
    (room / "unwise.yaml").write_text(own.replace("eventName =", "eventNaem ="), encoding="utf-8")
    (room / "sparse.yaml").write_text(own.partition("tests:")[0], encoding="utf-8")
    (room / "failing.yaml").write_text(own.replace("DeleteAccessKey", "CreateAccessKey"), encoding="utf-8")
    answer = shell(*command.split())
    assert answer.code == code, answer.err
    assert "bug" not in answer.err
    assert answer.err.count("error: ") >= (code > FINDINGS) or "{" in command


@pytest.mark.parametrize(
    ("raised", "code", "told"),
    [
        (UsageError("two options at odds"), 2, "error: two options at odds\n"),
        (InputError("wrong", hint="try `x`"), 2, "error: wrong\nhint: try `x`\n"),
        (NothingToDoError("nothing there"), 3, "error: nothing there\n"),
        (OutputError("cannot write"), 4, "error: cannot write\n"),
        (VedetteError("it failed"), 4, "error: it failed\n"),
        (click.ClickException("Some Message."), 2, "error: some Message\n"),
        (click.UsageError("No context."), 2, "error: no context\n"),
        (click.Abort(), 130, "vedette: interrupted\n"),
        (KeyboardInterrupt(), 130, "vedette: interrupted\n"),
        (OSError(errno.EACCES, "Permission denied", "some/file"), 4, "error: `some/file`: permission denied\n"),
        (OSError(errno.EIO, "Input/output error"), 4, "error: input/output error\n"),
        (OSError("odd"), 4, "error: odd\n"),
        (
            ZeroDivisionError("division by zero"),
            4,
            (
                "error: ZeroDivisionError: division by zero\nhint: this is a bug in Vedette; run it again with "
                "VEDETTE_DEBUG=1 for the details that a report needs\n"
            ),
        ),
        (InputError("steered \x1b[2J\u202e"), 2, "error: steered \ufffd[2J\ufffd\n"),
        (InputError(""), 2, "error: \n"),
    ],
)
def test_the_boundary_words_what_is_raised(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], raised: BaseException, code: int, told: str
) -> None:
    def run(_: object) -> int:
        raise raised

    monkeypatch.setattr(cli, "_run", run)
    monkeypatch.setattr(cli, "abandon_output", lambda: None)
    assert cli.invoke([]) == code
    assert capfd.readouterr().err == told


@pytest.mark.parametrize("raised", [ZeroDivisionError("x"), OSError(errno.EIO, "x")])
def test_debugging_lets_through_what_is_not_foreseen(monkeypatch: pytest.MonkeyPatch, raised: Exception) -> None:
    def run(_: object) -> int:
        raise raised

    monkeypatch.setenv("VEDETTE_DEBUG", "1")
    monkeypatch.setattr(cli, "_run", run)
    with pytest.raises(type(raised)):
        cli.invoke([])


@pytest.mark.parametrize("group", [(), ("detections",), ("pattern",)])
def test_a_group_without_a_command_shows_its_help_as_a_mistake(shell: Shell, group: tuple[str, ...]) -> None:
    """On stderr and without the word error: what the caller wants to know is which commands there are."""
    answer = shell(*group)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == shell(*group, "--help").out


def test_main_leaves_the_process_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["vedette", "scan", "/nowhere/at/all"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 3
    with pytest.raises(SystemExit) as left:
        cli.main(["--version"])
    assert left.value.code == 0


def test_a_scan_that_fails_while_reading_is_no_failure_to_write(monkeypatch: pytest.MonkeyPatch, shell: Shell) -> None:
    def scan(*_: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr("vedette.cli.scan.scan", scan)
    assert shell("scan", "logs", *OWN, "--out", "answer").err == "error: cannot allocate memory\n"


@pytest.mark.usefixtures("library")
def test_detections_as_json(shell: Shell) -> None:
    """A list of documents; a composite has a rule and no alarm of its own."""
    found = {detection["id"]: detection for detection in json.loads(shell("detections", "list", "-o", "json").out)}
    assert len(found) == 7
    assert found["password-guessed"]["alarm"] is None
    assert found["password-guessed"]["pattern"] is None
    assert found["key-made"]["rule"] is None
    assert found["key-made"]["group_by"] == ["actor"]
    assert json.loads(shell("detections", "show", "key-made", "-o", "json").out) == found["key-made"]
