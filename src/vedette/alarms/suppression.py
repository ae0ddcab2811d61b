"""When a composite alarm with an actions suppressor runs its actions.

The state of the alarm is not touched, only the moment of its actions. Source: CloudWatch "Composite alarm action
suppression" and its six examples. Not documented, so ours: a period that ends in the second of another change ends
first; the suppressor's changes of a second come before the composite's; and a suppressor that comes and goes while the
composite has no action waiting runs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vedette.alarms.spec import State
from vedette.alarms.state import Transition


@dataclass(frozen=True, slots=True)
class Suppression:
    """The three settings of PutCompositeAlarm; the periods are in seconds.

    After a change of state the composite waits `wait` for the suppressor to go into ALARM; after the suppressor has
    left ALARM it waits `extension` longer.
    """

    suppressor: str
    wait: int
    extension: int


@dataclass(frozen=True, slots=True)
class ActionRun:
    """The actions of `state` run at the epoch second `at`; `cause` is the newest change of state by then."""

    at: int
    state: State
    cause: Transition


def action_runs(
    suppression: Suppression,
    composite: Sequence[Transition],
    suppressor: Sequence[Transition],
    until: int,
    suppressor_initial: State = State.OK,
) -> list[ActionRun]:
    """When the composite's actions run, up to and including the second `until`; both courses in order of time."""
    gate = _Gate(suppression, suppressor_initial is State.ALARM)
    changes = [(each.at, False, each) for each in suppressor] + [(each.at, True, each) for each in composite]
    for at, is_composite, change in sorted(changes, key=lambda change: change[:2]):
        if at > until:
            break
        gate.elapse(at)
        if is_composite:
            gate.composite_changed(change)
        else:
            gate.suppressor_changed(change)
    gate.elapse(until)
    return gate.runs


class _Gate:
    """Holds the newest change whose actions have not run, and the second at which they will."""

    def __init__(self, suppression: Suppression, closed: bool) -> None:
        self.suppression = suppression
        self.closed = closed
        self.waiting: Transition | None = None
        self.due: int | None = None
        self.runs: list[ActionRun] = []

    def elapse(self, now: int) -> None:
        if self.waiting is not None and self.due is not None and self.due <= now:
            self.runs.append(ActionRun(self.due, self.waiting.new, self.waiting))
            self.waiting = self.due = None

    def composite_changed(self, change: Transition) -> None:
        self.waiting = change
        self.due = None if self.closed else change.at + self.suppression.wait

    def suppressor_changed(self, change: Transition) -> None:
        was_closed, self.closed = self.closed, change.new is State.ALARM
        if self.closed:
            self.due = None
        elif was_closed:
            self.due = change.at + self.suppression.extension
