"""An alert as JSON and as a row of a spreadsheet: an interface, held by golden texts."""

from __future__ import annotations

import csv
import io
import json

import pytest

from alerts.making import NOON, actor, alert, detection, sighting
from vedette.alarms import State, Transition
from vedette.alarms.state import Told
from vedette.alerts.alert import Alert
from vedette.alerts.document import COLUMNS, document, row
from vedette.alerts.evidence import Evidence
from vedette.cloudtrail.identity import Actor, ActorKind
from vedette.detections.definition import Derived, Severity
from vedette.errors import printable
from vedette.predicates.tree import Selector

BOB = Actor(ActorKind.ROLE, "deploy / bob", "111122223333/role/deploy/bob", arn="arn:aws:sts::1:assumed-role/d/bob")

FULL = detection(
    severity=Severity.HIGH,
    category="secrets",
    group_by=(Derived.ACTOR, Selector(("userIdentity", "arn"))),
    false_positives=("A deployment.",),
    respond=("Call the actor.", "Rotate the secret."),
    references=("https://docs.aws.amazon.com/secretsmanager/",),
    attack=("T1555.006",),
    compliance=("Security Hub: SecretsManager.1",),
)
SEEN = (
    sighting(0, 0, resources=("arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db",)),
    sighting(2, 1, actor=BOB, address="cloudformation.amazonaws.com", error="AccessDenied", first_line=5, place=2),
)
ALERT = Alert(
    FULL,
    ("111122223333/user/alice", "arn:aws:iam::111122223333:user/alice"),
    Transition(State.OK, State.ALARM, NOON + 180, Told("two points crossed")),
    Transition(State.ALARM, State.OK, NOON + 900, Told("it is quiet")),
    Evidence.of(SEEN),
)

GOLDEN = """\
{
  "id": "secret-read-410a1a80",
  "detection": "secret-read",
  "title": "A secret was read",
  "severity": "high",
  "category": "secrets",
  "summary": "alice and deploy / bob called GetSecretValue twice on secret:prod/db, from 198.51.100.7 and \
cloudformation.amazonaws.com in us-east-1, first at 2026-11-21 10:00:00 UTC (1 was refused: AccessDenied).",
  "group": {
    "actor": "111122223333/user/alice",
    "$.userIdentity.arn": "arn:aws:iam::111122223333:user/alice"
  },
  "count": 2,
  "first": "2026-11-21T10:00:00Z",
  "last": "2026-11-21T10:02:00Z",
  "actors": {
    "alice": 1,
    "deploy / bob": 1
  },
  "addresses": {
    "198.51.100.7": 1,
    "cloudformation.amazonaws.com": 1
  },
  "regions": {
    "us-east-1": 2
  },
  "accounts": {
    "111122223333": 2
  },
  "events": {
    "GetSecretValue": 2
  },
  "errors": {
    "AccessDenied": 1
  },
  "user_agents": {
    "aws-cli/2.0": 2
  },
  "resources": {
    "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db": 1
  },
  "alarm": {
    "entered": "2026-11-21T10:03:00Z",
    "left": "2026-11-21T10:15:00Z",
    "reason": "two points crossed"
  },
  "why": "Secrets open doors.",
  "false_positives": [
    "A deployment."
  ],
  "respond": [
    "Call the actor.",
    "Rotate the secret."
  ],
  "references": [
    "https://docs.aws.amazon.com/secretsmanager/"
  ],
  "attack": [
    "T1555.006"
  ],
  "compliance": [
    "Security Hub: SecretsManager.1"
  ],
  "sightings": [
    {
      "time": "2026-11-21T10:00:00Z",
      "event_id": "00000000-0000-4000-8000-000000000000",
      "event": "GetSecretValue",
      "service": "secretsmanager.amazonaws.com",
      "actor": "alice",
      "actor_kind": "IAM user",
      "arn": "arn:aws:iam::111122223333:user/alice",
      "access_key_id": "AKIAIOSFODNN7EXAMPLE",
      "address": "198.51.100.7",
      "region": "us-east-1",
      "account": "111122223333",
      "user_agent": "aws-cli/2.0",
      "error": "",
      "resources": [
        "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db"
      ],
      "object": "log.json.gz",
      "record": 1
    },
    {
      "time": "2026-11-21T10:02:00Z",
      "event_id": "00000000-0000-4000-8000-000000000001",
      "event": "GetSecretValue",
      "service": "secretsmanager.amazonaws.com",
      "actor": "deploy / bob",
      "actor_kind": "role",
      "arn": "arn:aws:sts::1:assumed-role/d/bob",
      "access_key_id": null,
      "address": "cloudformation.amazonaws.com",
      "region": "us-east-1",
      "account": "111122223333",
      "user_agent": "aws-cli/2.0",
      "error": "AccessDenied",
      "resources": [],
      "object": "log.json.gz",
      "record": 7,
      "cloudtrail": "{\\"eventID\\":\\"1\\"}"
    }
  ]
}"""


