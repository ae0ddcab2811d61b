"""How a try to deliver ended, stored; and the monitor's own alert while a channel has messages that were given up."""

from __future__ import annotations

from collections.abc import Collection

from vedette.alerts.delivery import Dead, Delivery, DeliveryState, Outcome
from vedette.monitor.outbox import store_outcome
from vedette.monitor.selfwatch import Concern, clear_concern, raise_concern
from vedette.monitor.store import Transaction
from vedette.monitor.watching import Monitor


def settle(tx: Transaction, monitor: Monitor, delivery: Delivery, outcome: Outcome, now: int) -> Delivery:
    """Store how a try of a claimed delivery ended: sent, due again, or dead and told of over the other channels."""
    after = store_outcome(tx, monitor.policy, delivery, outcome, now)
    if after.state is DeliveryState.DEAD:
        raise_concern(tx, monitor, Concern.DELIVERY_DEAD, delivery.channel, after.detail, now)
    elif after.state is DeliveryState.SENT:
        dead = tx.deliveries(state=DeliveryState.DEAD, channel=delivery.channel, limit=1)
        if not dead:
            clear_concern(tx, monitor, Concern.DELIVERY_DEAD, delivery.channel, now)
    return after


def give_up(tx: Transaction, monitor: Monitor, channels: Collection[str], now: int) -> int:
    """Give up what has waited for long enough for channels that are none any more; how many messages that were."""
    given_up = 0
    for delivery in tx.deliveries(state=DeliveryState.WAITING):
        if delivery.channel not in channels and now - delivery.created >= monitor.policy.backoff.age:
            settle(tx, monitor, delivery, Dead(f"the settings have no channel `{delivery.channel}`"), now)
            given_up += 1
    return given_up
