"""Deliveries of several parts (recipients, numbers, alerts): a retry sends only the parts that have not arrived.

It is remembered in memory only: after a restart a part may arrive twice, with the same key.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from vedette.alerts.delivery import Dead, Outcome, Retry, Sent

REMEMBERED = 1_000
"""Deliveries; the oldest are forgotten."""


class Progress:
    """What has arrived, by delivery key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrived: OrderedDict[str, frozenset[str]] = OrderedDict()

    def arrived(self, key: str) -> frozenset[str]:
        """The parts that arrived in earlier tries."""
        with self._lock:
            return self._arrived.get(key, frozenset())

    def each(self, key: str, parts: Iterable[str], send: Callable[[str], Outcome]) -> Outcome:
        """Send every part that has not arrived; one that fails does not hold up the others."""
        done = self.arrived(key)
        return self.conclude(key, {part: send(part) for part in parts if part not in done})

    def conclude(self, key: str, outcomes: Mapping[str, Outcome]) -> Outcome:
        """One outcome for all: Retry while a part may still arrive; Dead if none ever will; else Sent."""
        sent = [part for part, outcome in outcomes.items() if isinstance(outcome, Sent)]
        waiting = [(part, outcome) for part, outcome in outcomes.items() if isinstance(outcome, Retry)]
        dead = [(part, outcome.why) for part, outcome in outcomes.items() if isinstance(outcome, Dead)]
        with self._lock:
            before = self._arrived.pop(key, frozenset())
            arrived = before | frozenset(sent)
            if waiting:
                self._arrived[key] = arrived
                while len(self._arrived) > REMEMBERED:
                    self._arrived.popitem(last=False)
        parts = len(outcomes) + len(before)
        refused = _listed(dead, parts)
        if waiting:
            return _joined(waiting, parts, refused)
        if not arrived:
            return Dead(refused)
        last = outcomes[sent[-1]] if sent else Sent()
        assert isinstance(last, Sent)
        return Sent(last.reference, last.thread, refused)


def _joined(waiting: list[tuple[str, Retry]], parts: int, refused: str) -> Retry:
    wishes = [outcome.after for _, outcome in waiting if outcome.after is not None]
    why = _listed([(part, outcome.why) for part, outcome in waiting], parts)
    return Retry(
        f"{why}; {refused}" if refused else why,
        max(wishes) if wishes else None,
        credentials=any(outcome.credentials for _, outcome in waiting),
    )


def _listed(reasons: list[tuple[str, str]], parts: int) -> str:
    words: dict[str, list[str]] = {}
    for part, why in reasons:
        words.setdefault(why, []).append(part)
    if len(words) == 1 and len(reasons) == parts:
        return reasons[0][1]
    return "; ".join(f"{', '.join(names)}: {why}" for why, names in words.items())
