"""A sound detection file, and ways to change it."""

from __future__ import annotations

from vedette.detections.definition import Detection
from vedette.detections.loader import load_text

SOUND = """\
id: topic-deleted
title: Topic deleted
severity: medium
description: Somebody deleted a topic.
why: Messages no longer arrive.
respond:
  - Ask the actor.
pattern: >-
  { $.eventSource = "sns.amazonaws.com" && $.eventName = "DeleteTopic" }
tests:
  - name: a topic is deleted
    matches: true
    event: {eventSource: sns.amazonaws.com, eventName: DeleteTopic}
  - name: a topic is created
    matches: false
    event: {eventSource: sns.amazonaws.com, eventName: CreateTopic}
  - name: another service's call
    matches: false
    event: {eventSource: mq.amazonaws.com, eventName: DeleteTopic}
"""

COMPOSITE = """\
id: both
title: Both happened
severity: high
description: One after the other.
why: Together they are worse.
respond:
  - Look at both.
rule: ALARM("one") AND ALARM("two")
tests:
  - name: both
    children: {one: OK ALARM ALARM OK, two: OKx2 ALARMx2}
    states: OK OK ALARM OK
"""


def changed(*pairs: tuple[str, str], text: str = SOUND) -> str:
    """`text` with each first of a pair replaced by the second; each must be there exactly once."""
    for old, new in pairs:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def with_pattern(pattern: str, *pairs: tuple[str, str]) -> Detection:
    """The sound detection with another pattern, in a literal block."""
    old = '>-\n  { $.eventSource = "sns.amazonaws.com" && $.eventName = "DeleteTopic" }'
    return load_text(changed((old, f"|-\n  {pattern}"), *pairs))


def added(lines: str, text: str = SOUND) -> str:
    """`text` with more top-level lines at its end."""
    return text + lines
