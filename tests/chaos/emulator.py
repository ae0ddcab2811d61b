"""ministack with a queue that behaves as badly as SQS may: messages come in any order, and some come twice at once.

SIGUSR1 makes it as if the time had passed for which the messages in flight were somebody's. It runs in the environment
of the tools (tests/tools.txt), where nothing of this project is installed.
"""

from __future__ import annotations

import random
import signal
import sys

from ministack.services import sqs

TWICE = 0.03
"""The share of messages that are given to the next who asks as well."""

Message = dict[str, object]
Queue = dict[str, list[Message]]

_chance = random.Random(20261121)
_collect = sqs._collect_msgs
_known: dict[int, Queue] = {}


def _collect_badly(queue: Queue, most: int, visibility: int) -> list[Message]:
    _known[id(queue)] = queue
    _chance.shuffle(queue["messages"])
    found: list[Message] = _collect(queue, most, visibility)
    for message in found:
        if _chance.random() < TWICE:
            message["visible_at"] = 0.0
    return found


def _let_time_pass(*_: object) -> None:
    for queue in _known.values():
        for message in queue["messages"]:
            message["visible_at"] = 0.0


if __name__ == "__main__":
    from ministack import app

    sqs._collect_msgs = _collect_badly
    signal.signal(signal.SIGUSR1, _let_time_pass)
    sys.argv = sys.argv[:1]
    app.main()
