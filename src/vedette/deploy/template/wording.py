"""Texts of detections on their way into a template: what they must not set off there.

CloudFormation puts the value of a secret or a parameter in the place of `{{resolve:…}}`, in any property. Whoever
writes a detection file must not get at a secret so, by the description of an alarm that is mailed.
Source: CloudFormation user guide, "Get values stored in other services using dynamic references".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from vedette.deploy.template.values import Json
from vedette.errors import InputError, printable

_REFERENCE: Final = re.compile(r"\{(?=\{\s*resolve\s*:)", re.IGNORECASE)


def worded(text: str) -> str:
    """A text for people, on one line: with nothing that hides or steers, and no reference that would be resolved."""
    return _REFERENCE.sub("{ ", printable(" ".join(text.split())))


def refers(text: str) -> bool:
    """Whether CloudFormation would see a reference in it."""
    return _REFERENCE.search(text) is not None


def refuse_references(resources: Mapping[str, Json]) -> None:
    """Raises InputError for resources in which a reference is left: in a text that must stay to the letter."""
    for name, one in resources.items():
        found = next(filter(refers, _texts(one)), None)
        if found is not None:
            raise InputError(
                f"CloudFormation would put a secret in the place of `{{{{resolve:` in `{name}`",
                hint=f"write this otherwise: `{printable(found[:80])}`",
            )


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield key
            yield from _texts(part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from _texts(part)
