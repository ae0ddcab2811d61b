"""The pages on alarms and metrics tell the truth: their examples run, and their timelines happen."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from vedette.alarms import AlarmSpec, TreatMissingData
from vedette.alarms.script import parse_script, run

PAGES = Path(__file__).parents[2] / "docs" / "concepts"
ALARMS = (PAGES / "alarms.md").read_text(encoding="utf-8")
TIMELINES = re.findall(r"```text (period=.*)\n([^`]*)```", ALARMS)


@pytest.mark.parametrize("page", ["alarms.md", "metrics.md"])
def test_the_examples_run(page: str) -> None:
    text = (PAGES / page).read_text(encoding="utf-8")
    examples = "\n".join(re.findall(r"```pycon\n(.*?)```", text, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {}, page, page, 0)
    report: list[str] = []
    results = doctest.DocTestRunner(verbose=False).run(test, out=report.append)
    assert results.attempted >= 5
    assert not results.failed, "".join(report)


@pytest.mark.parametrize(("settings", "script"), TIMELINES)
def test_the_timelines_happen(settings: str, script: str) -> None:
    given = dict(setting.split("=") for setting in settings.split())
    spec = AlarmSpec(
        "page",
        threshold=float(given["threshold"]),
        period=int(given["period"]),
        evaluation_periods=int(given.get("N", "1")),
        datapoints_to_alarm=int(given["M"]) if "M" in given else None,
        treat_missing_data=TreatMissingData(given["treat"]),
    )
    outcome = run(spec, parse_script(script))
    assert outcome.holds, outcome.render()


def test_there_are_timelines() -> None:
    assert len(TIMELINES) >= 7
