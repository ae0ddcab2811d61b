"""One evaluation of one alarm: a pure function of its settings, its datapoints, its state, and the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vedette.alarms.reasons import Evidence
from vedette.alarms.spec import AlarmSpec, State
from vedette.alarms.state import AlarmState, Told, Transition
from vedette.alarms.verdict import Judge, Points
from vedette.alarms.windows import Windows
from vedette.metrics.statistics import StatisticSet


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The state after an evaluation, and the transition that led to it, if there was one."""

    state: AlarmState
    transition: Transition | None


def evaluate(
    spec: AlarmSpec, datapoints: Mapping[int, StatisticSet], previous_state: AlarmState, now: int
) -> Evaluation:
    """What CloudWatch does when it evaluates the alarm at `now`.

    `datapoints` maps the start of each minute (or of each interval of the metric's resolution), in epoch seconds, to
    what was counted in it; `now` is in epoch seconds. Datapoints outside the evaluation range are not looked at.
    Without a change of state the previous state is returned as it is: reason and times stay, as AWS's do.
    InputError if `spec.statistic` is not a statistic.
    """
    windows = Windows.of(spec)
    end = windows.end(now)
    inside = tuple(sorted((at, data) for at, data in datapoints.items() if end - windows.length <= at < end))
    points = Points([at for at, _ in inside], [data for _, data in inside])
    state = Judge.of(spec, points).state(end)
    if state is None or state is previous_state.value:
        return Evaluation(previous_state, None)
    transition = Transition(previous_state.value, state, now, Evidence(spec, now, end, points))
    return Evaluation(previous_state.after(transition), transition)


def set_state(
    previous_state: AlarmState, value: State, reason: str, now: int, *, reason_data: str | None = None
) -> Evaluation:
    """What SetAlarmState does at `now`: a transition with that reason; nothing if the alarm is in that state.

    The next evaluation goes by the datapoints again. Source: the API's reference, and a recorded answer for the no-op.
    """
    if value is previous_state.value:
        return Evaluation(previous_state, None)
    transition = Transition(previous_state.value, value, now, Told(reason, reason_data))
    return Evaluation(previous_state.after(transition), transition)
