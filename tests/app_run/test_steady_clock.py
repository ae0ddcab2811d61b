"""The clock never runs backwards, whatever is done to the machine's."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from vedette.app.clock import SteadyClock


@dataclass
class Machine:
    wall: float = 1_000_000.0
    monotonic: float = 50.0

    def clock(self) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.monotonic)

    def pass_by(self, seconds: float, wall: float | None = None) -> None:
        self.monotonic += seconds
        self.wall += seconds if wall is None else wall


def test_it_shows_the_walls_time() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.pass_by(90)
    assert (clock.now(), clock.behind, clock.elapsed()) == (1_000_090, 0, 140.0)


def test_it_follows_a_wall_that_jumps_ahead() -> None:
    """A machine that slept: the monotonic clock stood still meanwhile."""
    machine = Machine()
    clock = machine.clock()
    machine.pass_by(1, wall=3_600)
    assert clock.now() == 1_003_600


def test_a_wall_set_back_is_waited_for_at_half_the_pace() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.pass_by(0, wall=-600)
    assert (clock.now(), clock.behind) == (1_000_000, 600)
    machine.pass_by(400)
    assert (clock.now(), clock.behind) == (1_000_200, 400)
    machine.pass_by(800)
    assert (clock.now(), clock.behind) == (1_000_600, 0)
    machine.pass_by(10)
    assert clock.now() == 1_000_610


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-1e5, 1e5))))
def test_it_never_goes_back(steps: list[tuple[float, float]]) -> None:
    """`now`: never less than an earlier answer."""
    machine = Machine()
    clock = machine.clock()
    shown = [clock.now()]
    for seconds, wall in steps:
        machine.pass_by(seconds, wall)
        shown.append(clock.now())
        assert shown[-1] >= machine.wall - 1
    assert shown == sorted(shown)
