"""`vedette explain`: why a detection did, or did not, match a record, clause by clause with the value seen."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
from rich.text import Text

from vedette.cli import output
from vedette.cli.inputs import SHOWN_FAULTS, opened
from vedette.cli.loading import find, load, today
from vedette.cloudtrail.envelope import Malformed, read_bodies, split
from vedette.detections.definition import Detection
from vedette.detections.question import matcher, question
from vedette.errors import ExitCode, InputError, NothingToDoError, printable
from vedette.predicates.document import load_document
from vedette.predicates.explain import Explanation, explain

_SHOWN_PARTS = 6
_FORMS = ["text", "json", "ndjson"]


@click.command("explain")
@click.argument("detection_id", metavar="ID")
@click.argument("file")
@click.option("-d", "--detections", "paths", multiple=True, metavar="PATH", help="Detections of your own, too.")
@click.option("-a", "--all", "everything", is_flag=True, help="Show every clause, however many there are.")
@click.option("-o", "--output", "form", type=click.Choice(_FORMS), default="text", help="How to answer.")
def command(detection_id: str, file: str, paths: tuple[str, ...], everything: bool, form: str) -> int:
    """Say why detection ID matches, or does not match, the records of FILE (- for standard input).

    Exit code 0: at least one record matches; 1: none does; 3: there is no record in FILE.

    \b
    vedette explain root-login event.json
    """
    detection = find({detection.id: detection for detection in load(paths)}, detection_id)
    if detection.rule is not None:
        children = ", ".join(f"`{child}`" for child in detection.rule.children)
        raise InputError(
            f"`{detection.id}` is a composite of other alarms and asks no record: {detection.rule}",
            hint=f"explain one of {children}",
        )
    matched = total = 0
    for total, (number, record) in enumerate(_records(file), start=1):
        document = load_document(record)
        told = _told(detection, record, document)
        matched += told.holds
        if form == "text":
            _write(told, f"record {number}{_title(document)}: {detection.id} ", everything)
        else:
            between = "" if form == "ndjson" else "[" if total == 1 else ","
            name = document.get("eventName") if document is not None else None
            output.write_raw(between + json.dumps({"record": number, "eventName": name, **_document(told)}))
    if not total:
        raise NothingToDoError(
            f"no CloudTrail record in `{file}`",
            hint="give a record as JSON, alone or as CloudTrail, EventBridge or CloudWatch Logs wrap it",
        )
    if form == "json":
        output.write_raw("]")
    elif form == "text":
        output.say(f"{matched:,} of {output.count(total, 'record')} {output.match(total)} {detection.id}", style="dim")
    return ExitCode.DONE if matched else ExitCode.FINDINGS


def _records(file: str) -> Iterator[tuple[int, bytes]]:
    """The records and their numbers, in which what stands in the place of a record and is none counts as well."""
    number = faults = 0
    with opened(file) as stream:
        for body in read_bodies(stream, file):
            for record in (body,) if isinstance(body, Malformed) else split(body):
                number += record is not body
                if isinstance(record, bytes):
                    yield number, record
                    continue
                faults += 1
                if faults <= SHOWN_FAULTS:
                    output.say(str(record), style="yellow")
    if faults > SHOWN_FAULTS:
        output.say(f"… and {faults - SHOWN_FAULTS:,} more that could not be read", style="yellow")


def _told(detection: Detection, record: bytes, document: dict[str, object] | None) -> Explanation:
    asked = question(detection, today())
    if asked is not None and document is not None:
        return explain(asked, document)
    held = matcher(detection, today())(record.decode("utf-8", "replace"))
    return Explanation(str(detection.pattern), held, "the record as text " + ("matches" if held else "differs"))


def _write(told: Explanation, heading: str, everything: bool) -> None:
    verdict = Text("matches", "bold green") if told.holds else Text("does not match", "bold red")
    output.write(Text.assemble(heading, verdict))
    for line in _lines(told, 0, everything):
        output.write(line)
    output.write("")


def _title(document: dict[str, object] | None) -> str:
    known = [document.get(key) for key in ("eventName", "eventTime")] if document is not None else []
    texts = [printable(text)[:80] for text in known if isinstance(text, str)]
    return f" ({', '.join(texts)})" if texts else ""


def _document(told: Explanation) -> dict[str, object]:
    return {
        "clause": told.condition,
        "holds": told.holds,
        "why": told.why,
        "seen": list(told.seen),
        "parts": [_document(part) for part in told.parts],
    }


def _lines(told: Explanation, depth: int, everything: bool) -> Iterator[Text]:
    mark = Text("✓ ", "green") if told.holds else Text("✗ ", "red")
    indent = "  " * (depth + 1)
    if told.parts:
        yield Text.assemble(indent, mark, (told.why, "dim"))
    else:
        yield Text.assemble(indent, mark, printable(told.condition))
        for line in output.fold(_why(told), output.width(), first=f"{indent}    ", rest=f"{indent}    ", most=4):
            yield Text(line, "dim")
    shown = _decisive(told, everything)
    for part in shown:
        yield from _lines(part, depth + 1, everything)
    if rest := len(told.parts) - len(shown):
        held = sum(part.holds for part in told.parts) - sum(part.holds for part in shown)
        kind = "that hold" if held == rest else "that do not hold" if not held else "more"
        yield Text(f"{indent}  … {rest} {kind} (`--all` shows them)", "dim")


def _why(told: Explanation) -> str:
    """The reason, with the first values seen where it does not name them."""
    seen = [value for value in told.seen if value not in told.why]
    return f"{told.why}: {', '.join(seen[:_SHOWN_PARTS])}" if seen else told.why


def _decisive(told: Explanation, everything: bool) -> tuple[Explanation, ...]:
    """The parts that decide: those with the verdict of the whole first; of many only the first few."""
    if everything or len(told.parts) <= _SHOWN_PARTS:
        return told.parts
    same = tuple(part for part in told.parts if part.holds is told.holds)
    return same[:_SHOWN_PARTS]
