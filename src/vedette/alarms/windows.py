"""Where an alarm looks: the slots of time behind an evaluation, and how often it looks.

Source: CloudWatch "Alarm evaluation" (sliding windows, once a minute; once an hour beyond a day; every 10 seconds for
high resolution) and "Alarms and missing data" (evaluation range). AWS publishes no formula for the range; N + 2 slots
fits its documented example at 60 s and above, N + 60 / period was recorded of alarms on 10 s. The delay of 10 s of
high-resolution alarms was recorded too.
"""

from __future__ import annotations

from dataclasses import dataclass

from vedette.alarms.spec import AlarmSpec

MINUTE = 60
HOUR = 3_600
DAY = 86_400
_FAST = 10


@dataclass(frozen=True, slots=True)
class Windows:
    """The slots of one alarm. Times are epoch seconds; slot 1 is the newest, slot `slots` the oldest.

    An evaluation happens each `cadence` seconds; its newest slot ends at the last multiple of `grid` that is at least
    `delay` seconds old.
    """

    period: int
    slots: int
    cadence: int
    grid: int
    delay: int

    @classmethod
    def of(cls, spec: AlarmSpec) -> Windows:
        """The windows of the alarm."""
        if spec.period < MINUTE:
            default = spec.evaluation_periods + MINUTE // spec.period
            return cls(spec.period, spec.evaluation_range or default, _FAST, _FAST, _FAST)
        grid = HOUR if spec.period * spec.evaluation_periods > DAY else MINUTE
        return cls(spec.period, spec.evaluation_range or spec.evaluation_periods + 2, MINUTE, grid, 0)

    @property
    def length(self) -> int:
        """Seconds from the start of the oldest slot to the end of the newest."""
        return self.period * self.slots

    def end(self, now: int) -> int:
        """The end of the newest slot of an evaluation at `now`."""
        return (now - self.delay) // self.grid * self.grid

    def age(self, end: int, at: int) -> int:
        """Which slot holds the second `at`, the newest slot, which ends at `end`, being 1."""
        return (end - 1 - at) // self.period + 1

    def start(self, end: int, age: int) -> int:
        """The first second of the slot."""
        return end - age * self.period
