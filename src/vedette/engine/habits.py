"""From the records of one body to the traces of their actors: what is usual is learnt from all records.

It looks at every record and so has to be cheap: records that differ in nothing that is kept are put together first,
without a line of Python for each, and what was made of a combination once is remembered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TypeAlias, cast

from vedette.alerts.habits import Hour, Trace, program_of
from vedette.cloudtrail.identity import Actor
from vedette.cloudtrail.projection import Record
from vedette.engine.times import Times

LONGEST = 256
_HOUR = 3_600
_HOUR_LENGTH = len("2026-11-21T10")
_MEMO_ENTRIES = 1 << 15
_TELLING_TYPES = frozenset({"AWSService", "AWSAccount", "IAMUser", "Root"})
"""Identities whose key follows from the fields of `_facts` even if they name no access key."""

_Facts: TypeAlias = tuple[object, ...]
_stamp = attrgetter("event_time")
_facts = cast(
    Callable[[Record], _Facts],
    attrgetter(
        "source_ip_address",
        "event_name",
        "aws_region",
        "user_agent",
        "recipient_account_id",
        "user_identity.type",
        "user_identity.accessKeyId",
        "user_identity.arn",
        "user_identity.principalId",
        "user_identity.userName",
        "user_identity.accountId",
        "user_identity.invokedBy",
    ),
)
"""What is kept, and what decides the actor's key: an access key stands for its session, whose context is not here."""


class HabitMaker:
    """Makes the traces of the records of one projection, which must hold `identity_fields`."""

    def __init__(self, actor: Callable[[Record], Actor]) -> None:
        self._actor = actor
        self._times = Times()
        self._known: dict[_Facts, Trace] = {}

    def hours(self, records: Sequence[Record]) -> tuple[Hour, ...]:
        """What the actors of these records did, by hour; records without a time that can be read are left out.

        Never raises, whatever the records hold.
        """
        return tuple(Hour(start, tuple(self._traces(found))) for start, found in self._by_hour(records))

    def _by_hour(self, records: Sequence[Record]) -> Iterator[tuple[int, Sequence[Record]]]:
        """The records with the start of their hour, in epoch seconds."""
        for group in _alike(records):
            time = self._times.time(group[0].event_time)
            if time is not None:
                yield time - time % _HOUR, group

    def _traces(self, records: Sequence[Record]) -> set[Trace]:
        try:
            by_facts = dict(zip(map(_facts, records), records, strict=True))
        except TypeError:  # a list where AWS writes a text
            return set(map(self._trace, records))
        known = self._known
        traces = cast("set[Trace | None]", set(map(known.get, by_facts)))
        if None in traces:
            traces.discard(None)
            new = [(facts, record) for facts, record in by_facts.items() if facts not in known]
            traces |= self._learnt(new)
            if not all(_is_telling(record) for _, record in new):
                traces.update(self._trace(record) for record in records if not _is_telling(record))
        return cast("set[Trace]", traces)

    def _learnt(self, new: Sequence[tuple[_Facts, Record]]) -> set[Trace]:
        if len(self._known) > _MEMO_ENTRIES:
            self._known.clear()
        traces = set()
        for facts, record in new:
            trace = self._trace(record)
            traces.add(trace)
            if _is_telling(record):
                self._known[facts] = trace
        return traces

    def _trace(self, record: Record) -> Trace:
        return Trace(
            self._actor(record).key,
            _text(record.source_ip_address),
            _text(record.event_name),
            _text(record.aws_region),
            program_of(_text(record.user_agent)),
        )


def _alike(records: Sequence[Record]) -> Iterable[Sequence[Record]]:
    """The records by what their times begin with, date and hour; mostly all are of one."""
    stamps = cast("list[str]", list(map(_stamp, records)))
    try:
        low, high = min(stamps, default=""), max(stamps, default="")
        if low[:_HOUR_LENGTH] == high[:_HOUR_LENGTH]:
            return [records] if records else []
    except TypeError:
        pass
    found: dict[str, list[Record]] = defaultdict(list)
    for record, stamp in zip(records, stamps, strict=True):
        if isinstance(stamp, str):
            found[stamp[:_HOUR_LENGTH]].append(record)
    return found.values()


def _is_telling(record: Record) -> bool:
    """Whether the actor's key follows from `_facts`."""
    identity = record.user_identity
    return bool(identity.accessKeyId) or identity.type in _TELLING_TYPES  # type: ignore[attr-defined]


def _text(value: object) -> str:
    """A text that can be encoded, at most LONGEST characters of it; empty for anything else."""
    if type(value) is not str:
        return ""
    text = value[:LONGEST]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
