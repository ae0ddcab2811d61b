"""Start-up is a feature: what a command does not need, it does not import. No timings: they depend on the day."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from waiting import PATIENCE

HEAVY = [
    "rich",
    "msgspec",
    "re2",
    "yaml",
    "isal",
    "multiprocessing",
    "concurrent.futures",
    "vedette.app",
    "vedette.engine",
    "vedette.detections",
    "vedette.cloudtrail",
    "vedette.simulate",
]
PROBE = """
import json, sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from vedette.cli import invoke
code = invoke(sys.argv[1:])
sys.stdout.flush()
print(json.dumps([code, sorted(sys.modules), opened]), file=sys.stderr)
"""


def probe(*arguments: str) -> tuple[int, list[str], list[str]]:
    """The exit code, the modules that are loaded at the end, and the files that were opened."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    code, modules, opened = json.loads(done.stderr.splitlines()[-1])
    return code, modules, opened


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"], []])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    code, modules, _ = probe(*arguments)
    assert code == (0 if arguments else 2)
    assert set(HEAVY).isdisjoint(modules)


@pytest.mark.parametrize(
    "arguments", [["scan", "--help"], ["detections", "--help"], ["explain", "--help"], ["demo", "-h"], ["scan"]]
)
def test_help_of_a_command_reads_no_detections(arguments: list[str]) -> None:
    _, _, opened = probe(*arguments)
    assert opened
    assert [path for path in opened if path.endswith((".yaml", ".yml"))] == []


def test_a_pattern_is_tried_without_the_detections() -> None:
    """`pattern test` needs the patterns alone."""
    _, modules, _ = probe("pattern", "test", "--help")
    assert {"vedette.detections", "vedette.engine", "vedette.cloudtrail", "yaml"}.isdisjoint(modules)
