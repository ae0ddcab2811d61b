"""What an alert says in words, sentence by sentence."""

from __future__ import annotations

import pytest

from alerts.making import NOBODY, NOON, actor, alert, detection, sighting
from vedette.alerts import words
from vedette.alerts.alert import Alert
from vedette.alerts.evidence import MAX_VALUES, Evidence, Sighting

ARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf"


def by(*names: str) -> Alert:
    return alert(*(sighting(number, number, actor=actor(name)) for number, name in enumerate(names)))


def refused(*errors: str) -> Alert:
    return alert(*(sighting(number, number, error=error) for number, error in enumerate(errors)))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["alice"], "alice"),
        (["alice", "alice"], "alice"),
        (["bob", "alice"], "alice and bob"),
        (["alice", "bob", "carol"], "alice, bob and 1 other"),
        (["bob", "bob", "alice", "carol", "dave", "erin"], "bob, alice and 3 others"),
    ],
)
def test_who(names: list[str], expected: str) -> None:
    assert words.who(by(*names)) == expected


def test_more_may_be_named() -> None:
    assert words.who(by("alice", "bob", "carol"), most=3) == "alice, bob and carol"


def test_a_sample_of_many_is_told_as_a_sample() -> None:
    many = by(*(f"user{number:03}" for number in range(MAX_VALUES + 9)))
    assert words.who(many).endswith(f" and more than {MAX_VALUES - 2} others")


SENTENCES: dict[str, tuple[Alert, str]] = {
    "one record": (
        alert(),
        "alice called GetSecretValue once from 198.51.100.7 in us-east-1, at 2026-11-21 10:00:00 UTC.",
    ),
    "a resource": (
        alert(sighting(resources=(ARN,))),
        ("alice called GetSecretValue once on secret:prod/db-AbCdEf, from 198.51.100.7 in us-east-1, "
        "at 2026-11-21 10:00:00 UTC."),
    ),
    "two records, two addresses": (
        alert(sighting(), sighting(1.5, 1, address="203.0.113.9")),
        ("alice called GetSecretValue twice from 198.51.100.7 and 203.0.113.9 in us-east-1, "
        "first at 2026-11-21 10:00:00 UTC."),
    ),
    "several of everything": (
        alert(
            *(
                sighting(n / 4, n, actor=actor("abcd"[n % 4]), event_name=f"Call{n % 3}", region=f"us-east-{n % 2 + 1}")
                for n in range(1_200)
            )
        ),
        ("a, b and 2 others called Call0, Call1 and 1 other 1,200 times from 198.51.100.7 in us-east-1 and us-east-2, "
        "first at 2026-11-21 10:00:00 UTC."),
    ),
    "one record, refused": (
        refused("AccessDenied"),
        ("alice called GetSecretValue once from 198.51.100.7 in us-east-1, at 2026-11-21 10:00:00 UTC "
        "(it was refused: AccessDenied)."),
    ),
    "all refused": (
        refused("AccessDenied", "AccessDenied"),
        ("alice called GetSecretValue twice from 198.51.100.7 in us-east-1, first at 2026-11-21 10:00:00 UTC "
        "(all were refused: AccessDenied)."),
    ),
    "one of them refused": (
        refused("AccessDenied", "", ""),
        ("alice called GetSecretValue 3 times from 198.51.100.7 in us-east-1, first at 2026-11-21 10:00:00 UTC "
        "(1 was refused: AccessDenied)."),
    ),
    "some refused": (
        refused("AccessDenied", "", "Throttling"),
        ("alice called GetSecretValue 3 times from 198.51.100.7 in us-east-1, first at 2026-11-21 10:00:00 UTC "
        "(2 were refused: AccessDenied and Throttling)."),
    ),
    "nothing known": (
        alert(sighting(actor=NOBODY, address="", region="", event_name="")),
        ("unknown called an unknown event once from an unknown address in an unknown region, "
        "at 2026-11-21 10:00:00 UTC."),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SENTENCES)
def test_sentences(case: str) -> None:
    told, expected = SENTENCES[case]
    assert words.sentence(told) == expected


def test_what() -> None:
    seen = [sighting(n, n, resources=(f"{ARN}{n}",), error="AccessDenied" if n else "") for n in range(3)]
    told = alert(*seen)
    assert words.what(alert()) == "GetSecretValue"
    assert words.what(told, most=1) == f"GetSecretValue on {ARN}0 and 2 others (2 refused: AccessDenied)"
    assert words.what(told, most=1, short=True) == (
        "GetSecretValue on secret:prod/db-AbCdEf0 and 2 others (2 refused: AccessDenied)"
    )
    assert words.what(refused("AccessDenied")) == "GetSecretValue (refused: AccessDenied)"


def test_whence_and_where() -> None:
    told = alert(sighting(address="cloudformation.amazonaws.com", region="eu-west-1"))
    assert (words.whence(told), words.where(told)) == ("cloudformation.amazonaws.com", "eu-west-1")


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (0, "2026-11-21 10:00"),
        (0.9, "2026-11-21 10:00"),
        (7, "2026-11-21 10:00–10:07"),
        (14 * 60, "2026-11-21 10:00 – 11-22 00:00"),
        (365 * 24 * 60, "2026-11-21 10:00 – 2027-11-21 10:00"),
    ],
)
def test_when(last: float, expected: str) -> None:
    told = alert(sighting(), sighting(last, 1))
    assert words.when(told) == expected
    assert words.when(told, with_date=False) == expected.removeprefix("2026-11-21 ")


