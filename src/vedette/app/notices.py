"""From a delivery to the notice that a sender renders: the alerts as they are now, and what a reader needs beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vedette.alerts.delivery import Delivery, Reason
from vedette.alerts.notice import Links, Notice
from vedette.alerts.record import AlertRecord
from vedette.monitor.store import Transaction
from vedette.monitor.watching import Monitor
from vedette.settings.model import Settings


class Notices:
    """Makes notices by the settings."""

    def __init__(self, settings: Settings, monitor: Monitor) -> None:
        self._monitor = monitor
        self._zone = settings.monitor.zone
        self._links = Links(settings.links.page, settings.links.portal, settings.links.role)
        self._names: Mapping[str, str] = {
            account: given.name for account, given in settings.accounts.items() if given.name
        }

    def of(self, tx: Transaction, delivery: Delivery, now: int) -> Notice:
        """The notice of a delivery; alerts that are gone are left out."""
        alerts = [alert for name in delivery.alerts if (alert := tx.alert(name)) is not None]
        return self.about(alerts, delivery.reason, delivery.key, channel=delivery.channel, now=now)

    def about(self, alerts: Sequence[AlertRecord], reason: Reason, key: str, *, channel: str, now: int) -> Notice:
        """A notice about these alerts, the most severe first; `now` is epoch seconds."""
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
            closing={alert.id: alert.closing for alert in ordered if alert.closing},
            links=self._links,
            held=len(ordered) if reason is Reason.SUMMARY else 0,
        )


def _order(alert: AlertRecord) -> tuple[int, int, str]:
    return -alert.severity.rank, alert.opened, alert.id
