"""One alert as a reader is told of it: sections of plain, harmless text, which each channel lays out in its own way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from vedette.alerts import words
from vedette.alerts.evidence import Counts, Evidence
from vedette.alerts.notice import Notice
from vedette.alerts.record import AlertRecord, Status
from vedette.alerts.render import cloudwatch
from vedette.alerts.render.clean import begun, clean_evidence, shown
from vedette.alerts.render.commands import Command, filled, pasted, ready
from vedette.alerts.render.console import Link, console_links, encoded
from vedette.alerts.render.moments import spoken
from vedette.alerts.usual import Judgement
from vedette.cloudtrail.identity import Actor, ActorKind
from vedette.cloudtrail.origin import OriginKind, origin_of
from vedette.detections.definition import Detection, Severity

_PROSE = 1_200
_STEPS = 8
_ACTORS = 3
_VALUES = 4
_BLOCK_LINE = 1_100
_LAYOUT = re.compile(r"(- [A-Z][A-Za-z ]*:)?( *)(.*?)( ?)", re.DOTALL)
_TOLD_APART = frozenset({"ConsoleLogin", "CheckMfa", "SwitchRole", "ExitRole"})
"""Sign-in events, whose `responseElements` say whether they succeeded."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what there is to say under it."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Story:
    """One alert in words. Facts come in the order in which they are read; empty ones are left out.

    `steps` hold back-ticks round their commands. `block` is what a CloudWatch alarm mail says, in its own layout.
    """

    id: str
    detection: str
    severity: Severity
    title: str
    account: str
    actors: str
    sentence: str
    who: tuple[Fact, ...]
    whence: tuple[Fact, ...]
    what: tuple[Fact, ...]
    when: tuple[Fact, ...]
    why: str
    harmless: tuple[str, ...]
    steps: tuple[str, ...]
    commands: tuple[Command, ...]
    links: tuple[Link, ...]
    records: tuple[str, ...]
    answers: tuple[Command, ...]
    page: str
    status: str
    block: str

    @property
    def facts(self) -> tuple[tuple[str, tuple[Fact, ...]], ...]:
        """The four questions with their answers, for channels that lay them out alike."""
        asked = (("Who", self.who), ("From where", self.whence), ("What", self.what), ("When", self.when))
        return tuple((question, facts) for question, facts in asked if facts)


@dataclass(frozen=True, slots=True)
class Seen:
    """The alert's evidence, made harmless."""

    evidence: Evidence


def story(alert: AlertRecord, notice: Notice) -> Story:
    """The alert in words."""
    detection = notice.detections.get(alert.detection)
    evidence = clean_evidence(alert.evidence)
    seen = Seen(evidence)
    return Story(
        id=shown(alert.id),
        detection=shown(alert.detection),
        severity=alert.severity,
        title=begun(alert.title or alert.detection, 200),
        account=account_of(evidence, notice),
        actors=words.who(seen, 1) if evidence.actors.values else "",
        sentence=words.sentence(seen) if evidence.earliest else _without_records(alert, evidence),
        who=tuple(_who(evidence, alert, notice)),
        whence=tuple(_whence(evidence, notice)),
        what=tuple(_what(seen)),
        when=tuple(_when(evidence, alert, notice)),
        why=begun(detection.why, _PROSE) if detection else "",
        harmless=_prose(detection.false_positives, 3) if detection else (),
        steps=tuple(filled(step, alert.evidence) for step in _prose(detection.respond, _STEPS)) if detection else (),
        commands=_shown_commands(ready(alert.evidence, notice.now)),
        links=console_links(alert.evidence.sightings, notice.links),
        records=tuple(f"{words.telling(sighting)} ({sighting.event_id})" for sighting in evidence.sightings),
        answers=_answers(alert) if notice.kept else (),
        page=notice.links.page.replace("{alert}", encoded(alert.id)),
        status=_status(alert, notice),
        block=_block(alert, notice, detection),
    )


def account_of(evidence: Evidence, notice: Notice) -> str:
    """The accounts by name and number: `production (111122223333)`; empty if none is known."""
    known = [account for account, _ in evidence.accounts.most_common()]
    first = next((_account(account, notice) for account in known), "")
    return f"{first} and {len(known) - 1} more" if len(known) > 1 else first


