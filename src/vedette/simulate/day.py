"""One day of the company: its people and workloads, the attack if there is one, delivered slot by slot.

The ordinary day does not depend on the scenario: the records of `quiet-day` are those of every other scenario of the
same seed and day, less the attack's. At no time is more held than the records of three periods of five minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from vedette.errors import InputError, did_you_mean
from vedette.simulate import attacks
from vedette.simulate.agenda import Errand, agenda
from vedette.simulate.background import SLOT, Background, share
from vedette.simulate.company import Company, found
from vedette.simulate.delivery import LogFile, Mail
from vedette.simulate.story import Story

DEFAULT_ACCOUNTS = ("111122223333", "123456789012")
DAYS = date(1970, 1, 8), date(9999, 12, 24)
"""The first day and the last: a week on either side is room for delays, sessions and dates of things made before."""

_DAY = 86_400
_FULL_PACE = 10_000
_STAFF = range(8, 61)
_GROWTH = 50_000


@dataclass(frozen=True, slots=True)
class Scenario:
    """What may be simulated: a name, a sentence, and the story."""

    name: str
    description: str
    tell: attacks.Telling


_SCENARIOS = tuple(
    Scenario(tell.__name__.replace("_", "-"), (tell.__doc__ or "").splitlines()[0], tell)
    for tell in (
        attacks.quiet_day,
        attacks.brute_force,
        attacks.secrets_theft,
        attacks.root_use,
        attacks.security_group_opened,
        attacks.trail_stopped,
        attacks.key_exfiltration,
        attacks.full_attack,
    )
)


def scenarios() -> tuple[Scenario, ...]:
    """Every scenario, from the quiet day to the full attack."""
    return _SCENARIOS


def generate(
    scenario: str,
    *,
    day: date,
    seed: int | str = 7,
    accounts: Sequence[str] = DEFAULT_ACCOUNTS,
    records: int = 10_000,
) -> Iterator[LogFile]:
    """The log files of `day` (UTC), in the order of their delivery.

    `records` is about how many records the ordinary day has; the attack's come on top. Same arguments, same bytes.
    Raises InputError for an unknown scenario, an account that is not twelve digits, a negative number of records, or a
    day outside DAYS.
    """
    chosen = _scenario(scenario)
    if (
        not accounts
        or len(set(accounts)) < len(accounts)
        or not all(re.fullmatch("[0-9]{12}", one) for one in accounts)
    ):
        raise InputError("accounts must be different numbers of twelve digits", hint="for example `111122223333`")
    if records < 0:
        raise InputError(f"cannot simulate {records} records", hint="give a number of records of 0 or more")
    if not DAYS[0] <= day <= DAYS[1]:
        raise InputError(f"cannot simulate {day}", hint=f"give a day from {DAYS[0]} to {DAYS[1]}")
    company = found(seed, accounts, min(_STAFF[-1], _STAFF[0] + records // 2_000))
    return _deliver(company, chosen, day, records)


def _scenario(name: str) -> Scenario:
    for scenario in _SCENARIOS:
        if scenario.name == name:
            return scenario
    known = [scenario.name for scenario in _SCENARIOS]
    raise InputError(f"unknown scenario `{name}`", hint=did_you_mean(name, known) or f"there are {', '.join(known)}")


def _deliver(company: Company, scenario: Scenario, day: date, records: int) -> Iterator[LogFile]:
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    story = Story(company, scenario.name, start)
    scenario.tell(story)
    told = sorted(story.records, key=lambda record: record.at, reverse=True)
    errands = agenda(company, day, start, min(1.0, records / _FULL_PACE))[::-1]
    background, mail = Background(company, 1 + records // _GROWTH), Mail(company)
    made = wanted = 0.0
    for begin in range(start, start + _DAY, SLOT):
        rng = company.stream("slot", begin)
        made += _post_errands(errands, begin + SLOT, mail, company)
        wanted += records * SLOT / _DAY * share(begin - start)
        for record in background.records(begin, round(wanted - made)):
            mail.post(record, rng)
            made += 1
        while told and told[-1].at < begin + SLOT:
            mail.post(told.pop(), story.rng)
        yield from mail.deliver(before=begin + SLOT + 1)
    yield from mail.deliver(before=start + 2 * _DAY)


def _post_errands(errands: list[Errand], until: int, mail: Mail, company: Company) -> int:
    """Post the records of the errands before `until`, which are taken from the end of the list."""
    posted = 0
    while errands and errands[-1].at < until:
        errand = errands.pop()
        rng = company.stream("errand", errand.at, errand.who.name, len(errands))
        for record in errand.records(rng):
            mail.post(record, rng)
            posted += 1
    return posted
