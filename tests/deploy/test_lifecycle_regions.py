"""A deployment in several regions: made, looked at, tampered with, moved, and removed; and what gets in the way.

ministack keeps regions apart by the region that a request is signed for. It carries no event from one to another.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.samples import Answer, Shell
from vedette.aws import AwsClient, AwsError, AwsSession, Failure
from vedette.deploy import stacks
from vedette.deploy.bundle import zipped
from vedette.deploy.stacks import Event, StackState
from vedette.errors import ExitCode

HOME = "eu-west-1"
ELSEWHERE = ("ap-southeast-2", "eu-north-1", "us-east-1", "us-east-2")
RULE = "vedette-to-eu-west-1-1"
SOME = ("--only", "root-access-key-used", "--email", "ops@example.com", "--no-dashboard", "--no-composites")
KEPT = ("--region", HOME, "--bundle", "code.zip")


class Deployer:
    """`vedette deploy` with its home in eu-west-1, and a look at what there is."""

    def __init__(self, shell: Shell, aws: AwsSession) -> None:
        self.shell, self.aws = shell, aws

    def __call__(self, command: str, *more: str) -> Answer:
        return self.shell("deploy", command, *KEPT[: 2 if command in ("status", "destroy") else 4], *more)

    def done(self, command: str, *more: str) -> Answer:
        answer = self(command, *more)
        assert answer.code == ExitCode.DONE, answer.err
        return answer

    def rules(self, region: str) -> dict[str, str]:
        """The rules by their names, each with what it calls first."""
        events = self.aws.client("events", region)
        found: Any = events.call("list_rules")["Rules"]
        targets: Any = {one["Name"]: events.call("list_targets_by_rule", Rule=one["Name"])["Targets"] for one in found}
        return {name: of_it[0]["Arn"] if of_it else "" for name, of_it in targets.items()}

    def stacks(self, region: str) -> dict[str, str]:
        found: Any = self.aws.client("cloudformation", region).call("describe_stacks")["Stacks"]
        return {one["StackName"]: one["StackStatus"] for one in found}


@pytest.fixture
def deploy(shell: Shell, aws: AwsSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployer:
    monkeypatch.setattr("vedette.deploy.stacks.POLL_SECONDS", 0.01)
    (tmp_path / "code.zip").write_bytes(zipped({"handler.py": b""}))
    return Deployer(shell, aws)


def of(region: str) -> str:
    return f"vedette-events-{region}-to-{HOME}"


def test_a_life_in_several_regions(deploy: Deployer, account: str) -> None:
    planned = deploy("plan", *SOME)
    assert all(f"events of {region}, by 1 event rule there" in planned.out for region in ELSEWHERE)
    applied = deploy.done("apply", *SOME, "--yes")
    order = [applied.err.index(f"Forwarding of events from {region}: begun") for region in ELSEWHERE]
    assert applied.err.index("Rules that tell within seconds: done") < order[0]
    bus = f"arn:aws:events:{HOME}:{account}:event-bus/default"
    assert [deploy.rules(region) for region in ELSEWHERE] == [{RULE: bus}] * 4
    assert [deploy.stacks(region) for region in ELSEWHERE] == [{of(one): "CREATE_COMPLETE"} for one in ELSEWHERE]
    assert deploy("plan", "--detailed-exitcode").code == ExitCode.DONE

    _tampered_with_and_put_back(deploy)
    _beside_another(deploy)
    _moved(deploy)

    gone = deploy.done("destroy", "--yes")
    assert gone.err.index("Forwarding of events from us-east-1") < gone.err.index("Rules that tell within seconds")
    assert deploy.stacks(HOME) == {}
    assert set(deploy.stacks("us-east-1")) == {of("us-east-1").replace(HOME, "eu-central-1")}
    assert all(deploy.stacks(region) == {} for region in ("sa-east-1", "us-east-2"))


def _tampered_with_and_put_back(deploy: Deployer) -> None:
    """By hand: targets changed, added and removed, a pattern widened; at home and elsewhere."""
    here, there = deploy.aws.client("events", HOME), deploy.aws.client("events", "us-east-2")
    foreign = {"Id": "mine", "Arn": f"arn:aws:sns:{HOME}:111122223333:mine"}
    here.call("put_targets", Rule="vedette-root-access-key-used", Targets=[foreign])
    here.call("remove_targets", Rule="vedette-root-access-key-used", Ids=["storyteller"])
    there.call("put_rule", Name=RULE, EventPattern='{"source": ["aws.iam"]}', State="DISABLED")
    deploy.aws.client("events", "eu-north-1").call("remove_targets", Rule=RULE, Ids=["home"])

    answer = deploy("status", "-o", "json")
    assert answer.code == ExitCode.FINDINGS
    found = {(one["region"], one["name"]): one for one in json.loads(answer.out)["drift"]}
    assert set(found) == {(HOME, "vedette-root-access-key-used"), ("us-east-2", RULE), ("eu-north-1", RULE)}
    paths = {key: {each["path"].split(".")[0] for each in one["details"]} for key, one in found.items()}
    assert paths["us-east-2", RULE] == {"EventPattern", "State"}
    assert paths["eu-north-1", RULE] == paths[HOME, "vedette-root-access-key-used"] == {"Targets"}
    told = deploy("status")
    assert f"changed  event rule {RULE} in us-east-2" in told.out
    assert "Event rules   hear of eu-west-1, ap-southeast-2, eu-north-1, us-east-1" in told.out

    planned = deploy("plan", "--detailed-exitcode")
    assert planned.code == ExitCode.FINDINGS
    assert f"{RULE} in eu-north-1" in planned.out
    deploy.done("apply", "--yes")
    assert deploy("status").code == ExitCode.DONE
    targets: Any = here.call("list_targets_by_rule", Rule="vedette-root-access-key-used")["Targets"]
    assert {one["Id"] for one in targets} == {"topic", "storyteller"}
    assert there.call("describe_rule", Name=RULE)["State"] != "DISABLED"

    failed = {
        "MetricName": "FailedInvocations", "Dimensions": [{"Name": "RuleName", "Value": RULE}], "Value": 3.0,
        "Timestamp": dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5),
    }  # fmt: skip
    deploy.aws.client("cloudwatch", "us-east-2").call("put_metric_data", Namespace="AWS/Events", MetricData=[failed])
    lost = deploy("status")
    assert lost.code == ExitCode.FINDINGS
    assert "the rules in us-east-2 could not send 3 events home in a day" in " ".join(lost.err.split())


def _beside_another(deploy: Deployer) -> None:
    """A deployment of the same name with its home elsewhere forwards from the same region: its stack is left alone."""
    theirs = of("us-east-1").replace(HOME, "eu-central-1")
    tags = [{"Key": "vedette:name", "Value": "vedette"}, {"Key": "vedette:home", "Value": "eu-central-1"}]
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    cfn = deploy.aws.client("cloudformation", "us-east-1")
    cfn.call("create_stack", StackName=theirs, TemplateBody=body, Tags=tags)
    assert deploy("plan", "--detailed-exitcode").code == ExitCode.DONE
    assert deploy.shell("deploy", "status", "--region", "us-east-1").code == ExitCode.NOTHING_TO_DO
    assert [one.name for one in stacks.ours(cfn, "vedette", HOME)] == [of("us-east-1")]
    assert [one.name for one in stacks.ours(cfn, "vedette", "eu-central-1")] == [theirs]


def _moved(deploy: Deployer) -> None:
    """Other regions are wanted: what is wanted no more goes first, and the options are kept."""
    other = ("--event-region", "home", "--event-region", "us-east-1", "--event-region", "sa-east-1")
    planned = json.loads(deploy.done("plan", *other, "-o", "json").out)
    fates = [(one["fate"], one["region"]) for one in planned["stacks"] if one["fate"] != "keep"]
    assert fates == [
        ("remove", "us-east-2"), ("remove", "eu-north-1"), ("remove", "ap-southeast-2"), ("update", HOME),
        ("update", HOME), ("create", "sa-east-1"),
    ]  # fmt: skip
    assert planned["event_regions"] == [HOME, "sa-east-1", "us-east-1"]
    deploy.done("apply", *other, "--yes")
    assert [bool(deploy.rules(region)) for region in ("sa-east-1", "us-east-2")] == [True, False]
    again = json.loads(deploy.done("plan", "-o", "json").out)
    assert again["changed"] is False
    assert "--event-region home" in again["recalled"]


# What gets in the way


def closed(monkeypatch: pytest.MonkeyPatch, regions: str, code: str, failure: Failure, message: str = "") -> None:
    """Regions in which every look at stacks is refused."""
    real = stacks.ours

    def refusing(cfn: AwsClient, name: str, home: str = "") -> tuple[StackState, ...]:
        if cfn.region in regions.split():
            raise AwsError(message or code, failure, code=code, hint="allow `cloudformation:DescribeStacks` on `*`")
        return real(cfn, name, home)

    monkeypatch.setattr(stacks, "ours", refusing)


def test_a_region_that_is_not_enabled_is_named_with_both_ways_out(
    deploy: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(monkeypatch, "me-south-1", "UnrecognizedClientException", Failure.CREDENTIALS)
    answer = deploy("apply", *SOME, "--event-region", "home", "--event-region", "me-south-1", "--event-region",
                    "us-east-1", "--yes")  # fmt: skip
    assert answer.code == ExitCode.FAILURE
    assert "me-south-1 does not take the credentials that the home region takes: it is not enabled" in answer.err
    assert "`aws account enable-region --region-name me-south-1`" in answer.err
    assert "leave the region out: `--event-region home --event-region us-east-1`" in answer.err
    assert all(deploy.stacks(region) == {} for region in (HOME, "us-east-1", "me-south-1"))


def test_a_region_that_is_forbidden_later_can_be_left_behind(deploy: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    deploy.done("apply", *SOME, "--event-region", "home", "--event-region", "us-east-2", "--yes")
    said = "AccessDenied: `cloudformation:DescribeStacks` on `*` is not allowed"
    closed(monkeypatch, "us-east-2", "AccessDenied", Failure.DENIED, said)
    refused = deploy("plan")
    assert refused.code == ExitCode.FAILURE
    assert f"us-east-2 is closed: {said}" in refused.err
    assert "on `*`, in us-east-2; or leave the region out: `--event-region home`" in refused.err
    shown = deploy("destroy")
    assert "us-east-2 is closed" in shown.out
    assert "what is there stays" in " ".join(shown.out.split())
    status = deploy("status")
    assert status.code == ExitCode.FINDINGS
    assert "nobody knows whether its events come home" in status.err
    planned = deploy("apply", "--event-region", "home", "--yes")
    assert planned.code == ExitCode.DONE, planned.err
    assert "A stack that forwards events may stand there" in planned.err.replace("\n     ", " ")
    assert deploy("status").code == ExitCode.DONE
    monkeypatch.undo()


def test_closed_regions_are_named_together(deploy: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An organisation closes all but a few: one command leaves them out."""
    closed(monkeypatch, "ap-southeast-2 eu-north-1 us-east-2", "AccessDenied", Failure.DENIED, "AccessDenied: no")
    answer = deploy("plan", *SOME)
    assert answer.code == ExitCode.FAILURE
    told = " ".join(answer.err.split())
    assert "ap-southeast-2 is closed: AccessDenied: no; eu-north-1 is closed: AccessDenied: no; us-east-2" in told
    assert "leave these regions out: `--event-region home --event-region us-east-1`" in told
    deploy.done("plan", *SOME, "--event-region", "home", "--event-region", "us-east-1")


