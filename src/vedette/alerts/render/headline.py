"""The first words of a message: its subject, and the line that says why it was sent."""

from __future__ import annotations

from vedette.alerts import words
from vedette.alerts.delivery import Reason
from vedette.alerts.notice import Notice
from vedette.alerts.record import AlertRecord, Status
from vedette.alerts.render.clean import begun, clean_evidence, shown
from vedette.alerts.render.moments import lasting, spoken
from vedette.alerts.render.story import Story

SUBJECT = 100
"""As long as SNS takes; what a phone shows of it stands first."""

_ACTOR, _ACCOUNT, _TITLE, _NEWS = 30, 20, 20, 300
_MARKS = {
    Reason.NEW_ACTOR: "New actor: ",
    Reason.NEW_ADDRESS: "New address: ",
    Reason.REPEAT: "Still open: ",
    Reason.SUMMARY: "Summary: ",
}


def severity(notice: Notice) -> str:
    """The highest severity among the alerts, in capitals; `NOTE` for a notice without any."""
    ranked = sorted((alert.severity for alert in notice.alerts), reverse=True)
    return ranked[0].value.upper() if ranked else "NOTE"


def subject(notice: Notice, stories: tuple[Story, ...], longest: int = SUBJECT) -> str:
    """Severity, why it is told, what, who, in which account: `[HIGH] A secret was read - alice - production`.

    Printable characters of one line only. The title gives way when it gets longer than `longest`.
    """
    start = f"[{_tag(notice)}] {_MARKS.get(notice.reason, '')}"
    if not stories:
        return begun(start + f"{notice.held} messages were held back", longest)
    first = stories[0]
    parts = [shown(first.actors, _ACTOR), shown(first.account.partition(" (")[0], _ACCOUNT)]
    if notice.alerts and notice.alerts[0].kind == "self":
        parts.append(shown(notice.alerts[0].group[0], _ACTOR))
    end = "".join(f" - {part}" for part in parts if part)
    if (others := len(stories) - 1) > 0:
        end += f" (+{others} alert{'s' if others > 1 else ''})"
    room = max(_TITLE, longest - len(start) - len(end))
    return begun(start + begun(first.title, room) + end, max(longest, _TITLE))


def _tag(notice: Notice) -> str:
    kinds = {alert.kind for alert in notice.alerts}
    if notice.reason is Reason.TEST:
        return "TEST"
    if kinds == {"canary"}:
        return "CANARY"
    tag = "RESOLVED" if notice.reason is Reason.RESOLVED else severity(notice)
    return f"{tag}, VEDETTE ITSELF" if kinds == {"self"} else tag


def lead(notice: Notice) -> str:
    """The first line: which kind of message this is, so that nobody takes a repeat for something new."""
    parts = [_kind(notice), _why(notice)]
    return " ".join(filter(None, parts))


def _kind(notice: Notice) -> str:
    kinds = {alert.kind for alert in notice.alerts}
    if kinds == {"self"}:
        return "Vedette says this of itself: its watch may have a gap."
    if kinds == {"canary"}:
        return "Canary: a marked, harmless record went the whole way to this channel. Nothing is wrong."
    return ""


def _why(notice: Notice) -> str:
    match notice.reason:
        case Reason.TEST:
            channel = shown(notice.channel, 60)
            return f"Test: nothing happened. An alert that is sent to {channel} looks like this."
        case Reason.RESOLVED:
            return _resolved(notice)
        case Reason.REPEAT:
            return _repeat(notice)
        case Reason.NEW_ACTOR:
            return _joined(notice, "actor")
        case Reason.NEW_ADDRESS:
            return _joined(notice, "address")
        case Reason.SUMMARY:
            return _summary(notice)
        case _:
            return _first(notice)


def _first(notice: Notice) -> str:
    if {alert.kind for alert in notice.alerts} - {"detection"}:
        return ""
    if len(notice.alerts) > 1:
        return f"New: {len(notice.alerts)} alerts that belong together."
    return "New alert."


def _resolved(notice: Notice) -> str:
    if not notice.others:
        return _ended(notice)
    others = (
        "1 other alert of this incident stands" if notice.others == 1 else f"{notice.others} other alerts of it stand"
    )
    return f"{_ended(notice)} {others}."


def _ended(notice: Notice) -> str:
    lifes = [alert.lifecycle for alert in notice.alerts if alert.lifecycle.status is Status.RESOLVED]
    if lifes and len(lifes) == len(notice.alerts) and lifes[0].who:
        return f"Resolved by {shown(lifes[0].who, 80)}, {spoken(lifes[0].when, notice.zone)}."
    closed = [alert.closed for alert in notice.alerts if alert.closed is not None]
    if not closed:
        return "Resolved."
    lasted = lasting(max(0, max(closed) - min(alert.opened for alert in notice.alerts)))
    over = f"Resolved: over since {spoken(max(closed), notice.zone)}, after {lasted}."
    return f"{over} That it stopped does not say that it was harmless."


def _repeat(notice: Notice) -> str:
    if not notice.alerts:
        return "Still open."
    opened = min(alert.opened for alert in notice.alerts)
    told = max(alert.told.times for alert in notice.alerts)
    before = f", told {words.times(told)} before" if told else ""
    why = _news(notice) or "nobody has acknowledged it"
    return f"Reminder: still open since {spoken(opened, notice.zone)}{before}. {why[:1].upper()}{why[1:]}."


def _news(notice: Notice) -> str:
    """What the decision to tell again was about; empty if the notice does not know."""
    return "; ".join(dict.fromkeys(shown(notice.news[one.id], _NEWS) for one in notice.alerts if one.id in notice.news))


def _joined(notice: Notice, noun: str) -> str:
    if known := _news(notice):
        several = ", " in known or "; " in known
        return f"New {noun}{_plural(noun) if several else ''} in an alert that was told before: {known}."
    new = sorted({name for alert in notice.alerts for name in _untold(alert, noun)})
    if not new:
        return f"A new {noun} joined an alert that was told before."
    named = ", ".join(new[:3]) + (f" and {len(new) - 3} more" if len(new) > 3 else "")
    return f"New {noun}{_plural(noun) if len(new) > 1 else ''} in an alert that was told before: {named}."


def _plural(noun: str) -> str:
    return "es" if noun == "address" else "s"


def _untold(alert: AlertRecord, noun: str) -> set[str]:
    evidence = clean_evidence(alert.evidence)
    seen = evidence.actors if noun == "actor" else evidence.addresses
    told = alert.told.actors if noun == "actor" else alert.told.addresses
    # Whatever `told` keeps of an actor, its name or its key: what is known to have been named is not new.
    keys = {sighting.actor.name: sighting.actor.key for sighting in evidence.sightings}
    known = {shown(name) for name in told}
    return {name for name in seen.values if name not in known and keys.get(name) not in known}


def _summary(notice: Notice) -> str:
    held = f"{notice.held:,} messages" if notice.held != 1 else "1 message"
    channel = shown(notice.channel, 60)
    return f"Summary: {held} to {channel} were held back to keep it readable. This is what they told of."
