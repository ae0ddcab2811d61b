"""Objects from afar are opened several at a time: what takes long is to wait for the first byte of each.

Whoever reads them still has one at a time, in their order, and learns of each alone that it could not be opened.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from typing import BinaryIO

from vedette.sources.port import Item

OBJECTS = 16
BYTES = 32 << 20
"""What one reader opens ahead: so many objects, and as many as hold so much memory together."""

Opening = Future[BinaryIO]


def opened_ahead(items: Iterable[Item]) -> Generator[Item, None, None]:
    """The same items in the same order; those from afar are being opened already, and can be opened once.

    To be closed: what was opened and never asked for is let go then, without waiting for it.
    """
    coming: deque[tuple[Item, Opening | None]] = deque()
    held = 0
    try:
        for item in items:
            while coming and (len(coming) >= OBJECTS or held + item.buffered > BYTES):
                held -= coming[0][0].buffered
                yield _ready(*coming.popleft())
            coming.append((item, _opening(item) if item.buffered else None))
            held += item.buffered
        while coming:
            yield _ready(*coming.popleft())
    finally:
        for _, opening in coming:
            if opening is not None:
                _let_go(opening)


def _ready(item: Item, opening: Opening | None) -> Item:
    return item if opening is None else replace(item, open=opening.result)


def _opening(item: Item) -> Opening:
    opening: Opening = Future()
    # Of its own, and a daemon: the threads of an executor would keep a process from ending that has lost its network.
    threading.Thread(target=_open, args=(item, opening), name=f"open {item.name}", daemon=True).start()
    return opening


def _open(item: Item, opening: Opening) -> None:
    try:
        stream = item.open()
    except BaseException as error:  # noqa: BLE001  # raised again where the object is read
        if opening.set_running_or_notify_cancel():
            opening.set_exception(error)
        return
    if opening.set_running_or_notify_cancel():
        opening.set_result(stream)
    else:
        stream.close()


def _let_go(opening: Opening) -> None:
    if not opening.cancel():
        with suppress(BaseException):
            opening.result().close()
