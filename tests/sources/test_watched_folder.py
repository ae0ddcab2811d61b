"""A folder as a source: files are handed out whole, once, and again if nobody answered for them."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.clocks import Stopped
from vedette.sources.port import Item, PoisonError, Source, SourceError
from vedette.sources.watch import WatchedFolder
from vedette.sources.whole import is_whole

NOW = 1_795_255_200
LOG = gzip.compress(json.dumps({"Records": [{"eventName": "x", "text": "y" * 50}] * 40}).encode(), mtime=0)


class Watch:
    """A folder, its source, and a clock. Files are `fresh` (written this second) unless a test says otherwise."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = Stopped()
        self.source: Source = self.again()

    def again(self) -> WatchedFolder:
        """As after a restart."""
        return WatchedFolder("logs", str(self.path), settle=10, lease=60, clock=self.clock)

    def put(self, name: str, data: bytes = LOG, age: float = 0) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (NOW + self.clock.now - 1_000 - age,) * 2)
        return path

    def poll(self) -> list[Item]:
        return list(self.source.poll(int(NOW + self.clock.now - 1_000)))

    def names(self) -> list[str]:
        """What is handed out now, acknowledged at once."""
        found = self.poll()
        for item in found:
            item.ack()
        return [os.path.relpath(item.name, self.path) for item in found]


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)


def test_files_come_once_as_they_appear_at_any_depth(watch: Watch) -> None:
    day = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/21"
    watch.put("flat.json.gz")
    watch.put(f"{day}/b.json.gz")
    watch.put(f"{day}/a.json.gz")
    assert watch.names() == ["flat.json.gz", f"{day}/a.json.gz", f"{day}/b.json.gz"]
    assert watch.names() == []
    watch.put(f"{day}/c.json.gz")
    watch.put("AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/22/d.json.gz")
    assert watch.names() == [f"{day}/c.json.gz", "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/22/d.json.gz"]


def test_an_item_tells_its_size_and_time_and_opens(watch: Watch) -> None:
    path = watch.put("a.json.gz", age=30)
    (item,) = watch.poll()
    assert (item.name, item.size, item.delivered) == (str(path), len(LOG), NOW - 30)
    with item.open() as stream:
        assert stream.read() == LOG


def test_a_file_that_nobody_answered_for_comes_again_after_its_lease(watch: Watch) -> None:
    watch.put("a.json.gz")
    (item,) = watch.poll()
    assert watch.poll() == []
    watch.clock += 59
    item.extend(30)
    watch.clock += 29
    assert watch.poll() == []
    watch.clock += 1
    (again,) = watch.poll()
    again.reject("broken")
    watch.clock += 1_000
    assert watch.poll() == []


def test_after_a_restart_all_files_come_again(watch: Watch) -> None:
    """Which of them are done, the store knows."""
    watch.put("a.json.gz")
    assert watch.names() == ["a.json.gz"]
    watch.source = watch.again()
    assert watch.source.cursor == ""
    assert watch.names() == ["a.json.gz"]


# --- when a file is whole ---


def test_a_file_that_is_being_written_waits_until_it_is_whole(watch: Watch) -> None:
    watch.put("a.json.gz", LOG[:-1])
    assert watch.names() == []
    watch.clock += 5
    watch.put("a.json.gz", LOG)
    assert watch.names() == ["a.json.gz"]


def test_a_file_that_has_rested_is_taken_as_it_is(watch: Watch) -> None:
    watch.put("cut.json.gz", LOG[:-1])
    watch.put("lines.ndjson", b'{"a":1}\n')
    watch.clock += 9
    assert watch.names() == []
    watch.clock += 1
    assert watch.names() == ["cut.json.gz", "lines.ndjson"]


def test_growing_begins_the_rest_anew(watch: Watch) -> None:
    for number in range(1, 4):
        watch.put("lines.ndjson", b'{"a":1}\n' * number)
        assert watch.names() == []
        watch.clock += 9
    watch.clock += 1
    assert watch.names() == ["lines.ndjson"]


def test_a_file_of_the_future_rests_by_what_is_seen_of_it(watch: Watch) -> None:
    """A copy that keeps times, a clock that was set: the file's own time says nothing."""
    watch.put("lines.ndjson", b'{"a":1}\n', age=-100_000)
    assert watch.names() == []
    watch.clock += 5
    watch.put("lines.ndjson", b'{"a":1}\n{"a":2}\n', age=-100_000)
    assert watch.names() == []
    watch.clock += 9
    assert watch.names() == []
    watch.clock += 1
    assert watch.names() == ["lines.ndjson"]


