"""The policies that `vedette deploy iam` prints: complete for what the code calls, and no wider than IAM allows."""

from __future__ import annotations

import ast
import functools
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import vedette
from cli.samples import Shell
from deploy.policy_judge import parliament
from deploy.wishes import wish
from vedette.aws.actions import action_of
from vedette.deploy import permissions
from vedette.deploy.handled import HANDLED
from vedette.deploy.permissions import COMMANDS, MANAGED_SIZE, parts_for, policy_for, size
from vedette.deploy.wanted import ChannelWanted, Subscription, Wanted
from vedette.errors import UsageError

SOURCE = Path(vedette.__file__).parent
SERVICES = (
    "cloudformation",
    "cloudtrail",
    "cloudwatch",
    "events",
    "lambda",
    "logs",
    "s3",
    "secretsmanager",
    "sns",
    "sts",
)

CALLERS = {
    "deploy/discovery.py": {"plan", "apply", "status", "verify", "destroy", "import"},
    "deploy/stacks.py": {"apply"},
    "deploy/plan.py": {"plan", "apply"},
    "deploy/assets.py": {"apply", "destroy"},
    "deploy/drift.py": {"status", "plan", "apply"},
    "deploy/mending.py": {"apply"},
    "deploy/subscribers.py": {"status"},
    "deploy/status.py": {"status"},
    "deploy/destroy.py": {"destroy"},
    "deploy/verify.py": {"verify"},
    "deploy/canary_flight.py": {"verify"},
    "deploy/importing/account.py": {"import"},
    "secrets/keeper.py": {"secrets put", "secrets list", "secrets delete"},
}
"""Which commands a module's calls are made for: each call must be allowed by one of them."""

ONE_BY_ONE = {
    "plan": {
        "create_change_set",
        "describe_change_set",
        "delete_change_set",
        "describe_stacks",
        "get_template",
        "put_object",
    },
    "apply": {"execute_change_set", "describe_stack_events", "describe_events", "delete_stack", "create_bucket"},
    "status": {"describe_stacks", "get_template", "describe_alarms", "list_subscriptions_by_topic", "get_trail_status"},
    "destroy": {"delete_stack", "delete_bucket", "delete_objects", "describe_stacks", "describe_events"},
    "secrets put": {"create_secret", "put_secret_value", "get_secret_value", "describe_secret"},
    "secrets list": {"list_secrets"},
    "secrets delete": {"delete_secret"},
}

IN_THE_FUNCTION = {"deploy/storyteller/records.py": "the storyteller's own role allows it, not the user's policy"}

ACCEPTED = {
    ("UNKNOWN_ACTION", "cloudformation:DescribeEvents"): "newer than the checker: added to CloudFormation in 2025",
    ("RESOURCE_STAR", "cloudwatch:DescribeAlarms"): "composite alarms are described only with leave on everything",
    ("RESOURCE_STAR", "cloudwatch:PutCompositeAlarm"): "PutCompositeAlarm's reference asks for leave on everything",
}
NO_FINDING = {"sts:GetCallerIdentity": "AWS allows it to everybody"}


@functools.cache
def full() -> Wanted:
    """A deployment with everything in it."""
    return wish(
        channels=(ChannelWanted("slack", "slack", "secret://aws/vedette/slack#url"),),
        subscriptions=(Subscription("email", "ops@example.com"),),
        code=("assets", "code/0.zip", "0" * 64),
        event_regions=("us-east-1", "us-east-2"),
    )


@functools.cache
def policy(command: str) -> Mapping[str, Any]:
    return policy_for(command, full())


def actions(command: str) -> set[str]:
    return {action for statement in policy(command)["Statement"] for action in _listed(statement["Action"])}


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@functools.cache
def _operations() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """boto3's methods, each with the services that have it and the operation's name."""
    from botocore import xform_name
    from botocore.session import Session

    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for service in SERVICES:
        for operation in Session().get_service_model(service).operation_names:
            method = xform_name(operation)
            found[method] = (*found.get(method, ()), (service, operation))
    return found


