"""How a setting is declared: once, as a field of its table, with its kind, default and meaning.

The reader, the reference page and the names of environment variables all come from these declarations.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar, cast, overload

from vedette.settings.kinds import Kind

T = TypeVar("T")

_KEY = "vedette setting"
_REQUIRED = "**required**"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One setting. `name` is its key in TOML, `field` the attribute; `shown` is the default as the page writes it."""

    name: str
    field: str
    kind: Kind[object]
    meaning: str
    shown: str

    @property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return self.shown == _REQUIRED


@overload
def setting(kind: Kind[T], meaning: str, default: T, *, shown: str | None = None) -> T: ...
@overload
def setting(kind: Kind[T], meaning: str, default: None, *, shown: str | None = None) -> T | None: ...
def setting(kind: Kind[T], meaning: str, default: T | None, *, shown: str | None = None) -> T | None:
    """A field of a settings table with a default; `shown` is how the page writes that, where it needs words."""
    if shown is None:
        shown = "" if default is None or default in ("", (), {}) else f"`{kind.write(default)}`"
    metadata = {_KEY: (kind, meaning, shown)}
    if default == {}:
        return cast(T, dataclasses.field(default_factory=dict, metadata=metadata))
    return cast(T, dataclasses.field(default=default, metadata=metadata))


def required(kind: Kind[T], meaning: str) -> T:
    """A field of a settings table that has no default."""
    return cast(T, dataclasses.field(metadata={_KEY: (kind, meaning, _REQUIRED)}))


def declarations(table: type[object]) -> Iterator[Declaration]:
    """The settings of a table, in their order. A field called `from_` is the key `from`."""
    assert dataclasses.is_dataclass(table)
    for one in dataclasses.fields(table):
        if _KEY in one.metadata:
            kind, meaning, shown = one.metadata[_KEY]
            yield Declaration(one.name.rstrip("_"), one.name, kind, meaning, shown)
