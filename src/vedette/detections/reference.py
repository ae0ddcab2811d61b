"""The reference pages that describe detection files and lint rules, made from the tables that the code works with."""

from __future__ import annotations

from collections.abc import Iterator

from vedette.detections.format import RECORD_DEFAULTS, SECTIONS, Section
from vedette.detections.lint.rules import RULES, LintRule

_NOTICE = "<!-- written from src/vedette/detections/reference.py: change the code, then `make docs` -->\n"
_FORMAT_INTRO = """\
# The detection file

One YAML file holds one detection, in UTF-8. Plain scalars mean what YAML 1.2 says, so `no`, `on` and dates are texts;
digits with a leading zero are texts too. Where a text is expected, the characters of the file are taken as they stand.
Anchors, aliases, tags and duplicate keys are errors, and so is every key that is not listed here.

A pattern or rule may be written over several lines: a line break, with the white space around it, counts as one space.
"""
_RECORD_INTRO = """\
## Records in tests

A record says what matters to the test. What it leaves out is filled in, unless the test's `without` names it; a field
written as `null` stays null. Numbers keep their spelling. `readOnly` and `managementEvent` are never filled in.

| field | filled in with |
|---|---|
"""
_LINT_INTRO = """\
# Lint rules

`vedette detections check` judges files that can be read by these rules. An error makes a detection silent or
undeployable; a warning makes it worse than it could be. A file that breaks a rule on purpose says so:

```yaml
allow:
  - rule: not-equals-absence
    reason: the exact form that Security Hub requires
```
"""


def format_page() -> str:
    """docs/reference/detection-file.md."""
    return "\n".join([_NOTICE, _FORMAT_INTRO, *(_section(section) for section in SECTIONS), _records()])


def _section(section: Section) -> str:
    title = section.name if section.name.startswith("tests") else f"`{section.name}`"
    heading = "The keys of a detection" if section.name == "detection" else title
    lines = [f"## {heading}", "", section.intro, "", "| key | type | default | meaning |", "|---|---|---|---|"]
    for key in section.keys:
        default = key.default or "**required**"
        lines.append(f"| `{key.name}` | {key.type} | {default} | {key.meaning} |")
    return "\n".join(lines) + "\n"


def _records() -> str:
    return _RECORD_INTRO + "\n".join(f"| `{name}` | `{text}` |" for name, text in RECORD_DEFAULTS.items()) + "\n"


def rules_page() -> str:
    """docs/reference/lint-rules.md."""
    table = [f"| [`{rule.id}`](#{rule.id}) | {rule.level.value} | {rule.says} |" for rule in RULES]
    head = [_NOTICE, _LINT_INTRO, "| rule | level | objects to |", "|---|---|---|", *table, ""]
    return "\n".join([*head, *_entries()])


def _entries() -> Iterator[str]:
    for rule in RULES:
        yield _entry(rule)


def _entry(rule: LintRule) -> str:
    says = rule.says[0].upper() + rule.says[1:]
    return f"## {rule.id}\n\n{says} ({rule.level.value}).\n\n{rule.why}\n\n*Instead:* {rule.instead}\n"