def calls() -> Iterator[tuple[str, str]]:
    """Every call of AWS in the deployment's code: the file and boto3's name of the method."""
    for path in [*SOURCE.joinpath("deploy").rglob("*.py"), SOURCE / "secrets" / "keeper.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                if name in ("call", "_call", "pages") and node.args and isinstance(node.args[0], ast.Constant):
                    yield path.relative_to(SOURCE).as_posix(), str(node.args[0].value)


def test_every_call_is_allowed() -> None:
    """Each call of the source, by the IAM action that it asks for, stands in a policy of a command that makes it."""
    missing = []
    for file, method in calls():
        if file in IN_THE_FUNCTION:
            continue
        asked = {action_of(service, operation) for service, operation in _operations()[method]}
        allowed = set().union(*(actions(command) for command in CALLERS[file]))
        if not asked & (allowed | NO_FINDING.keys()):
            missing.append(f"{file}: {method} asks for {asked}")
    assert missing == []


@pytest.mark.parametrize("command", ONE_BY_ONE)
def test_a_command_may_do_what_it_does(command: str) -> None:
    for method in ONE_BY_ONE[command]:
        assert {action_of(*one) for one in _operations()[method]} & actions(command), method


def test_every_type_of_the_templates_is_known() -> None:
    assert permissions.types_of(full()) <= set(HANDLED)
    assert permissions.types_of(full()) == set(HANDLED) - {"AWS::Logs::ResourcePolicy"}


def test_parliament_finds_nothing_that_is_not_accepted(tmp_path: Path) -> None:
    files = []
    for command in COMMANDS:
        files.append(tmp_path / f"{command}.json")
        files[-1].write_text(json.dumps(policy(command)))
    named = ",".join(map(str, files))
    done = subprocess.run([*parliament(), "--json", "--files", named], capture_output=True, text=True)
    assert done.stderr == ""
    findings, met = [], set()
    for finding in map(json.loads, done.stdout.splitlines()):
        about = finding["detail"] if isinstance(finding["detail"], list) else [finding["detail"].split()[-1]]
        for each in about:
            met.add((finding["issue"], str(each)))
            if (finding["issue"], str(each)) not in ACCEPTED:
                findings.append(finding)
    assert findings == []
    assert met == ACCEPTED.keys(), "what is accepted is still found"


@pytest.mark.parametrize("command", COMMANDS)
def test_parts_fit_a_managed_policy_and_are_the_whole(command: str) -> None:
    parts = parts_for(command, full())
    assert all(size(part) <= MANAGED_SIZE for part in parts)
    statements: list[Any] = [statement for part in parts for statement in part["Statement"]]  # type: ignore[attr-defined]
    assert statements == policy(command)["Statement"]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_wildcard_in_an_action_and_no_power_by_hand(command: str) -> None:
    """Roles, keys and the log bucket are changed only by CloudFormation; nobody may pass any role but ours."""
    for statement in policy(command)["Statement"]:
        for action in _listed(statement["Action"]):
            assert "*" not in action
            service, _, name = action.partition(":")
            if service == "iam" or (service == "kms" and name != "Decrypt"):
                assert statement.get("Condition"), action
            if action == "iam:PassRole":
                assert statement["Resource"] == "arn:aws:iam::111122223333:role/vedette-*"


def test_less_is_asked_where_less_is_wanted() -> None:
    small = wish("root-login", storyteller=False, events=False, dashboard=False, composites=False, key=False)
    asked = json.dumps(policy_for("apply", small))
    for service in ("lambda:", "events:", "kms:", "dashboard"):
        assert service not in asked


def test_an_organization_is_asked_about_only_for_its_own_trail() -> None:
    assert "organizations:" not in json.dumps(policy("apply"))
    assert "organizations:DescribeOrganization" in json.dumps(
        policy_for("apply", wish("root-login", organization=True))
    )


def test_an_unknown_command_is_named() -> None:
    with pytest.raises(UsageError, match="no permissions are listed for `fly`"):
        policy_for("fly", full())


def test_the_command_prints_policies_and_reasons(shell: Shell) -> None:
    place = ("--account", "123456789012", "--region", "eu-west-1")
    one = json.loads(shell("deploy", "iam", "import", *place).out)
    assert one["Version"] == "2012-10-17"
    assert "arn:aws:logs:eu-west-1:123456789012:log-group:*" in {each["Resource"] for each in one["Statement"]}
    whole = shell("deploy", "iam", *place)
    assert "a managed policy is too small for it: `--managed` prints 2 that fit" in whole.err
    assert len(json.loads(shell("deploy", "iam", "apply", "--managed", *place).out)) == 2
    table = shell("deploy", "iam", "secrets", "put", "-o", "table")
    assert table.out.startswith("store a value and keep the other keys\n  secretsmanager:CreateSecret,")
    assert max(map(len, table.out.splitlines())) <= 80
    assert "the account is that of AWS's examples" in table.err
    assert shell("deploy", "iam", "fly").code == 2
