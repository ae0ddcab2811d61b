"""Deliveries: an alert (or several of one incident) on its way to one channel, and how a try ended.

Values only; senders answer `Sent`, `Retry` or `Dead`, and never raise for what the other side does.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TypeAlias


class Reason(enum.Enum):
    """Why something is told, or is not. Stored with every decision, and shown."""

    FIRST = "first"
    NEW_ACTOR = "new actor"
    NEW_ADDRESS = "new address"
    REPEAT = "repeat"
    RESOLVED = "resolved"
    SUMMARY = "summary"
    TEST = "test"
    GROUPED = "grouped"
    SILENCED = "silenced"
    SNOOZED = "snoozed"
    ACKNOWLEDGED = "acknowledged"
    TOO_OLD = "too old"
    NO_ROUTE = "no route"


TELLING = frozenset(
    {Reason.FIRST, Reason.NEW_ACTOR, Reason.NEW_ADDRESS, Reason.REPEAT, Reason.RESOLVED, Reason.SUMMARY, Reason.TEST}
)
"""The reasons that lead to a delivery; the others say why there is none."""


class DeliveryState(enum.Enum):
    """planned = waiting + sent + dead."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one channel. `key` is its identity everywhere: at most one delivery has it, and receivers see it.

    `due` is when to try next; `holder` and `lease` name the worker that has it now and until when. `thread` is what the
    channel gave for the incident's first message (a Message-ID, a Slack timestamp), `detail` the last answer or error,
    `note` what did not arrive though it was sent.
    """

    key: str
    channel: str
    incident: str
    alerts: tuple[str, ...]
    reason: Reason
    created: int
    due: int
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    holder: str = ""
    lease: int = 0
    settled: int | None = None
    detail: str = ""
    thread: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """It was accepted; `reference` is the receiver's name for it (a Message-ID, a timestamp), `thread` continues it.

    `note` says what did not arrive though the delivery is over: recipients that were refused for ever.
    """

    reference: str = ""
    thread: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now: the receiver is away or busy. `after` is its own wish in seconds, if it had one."""

    why: str
    after: int | None = None
    credentials: bool = False
    """Whether the credential was refused: it is renewed before the next try."""


@dataclass(frozen=True, slots=True)
class Dead:
    """Never: the receiver will not take it however often it is tried."""

    why: str


Outcome: TypeAlias = Sent | Retry | Dead
