"""Which kind of file it is, by what is in it; and its resources. What is broken or too large is told with its place.

A folder stands for its Terraform files. Terraform files that are given together are read as one module.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from vedette.deploy.importing import hcl
from vedette.deploy.importing.cloudformation import TAGS, Template
from vedette.deploy.importing.found import Found, joined
from vedette.deploy.importing.lines import Lines
from vedette.deploy.importing.properties import found_in
from vedette.deploy.importing.terraform import Module
from vedette.deploy.importing.terraform_shown import shown
from vedette.detections.yaml import Mapping as Entries
from vedette.detections.yaml import Node, Place, Scalar, Text, YamlError, parse
from vedette.detections.yaml import Sequence as Items
from vedette.errors import InputError, Problem, ProblemsError, reason_of

MAX_BYTES = 20_000_000
"""A state of a large account; more is no file that people write or read."""

_TERRAFORM = (".tf", ".tfvars")
_WHERE = Place(1, 1, 0, 1)
_HINT = "a CloudFormation template, Terraform files, or the output of `terraform show -json`"


def read_files(paths: Sequence[Path]) -> Found:
    """Everything that the files hold; raises InputError, with all places where several are wrong."""
    files = [file for path in paths for file in _files(path)]
    terraform = [file for file in files if file.suffix in _TERRAFORM]
    parts = [_module(terraform)] if terraform else []
    return joined([*parts, *(_document(file) for file in files if file.suffix not in _TERRAFORM)])


def _files(path: Path) -> Iterable[Path]:
    if not path.is_dir():
        return (path,)
    found = sorted(file for file in path.iterdir() if file.suffix in _TERRAFORM and file.is_file())
    if not found:
        raise InputError(f"no Terraform file is in `{path}`", hint="name CloudFormation templates one by one")
    return found


def _text(path: Path) -> Text:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read `{path}`: {reason_of(error)}") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"`{path}` is larger than {MAX_BYTES // 1_000_000} MB", hint=f"expected {_HINT}")
    try:
        return Text.of(data.decode("utf-8"), str(path))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ProblemsError([Problem(str(path), line, 1, "not text in UTF-8", hint=f"expected {_HINT}")]) from None


def _module(files: Sequence[Path]) -> Found:
    problems: list[Problem] = []
    read = []
    for file in files:
        try:
            read.append((str(file), hcl.parse(_text(file))))
        except ProblemsError as error:
            problems += error.problems
    if problems:
        raise ProblemsError(problems)
    return found_in(", ".join(map(str, files)), Module(read).resources())


def _document(path: Path) -> Found:
    text = _text(path)
    root: Node
    if text.text.lstrip()[:1] == "{":
        document = _json(text)
        if "Resources" not in document:
            return _shown(document, text)
        root = _node(document, text, Lines(text.text), _WHERE)
    else:
        try:
            root = parse(text, TAGS)
        except YamlError as error:
            raise ProblemsError([error.problem]) from None
    if not isinstance(root, Entries) or not isinstance(root.get("Resources"), Entries):
        raise ProblemsError([text.problem(_WHERE, "nothing here is called `Resources`", hint=f"expected {_HINT}")])
    return found_in(text.path, Template(root, text).found())


def _shown(document: Mapping[str, object], text: Text) -> Found:
    known = {"values", "planned_values", "resources", "format_version", "terraform_version"}
    if not known & document.keys():
        message = "neither a CloudFormation template nor Terraform's JSON"
        raise ProblemsError([text.problem(_WHERE, message, hint=f"expected {_HINT}")])
    return found_in(text.path, shown(document, text.path))


def _json(text: Text) -> dict[str, object]:
    try:
        document = json.loads(text.text)
    except json.JSONDecodeError as error:
        place = Place(error.lineno, error.colno, error.pos, error.pos + 1)
        message = f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise ProblemsError([text.problem(place, message)]) from None
    except (RecursionError, ValueError):
        raise ProblemsError([text.problem(_WHERE, "JSON that is nested too deep, or holds an absurd number")]) from None
    return document if isinstance(document, dict) else {}


def _node(value: object, text: Text, lines: Lines, place: Place) -> Node:
    """JSON as the nodes that YAML is read into. The place of a resource is where its name first stands as a key."""
    if isinstance(value, dict):
        entries = ((key, _found(text, lines, key, place), item) for key, item in value.items())
        return Entries(place, tuple((Scalar(at, key, '"'), _node(item, text, lines, at)) for key, at, item in entries))
    if isinstance(value, list):
        return Items(place, tuple(_node(item, text, lines, place) for item in value))
    if isinstance(value, str):
        return Scalar(place, value, '"')
    return Scalar(place, json.dumps(value), "")


def _found(text: Text, lines: Lines, key: str, after: Place) -> Place:
    spelled = json.dumps(key, ensure_ascii=False)
    start = text.text.find(spelled, after.start)
    return after if start < 0 else lines.place(start, start + len(spelled))
