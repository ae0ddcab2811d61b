"""Which event ids have been seen: exact for a while, within bounded memory."""

from __future__ import annotations

from collections.abc import Set


class SeenIds:
    """Remembers at least the last `window` ids that it was shown, and at most as many again and one call's.

    Two generations: when the younger is full, the older is forgotten.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._young: set[str] = set()
        self._old: set[str] = set()

    def repeated(self, ids: tuple[str, ...]) -> list[int]:
        """The places of those seen before, in earlier calls or in this one; remembers them all.

        An empty id is no id, and never a repetition.
        """
        if len(self._young) >= self._window:
            self._old, self._young = self._young, set()
        young, old = self._young, self._old
        known: Set[str] = frozenset()
        # All at once, and nearly always in vain: that costs half of looking ids up one by one.
        if not (young.isdisjoint(ids) and old.isdisjoint(ids)):
            known = {event_id for event_id in ids if event_id in young or event_id in old}
        before = len(young)
        young.update(ids)
        young.discard("")
        if not known and len(young) - before == len(ids):
            return []
        return _repeated(ids, known)


def _repeated(ids: tuple[str, ...], known: Set[str]) -> list[int]:
    """The places of ids that are known or stand further in front too."""
    met = set(known)
    repeated = []
    for place, event_id in enumerate(ids):
        if event_id in met:
            repeated.append(place)
        elif event_id:
            met.add(event_id)
    return repeated
