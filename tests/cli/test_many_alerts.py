"""Thousands of alerts: drawn in time that grows with their number, and in a table that somebody can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from cli.samples import DETECTIONS
from vedette.alarms import State, Transition
from vedette.alarms.state import Told
from vedette.alerts.alert import Alert
from vedette.alerts.evidence import Counts, Evidence, Sighting
from vedette.cli import report
from vedette.cloudtrail.identity import Actor, ActorKind
from vedette.detections.definition import Severity
from vedette.detections.loader import load_paths


class _Watched(Mapping[str, int]):
    """Counts how often each of its kind is gone through."""

    def __init__(self, values: Mapping[str, int], seen: Counter[str], kind: str) -> None:
        self._values, self._seen, self._kind = values, seen, kind

    def __getitem__(self, key: str) -> int:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        self._seen[self._kind] += 1
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


KNOWN = load_paths([DETECTIONS])


def _alert(number: int, seen: Counter[str], severity: Severity, name: str = "") -> Alert:
    detection = next(each for each in KNOWN if each.severity is severity)
    if name:
        detection = replace(detection, id=name, title=name)
    actor = Actor(ActorKind.IAM_USER, f"user-{number}", f"user-{number}")
    sighting = Sighting(
        1_795_000_000 + 60 * number, f"id-{number}", "object", 1, number, actor, "198.51.100.7", "us-east-1",
        f"{number:012}", "iam.amazonaws.com", "CreateUser", "agent", "", (),
    )  # fmt: skip
    evidence = Evidence.of([sighting])
    kinds = ("actors", "addresses", "regions", "accounts", "event_names", "errors", "user_agents", "resources")
    for kind in kinds:
        counts: Counts = getattr(evidence, kind)
        object.__setattr__(evidence, kind, Counts(_Watched(counts.values, seen, kind), counts.complete))
    entered = Transition(State.OK, State.ALARM, sighting.time + 60, Told("Threshold Crossed"))
    return Alert(detection, (actor.key,), entered, None, evidence)


def _readings(count: int, severity: Severity) -> Counter[str]:
    seen: Counter[str] = Counter()
    alerts = [_alert(number, seen, severity) for number in range(count)]
    assert list(report.table(alerts, 80))
    return seen


@pytest.mark.parametrize("severity", [Severity.HIGH, Severity.LOW])
def test_twice_the_alerts_are_read_twice_as_often(severity: Severity) -> None:
    """What each alert shows is gone through a fixed number of times, however many others there are."""
    once, twice = _readings(20, severity), _readings(40, severity)
    assert once
    assert all(twice[kind] <= 2 * once[kind] for kind in twice)


def _named(*wanted: tuple[int, Severity, str]) -> list[Alert]:
    every = [each for each in wanted for _ in range(each[0])]
    made = [_alert(number, Counter(), severity, name) for number, (_, severity, name) in enumerate(every)]
    return sorted(made, key=lambda alert: alert.order)


def _rows(alerts: list[Alert], *, every: bool = False) -> dict[str, list[str]]:
    """The rows of the table, by what they say, under the headings that they stand under."""
    found: dict[str, list[str]] = {}
    for line in report.table(alerts, 80, every=every):
        text = line.plain
        if text.split(" ")[0] in {"SEVERITY", "MORE", "LOWER"}:
            heading = found.setdefault(text.split(" ")[0], [])
        elif text and not text.startswith(" "):
            heading.append(" ".join(text.split()))
    return found


def test_more_than_anybody_reads_is_summed_up_by_detection() -> None:
    """Rule: 'The most severe have the room that they need'; each detection has one at least."""
    alerts = _named(
        (60, Severity.CRITICAL, "worst"),
        (200, Severity.HIGH, "noisy"),
        (2, Severity.HIGH, "rare"),
        (5, Severity.MEDIUM, "mild"),
        (7, Severity.LOW, "quiet"),
    )
    rows = _rows(alerts)
    shown = Counter(row.split(" ")[1] for row in rows["SEVERITY"])
    assert shown == {"worst": 60, "noisy": 38, "rare": 2, "mild": 1}
    assert rows["MORE"] == [
        "HIGH noisy 162 actors 162",
        "MEDIUM mild 4 actors 4",
        "166 more in these lines: `--all` shows each",
    ]
    assert rows["LOWER"] == ["LOW quiet 7 actors 7"]
    whole = _rows(alerts, every=True)
    assert Counter(row.split(" ")[1] for row in whole["SEVERITY"]) == {"worst": 60, "noisy": 200, "rare": 2, "mild": 5}
    assert "MORE" not in whole


def test_a_table_that_can_be_read_is_shown_as_it_is() -> None:
    """Exactly as many as there is room for."""
    rows = _rows(_named((report.MOST_ENTRIES - 1, Severity.CRITICAL, "worst"), (1, Severity.MEDIUM, "mild")))
    assert len(rows["SEVERITY"]) == report.MOST_ENTRIES
    assert "MORE" not in rows


def test_each_detection_is_there_however_many_the_worse_ones_are() -> None:
    """No room is left, and one entry of each is shown all the same."""
    rows = _rows(_named((130, Severity.CRITICAL, "worst"), (3, Severity.HIGH, "other"), (1, Severity.MEDIUM, "mild")))
    assert Counter(row.split(" ")[1] for row in rows["SEVERITY"]) == {"worst": 100, "other": 1, "mild": 1}
    assert rows["MORE"][:2] == ["CRITICAL worst 30 actors 30", "HIGH other 2 actors 2"]