def test_no_such_region_is_told_apart(monkeypatch: pytest.MonkeyPatch, deploy: Deployer) -> None:
    closed(monkeypatch, "eu-west-9", "", Failure.UNREACHABLE, "Could not connect to the endpoint URL")
    answer = deploy("plan", *SOME, "--event-region", "eu-west-9")
    assert answer.code == ExitCode.FAILURE
    assert "eu-west-9 cannot be reached: Could not connect to the endpoint URL" in answer.err
    assert "look at the region's name" in answer.err
    assert deploy("plan", *SOME, "--event-region", "Ireland").code == ExitCode.WRONG_INPUT


def test_an_interrupted_apply_goes_on_in_the_other_regions(deploy: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    real = stacks.watch

    def interrupted(cfn: AwsClient, *rest: Any) -> Iterator[Event]:
        yield from real(cfn, *rest)
        if cfn.region == "eu-north-1":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("vedette.deploy.stacks.watch", interrupted)
        assert deploy("apply", *SOME, "--yes").code == ExitCode.INTERRUPTED
    assert [set(deploy.stacks(region)) for region in ELSEWHERE] == [{of(one)} for one in ELSEWHERE[:2]] + [set(), set()]
    deploy.done("apply", "--yes")
    assert [deploy.stacks(region) for region in ELSEWHERE] == [{of(one): "CREATE_COMPLETE"} for one in ELSEWHERE]
    deploy.done("destroy", "--yes")
    assert not any(deploy.stacks(region) for region in ELSEWHERE)


def test_a_stack_that_failed_in_another_region_is_made_anew_and_one_that_is_not_ours_left_alone(
    deploy: Deployer,
) -> None:
    tags = [{"Key": "vedette:name", "Value": "vedette"}, {"Key": "vedette:home", "Value": HOME}]
    bad = {"Resources": {"Key": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "x"}}}}
    one = ("--event-region", "home", "--event-region", "us-east-1")
    cfn = deploy.aws.client("cloudformation", "us-east-1")
    cfn.call("create_stack", StackName=of("us-east-1"), TemplateBody=json.dumps(bad), Tags=tags)
    stacks.at_rest(cfn, of("us-east-1"), lambda _: None)
    assert deploy.stacks("us-east-1") == {of("us-east-1"): "ROLLBACK_COMPLETE"}
    deploy.done("apply", *SOME, *one, "--yes")
    assert deploy.stacks("us-east-1") == {of("us-east-1"): "CREATE_COMPLETE"}
    deploy.done("destroy", "--yes")

    theirs = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    cfn.call("create_stack", StackName=of("us-east-1"), TemplateBody=json.dumps(theirs))
    answer = deploy("apply", *SOME, *one, "--yes")
    assert answer.code == ExitCode.FAILURE
    assert f"there is a stack `{of('us-east-1')}` that Vedette did not make" in answer.err
    assert deploy.stacks(HOME) == {}


