"""What the commands about the live monitor have in common: their options, and how they show times and people."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click

from vedette.app.control import Control, open_control
from vedette.cli import values
from vedette.cloudtrail.moment import print_time

F = TypeVar("F", bound=Callable[..., object])

SETTINGS = click.option("--settings", "given", metavar="FILE", help="Settings. [default: as for `vedette run`]")
NEVER = "never"


def form(*forms: str) -> Callable[[F], F]:
    """The option that says how to answer; the first form is the default."""
    return click.option("-o", "--output", "form", type=click.Choice(forms), default=forms[0], help="How to answer.")


@contextmanager
def opened(given: str | None) -> Iterator[Control]:
    """The settings and the store, now."""
    with open_control(given, values.now()) as control:
        yield control


def person(given: str | None) -> str:
    """Who does it: the name given, or the login name."""
    if given:
        return given
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return "unknown"


def minute(seconds: int | None) -> str:
    """`2026-11-21 10:07` in UTC; `never` for nothing."""
    return f"{print_time(seconds)[:16].replace('T', ' ')}" if seconds else NEVER


def second(seconds: int | None) -> str:
    """`2026-11-21 10:07:40` in UTC; `never` for nothing."""
    return f"{print_time(seconds)[:19].replace('T', ' ')}" if seconds else NEVER