def test_the_keys_are_an_interface() -> None:
    assert json.dumps(document(ALERT, {SEEN[1]: '{"eventID":"1"}'}), indent=2) == GOLDEN


def test_an_open_alert_has_left_nothing() -> None:
    alarm = document(alert())["alarm"]
    assert alarm == {"entered": "2026-11-21T10:01:00Z", "left": None, "reason": "threshold crossed"}


def test_an_alert_for_all_groups_has_an_empty_group() -> None:
    assert document(alert(of=detection(group_by=()), group=()))["group"] == {}


def test_without_records_no_sighting_has_one() -> None:
    sightings = document(ALERT)["sightings"]
    assert isinstance(sightings, list)
    assert [("cloudtrail" in told) for told in sightings] == [False, False]


def test_half_a_surrogate_pair_can_be_written() -> None:
    """What cannot be encoded must not stop the report of everything else."""
    told = alert(sighting(actor=actor("\ud800"), resources=("\udfff",)), group=("\ud800",))
    assert json.loads(json.dumps(document(told)))["actors"] == {"\ud800": 1}


def test_a_row_has_a_cell_for_each_column() -> None:
    assert dict(zip(COLUMNS, row(ALERT), strict=True)) == {
        "id": "secret-read-410a1a80",
        "severity": "high",
        "detection": "secret-read",
        "title": "A secret was read",
        "who": "alice and deploy / bob",
        "what": "GetSecretValue on arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db "
        "(1 refused: AccessDenied)",
        "from": "198.51.100.7 and cloudformation.amazonaws.com",
        "regions": "us-east-1",
        "accounts": "111122223333",
        "first": "2026-11-21T10:00:00Z",
        "last": "2026-11-21T10:02:00Z",
        "count": "2",
        "next_step": "Call the actor.",
    }


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"], ids=ascii
)
def test_a_cell_that_would_be_a_formula_is_text(start: str) -> None:
    """OWASP "CSV Injection": spreadsheets take cells that begin with these for formulas."""
    text = f'{start}HYPERLINK("https://example.com","ok")'
    told = alert(sighting(actor=actor(text), address=text, event_name=text, region=text, account=text))
    cells = dict(zip(COLUMNS, row(told), strict=True))
    for column in ("who", "what", "from", "regions", "accounts"):
        assert cells[column] == f"'{printable(text)}"


def test_an_ordinary_cell_stays_as_it_is() -> None:
    told = alert(sighting(actor=actor("a=b"), address="2001:db8::1"))
    cells = dict(zip(COLUMNS, row(told), strict=True))
    assert (cells["who"], cells["from"]) == ("a=b", "2001:db8::1")


def test_a_cell_cannot_steer_the_terminal_that_shows_it() -> None:
    hostile = "\x1b[2J\u202ename\x9b1m"
    told = alert(sighting(actor=actor(hostile), address=hostile, event_name=hostile, region=hostile, account=hostile))
    assert all(cell.isprintable() for cell in row(told))
    assert dict(zip(COLUMNS, row(told), strict=True))["from"] == "\ufffd[2J\ufffdname\ufffd1m"


def test_quotes_and_what_was_a_line_end_survive_the_csv_module() -> None:
    hostile = 'a "quoted", name\r\nand; a new line\n'
    cells = row(alert(sighting(actor=actor(hostile), event_name=hostile)))
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows([COLUMNS, cells])
    assert list(csv.reader(io.StringIO(stream.getvalue(), newline=""))) == [list(COLUMNS), cells]
