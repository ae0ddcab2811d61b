"""An alarm's state, and the change from one to another with its cause.

The texts of a transition are made only when asked for, because a scan sees many more transitions than it prints.
"""

from __future__ import annotations

from dataclasses import dataclass

from vedette.alarms import reasons
from vedette.alarms.reasons import Evidence
from vedette.alarms.spec import State
from vedette.alarms.verdict import Slot


@dataclass(frozen=True, slots=True)
class ChildChange:
    """Why a composite alarm changed: `child` (a name or ARN) went into `state` at `at`."""

    child: str
    state: State
    at: int


@dataclass(frozen=True, slots=True)
class Told:
    """A reason given from outside, as SetAlarmState takes it."""

    reason: str
    reason_data: str | None = None


Cause = Evidence | ChildChange | Told


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state at the epoch second `at`; whatever actions an alarm has run on this, and on nothing else."""

    old: State
    new: State
    at: int
    cause: Cause

    @property
    def reason(self) -> str:
        """StateReason, in AWS's words."""
        match self.cause:
            case Evidence():
                return reasons.reason(self.cause, self.new)
            case ChildChange(child, state, at):
                return reasons.child_reason(child, state, at)
            case Told(reason):
                return reason

    @property
    def reason_data(self) -> str | None:
        """StateReasonData, a JSON text with AWS's keys in AWS's order; None where there is none."""
        match self.cause:
            case Evidence():
                return reasons.reason_data(self.cause, self.new)
            case Told(_, reason_data):
                return reason_data
            case ChildChange():
                return None

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The slots of the evaluation range, newest first; empty for a composite alarm."""
        return self.cause.slots if isinstance(self.cause, Evidence) else ()


@dataclass(frozen=True, slots=True)
class AlarmState:
    """What DescribeAlarms says of an alarm's state. Times are epoch seconds.

    `updated` changes when the state is written, `transitioned` when its value changes.
    """

    value: State
    reason: str
    reason_data: str | None
    updated: int
    transitioned: int

    @classmethod
    def initial(cls, now: int) -> AlarmState:
        """The state of an alarm that was created just now."""
        return cls(State.INSUFFICIENT_DATA, "Unchecked: Initial alarm creation", None, now, now)

    def after(self, transition: Transition) -> AlarmState:
        """The state once the transition has happened."""
        at = transition.at
        return AlarmState(transition.new, transition.reason, transition.reason_data, at, at)