def _account(account: str, notice: Notice) -> str:
    name = notice.account_names.get(account)
    return f"{shown(name, 60)} ({account})" if name else account


def _without_records(alert: AlertRecord, evidence: Evidence) -> str:
    if evidence.count:
        return f"{begun(alert.title, 200)}: {words.times(evidence.count)}; the records themselves were not kept."
    return begun(alert.reason or alert.title, _PROSE)


def _who(evidence: Evidence, alert: AlertRecord, notice: Notice) -> Iterator[Fact]:
    if not evidence.actors.values:
        return
    sighted = {seen.actor.name: seen.actor for seen in evidence.sightings}
    for name, count in evidence.actors.most_common(_ACTORS):
        actor = sighted.get(name)
        yield Fact(name, _portrait(actor, count, evidence) if actor else words.times(count))
    if others := _others(evidence.actors, _ACTORS):
        yield Fact("and", others)
    if usual := notice.usual.get(alert.id):
        label, first = _JUDGED[usual.judgement]
        yield Fact(label, begun(f"{first}{usual}", 600))


def _portrait(actor: Actor, count: int, evidence: Evidence) -> str:
    """What stands behind a name: the kind, the role and session, the credential."""
    known_by_role = actor.kind is ActorKind.ROLE and actor.role
    parts = [f"role {actor.role}" if known_by_role else actor.kind.value]
    parts += [f"role {actor.role}"] if actor.role and not known_by_role else []
    parts += [f"session {actor.session}"] if actor.session and actor.session not in actor.name else []
    parts += [f"acting for {actor.source_identity}"] if actor.source_identity else []
    parts += [f"called by {actor.invoked_by}"] if actor.invoked_by and actor.invoked_by != actor.name else []
    parts += [f"of account {actor.account}"] if actor.account and actor.account not in evidence.accounts.values else []
    parts += [f"key {actor.access_key_id}"] if actor.access_key_id else []
    parts += ["a session of AssumeRoot"] if actor.assumed_root else []
    parts += [words.times(count)] if len(evidence.actors.values) > 1 else []
    return ", ".join(parts)


_JUDGED = {
    Judgement.USUAL: ("Usual", ""),
    Judgement.UNUSUAL: ("Unusual", ""),
    Judgement.UNKNOWN: ("Usual or not", "Unknown. "),
}
_ORIGINS = {
    OriginKind.PUBLIC_ADDRESS: "",
    OriginKind.PRIVATE_ADDRESS: "private network",
    OriginKind.SERVICE: "an AWS service",
    OriginKind.AWS_INTERNAL: "AWS itself",
    OriginKind.OTHER: "not an address",
    OriginKind.MISSING: "",
}


def _whence(evidence: Evidence, notice: Notice) -> Iterator[Fact]:
    if not evidence.addresses.values:
        return
    told = [_origin(address, notice) for address, _ in evidence.addresses.most_common(_VALUES)]
    if others := _others(evidence.addresses, _VALUES):
        told.append(f"and {others}")
    yield Fact("Address" if len(told) == 1 else "Addresses", ", ".join(told))
    if evidence.user_agents.values:
        agents = [shown(agent, 100) for agent, _ in evidence.user_agents.most_common(2)]
        yield Fact("With", "; ".join(agents))


def _origin(address: str, notice: Notice) -> str:
    notes = (_ORIGINS[origin_of(address).kind], shown(notice.countries.get(address, ""), 60))
    told = ", ".join(dict.fromkeys(filter(None, notes)))
    return f"{address} ({told})" if told else address


def _what(seen: Seen) -> Iterator[Fact]:
    evidence = seen.evidence
    if not evidence.event_names.values:
        return
    calls = [f"{name} {words.times(count)}" for name, count in evidence.event_names.most_common(_VALUES)]
    yield Fact("Calls", _with_others(calls, evidence.event_names))
    if evidence.resources.values:
        names = [name for name, _ in evidence.resources.most_common(_VALUES)]
        yield Fact("On", _with_others(names, evidence.resources))
    if evidence.regions.values:
        yield Fact("Region", words.where(seen, 3))
    yield Fact("Outcome", _outcome(evidence))


