"""Which event ids have been seen: exact for a while, within bounded memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable


class SeenIds:
    """Remembers at least the last `window` ids that it was shown, and at most twice as many.

    Two generations: when the younger is full, the older is forgotten.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._young: set[str] = set()
        self._old: set[str] = set()

    def repeated(self, ids: Collection[str]) -> list[int]:
        """The places of those seen before, in earlier calls or in this one; remembers them all.

        An empty id is no id, and never a repetition.
        """
        if len(self._young) >= self._window:
            self._old, self._young = self._young, set()
        young = self._young
        if young.isdisjoint(ids) and self._old.isdisjoint(ids):
            before = len(young)
            young.update(ids)
            young.discard("")
            return [] if len(young) == before + len(ids) else _repeated_within(ids)
        return [place for place, event_id in enumerate(ids) if event_id and self._is_repeated(event_id)]

    def _is_repeated(self, event_id: str) -> bool:
        if event_id in self._young:
            return True
        self._young.add(event_id)
        return event_id in self._old


def _repeated_within(ids: Iterable[str]) -> list[int]:
    """The places of ids that stand further in front too."""
    met: set[str] = set()
    repeated = []
    for place, event_id in enumerate(ids):
        if event_id in met:
            repeated.append(place)
        elif event_id:
            met.add(event_id)
    return repeated
