"""Detection files to detections: all problems of all files at once, each with its line, column and a suggestion.

The loader decides whether a file can be used; whether it is wise is for `lint`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from vedette.detections.definition import Detection
from vedette.detections.fields import Report
from vedette.detections.reading import read_detection
from vedette.detections.yaml import Mapping, Place, Scalar, Text, YamlError, parse
from vedette.errors import Problem, ProblemsError, did_you_mean, reason_of

SUFFIXES = (".yaml", ".yml")
_TESTS_AT_END = re.compile(r"^tests:[^\n]*\n(?:(?:[ #-][^\n]*)?\n)*+\Z", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What could be read, and what is wrong with the rest."""

    detections: tuple[Detection, ...]
    problems: tuple[Problem, ...]

    def or_raise(self) -> tuple[Detection, ...]:
        """The detections; raises ProblemsError with every problem if there is one."""
        if self.problems:
            raise ProblemsError(self.problems)
        return self.detections


def load_text(text: str, path: str = "<text>") -> Detection:
    """The detection in a YAML text; raises ProblemsError with everything that is wrong with it."""
    return _read(Text.of(text, path)).or_raise()[0]


def load_file(path: Path) -> Detection:
    """The detection in a file of UTF-8 YAML; raises ProblemsError, also for a file that cannot be read."""
    return _read_file(path, str(path)).or_raise()[0]


def load_paths(paths: Iterable[Path], known: Collection[str] = ()) -> tuple[Detection, ...]:
    """The detections of files and folders (searched through), ordered by path; raises ProblemsError.

    `known` are ids of detections loaded elsewhere, that composite rules may name.
    """
    return read_paths(paths, known).or_raise()


def read_paths(paths: Iterable[Path], known: Collection[str] = ()) -> Loaded:
    """As `load_paths`, but answers what could be read beside the problems of the rest. A file named twice is one."""
    files: dict[str, Path] = {}
    closed: list[Loaded] = []
    for path in paths:
        for file in _files_in(path, closed):
            files.setdefault(os.path.realpath(file), file)
    return _together([*(_read_file(file, str(file)) for file in files.values()), *closed], known)


def load_builtin(*, tests: bool = True) -> tuple[Detection, ...]:
    """The detections that come with Vedette, ordered by category and id.

    Without `tests` their tests are left unread, which takes half the time: a scan has no use for them.
    """
    library = files("vedette.detections") / "library"
    parts = [
        _read_built_in(file, category.name, tests)
        for category in sorted(library.iterdir(), key=lambda entry: entry.name)
        if category.is_dir()
        for file in sorted(category.iterdir(), key=lambda entry: entry.name)
        if file.name.endswith(SUFFIXES)
    ]
    return _together(parts, ()).or_raise()


def _read_built_in(file: Traversable, category: str, tests: bool) -> Loaded:
    loaded = _read_file(file, f"library/{category}/{file.name}", tests)
    problems = [problem for detection in loaded.detections for problem in _misfiled(detection, file.name, category)]
    return Loaded(loaded.detections, (*loaded.problems, *problems))


def _misfiled(detection: Detection, name: str, category: str) -> Iterator[Problem]:
    for key, value, wanted in (
        ("category", detection.category, category),
        ("id", detection.id, name.rpartition(".")[0]),
    ):
        if value != wanted:
            yield _at_key(detection, key, f"`{key}` of a built-in detection is what its file says: `{wanted}`")


def _files_in(path: Path, closed: list[Loaded]) -> list[Path]:
    """The file, or those in the folder; folders in it that cannot be looked into join `closed`."""
    if not path.is_dir():
        return [path]
    walk = os.walk(path, onerror=lambda error: closed.append(_refused(str(error.filename), error)))
    found = (Path(folder, name) for folder, _, names in walk for name in names if name.endswith(SUFFIXES))
    return sorted(file for file in found if file.is_file() or _leads_nowhere(file))


def _leads_nowhere(file: Path) -> bool:
    """Whether it is a link to what is not there: a detection that somebody counts on, if it is not an editor's mark."""
    return file.is_symlink() and not file.exists() and not file.name.startswith(".")


