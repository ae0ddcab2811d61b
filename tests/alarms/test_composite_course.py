"""The course of a composite alarm over its children's, and when its actions run under suppression."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.alarms import ActionRun, Rule, State, Suppression, Told, Transition, action_runs, composite_timeline

OK, ALARM = State.OK, State.ALARM
WHY = Told("as the test says")


def changes(*moments: tuple[int, State]) -> list[Transition]:
    """Transitions into these states; the state before is the other of OK and ALARM."""
    return [Transition(ALARM if new is OK else OK, new, at, WHY) for at, new in moments]


def test_a_composite_follows_its_children() -> None:
    rule = Rule.parse("ALARM(failures) AND ALARM(success)")
    children = {"failures": changes((60, ALARM), (600, OK)), "success": changes((300, ALARM), (900, OK))}
    found = composite_timeline(rule, children, 0, 1000, {"failures": OK, "success": OK})
    assert [(t.old, t.new, t.at) for t in found] == [(OK, ALARM, 300), (ALARM, OK, 600)]
    assert found[0].slots == ()
    assert found[0].reason_data is None


def test_the_reason_names_the_child() -> None:
    at = int(dt.datetime(2022, 7, 22, 15, 57, 45, tzinfo=dt.UTC).timestamp())
    arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:first"
    (found,) = composite_timeline(Rule.parse(f"ALARM({arn})"), {arn: changes((at, ALARM))}, 0, at + 1, {arn: OK})
    assert found.reason == f"{arn} transitioned to ALARM at Friday 22 July, 2022 15:57:45 UTC"


def test_changes_of_one_second_are_taken_together() -> None:
    """One child takes over from the other: the composite stays in ALARM, and does not notify twice."""
    children = {"a": changes((60, OK)), "b": changes((60, ALARM))}
    assert composite_timeline(Rule.parse("ALARM(a) OR ALARM(b)"), children, 0, 100, {"a": ALARM, "b": OK}) == []


def test_only_the_stretch_asked_for_is_looked_at() -> None:
    children = {"a": changes((50, ALARM), (60, OK), (100, ALARM))}
    assert [t.at for t in composite_timeline(Rule.parse("ALARM(a)"), children, 55, 100, {"a": ALARM})] == [60]


courses = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(State)), max_size=8, unique_by=lambda change: change[0]
)


@settings(deadline=None)
@given(courses, courses, st.sampled_from(["ALARM(a) AND NOT OK(b)", "AT_LEAST(1, ALARM, (a, b))", "NOT ALARM(a)"]))
def test_at_every_second_the_composite_is_what_its_rule_says(
    first: list[tuple[int, State]], second: list[tuple[int, State]], text: str
) -> None:
    """Against asking the rule again at every second."""
    rule = Rule.parse(text)
    children = {"a": changes(*sorted(first)), "b": changes(*sorted(second))}
    found = {t.at: t.new for t in composite_timeline(rule, children, 0, 31, {"a": OK, "b": OK})}
    states = {"a": OK, "b": OK}
    state = ALARM if rule.evaluate(states) else OK
    for now in range(31):
        for name, course in (("a", first), ("b", second)):
            states[name] = dict(course).get(now, states[name])
        state = found.get(now, state)
        assert (state is ALARM) == rule.evaluate(states)


WAIT_2_EXTEND_3 = Suppression("maintenance", wait=2, extension=3)


@pytest.mark.parametrize(
    ("composite", "suppressor", "initial", "ran"),
    [
        pytest.param([(2, ALARM)], [], OK, [(4, ALARM)], id="1-waits-then-acts"),
        pytest.param([(2, ALARM)], [(3, ALARM)], OK, [], id="2-suppressed-while-waiting"),
        pytest.param([(2, ALARM), (3, OK)], [], OK, [(5, OK)], id="3-a-new-change-waits-anew"),
        pytest.param([(2, ALARM)], [], ALARM, [], id="4-suppressed-from-the-start"),
        pytest.param([(2, ALARM)], [(3, ALARM), (6, OK)], OK, [(9, ALARM)], id="5-acts-after-the-extension"),
        pytest.param(
            [(2, ALARM), (7, OK)], [(3, ALARM), (6, OK)], OK, [(9, OK)], id="6-a-change-turns-extension-into-wait"
        ),
    ],
)
def test_the_six_documented_examples(
    composite: list[tuple[int, State]],
    suppressor: list[tuple[int, State]],
    initial: State,
    ran: list[tuple[int, State]],
) -> None:
    """Composite alarm action suppression: Wait = 2 and Extension = 3 units."""
    found = action_runs(WAIT_2_EXTEND_3, changes(*composite), changes(*suppressor), 100, initial)
    assert [(run.at, run.state) for run in found] == ran


def test_details_of_suppression() -> None:
    """What the examples leave open: see the module."""
    alarm = changes((2, ALARM))
    assert action_runs(WAIT_2_EXTEND_3, alarm, [], 3) == []
    assert action_runs(WAIT_2_EXTEND_3, alarm, [], 4) == [ActionRun(4, ALARM, alarm[0])]
    assert action_runs(WAIT_2_EXTEND_3, changes((2, ALARM), (50, OK)), [], 10) == [ActionRun(4, ALARM, alarm[0])]
    assert action_runs(Suppression("s", 0, 0), alarm, [], 2) == [ActionRun(2, ALARM, alarm[0])]
    assert action_runs(WAIT_2_EXTEND_3, alarm, changes((20, ALARM), (30, OK)), 99) == [ActionRun(4, ALARM, alarm[0])]
    suppressor = changes((3, ALARM), (6, OK), (8, ALARM), (20, OK))
    assert [run.at for run in action_runs(WAIT_2_EXTEND_3, alarm, suppressor, 99)] == [23]
    unknown = [Transition(OK, State.INSUFFICIENT_DATA, 3, WHY)]
    assert [run.at for run in action_runs(WAIT_2_EXTEND_3, alarm, unknown, 99)] == [4]
