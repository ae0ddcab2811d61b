"""A simulated day: the same for the same seed, made slot by slot, and ordinary apart from its attack."""

from __future__ import annotations

import gzip
import hashlib
import itertools
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.errors import InputError
from vedette.simulate import background, generate, scenarios
from vedette.simulate.background import SLOT, share
from vedette.simulate.day import DAYS

NAMES = [scenario.name for scenario in scenarios()]


def _digest(**arguments):
    digest = hashlib.sha256()
    for file in generate(**arguments):
        digest.update(file.key.encode() + file.data)
    return digest.hexdigest()


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(), name=st.sampled_from(NAMES), day=st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_same_arguments_give_the_same_bytes(seed, name, day):
    """`generate`: "Same arguments, same bytes"; and another seed gives others."""
    first = _digest(scenario=name, day=day, seed=seed, records=150)
    assert _digest(scenario=name, day=day, seed=seed, records=150) == first
    assert _digest(scenario=name, day=day, seed=seed + 1, records=150) != first


def test_the_ordinary_day_does_not_depend_on_the_scenario(read, day, attack_files, attack_records):
    """`day`: "the records of quiet-day are those of every other scenario …, less the attack's"."""
    attack = {row["eventID"] for file in attack_files for row in file.truth}
    ordinary = {record["eventID"] for record in attack_records} - attack
    quiet = read(generate("quiet-day", day=day, records=4_000))
    assert {record["eventID"] for record in quiet} == ordinary
    assert attack


def test_the_quiet_day_has_no_truth(day):
    files = list(generate("quiet-day", day=day, records=500))
    assert not any(file.truth for file in files)


@pytest.mark.parametrize("wanted", [3_000, 8_000])
def test_records_are_about_as_many_as_asked_for(day, wanted):
    made = sum(file.records for file in generate("quiet-day", day=day, records=wanted))
    assert wanted <= made <= wanted * 1.02 + 300


def test_a_day_is_made_as_it_is_read(day, monkeypatch):
    """`day`: "At no time is more held than the records of three periods": the first files need the first slots only."""
    started = []
    plain = background.Background.records

    def counted(self, start, count):
        started.append(start)
        return plain(self, start, count)

    monkeypatch.setattr(background.Background, "records", counted)
    files = generate("quiet-day", day=day, records=50_000)
    assert started == []
    first = list(itertools.islice(files, 3))
    assert len(started) <= 2
    assert len(first) == 3


def test_a_reader_waits_for_no_more_than_three_periods(day):
    """Memory is flat: what is under way when a file comes out was made for this period or the two after."""
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    for file in itertools.islice(generate("quiet-day", day=day, records=20_000), 40):
        assert f"/{day:%Y/%m/%d}/" in file.key
        assert file.key.split("_")[3] <= f"{datetime.fromtimestamp(start + 15 * SLOT, UTC):%Y%m%dT%H%MZ}"


def test_files_come_in_the_order_of_delivery(attack_files):
    stamps = [file.key.split("_")[3] for file in attack_files]
    assert stamps == sorted(stamps)


def test_people_keep_working_hours(attack_records):
    """Half of the pages that people look at in the console fall into the eight busiest hours, at the least."""
    hours = [
        int(record["eventTime"][11:13])
        for record in attack_records
        if record.get("sessionCredentialFromConsole") == "true" and not record["sourceIPAddress"].startswith("203.")
    ]
    by_hour = sorted((hours.count(hour) for hour in range(24)), reverse=True)
    assert len(hours) > 50
    assert sum(by_hour[:8]) > len(hours) / 2


def test_weekends_are_quieter():
    def sign_ins(day):
        found = generate("quiet-day", day=day, records=6_000)
        return sum(gzip.decompress(file.data).count(b'"eventName":"ConsoleLogin"') for file in found)

    assert sign_ins(date(2026, 11, 21)) < sign_ins(date(2026, 11, 18)) / 2


def test_share_is_one_on_average():
    seconds = range(0, 86_400, SLOT)
    assert sum(map(share, seconds)) / len(seconds) == pytest.approx(1)


def test_an_unknown_scenario_is_refused_with_a_suggestion(day):
    with pytest.raises(InputError) as caught:
        generate("secret-theft", day=day)
    assert caught.value.message == "unknown scenario `secret-theft`"
    assert caught.value.hint == "did you mean `secrets-theft`?"
    with pytest.raises(InputError) as caught:
        generate("zzz", day=day)
    assert "quiet-day, brute-force" in str(caught.value.hint)


@pytest.mark.parametrize("accounts", [(), ("1234",), ("111122223333", "111122223333"), ("11112222333a",)])
def test_accounts_that_cannot_be_are_refused_at_once(day, accounts):
    with pytest.raises(InputError, match="twelve digits"):
        generate("quiet-day", day=day, accounts=accounts)


@pytest.mark.parametrize("far", [date(1970, 1, 7), date(9999, 12, 25), date.min, date.max])
def test_days_at_the_ends_of_time_are_refused(far):
    """Delays, sessions and what was made before reach beyond the day; no date may fall off the calendar."""
    with pytest.raises(InputError, match=f"cannot simulate {far}"):
        generate("full-attack", day=far)
    for last in DAYS:
        assert list(generate("full-attack", day=last, records=0))


def test_a_negative_number_of_records_is_refused(day):
    with pytest.raises(InputError, match="-1 records"):
        generate("quiet-day", day=day, records=-1)


def test_scenarios_have_names_and_sentences():
    assert NAMES == [
        "quiet-day",
        "brute-force",
        "secrets-theft",
        "root-use",
        "security-group-opened",
        "trail-stopped",
        "key-exfiltration",
        "full-attack",
    ]
    assert all(scenario.description.endswith(".") for scenario in scenarios())
