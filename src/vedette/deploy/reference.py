"""What the documentation shows of a deployment, made from the code: its picture, and the permissions of each command.

Both are of one example: all built-in detections, mail, and a Slack channel, in the account of AWS's own examples.
"""

from __future__ import annotations

from collections.abc import Iterator

from vedette.deploy.event_regions import usual_regions
from vedette.deploy.permissions import COMMANDS, Permission, permissions, policy_for, size
from vedette.deploy.picture import architecture
from vedette.deploy.template import build
from vedette.deploy.wanted import ChannelWanted, Subscription, Wanted
from vedette.detections.definition import Severity
from vedette.detections.loader import load_builtin

_HEAD = """# Permissions

What IAM must allow for each command, for a deployment called `vedette` in `us-east-1` with everything in it.
`vedette deploy iam COMMAND` prints the policy for yours; less is asked where less is wanted.

Where "by CloudFormation" stands, the permission holds only while CloudFormation uses it in your name (`aws:CalledVia`):
nobody can make a role or open a bucket by hand with it. `sts:GetCallerIdentity` is allowed to everybody.
"""


def example() -> Wanted:
    """The deployment that the documentation shows."""
    return Wanted(
        account="111122223333",
        region="us-east-1",
        detections=load_builtin(tests=False),
        subscriptions=(
            Subscription("email", "ops@example.com", Severity.MEDIUM),
            Subscription("sms", "+447700900123", Severity.HIGH),
        ),
        channels=(ChannelWanted("slack", "slack", "secret://aws/vedette/slack#url"),),
        event_regions=usual_regions("aws", "us-east-1"),
        code=("vedette-assets-111122223333-us-east-1", "code/example.zip", "0" * 64),
    )


def architecture_picture() -> str:
    """The picture of the example, as SVG."""
    wanted = example()
    return architecture(build(wanted), wanted)


def permissions_page(notice: str) -> str:
    """A table for each command: what is allowed, on what, and why."""
    wanted = example()
    parts = [notice + _HEAD]
    for command in COMMANDS:
        name = command if command == "run" or " " in command else f"deploy {command}"
        characters = f"{size(policy_for(command, wanted)):,} characters"
        parts.append(f"## `vedette {name}`\n\nThe policy has {characters}.\n")
        parts.append("| why | actions | on |\n|---|---|---|")
        parts += [*_rows(permissions(command, wanted)), ""]
    return "\n".join(parts)


def _rows(found: tuple[Permission, ...]) -> Iterator[str]:
    for one in found:
        via = " (by CloudFormation)" if one.condition and "aws:CalledVia" in repr(one.condition) else ""
        yield f"| {one.why}{via} | {_code(one.actions)} | {_code(one.resources)} |"


def _code(texts: tuple[str, ...]) -> str:
    return " ".join(f"`{text}`" for text in texts)
