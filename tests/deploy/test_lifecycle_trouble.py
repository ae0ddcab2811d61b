"""What goes wrong in an account, each as it is told: the first cause, what is there now, and what to do next."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.samples import Answer, Shell
from senders import receiving
from vedette.aws import AwsSession, session
from vedette.deploy import stacks
from vedette.deploy.bundle import zipped
from vedette.deploy.failures import DeployError, unexpected_stack
from vedette.deploy.stacks import Event, StackState, first_cause
from vedette.deploy.wanted import Wanted
from vedette.errors import ExitCode
from waiting import PATIENCE

REGION = "us-east-1"
OPTIONS = ("--only", "root-login", "--no-dashboard", "--bundle", "code.zip")
OURS = [{"Key": "vedette:name", "Value": "vedette"}]


class Deployer:
    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def __call__(self, command: str, *more: str) -> Answer:
        return self._shell("deploy", command, *more)


@pytest.fixture
def deploy(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployer:
    monkeypatch.setattr("vedette.deploy.stacks.POLL_SECONDS", 0.01)
    (tmp_path / "code.zip").write_bytes(zipped({"handler.py": b""}))
    return Deployer(shell)


def standing(aws: AwsSession) -> dict[str, str]:
    found = aws.client("cloudformation").call("describe_stacks")["Stacks"]
    return {one["StackName"]: one["StackStatus"] for one in found}  # type: ignore[attr-defined]


def change_sets(aws: AwsSession) -> int:
    cfn = aws.client("cloudformation")
    pages = [cfn.call("list_change_sets", StackName=name)["Summaries"] for name in standing(aws)]
    return sum(one["ExecutionStatus"] == "AVAILABLE" for page in pages for one in page)  # type: ignore[attr-defined]


def made_by_hand(aws: AwsSession, name: str, resources: dict[str, object], tags: list[dict[str, str]] = OURS) -> None:
    body = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
    aws.client("cloudformation").call("create_stack", StackName=name, TemplateBody=body, Tags=tags)


WAITING: dict[str, object] = {
    "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
    "Wait": {
        "Type": "AWS::CloudFormation::WaitCondition",
        "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": f"{PATIENCE:.0f}", "Count": 1},
    },
}
"""Resources that keep a stack in CREATE_IN_PROGRESS until `fail` is called."""


def fail(aws: AwsSession, name: str) -> None:
    """Let the stack that waits fail."""
    cfn = aws.client("cloudformation")
    found = cfn.call("describe_stack_resource", StackName=name, LogicalResourceId="Handle")["StackResourceDetail"]
    url = found["PhysicalResourceId"]  # type: ignore[call-overload,index]
    body = json.dumps({"Status": "FAILURE", "UniqueId": "1", "Reason": "no", "Data": ""}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": ""}, method="PUT")
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        assert answer.status == 200


def test_the_bucket_s_name_is_taken(
    deploy: Deployer, aws: AwsSession, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "444400000002")
    theirs = session(region=REGION, endpoint_url=aws.access.endpoint_url)
    theirs.client("s3").call("create_bucket", Bucket=f"vedette-trail-{account}-{REGION}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account)
    answer = deploy("apply", *OPTIONS, "--yes")
    assert answer.code == ExitCode.FAILURE
    assert "the bucket's name is taken" in answer.err
    assert "nothing of `vedette-base` is left" in answer.err
    assert "hint: a bucket's name is its own in all of AWS: `--bucket NAME`" in answer.err
    assert standing(aws) == {}
    groups = aws.client("logs").call("describe_log_groups")["logGroups"]
    assert groups == []  # though it would be kept once it had come to stand


def test_the_assets_bucket_s_name_is_taken(
    deploy: Deployer, aws: AwsSession, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "444400000003")
    theirs = session(region=REGION, endpoint_url=aws.access.endpoint_url)
    theirs.client("s3").call("create_bucket", Bucket=f"vedette-assets-{account}-{REGION}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account)
    answer = deploy("apply", *OPTIONS, "--yes")
    assert answer.code == ExitCode.FAILURE
    assert f"the bucket name `vedette-assets-{account}-{REGION}` is taken by another account" in answer.err
    assert "hint: give one of your own: `--assets-bucket NAME`" in answer.err
    assert standing(aws) == {}


def test_as_many_trails_as_aws_allows(deploy: Deployer, aws: AwsSession) -> None:
    for number in range(5):
        aws.client("cloudtrail").call("create_trail", Name=f"trail-{number}", S3BucketName="theirs")
    answer = deploy("apply", *OPTIONS, "--yes")
    assert answer.code == ExitCode.FAILURE
    assert "the region has as many trails as AWS allows" in answer.err
    assert "`--use-trail auto`" in answer.err
    assert standing(aws) == {}


def test_no_region(deploy: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    answer = deploy("plan", *OPTIONS)
    assert answer.code == ExitCode.FAILURE
    assert "no AWS region is set" in answer.err
    assert "hint: set `region`, or AWS_REGION, for example us-east-1" in answer.err


def test_no_credentials(deploy: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    answer = deploy("plan", *OPTIONS)
    assert answer.code == ExitCode.FAILURE
    assert "no AWS credentials were found" in answer.err


EXPIRED = (
    b'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
    b"<Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message>"
    b"</Error><RequestId>0a1b2c3d</RequestId></ErrorResponse>"
)
"""AWS's answer to session credentials that have ended (recorded)."""


