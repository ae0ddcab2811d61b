"""Thousands of alerts are drawn in time that grows with their number, not with its square."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

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


def _alert(number: int, seen: Counter[str], severity: Severity) -> Alert:
    detection = next(each for each in load_paths([DETECTIONS]) if each.severity is severity)
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
