"""Detections, sightings, courses and alerts made for the tests, each in a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vedette.alarms import AlarmSpec, State, Transition, TreatMissingData
from vedette.alarms.composite import Rule
from vedette.alarms.state import Told
from vedette.alerts.alert import Alert
from vedette.alerts.assembly import Course
from vedette.alerts.evidence import Evidence, Sighting
from vedette.cloudtrail.identity import Actor, ActorKind
from vedette.detections.definition import Derived, Detection, Severity
from vedette.metrics.series import Series

NOON = 1_795_255_200
"""2026-11-21T10:00:00Z"""

ALICE = Actor(
    ActorKind.IAM_USER,
    "alice",
    "111122223333/user/alice",
    account="111122223333",
    arn="arn:aws:iam::111122223333:user/alice",
    access_key_id="AKIAIOSFODNN7EXAMPLE",
)
NOBODY = Actor(ActorKind.UNKNOWN, "unknown", "unknown")


def actor(name: str) -> Actor:
    return Actor(ActorKind.IAM_USER, name, f"111122223333/user/{name}")


def alarm(
    threshold: float = 1,
    period: int = 300,
    missing: TreatMissingData = TreatMissingData.NOT_BREACHING,
    periods: int = 1,
) -> AlarmSpec:
    return AlarmSpec("alarm", threshold, period=period, evaluation_periods=periods, treat_missing_data=missing)


def detection(name: str = "secret-read", **changes: object) -> Detection:
    """A metric detection; of a composite one (`rule`) only what it shares with its children."""
    rule = changes.pop("rule", None)
    fields: dict[str, object] = {
        "id": name,
        "title": "A secret was read",
        "severity": Severity.MEDIUM,
        "description": "Somebody read a secret.",
        "why": "Secrets open doors.",
        "pattern": None,
        "rule": Rule.parse(str(rule)) if rule else None,
        "metric": None,
        "alarm": None if rule else alarm(),
        "group_by": (Derived.ACTOR,),
        **changes,
    }
    return Detection(**fields)  # type: ignore[arg-type]  # the tests name the fields


def sighting(minute: float = 0, number: int = 0, **changes: object) -> Sighting:
    """A record `minute` minutes after noon."""
    fields: dict[str, object] = {
        "time": NOON + int(60 * minute),
        "event_id": f"00000000-0000-4000-8000-{number:012}",
        "object_name": "log.json.gz",
        "first_line": 1,
        "place": number,
        "actor": ALICE,
        "address": "198.51.100.7",
        "region": "us-east-1",
        "account": "111122223333",
        "event_source": "secretsmanager.amazonaws.com",
        "event_name": "GetSecretValue",
        "user_agent": "aws-cli/2.0",
        "error": "",
        "resources": (),
        **changes,
    }
    return Sighting(**fields)  # type: ignore[arg-type]


def course(
    asked: Detection, counts: Mapping[int, int], group: tuple[str, ...] = ("alice",), *, start: int = 0
) -> Course:
    """So many matches in each minute after noon; the records of a group have numbers from `start` on."""
    series = Series()
    evidence: dict[int, Evidence] = {}
    number = start
    for minute, count in counts.items():
        at = NOON + 60 * minute
        seen = []
        for _ in range(count):
            seen.append(sighting(minute, number, actor=actor(group[0] if group else "alice")))
            number += 1
        if count:
            series.add(at, 1.0, count)
            evidence[at] = Evidence.of(seen)
    return Course(asked, group, series, evidence)


def alert(*seen: Sighting, of: Detection | None = None, group: tuple[str, ...] = ("alice",)) -> Alert:
    """An open alert about these sightings (one ordinary one, if none is given)."""
    evidence = Evidence.of(seen or (sighting(),))
    opened = Transition(State.OK, State.ALARM, evidence.first + 60, Told("threshold crossed"))
    return Alert(of or detection(), group, opened, None, evidence)


def event_ids(alerts: Iterable[Alert]) -> list[str]:
    return [seen.event_id for told in alerts for seen in told.evidence.sightings]


def counts_of(alerts: Sequence[Alert]) -> list[tuple[str, tuple[str, ...], int]]:
    """(detection, group, records) of each."""
    return [(told.detection.id, told.group, told.evidence.count) for told in alerts]
