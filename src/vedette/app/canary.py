"""The canary: a marked, harmless record that goes the whole way, and the question whether it arrived.

Where a source is a folder that can be written, the record begins its way there; else it begins where an object is read.
It is asked by a detection of its own, and goes to every channel.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from vedette import __version__
from vedette.alerts.delivery import Delivery, DeliveryState
from vedette.alerts.policy import Policy, Route
from vedette.alerts.record import AlertRecord
from vedette.cloudtrail.moment import print_time
from vedette.detections.definition import Detection
from vedette.detections.loader import load_text
from vedette.errors import InputError
from vedette.monitor.lifecycle import resolve
from vedette.monitor.selfwatch import Concern, clear_concern, raise_concern
from vedette.monitor.store import AlertFilter, Transaction
from vedette.monitor.watching import CANARY, Monitor
from vedette.sources.port import Item

UNREAD = "every channel"
"""What a canary did not arrive at if its record was not even read."""

_NOTE = "canary"
_WHO = "vedette canary"

_DETECTION = """\
id: vedette-canary
title: "The canary came: alerts arrive"
severity: informational
category: vedette
description: A harmless record that Vedette made itself has come the whole way, from the source to this channel.
why: Alerts that would not arrive are noticed by a message that fails to come, before there is need of one.
respond:
  - Nothing is to be done. If these messages stop coming, run `vedette doctor`.
pattern: '{ $.eventName = "VedetteCanary" && $.eventSource = "vedette" }'
group_by: [$.requestParameters.canary]
tests: []
"""


def canary_detection() -> Detection:
    """The detection that the canary's record matches, and no record of AWS."""
    return load_text(_DETECTION, CANARY)


def with_canary(
    detections: Sequence[Detection], policy: Policy, channels: Sequence[str]
) -> tuple[tuple[Detection, ...], Policy]:
    """The same with the canary's detection, and a route that takes it to every channel, and nowhere else."""
    route = Route(tuple(channels), detections=(CANARY,), stop=True)
    return (*detections, canary_detection()), replace(policy, routes=(route, *policy.routes))


def canary_record(name: str, now: int) -> bytes:
    """A log file with the canary's record in it."""
    record = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "AWSService", "invokedBy": "vedette"},
        "eventTime": print_time(now),
        "eventSource": "vedette",
        "eventName": "VedetteCanary",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "vedette",
        "userAgent": f"vedette/{__version__}",
        "requestParameters": {"canary": name},
        "responseElements": None,
        "eventID": str(uuid.uuid5(uuid.NAMESPACE_URL, f"vedette-canary:{name}")),
        "readOnly": True,
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "recipientAccountId": "000000000000",
    }
    return json.dumps({"Records": [record]}).encode()


def canary_item(name: str, now: int) -> Item:
    """The canary as an object, for where no source can be written."""
    data = canary_record(name, now)
    return Item(f"{CANARY}/{name}", len(data), lambda: io.BytesIO(data))


def leave_in(folder: Path, name: str, now: int) -> Path | None:
    """Put the canary's log file in a folder, whole at once; None where the folder cannot be written."""
    path, part = folder / f"{CANARY}-{name}.json", folder / f".{CANARY}-{name}"
    try:
        part.write_bytes(canary_record(name, now))
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        return None
    return path


@dataclass(frozen=True, slots=True)
class Arrival:
    """How far a canary has come: `alert` is None until it was read; deliveries by channel."""

    alert: AlertRecord | None
    deliveries: Mapping[str, Delivery]

    def missing(self, channels: Sequence[str]) -> dict[str, str]:
        """The channels that have not accepted it, each with what is known of why."""
        return {channel: why for channel in channels if (why := self._why(channel))}

    def _why(self, channel: str) -> str:
        if self.alert is None:
            return "the record was not read"
        delivery = self.deliveries.get(channel)
        if delivery is None:
            return "no message was planned for it"
        if delivery.state is DeliveryState.SENT:
            return ""
        return f"the message is {delivery.state.value}" + (f": {delivery.detail}" if delivery.detail else "")


def arrival(tx: Transaction, name: str) -> Arrival:
    """How far the canary of that name has come."""
    found = list(tx.alerts(AlertFilter(detection=CANARY, group=(name,), limit=1)))
    if not found:
        return Arrival(None, {})
    keys = [key for decision in tx.decisions(found[0].id) for key in decision.deliveries]
    deliveries = [delivery for key in keys if (delivery := tx.delivery(key)) is not None]
    return Arrival(found[0], {delivery.channel: delivery for delivery in reversed(deliveries)})


def conclude(tx: Transaction, monitor: Monitor, name: str, channels: Sequence[str], now: int) -> dict[str, str]:
    """Raise what did not arrive, clear what did, and end the canary's alert; what is missing, by channel."""
    came = arrival(tx, name)
    missing = came.missing(channels)
    # Where it was not read, that is one thing to tell, and not one for each channel.
    wrong = missing if came.alert is not None else {UNREAD: "the record was not read"}
    for channel in (UNREAD, *channels):
        if channel in wrong:
            raise_concern(tx, monitor, Concern.CANARY_MISSING, channel, wrong[channel], now)
        else:
            clear_concern(tx, monitor, Concern.CANARY_MISSING, channel, now)
    if came.alert is not None:
        with suppress(InputError):
            resolve(tx, monitor, came.alert.id, _WHO, now, "it has done its work")
    return missing


@dataclass(frozen=True, slots=True)
class Flight:
    """A canary that was sent: its name, when, whether it was looked after since."""

    name: str
    sent: int
    over: bool

    @classmethod
    def last(cls, tx: Transaction) -> Flight:
        """The last one on the schedule."""
        kept = json.loads(tx.note(_NOTE) or '{"name": "", "sent": 0, "over": true}')
        return cls(kept["name"], kept["sent"], kept["over"])

    def keep(self, tx: Transaction) -> None:
        """Remember it."""
        tx.put_note(_NOTE, json.dumps({"name": self.name, "sent": self.sent, "over": self.over}))


def new_name(now: int) -> str:
    """A name for a canary: when it was sent, and something that nobody else has."""
    stamp = dt.datetime.fromtimestamp(now, dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{stamp}-{uuid.uuid4().hex[:8]}"
