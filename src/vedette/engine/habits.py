"""From the records of one body to what they show of their actors: what is usual is learnt from all records.

It looks at every record and so has to be cheap: records that show the same of an actor are put together without a line
of Python for each, kind by kind, and whose an identity is, and of which family a user agent, is remembered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TypeAlias, TypeGuard, TypeVar, cast

import msgspec
from msgspec import UNSET

from vedette.alerts.habits import Hour, Shown, program_of
from vedette.cloudtrail.identity import Actor
from vedette.cloudtrail.projection import Record
from vedette.engine.times import Times

LONGEST = 256
_LONGEST_FACT = 512
_HOUR = 3_600
_HOUR_LENGTH = len("2026-11-21T10")
_MEMO_ENTRIES = 1 << 13

_T = TypeVar("_T")
_Facts: TypeAlias = tuple[object, ...]
_Read: TypeAlias = Callable[[Record], object]
_stamp, _address, _call, _region, _agent = cast(
    "tuple[_Read, ...]",
    tuple(map(attrgetter, ("event_time", "source_ip_address", "event_name", "aws_region", "user_agent"))),
)
_session = cast(
    Callable[[Record], _Facts],
    attrgetter("user_identity.accessKeyId", "user_identity.arn", "user_identity.type", "user_identity.invokedBy"),
)
"""What stands for one session, if `_is_session`."""

_facts = cast(
    Callable[[Record], _Facts],
    attrgetter(
        "user_identity.type",
        "user_identity.arn",
        "user_identity.accountId",
        "user_identity.userName",
        "user_identity.invokedBy",
    ),
)
"""What decides the actor's key, if `_decide`, of a record that names no source identity."""

_context = cast(_Read, attrgetter("user_identity.sessionContext"))


class HabitMaker:
    """Finds what the records of one projection show, which must hold `identity_fields`."""

    def __init__(self, actor: Callable[[Record], Actor]) -> None:
        self._actor = actor
        self._times = Times()
        self._sessions: dict[_Facts, str] = {}
        self._keys: dict[_Facts, str] = {}
        self._programs: dict[str, str] = {}

    def hours(self, records: Sequence[Record]) -> tuple[Hour, ...]:
        """What the actors of these records did, by hour; the time of each can be read.

        Never raises, whatever else the records hold.
        """
        return tuple(self._hour(start, found) for start, found in self._by_hour(records))

    def _by_hour(self, records: Sequence[Record]) -> Iterator[tuple[int, Sequence[Record]]]:
        """The records with the start of their hour, in epoch seconds."""
        for group in _alike(records):
            time = self._times.time(group[0].event_time)
            assert time is not None
            yield time - time % _HOUR, group

    def _hour(self, start: int, records: Sequence[Record]) -> Hour:
        keys = self._keys_of(records)
        addresses, calls, regions = (_shown(keys, records, read) for read in (_address, _call, _region))
        return Hour(start, frozenset(keys), addresses, calls, regions, self._programs_of(keys, records))

    def _keys_of(self, records: Sequence[Record]) -> Sequence[str]:
        """The key of each record's actor."""
        sessions = list(map(_session, records))
        try:
            keys = list(map(self._sessions.get, sessions))
        except TypeError:  # a list where AWS writes a text
            return [self._actor(record).key for record in records]
        if None in keys:
            for place, key in enumerate(keys):
                if key is None:
                    keys[place] = self._key(sessions[place], records[place])
        return cast("list[str]", keys)

    def _key(self, session: _Facts, record: Record) -> str:
        key = self._sessions.get(session)  # again: the record before this one may have been of the same
        if key is None:
            key = self._key_of(record)
            if _is_session(session):
                _keep(self._sessions, session, key)
        return key

    def _key_of(self, record: Record) -> str:
        facts = _facts(record)
        if not _decide(facts) or _may_name_a_source(record):
            return self._actor(record).key
        key = self._keys.get(facts)
        if key is None:
            key = self._actor(record).key
            _keep(self._keys, facts, key)
        return key

    def _programs_of(self, keys: Sequence[str], records: Sequence[Record]) -> frozenset[Shown]:
        shown = ((key, self._program(agent)) for key, agent in _shown(keys, records, _agent))
        return frozenset([pair for pair in shown if pair[1]])

    def _program(self, agent: str) -> str:
        found = self._programs.get(agent)
        if found is None:
            found = program_of(agent)
            _keep(self._programs, agent, found)
        return found


def _shown(keys: Sequence[str], records: Sequence[Record], read: _Read) -> frozenset[Shown]:
    """What each actor shows of one kind."""
    values = list(map(read, records))
    try:
        odd = {value: _text(value) for value in set(values) if not _is_plain(value)}
    except TypeError:
        values = [_text(value) for value in values]
        odd = {"": ""}
    if not odd:
        return frozenset(zip(keys, cast("list[str]", values), strict=True))
    texts = (cast(str, odd.get(value, value)) for value in values)
    return frozenset([pair for pair in zip(keys, texts, strict=True) if pair[1]])


def _is_plain(value: object) -> bool:
    return type(value) is str and 0 < len(value) <= LONGEST and value.isascii()


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


def _keep(memo: dict[_T, str], key: _T, value: str) -> None:
    if len(memo) >= _MEMO_ENTRIES:
        memo.clear()
    memo[key] = value


def _is_session(session: _Facts) -> bool:
    """Whether whoever has the same has the same key: it is so for most records."""
    access_key, arn, kind, invoked_by = session
    return bool(access_key and arn) or (kind == "AWSService" and bool(invoked_by))


def _may_name_a_source(record: Record) -> bool:
    context = _context(record)
    if context is UNSET:
        return False
    if not isinstance(context, msgspec.Raw):
        return True
    text = bytes(context)
    return b"sourceIdentity" in text or b"\\" in text


def _decide(facts: _Facts) -> bool:
    """Whether nothing but these facts decides the actor's key: so it is as AWS writes most identities."""
    if not all(value is UNSET or type(value) is str for value in facts):
        return False
    kind, arn, account, name, invoked_by = facts
    if kind == "AWSService":
        return _is_fact(invoked_by)
    if not _is_fact(account):
        return False
    if kind == "AssumedRole":
        role, _, session = arn.partition(":assumed-role/")[2].partition("/") if _is_fact(arn) else ("", "", "")
        return bool(role and session)
    if kind == "IAMUser":
        return _is_fact(name) or (_is_fact(arn) and not arn.endswith(("/", ":")))
    return kind == "Root"


def _is_fact(value: object) -> TypeGuard[str]:
    return type(value) is str and 0 < len(value) <= _LONGEST_FACT


def _text(value: object) -> str:
    """A text that can be encoded, at most LONGEST characters of it; empty for anything else."""
    if type(value) is not str:
        return ""
    text = value[:LONGEST]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
