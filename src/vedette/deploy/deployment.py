"""What a template is made into: stacks in the order of their creation, and where each detection went. Values only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_INLINE: Final = 51_200
"""The bytes of a template that CloudFormation takes in a call; a longer one goes through a bucket."""
MAX_BODY: Final = 1_000_000
"""The bytes of a template that CloudFormation takes from a bucket."""
MAX_RESOURCES: Final = 500
"""The resources of one stack. Source of all three: CloudFormation quotas."""


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack. `after` names the stacks that must stand before it; nothing is exported from one to another.

    `region` is where it stands; empty for the home of the deployment.
    """

    name: str
    title: str
    template: Mapping[str, object]
    parameters: Mapping[str, str]
    capabilities: tuple[str, ...]
    after: tuple[str, ...]
    region: str = ""

    @property
    def body(self) -> str:
        """The template as compact JSON, the same for the same template."""
        return json.dumps(self.template, ensure_ascii=False, separators=(",", ":"))

    @property
    def size(self) -> int:
        """The bytes of the body."""
        return len(self.body.encode())

    @property
    def needs_upload(self) -> bool:
        """Whether the body is too long for a call and must go through a bucket."""
        return self.size > MAX_INLINE


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a detection went. Empty strings stand for what it has not.

    A composite rule has an alarm and no filter; what only EventBridge decides has a rule (`event_rule`, its name) and
    neither filter nor alarm. `filter_id`, `alarm_id` are logical ids within the stack called `stack`.
    """

    detection: str
    filter_name: str
    alarm_name: str
    namespace: str
    metric_name: str
    stack: str
    filter_id: str
    alarm_id: str
    event_rule: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a detection does not get, and why, as a whole sentence.

    A detection that is deployed, but with less than its file asks, is named here and in `Deployment.placed`.
    """

    detection: str
    reason: str


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A rule in another region that sends events home: which, and for which detections, by id."""

    region: str
    stack: str
    rule: str
    rule_id: str
    detections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deployment:
    """The stacks in order of creation; `manifest` says what is Vedette's: name, version, stacks, digests."""

    stacks: tuple[Stack, ...]
    placed: tuple[Placed, ...]
    left_out: tuple[LeftOut, ...]
    manifest: Mapping[str, object]
    forwarded: tuple[Forwarded, ...] = ()
