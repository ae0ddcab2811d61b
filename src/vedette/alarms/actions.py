"""Which actions an alarm runs. Only says which: running them is for the edge."""

from __future__ import annotations

from dataclasses import dataclass

from vedette.alarms.spec import State
from vedette.alarms.state import Transition


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions of an alarm, by the state that it goes into; names or ARNs, as the deployment knows them."""

    alarm: tuple[str, ...] = ()
    ok: tuple[str, ...] = ()
    insufficient_data: tuple[str, ...] = ()
    enabled: bool = True

    def of(self, transition: Transition | None) -> tuple[str, ...]:
        """What runs on this transition; nothing without one, because a standing state does not notify again.

        Source: CloudWatch "Alarm actions"; with actions disabled the state changes and nothing runs.
        """
        if transition is None or not self.enabled:
            return ()
        match transition.new:
            case State.ALARM:
                return self.alarm
            case State.OK:
                return self.ok
            case State.INSUFFICIENT_DATA:
                return self.insufficient_data
