"""Writes the reference pages that come from the code: `python docs/build.py`, or `--check` to compare only.

A page is a function from nothing to text; a stale page fails `make check`.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from vedette.app import Report, ScanOptions, open_inputs, scan
from vedette.cli import cli, report
from vedette.cli.demo import DAY, RECORDS, SCENARIO
from vedette.deploy.reference import architecture_picture, permissions_page
from vedette.detections.definition import Derived, Detection
from vedette.detections.loader import load_builtin
from vedette.detections.reference import format_page, rules_page
from vedette.settings.page import settings_page
from vedette.simulate import write
from vedette.stores.reference import store_page

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
COLUMNS = 80
PICTURE_LINES = 44
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


def demo_picture() -> str:
    """The beginning of what `vedette demo` prints, drawn; no font is fetched from anywhere."""
    screen = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False)
    found = _demo()
    screen.print(Text("$ vedette demo", "bold green"))
    screen.print()
    lines = list(islice(report.table(found.alerts, COLUMNS), PICTURE_LINES))
    while lines[-1].plain:  # no entry is cut in two
        lines.pop()
    for line in lines:
        screen.print(line, soft_wrap=True)
    screen.print(Text("…", "dim"))
    for line in (report.summary(found.alerts), *report.tally(found, 0)):
        screen.print(line, soft_wrap=True)
    drawn = screen.export_svg(title="vedette demo", unique_id="demo")
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL) + "\n"


def readme_page() -> str:
    """README.md with the demo's first entry in its place."""
    text = README.read_text(encoding="utf-8")
    lines = [line.plain.rstrip() for line in islice(report.table(_demo().alerts, COLUMNS), PICTURE_LINES)]
    entry = "\n".join(lines[: lines.index("")])
    pattern = r"(<!-- demo: [^>]*-->\n).*?(<!-- /demo -->)"
    return re.sub(pattern, lambda found: f"{found[1]}```\n{entry}\n```\n{found[2]}", text, flags=re.DOTALL)


@cache
def _demo() -> Report:
    with tempfile.TemporaryDirectory() as directory:
        write(Path(directory), SCENARIO, day=DAY, records=RECORDS)
        with open_inputs([directory + "/AWSLogs"]) as objects:
            return scan(objects, load_builtin(tests=False), ScanOptions(DAY))


PAGES: dict[Path, Callable[[], str]] = {
    HERE / "reference/commands.md": commands_page,
    HERE / "reference/detections.md": catalogue_page,
    HERE / "reference/detection-file.md": format_page,
    HERE / "reference/lint-rules.md": rules_page,
    HERE / "reference/permissions.md": lambda: permissions_page(NOTICE),
    HERE / "reference/settings.md": settings_page,
    HERE / "reference/store.md": store_page,
    HERE / "images/demo.svg": demo_picture,
    HERE / "images/deploy.svg": architecture_picture,
    README: readme_page,
}


def main(arguments: list[str]) -> int:
    """Write every page, or with `--check` name the stale ones and answer 1."""
    check = "--check" in arguments
    stale = [(path, text) for path, make in PAGES.items() if _is_stale(path, text := make())]
    for path, text in stale:
        name = path.relative_to(README.parent)
        print(f"{name} is stale: run `make docs`" if check else f"wrote {name}", file=sys.stderr)  # noqa: T201
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


def _is_stale(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") != text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
