"""A value that does not show itself: not in a log, a traceback's locals, a repr, JSON or a pickle."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import NoReturn

HIDDEN = "[secret]"


class Secret:
    """Holds a text. `reveal()` is the only way to it.

    >>> f"{Secret('hunter2')} {Secret('hunter2')!r}"
    "[secret] Secret('[secret]')"
    """

    __slots__ = ("_reveal",)

    def __init__(self, value: str) -> None:
        # In a closure, because what dumps the attributes of objects would show an attribute.
        self._reveal: Callable[[], str] = lambda: value

    def reveal(self) -> str:
        """The value. Whoever asks for it sends it, and keeps it nowhere."""
        return self._reveal()

    def __repr__(self) -> str:
        return f"Secret({HIDDEN!r})"

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = (secret.reveal().encode("utf-8", "surrogatepass") for secret in (self, other))
        return hmac.compare_digest(mine, theirs)

    __hash__ = None  # type: ignore[assignment]  # a hash of a short secret tells it

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled")
