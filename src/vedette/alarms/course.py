"""The course of an alarm over a stretch of time: what evaluating it again and again would have given.

Equal to calling `evaluate` at every evaluation time, but looks only at the moments at which the content of a slot can
change: a datapoint enters the newest slot, moves to an older one, becomes old enough to count alone, or leaves.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice

from vedette.alarms.reasons import Evidence
from vedette.alarms.spec import AlarmSpec, ComparisonOperator, State, TreatMissingData
from vedette.alarms.state import Transition
from vedette.alarms.verdict import Judge, Points
from vedette.metrics.sketch import Exact
from vedette.metrics.statistics import StatisticSet

_RISING = (
    ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    ComparisonOperator.GREATER_THAN_THRESHOLD,
)


def timeline(
    spec: AlarmSpec, series: Mapping[int, StatisticSet], start: int, end: int, initial: State = State.OK
) -> list[Transition]:
    """Every transition of the evaluations at the alarm's evaluation times in `[start, end)`, in order.

    Evaluation times are the multiples of 60 s (of 10 s for a period below a minute); `series` maps the start of each
    minute to what was counted in it; `initial` is the state before the first evaluation. Epoch seconds throughout.
    A transition keeps hold of the statistic sets it rests on: do not change them while its reason may be asked for.
    """
    return list(_Course.of(spec, series).transitions(start, end, initial))


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch in ALARM: from `opened.at` until `closed.at`, or open still.

    `minutes` are the starts of the datapoints behind it: those of the breaching slots that decided its first
    evaluation, and those that came into view before its last. They are empty if it fired on missing data alone.
    """

    opened: Transition
    closed: Transition | None
    minutes: tuple[int, ...]

    @property
    def start(self) -> int:
        """When the alarm went into ALARM."""
        return self.opened.at

    @property
    def end(self) -> int | None:
        """When it left ALARM; None if it had not by the end of the stretch looked at."""
        return None if self.closed is None else self.closed.at

    @property
    def earliest(self) -> int | None:
        """The start of the first datapoint that made it fire; None if it fired on missing data alone."""
        return self.minutes[0] if self.minutes else None


def episodes(
    spec: AlarmSpec,
    series: Mapping[int, StatisticSet],
    start: int,
    end: int,
    initial: State = State.OK,
    *,
    quiet: int = 0,
) -> list[Episode]:
    """The ALARM episodes that begin in `[start, end)`; arguments as for `timeline`.

    An episode that begins at most `quiet` seconds after the one before ended goes on with it. A burst within one period
    may leave and enter ALARM again as the windows slide past it; `Windows.of(spec).length` keeps it one episode.
    """
    course = _Course.of(spec, series)
    found: list[Episode] = []
    opened: Transition | None = None
    for transition in course.transitions(start, end, initial):
        if opened is not None:
            found.append(Episode(opened, transition, course.behind(opened.at, transition.at)))
        opened = transition if transition.new is State.ALARM else None
    if opened is not None:
        found.append(Episode(opened, None, course.behind(opened.at, end)))
    return _joined(found, quiet)


def _joined(found: list[Episode], quiet: int) -> list[Episode]:
    joined: list[Episode] = []
    for episode in found:
        before = joined[-1] if joined else None
        if before is not None and before.end is not None and 0 < quiet >= episode.start - before.end:
            minutes = tuple(sorted({*before.minutes, *episode.minutes}))
            joined[-1] = Episode(before.opened, episode.closed, minutes)
        else:
            joined.append(episode)
    return joined


