"""Makes hostile text harmless to read: no character that steers, hides or draws over its neighbours, and no length.

What comes out is plain text on one line. Escaping for a medium (HTML, mrkdwn, JSON) is for whoever writes the medium.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from vedette.alerts.evidence import Counts, Evidence, Sighting
from vedette.cloudtrail.identity import Actor
from vedette.errors import calm

NAME = 160
"""The longest that a name, an address or a resource is shown."""

_SCANNED = 4096


def shown(text: str, longest: int = NAME) -> str:
    """`text` in at most `longest` characters of one line, cut in the middle, where names differ least.

    >>> shown("a\\nb\\u202ec"), shown("arn:aws:iam::111122223333:user/alice", 20)
    ('a b�c', 'arn:aws:ia…ser/alice')
    """
    head, tail = text[:_SCANNED], text[-_SCANNED:] if len(text) > _SCANNED else ""
    plain = " ".join((calm(head) + ("…" + calm(tail) if tail else "")).split())
    if len(plain) <= longest:
        return plain
    half = longest // 2
    return f"{plain[: longest - half]}…{plain[len(plain) - half + 1 :]}"


def begun(text: str, longest: int) -> str:
    """`text` in at most `longest` characters of one line, cut at its end: for sentences."""
    plain = " ".join(calm(text[: 4 * longest]).split())
    return plain if len(plain) <= longest and len(text) <= 4 * longest else plain[: longest - 1].rstrip() + "…"


def clean_evidence(evidence: Evidence) -> Evidence:
    """The evidence with every text as `shown`. Names that become equal are counted together."""
    return replace(
        evidence,
        actors=_clean_counts(evidence.actors),
        addresses=_clean_counts(evidence.addresses),
        regions=_clean_counts(evidence.regions),
        accounts=_clean_counts(evidence.accounts),
        event_names=_clean_counts(evidence.event_names),
        errors=_clean_counts(evidence.errors),
        user_agents=_clean_counts(evidence.user_agents),
        resources=_clean_counts(evidence.resources),
        earliest=tuple(map(clean_sighting, evidence.earliest)),
        latest=tuple(map(clean_sighting, evidence.latest)),
    )


def _clean_counts(counts: Counts) -> Counts:
    values: Counter[str] = Counter()
    for value, count in counts.values.items():
        values[shown(value)] += count
    return Counts(dict(values), counts.complete)


def clean_sighting(seen: Sighting) -> Sighting:
    """The sighting with every text as `shown`."""
    return seen._replace(
        event_id=shown(seen.event_id),
        object_name=shown(seen.object_name),
        actor=_clean_actor(seen.actor),
        address=shown(seen.address),
        region=shown(seen.region),
        account=shown(seen.account),
        event_source=shown(seen.event_source),
        event_name=shown(seen.event_name),
        user_agent=shown(seen.user_agent),
        error=shown(seen.error),
        resources=tuple(map(shown, seen.resources)),
    )


def _clean_actor(actor: Actor) -> Actor:
    return replace(
        actor,
        name=shown(actor.name),
        key=shown(actor.key),
        account=_maybe(actor.account),
        role=_maybe(actor.role),
        session=_maybe(actor.session),
        source_identity=_maybe(actor.source_identity),
        sso_user=_maybe(actor.sso_user),
        invoked_by=_maybe(actor.invoked_by),
        arn=_maybe(actor.arn),
        access_key_id=_maybe(actor.access_key_id),
    )


def _maybe(text: str | None) -> str | None:
    return None if text is None else shown(text)
