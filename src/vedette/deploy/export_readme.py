"""The README that goes with exported files: the commands that use them, in their order, and what is left to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vedette.alerts.words import joined
from vedette.deploy.deployment import Deployment, Stack
from vedette.deploy.wanted import Wanted

_CONFIRM: Final = """
## Afterwards

- Everybody whose mail address is subscribed gets a mail from AWS and has to confirm it; until then nobody is told.
- `vedette deploy verify`, with the options that this was exported with, asks AWS whether every pattern does what its
  tests say, and sends a canary.
"""
_CODE: Final = """
`storyteller.zip` is the function that tells who did what. Put it into a bucket of the same region first:

    aws s3 cp storyteller.zip s3://YOUR-BUCKET/storyteller.zip
"""


def cloudformation_readme(deployment: Deployment, wanted: Wanted) -> str:
    """Stack by stack, with `aws cloudformation deploy`."""
    code = any(map(_has_code, deployment.stacks))
    commands = "\n\n".join(_deploy(stack, wanted) for stack in deployment.stacks)
    removal = "\n".join(
        f"    aws cloudformation delete-stack --region {stack.region or wanted.region} --stack-name {stack.name}"
        for stack in reversed(deployment.stacks)
    )
    return f"""# {wanted.name} as CloudFormation

Templates that stand on their own, to be deployed in this order, in `{wanted.region}`. They name no account.
{_elsewhere(deployment, wanted)}{_CODE if code else ""}
## Deploy

{commands}

A template of more than 51,200 bytes goes through a bucket of yours, by `--s3-bucket`.

## Remove

Delete the stacks in the opposite order:

{removal}

The log group, the bucket of the trail and the key are kept; remove them by hand when their contents may go.
{_CONFIRM}{_left_out(deployment)}"""


def _elsewhere(deployment: Deployment, wanted: Wanted) -> str:
    regions = _regions(deployment)
    if not regions:
        return ""
    return f"""
EventBridge keeps events to their region. The last stacks send those that the rules ask for to the event bus of
`{wanted.region}`, from {joined(regions)}.
"""


def _regions(deployment: Deployment) -> list[str]:
    return sorted({stack.region for stack in deployment.stacks if stack.region})


def _deploy(stack: Stack, wanted: Wanted) -> str:
    words = [f"aws cloudformation deploy --region {stack.region or wanted.region}", f"--stack-name {stack.name}"]
    words.append(f"--template-file {stack.name}.json")
    if stack.needs_upload:
        words.append("--s3-bucket YOUR-BUCKET")
    if stack.capabilities:
        words.append(f"--capabilities {' '.join(stack.capabilities)}")
    if _has_code(stack):
        words.append("--parameter-overrides CodeBucket=YOUR-BUCKET")
    return "    " + " \\\n        ".join(words)


def _has_code(stack: Stack) -> bool:
    return "AWS::Lambda::Function" in stack.body


def terraform_readme(deployment: Deployment, wanted: Wanted) -> str:
    """`terraform init`, `plan`, `apply`."""
    regions = _regions(deployment)
    other = f"Another region than `{wanted.region}`: `-var region=REGION`."
    if regions:
        other = (
            f"It has providers for {joined([wanted.region, *regions])}: rules in the others send events to\n"
            f"`{wanted.region}`. For another home, export it anew with `--region`."
        )
    return f"""# {wanted.name} as Terraform

A configuration of Terraform in JSON: `main.tf.json` calls a module for each part. It names no account.

    terraform init
    terraform plan
    terraform apply

{other} The state holds no secret: channels' secrets are read by
the function when it runs.

The log group, the bucket of the trail and the key have `prevent_destroy`: take that out of the modules when their
contents may go, and not before.
{_CONFIRM}{_left_out(deployment)}"""


def stackset_readme(deployment: Deployment, wanted: Wanted, parameters: Sequence[str], code: bool) -> str:
    """`create-stack-set` and `create-stack-instances`."""
    names = "\n".join(f"- `{name}`" for name in parameters)
    upload = (
        """
`storyteller.zip` has to be in a bucket of each region, readable by each account: `CodeBucket` and `CodeKey`.
"""
        if code
        else ""
    )
    return f"""# {wanted.name} as a StackSet

`stackset.json` is one template for every account of an organization. What differs by account are its parameters:

{names}
{upload}
`accounts.json` is a list of accounts with their parameters, with one example: write yours into it.

## Deploy

Put `stackset.json` into a bucket that the accounts can read, then, from the administrator's account:

    aws cloudformation create-stack-set --stack-set-name {wanted.name} --template-url https://… \\
        --capabilities CAPABILITY_NAMED_IAM --permission-model SERVICE_MANAGED \\
        --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false
    aws cloudformation create-stack-instances --stack-set-name {wanted.name} --regions {wanted.region} \\
        --deployment-targets OrganizationalUnitIds=ou-…

With parameters of one account (from `accounts.json`):

    aws cloudformation create-stack-instances --stack-set-name {wanted.name} --regions {wanted.region} \\
        --deployment-targets 'Accounts=111122223333,AccountFilterType=INTERSECTION,OrganizationalUnitIds=ou-…' \\
        --parameter-overrides ParameterKey=RetentionDays,ParameterValue=90

Where the organization has a trail already, export with `--use-trail NAME --log-group NAME`: one trail and one log group
of the management account see every account, and metric filters belong there.
{_second_stackset(deployment, wanted)}{_CONFIRM}"""


def _second_stackset(deployment: Deployment, wanted: Wanted) -> str:
    regions = _regions(deployment)
    if not regions:
        return ""
    several = len(regions) < sum(bool(stack.region) for stack in deployment.stacks)
    more = " So is each other `forwarding-….json`." if several else ""
    return f"""
## Events of other regions

EventBridge keeps events to their region. `forwarding.json` is a second StackSet, to be deployed after the first: its
rules send what the others ask for to the event bus of `{wanted.region}`, in the same account.{more}

    aws cloudformation create-stack-set --stack-set-name {wanted.name}-forwarding --template-url https://… \\
        --permission-model SERVICE_MANAGED --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false
    aws cloudformation create-stack-instances --stack-set-name {wanted.name}-forwarding \\
        --regions {" ".join(regions)} \\
        --deployment-targets OrganizationalUnitIds=ou-…
"""


def _left_out(deployment: Deployment) -> str:
    if not deployment.left_out:
        return ""
    lines = "\n".join(f"- `{one.detection}`: {one.reason}" for one in deployment.left_out)
    return f"\n## What is left out, or gets less than its file asks\n\n{lines}\n"