def test_a_failure_elsewhere_leaves_the_home_and_says_where(deploy: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    """CloudFormation's event of a rule that a policy of the organisation forbids in one region."""
    real = stacks.watch

    def failing(cfn: AwsClient, stack_id: str, *rest: Any) -> Iterator[Event]:
        if cfn.region != "us-east-2":
            yield from real(cfn, stack_id, *rest)
            return
        list(real(cfn, stack_id, *rest))
        cfn.call("delete_stack", StackName=stack_id)
        stacks.at_rest(cfn, stack_id, lambda _: None)
        reason = (
            "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: events:PutRule on resource: "
            f"arn:aws:events:us-east-2:111122223333:rule/{RULE} with an explicit deny in a service control policy"
        )
        yield Event("1", "Forward1", RULE, "AWS::Events::Rule", "CREATE_FAILED", reason, 0)

    monkeypatch.setattr("vedette.deploy.stacks.watch", failing)
    answer = deploy("apply", *SOME, "--yes")
    assert answer.code == ExitCode.FAILURE
    assert "events:PutRule" in answer.err
    assert f"nothing of `{of('us-east-2')}` is left" in answer.err
    assert "without the region: `--event-region home --event-region ap-southeast-2 --event-region eu-north-1 " in (
        answer.err.replace("\n  ", " ")
    )
    assert set(deploy.stacks("us-east-1")) == {of("us-east-1")}
    assert "CREATE_COMPLETE" in set(deploy.stacks(HOME).values())
