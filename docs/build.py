"""Writes the reference pages that come from the code: `python docs/build.py`, or `--check` to compare only.

A page is a function from nothing to text; a stale page fails `make check`.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from vedette.cli import cli
from vedette.detections.definition import Derived, Detection
from vedette.detections.loader import load_builtin
from vedette.detections.reference import format_page, rules_page

HERE = Path(__file__).parent
NOTICE = "<!-- written by docs/build.py: change the code, then `make docs` -->\n\n"


def commands_page() -> str:
    """Every command's `--help`, as a terminal of 80 columns shows it."""
    parts = [NOTICE + "# Commands\n\nWhat `vedette --help` and its commands print.\n"]
    parts += [f"## `{path}`\n\n```\n{text}\n```\n" for path, text in _helps(cli, "vedette")]
    return "\n".join(parts)


def _helps(command: click.Command, path: str) -> Iterator[tuple[str, str]]:
    context = click.Context(command, info_name=path, max_content_width=80, terminal_width=80)
    yield path, command.get_help(context).rstrip()
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _helps(inner, f"{path} {name}")


def catalogue_page() -> str:
    """Every built-in detection: a table to find it, then what it asks, why, and what to do."""
    by_category: dict[str, list[Detection]] = defaultdict(list)
    for detection in load_builtin():
        by_category[detection.category].append(detection)
    total = sum(map(len, by_category.values()))
    parts = [NOTICE + f"# Built-in detections\n\n{total} detections in {len(by_category)} categories.\n"]
    for category, found in sorted(by_category.items()):
        parts.append(f"## {category}\n\n| detection | severity | what it sees |\n|---|---|---|")
        parts += [f"| [`{d.id}`](#{d.id}) | {d.severity.value} | {_cell(d.title)} |" for d in found]
        parts.append("")
        parts += [_entry(detection) for detection in found]
    return "\n".join(parts)


def _entry(d: Detection) -> str:
    asks = str(d.pattern) if d.pattern is not None else str(d.rule)
    groups = ", ".join("actor" if field is Derived.ACTOR else f"`{field}`" for field in d.group_by) or "nothing"
    lines = [f"### {d.id}", "", f"**{d.title}.** Severity {d.severity.value}; one alert for each {groups}."]
    lines += ["", d.description, "", f"*Why it matters.* {d.why}", "", "```", asks, "```", ""]
    if d.alarm is not None:
        a = d.alarm
        needed = a.datapoints_to_alarm or a.evaluation_periods
        lines.append(
            f"Alarm: {a.statistic} {a.comparison_operator.value} {a.threshold:g} in {needed} of "
            f"{a.evaluation_periods} periods of {a.period} s; missing data is {a.treat_missing_data.value}.\n"
        )
    lines += [f"*{title}*\n\n" + "\n".join(items) + "\n" for title, items in _lists(d) if items]
    for title, values in (("ATT&CK", d.attack), ("Compliance", d.compliance)):
        if values:
            lines += [f"{title}: {', '.join(values)}.", ""]
    return "\n".join(lines)


def _lists(d: Detection) -> Iterator[tuple[str, list[str]]]:
    yield "When it is harmless", [f"- {text}" for text in d.false_positives]
    yield "What to do", [f"{number}. {text}" for number, text in enumerate(d.respond, start=1)]
    yield "References", [f"- <{text}>" for text in d.references]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PAGES: dict[str, Callable[[], str]] = {
    "reference/commands.md": commands_page,
    "reference/detections.md": catalogue_page,
    "reference/detection-file.md": format_page,
    "reference/lint-rules.md": rules_page,
}


def main(arguments: list[str]) -> int:
    """Write every page, or with `--check` name the stale ones and answer 1."""
    stale = []
    for name, make in PAGES.items():
        path, text = HERE / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in arguments:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    if "--check" not in arguments:
        print(f"{len(PAGES)} pages, {len(stale)} rewritten")  # noqa: T201
        return 0
    for name in stale:
        print(f"docs/{name} is stale: run `make docs`", file=sys.stderr)  # noqa: T201
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