def test_an_old_file_is_taken_at_once_without_being_opened(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vedette.sources.watch.is_whole", lambda *_: pytest.fail("opened"))
    watch.put("a.ndjson", b"{}\n", age=10)
    assert watch.names() == ["a.ndjson"]


def test_unfinished_downloads_come_by_their_last_names(watch: Watch) -> None:
    for name in (".a.json.gz.x1", "a.json.gz.tmp", "a.part", "a.json~"):
        watch.put(name, age=100)
    assert watch.names() == []
    (watch.path / "a.json.gz.tmp").rename(watch.path / "a.json.gz")
    assert watch.names() == ["a.json.gz"]


DOCUMENT = b'{"Records":[{"a":"}"},{"b":[1,2]}]}'


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (LOG, True),
        (LOG + LOG, True),
        (LOG[:-1], False),
        (LOG + LOG[:20], False),
        (LOG[:40] + b"broken" + LOG[46:], False),
        (DOCUMENT, True),
        (b" \n" + DOCUMENT + b"\n", True),
        (DOCUMENT[:-1], False),
        (DOCUMENT[: DOCUMENT.index(b"},") + 1], False),
        (b'[{"a":1}]', True),
        (b'[{"a":1}', False),
        (b'{"eventName":"x"}\n', False),
        (b"", False),
        (b"[" * 5_000, False),
        (b"words", False),
    ],
)
def test_what_is_whole(data: bytes, whole: bool) -> None:
    assert is_whole(io.BytesIO(data), len(data)) is whole


@given(st.integers(0, len(LOG) - 1))
@settings(max_examples=40, deadline=None)
def test_no_part_of_a_gzip_file_is_whole(end: int) -> None:
    assert not is_whole(io.BytesIO(LOG[:end]), end)


def test_a_very_large_file_is_not_looked_into() -> None:
    assert not is_whole(io.BytesIO(LOG), 1 << 40)
    assert not is_whole(io.BytesIO(DOCUMENT), 20 << 20)


# --- what folders do ---


