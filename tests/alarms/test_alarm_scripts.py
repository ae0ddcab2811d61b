"""Alarm tests as text: what they mean, and what is said of wrong ones."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.alarms import AlarmSpec, State, TreatMissingData
from vedette.alarms.script import parse_script, run, states
from vedette.errors import ProblemsError

FAILURES = AlarmSpec("failures", 3.0, treat_missing_data=TreatMissingData.NOT_BREACHING)

SCRIPT = """
# three failures within five minutes
points  0 1x3 _x2   # then silence
state   OK OK OK ALARM ...
"""


def test_a_script_that_holds() -> None:
    outcome = run(FAILURES, parse_script(SCRIPT))
    assert outcome.holds
    assert outcome.actual == (State.OK,) * 3 + (State.ALARM,) * 3


def test_a_script_that_does_not_hold_shows_where() -> None:
    outcome = run(AlarmSpec("two", 2.0), parse_script(SCRIPT))
    assert not outcome.holds
    assert outcome.render().splitlines() == [
        "points    0  1  1     1     _     _",
        "expected  OK OK OK    ALARM ALARM ALARM",
        "actual    OK OK ALARM ALARM ALARM ALARM",
        "                ^^^^^",
    ]


def test_lines_add_up_and_repeat() -> None:
    script = parse_script("initial INSUFFICIENT_DATA\npoints 1x2\npoints _ -1.5e1 .5x1\nstate OKx3\nstate ALARM ALARM")
    assert script.points == (1.0, 1.0, None, -15.0, 0.5)
    assert script.states == (State.OK,) * 3 + (State.ALARM,) * 2
    assert script.initial is State.INSUFFICIENT_DATA


def test_a_point_is_ten_seconds_for_a_high_resolution_alarm() -> None:
    fast = AlarmSpec("fast", 1.0, period=10, treat_missing_data=TreatMissingData.NOT_BREACHING, evaluation_range=1)
    assert states(fast, [None, 1.0, None]) == (State.OK, State.ALARM, State.OK)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (
            "points 1 a nan\nstat OK\nstate Ok OK",
            """\
script:1:10: error: expected a number or `_`
    1 | points 1 a nan
      |          ^
script:1:12: error: expected a number or `_`
    1 | points 1 a nan
      |            ^^^
script:2:1: error: expected `points`, `state` or `initial`
    2 | stat OK
      | ^^^^
script:3:7: error: expected one of `OK`, `ALARM`, `INSUFFICIENT_DATA`
    3 | state Ok OK
      |       ^^""",
        ),
        (
            "points 1x999999",
            """\
script:1:8: error: a script has at most 100,000 points
    1 | points 1x999999
      |        ^^^^^^^^""",
        ),
        (
            "points 1 2\nstate OK",
            """\
script:2:1: error: 2 points and 1 states: there is one state for each point
hint: `...` repeats the last state""",
        ),
        (
            "",
            """\
script:1:1: error: 0 points and 0 states: there is one state for each point
hint: `...` repeats the last state""",
        ),
        (
            "points 1e300\nstate OK",
            """\
script:1:8: error: expected a number or `_`
    1 | points 1e300
      |        ^^^^^""",
        ),
        (
            "points 1\nstate ...",
            """\
script:2:1: error: 1 points and 0 states: there is one state for each point
hint: `...` repeats the last state""",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_all_at_once(text: str, answer: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        parse_script(text)
    assert caught.value.message == answer


@settings(deadline=None)
@given(st.text("points tae_1x0.-…#\n OKALRM", max_size=60))
def test_any_text_is_a_script_or_a_list_of_problems(text: str) -> None:
    try:
        script = parse_script(text)
    except ProblemsError as error:
        assert error.problems
    else:
        assert len(script.points) == len(script.states) > 0
        assert len(run(FAILURES, script).actual) == len(script.points)
