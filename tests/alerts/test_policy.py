"""Routes, hours, globs, silences' matchers, and how long a delivery waits."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given

from vedette.alerts.policy import Backoff, Hours, Labels, Policy, Rate, Route, checked_matchers, fits, holds_back
from vedette.detections.definition import Severity
from vedette.errors import InputError

TEXT = st.text("ab*", max_size=8)


def labels(**changes: object) -> Labels:
    fields: dict[str, object] = {
        "detection": "root-login",
        "category": "root",
        "severity": Severity.HIGH,
        "kind": "detection",
        "actors": frozenset({"alice"}),
        "addresses": frozenset({"198.51.100.7"}),
        "accounts": frozenset({"111122223333"}),
        "regions": frozenset({"us-east-1"}),
        **changes,
    }
    return Labels(**fields)  # type: ignore[arg-type]  # the tests name the fields


def moment(text: str, zone: str = "UTC") -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


@given(TEXT, st.text("ab", max_size=8))
def test_a_star_stands_for_any_run_of_characters(pattern: str, text: str) -> None:
    """Each `*` stands for any run of characters, everything else for itself."""
    slow = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL)
    assert fits(pattern, text) is (slow is not None)


@pytest.mark.parametrize(
    ("route", "takes"),
    [
        (Route(("mail",)), True),
        (Route(("mail",), min_severity=Severity.HIGH), True),
        (Route(("mail",), min_severity=Severity.CRITICAL), False),
        (Route(("mail",), detections=("x", "root-*")), True),
        (Route(("mail",), detections=("x", "*-root")), False),
        (Route(("mail",), categories=("root",)), True),
        (Route(("mail",), categories=("iam",)), False),
        (Route(("mail",), accounts=("1111*",)), True),
        (Route(("mail",), accounts=("2*",)), False),
        (Route(("mail",), regions=("us-*",)), True),
        (Route(("mail",), regions=("eu-*",)), False),
        (Route(("mail",), hours=Hours.parse("10:00-11:00")), True),
        (Route(("mail",), hours=Hours.parse("11:00-12:00")), False),
    ],
)
def test_a_route_takes_what_fits_all_that_it_asks(route: Route, takes: bool) -> None:
    assert route.takes(labels(), moment("2026-11-20T10:30")) is takes


def test_one_account_of_several_is_enough_for_a_route() -> None:
    several = labels(accounts=frozenset({"111122223333", "123456789012"}))
    assert Route(("mail",), accounts=("1234*",)).takes(several, 0)
    assert not Route(("mail",), accounts=("1234*",)).takes(labels(accounts=frozenset()), 0)


def test_routes_add_up_until_one_stops() -> None:
    first, second, third = Route(("a", "b")), Route(("b", "c"), stop=True), Route(("d",))
    policy = Policy(routes=(first, Route(("x",), detections=("no",), stop=True), second, third))
    assert policy.channels_for(labels(), 0) == ("a", "b", "c")
    assert policy.channels == ("a", "b", "x", "c", "d")


def test_a_channel_has_its_own_rate_or_the_common_one() -> None:
    policy = Policy(routes=(), rates={"sms": Rate(1, 3600)}, rate=Rate(9, 60))
    assert (policy.rate_of("sms"), policy.rate_of("mail")) == (Rate(1, 3600), Rate(9, 60))


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("09:00-18:00", ["2026-11-20T09:00", "2026-11-21T17:59"], ["2026-11-20T08:59", "2026-11-20T18:00"]),
        ("Mon-Fri 09:00-18:00", ["2026-11-20T12:00"], ["2026-11-21T12:00", "2026-11-22T12:00"]),
        ("sat,sun 00:00-24:00", ["2026-11-21T00:00", "2026-11-22T23:59"], ["2026-11-20T23:59", "2026-11-23T00:00"]),
        ("Fri 22:00-06:00", ["2026-11-20T22:00", "2026-11-21T05:59"], ["2026-11-20T05:00", "2026-11-21T06:00"]),
        ("Sun-Tue 22:00-06:00", ["2026-11-25T05:00", "2026-11-22T23:00"], ["2026-11-25T22:30", "2026-11-22T05:00"]),
        ("00:00-00:00", ["2026-11-20T00:00", "2026-11-20T12:00"], []),
    ],
)
def test_hours_of_days(text: str, inside: list[str], outside: list[str]) -> None:
    hours = Hours.parse(text)
    assert [at for at in inside if not hours.holds(moment(at))] == []
    assert [at for at in outside if hours.holds(moment(at))] == []


def test_hours_are_those_of_the_wall_clock_when_clocks_are_changed() -> None:
    """In Berlin clocks went from 03:00 back to 02:00 on 2026-10-25, and from 02:00 to 03:00 on 2026-03-29."""
    office = Hours.parse("09:00-18:00", "Europe/Berlin")
    for day in ("2026-10-24", "2026-10-25", "2026-10-26", "2026-03-28", "2026-03-29", "2026-03-30"):
        assert office.holds(moment(f"{day}T09:00", "Europe/Berlin"))
        assert not office.holds(moment(f"{day}T08:59", "Europe/Berlin"))
    night = Hours.parse("02:00-03:00", "Europe/Berlin")
    autumn = moment("2026-10-25T00:00")
    assert [night.holds(autumn + step * 1800) for step in range(5)] == [True, True, True, True, False]
    spring = moment("2026-03-29T00:00")
    assert not any(night.holds(spring + step * 600) for step in range(18))


@pytest.mark.parametrize("text", ["", "9-18", "25:00-26:00", "Foo 09:00-10:00", "Mon- 09:00", "09:00-24:30"])
def test_what_is_no_time_of_day_is_an_error(text: str) -> None:
    with pytest.raises(InputError):
        Hours.parse(text)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd"])
def test_what_is_no_zone_is_an_error(zone: str) -> None:
    with pytest.raises(InputError):
        Hours.parse("09:00-18:00", zone)


@pytest.mark.parametrize(
    ("matchers", "holds"),
    [
        ({"detection": "root-*"}, True),
        ({"detection": "root-*", "actor": "alice"}, True),
        ({"detection": "root-*", "actor": "bob"}, False),
        ({"category": "root", "severity": "h*"}, True),
        ({"severity": "low"}, False),
        ({"address": "198.51.100.*", "account": "1*", "region": "us-*"}, True),
        ({"category": "iam"}, False),
        ({"unheard-of": "*"}, False),
        ({}, False),
    ],
)
def test_a_silence_holds_back_what_fits_all_its_matchers(matchers: dict[str, str], holds: bool) -> None:
    assert holds_back(matchers, labels()) is holds


def test_of_several_actors_every_one_must_be_expected_and_none_unknown() -> None:
    both = labels(actors=frozenset({"alice", "mallory"}))
    assert not holds_back({"actor": "alice"}, both)
    assert holds_back({"actor": "*"}, both)
    assert not holds_back({"actor": "*"}, labels(actors=frozenset()))
    assert not holds_back({"actor": "*"}, labels(partial=frozenset({"actor"})))


def test_a_silence_must_name_something_known() -> None:
    assert checked_matchers({"actor": "a*"}) == {"actor": "a*"}
    for wrong in ({}, {"user": "alice"}):
        with pytest.raises(InputError):
            checked_matchers(wrong)


@given(st.text(max_size=9), st.integers(1, 60))
def test_tries_are_further_and_further_apart_within_bounds(key: str, attempts: int) -> None:
    """After `first` seconds, then twice that, up to `longest`; spread by a quarter either way; alike for one key."""
    backoff = Backoff(first=8, longest=600)
    delay = backoff.delay(key, attempts)
    whole = min(600, 8 * 2 ** (attempts - 1))
    assert 0.75 * whole - 1 <= delay <= 1.25 * whole + 1
    assert delay == backoff.delay(key, attempts)


def test_a_delivery_is_given_up_after_so_many_tries_and_so_much_time() -> None:
    backoff = Backoff(attempts=3, age=100)
    assert not backoff.is_spent(3, 99)
    assert not backoff.is_spent(2, 100)
    assert backoff.is_spent(3, 100)
