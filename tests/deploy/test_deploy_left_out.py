"""What a deployment was asked to leave out is not missing; rule: "a reader sees that it was left out on purpose"."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.samples import Shell
from vedette.cli.deploy_status import freshness_lines
from vedette.deploy.bundle import zipped
from vedette.deploy.freshness import Freshness
from vedette.deploy.narrowed import let_in, narrowing
from vedette.detections.definition import Severity
from vedette.detections.loader import load_builtin
from vedette.errors import ExitCode

BUILTIN = load_builtin(tests=False)
IDS = frozenset(one.id for one in BUILTIN)
COMPOSITE = next(one for one in BUILTIN if one.rule is not None)


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ({}, ()),
        ({"only": ["root-login"]}, ("--only",)),
        ({"only": ["root-login"], "min_severity": "high"}, ("--only",)),  # --only is asked first, as in `plan`
        ({"min_severity": "high", "builtin": False}, ("--min-severity high", "--no-builtin")),
        ({"pack": "cis"}, ("--pack cis",)),
        ({"only": "root-login", "min_severity": 3, "pack": "none", "builtin": "no"}, ()),  # somebody else wrote it
    ],
)
def test_the_options_that_leave_something_out(held: dict[str, object], told: tuple[str, ...]) -> None:
    assert narrowing(held) == told
    assert (let_in(held, BUILTIN, frozenset()) == IDS) is (told == ())


def test_what_the_options_let_in() -> None:
    assert COMPOSITE.rule is not None
    assert let_in({"only": [COMPOSITE.id, "of-old"]}, BUILTIN, frozenset()) == {COMPOSITE.id, *COMPOSITE.rule.children}
    severe = {one.id for one in BUILTIN if one.severity >= Severity.HIGH}
    found = let_in({"min_severity": "high"}, BUILTIN, frozenset())
    assert severe <= found < IDS
    assert let_in({"builtin": False}, BUILTIN, frozenset({"root-login"})) == {"root-login"}
    assert {one.category for one in BUILTIN if one.id in let_in({"pack": "cis"}, BUILTIN, frozenset())} == {"cis"}


def test_status_says_that_it_was_meant(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vedette.deploy.stacks.POLL_SECONDS", 0.01)
    (tmp_path / "code.zip").write_bytes(zipped({"handler.py": b""}))
    only = ("--only", "root-login", "--only", "trail-stopped")
    options = ("--email", "ops@example.com", *only, "--bundle", "code.zip", "--yes")
    assert shell("deploy", "apply", *options).code == ExitCode.DONE
    found: dict[str, Any] = json.loads(shell("deploy", "status", "-o", "json").out)["detections"]
    assert (found["changed"], found["not_deployed"], found["unknown"]) == ([], [], [])
    assert sorted([*found["left_out"], "root-login", "trail-stopped"]) == sorted(IDS)
    told = shell("deploy", "status")
    assert f"\nLeft out on purpose: {len(IDS) - 2} detections (--only)\n" in told.out
    assert "not deployed" not in told.out


def test_what_is_missing_is_told_apart_from_what_was_left_out() -> None:
    fresh = Freshness(("a",), ("b", "c", "d", "e", "f", "g"), ("h",), ("i",))
    told = [line.plain for line in freshness_lines(fresh, ("--pack cis", "--no-builtin"), 90)]
    assert told == [
        "Changed since they were deployed: 1 detection (a)",
        "Known here and not deployed: 6 detections (b, c, d, e, f and 1 more)",
        "Deployed and not known here: 1 detection (h)",
        "`vedette deploy plan` shows what the next `apply` would change",
        "Left out on purpose: 1 detection (--pack cis --no-builtin)",
        "",
    ]
    assert list(freshness_lines(Freshness((), (), ()), (), 90)) == []
