"""A deployment's stacks as Terraform modules in JSON: the same resources, the same names, the same texts.

Each stack becomes a module, so that one stands before another as stacks do; what stands in another region gets a
provider of that region. Account, region and partition are asked by
the root and handed down: a module that waits for another cannot ask without being planned anew each time.

It translates the types of resources that `template` makes and refuses any other. What exactly a property becomes is in
`terraform_types`. Source: the AWS provider's documentation; Terraform's "JSON Configuration Syntax".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vedette.alerts.words import joined
from vedette.deploy.deployment import Deployment, Stack
from vedette.deploy.terraform_types import ATTRIBUTES, TYPES, Made, Resolve, local_name
from vedette.deploy.wanted import Wanted
from vedette.errors import InputError

PROVIDER: Final = ">= 5.60, < 7.0"
TERRAFORM: Final = ">= 1.5"
CODE: Final = "storyteller.zip"

_PSEUDO: Final = {
    "AWS::AccountId": "${var.account}",
    "AWS::Region": "${var.region}",
    "AWS::Partition": "${var.partition}",
    "AWS::URLSuffix": "${var.dns_suffix}",
}
_VARIABLES: Final = ("account", "region", "partition", "dns_suffix")
_SUBSTITUTE = re.compile(r"\$\{(!?)([^}]*)\}")


def modules(deployment: Deployment, wanted: Wanted) -> dict[str, str]:
    """The files by their paths: `main.tf.json` and one `STACK/main.tf.json` for each stack."""
    files = {"main.tf.json": _text(_root(deployment, wanted))}
    for stack in deployment.stacks:
        files[f"{stack.name}/main.tf.json"] = _text(_module(stack))
    return files


def _text(document: Mapping[str, object]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _root(deployment: Deployment, wanted: Wanted) -> dict[str, object]:
    regions = sorted({stack.region for stack in deployment.stacks if stack.region})
    given = {
        "account": "${data.aws_caller_identity.here.account_id}",
        "region": "${data.aws_region.here.name}",
        "partition": "${data.aws_partition.here.partition}",
        "dns_suffix": "${data.aws_partition.here.dns_suffix}",
    }
    called: dict[str, object] = {}
    for stack in deployment.stacks:
        waits = {"depends_on": [f"module.{name}" for name in stack.after]} if stack.after else {}
        code = {"code": f"${{path.root}}/{CODE}"} if _has_code(stack) else {}
        there = {"providers": {"aws": f"aws.{_alias(stack.region)}"}, "region": stack.region} if stack.region else {}
        called[stack.name] = {"source": f"./{stack.name}", **given, **there, **code, **waits}
    return {
        "terraform": {
            "required_version": TERRAFORM,
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": PROVIDER}},
        },
        "variable": {"region": _region(wanted, regions)},
        "provider": {"aws": _providers(regions)},
        "data": {
            "aws_caller_identity": {"here": {}},
            "aws_region": {"here": {}},
            "aws_partition": {"here": {}},
        },
        "module": called,
    }


def _region(wanted: Wanted, regions: Sequence[str]) -> dict[str, object]:
    """The variable; fixed where rules in other regions send events to it."""
    found: dict[str, object] = {"type": "string", "default": wanted.region, "description": "Where it is deployed."}
    if regions:
        found["validation"] = {
            "condition": f'${{var.region == "{wanted.region}"}}',
            "error_message": f"The rules in {joined(regions)} send events to {wanted.region}: export anew for another.",
        }
    return found


def _providers(regions: Sequence[str]) -> object:
    home = {"region": "${var.region}"}
    return [home, *({"alias": _alias(one), "region": one} for one in regions)] if regions else home


def _alias(region: str) -> str:
    return region.replace("-", "_")


def _has_code(stack: Stack) -> bool:
    return any(kind == "AWS::Lambda::Function" for _, kind, _ in _resources(stack))


def _resources(stack: Stack) -> list[tuple[str, str, Mapping[str, object]]]:
    found = stack.template["Resources"]
    assert isinstance(found, Mapping)
    return [(name, str(one["Type"]), one) for name, one in found.items()]


def _module(stack: Stack) -> dict[str, object]:
    translation = Translation({name: kind for name, kind, _ in _resources(stack)})
    resources: dict[str, dict[str, object]] = {}
    for logical_id, kind, resource in _resources(stack):
        for made in translation.translate(logical_id, kind, resource):
            resources.setdefault(made.kind, {})[made.name] = made.body
    names = (*_VARIABLES, "code") if _has_code(stack) else _VARIABLES
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "variable": {name: {"type": "string"} for name in names},
        "resource": resources,
    }


@dataclass(frozen=True, slots=True)
class Translation:
    """The translation of one stack; `kinds` are the types of its resources by logical id."""

    kinds: Mapping[str, str]

    def translate(self, logical_id: str, kind: str, resource: Mapping[str, object]) -> list[Made]:
        """What one resource becomes: first the thing itself, then what Terraform has as things of their own."""
        made = _known(kind)(logical_id, _properties(resource), self.resolve)
        waits = resource.get("DependsOn", [])
        names = [waits] if isinstance(waits, str) else waits
        assert isinstance(names, list)
        if names:
            made[0].body["depends_on"] = [self._address(name) for name in names]
        if resource.get("DeletionPolicy"):
            # What CloudFormation would retain, Terraform refuses to destroy.
            made[0].body["lifecycle"] = {"prevent_destroy": True}
        return made

    def resolve(self, value: object) -> object:
        """A value with what CloudFormation would put in, as Terraform writes it."""
        match value:
            case str():
                return escaped(value)
            case {"Ref": str(name), **rest} if not rest:
                return _PSEUDO.get(name) or self._attribute(name, "")
            case {"Fn::GetAtt": [str(name), str(attribute)], **rest} if not rest:
                return self._attribute(name, attribute)
            case {"Fn::Sub": str(text), **rest} if not rest:
                return self._substituted(text)
            case Mapping():
                if any(key.startswith("Fn::") for key in value):
                    raise InputError(f"Terraform has no word for {', '.join(value)}")
                return {key: self.resolve(one) for key, one in value.items()}
            case list() | tuple():
                return [self.resolve(one) for one in value]
            case _:
                return value

    def _substituted(self, text: str) -> str:
        out, end = [], 0
        for found in _SUBSTITUTE.finditer(text):
            out.append(escaped(text[end : found.start()]))
            name, dot, attribute = found[2].partition(".")
            if found[1]:
                out.append(escaped(f"${{{found[2]}}}"))
            else:
                out.append(_PSEUDO.get(found[2]) or self._attribute(name, attribute if dot else ""))
            end = found.end()
        return "".join(out) + escaped(text[end:])

    def _attribute(self, name: str, attribute: str) -> str:
        kind = self.kinds.get(name)
        known = ATTRIBUTES.get((kind or "", attribute))
        if known is None:
            raise InputError(f"Terraform has no word for `{name}.{attribute}` of {kind}")
        return f"${{{self._address(name)}.{known}}}"

    def _address(self, name: str) -> str:
        return f"{_terraform_type(self.kinds[name])}.{local_name(name)}"


def escaped(text: str) -> str:
    """A text in which Terraform sees no template."""
    return text.replace("${", "$${").replace("%{", "%%{")


def _properties(resource: Mapping[str, object]) -> Mapping[str, object]:
    found = resource.get("Properties", {})
    assert isinstance(found, Mapping)
    return found


def _known(kind: str) -> Callable[[str, Mapping[str, object], Resolve], list[Made]]:
    if kind not in TYPES:
        raise InputError(f"Terraform export does not know {kind} yet", hint="export it as `cloudformation`")
    return TYPES[kind].translate


def _terraform_type(kind: str) -> str:
    return TYPES[kind].name
