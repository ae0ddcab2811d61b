"""Exported files: complete, valid where a tool can tell, and the same as what is deployed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cli.samples import Shell, check_golden
from deploy.conftest import tool
from vedette.aws import AwsSession
from vedette.deploy.deployment import Deployment, LeftOut, Stack
from vedette.deploy.export import STACKSET, Format, exported, needs_code, write_files
from vedette.deploy.template import build
from vedette.deploy.terraform import Translation, escaped, modules
from vedette.deploy.wanted import ChannelWanted, Subscription, Wanted
from vedette.detections.definition import Severity
from vedette.detections.loader import load_builtin
from vedette.errors import InputError

GOLDEN = Path(__file__).parent / "golden" / "export"
NAMES = ("root-login", "root-access-key-created", "trail-stopped", "console-login-failures-then-success")
BUILTIN = load_builtin(tests=False)
MIRROR = os.environ.get("VEDETTE_TERRAFORM_PLUGINS", "")
"""A folder with the AWS provider, as `terraform init -plugin-dir` takes one: tests fetch nothing."""


def wanted(*names: str, **options: Any) -> Wanted:
    given: dict[str, Any] = {
        "account": "111122223333",
        "region": "eu-west-1",
        "detections": tuple(one for one in BUILTIN if not names or one.id in _with_parts(names)),
        "subscriptions": (
            Subscription("email", "ops@example.com", Severity.HIGH),
            Subscription("sqs", "arn:aws:sqs:eu-west-1:111122223333:alerts", Severity.CRITICAL),
        ),
        "channels": (ChannelWanted("slack", "slack", "secret://aws/vedette/slack#url"),),
    }
    return Wanted(**(given | options))


def _with_parts(names: tuple[str, ...]) -> set[str]:
    by_id = {one.id: one for one in BUILTIN}
    rules = [rule for name in names if (rule := by_id[name].rule) is not None]
    return {*names, *(child for rule in rules for child in rule.children)}


SMALL = wanted(*NAMES)
SMALL_DEPLOYMENT = build(SMALL)


def resources(deployment: Deployment) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (name, one["Type"], one)
        for stack in deployment.stacks
        for name, one in stack.template["Resources"].items()  # type: ignore[attr-defined]
    ]


def _stack(name: str, after: tuple[str, ...], **made: tuple[str, dict[str, Any]]) -> Stack:
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": name,
        "Resources": {one: {"Type": f"AWS::{kind}", "Properties": given} for one, (kind, given) in made.items()},
    }
    return Stack(name, name, template, {}, ("CAPABILITY_NAMED_IAM",) if "base" in name else (), after)


APPROVED = Deployment(
    (
        _stack(
            "vedette-base",
            (),
            Group=("Logs::LogGroup", {"LogGroupName": "/v", "RetentionInDays": 30}),
            Topic=("SNS::Topic", {"TopicName": "v", "Tags": [{"Key": "vedette:name", "Value": "v"}]}),
            Policy=(
                "SNS::TopicPolicy",
                {"Topics": [{"Ref": "Topic"}], "PolicyDocument": {"Statement": [{"Resource": {"Ref": "Topic"}}]}},
            ),
        ),
        _stack(
            "vedette-storyteller",
            ("vedette-base",),
            Role=("IAM::Role", {"AssumeRolePolicyDocument": {"Statement": []}, "Policies": []}),
            Teller=(
                "Lambda::Function",
                {
                    "Code": {"S3Bucket": "b", "S3Key": "k"},
                    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Environment": {"Variables": {"WHERE": {"Fn::Sub": "${AWS::Region} ${!kept}"}}},
                },
            ),
        ),
        _stack(
            "vedette-detections-1",
            ("vedette-base",),
            RootLoginFilter=(
                "Logs::MetricFilter",
                {
                    "FilterName": "v-root-login",
                    "FilterPattern": '{ $.userIdentity.type = "Root" }',
                    "LogGroupName": "/v",
                    "MetricTransformations": [
                        {
                            "MetricName": "RootLogin",
                            "MetricNamespace": "Vedette",
                            "MetricValue": "1",
                            "Dimensions": [{"Key": "Account", "Value": "$.recipientAccountId"}],
                        }
                    ],
                },
            ),
            RootLoginRule=(
                "Events::Rule",
                {
                    "Name": "v-root-login",
                    "EventPattern": {"detail": {"userIdentity": {"type": ["Root"]}}},
                    "State": "ENABLED",
                    "Targets": [
                        {
                            "Id": "topic",
                            "Arn": {"Fn::Sub": "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:v"},
                            "InputTransformer": {"InputPathsMap": {"a": "$.detail.a"}, "InputTemplate": '"<a>"'},
                            "RetryPolicy": {"MaximumRetryAttempts": 3},
                        }
                    ],
                },
            ),
        ),
    ),
    (),
    (LeftOut("some-detection", "It cannot be, for this reason."),),
    {},
)
"""A deployment that no change of the templates changes: what is approved is how it is written."""


# CloudFormation


def test_the_stacks_are_what_would_be_deployed_but_for_the_place_of_the_code() -> None:
    files = exported(Format.CLOUDFORMATION, SMALL, SMALL_DEPLOYMENT)
    for stack in SMALL_DEPLOYMENT.stacks:
        found = json.loads(files[f"{stack.name}.json"])
        resources = found["Resources"]
        if stack.name == "vedette-storyteller":
            code = resources["Storyteller"]["Properties"].pop("Code")
            assert code == {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "CodeKey"}}
            assert set(found["Parameters"]) == {"CodeBucket", "CodeKey"}
        expected = json.loads(stack.body)["Resources"]
        expected.get("Storyteller", {}).get("Properties", {}).pop("Code", None)
        assert resources == expected
    assert needs_code(SMALL_DEPLOYMENT)


def test_no_file_is_longer_than_it_must_be() -> None:
    """Readable where CloudFormation takes it in a call; compact where it goes through a bucket anyway."""
    files = exported(Format.CLOUDFORMATION, wanted(), build(wanted()))
    assert all(len(text.encode()) <= 51_200 or text.count("\n") == 1 for name, text in files.items() if "json" in name)


@pytest.mark.parametrize("kind", list(Format))
def test_the_readme_is_as_approved(kind: Format) -> None:
    check_golden(f"{kind.value}.md", exported(kind, SMALL, APPROVED)["README.md"], GOLDEN)


@pytest.mark.parametrize("kind", list(Format))
def test_no_file_names_an_account(kind: Format) -> None:
    endpoints = "arn:aws:sqs:eu-west-1:111122223333:alerts"
    for name, text in exported(kind, SMALL, SMALL_DEPLOYMENT).items():
        if name not in ("accounts.json", "README.md"):
            assert "111122223333" not in text.replace(endpoints, ""), name


# StackSets


def test_a_stackset_holds_everything_in_one_template_with_parameters() -> None:
    files = exported(Format.STACKSETS, SMALL, SMALL_DEPLOYMENT)
    template = json.loads(files[STACKSET])
    everything = resources(SMALL_DEPLOYMENT)
    assert Counter(one["Type"] for one in template["Resources"].values()) == Counter(kind for _, kind, _ in everything)
    assert set(template["Parameters"]) == {"RetentionDays", "CodeBucket", "CodeKey", "Endpoint1", "Endpoint2"}
    groups = [one for one in template["Resources"].values() if one["Type"] == "AWS::Logs::LogGroup"]
    assert all(one["Properties"]["RetentionInDays"] == {"Ref": "RetentionDays"} for one in groups)
    told = {json.dumps(one["Properties"]["Endpoint"]) for one in _of(template, "AWS::SNS::Subscription")}
    assert told == {'{"Ref": "Endpoint1"}', '{"Ref": "Endpoint2"}'}
    (account,) = json.loads(files["accounts.json"])
    assert account["parameters"]["Endpoint1"] == "ops@example.com"
    assert set(account["parameters"]) == set(template["Parameters"])


def _of(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one for one in template["Resources"].values() if one["Type"] == kind]


def test_a_stackset_waits_as_its_stacks_would() -> None:
    template = json.loads(exported(Format.STACKSETS, SMALL, SMALL_DEPLOYMENT)[STACKSET])["Resources"]
    assert "TrailLogGroup" in template["RootLoginFilter"]["DependsOn"]
    assert "HighTopicPolicy" in template["RootLoginAlarm"]["DependsOn"]
    composites = [one for one in template.values() if one["Type"] == "AWS::CloudWatch::CompositeAlarm"]
    assert all("RootLoginAlarm" in one["DependsOn"] for one in composites)
    _assert_no_circle(template)


def _assert_no_circle(template: dict[str, Any]) -> None:
    settled: set[str] = set()
    left = {name: set(one.get("DependsOn", [])) for name, one in template.items()}
    assert all(waits <= set(template) for waits in left.values())
    while left:
        ready = [name for name, waits in left.items() if waits <= settled]
        assert ready, f"these wait for one another: {sorted(left)}"
        settled.update(ready)
        for name in ready:
            del left[name]


def test_what_no_stackset_can_hold_is_refused_with_a_way_out() -> None:
    many = {f"R{n}": {"Type": "AWS::SNS::Topic", "Properties": {}} for n in range(501)}
    deployment = Deployment((Stack("s", "", {"Resources": many}, {}, (), ()),), (), (), {})
    with pytest.raises(InputError, match="501 resources") as error:
        exported(Format.STACKSETS, SMALL, deployment)
    assert error.value.hint is not None
    assert "--min-severity" in error.value.hint


def test_all_built_in_detections_fit_into_a_stackset() -> None:
    assert STACKSET in exported(Format.STACKSETS, wanted(), build(wanted()))


def test_cfn_lint_finds_nothing_in_the_stackset(tmp_path: Path) -> None:
    path = tmp_path / STACKSET
    path.write_text(exported(Format.STACKSETS, SMALL, SMALL_DEPLOYMENT)[STACKSET])
    run = subprocess.run(
        [tool("cfn-lint"), "--regions", "eu-west-1", "--ignore-checks", "W", "--", str(path)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (0, "")


# Terraform


def test_the_modules_are_as_approved() -> None:
    for name, text in modules(APPROVED, SMALL).items():
        check_golden(name.replace("/", "-"), text, GOLDEN)


def _made(deployment: Deployment, given: Wanted) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, text in modules(deployment, given).items():
        for kind, named in json.loads(text).get("resource", {}).items():
            found.setdefault(kind, {}).update({f"{name}:{one}": body for one, body in named.items()})
    return found


def test_every_detection_is_in_terraform_what_it_is_in_cloudformation() -> None:
    """Patterns, thresholds, event patterns and policies, read back out of the configuration, for all built-ins."""
    given = wanted()
    deployment = build(given)
    made = _made(deployment, given)
    theirs = {body["name"]: body for body in made["aws_cloudwatch_log_metric_filter"].values()}
    alarms = {body["alarm_name"]: body for body in made["aws_cloudwatch_metric_alarm"].values()}
    rules = {body["name"]: body for body in made["aws_cloudwatch_event_rule"].values()}
    counted = Counter()
    for _, kind, resource in resources(deployment):
        properties = resource["Properties"]
        counted[kind] += 1
        if kind == "AWS::Logs::MetricFilter":
            found = theirs[properties["FilterName"]]
            assert _plain(found["pattern"]) == properties["FilterPattern"]
            assert found["metric_transformation"]["name"] == properties["MetricTransformations"][0]["MetricName"]
        elif kind == "AWS::CloudWatch::Alarm":
            found = alarms[properties["AlarmName"]]
            assert (found["threshold"], found["period"]) == (properties["Threshold"], properties["Period"])
            assert found["treat_missing_data"] == properties["TreatMissingData"]
        elif kind == "AWS::Events::Rule":
            found = rules[properties["Name"]]
            assert json.loads(_plain(found["event_pattern"])) == properties["EventPattern"]
            assert found["state"] == properties["State"]
    assert counted["AWS::Logs::MetricFilter"] == len(theirs)
    assert counted["AWS::CloudWatch::Alarm"] == len(alarms)
    assert counted["AWS::Events::Rule"] == len(rules)
    assert len(made["aws_s3_bucket_public_access_block"]) == 1


def _plain(text: str) -> str:
    return text.replace("$${", "${").replace("%%{", "%{")


def test_policies_name_the_account_by_variables() -> None:
    (policy,) = (one["policy"] for one in _made(SMALL_DEPLOYMENT, SMALL)["aws_s3_bucket_policy"].values())
    document = json.loads(policy)
    assert "arn:${var.partition}:s3:::vedette-trail-${var.account}-${var.region}" in json.dumps(document)


def test_what_terraform_would_read_as_a_template_is_escaped() -> None:
    translation = Translation({})
    assert escaped("${aws:username} %{if} 100%") == "$${aws:username} %%{if} 100%"
    assert translation.resolve({"Fn::Sub": "${AWS::Region} ${!kept} %{x}"}) == "${var.region} $${kept} %%{x}"
    assert translation.resolve({"Ref": "AWS::AccountId"}) == "${var.account}"


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("AWS::EC2::Instance", {}, "does not know AWS::EC2::Instance"),
        ("AWS::SNS::Topic", {"FifoTopic": True}, "does not know FifoTopic of aws_sns_topic"),
        ("AWS::SNS::Topic", {"TopicName": {"Fn::ImportValue": "x"}}, "no word for Fn::ImportValue"),
        ("AWS::SNS::Topic", {"TopicName": {"Fn::GetAtt": ["Here", "Colour"]}}, "no word for `Here.Colour`"),
    ],
)
def test_what_has_no_word_in_terraform_is_refused_and_never_left_out(
    kind: str, properties: dict[str, Any], expected: str
) -> None:
    stack = Stack("s", "", {"Resources": {"Here": {"Type": kind, "Properties": properties}}}, {}, (), ())
    with pytest.raises(InputError, match=expected):
        modules(Deployment((stack,), (), (), {}), SMALL)


def test_terraform_accepts_and_plans_the_configuration(tmp_path: Path, aws: object) -> None:
    """`init`, `validate` and `plan` with the real provider, which asks the emulator who it is."""
    terraform = shutil.which("terraform")
    if terraform is None or not MIRROR:
        pytest.skip("terraform, or VEDETTE_TERRAFORM_PLUGINS with the AWS provider, is not at hand")
    list(write_files(exported(Format.TERRAFORM, SMALL, SMALL_DEPLOYMENT), tmp_path, force=False))
    (tmp_path / "storyteller.zip").write_bytes(b"PK")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    for command in (["init", f"-plugin-dir={MIRROR}"], ["validate"], ["plan", "-input=false"]):
        run = subprocess.run(
            [terraform, *command, "-no-color"], cwd=tmp_path, env=kept | {"CHECKPOINT_DISABLE": "1"},
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
    assert f"Plan: {sum(map(len, _made(SMALL_DEPLOYMENT, SMALL).values()))} to add" in run.stdout


# Writing


def test_files_that_are_there_are_kept(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text("mine")
    with pytest.raises(InputError, match="is there already"):
        list(write_files({"a.json": "1", "b.json": "2"}, tmp_path, force=False))
    assert (tmp_path / "b.json").read_text() == "mine"
    assert not (tmp_path / "a.json").exists()
    written = list(write_files({"a.json": "1", "deep/b.json": "2"}, tmp_path, force=True))
    assert [path.read_text() for path in written] == ["1", "2"]


def test_the_command_writes_the_files_and_the_code(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "made.zip").write_bytes(b"PK zip")
    chosen = ("--out", "out", "--only", "root-login", "--bundle", "made.zip")
    run = shell("deploy", "export", "--format", "terraform", *chosen)
    assert run.code == 0, run.err
    assert (tmp_path / "out" / "storyteller.zip").read_bytes() == b"PK zip"
    assert "out/main.tf.json" in run.out
    again = shell("deploy", "export", *chosen)
    assert again.code == 2
    assert "is there already" in again.err


def test_a_bundle_that_is_not_there_is_said_to_be_missing(shell: Shell) -> None:
    run = shell("deploy", "export", "--out", "out", "--only", "root-login", "--bundle", "nothing.zip")
    assert run.code == 2
    assert "nothing.zip" in run.err


def test_without_the_storyteller_there_is_no_code(shell: Shell, tmp_path: Path) -> None:
    run = shell("deploy", "export", "--out", "out", "--only", "root-login", "--no-storyteller")
    assert run.code == 0, run.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        ["README.md", "vedette-base.json", "vedette-detections-1.json", "vedette-overview.json"]
    )


def test_the_stackset_s_template_stands_as_a_stack_of_its_own(aws: AwsSession) -> None:
    """One account of it, on ministack: everything in one stack, with parameters of that account."""
    given = wanted("root-login", "trail-stopped", storyteller=False, region="us-east-1")
    body = exported(Format.STACKSETS, given, build(given))[STACKSET]
    cloudformation = aws.client("cloudformation")
    cloudformation.call(
        "create_stack", StackName="vedette", TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": "RetentionDays", "ParameterValue": "90"},
            {"ParameterKey": "Endpoint1", "ParameterValue": "elsewhere@example.com"},
        ],
    )  # fmt: skip
    for _ in range(600):
        (stack,) = cloudformation.call("describe_stacks", StackName="vedette")["Stacks"]  # type: ignore[misc]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            break
        time.sleep(0.05)
    assert stack["StackStatus"] == "CREATE_COMPLETE", cloudformation.call("describe_stack_events", StackName="vedette")
    (group,) = aws.client("logs").call("describe_log_groups", logGroupNamePrefix="/vedette/cloudtrail")["logGroups"]
    assert group["retentionInDays"] == 90
    filters = aws.client("logs").call("describe_metric_filters", logGroupName="/vedette/cloudtrail")["metricFilters"]
    patterns = {one.id: one.pattern.source for one in given.detections if one.pattern is not None}
    assert {one["filterName"]: one["filterPattern"] for one in filters} == {
        f"vedette-{name}": pattern for name, pattern in patterns.items()
    }
    told = aws.client("sns").call("list_subscriptions")["Subscriptions"]
    assert "elsewhere@example.com" in {one["Endpoint"] for one in told}


# Other regions

FAR = wanted("root-access-key-created", "root-access-key-used", event_regions=("us-east-1", "us-east-2"))
FAR_DEPLOYMENT = build(FAR)
US_EAST_1, US_EAST_2 = (f"vedette-events-{region}-to-eu-west-1" for region in FAR.event_regions)


def test_each_region_s_stack_is_a_file_with_a_command_in_that_region() -> None:
    files = exported(Format.CLOUDFORMATION, FAR, FAR_DEPLOYMENT)
    assert {f"{US_EAST_1}.json", f"{US_EAST_2}.json"} < set(files)
    readme = files["README.md"]
    assert f"aws cloudformation deploy --region us-east-2 \\\n        --stack-name {US_EAST_2}" in readme
    assert f"delete-stack --region us-east-1 --stack-name {US_EAST_1}" in readme
    removal = [line.split()[-1] for line in readme.splitlines() if "delete-stack" in line]
    assert removal[:3] == [US_EAST_2, US_EAST_1, "vedette-events"]
    assert "`eu-west-1`, from us-east-1 and us-east-2." in readme
    assert readme.count("--capabilities CAPABILITY_NAMED_IAM") == 3  # of the trail, the storyteller, the forwarding


def test_a_second_stackset_forwards_from_every_region() -> None:
    files = exported(Format.STACKSETS, FAR, FAR_DEPLOYMENT)
    assert set(files) == {STACKSET, "forwarding.json", "accounts.json", "README.md"}
    forwarding = json.loads(files["forwarding.json"])
    rules = [one["Properties"]["Description"] for one in forwarding["Resources"].values()]
    assert rules == ["Forwards to eu-west-1: root-access-key-created, root-access-key-used"]
    assert "ForwardRole" in json.loads(files[STACKSET])["Resources"]
    assert "Forward1" not in json.loads(files[STACKSET])["Resources"]
    assert "--stack-set-name vedette-forwarding \\\n        --regions us-east-1 us-east-2" in files["README.md"]


def test_terraform_has_a_provider_for_each_region() -> None:
    files = exported(Format.TERRAFORM, FAR, FAR_DEPLOYMENT)
    root = json.loads(files["main.tf.json"])
    assert root["provider"]["aws"] == [
        {"region": "${var.region}"},
        {"alias": "us_east_1", "region": "us-east-1"},
        {"alias": "us_east_2", "region": "us-east-2"},
    ]
    module = root["module"][US_EAST_2]
    assert module["providers"] == {"aws": "aws.us_east_2"}
    assert module["region"] == "us-east-2"
    assert module["depends_on"] == ["module.vedette-events"]
    assert "providers" not in root["module"]["vedette-events"]
    assert root["variable"]["region"]["validation"]["condition"] == '${var.region == "eu-west-1"}'
    there = json.loads(files[f"{US_EAST_2}/main.tf.json"])["resource"]
    (target,) = there["aws_cloudwatch_event_target"].values()
    assert target["arn"] == "arn:${var.partition}:events:eu-west-1:${var.account}:event-bus/default"
    assert target["role_arn"] == "arn:${var.partition}:iam::${var.account}:role/vedette-forward-eu-west-1"
    (rule,) = there["aws_cloudwatch_event_rule"].values()
    assert json.loads(rule["event_pattern"])["region"] == ["${var.region}"]
    assert "For another home, export it anew" in files["README.md"]
    check_golden("regions-main.tf.json", files["main.tf.json"], GOLDEN)


def test_the_cis_pack_s_topics_have_the_subscriber_that_security_hub_asks_for(shell: Shell, tmp_path: Path) -> None:
    """As somebody types it: "CloudWatch.1 … PASSED" needs a subscription of the topic that the alarm tells."""
    run = shell("deploy", "export", "--out", "out", "--pack", "cis", "--no-storyteller", "--email", "a@example.com")
    assert run.code == 0
    found: Any = {}
    for file in (tmp_path / "out").glob("*.json"):
        found |= json.loads(file.read_text())["Resources"]
    alarms = [one["Properties"] for one in found.values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    told = {action["Fn::Sub"].rpartition(":")[2] for one in alarms for action in one["AlarmActions"]}
    subscribed = {
        found[one["Properties"]["TopicArn"]["Ref"]]["Properties"]["TopicName"]
        for one in found.values()
        if one["Type"] == "AWS::SNS::Subscription"
    }
    assert told <= subscribed
    assert {"vedette-low", "vedette-informational"} <= told
