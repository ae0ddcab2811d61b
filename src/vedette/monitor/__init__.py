"""The live monitor: results of objects in, alerts and deliveries out, through a store that keeps every step.

Pure but for the store that it is given: it reads no clock, opens nothing, starts nothing. Each function does its work
within the transaction that it is given; what it returns only tells of it.
"""

from vedette.monitor.intake import Arrival, Ingested, ingest, ingest_together, last_malformed
from vedette.monitor.lifecycle import acknowledge, reopen, resolve, snooze
from vedette.monitor.outbox import claim, retry
from vedette.monitor.selfwatch import Concern, clear_concern, concerns, raise_concern
from vedette.monitor.settling import settle
from vedette.monitor.silences import lift, preview, silence
from vedette.monitor.ticking import Ticked, tick
from vedette.monitor.watching import Monitor

__all__ = [
    "Arrival",
    "Concern",
    "Ingested",
    "Monitor",
    "Ticked",
    "acknowledge",
    "claim",
    "clear_concern",
    "concerns",
    "ingest",
    "ingest_together",
    "last_malformed",
    "lift",
    "preview",
    "raise_concern",
    "reopen",
    "resolve",
    "retry",
    "settle",
    "silence",
    "snooze",
    "tick",
]
