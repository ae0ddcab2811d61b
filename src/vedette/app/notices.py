"""From a delivery to the notice that a sender renders: the alerts as they are now, and what a reader needs beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from vedette.alerts.delivery import Delivery, Reason
from vedette.alerts.notice import Links, Notice
from vedette.alerts.record import AlertRecord, Status
from vedette.alerts.usual import Usual, actors_of, usual
from vedette.app.places import Places
from vedette.monitor.configured import configured
from vedette.monitor.habits import history_of
from vedette.monitor.store import AlertFilter, Transaction
from vedette.monitor.watching import Monitor
from vedette.settings.model import Settings


class Notices:
    """Makes notices by the settings."""

    def __init__(self, settings: Settings, monitor: Monitor) -> None:
        self._monitor = monitor
        self._zone = settings.monitor.zone
        self._links = Links(settings.links.page, settings.links.portal, settings.links.role)
        self._places = Places(settings.places)
        self._reach = settings.habits.retention if settings.habits.learn else 0
        self._names: Mapping[str, str] = {
            account: given.name for account, given in settings.accounts.items() if given.name
        }

    def of(self, tx: Transaction, delivery: Delivery, now: int) -> Notice:
        """The notice of a delivery; alerts that are gone are left out."""
        found = [_as_before(tx, alert, delivery) for name in delivery.alerts if (alert := tx.alert(name)) is not None]
        alerts = [alert for alert, _ in found]
        notice = self.about(alerts, delivery.reason, delivery.key, channel=delivery.channel, now=now)
        news = {alert.id: words for alert, words in found if words}
        others = _standing(tx, alerts, delivery.channel) if delivery.reason is Reason.RESOLVED else 0
        return replace(
            notice, news=news, others=others, usual=self._usual(tx, notice.alerts), configured=configured(tx)
        )

    def _usual(self, tx: Transaction, alerts: Iterable[AlertRecord]) -> dict[str, Usual]:
        found: dict[str, Usual] = {}
        for alert in alerts:
            judged = self.usual(tx, alert)
            if judged is not None:
                found[alert.id] = judged
        return found

    def usual(self, tx: Transaction, alert: AlertRecord) -> Usual | None:
        """Whether what the alert tells of is usual for its actors; None where there is nothing to judge."""
        if not self._reach or alert.kind != "detection":
            return None
        actors = actors_of(alert.evidence)
        return usual(alert.evidence, history_of(tx, actors, alert.evidence.first, self._reach)) if actors else None

    def about(self, alerts: Sequence[AlertRecord], reason: Reason, key: str, *, channel: str, now: int) -> Notice:
        """A notice about these alerts, the most severe first, as far as no store is asked; `now` is epoch seconds."""
        ordered = tuple(sorted(alerts, key=_order))
        known = self._monitor.by_id
        return Notice(
            key=key,
            reason=reason,
            alerts=ordered,
            detections={alert.detection: known[alert.detection] for alert in ordered if alert.detection in known},
            channel=channel,
            now=now,
            account_names=self._names,
            zone=self._zone,
            countries=self._countries(ordered),
            closing={alert.id: alert.closing for alert in ordered if alert.closing},
            links=self._links,
            held=len(ordered) if reason is Reason.SUMMARY else 0,
        )

    def _countries(self, alerts: Iterable[AlertRecord]) -> dict[str, str]:
        addresses = dict.fromkeys(address for alert in alerts for address in alert.evidence.addresses.values)
        return {address: place for address in addresses if (place := self._places.of(address))}


def _as_before(tx: Transaction, alert: AlertRecord, delivery: Delivery) -> tuple[AlertRecord, str]:
    """The alert, told as often as before this delivery, and what the decision to tell it again was about.

    What the store keeps of it counts this delivery: it is written together with the decision.
    """
    told = [decision for decision in tx.decisions(alert.id) if decision.deliveries]
    here = [number for number, decision in enumerate(told) if delivery.key in decision.deliveries]
    if not here:
        return alert, ""
    words = next((told[number].detail for number in here if told[number].reason is delivery.reason), "")
    return alert.amended(told=replace(alert.told, times=here[0])), words


def _standing(tx: Transaction, alerts: Sequence[AlertRecord], channel: str) -> int:
    """How many other alerts of the incident the channel has heard of and takes for standing."""
    own = {alert.id for alert in alerts}
    incidents = sorted({alert.incident for alert in alerts})
    found = (other for one in incidents for other in tx.alerts(AlertFilter(incident=one, standing=True)))
    return sum(
        other.id not in own and channel in other.told.channels and other.lifecycle.status is not Status.RESOLVED
        for other in found
    )


def _order(alert: AlertRecord) -> tuple[int, int, str]:
    return -alert.severity.rank, alert.opened, alert.id
