"""Asks the built-in detections about the labelled records of other rule sets: docs/reference/labelled-tests.md.

`VEDETTE_UPDATE_GOLDEN=1 pytest tests/labelled` writes the page anew. Nothing of the records or of the rules
gets into it but the rules' ids, the names of the calls and the verdicts.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labelled.mapping import DIFFERS, RULES, Ours, Without
from vedette.detections.loader import load_builtin
from vedette.detections.question import question
from vedette.predicates.evaluate import evaluate

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("VEDETTE_SHARED", ROOT.parent / "shared"))
RECORDS = SHARED / "vectors" / "labelled-detection-tests.jsonl"
PAGE = ROOT / "docs" / "reference" / "labelled-tests.md"
TODAY = dt.date(2026, 11, 22)

SETS = {
    "panther-analysis": "Panther's detections",
    "streamalert": "Airbnb's StreamAlert",
    "fivexl-cloudtrail-to-slack": "FivexL's CloudTrail to Slack",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled record, the `number`-th of its rule: what the other set expects, and which of ours match."""

    rule_set: str
    rule: str
    number: int
    call: str
    expected: bool
    matching: frozenset[str]

    @property
    def ours(self) -> Ours:
        return RULES[self.rule]

    @property
    def found(self) -> bool:
        return not self.matching.isdisjoint(self.ours.ids)

    @property
    def agrees(self) -> bool:
        return self.found is self.expected


@dataclass(frozen=True, slots=True)
class Agreement:
    """How verdicts compare: told by both, by none, missed by ours, told by ours alone."""

    both: int
    neither: int
    missed: int
    alone: int

    @property
    def total(self) -> int:
        return self.both + self.neither + self.missed + self.alone

    @property
    def agreed(self) -> int:
        return self.both + self.neither


def rows() -> list[Row]:
    """Every labelled record, asked of every built-in detection."""
    questions = [(d.id, asked) for d in load_builtin() if (asked := question(d, TODAY)) is not None]
    numbers: Counter[str] = Counter()
    found = []
    for line in RECORDS.read_text(encoding="utf-8").splitlines():
        labelled = json.loads(line)
        rule, log = labelled["rule_id"], labelled["log"]
        numbers[rule] += 1
        matching = frozenset(name for name, asked in questions if evaluate(asked, log))
        call = str(log.get("eventName", "none"))
        found.append(Row(labelled["corpus"], rule, numbers[rule], call, labelled["expected"], matching))
    return found


def agreement(compared: list[Row]) -> Agreement:
    """The counts over rows whose rule has a counterpart."""
    seen = Counter((row.expected, row.found) for row in compared)
    return Agreement(seen[True, True], seen[False, False], seen[True, False], seen[False, True])


def compared(labelled: list[Row]) -> list[Row]:
    """The rows whose rule has a counterpart."""
    return [row for row in labelled if row.ours.ids]


def page(labelled: list[Row]) -> str:
    """The text of docs/reference/labelled-tests.md."""
    return "\n".join([*_head(labelled), *_by_rule(labelled), *_differences(labelled), *_without(labelled)]) + "\n"


def _head(labelled: list[Row]) -> Iterator[str]:
    total = agreement(compared(labelled))
    rules = {row.rule for row in labelled}
    with_ours = {row.rule for row in compared(labelled)}
    yield "<!-- written by tests/labelled/report.py from tests/labelled/mapping.py -->\n"
    yield "# The built-in detections and other rule sets\n"
    yield (
        "Other rule sets come with records and the verdict that they expect of them. We ask the built-in detections\n"
        "about the same records and compare. A label says what another rule set tells, not what is malicious.\n\n"
        "What is compared is the question of a detection. Thresholds are not: where a detection waits for several\n"
        "matches (`backups-deleted` waits for five), one matching record counts as told here, as it does with the\n"
        "thresholds of the other set. Records are numbered within their rule.\n"
    )
    yield (
        f"Of {len(rules)} rules with {len(labelled)} records, {len(with_ours)} rules with {total.total} records have\n"
        f"a counterpart here. Both say the same of {total.agreed} records ({total.agreed / total.total:.1%}): "
        f"{total.both} are told by both,\n{total.neither} by neither. {total.missed} are told by the other set alone, "
        f"{total.alone} by ours alone. Every difference has its reason\nbelow.\n"
    )
    yield "| rule set | records | compared | agreed | other set alone | ours alone |\n|---|---|---|---|---|---|"
    for name, title in SETS.items():
        of_set = [row for row in labelled if row.rule_set == name]
        one = agreement(compared(of_set))
        yield f"| {title} | {len(of_set)} | {one.total} | {one.agreed} | {one.missed} | {one.alone} |"
    yield ""


def _by_rule(labelled: list[Row]) -> Iterator[str]:
    yield "## Rule by rule\n"
    yield "| rule | ours | records | agreed | other set alone | ours alone |\n|---|---|---|---|---|---|"
    for rule in dict.fromkeys(row.rule for row in compared(labelled)):
        one = agreement([row for row in labelled if row.rule == rule])
        ours = ", ".join(f"[`{name}`](detections.md#{name})" for name in RULES[rule].ids)
        yield f"| {rule} | {ours} | {one.total} | {one.agreed} | {one.missed or ''} | {one.alone or ''} |"
    yield ""


def _differences(labelled: list[Row]) -> Iterator[str]:
    yield "## Where they differ, and why\n"
    yield "| rule | record | call | told by | why |\n|---|---|---|---|---|"
    for row in compared(labelled):
        if not row.agrees:
            teller = "the other set" if row.expected else "ours"
            yield f"| {row.rule} | {row.number} | `{row.call}` | {teller} | {DIFFERS[row.rule, row.number]} |"
    yield ""


def _without(labelled: list[Row]) -> Iterator[str]:
    yield "## Rules without a counterpart\n"
    yield "| rule | why |\n|---|---|"
    present = dict.fromkeys(row.rule for row in labelled)
    for why in Without:
        yield from (f"| {rule} | {why.value} |" for rule in present if RULES[rule].without is why)
