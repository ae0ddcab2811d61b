"""What would be deployed, as files that somebody can take away: CloudFormation, Terraform, or a StackSet.

Nothing of ours is needed to use them; the README that goes with them says how. It writes files and nothing else.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from vedette.deploy.deployment import MAX_BODY, MAX_INLINE, MAX_RESOURCES, Deployment, Stack
from vedette.deploy.event_regions import global_region
from vedette.deploy.export_readme import cloudformation_readme, stackset_readme, terraform_readme
from vedette.deploy.terraform import CODE, modules
from vedette.deploy.wanted import Wanted
from vedette.errors import InputError, unwritable

STACKSET: Final = "stackset.json"
FORWARDING: Final = "forwarding{}.json"
_ENDPOINT: Final = "Endpoint{}"
_FOUNDATIONS: Final = (
    "AWS::Logs::LogGroup",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Lambda::Permission",
)
"""What other stacks name: log groups, and topics, queues and functions that may be used."""


class Format(enum.Enum):
    """As what."""

    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"
    STACKSETS = "stacksets"


def exported(kind: Format, wanted: Wanted, deployment: Deployment) -> dict[str, str]:
    """The texts of the files by their paths, the README among them.

    Raises InputError for a StackSet that would be larger than one stack may be.
    """
    match kind:
        case Format.TERRAFORM:
            return {**modules(deployment, wanted), "README.md": terraform_readme(deployment, wanted)}
        case Format.STACKSETS:
            return _stackset(wanted, deployment)
        case Format.CLOUDFORMATION:
            return _stacks(wanted, deployment)


def needs_code(deployment: Deployment) -> bool:
    """Whether the storyteller's code has to go with the files."""
    return any("AWS::Lambda::Function" in stack.body for stack in deployment.stacks)


def _stacks(wanted: Wanted, deployment: Deployment) -> dict[str, str]:
    files = {f"{stack.name}.json": _text(_with_code(stack.template)) for stack in deployment.stacks}
    return {**files, "README.md": cloudformation_readme(deployment, wanted)}


def _text(template: Mapping[str, object]) -> str:
    """For people to read where CloudFormation takes it so; compact where only that is short enough."""
    readable = json.dumps(template, indent=2, ensure_ascii=False) + "\n"
    return readable if len(readable.encode()) <= MAX_INLINE else _compact(template)


def _compact(template: Mapping[str, object]) -> str:
    return json.dumps(template, ensure_ascii=False, separators=(",", ":")) + "\n"


def _with_code(template: Mapping[str, object]) -> dict[str, object]:
    """The template with the place of the function's code as parameters, where it has a function."""
    resources = _resources(template)
    functions = {name: one for name, one in resources.items() if one.get("Type") == "AWS::Lambda::Function"}
    if not functions:
        return dict(template)
    changed: dict[str, object] = dict(resources)
    for name, one in functions.items():
        properties = one["Properties"]
        assert isinstance(properties, Mapping)
        code = {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "CodeKey"}}
        changed[name] = {**one, "Properties": {**properties, "Code": code}}
    return _assembled(template, _CODE_PARAMETERS, changed)


_CODE_PARAMETERS: Final[Mapping[str, object]] = {
    "CodeBucket": {"Type": "String", "Description": "The bucket, in this region, that storyteller.zip was put into"},
    "CodeKey": {"Type": "String", "Default": CODE, "Description": "Its key there"},
}


def _assembled(
    template: Mapping[str, object], parameters: Mapping[str, object], resources: Mapping[str, object]
) -> dict[str, object]:
    head = {name: one for name, one in template.items() if name not in ("Parameters", "Resources")}
    return {**head, "Parameters": dict(parameters), "Resources": dict(resources)}


def _resources(template: Mapping[str, object]) -> dict[str, dict[str, object]]:
    found = template["Resources"]
    assert isinstance(found, Mapping)
    return {name: dict(one) for name, one in found.items()}


def _stackset(wanted: Wanted, deployment: Deployment) -> dict[str, str]:
    home = replace(deployment, stacks=tuple(stack for stack in deployment.stacks if not stack.region))
    template = _one_template(wanted, home)
    body = _compact(template)
    count = len(_resources(template))
    if count > MAX_RESOURCES or len(body.encode()) > MAX_BODY:
        raise InputError(
            f"a StackSet has one template, and this one has {count} resources in {len(body.encode()):,} bytes: "
            f"CloudFormation takes {MAX_RESOURCES} in {MAX_BODY:,}",
            hint="choose fewer detections: `--min-severity medium`, `--only ID`, `--pack cis`",
        )
    values = {name: one.get("Default", "") for name, one in _parameters(template).items()}
    accounts = [{"account": wanted.account, "region": wanted.region, "parameters": values}]
    return {
        STACKSET: body,
        "accounts.json": json.dumps(accounts, indent=2, ensure_ascii=False) + "\n",
        **{name: _compact(stack.template) for name, stack in _forwarding(wanted, deployment)},
        "README.md": stackset_readme(deployment, wanted, tuple(_parameters(template)), needs_code(deployment)),
    }