@pytest.fixture
def expired(receiver: receiving.Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver.answers = [receiving.Answer(403, EXPIRED, {"Content-Type": "text/xml"})]
    monkeypatch.setenv("AWS_ENDPOINT_URL", receiver.url(""))


def test_expired_credentials(deploy: Deployer, expired: None) -> None:
    for command in (("plan", *OPTIONS), ("status",), ("destroy", "--yes")):
        answer = deploy(*command)
        assert answer.code == ExitCode.FAILURE
        assert "ExpiredToken: AWS does not accept the credentials" in answer.err
        assert "hint: renew them: `aws sso login`" in answer.err


def test_a_stack_in_rollback_complete_is_removed_and_made_anew(deploy: Deployer, aws: AwsSession) -> None:
    bad = {"Topic": {"Type": "AWS::SNS::Topic"}, "Key": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "x"}}}
    made_by_hand(aws, "vedette-base", bad)
    stacks.at_rest(aws.client("cloudformation"), "vedette-base", lambda _: None)
    assert standing(aws) == {"vedette-base": "ROLLBACK_COMPLETE"}
    assert deploy("plan", *OPTIONS).code == ExitCode.DONE  # and removes nothing
    assert standing(aws) == {"vedette-base": "ROLLBACK_COMPLETE"}
    assert deploy("apply", *OPTIONS, "--yes").code == ExitCode.DONE
    assert set(standing(aws).values()) == {"CREATE_COMPLETE"}


def test_a_stack_that_somebody_began_to_delete_is_made_anew(deploy: Deployer, aws: AwsSession) -> None:
    """CloudWatch keeps alarms that a composite alarm names, so that its stack, which nobody touched, goes with them."""
    assert deploy("apply", *OPTIONS, "--yes").code == ExitCode.DONE
    aws.client("cloudformation").call("delete_stack", StackName="vedette-detections-1")
    stacks.at_rest(aws.client("cloudformation"), "vedette-detections-1", lambda _: None)
    assert standing(aws)["vedette-detections-1"] == "DELETE_FAILED"
    assert "composite alarm" in deploy("plan", *OPTIONS).out
    assert deploy("apply", *OPTIONS, "--yes").code == ExitCode.DONE
    assert set(standing(aws).values()) == {"CREATE_COMPLETE"}
    assert "no changes" in deploy("plan", *OPTIONS).err


def test_a_function_that_somebody_deleted_comes_back_with_its_rights(deploy: Deployer, aws: AwsSession) -> None:
    """To CloudFormation nothing has changed, and each alarm calls it in vain."""
    function = aws.client("lambda")
    assert deploy("apply", *OPTIONS, "--yes").code == ExitCode.DONE
    policy = json.loads(str(function.call("get_policy", FunctionName="vedette-storyteller")["Policy"]))
    function.call("remove_permission", FunctionName="vedette-storyteller", StatementId=policy["Statement"][0]["Sid"])
    assert "right to call the function deleted by hand" in deploy("plan", *OPTIONS).out
    assert deploy("apply", *OPTIONS, "--yes").code == ExitCode.DONE
    assert "no changes" in deploy("plan", *OPTIONS).err
    function.call("delete_function", FunctionName="vedette-storyteller")
    assert "the function vedette-storyteller is missing" in deploy("status").err.replace("\n    ", " ")
    assert "+  function" in deploy("plan", *OPTIONS).out
    assert deploy("apply", *OPTIONS, "--yes").code == ExitCode.DONE
    assert function.call("get_policy", FunctionName="vedette-storyteller")["Policy"]
    assert "no changes" in deploy("plan", *OPTIONS).err


