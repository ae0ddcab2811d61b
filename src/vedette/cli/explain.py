"""`vedette explain`: why a detection did, or did not, match a record, clause by clause with the value seen."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich.text import Text

from vedette.cli import output
from vedette.cli.loading import find, load, today
from vedette.cloudtrail.envelope import Kind, read_bodies, split
from vedette.cloudtrail.limits import Limits
from vedette.detections.definition import Detection
from vedette.detections.question import matcher, question
from vedette.errors import ExitCode, InputError, NothingToDoError, printable
from vedette.predicates.document import load_document
from vedette.predicates.explain import Explanation, explain


@click.command("explain")
@click.argument("detection_id", metavar="ID")
@click.argument("file")
@click.option("-d", "--detections", "paths", multiple=True, metavar="PATH", help="Detections of your own.")
@click.option("-o", "--output", "form", type=click.Choice(["text", "json"]), default="text", help="How to answer.")
def command(detection_id: str, file: str, paths: tuple[str, ...], form: str) -> int:
    """Say why detection ID matches, or does not match, the records of FILE (- for standard input).

    Exit code 0: at least one record matches; 1: none does.

    \b
    vedette explain root-login event.json
    """
    by_id = {detection.id: detection for detection in load(paths)}
    detection = find(by_id, detection_id)
    if detection.rule is not None:
        children = ", ".join(f"`{child}`" for child in detection.rule.children)
        raise InputError(
            f"`{detection.id}` is a composite of other alarms and asks no record: {detection.rule}",
            hint=f"explain one of {children}",
        )
    matched = total = 0
    for total, record in enumerate(_records(file), start=1):
        matched += _explain_one(detection, record, total, form)
    if not total:
        raise NothingToDoError(f"`{file}` holds no CloudTrail record")
    return ExitCode.DONE if matched else ExitCode.FINDINGS


def _records(file: str) -> Iterator[bytes]:
    limits = Limits()
    with sys.stdin.buffer if file == "-" else Path(file).open("rb") as stream:
        for body in read_bodies(stream, file, limits):
            if not hasattr(body, "kind"):
                output.print_error(f"{body.name}: {body.place}: {body.reason.value}: {body.detail}")
            elif body.kind not in (Kind.DIGEST, Kind.INSIGHT, Kind.CONTROL):
                for record in split(body, limits):
                    if isinstance(record, bytes):
                        yield record
                    else:
                        output.print_error(f"{record.name}: {record.place}: {record.reason.value}: {record.detail}")
