"""What the storyteller is called with: an alarm that changed its state, or a record that a rule matched. Values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vedette.alarms.spec import State


@dataclass(frozen=True, slots=True)
class Seen:
    """A state, since when (epoch seconds; 0 if that is not known), and why. `data` is StateReasonData, where known."""

    value: State
    at: int = 0
    reason: str = ""
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Child:
    """An alarm that made a composite alarm change: its ARN, its state, since when (epoch seconds; 0: not known)."""

    arn: str
    state: State
    at: int = 0


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """One transition of one alarm. `period` (seconds) and `periods` are the alarm's own, None where nobody says."""

    name: str
    arn: str
    account: str
    region: str
    now: Seen
    before: Seen
    period: int | None = None
    periods: int | None = None
    children: tuple[Child, ...] = ()

    @property
    def key(self) -> str:
        """The same for the same transition, whichever way it is told of, and however often."""
        return digest(self.arn or self.name, self.now.value.value, str(self.now.at))

    def of_child(self, child: Child) -> AlarmChange:
        """The change of a child, as far as its composite tells."""
        now = Seen(child.state, child.at or self.now.at, self.now.reason)
        return replace(
            self, name=child.arn.rpartition(":alarm:")[2] or child.arn, arn=child.arn, now=now, before=Seen(State.OK),
            period=None, periods=None, children=(),
        )  # fmt: skip

    def opened(self) -> AlarmChange:
        """For a return to OK: the transition into ALARM before it, as far as it is told."""
        return replace(self, now=self.before, before=Seen(State.OK))


@dataclass(frozen=True, slots=True)
class Happened:
    """A CloudTrail record that a rule matched; `detection` is the rule's, empty where the rule did not say."""

    record: Mapping[str, object]
    detection: str = ""

    @property
    def key(self) -> str:
        """The same for the same record."""
        return digest(self.detection, str(self.record.get("eventID", self.record)))


Call = AlarmChange | Happened


def digest(*parts: str) -> str:
    """Twelve bytes that stand for the parts, in hexadecimal."""
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
