"""What is deployed keeps its options; rule: "what was given once need not be repeated, and `--reset` takes it back"."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from cli.samples import DETECTIONS, Shell
from deploy.wishes import wish
from vedette.aws import AwsSession
from vedette.cli.deploy_params import Params, kept_text, recall, spelled
from vedette.deploy.bundle import zipped
from vedette.deploy.remembered import remembered
from vedette.deploy.template import build
from vedette.deploy.wanted import Subscription
from vedette.detections.definition import Severity
from vedette.errors import ExitCode, InputError, UsageError

SOME = ("--only", "root-login", "--email", "high:ops@example.com", "--retention-days", "400", "--no-dashboard")


class Deployer:
    """`vedette deploy` with a bundle that is there."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell

    def plan(self, *more: str) -> dict[str, Any]:
        answer = self.shell("deploy", "plan", "--bundle", "code.zip", "-o", "json", *more)
        assert answer.code == ExitCode.DONE, answer.err
        found: dict[str, Any] = json.loads(answer.out)
        return found

    def apply(self, *more: str) -> None:
        answer = self.shell("deploy", "apply", "--bundle", "code.zip", "--yes", *more)
        assert answer.code == ExitCode.DONE, answer.err

    def changes(self, *more: str) -> set[tuple[str, str]]:
        """What would change, without what is only noted."""
        return {
            (change["operation"], change["name"])
            for stack in self.plan(*more)["stacks"]
            for change in stack["changes"]
            if change["details"] or change["operation"] != "change"
        }


