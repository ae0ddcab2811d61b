"""The kinds of value that settings have: how each is written, and what it becomes.

A kind refuses what it does not take in a sentence; where the value stands is the reader's business. No refusal shows
the text of a value that may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from vedette.errors import did_you_mean

T = TypeVar("T")

_DURATION = re.compile(r"(\d{1,9})\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class Refusal(ValueError):  # noqa: N818  # a value's fault, not the program's
    """A value that is not taken. `inside` leads to the part at fault; `note` stands beside the caret."""

    def __init__(
        self, message: str, *, hint: str | None = None, note: str | None = None, inside: tuple[str | int, ...] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.note = note
        self.inside = inside


@dataclass(frozen=True, slots=True)
class Where:
    """What a value's meaning may depend on: which setting it is, and the folder that relative paths start from."""

    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """`says` names the kind to people, with an example; `hidden` values are shown to nobody.

    `scalar` kinds can be given in an environment variable, whose text `from_text` turns into what TOML would hold.
    """

    says: str
    read: Callable[[object, Where], T]
    hidden: bool = False
    scalar: bool = True
    from_text: Callable[[str], object] = str
    write: Callable[[T], str] = str
    """A value as it is written in settings, without quotes."""


def expect(value: object, kind: type[T], says: str) -> T:
    """The value, if it is of that type; a flag is no number."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Refusal(f"not {says}")
    return value


def read_text(value: object, where: Where) -> str:
    """A text that says something."""
    text = expect(value, str, "a text in quotes")
    if not text.strip():
        raise Refusal("an empty text")
    return text


def _optional_text(value: object, where: Where) -> str:
    return expect(value, str, "a text in quotes")


TEXT: Kind[str] = Kind("text", read_text)
OPTIONAL_TEXT: Kind[str] = Kind("text", _optional_text)


def _flag_of(text: str) -> object:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text.lower(), text)


def _flag(value: object, where: Where) -> bool:
    return expect(value, bool, "`true` or `false`")


FLAG: Kind[bool] = Kind("`true` or `false`", _flag, from_text=_flag_of, write=lambda flag: str(flag).lower())


def number(least: int, most: int) -> Kind[int]:
    """A whole number between two, both included."""
    says = f"a whole number from {least} to {most}"

    def read(value: object, where: Where) -> int:
        found = expect(value, int, says)
        if not least <= found <= most:
            raise Refusal(f"not {says}")
        return found

    return Kind(says, read, from_text=lambda text: int(text) if re.fullmatch(r"-?\d{1,18}", text) else text)


def is_duration(text: str) -> bool:
    """Whether `seconds_of` takes it."""
    return text.strip() == "0" or _DURATION.fullmatch(text.strip()) is not None


def seconds_of(text: str) -> int:
    """The seconds in `90s`, `5m`, `24h`, `7d`, `2w`; 0 is `0s`, or `0` alone. Raises Refusal.

    >>> seconds_of("5m"), seconds_of("0")
    (300, 0)
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        if is_duration(text):
            return 0
        raise Refusal("not a duration", hint="a number and a unit: `90s`, `5m`, `24h`, `7d`, `2w`")
    return int(found[1]) * _SECONDS[found[2]]


def duration(least: int = 0, most: int = 3650 * 86_400) -> Kind[int]:
    """A span of time, in seconds."""

    def read(value: object, where: Where) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            raise Refusal("a duration without a unit", hint=f'write "{value}s", "5m", "24h", "7d" or "2w"')
        seconds = seconds_of(expect(value, str, "a duration such as `5m`"))
        if not least <= seconds <= most:
            raise Refusal(f"not between {print_seconds(least)} and {print_seconds(most)}")
        return seconds

    return Kind("duration, such as `5m`", read, write=print_seconds)


def print_seconds(seconds: int) -> str:
    """A duration as it is written in settings.

    >>> print_seconds(86400), print_seconds(90), print_seconds(0)
    ('1d', '90s', '0s')
    """
    fitting = (unit for unit, size in reversed(_SECONDS.items()) if seconds >= size and seconds % size == 0)
    unit = next(fitting, "s")
    return f"{seconds // _SECONDS[unit]}{unit}"


def choice(*values: str) -> Kind[str]:
    """One of a few words."""
    says = "one of " + ", ".join(f"`{value}`" for value in values)

    def read(value: object, where: Where) -> str:
        word = expect(value, str, says)
        if word not in values:
            raise Refusal(f"`{word}` is not {says}", note=did_you_mean(word, values))
        return word

    return Kind(says, read)


def matching(pattern: str, says: str, hint: str | None = None) -> Kind[str]:
    """A text of a certain form."""
    form = re.compile(pattern)

    def read(value: object, where: Where) -> str:
        if isinstance(value, int) and not isinstance(value, bool) and form.fullmatch(str(value)):
            raise Refusal(f"a number where {says} is due", hint=f'write it in quotes: "{value}"')
        text = expect(value, str, says)
        if not form.fullmatch(text):
            raise Refusal(f"`{text}` is not {says}" if len(text) < 80 else f"not {says}", hint=hint)
        return text

    return Kind(says, read)


def many(inner: Kind[T]) -> Kind[tuple[T, ...]]:
    """An array of values of one kind."""

    def read(value: object, where: Where) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise Refusal("not an array", hint='write ["…", "…"], also for a single one')
        return tuple(_within(inner, element, number, where) for number, element in enumerate(value))

    return Kind(f"array: {inner.says}", read, hidden=inner.hidden, scalar=False)


def table_of(inner: Kind[T]) -> Kind[Mapping[str, T]]:
    """A table whose keys are free, and whose values are of one kind."""

    def read(value: object, where: Where) -> Mapping[str, T]:
        if not isinstance(value, dict):
            raise Refusal("not a table")
        return {str(name): _within(inner, element, str(name), where) for name, element in value.items()}

    return Kind(f"table: {inner.says}", read, hidden=inner.hidden, scalar=False)


def _within(inner: Kind[T], value: object, name: str | int, where: Where) -> T:
    try:
        return inner.read(value, where)
    except Refusal as refusal:
        refusal.inside = (name, *refusal.inside)
        raise
