"""Minutes of which all, some or nothing is told count alike: against a slow list of all matches."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.samples import NOON
from vedette.engine.groups import PER_MINUTE, Minutes
from vedette.engine.result import Match, bare_sighting
from vedette.metrics.statistics import StatisticSet

seconds = st.integers(0, 4 * 60 - 1)
values = st.sampled_from([1.0, 1.0, 1.0, 2.5, 0.0, -0.0, None])
bounds = st.sampled_from([(PER_MINUTE, 1), (2, 1), (1, 1), (1, 2), (1, 4), (0, 4)])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(seconds, values) | bounds.map(lambda found: (found,)), max_size=60))
@example([((0, 4),), (70, 1.0), (65, 1.0), (119, 1.0), (60, 1.0)])
@example([(70, 1.0), ((0, 4),), (65, 1.0), (75, None), (80, 2.5)])
@example([(70, None), ((0, 4),), (65, None), (75, 1.0)])
@example([(70, 1.0), (65, 1.0), (64, 1.0), ((0, 4),), (63, 1.0)])
def test_what_is_told_changes_nothing_that_is_counted(steps: list[tuple[object, ...]]) -> None:
    """Rule: memory may forget what a record shows, never that it was: 'their number and times stay'."""
    minutes, keep, stride = Minutes(), PER_MINUTE, 1
    every: list[tuple[int, float | None]] = []
    weight = 0
    for step in steps:
        match step:
            case ((int(fewer), int(wider)),):
                keep, stride = min(keep, fewer), max(stride, wider)  # bounds only grow tighter
                weight = minutes.forget(keep=keep, stride=stride)
            case (int(second), float() | None as value):
                sighting = bare_sighting(NOON + second, "object", 1, len(every))
                weight += minutes.add(Match(0, (), value, sighting), keep=keep, stride=stride)
                every.append((NOON + second, value))
    assert minutes.count == len(every)
    by_minute = minutes.by_minute()
    assert sorted(by_minute) == sorted({time - time % 60 for time, _ in every})
    series = minutes.series()
    told = 0
    for start in by_minute:
        here = [(time, value) for time, value in every if time - time % 60 == start]
        found = by_minute[start]
        times = [time for time, _ in here]
        assert (found.count, found.first, found.last) == (len(here), min(times), max(times))
        assert by_minute.count(start) == len(here)
        assert by_minute.together([start]) == found
        counted = [value for _, value in here if value is not None]
        assert series.get(start) == (StatisticSet.of(counted) if counted else None)
        told += found.count - found.untold
        if not keep or start // 60 % stride:
            assert found.untold == len(here)
    assert minutes.evidence(0, 1 << 40) == by_minute.together(sorted(by_minute))
    assert minutes.forget(keep=keep, stride=stride) == weight
    assert bool(weight) == bool(told)