@pytest.fixture
def deploy(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployer:
    monkeypatch.setattr("vedette.deploy.stacks.POLL_SECONDS", 0.01)
    (tmp_path / "code.zip").write_bytes(zipped({"handler.py": b""}))
    return Deployer(shell)


def test_options_need_not_be_given_again(deploy: Deployer, aws: AwsSession) -> None:
    deploy.apply(*SOME)
    assert remembered(aws.client("cloudformation"), "vedette") == {
        "only": ["root-login"], "email": ["high:ops@example.com"], "retention_days": 400, "dashboard": False,
    }  # fmt: skip
    again = deploy.plan()
    assert again["changed"] is False
    assert again["recalled"] == ["--only root-login", "--email high:ops@example.com", "--retention-days 400",
                                 "--no-dashboard"]  # fmt: skip

    # A list that is given takes the place of the one that was; everything else stays.
    other = deploy.changes("--only", "trail-stopped", "--email", "high:night@example.com")
    assert {("remove", "ops@example.com hears of vedette-high"), ("add", "night@example.com hears of vedette-high"),
            ("remove", "vedette-root-login"), ("add", "vedette-trail-stopped")} <= other  # fmt: skip
    assert not any("retention" in name or "us-east-1" in name for _, name in other)

    # Who stays must not confirm again because somebody else comes or goes.
    deploy.apply("--email", "high:night@example.com", "--email", "high:ops@example.com")
    assert deploy.changes("--email", "high:ops@example.com") == {
        ("remove", "night@example.com hears of vedette-high"),
        ("remove", "night@example.com hears of vedette-critical"),
    }
    assert deploy.changes("--reset", "dashboard") == {("add", "vedette-us-east-1")}
    assert ("remove", "ops@example.com hears of vedette-high") in deploy.changes("--reset", "email")
    everything = deploy.plan("--reset", "all", "--only", "root-login")
    assert everything["recalled"] == []

    # An option that is only noted (no resource has it) is a change, too: the next command must know.
    deploy.apply("--reset", "dashboard", "--owner", "security")
    assert remembered(aws.client("cloudformation"), "vedette")["owner"] == "security"
    assert "dashboard" not in remembered(aws.client("cloudformation"), "vedette")
    assert deploy.plan()["changed"] is False


def test_what_reads_takes_what_is_deployed(deploy: Deployer, tmp_path: Path) -> None:
    """`cost`, `iam` and `export` ask nobody unless they are told to."""
    deploy.apply(*SOME, "--no-key")
    told = deploy.shell("deploy", "cost", "-o", "json").out
    assert "keys" in {one["what"] for one in json.loads(told)["lines"]}
    told = deploy.shell("deploy", "cost", "--deployed", "-o", "json").out
    assert "keys" not in {one["what"] for one in json.loads(told)["lines"]}
    assert "kms:CreateKey" in deploy.shell("deploy", "iam").out
    assert "kms:CreateKey" not in deploy.shell("deploy", "iam", "--deployed").out
    answer = deploy.shell("deploy", "export", "--deployed", "--bundle", "code.zip", "--out", "out")
    assert answer.code == ExitCode.DONE
    written = "".join(path.read_text() for path in (tmp_path / "out").rglob("*.json"))
    assert "high:ops@example.com" not in written  # the options are not part of what is exported
    assert "ops@example.com" in written


def test_detections_of_ones_own_must_be_where_they_were(deploy: Deployer, tmp_path: Path) -> None:
    """To leave them out unsaid would take them away."""
    shutil.copytree(DETECTIONS, tmp_path / "own")
    deploy.apply("-d", "own", "--no-builtin", "--no-storyteller")
    (tmp_path / "own").rename(tmp_path / "elsewhere")
    answer = deploy.shell("deploy", "plan")
    assert answer.code == ExitCode.WRONG_INPUT
    assert "`own` is not here" in answer.err
    assert "`--reset detections`" in answer.err
    assert deploy.plan("-d", "elsewhere")["changed"] is True  # it is noted anew
    deploy.apply("-d", "elsewhere")
    assert deploy.plan()["changed"] is False


def params(**more: object) -> Params:
    values: dict[str, object] = {
        field.name: () for field in fields(Params)
    } | {
        "name": "vedette", "region": None, "profile": None, "account": None, "builtin": True, "min_severity": None,
        "pack": "all", "use_trail": None, "organization": False, "log_group": None, "bucket": None,
        "retention_days": 365, "key": True, "storyteller": True, "architecture": "arm64", "events": True,
        "dashboard": True, "composites": True, "owner": "", "runbook_url": "", "assets_bucket": None, "bundle": None,
        "given": frozenset(), "typed": frozenset(),
    }  # fmt: skip
    return Params(**(values | more))  # type: ignore[arg-type]


def test_what_is_typed_comes_first() -> None:
    held = {"email": ["a@example.com"], "retention_days": 400, "key": False, "organization": True, "newer": 1}
    found = recall(params(email=("b@example.com",), typed=frozenset({"email", "key"})), held)
    assert (found.email, found.retention_days, found.key, found.organization) == (("b@example.com",), 400, True, True)
    assert spelled(found) == ["--organization", "--retention-days 400"]
    # What was typed as it is anyway is not kept: here --key.
    typed = params(email=("b@example.com",), typed=frozenset({"email", "key"}), given=frozenset({"email"}))
    found = recall(typed, held)
    assert json.loads(kept_text(found, None)) == {
        "email": ["b@example.com"], "organization": True, "retention_days": 400,
    }  # fmt: skip


@pytest.mark.parametrize("spelling", ["--no-key", "key", "no-key", "all"])
def test_an_option_is_reset_as_it_is_written(spelling: str) -> None:
    assert recall(params(reset=(spelling,)), {"key": False}).recalled == ()


def test_a_reset_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError) as raised:
        recall(params(reset=("emial",)), {})
    assert raised.value.hint == "did you mean `email`?"


@pytest.mark.parametrize(
    "held", [{"email": "a@example.com"}, {"email": [1]}, {"key": "no"}, {"bucket": 1}, {"retention_days": "400"}]
)
def test_what_somebody_wrote_there_is_refused(held: dict[str, object]) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        recall(params(), held)


def test_nothing_is_kept_of_nothing() -> None:
    assert kept_text(params(), None) == ""
    held: dict[str, object] = dict(build(wish("root-login")).stacks[0].template["Resources"]["UndeliveredAlarm"])  # type: ignore[index]
    assert "Metadata" not in held


def test_nobody_is_told_twice() -> None:
    twice = (Subscription("email", "a@example.com"), Subscription("email", "a@example.com", Severity.HIGH))
    with pytest.raises(InputError, match="named twice"):
        wish("root-login", subscriptions=twice)
