"""From the records of one body to the traces of their actors: what is usual is learnt from all records.

It looks at every record and so has to be cheap: records that differ in nothing that is kept are put together first,
without a line of Python for each, and what was made of a combination once is remembered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Protocol, TypeAlias, cast

from vedette.alerts.habits import Hour, Trace, program_of
from vedette.cloudtrail.identity import Actor
from vedette.cloudtrail.projection import Record
from vedette.engine.times import Times

LONGEST = 256
_HOUR = 3_600
_HOUR_LENGTH = len("2026-11-21T10")
_MEMO_ENTRIES = 1 << 15
_KEPT = 4
"""How many of `_facts` are kept; the others decide the actor's key."""

_Facts: TypeAlias = tuple[object, ...]
_stamp = attrgetter("event_time")
_facts = cast(
    Callable[[Record], _Facts],
    attrgetter(
        "source_ip_address",
        "event_name",
        "aws_region",
        "user_agent",
        "user_identity.type",
        "user_identity.accessKeyId",
        "user_identity.arn",
        "user_identity.invokedBy",
    ),
)
"""What is kept, then what decides the actor's key, if `_is_telling`: an access key and an ARN stand for one session."""


class _Identity(Protocol):
    """What of `userIdentity` a projection holds that has `identity_fields`."""

    type: object
    accessKeyId: object  # noqa: N815  # named by AWS
    arn: object
    invokedBy: object  # noqa: N815


class HabitMaker:
    """Makes the traces of the records of one projection, which must hold `identity_fields`."""

    def __init__(self, actor: Callable[[Record], Actor]) -> None:
        self._actor = actor
        self._times = Times()
        self._known: dict[_Facts, Trace] = {}
        self._keys: dict[_Facts, str] = {}
        self._programs: dict[object, str] = {}

    def hours(self, records: Sequence[Record]) -> tuple[Hour, ...]:
        """What the actors of these records did, by hour; the time of each can be read.

        Never raises, whatever else the records hold.
        """
        return tuple(Hour(start, tuple(self._traces(found))) for start, found in self._by_hour(records))

    def _by_hour(self, records: Sequence[Record]) -> Iterator[tuple[int, Sequence[Record]]]:
        """The records with the start of their hour, in epoch seconds."""
        for group in _alike(records):
            time = self._times.time(group[0].event_time)
            assert time is not None
            yield time - time % _HOUR, group

    def _traces(self, records: Sequence[Record]) -> set[Trace]:
        try:
            found = list(map(self._known.get, map(_facts, records)))
        except TypeError:  # a list where AWS writes a text
            return set(map(self._trace, records))
        traces = cast("set[Trace | None]", set(found))
        if None in traces:
            traces.discard(None)
            traces |= self._learnt([record for record, trace in zip(records, found, strict=True) if trace is None])
        return cast("set[Trace]", traces)

    def _learnt(self, new: Sequence[Record]) -> set[Trace]:
        for memo in (self._known, self._keys, self._programs):
            if len(memo) > _MEMO_ENTRIES:
                memo.clear()
        traces = set()
        for record in new:
            if not _is_telling(record):
                traces.add(self._trace(record))
                continue
            facts = _facts(record)
            identity = facts[_KEPT:]
            key = self._keys.get(identity)
            if key is None:
                key = self._keys[identity] = self._actor(record).key
            address, call, region, agent = facts[:_KEPT]
            trace = Trace(key, _text(address), _text(call), _text(region), self._program(agent))
            self._known[facts] = trace
            traces.add(trace)
        return traces

    def _program(self, agent: object) -> str:
        found = self._programs.get(agent)
        if found is None:
            found = self._programs[agent] = program_of(_text(agent))
        return found

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
    if not stamps:
        return []
    if min(stamps)[:_HOUR_LENGTH] == max(stamps)[:_HOUR_LENGTH]:
        return [records]
    found: dict[str, list[Record]] = defaultdict(list)
    for record, stamp in zip(records, stamps, strict=True):
        found[stamp[:_HOUR_LENGTH]].append(record)
    return found.values()


def _is_telling(record: Record) -> bool:
    """Whether the actor's key follows from `_facts`: it does for most records, and `_trace` takes the others."""
    identity = cast(_Identity, record.user_identity)
    return bool(identity.accessKeyId and identity.arn) or (identity.type == "AWSService" and bool(identity.invokedBy))


def _text(value: object) -> str:
    """A text that can be encoded, at most LONGEST characters of it; empty for anything else."""
    if type(value) is not str:
        return ""
    text = value[:LONGEST]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
