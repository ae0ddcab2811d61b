"""What a source is: something that is asked again and again, and hands out objects that it wants answers about.

An object is handed out until it is acknowledged or rejected, so a monitor that is killed gets it again; the same object
may come twice, and in any order. Sources know names and bytes; whether an object was read before is for the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from vedette.errors import VedetteError


class SourceError(VedetteError):
    """A source that cannot be asked now: its folder is gone, for example."""


class PoisonError(SourceError):
    """An object that cannot be read however often it is tried. It is to be recorded and rejected, not tried again."""


def nothing(*_: object) -> None:
    """What an object does that nobody waits for."""


@dataclass(frozen=True, slots=True)
class Item:
    """An object to be read.

    `name` is its identity within the source, `size` its stored bytes (0 where that is not known), `delivered` when it
    came (epoch seconds; None where that is not known). `open` gives a fresh stream; it raises OSError, AwsError, or
    PoisonError. `ack` is called once its effects are committed, `extend` while it takes longer than usual, `reject`
    with the reason once it is recorded as unreadable. All may be called from any thread; each may be called again.

    `buffered` is how much memory, in bytes, the stream of an object from afar holds at most: several such may be opened
    at a time, each in a thread of its own. 0 is for what opens at once.

    `together` is the same for all items of a source. Whoever answers several within it may save requests: the source
    hears of them when it ends, and only then does it raise what went wrong.
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]
    ack: Callable[[], None] = nothing
    extend: Callable[[int], None] = nothing
    reject: Callable[[str], None] = nothing
    delivered: int | None = None
    together: Callable[[], AbstractContextManager[None]] = nullcontext
    buffered: int = 0


class Source(Protocol):
    """Asked by one thread; what it hands out may be answered by others."""

    @property
    def name(self) -> str:
        """Its name in the settings."""

    @property
    def cursor(self) -> str:
        """Where to begin after a restart: everything before it is acknowledged. Empty for sources that need none."""

    def poll(self, now: int) -> Iterator[Item]:
        """What is there now (`now` in epoch seconds), one at a time; raises SourceError, AwsError or OSError.

        Items are made when they are asked for, so that a slow reader holds few.
        """

    def fetch(self, name: str) -> Item:
        """An object by its name, to read it once more though it was rejected; nothing comes of its `ack`.

        Raises PoisonError where the name does not lead back to the bytes.
        """