@pytest.mark.parametrize(("count", "expected"), [(1, "once"), (2, "twice"), (3, "3 times"), (12_345, "12,345 times")])
def test_times(count: int, expected: str) -> None:
    assert words.times(count) == expected


def test_the_next_step_is_the_first_of_the_runbook() -> None:
    assert words.next_step(alert(of=detection(respond=("Call alice.", "Then bob.")))) == "Call alice."
    assert words.next_step(alert(of=detection(respond=()))) == "Ask the actor whether this was meant."


@pytest.mark.parametrize(
    ("resource", "shown"),
    [
        ("arn:aws:iam::111122223333:policy/ReadOnly", "policy/ReadOnly"),
        ("arn:aws:s3:::bucket", "bucket"),
        ("arn:aws:sns:us-east-1:111122223333:topic:part", "topic:part"),
        ("arn:aws:s3:::", "arn:aws:s3:::"),
        ("arn:aws:s3", "arn:aws:s3"),
        ("arnold:a:b:c:d:e", "arnold:a:b:c:d:e"),
        ("prod/db", "prod/db"),
    ],
)
def test_the_tail_of_a_resource(resource: str, shown: str) -> None:
    assert words.what(alert(sighting(resources=(resource,))), short=True) == f"GetSecretValue on {shown}"


def test_one_record_on_one_line() -> None:
    full = sighting(resources=(ARN, "other"), error="AccessDenied")
    assert words.telling(full) == (
        "2026-11-21T10:00:00Z GetSecretValue by alice from 198.51.100.7 on secret:prod/db-AbCdEf, other → AccessDenied"
    )
    bare = sighting(actor=NOBODY, address="", event_name="")
    assert words.telling(bare) == "2026-11-21T10:00:00Z an unknown event by unknown"


HOSTILE = ("a,, b", "\x1b[31mred", "line\nline\r", "\ud800", "\u202egnp.exe", "{0} %s \\", "x" * 600, "=1+1")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_passes_through_as_it_is(text: str) -> None:
    """Whoever shows the words escapes them for the medium; here nothing is changed, cut, or raised."""
    seen: Sighting = sighting(
        actor=actor(text), address=text, region=text, event_name=text, error=text, resources=(text,)
    )
    told = alert(seen)
    assert words.sentence(told).count(text) == 6
    assert words.what(told).count(text) == 3
    assert words.telling(seen).count(text) == 5
    assert {words.who(told), words.whence(told), words.where(told)} == {text}


def test_records_of_which_only_the_number_is_known_do_not_break_a_sentence() -> None:
    told = Alert(detection(), ("alice",), alert().opened, None, Evidence.untold_records(3, NOON, NOON + 60))
    assert words.sentence(told) == (
        "an unknown actor called an unknown event 3 times from an unknown address in an unknown region, "
        "first at 2026-11-21 10:00:00 UTC."
    )
    assert words.what(told) == "an unknown event"
