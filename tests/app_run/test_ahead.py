"""Objects from afar are opened several at a time, within bounds, and nothing that was opened stays open."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO

import pytest

from vedette.app.ahead import BYTES, OBJECTS, opened_ahead
from vedette.sources.port import Item

PATIENCE = 20


def afar(name: str, opener: Callable[[], BinaryIO], size: int = 1000) -> Item:
    return Item(name, size, opener, buffered=size)


def content(name: str) -> io.BytesIO:
    return io.BytesIO(name.encode())


def read(items: Iterator[Item]) -> list[str]:
    return [item.open().read().decode() for item in items]


def test_as_many_are_opened_at_a_time_as_are_said_and_come_in_their_order() -> None:
    """None of them comes back before all of them were asked for: opened one after another, they would wait for ever."""
    together = threading.Barrier(OBJECTS, timeout=PATIENCE)

    def slow(name: str) -> BinaryIO:
        together.wait()
        return content(name)

    names = [f"o{number:02}" for number in range(3 * OBJECTS)]
    items = [afar(name, lambda name=name: slow(name)) for name in names]  # type: ignore[misc]
    assert read(opened_ahead(items)) == names


@pytest.mark.parametrize(("size", "most"), [(1, OBJECTS), (BYTES // 4, 4), (BYTES, 1)])
def test_no_more_are_opened_than_may_be_held(size: int, most: int) -> None:
    opened: list[str] = []
    lock = threading.Lock()

    def noting(name: str) -> BinaryIO:
        with lock:
            opened.append(name)
        return content(name)

    items = [afar(str(number), lambda number=number: noting(str(number)), size) for number in range(40)]  # type: ignore[misc]
    for done, item in enumerate(opened_ahead(items)):
        item.open().close()
        assert len(opened) <= done + most


def test_what_is_near_is_opened_by_whoever_reads_it() -> None:
    opened: list[int] = []

    def here() -> BinaryIO:
        opened.append(threading.get_ident())
        return content("x")

    for number, item in enumerate(opened_ahead([Item(str(one), 1, here) for one in range(5)])):
        assert len(opened) == number
        item.open()
    assert set(opened) == {threading.get_ident()}


def test_one_that_cannot_be_opened_says_so_to_whoever_reads_it_and_the_others_come() -> None:
    def refuse() -> BinaryIO:
        raise OSError("gone")

    first, second, third = opened_ahead(
        [afar("a", lambda: content("a")), afar("b", refuse), afar("c", lambda: content("c"))]
    )
    assert first.open().read() == b"a"
    with pytest.raises(OSError, match="gone"):
        second.open()
    assert third.open().read() == b"c"


def test_what_was_opened_in_vain_is_closed_also_what_comes_too_late() -> None:
    late = threading.Event()
    streams = {name: content(name) for name in "abc"}
    closed = {name: threading.Event() for name in "abc"}
    for name, stream in streams.items():
        stream.close = closed[name].set  # type: ignore[method-assign]

    def come_late() -> BinaryIO:
        late.wait(PATIENCE)
        return streams["c"]

    items = opened_ahead([afar("a", lambda: streams["a"]), afar("b", lambda: streams["b"]), afar("c", come_late)])
    assert next(items).open() is streams["a"]
    items.close()
    assert closed["b"].wait(PATIENCE)
    assert not closed["c"].is_set()
    late.set()
    assert closed["c"].wait(PATIENCE)
    assert not closed["a"].is_set()