def test_what_cloudformation_is_at_work_on_is_waited_for(
    deploy: Deployer, aws: AwsSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An apply was interrupted while a stack was being made: planning says so, applying waits and goes on."""
    real = stacks.at_rest

    def at_rest(*arguments: object) -> StackState | None:
        fail(aws, "vedette-base")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("vedette.deploy.stacks.at_rest", at_rest)
    made_by_hand(aws, "vedette-base", WAITING)
    answer = deploy("plan", *OPTIONS)
    assert answer.code == ExitCode.FAILURE
    assert "CloudFormation is at work on `vedette-base` (CREATE_IN_PROGRESS)" in answer.err
    assert "`vedette deploy apply` waits for it and goes on" in answer.err
    answer = deploy("apply", *OPTIONS, "--yes")
    assert "CloudFormation is at work on vedette-base (CREATE_IN_PROGRESS): waiting for it" in answer.err
    assert answer.code == ExitCode.DONE
    assert set(standing(aws).values()) == {"CREATE_COMPLETE"}


def test_a_stack_of_somebody_else_is_left_alone(deploy: Deployer, aws: AwsSession) -> None:
    made_by_hand(aws, "vedette-base", {"Topic": {"Type": "AWS::SNS::Topic"}}, tags=[])
    answer = deploy("apply", *OPTIONS, "--yes")
    assert answer.code == ExitCode.FAILURE
    assert "there is a stack `vedette-base` that Vedette did not make" in answer.err
    assert deploy("destroy", "--yes").code == ExitCode.NOTHING_TO_DO
    assert standing(aws) == {"vedette-base": "CREATE_COMPLETE"}


def test_ctrl_c_leaves_nothing_that_is_not_ours_to_finish(
    deploy: Deployer, aws: AwsSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = stacks.watch

    def interrupted(*arguments: object) -> Iterator[Event]:
        yield next(real(*arguments))  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("vedette.deploy.stacks.watch", interrupted)
        answer = deploy("apply", *OPTIONS, "--yes")
    assert answer.code == ExitCode.INTERRUPTED
    assert "waits for it, and does the rest" in answer.err
    assert set(standing(aws)) == {"vedette-base"}  # no stack is left that was made for a change set only
    assert change_sets(aws) == 0
    assert deploy("apply", *OPTIONS, "--yes").code == ExitCode.DONE
    assert set(standing(aws).values()) == {"CREATE_COMPLETE"}


KILL_ITSELF = """
import io, os, signal, sys
from vedette.cli import invoke
class Fatal(io.TextIOWrapper):
    def write(self, text):
        if ": begun" in text:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().write(text)
sys.stderr = Fatal(sys.stderr.buffer, encoding="utf-8")
sys.exit(invoke(sys.argv[1:]))
"""


def test_a_kill_is_survived(deploy: Deployer, aws: AwsSession) -> None:
    command = [sys.executable, "-c", KILL_ITSELF, "deploy", "apply", *OPTIONS, "--yes"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -signal.SIGKILL
    assert "REVIEW_IN_PROGRESS" in standing(aws).values()
    answer = deploy("apply", *OPTIONS, "--yes")
    assert answer.code == ExitCode.DONE, answer.err
    assert set(standing(aws).values()) == {"CREATE_COMPLETE"}
    assert deploy("plan", *OPTIONS, "--detailed-exitcode").code == ExitCode.DONE


def test_an_update_that_fails_is_taken_back(deploy: Deployer, aws: AwsSession, tmp_path: Path) -> None:
    """The first cause is found, the stack is as it was before, and can be planned again."""
    assert deploy("apply", *OPTIONS, "--yes").code == ExitCode.DONE
    alarm = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {"AlarmName": "vedette-root-login", "Namespace": "x", "Statistic": "Sum", "Threshold": 1},
    }
    cfn = aws.client("cloudformation")
    body = dict(cfn.call("get_template", StackName="vedette-detections-1")["TemplateBody"])  # type: ignore[call-overload]
    body["Resources"] = {**body["Resources"], "Bad": alarm | {"Properties": {"AlarmName": "bad"}}}
    before = standing(aws)
    plan = stacks.make_change_set(
        cfn, _stack(body), {"TemplateBody": json.dumps(body)}, {"vedette:name": "vedette"}, "by-hand", new=False,
        pause=lambda _: None,
    )  # fmt: skip
    assert plan is not None
    stacks.execute(cfn, plan, "token")
    seen = list(stacks.watch(cfn, plan.stack_id, "token", lambda _: None))
    cause = first_cause(cfn, plan.stack_id, seen)
    assert cause is not None
    assert cause.logical_id == "Bad"  # in AWS it is CREATE_FAILED; ministack calls it by the operation on the stack
    assert cause.failed
    assert standing(aws) == before | {"vedette-detections-1": "UPDATE_ROLLBACK_COMPLETE"}
    assert deploy("plan", *OPTIONS, "--detailed-exitcode").code == ExitCode.DONE
    assert deploy("status").code == ExitCode.FINDINGS  # nobody is told: no address was given


def _stack(body: dict[str, object]) -> stacks.Stack:
    return stacks.Stack("vedette-detections-1", "x", body, {}, (), ())


def test_a_stack_that_is_stuck_needs_a_person() -> None:
    """UPDATE_ROLLBACK_FAILED; no emulator gets there by itself."""
    state = StackState("vedette-base", "arn", "UPDATE_ROLLBACK_FAILED", "The key is gone.", {}, {}, None, None)
    wanted = Wanted(account="111122223333", region=REGION, detections=())
    with pytest.raises(DeployError) as raised:
        unexpected_stack(state, wanted)
    assert "stuck" in raised.value.message
    assert "The key is gone." in raised.value.message
    assert raised.value.hint is not None
    assert "aws cloudformation continue-update-rollback --stack-name vedette-base" in raised.value.hint
