"""`vedette run`, `doctor` and `canary` as somebody types them."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app_run.fakes import log_file, record
from vedette.cli import invoke
from vedette.cloudtrail.moment import print_time
from waiting import PATIENCE

SETTINGS = """\
[store]
url = "sqlite:///{home}/store.db"
[detections]
only = ["root-login", "access-key-created"]
[[source]]
kind = "folder"
name = "logs"
path = "{home}/logs"
[[channel]]
kind = "maildir"
name = "mail"
path = "{home}/mail"
[policy]
group_wait = "0s"
[monitor]
interval = "1s"
health_port = 0
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STATE", "DATA", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.json").write_bytes(log_file(record(1, name="StopLogging") | {"eventSource": "cloudtrail"}))
    return tmp_path


@pytest.fixture
def settings(home: Path) -> Path:
    path = home / "vedette.toml"
    path.write_text(SETTINGS.format(home=home))
    return path


def test_records_without_an_id_in_joined_files_are_each_counted(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`cat *.gz > one.gz` is one object of several: a record without an eventID is known by its place in all."""
    made = []
    for number, user in enumerate(("alice", "carol", "alice"), 1):
        each = record(number, name="CreateAccessKey") | {
            "eventSource": "iam.amazonaws.com",
            "eventTime": f"2026-03-02T10:0{number}:00Z",
            "requestParameters": {"userName": user},
            "userIdentity": {"type": "IAMUser", "userName": user, "arn": f"arn:aws:iam::111122223333:user/{user}"},
        }
        del each["eventID"]
        made.append(gzip.compress(log_file(each)))
    (home / "logs" / "a.json").unlink()
    (home / "logs" / "one.gz").write_bytes(b"".join(made))
    assert invoke(["run", "logs", "--once", "--tell-old"]) == 0
    capsys.readouterr()
    assert invoke(["alerts", "list", "-o", "json"]) == 0
    found = [each for each in json.loads(capsys.readouterr().out) if each["detection"] == "access-key-created"]
    assert sorted(each["count"] for each in found) == [1, 2]


def test_once_over_a_folder_ends_with_the_mail(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = record(2, name="ConsoleLogin") | {"eventSource": "signin.amazonaws.com", "userIdentity": {"type": "Root"}}
    root["responseElements"] = {"ConsoleLogin": "Success"}
    (home / "logs" / "b.json").write_bytes(log_file(root))
    assert invoke(["run", "logs", "--once"]) == 0
    told = capsys.readouterr().err
    assert "2 objects, 2 records" in told
    assert "`vedette mail` shows them" in told
    assert list((home / "data" / "vedette" / "mail" / "new").iterdir())
    assert invoke(["run", "logs", "--once"]) == 0
    assert "0 objects, 0 records" in capsys.readouterr().err


def test_once_says_what_nobody_was_told_of(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A first run may meet months of logs: what is old is kept and not told, and that is said, for it may be grave."""
    root = record(2, name="ConsoleLogin") | {"eventSource": "signin.amazonaws.com", "userIdentity": {"type": "Root"}}
    root |= {"responseElements": {"ConsoleLogin": "Success"}, "eventTime": print_time(int(time.time()) - 100 * 86_400)}
    (home / "logs" / "a.json").unlink()
    (home / "logs" / "b.json").write_bytes(log_file(root))
    assert invoke(["init", "--watch", "logs", "--tell", "folder"]) == 0
    capsys.readouterr()
    assert invoke(["run", "--once"]) == 0
    told = capsys.readouterr().err
    assert " 0 messages sent" in told
    assert re.search(r"\d alerts are about records older than 24 hours, and nobody was told", told)
    assert invoke(["run", "--once"]) == 0
    assert "older than" not in capsys.readouterr().err, "it was said"


def test_once_on_a_terminal_shows_how_far_it_is_and_no_log_but_what_matters(home: Path) -> None:
    """Run again it says nothing of the run before, which ended in order; and a file gets the log as ever."""
    for number in range(50):
        (home / "logs" / f"{number}.json").write_bytes(log_file(record(number, user=f"user-{number}")))
    command = [sys.executable, "-m", "vedette", "run", "logs", "--once"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    controller, terminal = os.openpty()
    with (
        os.fdopen(controller, "rb", buffering=0) as screen,
        subprocess.Popen(command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=terminal) as process,
    ):
        os.close(terminal)
        shown = _everything(screen)
        assert process.wait(PATIENCE) == 0
    assert " alerts" in shown, "the line that shows how far it is"
    assert "51 objects, 51 records" in shown
    assert "  info  " not in shown
    again = subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    first, rest = again.stderr.splitlines()
    assert first == "0 objects, 0 records, 0 matches, 0 messages sent"
    assert rest.startswith("1 message waits for its time"), "what is over the channel's rate"


def _everything(screen: io.FileIO) -> str:
    parts = []
    try:
        while part := screen.read(65_536):
            parts.append(part)
    except OSError:  # how a terminal says that nobody writes to it any more
        pass
    return b"".join(parts).decode()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run"], 3, "name no source"),
        (["run", "nowhere"], 2, "does not exist"),
        (["run", "log"], 2, "did you mean `logs`?"),
        (["run", "logs/a.json"], 2, "is not a folder"),
        (["run", "--settings", "nowhere.toml"], 2, "does not exist"),
    ],
)
def test_what_cannot_be_run(
    home: Path, arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(arguments) == code
    assert words in capsys.readouterr().err


def test_once_says_by_its_exit_code_that_something_could_not_be_read(
    home: Path, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(home / "logs")
    (home / "logs").mkdir()
    (home / "logs" / "gone.json").symlink_to(home / "logs" / "loop.json")
    (home / "logs" / "loop.json").symlink_to(home / "logs" / "gone.json")
    assert invoke(["run", "--once"]) in (0, 4)
    assert "objects" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(
    home: Path, settings: Path, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-m", "vedette", "run", "--log", "json"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=home, env=dict(os.environ)) as process:
        assert process.stderr is not None
        events = []
        for line in process.stderr:
            told = json.loads(line)
            events.append(told["event"])
            if events[-1] == "started":
                asked = told["detections"]
                process.send_signal(number)
        assert process.wait(PATIENCE) == 0
    assert invoke(["doctor"]) in (0, 1)
    assert f"{asked} to ask" in capsys.readouterr().out  # the canary's is counted by neither
    assert events[0] == "started"
    assert "stopping" in events
    assert events[-1] == "stopped"


def test_the_doctor_finds_all_well_and_what_is_not(
    home: Path, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(["doctor", "-o", "json"]) == 0
    checks = {check["what"]: check for check in json.loads(capsys.readouterr().out)}
    assert {check["state"] for check in checks.values()} == {"ok"}
    assert list(checks) == [
        "version", "settings", "clock", "detections", "store", "source logs", "channel mail",
    ]  # fmt: skip
    assert invoke(["canary"]) == 0
    assert "mail: accepted" in capsys.readouterr().out
    shutil.rmtree(home / "logs")
    settings.write_text(settings.read_text().replace('only = ["root-login"', 'only = ["nobody"'))
    assert invoke(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "no detection has the id `nobody`" in out
    assert "no folder `" in out
    assert "none is running here" in out


def test_the_doctor_sends_when_it_is_asked_to(home: Path, settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["doctor", "--send"]) == 0
    assert "a test message was accepted" in capsys.readouterr().out
    assert len(list((home / "mail" / "new").iterdir())) == 1


CHANNELS = """
[[channel]]
kind = "smtp"
name = "post"
host = "127.0.0.1"
port = 9
security = "none"
from = "vedette@example.com"
to = ["you@example.com"]
[[channel]]
kind = "slack"
name = "slack"
webhook = "secret://env/NOT_SET_ANYWHERE"
"""


def test_the_doctor_says_how_to_mend(home: Path, settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.write_text(settings.read_text() + CHANNELS)
    assert invoke(["doctor", "-o", "json"]) == 1
    checks = {check["what"]: check for check in json.loads(capsys.readouterr().out)}
    assert checks["channel post"]["state"] == "bad"
    assert "refused" in checks["channel post"]["found"]
    assert "NOT_SET_ANYWHERE" in checks["channel slack"]["found"]
    assert "127.0.0.1:" in checks["channel post"]["found"], "where nobody answers"
    (home / "logs" / "a.json").unlink()
    (home / "logs").rmdir()
    assert invoke(["doctor", "-o", "json"]) == 1
    checks = {check["what"]: check for check in json.loads(capsys.readouterr().out)}
    assert checks["source logs"]["mend"].startswith("mkdir -p ")
    assert [what for what, check in checks.items() if check["state"] == "bad" and not check["mend"]] == []


def test_a_canary_that_does_not_arrive_is_told_by_the_exit_code(
    home: Path, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.write_text(settings.read_text() + CHANNELS)
    assert invoke(["canary", "--within", "1s"]) == 1
    out = capsys.readouterr().out
    assert "mail: accepted" in out
    assert "post: the message is waiting" in out
