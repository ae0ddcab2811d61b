"""In which properties two states of a resource differ, in words. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """One property: its path (`Threshold`), and its value before and after, as text; None where there is none."""

    path: str
    before: str | None
    after: str | None


def differences(before: object, after: object, path: str = "") -> Iterator[Detail]:
    """The leaves in which two properties differ; tags are left out, and lists are compared as wholes."""
    if isinstance(before, Mapping) and isinstance(after, Mapping) and not (_function(before) or _function(after)):
        for name in sorted(before.keys() | after.keys()):
            if path or name != "Tags":
                yield from differences(before.get(name), after.get(name), f"{path}.{name}" if path else name)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, f"{path}.{number}")
    elif before != after:
        yield Detail(path, _shown(before), _shown(after))


def _shown(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value
    match value:
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"the {attribute} of {name}"
        case {"Ref": str(name)}:
            return name
        case {"Fn::Sub": str(template)}:
            return template
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _function(value: Mapping[object, object]) -> bool:
    """Whether a value of a template is one that CloudFormation works out."""
    name = next(iter(value), "")
    return len(value) == 1 and isinstance(name, str) and (name == "Ref" or name.startswith("Fn::"))
