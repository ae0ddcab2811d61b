"""What a person reads of `vedette deploy`, word for word: golden_cli/NAME.txt is a session without colours."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from cli.samples import DETECTIONS, Shell, Terminal, check_golden
from vedette.aws import AwsSession
from vedette.deploy.bundle import Bundle, zipped
from vedette.errors import ExitCode, VedetteError

GOLDEN = Path(__file__).parent / "golden_cli"
REGION = "us-east-1"
CODE = ("--bundle", "code.zip")
OWN = ("-d", "own", "--no-builtin", *CODE)
TOLD = ("--email", "medium:ops@example.com", "--sms", "critical:+441234567890")


class Deployer:
    """Runs `vedette deploy` in a room with detections, and keeps a transcript."""

    def __init__(self, shell: Shell, account: str) -> None:
        self.shell = shell
        self._account = account
        self.parts: list[str] = []

    def __call__(self, command: str, *more: str) -> int:
        transcript = self.shell.transcript("deploy", command, *more)
        self.parts.append(transcript)
        return int(transcript.rsplit("--- exit ", 1)[1])

    def check(self, name: str) -> None:
        check_golden(name, self.masked("\n".join(self.parts)), GOLDEN)

    def masked(self, text: str) -> str:
        """Without what differs from run to run: the account, moments, durations, keys' ids."""
        text = text.replace(self._account, "111122223333")
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-11-21 10:00", text)
        text = re.sub(r"(?m)^( +)\d+:\d\d  ", r"\g<1>0:00  ", text)
        text = re.sub(r"done in \d+:\d\d", "done in 0:00", text)
        return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "0a1b2c3d-0000-4000-8000-0123456789ab", text)


