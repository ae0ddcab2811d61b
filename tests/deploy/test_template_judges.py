"""What others say of our templates and policies: cfn-lint, checkov, cfripper and parliament find nothing against them
that `accepted_findings.toml` does not name with a reason. Each runs as a program, without a network."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy.conftest import tool
from deploy.policy_judge import parliament
from deploy.wishes import ACCOUNT, REGION, SMALL, everything, wish
from vedette.deploy.deployment import Deployment
from vedette.deploy.template import build, resolve
from vedette.deploy.wanted import ChannelWanted, ExistingTrail, Pack, Subscription
from vedette.detections.definition import Severity
from waiting import PATIENCE

ACCEPTED = Path(__file__).with_name("accepted_findings.toml")
Finding = tuple[str, str, str]


@functools.cache
def deployments() -> Mapping[str, Deployment]:
    """What differs in more than its detections."""
    people = (
        Subscription("email", "ops@example.com"),
        Subscription("sms", "+441632960001", Severity.HIGH),
        Subscription("https", "https://example.com/hook", Severity.CRITICAL),
        Subscription("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:alerts"),
    )
    channels = (ChannelWanted("chat", "slack", "secret://aws/slack#url"),)
    trail = ExistingTrail("main", f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main", "trail-logs", "trail-bucket")
    return {
        "all": everything(),
        "told": build(wish(*SMALL, subscriptions=people, channels=channels, organization=True, owner="ops")),
        "used": build(wish(*SMALL, trail=trail, storyteller=False)),
        "cis": build(wish(pack=Pack.CIS, subscriptions=people, data_buckets=("payroll",), data_functions=("pay",))),
        "far": build(wish(*SMALL, "root-access-key-used", event_regions=("us-east-1", "us-east-2"))),
        "plain": build(wish(*SMALL, key=False, events=False)),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every template, as `DEPLOYMENT-STACK.json`; those without a customer's key are for cfn-lint alone."""
    path = tmp_path_factory.mktemp("templates")
    for name, deployment in deployments().items():
        for stack in deployment.stacks:
            (path / f"{name}-{stack.name}.json").write_text(stack.body, encoding="utf-8")
    return path


def run(*command: str, cwd: Path) -> str:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    quiet = {"AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env=kept | quiet, timeout=PATIENCE, check=False
    )
    assert done.stdout or done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


def accepted(judge: str) -> set[Finding]:
    entries = tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))["accepted"]
    assert all(len(one["reason"]) > 60 for one in entries)
    return {(one["judge"], one["check"], one["resource"]) for one in entries if one["judge"] == judge}


def some(folder: Path, *deployments: str) -> list[str]:
    return [path.name for path in sorted(folder.iterdir()) if path.name.startswith(deployments)]


def test_cfn_lint_finds_nothing(folder: Path) -> None:
    names = some(folder, "all", "told", "used", "plain", "far-vedette-events")
    found = json.loads(run(tool("cfn-lint"), "--format", "json", "--regions", REGION, "--", *names, cwd=folder) or "[]")
    assert [(one["Filename"], one["Rule"]["Id"], one["Message"]) for one in found] == []


def test_checkov_finds_what_is_accepted_and_nothing_else(folder: Path) -> None:
    files = [part for name in some(folder, "told", "used", "far-vedette-events") for part in ("-f", name)]
    text = run(
        tool("checkov"),
        "--skip-download",
        "--framework",
        "cloudformation",
        "--compact",
        "-o",
        "json",
        *files,
        cwd=folder,
    )
    answer: Any = json.loads(text)
    assert answer["summary"]["parsing_errors"] == 0
    assert answer["summary"]["passed"] > 50
    failed = answer["results"]["failed_checks"]
    assert {("checkov", one["check_id"], one["resource"].rpartition(".")[2]) for one in failed} == accepted("checkov")


def test_cfripper_finds_what_is_accepted_and_nothing_else(folder: Path) -> None:
    names = some(folder, "told", "used", "cis", "far-vedette-events")
    text = run(
        tool("cfripper"), *names, "--resolve", "--format", "txt", "--logging", "ERROR",
        "--aws-account-id", "123456789012",  # what it takes `AWS::AccountId` to be
        cwd=folder,
    )  # fmt: skip
    assert text.count("Valid:") == len(names)
    issues = [line.strip("\t -") for line in text.splitlines() if line.startswith("\t-")]
    found = {("cfripper", check, rest.split()[0]) for check, _, rest in (line.partition(": ") for line in issues)}
    assert found == accepted("cfripper")


def test_cfripper_sees_a_topic_that_is_open(tmp_path: Path) -> None:
    """The judge judges: without its condition, the policy of a topic is found."""
    stack = build(wish("root-login")).stacks[0]
    template = json.loads(stack.body)
    policy = template["Resources"]["HighTopicPolicy"]["Properties"]["PolicyDocument"]
    policy["Statement"] = [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sns:Publish", "Resource": "*"},
    ]
    (tmp_path / "open.json").write_text(json.dumps(template), encoding="utf-8")
    assert "HighTopicPolicy" in run(tool("cfripper"), "open.json", "--resolve", "--logging", "ERROR", cwd=tmp_path)


def policies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every policy document of every template, by where it is, each once.

    Those of resources come without who may, and with the resource that `*`, or nothing, stands for in them.
    """
    seen: set[str] = set()
    for name, deployment in deployments().items():
        for stack in deployment.stacks:
            for place, document in within(stack.template["Resources"]):
                resolved: Any = resolve(wish("root-login"), document)
                # `kms:*` has actions that are about no key; in a key's policy they mean nothing.
                resolved["Statement"] = [one for one in resolved["Statement"] if one["Action"] != "kms:*"]
                for statement in resolved["Statement"]:
                    statement.pop("Principal", None)
                    if place.endswith("KeyPolicy"):
                        statement["Resource"] = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
                    statement.setdefault("Resource", f"arn:aws:iam::{ACCOUNT}:role/r")
                known = json.dumps(resolved).replace("Fn::GetAtt", "")
                if known not in seen:
                    seen.add(known)
                    yield f"{name}.{stack.name}.{place}", resolved


def within(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        if "Statement" in value:
            yield path, value
        for key, part in value.items():
            yield from within(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from within(part, f"{path}.{number}")


def test_parliament_knows_every_action_and_condition(tmp_path: Path) -> None:
    """It judges policies of identities; of a resource's policy it sees actions and conditions, the resource is ours."""
    count = 0
    for place, document in policies():
        text = json.dumps(document).replace(
            '{"Fn::GetAtt": ["Undelivered", "Arn"]}', f'"arn:aws:sqs:{REGION}:{ACCOUNT}:q"'
        )
        text = text.replace('{"Ref": "AWS::AccountId"}', f'"{ACCOUNT}"')
        (tmp_path / f"{place}.json").write_text(text, encoding="utf-8")
        count += 1
    assert count > 10
    text = run(*parliament(), "--directory", str(tmp_path), "--json", cwd=tmp_path)
    found = {
        ("parliament", str(one["detail"]), Path(one["location"]["filepath"]).stem.split(".")[2])
        for one in map(json.loads, text.splitlines())
    }
    assert found == accepted("parliament")


def test_every_accepted_finding_has_a_judge() -> None:
    judges = {one["judge"] for one in tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))["accepted"]}
    assert judges <= {"checkov", "cfripper", "parliament"}
