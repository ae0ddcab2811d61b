"""Settings from a file and the environment, whole and checked, or every problem at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from vedette.errors import InputError, Problem, ProblemsError, reason_of
from vedette.settings.assembly import assemble, open_names
from vedette.settings.checks import check
from vedette.settings.model import Settings
from vedette.settings.places import find_settings
from vedette.settings.positions import TomlFaultError, parse_document
from vedette.settings.reading import Reader


def load_settings(given: str | None, environment: Mapping[str, str], directory: Path) -> Settings:
    """The settings that hold for a process started in `directory`; raises InputError or ProblemsError.

    `given` is the file of `--settings`. With no file and no variable there still are settings: a store and a mail
    folder in the user's own directories, and no source.
    """
    path = find_settings(given, environment, directory)
    if path is None:
        return parse_settings("", "settings", environment, directory)
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"`{path}` is not UTF-8: byte {error.start + 1}") from None
    except OSError as error:
        raise InputError(f"cannot read `{path}`: {reason_of(error)}") from None
    return replace(parse_settings(text, str(path), environment, path.resolve().parent), path=str(path))


def parse_settings(text: str, name: str, environment: Mapping[str, str], folder: Path) -> Settings:
    """Settings from a text; `folder` is where its relative paths start. Raises ProblemsError with every problem."""
    text = text.removeprefix("\N{BYTE ORDER MARK}")
    try:
        document = parse_document(text)
    except TomlFaultError as fault:
        raise ProblemsError([_fault(fault, name, text)]) from None
    reader = Reader(name, document, environment, folder)
    settings, tables = assemble(reader)
    check(tables, reader)
    reader.finish()
    assert settings is not None
    return settings


def _fault(fault: TomlFaultError, name: str, text: str) -> Problem:
    line = text.replace("\r\n", "\n").split("\n")[fault.line - 1]
    key, equals, _ = line.partition("=")
    if not line.lstrip().startswith("[") and key.strip() not in open_names():
        line = f"{key}= …" if equals else ""
    unquoted = str(fault).startswith(("invalid value", "expected newline"))
    hint = 'texts and durations stand in quotes: name = "5m"' if unquoted else None
    return Problem(name, fault.line, fault.column, str(fault), source_line=line, hint=hint)
