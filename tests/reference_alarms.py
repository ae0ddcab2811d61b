"""A slow, obvious alarm: every slot is a list of raw values, every evaluation looks at every second of its range.

It shares no code with `vedette.alarms` but the settings. It exists to disagree with the real one if that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vedette.alarms.spec import AlarmSpec, State


def newest_end(spec: AlarmSpec, now: int) -> int:
    """Where the newest slot of an evaluation at `now` ends."""
    if spec.period < 60:
        return (now - 10) - (now - 10) % 10
    if spec.period * spec.evaluation_periods > 24 * 60 * 60:
        return now - now % 3600
    return now - now % 60


def slot_count(spec: AlarmSpec) -> int:
    if spec.evaluation_range is not None:
        return spec.evaluation_range
    return spec.evaluation_periods + (60 // spec.period if spec.period < 60 else 2)


def slot_values(spec: AlarmSpec, samples: Mapping[int, Sequence[float]], now: int) -> list[list[float]]:
    """The raw values in each slot, newest slot first."""
    slots = []
    end = newest_end(spec, now)
    for _ in range(slot_count(spec)):
        values: list[float] = []
        for at in sorted(samples):
            if end - spec.period <= at < end:
                values.extend(samples[at])
        slots.append(values)
        end -= spec.period
    return slots


def number(spec: AlarmSpec, values: Sequence[float]) -> float | None:
    if not values:
        return None
    return {
        "Sum": sum(values),
        "Average": sum(values) / len(values),
        "Minimum": min(values),
        "Maximum": max(values),
        "SampleCount": float(len(values)),
        "p90": None if min(values) < 0 else sorted(values)[(9 * len(values) + 9) // 10 - 1],
    }[spec.statistic]


def too_few(spec: AlarmSpec, values: Sequence[float]) -> bool:
    return spec.statistic == "p90" and spec.evaluate_low_sample_count_percentile == "ignore" and len(values) < 100


def crosses(spec: AlarmSpec, value: float) -> bool:
    return {
        "GreaterThanOrEqualToThreshold": value >= spec.threshold,
        "GreaterThanThreshold": value > spec.threshold,
        "LessThanThreshold": value < spec.threshold,
        "LessThanOrEqualToThreshold": value <= spec.threshold,
    }[spec.comparison_operator.value]


def verdict(spec: AlarmSpec, samples: Mapping[int, Sequence[float]], previous: State, now: int) -> State:
    """The state after an evaluation at `now`."""
    slots = slot_values(spec, samples, now)
    ages = [age for age, values in enumerate(slots, 1) if number(spec, values) is not None]
    ages = ages[: spec.evaluation_periods]
    if any(too_few(spec, slots[age - 1]) for age in ages):
        return previous
    breaching = [age for age in ages if crosses(spec, number(spec, slots[age - 1]) or 0.0)]
    wanted = spec.evaluation_periods if spec.datapoints_to_alarm is None else spec.datapoints_to_alarm
    absent = spec.evaluation_periods - len(ages)
    treat = spec.treat_missing_data.value
    if absent == 0:
        return State.ALARM if len(breaching) >= wanted else State.OK
    if treat == "breaching":
        return State.ALARM if len(breaching) + absent >= wanted else State.OK
    if treat == "notBreaching":
        return State.ALARM if len(breaching) >= wanted else State.OK
    if not ages:
        return previous if treat == "ignore" else State.INSUFFICIENT_DATA
    if len(breaching) >= wanted:
        return State.ALARM
    if len(breaching) < len(ages):
        return State.OK
    if treat == "ignore":
        return previous
    return State.ALARM if breaching[-1] >= wanted else State.INSUFFICIENT_DATA


def course(
    spec: AlarmSpec, samples: Mapping[int, Sequence[float]], start: int, end: int, state: State
) -> list[tuple[State, State, int]]:
    """(old, new, time) of each change, evaluating at every minute (every ten seconds for short periods)."""
    changes = []
    step = 10 if spec.period < 60 else 60
    for now in range(start, end):
        if now % step == 0:
            new = verdict(spec, samples, state, now)
            if new is not state:
                changes.append((state, new, now))
            state = new
    return changes
