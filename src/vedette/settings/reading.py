"""From documents and variables to tables of settings, with every problem noted in its place.

A value that is wrong is noted and its default taken, so that one reading finds all problems. Lines that hold what may
be a secret are shown without it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import TypeVar

from vedette.errors import Problem, ProblemsError, did_you_mean
from vedette.settings.declare import Declaration, declarations
from vedette.settings.kinds import Refusal, Where
from vedette.settings.model import Origin
from vedette.settings.positions import Document, Mark, Path, Place

T = TypeVar("T")
PREFIX = "VEDETTE_"
_HIDDEN = "…"


def variable_of(*path: str | int) -> str:
    """The variable that sets a value.

    >>> variable_of("policy", "max_age")
    'VEDETTE_POLICY_MAX_AGE'
    """
    return PREFIX + "_".join(str(part).upper() for part in path)


@dataclass(slots=True)
class Reader:
    """One reading: what the file and the environment say, and what was wrong with it."""

    name: str
    document: Document
    environment: Mapping[str, str]
    folder: FilePath
    problems: list[Problem] = field(default_factory=list)
    origins: dict[Path, Origin] = field(default_factory=dict)
    variables: dict[str, bool] = field(default_factory=dict)
    """Those that the tables read so far may have; whether they are taken."""

    def table(self, shape: type[T], path: Path, *, besides: Collection[str] = ()) -> T | None:
        """The table at `path`, its declarations those of `shape`; None if something required is missing or wrong.

        `besides` are keys that stand in it and are read elsewhere. Single values of a table at the top may come from
        the environment, which goes before the file.
        """
        given = self._mapping(path)
        known = {one.name: one for one in declarations(shape)}
        for name in given:
            if name not in known and name not in besides:
                self._unknown((*path, name), name, {*known, *besides})
        fields: dict[str, object] = {}
        whole = True
        for one in known.values():
            found = self._setting(one, given, path)
            whole = whole and (found is not None or not one.is_required)
            if found is not None:
                fields[one.field] = found.value
        return shape(**fields) if whole else None

    def _mapping(self, path: Path) -> Mapping[str, object]:
        found: object = self.document.values
        for part in path:
            if isinstance(found, dict):
                found = found.get(part, {})
            elif isinstance(found, list) and isinstance(part, int):
                found = found[part]
        if not isinstance(found, dict):
            self.problem(path, f"`{path[-1]}` is not a table", hint=f"[{'.'.join(map(str, path))}]", hidden=True)
            return {}
        return found

    def _setting(self, one: Declaration, given: Mapping[str, object], path: Path) -> _Found | None:
        place = (*path, one.name)
        variable = variable_of(*place)
        if len(path) == 1:
            self.variables[variable] = one.kind.scalar
            if one.kind.scalar and variable in self.environment:
                return self._from_variable(one, variable, place)
        if one.name not in given:
            if one.is_required:
                self.problem(path, f"`{one.name}` is missing", note=one.meaning, hint=f"it takes a {one.kind.says}")
            return None
        self._note_origins(one, given[one.name], place)
        try:
            return _Found(one.kind.read(given[one.name], Where(one.name, self.folder)))
        except Refusal as refusal:
            self._refused(one, place, refusal)
            return None

    def _from_variable(self, one: Declaration, variable: str, place: Path) -> _Found | None:
        self.origins[place] = Origin(variable)
        try:
            text = one.kind.from_text(self.environment[variable])
            return _Found(one.kind.read(text, Where(one.name, FilePath.cwd())))
        except Refusal as refusal:
            shown = _HIDDEN if one.kind.hidden else self.environment[variable]
            self._variable_problem(variable, shown, f"`{variable}`: {refusal.message}", refusal.note, refusal.hint)
            return None

    def _variable_problem(self, variable: str, value: str, message: str, note: str | None, hint: str | None) -> None:
        line = f"{variable}={value}"
        start, length = (1, len(variable)) if value == _HIDDEN else (len(variable) + 2, max(1, len(value)))
        self.problems.append(
            Problem("environment", 1, start, message, source_line=line, length=length, note=note, hint=hint)
        )

    def _refused(self, one: Declaration, place: Path, refusal: Refusal) -> None:
        message = f"`{one.name}`: {refusal.message}" if f"`{one.name}`" not in refusal.message else refusal.message
        self.problem((*place, *refusal.inside), message, note=refusal.note, hint=refusal.hint, hidden=one.kind.hidden)

    def _unknown(self, path: Path, name: str, known: Collection[str]) -> None:
        note = did_you_mean(name, known)
        hint = None if note else "it takes " + ", ".join(f"`{one}`" for one in sorted(known))
        self.problem(path, f"unknown key `{name}`", note=note, hint=hint, at_key=True, hidden=True)

    def problem(
        self, path: Path, message: str, *, note: str | None = None, hint: str | None = None, at_key: bool = False,
        hidden: bool = False,
    ) -> None:  # fmt: skip
        """Note a problem with the value (or the key) at `path`, or with the nearest table around it that exists."""
        while path and path not in self.document.marks:
            path = path[:-1]
        mark = self.document.marks.get(path, Mark(Place(1, 1, 1), Place(1, 1, 1)))
        place = mark.key if at_key else mark.value
        line = self._line(mark, place, hidden)
        length = max(1, min(place.length, len(line) - place.column + 1))
        self.problems.append(
            Problem(self.name, place.line, place.column, message, source_line=line, length=length, note=note, hint=hint)
        )

    def _line(self, mark: Mark, place: Place, hidden: bool) -> str:
        line = self.document.lines[place.line - 1]
        if not hidden or mark.header:
            return line
        if mark.key.line != place.line or mark.key == mark.value:
            return ""
        return line[: mark.key.column - 1 + mark.key.length] + " = " + _HIDDEN

    def _note_origins(self, one: Declaration, value: object, place: Path) -> None:
        inner = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        for path in (place, *((*place, name) for name in inner)):
            mark = self.document.marks[path]
            shown = self._line(mark, mark.value, one.kind.hidden)
            self.origins[path] = Origin(self.name, mark.value.line, mark.value.column, mark.value.length, shown)

    def unknown_variables(self, tables: Collection[str]) -> None:
        """Note variables that look like settings and are none."""
        starts = tuple(variable_of(table) + "_" for table in tables)
        for name in self.environment:
            if name in self.variables and not self.variables[name]:
                message = f"`{name}` would hold several values"
                self._variable_problem(name, _HIDDEN, message, None, "a variable sets a single one; write a file")
            elif name.startswith(starts) and name not in self.variables:
                note = did_you_mean(name, [known for known, taken in self.variables.items() if taken])
                self._variable_problem(name, _HIDDEN, f"unknown variable `{name}`", note, None)

    def finish(self) -> None:
        """Raise ProblemsError if there was any problem."""
        if self.problems:
            raise ProblemsError(self.problems)


@dataclass(frozen=True, slots=True)
class _Found:
    value: object