def _read_file(file: Path | Traversable, name: str, tests: bool = True) -> Loaded:
    try:
        data = file.read_bytes()
    except OSError as error:
        return _refused(name, error)
    try:
        return _read(Text.of(data.decode("utf-8"), name), tests)
    except UnicodeDecodeError as error:
        text = Text.of(data[: error.start].decode("utf-8"), name)
        place = text.place(len(text.text), len(text.text) + 1)
        message = f"not UTF-8: the byte 0x{data[error.start]:02x}"
        return Loaded((), (text.problem(place, message, hint="save the file as UTF-8"),))


def _refused(name: str, error: OSError) -> Loaded:
    hint = "give a detection file, or a folder of them"
    return Loaded((), (Problem(name, 1, 1, f"cannot be read: {reason_of(error)}", hint=hint),))


def _read(text: Text, tests: bool = True) -> Loaded:
    try:
        root = parse(text if tests else _without_tests(text))
    except YamlError as error:
        return Loaded((), (error.problem,))
    if not isinstance(root, Mapping):
        message = f"a detection is a mapping of keys to values, not {root.kind}"
        return Loaded((), (text.problem(root.place, message),))
    report = Report(text)
    detection = read_detection(report, root)
    return Loaded((), tuple(report.problems)) if report.problems else Loaded((detection,), ())


def _without_tests(text: Text) -> Text:
    """The text up to its `tests`, where those stand last, as they do by custom; places in it stay true."""
    found = _TESTS_AT_END.search(text.text)
    return Text.of(text.text[: found.start()], text.path) if found else text


def _together(parts: Iterable[Loaded], known: Collection[str]) -> Loaded:
    """The parts as one, with the problems that only show between files."""
    loaded = list(parts)
    detections = [detection for part in loaded for detection in part.detections]
    problems = [problem for part in loaded for problem in part.problems]
    problems += _duplicates(detections)
    if not problems:  # a file that cannot be read would make rules over it look wrong
        problems += _unknown_children(detections, known)
        problems += _cycles(detections)
    bad = {problem.path for problem in problems}
    return Loaded(tuple(d for d in detections if d.path not in bad), tuple(problems))


def _duplicates(detections: Iterable[Detection]) -> Iterator[Problem]:
    first: dict[str, Detection] = {}
    for detection in detections:
        earlier = first.setdefault(detection.id, detection)
        if earlier is not detection:
            yield _at_key(detection, "id", f"duplicate id `{detection.id}`", note=f"also in {earlier.path}")


def _unknown_children(detections: Collection[Detection], known: Collection[str]) -> Iterator[Problem]:
    ids = {detection.id for detection in detections} | set(known)
    for detection in detections:
        for child in detection.rule.children if detection.rule is not None else ():
            if child not in ids:
                message = f"the rule names a detection that is not there: `{child}`"
                yield _at_key(detection, "rule", message, note=did_you_mean(child, ids))


def _cycles(detections: Collection[Detection]) -> Iterator[Problem]:
    """CloudWatch stops evaluating composite alarms that lead back to themselves."""
    children = {d.id: d.rule.children for d in detections if d.rule is not None}
    for detection in detections:
        reached: set[str] = set()
        ahead = list(children.get(detection.id, ()))
        while ahead:
            name = ahead.pop()
            if name not in reached:
                reached.add(name)
                ahead.extend(children.get(name, ()))
        if detection.id in reached:
            yield _at_key(detection, "rule", f"the rule leads back to `{detection.id}` itself")


def _at_key(detection: Detection, key: str, message: str, *, note: str | None = None) -> Problem:
    """A problem at the value of a top-level key of a file that was read before."""
    text = Text.of(detection.source, detection.path)
    root = parse(text)
    node = root.get(key) if isinstance(root, Mapping) else None
    place = Place(1, 1, 0, 1) if node is None else node.place
    if isinstance(node, Scalar) and node.style in ("|", ">"):
        place = Place(place.line, place.column, place.start, place.start + 1)
    return text.problem(place, message, note=note)