def _forwarding(wanted: Wanted, deployment: Deployment) -> Iterator[tuple[str, Stack]]:
    """What forwards events, once: where the most can happen, which elsewhere does no harm."""
    regions = sorted({stack.region for stack in deployment.stacks if stack.region})
    if regions:
        chosen = global_region(wanted) if global_region(wanted) in regions else regions[0]
        there = [stack for stack in deployment.stacks if stack.region == chosen]
        yield from ((FORWARDING.format("" if n == 1 else f"-{n}"), stack) for n, stack in enumerate(there, 1))


def _parameters(template: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    found = template["Parameters"]
    assert isinstance(found, Mapping)
    return dict(found)


def _one_template(wanted: Wanted, deployment: Deployment) -> dict[str, object]:
    """All stacks in one, what stood before what kept, and what differs by account made into parameters."""
    resources: dict[str, dict[str, object]] = {}
    for stack in deployment.stacks:
        for name, one in _resources(_with_code(stack.template)).items():
            assert name not in resources, f"two stacks have a `{name}`"
            waits = {*_waits(one), *_before(deployment, stack.after, str(one["Type"]))}
            resources[name] = {**one, "DependsOn": sorted(waits)} if waits else one
    parameters: dict[str, object] = {
        "RetentionDays": {"Type": "Number", "Default": wanted.retention_days, "Description": "How long logs are kept"}
    }
    if needs_code(deployment):
        parameters |= _CODE_PARAMETERS
    for number, (parameter, endpoint) in enumerate(_endpoints(wanted), start=1):
        what = f"Who is told, {number}: {endpoint[0]}"
        parameters[parameter] = {"Type": "String", "Default": endpoint[1], "Description": what}
    named = {endpoint: parameter for parameter, endpoint in _endpoints(wanted)}
    for one in resources.values():
        _parametrized(one, named)
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Vedette {wanted.name}: the whole chain, for the accounts of an organization",
    }
    return _assembled(template, parameters, resources)


def _endpoints(wanted: Wanted) -> Iterator[tuple[str, tuple[str, str]]]:
    distinct = dict.fromkeys((one.protocol, one.endpoint) for one in wanted.subscriptions)
    for number, endpoint in enumerate(distinct, start=1):
        yield _ENDPOINT.format(number), endpoint


def _parametrized(resource: dict[str, object], named: Mapping[tuple[str, str], str]) -> None:
    properties = resource.get("Properties")
    if not isinstance(properties, Mapping):
        return
    match resource["Type"]:
        case "AWS::Logs::LogGroup":
            resource["Properties"] = {**properties, "RetentionInDays": {"Ref": "RetentionDays"}}
        case "AWS::SNS::Subscription":
            parameter = named[str(properties["Protocol"]), str(properties["Endpoint"])]
            resource["Properties"] = {**properties, "Endpoint": {"Ref": parameter}}


def _waits(resource: Mapping[str, object]) -> list[str]:
    waits = resource.get("DependsOn", [])
    return [waits] if isinstance(waits, str) else [str(one) for one in waits] if isinstance(waits, list) else []


def _before(deployment: Deployment, before: tuple[str, ...], kind: str) -> Iterator[str]:
    """What of earlier stacks must stand for a thing of that kind: what it names, and cannot refer to."""
    wanted = {*_FOUNDATIONS, *(("AWS::CloudWatch::Alarm",) if kind == "AWS::CloudWatch::CompositeAlarm" else ())}
    for stack in deployment.stacks:
        if stack.name in before:
            yield from (name for name, one in _resources(stack.template).items() if one["Type"] in wanted)


def write_files(files: Mapping[str, str], folder: Path, *, force: bool) -> Iterator[Path]:
    """Write each file, and yield its path. Files that are there are written over by force only."""
    there = [name for name in files if (folder / name).exists()]
    if there and not force:
        raise InputError(f"`{folder / there[0]}` is there already", hint="choose another folder, or say --force")
    for name, text in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        except OSError as error:
            raise unwritable(f"`{path}`", error) from None
        yield path