@dataclass(frozen=True, slots=True)
class _Course:
    """An alarm over its datapoints. `fires`: any of them in range brings about ALARM alone, and none is OK."""

    judge: Judge
    fires: bool

    @classmethod
    def of(cls, spec: AlarmSpec, series: Mapping[int, StatisticSet]) -> _Course:
        starts = sorted(series)
        judge = Judge.of(spec, Points(starts, [series[at] for at in starts]))
        return cls(judge, _each_fires(judge))

    def transitions(self, start: int, end: int, state: State) -> Iterator[Transition]:
        """As `timeline`."""
        judge, windows = self.judge, self.judge.windows
        first = -(-start // windows.cadence) * windows.cadence
        if first >= end or (state is State.OK and not self.fires and _stays_ok(judge)):
            return
        shown = windows.end(first)
        last = windows.end((end - 1) // windows.cadence * windows.cadence)
        for moment, found in self._states(shown, last):
            if found is not None and found is not state:
                now = first if moment == shown else moment + windows.delay
                yield Transition(state, found, now, Evidence(judge.spec, now, moment, judge.points))
                state = found

    def _states(self, shown: int, last: int) -> Iterator[tuple[int, State | None]]:
        """(end of a newest slot, what it calls for) at `shown`, and up to `last` wherever that can change."""
        if self.fires:
            runs = list(_runs(self.judge))
            before = bisect_right(runs, shown)
            moments = (shown, *runs[before : bisect_right(runs, last)])
            return zip(moments, islice(cycle((State.OK, State.ALARM)), before % 2, None), strict=False)
        steps = sorted(moment for moment in _steps(self.judge) if shown < moment <= last)
        return ((moment, self.judge.state(moment)) for moment in (shown, *steps))

    def behind(self, opened: int, closed: int) -> tuple[int, ...]:
        """The starts of the datapoints behind an episode: what decided its first evaluation, and what came later."""
        judge, windows, starts = self.judge, self.judge.windows, self.judge.points.starts
        first, last = windows.end(opened), windows.end(closed - 1)
        seen = bisect_left(starts, first)
        low = bisect_left(starts, first - windows.length)
        if self.fires and seen - low <= judge.spec.evaluation_periods:
            return tuple(starts[low : bisect_left(starts, last)])  # each of so few decides
        decisive = [at for low, high in judge.decisive(first) for at in starts[low:high]]
        return (*decisive, *starts[seen : bisect_left(starts, last)])


def _adds_up(spec: AlarmSpec) -> bool:
    """Whether more can only bring the alarm nearer to ALARM, and nothing at all is OK: true of most detections, whose
    courses are told without doing each evaluation. Values below zero would take away; they are looked for apart."""
    rising = spec.comparison_operator in _RISING
    return rising and spec.statistic == "Sum" and spec.treat_missing_data is TreatMissingData.NOT_BREACHING


def _stays_ok(judge: Judge) -> bool:
    """Whether an alarm in OK will not leave it, because no stretch as long as a period adds up to the threshold."""
    spec, points, period = judge.spec, judge.points, judge.windows.period
    if not _adds_up(spec):
        return False
    first = 0
    held: Exact = 0
    for last, data in enumerate(points.sets):
        if data.minimum < 0:
            return False
        held += data.exact_sum
        while points.starts[first] <= points.starts[last] - period:
            held -= points.sets[first].exact_sum
            first += 1
        if float(held) >= spec.threshold:  # rounded, as the statistic is
            return False
    return True


def _each_fires(judge: Judge) -> bool:
    """Whether any datapoint in range brings about ALARM alone; the state is OK then where there is none."""
    if judge.to_alarm != 1 or not _adds_up(judge.spec):
        return False
    compare, threshold = judge.compare, judge.spec.threshold
    return all(data.sample_count and data.minimum >= 0 and compare(data.sum, threshold) for data in judge.points.sets)


def _runs(judge: Judge) -> Iterator[int]:
    """When a datapoint enters that finds none in range, and when the last one leaves before another enters; in turn."""
    grid, length = judge.windows.grid, judge.windows.length
    leaves: int | None = None
    for at in judge.points.starts:
        enters = at // grid * grid + grid
        if leaves is None:
            yield enters
        elif enters > leaves:
            yield from (leaves, enters)
        leaves = (at + length) // grid * grid + grid
    if leaves is not None:
        yield leaves


def _steps(judge: Judge) -> set[int]:
    """When what some slot holds can change.

    A datapoint alone in its slots matters when it enters, when it is `to_alarm` slots old, and when it leaves. One that
    can share a slot with a neighbour matters at each step, because sharing depends on where the slots lie.
    """
    windows, starts = judge.windows, judge.points.starts
    period, grid = windows.period, windows.grid
    alone = tuple(sorted({0, judge.to_alarm - 1, windows.slots}))
    every = range(windows.slots + 1)
    found: set[int] = set()
    for index, at in enumerate(starts):
        near = at - starts[index - 1] < period if index else False
        near = near or (index + 1 < len(starts) and starts[index + 1] - at < period)
        found.update((at + age * period) // grid * grid + grid for age in (every if near else alone))
    return found
