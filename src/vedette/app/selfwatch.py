"""The watch on itself: what is wrong with the monitor, as far as the store shows it; raised, and cleared once mended.

Everything is read from the store, so that one of several monitors can watch for all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vedette.alerts.delivery import Delivery, DeliveryState
from vedette.alerts.record import AlertRecord
from vedette.monitor.selfwatch import Concern, clear_concern, concerns, raise_concern
from vedette.monitor.store import ObjectRow, SourceHealth, Transaction
from vedette.monitor.watching import Monitor

TRIES = 3
"""Tries in vain after which a channel counts as failing."""

OVERDUE = 300
"""Seconds for which a message waits for a channel that the settings do not have before that is told: another monitor on
the store may have it."""

REMEMBERED = 86_400
"""Seconds for which a dead delivery, or an object put aside, is worth a standing alert."""

RECENT = 900
"""Seconds within which a source must have given something for its lag to be worth telling."""

BUG = "bug: "
"""How the reason begins of an object that was put aside because asking it failed."""

_BROKEN = re.compile(r"detection `([^`]+)`: ")

_WATCHED = frozenset(Concern) - {Concern.CANARY_MISSING, Concern.STORE_FAILING}
_NOTE = "watched since"


@dataclass(frozen=True, slots=True)
class Watch:
    """What to look for: by source, after how many quiet seconds to tell (0: never); channels; the most lag."""

    quiet_after: Mapping[str, int]
    channels: Sequence[str]
    lag_limit: int


Found = dict[tuple[Concern, str], str]


def watch(tx: Transaction, monitor: Monitor, what: Watch, now: int) -> list[AlertRecord]:
    """Raise what is wrong now, clear what is not any more; the alerts that stand."""
    found = look(tx, what, now)
    for (concern, subject), why in sorted(found.items(), key=lambda item: (item[0][0].value, item[0][1])):
        raise_concern(tx, monitor, concern, subject, why, now)
    for alert in concerns(tx):
        concern = Concern(alert.detection)
        if concern in _WATCHED and (concern, alert.group[0]) not in found:
            clear_concern(tx, monitor, concern, alert.group[0], now)
    return concerns(tx)


def look(tx: Transaction, what: Watch, now: int) -> Found:
    """What is wrong now, by concern and subject, and why in a sentence."""
    found: Found = {}
    healths = {health.source: health for health in tx.healths()}
    since = _watched_since(tx, what, now)
    for source, quiet_after in what.quiet_after.items():
        health = healths.get(source, SourceHealth(source))
        for concern, why in _of_source(health, quiet_after, what.lag_limit, since[source], now):
            found[concern, source] = f"source {source}: {why}"
    aside: dict[tuple[Concern, str], list[ObjectRow]] = {}
    for row in tx.objects(poison=True, limit=100):
        if row.at >= now - REMEMBERED:
            for place in _of_poison(row):
                aside.setdefault(place, []).append(row)
    for place, rows in aside.items():
        found.setdefault(place, _put_aside(rows))
    for channel in what.channels:
        for concern, why in _of_channel(tx, channel, now):
            found[concern, channel] = f"channel {channel}: {why}"
    for channel, concern, why in _of_gone_channels(tx, what.channels, now):
        found[concern, channel] = f"channel {channel}: {why}"
    return found


def bug_of(broken: Mapping[str, str]) -> str:
    """The reason for which an object is put aside that these detections (why, by id) could not be asked of."""
    told = (f"detection `{name}`: {why.replace('`', '.')}" for name, why in sorted(broken.items()))
    return BUG + "; ".join(told)


def _put_aside(rows: Sequence[ObjectRow]) -> str:
    """The newest of the objects by name, and how many others there are."""
    newest = rows[0]
    others = "" if len(rows) == 1 else f" and {len(rows) - 1} other{'s' if len(rows) > 2 else ''}"
    was = "was" if len(rows) == 1 else "were"
    return f"source {newest.source}: `{newest.name}`{others} {was} put aside: {newest.poison}"


def _of_poison(row: ObjectRow) -> Iterator[tuple[Concern, str]]:
    if not row.poison.startswith(BUG):
        yield Concern.SOURCE_FAILING, row.source
        return
    for subject in _BROKEN.findall(row.poison) or [row.source]:
        yield Concern.DETECTION_ERROR, subject


def _of_source(
    health: SourceHealth, quiet_after: int, lag_limit: int, since: int, now: int
) -> Iterator[tuple[Concern, str]]:
    if health.last_error:
        yield Concern.SOURCE_FAILING, health.last_error
    silent = now - max(health.last_at, since)
    if quiet_after and silent > quiet_after:
        last = f"; the last object was `{health.last_object}`" if health.last_object else ""
        yield Concern.SOURCE_QUIET, f"nothing came for {_span(silent)}{last}"
    if health.lag > lag_limit and health.last_at >= now - RECENT:
        yield Concern.LAG, f"the newest object was read {_span(health.lag)} after its delivery"


def _of_channel(tx: Transaction, channel: str, now: int) -> Iterator[tuple[Concern, str]]:
    waiting = tx.deliveries(state=DeliveryState.WAITING, channel=channel)
    failing = [delivery for delivery in waiting if delivery.attempts >= TRIES]
    if failing:
        yield Concern.CHANNEL_FAILING, f"{_several(failing)} not accepted: {failing[0].detail}"
    dead = _given_up(tx.deliveries(state=DeliveryState.DEAD, channel=channel, limit=100), now)
    if dead:
        yield Concern.DELIVERY_DEAD, dead[0].detail


def _given_up(dead: Iterable[Delivery], now: int) -> list[Delivery]:
    return [delivery for delivery in dead if (delivery.settled or 0) >= now - REMEMBERED]


def _of_gone_channels(tx: Transaction, known: Sequence[str], now: int) -> Iterator[tuple[str, Concern, str]]:
    """Channels that were taken out of the settings while messages waited for them: nobody sends these."""
    gone: dict[str, list[Delivery]] = {}
    for delivery in (*tx.deliveries(state=DeliveryState.WAITING), *tx.deliveries(state=DeliveryState.DEAD)):
        if delivery.channel not in known:
            gone.setdefault(delivery.channel, []).append(delivery)
    for channel, deliveries in gone.items():
        waiting = [each for each in deliveries if each.state is DeliveryState.WAITING]
        if any(each.due <= now - OVERDUE for each in waiting):
            why = f"{_several(waiting)} for it cannot be sent: the settings have no such channel"
            yield channel, Concern.CHANNEL_FAILING, why
        dead = _given_up((each for each in deliveries if each.state is DeliveryState.DEAD), now)
        if dead:
            yield channel, Concern.DELIVERY_DEAD, dead[0].detail


def _several(deliveries: Sequence[Delivery]) -> str:
    return "1 message" if len(deliveries) == 1 else f"{len(deliveries)} messages"


def _span(seconds: int) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"


def _watched_since(tx: Transaction, what: Watch, now: int) -> dict[str, int]:
    """When each source was first watched: one that never gave anything is quiet since then."""
    known: dict[str, int] = json.loads(tx.note(_NOTE) or "{}")
    since = {source: known.get(source, now) for source in what.quiet_after}
    if since != known:
        tx.put_note(_NOTE, json.dumps(since))
    return since