def test_a_folder_at_rest_is_not_looked_at(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        watch.put(f"day-{number}/a.json.gz")
    assert len(watch.names()) == 3
    watch.clock += 5
    assert watch.names() == []
    looked: list[str] = []
    real = os.scandir

    def scandir(path: str) -> object:
        looked.append(os.path.relpath(path, watch.path))
        return real(path)

    monkeypatch.setattr("vedette.sources.watch.os.scandir", scandir)
    assert watch.names() == []
    assert looked == []
    os.utime(watch.path / "day-1", (1, 1))
    watch.put("day-1/b.json.gz")
    assert watch.names() == ["day-1/b.json.gz"]
    assert looked == ["day-1"]


def test_a_file_that_comes_within_the_same_tick_of_the_folders_clock_is_found(watch: Watch) -> None:
    """File systems note a folder's time in ticks: a second file of one tick leaves it as it was."""
    watch.put("a.json.gz")
    before = watch.path.stat().st_mtime_ns
    assert watch.names() == ["a.json.gz"]
    watch.put("b.json.gz")
    os.utime(watch.path, ns=(before, before))
    watch.clock += 1
    assert watch.names() == ["b.json.gz"]


def test_a_missing_folder_is_told_and_found_again(watch: Watch) -> None:
    watch.put("in/a.json.gz")
    assert watch.names() == ["in/a.json.gz"]
    away = watch.path.with_name(f"{watch.path.name}-away")
    watch.path.rename(away)
    with pytest.raises(SourceError, match="no folder") as caught:
        watch.poll()
    assert str(caught.value.hint).startswith("mkdir -p")
    away.rename(watch.path)
    watch.put("in/b.json.gz")
    assert watch.names() == ["in/b.json.gz"]


def test_a_folder_that_goes_takes_its_folders_with_it(watch: Watch) -> None:
    watch.put("a/b/c/x.json.gz")
    watch.put("d/x.json.gz")
    assert len(watch.names()) == 2
    shutil.rmtree(watch.path / "a")
    os.utime(watch.path, (1, 1))
    assert watch.names() == []
    source = watch.source
    assert isinstance(source, WatchedFolder)
    assert set(source._folders) == {str(watch.path), str(watch.path / "d")}
    watch.put("a/b/c/y.json.gz")
    assert watch.names() == ["a/b/c/y.json.gz"]


def test_a_folder_that_goes_while_it_is_looked_at_is_nothing(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.put("a/b/x.json.gz")
    assert watch.names() == ["a/b/x.json.gz"]
    watch.clock += 10
    assert watch.names() == []
    watch.put("a/y.json.gz")
    real = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("/a"):
            Path(path).rename(watch.path.with_name(f"{watch.path.name}-away"))
        return real(path)

    monkeypatch.setattr("vedette.sources.watch.os.scandir", scandir)
    assert watch.names() == []
    source = watch.source
    assert isinstance(source, WatchedFolder)
    assert set(source._folders) == {str(watch.path)}


def test_what_the_system_refuses_comes_as_an_item_that_cannot_be_opened(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.put("in/a.json.gz")
    watch.put("b.json.gz")
    real = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("/in"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr("vedette.sources.watch.os.scandir", scandir)
    items = {os.path.relpath(item.name, watch.path): item for item in watch.poll()}
    assert items.keys() == {"b.json.gz", "in"}
    with pytest.raises(PermissionError):
        items["in"].open()
    monkeypatch.setattr("vedette.sources.watch.os.scandir", real)
    assert watch.names() == ["in/a.json.gz"]


def test_a_file_that_may_not_be_read_is_handed_out_too(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.put("a.json.gz")

    def is_ready(*_: object) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(WatchedFolder, "_is_ready", is_ready)
    (item,) = watch.poll()
    with pytest.raises(PermissionError):
        item.open()


def test_a_file_that_goes_between_is_poison(watch: Watch) -> None:
    path = watch.put("a.json.gz")
    (item,) = watch.poll()
    path.unlink()
    with pytest.raises(PoisonError, match="is gone"):
        item.open()


def test_a_file_that_goes_before_it_is_looked_at_is_nothing(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.put("a.json.gz")

    def is_ready(*_: object) -> bool:
        raise FileNotFoundError

    monkeypatch.setattr(WatchedFolder, "_is_ready", is_ready)
    assert watch.poll() == []


def test_links_to_folders_and_pipes_are_passed_over(watch: Watch) -> None:
    watch.put("in/a.json.gz", age=100)
    (watch.path / "in/up").symlink_to(watch.path)
    os.mkfifo(watch.path / "pipe")
    assert watch.names() == ["in/a.json.gz"]


def test_a_name_that_is_not_text_can_be_kept_and_opened(watch: Watch) -> None:
    name = os.fsdecode(b"caf\xe9.json.gz")
    try:
        watch.put(name)
    except OSError:
        pytest.skip("this file system takes names in UTF-8 alone")
    (item,) = watch.poll()
    assert item.name.encode("utf-8").endswith(b"caf\\xe9.json.gz")
    with item.open() as stream:
        assert stream.read() == LOG


def test_a_rejected_file_is_fetched_by_its_name(watch: Watch) -> None:
    path = watch.put("a.json.gz")
    item = watch.source.fetch(str(path))
    with item.open() as stream:
        assert stream.read() == LOG
    item.ack()
    with pytest.raises(PoisonError):
        watch.source.fetch(str(path) + ".not").open()


def test_few_files_are_held_at_a_time(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that stops early has been handed no more than it took."""
    for number in range(50):
        watch.put(f"{number:02}.json.gz", age=100)
    first = next(iter(watch.source.poll(NOW)))
    first.ack()
    assert len(watch.names()) == 49


STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["part", "whole", "rename", "pass", "poll", "drop"])), max_size=30
)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_whatever_happens_every_file_comes_whole_and_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str]]
) -> None:
    """Files written in parts, moved into place, taken and dropped by a reader: each is read once, and never in part."""
    watch = Watch(tmp_path_factory.mktemp("watched"))
    finished: set[str] = set()
    read: list[str] = []

    def take(answer: Callable[[Item], None]) -> None:
        for item in watch.poll():
            with item.open() as stream:
                assert stream.read() == LOG
            answer(item)

    def ack(item: Item) -> None:
        read.append(os.path.relpath(item.name, watch.path))
        item.ack()

    for number, step in steps:
        name = f"d{number % 2}/{number}.json.gz"
        if step == "part" and name not in finished:
            watch.put(name, LOG[: 20 + number])
        elif step in ("whole", "rename") and name not in finished:
            path = watch.put(name + ".tmp" if step == "rename" else name)
            path.rename(watch.path / name)
            finished.add(name)
        elif step == "pass":
            watch.clock += 0.3  # never so long that a part counts as rested
        elif step in ("poll", "drop"):
            take(ack if step == "poll" else lambda item: None)
    for name in [f"d{number % 2}/{number}.json.gz" for number in range(4)]:
        if (watch.path / name).exists() and name not in finished:
            watch.put(name)
            finished.add(name)
    watch.clock += 100
    take(ack)
    assert sorted(read) == sorted(finished)
