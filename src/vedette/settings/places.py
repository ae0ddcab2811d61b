"""Where things are when nobody says where: the XDG base directories, and the settings file.

Source: "XDG Base Directory Specification": a variable that is unset, empty or relative counts as its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vedette.errors import InputError

FILE_NAME = "vedette.toml"
VARIABLE = "VEDETTE_SETTINGS"


def _directory(environment: Mapping[str, str], variable: str, default: str) -> Path:
    given = environment.get(variable, "")
    base = Path(given) if given.startswith("/") else Path(environment.get("HOME") or "~").expanduser() / default
    return base / "vedette"


def state_directory(environment: Mapping[str, str]) -> Path:
    """Where the store is kept: `$XDG_STATE_HOME/vedette`."""
    return _directory(environment, "XDG_STATE_HOME", ".local/state")


def data_directory(environment: Mapping[str, str]) -> Path:
    """Where the mail folder is kept: `$XDG_DATA_HOME/vedette`."""
    return _directory(environment, "XDG_DATA_HOME", ".local/share")


def default_file(environment: Mapping[str, str]) -> Path:
    """Where `vedette init` writes and every command looks last: `$XDG_CONFIG_HOME/vedette/vedette.toml`."""
    return _directory(environment, "XDG_CONFIG_HOME", ".config") / FILE_NAME


def find_settings(given: str | None, environment: Mapping[str, str], directory: Path) -> Path | None:
    """The settings file: the one given, `$VEDETTE_SETTINGS`, `./vedette.toml`, or that of `default_file`.

    The first two must exist (InputError); None where there is none of the others.
    """
    for path, origin in ((given, "--settings"), (environment.get(VARIABLE), f"${VARIABLE}")):
        if path:
            found = directory / Path(path).expanduser()
            if not found.is_file():
                what = "is a folder" if found.is_dir() else "does not exist"
                raise InputError(f"the settings file `{path}` of {origin} {what}", hint="`vedette init` writes one")
            return found
    return next((path for path in (directory / FILE_NAME, default_file(environment)) if path.is_file()), None)
