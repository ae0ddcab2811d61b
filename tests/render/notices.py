"""Notices made for the tests: real detections of the library, records of an example account."""

from __future__ import annotations

from functools import cache

from vedette.alerts.delivery import Reason
from vedette.alerts.evidence import Evidence, Sighting
from vedette.alerts.notice import Links, Notice
from vedette.alerts.record import AlertRecord, Lifecycle, Status, Told
from vedette.alerts.usual import Judgement, Usual
from vedette.cloudtrail.identity import Actor, ActorKind
from vedette.detections.definition import Detection, Severity
from vedette.detections.loader import load_builtin

NOON = 1_795_255_200
"""2026-11-21T10:00:00Z, a Saturday."""

SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/payments/db-AbCdEf"

ALICE = Actor(
    ActorKind.IAM_USER,
    "alice",
    "user:111122223333:alice",
    account="111122223333",
    arn="arn:aws:iam::111122223333:user/alice",
    access_key_id="AKIAIOSFODNN7EXAMPLE",
)
DEPLOY = Actor(
    ActorKind.ROLE,
    "deploy-role / nightly-backup",
    "role:111122223333:deploy-role:nightly-backup",
    account="111122223333",
    role="deploy-role",
    session="nightly-backup",
    source_identity="bob@example.com",
    arn="arn:aws:sts::111122223333:assumed-role/deploy-role/nightly-backup",
    access_key_id="ASIAIOSFODNN7EXAMPLE",
)


@cache
def library() -> dict[str, Detection]:
    return {detection.id: detection for detection in load_builtin()}


def sighting(minute: float = 0, number: int = 0, **changes: object) -> Sighting:
    fields: dict[str, object] = {
        "time": NOON + int(60 * minute),
        "event_id": f"3fa85f64-5717-4562-b3fc-{number:012}",
        "object_name": "log.json.gz",
        "first_line": 1,
        "place": number,
        "actor": ALICE,
        "address": "198.51.100.7",
        "region": "eu-central-1",
        "account": "111122223333",
        "event_source": "secretsmanager.amazonaws.com",
        "event_name": "GetSecretValue",
        "user_agent": "aws-cli/2.15.30 Python/3.11.8 Linux/6.1.0",
        "error": "",
        "resources": (SECRET,),
        **changes,
    }
    return Sighting(**fields)  # type: ignore[arg-type]  # the tests name the fields