@pytest.fixture
def deploy(shell: Shell, account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployer:
    monkeypatch.setattr("vedette.deploy.stacks.POLL_SECONDS", 0.01)
    own = tmp_path / "own"
    own.mkdir()
    for path in DETECTIONS.rglob("*.yaml"):
        (own / path.name).write_bytes(path.read_bytes())
    (tmp_path / "code.zip").write_bytes(zipped({"handler.py": b""}))
    return Deployer(shell, account)


def test_the_first_time(deploy: Deployer) -> None:
    assert deploy("plan", *OWN, *TOLD, "--slack", "secret://aws/slack#url") == ExitCode.DONE
    assert deploy("plan", *OWN, *TOLD, "--detailed-exitcode", "-o", "json") == ExitCode.FINDINGS
    deploy.parts.pop()
    assert deploy("apply", *OWN, *TOLD, "--yes") == ExitCode.DONE
    assert deploy("plan", *OWN, *TOLD, "--detailed-exitcode") == ExitCode.DONE
    assert deploy("apply", *OWN, *TOLD) == ExitCode.DONE
    deploy.check("first.txt")


def test_what_changes_and_nothing_else(deploy: Deployer, tmp_path: Path) -> None:
    deploy("apply", *OWN, *TOLD, "--yes")
    deploy.parts.clear()
    path = tmp_path / "own" / "sign-ins-failed.yaml"
    text = path.read_text()
    path.write_text(re.sub(r"threshold: \d+", "threshold: 7", text))
    assert path.read_text() != text
    (tmp_path / "own" / "key-made.yaml").unlink()
    changed = (*OWN, "--email", "medium:security@example.com", "--retention-days", "400", "--no-dashboard")
    assert deploy("plan", *changed, "--detailed-exitcode") == ExitCode.FINDINGS
    assert deploy("apply", *changed, "--yes") == ExitCode.DONE
    assert deploy("plan", *changed, "--detailed-exitcode") == ExitCode.DONE
    deploy.check("changed.txt")


def test_how_it_is(deploy: Deployer, aws: AwsSession, tmp_path: Path) -> None:
    assert deploy("status") == ExitCode.NOTHING_TO_DO
    assert deploy.shell("deploy", "apply", *OWN, *TOLD, "--yes").code == ExitCode.DONE
    assert deploy("status", "-d", "own", "--no-builtin") == ExitCode.DONE
    aws.client("logs").call(
        "delete_metric_filter", logGroupName="/vedette/cloudtrail", filterName="vedette-detector-deleted"
    )
    aws.client("cloudwatch").call("disable_alarm_actions", AlarmNames=["vedette-key-made"])
    aws.client("cloudwatch").call(
        "set_alarm_state", AlarmName="vedette-key-made", StateValue="ALARM", StateReason="a test"
    )
    aws.client("cloudtrail").call("stop_logging", Name="vedette-trail")
    path = tmp_path / "own" / "sign-ins-failed.yaml"
    path.write_text(re.sub(r"threshold: \d+", "threshold: 7", path.read_text()))
    assert deploy("status", "-d", "own", "--no-builtin") == ExitCode.FINDINGS
    found = json.loads(deploy.shell("deploy", "status", "-d", "own", "--no-builtin", "-o", "json").out)
    assert found["well"] is False
    assert found["trail"]["logging"] is False
    drifted = {one["name"] for one in found["drift"]}
    assert drifted == {"vedette-detector-deleted", "vedette-key-made", "vedette-trail"}
    assert sum("vedette-trail" in problem for problem in found["problems"]) == 1
    assert found["detections"]["changed"] == ["sign-ins-failed"]
    assert {"alarm": "vedette-key-made", "detection": "key-made"} in found["in_alarm"]
    deploy.check("status.txt")


def test_how_it_goes(deploy: Deployer) -> None:
    deploy.shell("deploy", "apply", *OWN, *TOLD, "--yes")
    assert deploy("destroy") == ExitCode.WRONG_INPUT  # nobody to ask
    assert deploy("destroy", "--yes") == ExitCode.DONE
    assert deploy("destroy", "--yes") == ExitCode.NOTHING_TO_DO
    assert deploy("plan", *OWN, "--detailed-exitcode") == ExitCode.FINDINGS
    deploy.check("destroy.txt")


def test_asked_and_answered(deploy: Deployer, monkeypatch: pytest.MonkeyPatch, aws: AwsSession) -> None:
    """A no changes nothing, and leaves no change set and no stack that was made for one."""
    monkeypatch.setattr("vedette.cli.deploy._agreed", lambda: False)
    answer = deploy.shell("deploy", "apply", *OWN)
    assert answer.code == ExitCode.DONE
    assert "nothing was changed" in answer.err
    assert aws.client("cloudformation").call("describe_stacks")["Stacks"] == []


def test_at_a_terminal(deploy: Deployer, monkeypatch: pytest.MonkeyPatch, aws: AwsSession) -> None:
    """There every detection is told when it is done; a removal asks for the name."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("click.confirm", lambda *_, **__: True)
    deploy.shell("deploy", "apply", *OWN)
    told = sys.stderr.getvalue()
    assert "An access key was made" in told
    assert re.search(r"0:\d\d +\d+/\d+  vedette-trail\n", told)
    monkeypatch.setattr("click.prompt", lambda *_, **__: "no")
    deploy.shell("deploy", "destroy")
    assert "nothing was removed" in sys.stderr.getvalue()
    monkeypatch.setattr("click.prompt", lambda *_, **__: "vedette")
    assert deploy.shell("deploy", "destroy").code == ExitCode.DONE
    assert aws.client("cloudformation").call("describe_stacks")["Stacks"] == []


def test_json_of_a_plan(deploy: Deployer) -> None:
    found = json.loads(deploy.shell("deploy", "plan", *OWN, "-o", "json").out)
    assert found["changed"] is True
    assert [one["fate"] for one in found["stacks"]] == ["create"] * len(found["stacks"])
    changes = [change for one in found["stacks"] for change in one["changes"]]
    assert {change["operation"] for change in changes} == {"add"}
    assert {"key-made", "detector-deleted"} <= {change["detection"] for change in changes}
    assert {change["concern"] for change in changes} >= {"none", "rights"}


def test_a_bucket_for_templates_that_is_not_there_stops_the_plan(deploy: Deployer) -> None:
    answer = deploy.shell("deploy", "plan", *OWN, "--assets-bucket", "nobody-s-bucket")
    assert answer.code == ExitCode.FAILURE
    assert "there is no bucket `nobody-s-bucket`\nhint: make it, or leave `--assets-bucket` out" in answer.err


@pytest.mark.parametrize(
    "given",
    [
        ("--email", "nobody"),
        ("--sms", "high:0123"),
        ("--https", "http://example.com"),
        ("--queue", "my-queue"),
        ("--slack", "https://hooks.slack.example.com/T/B/x"),
        ("--slack", "secret://env/SLACK"),
        ("--smtp", "host=mail.example.com,form=a@example.com"),
        ("--only", "no-such-detection"),
        ("--account", "999999999999"),
        ("--use-trail", "no-such-trail"),
        ("--use-trail", "auto"),
        ("--bundle", "nowhere.zip"),
        ("--bundle", __file__),
        ("--name", "Vedette!"),
        ("--name", "\x1b[31m"),
        ("--email", "hihg:ops@example.com"),
        ("--owner", "<somebody>"),
        ("--retention-days", "366"),
    ],
)
def test_what_is_given_wrongly(deploy: Deployer, given: tuple[str, str]) -> None:
    """Refused before anything is asked of CloudFormation, in a sentence with a hint; a secret is not repeated."""
    answer = deploy.shell("deploy", "plan", *OWN, *given)
    assert answer.code == ExitCode.WRONG_INPUT
    assert answer.err.count("\n") <= 3
    assert "hint: " in answer.err or given[0] == "--bundle"
    assert "hooks.slack" not in answer.err


def test_without_a_bundle_one_is_built(deploy: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the detections that are wanted, for the architecture that is wanted; `export` puts it beside the files."""
    asked: list[tuple[str, int]] = []

    def build(path: Path, *, architecture: str, detections: tuple[object, ...]) -> Bundle:
        asked.append((architecture, len(detections)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"zip")
        return Bundle(path, "0" * 64, 3)

    monkeypatch.setattr("vedette.cli.deploy.bundle", build)
    monkeypatch.setattr("vedette.cli.deploy_checks.bundle", build)
    wanted = ("-d", "own", "--no-builtin", "--only", "key-made", "--architecture", "x86_64")
    answer = deploy.shell("deploy", "plan", *wanted)
    assert answer.code == ExitCode.DONE, answer.err
    assert "building the storyteller's code …" in answer.err
    assert deploy.shell("deploy", "export", *wanted, "--out", "out").code == ExitCode.DONE
    assert asked == [("x86_64", 1)] * 2
    refused = deploy.shell("deploy", "export", *wanted, "--out", "other", "--bundle", "nowhere.zip")
    assert refused.code == ExitCode.WRONG_INPUT


def test_code_that_cannot_be_uploaded_leaves_no_stack(
    deploy: Deployer, monkeypatch: pytest.MonkeyPatch, aws: AwsSession
) -> None:
    def broken(*_: object) -> None:
        raise VedetteError("the bucket is on fire")

    monkeypatch.setattr("vedette.deploy.assets.upload_code", broken)
    answer = deploy.shell("deploy", "apply", *OWN, "--yes")
    assert answer.code == ExitCode.FAILURE
    assert "the bucket is on fire" in answer.err
    assert aws.client("cloudformation").call("describe_stacks")["Stacks"] == []


def test_nobody_to_ask(deploy: Deployer, aws: AwsSession) -> None:
    answer = deploy.shell("deploy", "apply", *OWN)
    assert answer.code == ExitCode.WRONG_INPUT
    assert "`--yes` does it without asking" in answer.err
    assert aws.client("cloudformation").call("describe_stacks")["Stacks"] == []
