"""PagerDuty: an event of the Events API v2, but for the routing key, which is a secret that the sender adds.

Source: PagerDuty "Send an event" (Events API v2). One incident there is one incident here.
"""

from __future__ import annotations

from typing import Literal

from vedette.alerts.delivery import Reason
from vedette.alerts.notice import Notice
from vedette.alerts.record import AlertRecord, Status
from vedette.alerts.render.clean import begun, shown
from vedette.alerts.render.letter import Told, tell
from vedette.alerts.render.story import Story
from vedette.cloudtrail.moment import print_time
from vedette.detections.definition import Severity

Action = Literal["trigger", "acknowledge", "resolve"]

_SUMMARY, _KEY = 1_024, 255
_SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
    Severity.INFORMATIONAL: "info",
}


def pagerduty(notice: Notice) -> dict[str, object]:
    """`event_action` is `resolve` only once every alert of the incident is over, `acknowledge` once a person has it.

    What is new of an alert that a person has is told all the same: an acknowledgement would carry none of it.
    """
    action = _action(notice)
    event: dict[str, object] = {"event_action": action, "dedup_key": shown(notice.incident, _KEY)}
    if action != "trigger":
        return event
    told = tell(notice)
    return event | {
        "client": "Vedette",
        "payload": _payload(notice, told),
        "links": [{"href": link.url, "text": link.label} for story in told.stories[:1] for link in story.links],
    }


def _action(notice: Notice) -> Action:
    if notice.reason is Reason.RESOLVED:
        return "trigger" if notice.others or not all(map(_is_over, notice.alerts)) else "resolve"
    if notice.reason in (Reason.NEW_ACTOR, Reason.NEW_ADDRESS):
        return "trigger"
    taken = [alert.lifecycle.status is Status.ACKNOWLEDGED for alert in notice.alerts]
    return "acknowledge" if notice.reason is Reason.ACKNOWLEDGED or (taken and all(taken)) else "trigger"


def _is_over(alert: AlertRecord) -> bool:
    return alert.closed is not None or alert.lifecycle.status is Status.RESOLVED


def _payload(notice: Notice, told: Told) -> dict[str, object]:
    worst = max((alert.severity for alert in notice.alerts), default=Severity.INFORMATIONAL)
    story = told.stories[0] if told.stories else None
    seconds = max((alert.evidence.last for alert in notice.alerts), default=0) or notice.now
    return {
        "summary": begun(told.subject, _SUMMARY),
        "source": (story.account if story else "") or "vedette",
        "severity": _SEVERITIES[worst],
        "timestamp": print_time(seconds),
        "component": story.detection if story else "vedette",
        "group": shown(notice.incident),
        "class": notice.reason.value,
        "custom_details": _details(told, story),
    }


def _details(told: Told, story: Story | None) -> dict[str, object]:
    details: dict[str, object] = {"why sent": told.lead}
    if told.listed:
        details["alerts"] = list(told.listed)
    if story is None:
        return details
    details["what happened"] = story.sentence
    for question, facts in story.facts:
        details[question.lower()] = {fact.label: fact.value for fact in facts}
    details["why it matters"] = story.why
    details["what to do now"] = list(story.steps)
    details["ready to paste"] = {command.purpose: command.text for command in story.commands}
    details["records"] = list(story.records)
    details["alert"] = story.id
    return details
