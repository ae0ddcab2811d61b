"""The resources in what Terraform itself writes: `terraform show -json` of a plan or state, and state files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vedette.deploy.importing.found import Where
from vedette.deploy.importing.properties import KINDS, Resource


def shown(document: Mapping[str, object], source: str) -> Iterator[Resource]:
    """The resources of `terraform show -json` (a plan's or a state's), or of a state file, of every module."""
    values = document.get("planned_values") or document.get("values")
    if isinstance(values, Mapping):
        yield from _shown_module(values.get("root_module"), source)
    for resource in _mappings(document.get("resources")):
        for index, instance in enumerate(_mappings(resource.get("instances"))):
            name = f"{resource.get('type')}.{resource.get('name')}" + (f"[{index}]" if index else "")
            yield from _shown_one(resource, instance.get("attributes"), Where(source, name))


def _shown_module(module: object, source: str) -> Iterator[Resource]:
    left = [module]
    while left:
        one = left.pop(0)
        if isinstance(one, Mapping):
            for resource in _mappings(one.get("resources")):
                yield from _shown_one(resource, resource.get("values"), Where(source, str(resource.get("address"))))
            left.extend(_mappings(one.get("child_modules")))


def _shown_one(resource: Mapping[str, object], values: object, where: Where) -> Iterator[Resource]:
    type_ = str(resource.get("type"))
    if type_ in KINDS and isinstance(values, dict) and resource.get("mode", "managed") == "managed":
        yield Resource(type_, values, where)


def _mappings(value: object) -> Iterator[Mapping[str, object]]:
    return (one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else iter(())