def record(*seen: Sighting, detection: str = "secret-read-burst", **changes: object) -> AlertRecord:
    found = library().get(detection)
    evidence = Evidence.of(seen or [sighting(number / 4, number) for number in range(14)])
    fields: dict[str, object] = {
        "id": f"{detection}-1a2b3c4d",
        "detection": detection,
        "title": found.title if found else "A thing of old",
        "severity": found.severity if found else Severity.MEDIUM,
        "group": ("alice",),
        "opened": evidence.last + 60,
        "closed": None,
        "reason": "Threshold Crossed: 1 datapoint [14.0 (21/11/26 10:00:00)] was greater than or equal to the "
        "threshold (10.0).",
        "minutes": (evidence.first // 60 * 60, evidence.last // 60 * 60),
        "evidence": evidence,
        "incident": "incident-9f8e7d6c",
        "created": evidence.last + 90,
        "changed": evidence.last + 90,
        **changes,
    }
    return AlertRecord(**fields)  # type: ignore[arg-type]  # the tests name the fields


UNUSUAL = Usual(
    Judgement.UNUSUAL,
    (
        "First time in 34 days that alice calls from 198.51.100.7 (usually 203.0.113.20, on 28 of 30 days)",
        "At 03:12 UTC; usually active 08-17",
        "Called GetSecretValue on 12 of 30 days before",
    ),
)
USUAL = Usual(
    Judgement.USUAL, ("From 198.51.100.7, as on 28 of 30 days", "Called GetSecretValue on 12 of 30 days before")
)
UNKNOWN = Usual(Judgement.UNKNOWN, ("Watched for 2 days only, too short to say",))


def notice(*alerts: AlertRecord, reason: Reason = Reason.FIRST, **changes: object) -> Notice:
    fields: dict[str, object] = {
        "key": "d-0123456789abcdef",
        "reason": reason,
        "alerts": alerts or (record(),),
        "detections": library(),
        "channel": "mail-admins",
        "now": NOON + 420,
        "account_names": {"111122223333": "production"},
        "zone": "Europe/Berlin",
        "usual": {"secret-read-burst-1a2b3c4d": UNUSUAL},
        **changes,
    }
    return Notice(**fields)  # type: ignore[arg-type]  # the tests name the fields


def security_group() -> AlertRecord:
    opened = sighting(
        2,
        20,
        actor=DEPLOY,
        address="cloudformation.amazonaws.com",
        event_source="ec2.amazonaws.com",
        event_name="AuthorizeSecurityGroupIngress",
        resources=("sg-0123456789abcdef0",),
        user_agent="cloudformation.amazonaws.com",
    )
    return record(opened, detection="security-group-opened-to-world", group=(DEPLOY.name,))


def sign_in() -> AlertRecord:
    tries = [
        sighting(
            number,
            30 + number,
            address=f"203.0.113.{number % 2 + 4}",
            event_source="signin.amazonaws.com",
            event_name="ConsoleLogin",
            region="us-east-1",
            error="" if number == 5 else "Failed authentication",
            resources=(),
            user_agent="Mozilla/5.0 (X11; Linux x86_64)",
        )
        for number in range(6)
    ]
    reason = (
        "arn:aws:cloudwatch:us-east-1:111122223333:alarm:console-login-success transitioned to ALARM at "
        "Saturday 21 November, 2026 10:06:00 UTC"
    )
    return record(*tries, detection="console-login-failures-then-success", group=("203.0.113.4",), reason=reason)


def self_alert() -> AlertRecord:
    return record(
        detection="source-quiet",
        title="A source has gone quiet",
        severity=Severity.HIGH,
        kind="self",
        group=("s3-trail",),
        evidence=Evidence(),
        opened=NOON,
        minutes=(NOON, NOON),
        reason="No object has come from s3-trail for 45 minutes; one every 5 minutes is usual.",
        id="self-source-quiet-5e6f7a8b",
    )


def variants() -> dict[str, Notice]:
    """A notice for each reason and kind that a reader can get."""
    burst = record()
    joined = record(
        *(sighting(number / 4, number) for number in range(3)),
        sighting(9, 99, actor=DEPLOY, address="203.0.113.9"),
        told=Told(NOON + 60, 1, frozenset({"alice"}), frozenset({"198.51.100.7"})),
    )
    over = record(closed=NOON + 1_200)
    waved = record(
        lifecycle=Lifecycle(Status.RESOLVED, "carol@example.com", NOON + 900, "Load test, agreed on Friday.")
    )
    pages = Links(
        page="https://vedette.example.com/alerts/{alert}",
        portal="https://d-1234567890.awsapps.com/start",
        role="SecurityAudit",
    )
    return {
        "first": notice(burst),
        "first-linked": notice(burst, links=pages, countries={"198.51.100.7": "Frankfurt am Main, Germany"}),
        "incident": notice(burst, security_group(), sign_in()),
        "security-group": notice(security_group(), usual={}),
        "sign-in": notice(sign_in(), usual={}, zone="UTC"),
        "new-actor": notice(joined, reason=Reason.NEW_ACTOR),
        "new-address": notice(joined, reason=Reason.NEW_ADDRESS),
        "repeat": notice(
            record(told=Told(NOON + 60, 2)), reason=Reason.REPEAT, usual={"secret-read-burst-1a2b3c4d": USUAL}
        ),
        "resolved": notice(over, reason=Reason.RESOLVED),
        "resolved-by-hand": notice(waved, reason=Reason.RESOLVED),
        "summary": notice(
            burst, security_group(), reason=Reason.SUMMARY, held=37, usual={"secret-read-burst-1a2b3c4d": UNKNOWN}
        ),
        "test": notice(burst, reason=Reason.TEST),
        "self": notice(self_alert(), usual={}),
        "canary": notice(record(kind="canary", severity=Severity.INFORMATIONAL), usual={}),
        "detection-gone": notice(record(detection="of-old"), usual={}),
    }
