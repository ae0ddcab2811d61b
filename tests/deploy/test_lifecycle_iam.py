"""With IAM enforced, each command gets exactly the policy that `vedette deploy iam` prints for it, and needs no more.

ministack enforces identity policies on the calls of boto3 (`AUTH=true`). What CloudFormation does in the caller's name
it does with all rights, so that the statements on `aws:CalledVia` are not put to the test here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aws_server import bare_environment
from cli.samples import Answer, Shell
from deploy.conftest import emulator
from vedette.aws import AwsSession, session
from vedette.deploy.bundle import zipped
from vedette.deploy.permissions import parts_for
from vedette.deploy.wanted import Subscription, Wanted
from vedette.detections.definition import Severity
from vedette.detections.loader import load_builtin
from vedette.errors import ExitCode

REGION = "us-east-1"
ACCOUNT = "333399990001"
IDS = ("root-login", "trail-stopped", "root-access-key-used")  # the last has a rule, which other regions serve
ELSEWHERE = ("ap-southeast-2", "eu-north-1", "us-east-2")
OPTIONS = ("--email", "high:ops@example.com", *(part for name in IDS for part in ("--only", name)))

Become = Callable[[str], None]


@pytest.fixture(scope="module")
def strict() -> Iterator[str]:
    """A ministack of its own that enforces IAM."""
    with emulator(AUTH="true") as address:
        yield address


@pytest.fixture
def root(strict: str, monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    bare_environment(monkeypatch)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
    monkeypatch.setenv("AWS_ENDPOINT_URL", strict)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setattr("vedette.deploy.stacks.POLL_SECONDS", 0.01)
    return session(region=REGION, endpoint_url=strict)


@pytest.fixture
def become(root: AwsSession, monkeypatch: pytest.MonkeyPatch) -> Become:
    """Makes the commands that follow those of a user who has one command's policies, and no others."""
    detections = tuple(one for one in load_builtin(tests=False) if one.id in IDS)
    mail = Subscription("email", "ops@example.com", Severity.HIGH)
    wanted = Wanted(
        account=ACCOUNT, region=REGION, detections=detections, subscriptions=(mail,), code=("bucket", "key", "0" * 64),
        event_regions=ELSEWHERE,
    )  # fmt: skip
    iam = root.client("iam")

    def change(command: str) -> None:
        name = f"only-{command}"
        iam.call("create_user", UserName=name)
        for number, part in enumerate(parts_for(command, wanted) if command != "nothing" else ()):
            iam.call("put_user_policy", UserName=name, PolicyName=f"part-{number}", PolicyDocument=json.dumps(part))
        key = iam.call("create_access_key", UserName=name)["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])

    return change


def test_each_command_with_its_own_policy(
    root: AwsSession,
    become: Become,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code.zip").write_bytes(zipped({"handler.py": b""}))
    shell = Shell(capsys)

    def deploy(command: str, *more: str) -> Answer:
        return shell("deploy", command, *more)

    become("nothing")
    denied = deploy("plan", *OPTIONS, "--bundle", "code.zip")
    assert denied.code == ExitCode.FAILURE
    assert "allow `cloudformation:" in denied.err

    become("plan")
    planned = deploy("plan", *OPTIONS, "--bundle", "code.zip")
    assert planned.code == ExitCode.DONE, planned.err
    refused = deploy("apply", *OPTIONS, "--bundle", "code.zip", "--yes")
    assert refused.code == ExitCode.FAILURE
    assert "is not allowed" in refused.err

    forbid(root, "only-plan", ELSEWHERE[2])
    closed = deploy("plan", *OPTIONS, "--bundle", "code.zip")
    assert closed.code == ExitCode.FAILURE
    assert f"{ELSEWHERE[2]} is closed: " in closed.err
    assert (
        f"leave the region out: `--event-region home --event-region {ELSEWHERE[0]} --event-region {ELSEWHERE[1]}`"
        in (closed.err)
    )

    become("apply")
    applied = deploy("apply", *OPTIONS, "--bundle", "code.zip", "--yes")
    assert applied.code == ExitCode.DONE, applied.err
    for region in ELSEWHERE:
        assert rules_in(root, region) == ["vedette-to-us-east-1-1"]
    tamper(root, ELSEWHERE[0])
    put_back = deploy("apply", *OPTIONS, "--bundle", "code.zip", "--yes")
    assert put_back.code == ExitCode.DONE, put_back.err

    become("status")
    status = deploy("status")
    assert status.code == ExitCode.DONE, status.err
    assert deploy("destroy", "--yes").code == ExitCode.FAILURE

    become("destroy")
    gone = deploy("destroy", "--yes")
    assert gone.code == ExitCode.DONE, gone.err
    assert [rules_in(root, region) for region in ELSEWHERE] == [[], [], []]


def rules_in(root: AwsSession, region: str) -> list[object]:
    found = root.client("events", region).call("list_rules")["Rules"]
    return [one["Name"] for one in found]  # type: ignore[attr-defined]


def forbid(root: AwsSession, user: str, region: str) -> None:
    """As a policy of the organisation would: nothing may be done in the region."""
    condition = {"StringEquals": {"aws:RequestedRegion": region}}
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    root.client("iam").call("put_user_policy", UserName=user, PolicyName="closed", PolicyDocument=document)


def tamper(root: AwsSession, region: str) -> None:
    """By hand: events go nowhere any more."""
    root.client("events", region).call("remove_targets", Rule="vedette-to-us-east-1-1", Ids=["home"])
