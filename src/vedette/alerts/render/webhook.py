"""Webhook: the alerts as data, in the envelope of CloudEvents 1.0 (structured JSON mode).

Source: "CloudEvents - Version 1.0.2" and "JSON Event Format for CloudEvents". The texts are data: they keep bidi and
zero-width characters, which receivers escape for themselves; only what no JSON reader takes, lone surrogates, is
replaced, and what is very long is cut.
"""

from __future__ import annotations

import json

from vedette.alarms import State, Transition
from vedette.alarms.state import Told
from vedette.alerts.alert import Alert
from vedette.alerts.document import document
from vedette.alerts.notice import Notice
from vedette.alerts.record import AlertRecord
from vedette.alerts.render.headline import lead
from vedette.alerts.usual import Judgement, Usual
from vedette.cloudtrail.moment import print_time
from vedette.detections.definition import Detection

BYTES = 240_000
"""Under what queues and functions behind a webhook take (256 kB)."""

_MOST = 40


def webhook(notice: Notice) -> dict[str, object]:
    """The event. Its `id` is the delivery's key: who receives it twice knows it by that."""
    for longest, most in ((2_000, _MOST), (500, _MOST), (200, 10), (100, 2), (60, 1)):
        event = _event(notice, longest, most)
        if len(json.dumps(event, ensure_ascii=False).encode()) <= BYTES:
            break
    return event


def _event(notice: Notice, longest: int, most: int) -> dict[str, object]:
    data = {
        "reason": notice.reason.value,
        "message": lead(notice),
        "incident": notice.incident,
        "channel": notice.channel,
        "alerts": [alert_document(alert, notice) for alert in notice.alerts[:most]],
        "alerts_left_out": max(0, len(notice.alerts) - most),
        "held_back": notice.held,
    }
    event = {
        "specversion": "1.0",
        "id": notice.key,
        "source": "/vedette",
        "type": f"vedette.alert.{notice.reason.value.replace(' ', '-')}",
        "subject": notice.incident,
        "time": print_time(notice.now),
        "datacontenttype": "application/json",
        "data": data,
    }
    return {key: _sound(value, longest) for key, value in event.items()}


def alert_document(alert: AlertRecord, notice: Notice) -> dict[str, object]:
    """The alert as `scan -o json` writes it, with what the live monitor knows besides."""
    opened = Transition(State.OK, State.ALARM, alert.opened, Told(alert.reason))
    closed = None if alert.closed is None else Transition(State.ALARM, State.OK, alert.closed, Told(""))
    detection = notice.detections.get(alert.detection) or _remembered(alert)
    known = document(Alert(detection, alert.group, opened, closed, alert.evidence))
    life, names = alert.lifecycle, notice.account_names
    return known | {
        "id": alert.id,
        "title": alert.title,
        "severity": alert.severity.value,
        "kind": alert.kind,
        "incident": alert.incident,
        "status": life.status.value,
        "status_by": life.who,
        "status_at": print_time(life.when) if life.when else None,
        "status_until": None if life.until is None else print_time(life.until),
        "status_note": life.note,
        "account_names": {number: names[number] for number in alert.evidence.accounts.values if number in names},
        "usual": usual_document(notice.usual.get(alert.id)),
        "places": places_document(alert, notice),
    }


def places_document(alert: AlertRecord, notice: Notice) -> dict[str, str]:
    """Where each address of the alert is, of those that something is known of."""
    return {address: place for address in alert.evidence.addresses.values if (place := notice.countries.get(address))}


def usual_document(usual: Usual | None) -> dict[str, object]:
    """The judgement (`usual`, `unusual`, `unknown`) and its grounds."""
    if usual is None:
        return {"judgement": Judgement.UNKNOWN.value, "grounds": []}
    return {"judgement": usual.judgement.value, "grounds": list(usual.lines)}


def _remembered(alert: AlertRecord) -> Detection:
    """What the record keeps of a detection whose file is gone, or that never had one."""
    return Detection(
        id=alert.detection,
        title=alert.title,
        severity=alert.severity,
        description="",
        why="",
        pattern=None,
        rule=None,
        metric=None,
        alarm=None,
        group_by=(),
    )


def _sound(value: object, longest: int) -> object:
    match value:
        case str():
            text = value.encode("utf-8", "replace").decode()
            return text if len(text) <= longest else text[: longest - 1] + "…"
        case dict():
            return {str(_sound(key, longest)): _sound(inner, longest) for key, inner in value.items()}
        case list() | tuple():
            return [_sound(inner, longest) for inner in value]
        case _:
            return value