def _with_others(named: list[str], counts: Counts) -> str:
    others = _others(counts, _VALUES)
    return ", ".join(named) + (f" and {others}" if others else "")


def _others(counts: Counts, named: int) -> str:
    """How many there are beyond those that are named; empty if there are none."""
    rest = len(counts.values) - named
    if not counts.complete:
        return f"more than {max(rest, 1)} others"
    return f"{rest} other{'s' if rest > 1 else ''}" if rest > 0 else ""


def _outcome(evidence: Evidence) -> str:
    failed = sum(evidence.errors.values.values())
    if not failed:
        return _without_errors(evidence)
    errors = ", ".join(name for name, _ in evidence.errors.most_common(3))
    if failed >= evidence.count:
        return f"{'it' if evidence.count == 1 else 'all of it'} failed ({errors})"
    return f"{failed:,} of {evidence.count:,} failed ({errors}), the rest succeeded"


def _without_errors(evidence: Evidence) -> str:
    if any(name in _TOLD_APART for name in evidence.event_names.values):
        return "told in the record itself (a sign-in that fails has no error code)"
    return "it succeeded" if evidence.count == 1 else "all of it succeeded"


def _when(evidence: Evidence, alert: AlertRecord, notice: Notice) -> Iterator[Fact]:
    if evidence.count:
        yield Fact("First" if evidence.count > 1 else "At", spoken(evidence.first, notice.zone))
    if evidence.count > 1:
        yield Fact("Last", spoken(evidence.last, notice.zone))
        yield Fact("Count", f"{evidence.count:,} records")
    if alert.closed is not None:
        yield Fact("Over", spoken(alert.closed, notice.zone))


def _prose(texts: tuple[str, ...], most: int) -> tuple[str, ...]:
    return tuple(begun(text, _PROSE) for text in texts[:most])


def _shown_commands(commands: tuple[Command, ...]) -> tuple[Command, ...]:
    # The text is plain by construction (`pasted`), and must stay as it is; the purpose has names in it.
    return tuple(Command(begun(command.purpose, 200), command.text) for command in commands)


def _answers(alert: AlertRecord) -> tuple[Command, ...]:
    if alert.kind == "canary" or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", alert.id) is None:
        return ()
    ack = Command("Say that you are on it", f"vedette alerts ack {alert.id}")
    snooze = Command("Hear of it again later", f"vedette alerts snooze {alert.id} --for 4h")
    if alert.kind != "detection":
        return Command("See what is wrong", "vedette doctor"), ack, snooze
    detection, actor = pasted(alert.detection), _one_actor(alert.evidence)
    if detection is None:
        return ack, snooze
    about = f" --actor {actor}" if actor else ""
    silence = f"vedette silences add --detection {detection}{about} --for 24h --reason 'planned work'"
    return ack, snooze, Command("Hold back what is expected", silence)


def _one_actor(evidence: Evidence) -> str | None:
    """The only actor, where its name says no more than itself: a silence takes globs."""
    names = list(evidence.actors.values)
    if len(names) != 1 or any(char in names[0] for char in "*?[]"):
        return None
    return pasted(names[0])


def _status(alert: AlertRecord, notice: Notice) -> str:
    life = alert.lifecycle
    if life.status is Status.OPEN:
        return ""
    who = f" by {shown(life.who, 80)}" if life.who else ""
    at = f", {spoken(life.when, notice.zone)}" if life.when else ""
    until = f", until {spoken(life.until, notice.zone)}" if life.until is not None else ""
    note = f": {begun(life.note, 300)}" if life.note else ""
    return f"{life.status.value.capitalize()}{who}{at}{until}{note}"


def _block(alert: AlertRecord, notice: Notice, detection: Detection | None) -> str:
    if detection is None or alert.kind != "detection":
        return ""
    lines = cloudwatch.block(cloudwatch.notification(alert, notice)).split("\n")
    return "\n".join(_kept_layout(line) for line in lines)


def _kept_layout(line: str) -> str:
    """A line made harmless, with its columns and trailing blank as they are."""
    label, columns, rest, blank = _LAYOUT.fullmatch(line).groups("")  # type: ignore[union-attr]  # it matches any text
    return f"{label}{columns}{begun(rest, _BLOCK_LINE) if rest else ''}{blank}"
