"""Objects on disk: which are found, in which order, and what happens to those that cannot be read."""

from __future__ import annotations

import errno
import io
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vedette.errors import OutputError
from vedette.sources.files import FileObject, Unreadable, find_objects, is_pipe, spooled_pipe, spooled_stdin


def names(*paths: Path) -> list[str]:
    return [found.name for found in find_objects([str(path) for path in paths])]


@contextmanager
def folders_in_folders(above: Path, depth: int) -> Iterator[None]:
    """So deep that neither a path nor a recursion leads to the last: they are made and removed from where they lie."""
    before = Path.cwd()
    os.chdir(above)
    for _ in range(depth):
        Path("a").mkdir()
        os.chdir("a")
    here = os.open(".", os.O_RDONLY)
    os.chdir(before)
    yield
    os.chdir(here)
    os.close(here)
    for _ in range(depth):
        os.chdir("..")
        Path("a").rmdir()
    os.chdir(before)


def test_a_folder_is_walked_in_name_order(tmp_path: Path) -> None:
    for name in ("b/2.json", "b/1.json", "a.json", "c.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"{}")
    assert names(tmp_path) == [str(tmp_path / name) for name in ("a.json", "b/1.json", "b/2.json", "c.json")]


def test_names_that_start_with_a_dot_are_passed_over_unless_given(tmp_path: Path) -> None:
    hidden = tmp_path / ".hidden"
    hidden.write_bytes(b"{}")
    assert names(tmp_path) == []
    assert names(hidden) == [str(hidden)]


def test_a_file_reached_twice_is_one_object(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_bytes(b"12345")
    os.link(log, tmp_path / "same.json")
    found = list(find_objects([str(tmp_path), str(log)]))
    assert found == [FileObject(str(log), str(log), 5)]


def test_a_link_to_a_folder_above_makes_no_circle(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "log.json").write_bytes(b"{}")
    (tmp_path / "inner" / "up").symlink_to(tmp_path)
    assert names(tmp_path) == [str(tmp_path / "inner" / "log.json")]


def test_a_missing_path_is_told_with_the_systems_reason(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    assert list(find_objects([missing])) == [Unreadable(missing, "no such file or directory")]


def test_a_dangling_link_does_not_stop_the_walk(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to(tmp_path / "gone")
    (tmp_path / "b.json").write_bytes(b"{}")
    first, second = find_objects([str(tmp_path)])
    assert isinstance(first, Unreadable)
    assert second.name == str(tmp_path / "b.json")


def test_a_pipe_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert names(tmp_path) == []


def test_folders_a_thousand_deep_are_walked(tmp_path: Path) -> None:
    """As deep as the system lets paths be: what lies deeper is told, and does not stop the walk."""
    (tmp_path / "z.json").write_bytes(b"{}")
    with folders_in_folders(tmp_path, 2_100):
        *deep, last = find_objects([str(tmp_path)])
    assert last.name == str(tmp_path / "z.json")
    assert [getattr(found, "reason", "") for found in deep] == ["file name too long"]


def test_a_pipe_that_is_named_is_read_once_and_can_be_read_twice(tmp_path: Path) -> None:
    """`vedette scan <(zcat …)`"""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert [is_pipe(str(each)) for each in (path, tmp_path, tmp_path / "gone", "a\0b")] == [True, False, False, False]
    writer = threading.Thread(target=path.write_bytes, args=(b"a record",))
    writer.start()
    with spooled_pipe(str(path)) as found:
        writer.join()
        assert (found.name, found.size) == (str(path), 8)
        for _ in range(2):
            with found.open() as stream:
                assert stream.read() == b"a record"
    assert not Path(found.path).exists()


def test_a_spool_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        name = 5

        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("vedette.sources.files._spool", Full)
    with pytest.raises(OutputError) as caught, spooled_stdin(io.BytesIO(b"a record")):
        pass
    where = tempfile.gettempdir()
    assert caught.value.message == f"cannot write what `-` gives to `{where}`: no space left on device"
    assert caught.value.hint == "make room on the disk, or choose another place"


@pytest.mark.parametrize("open_files", ["/proc/self/fd", "/nowhere"])
def test_what_is_spooled_can_be_read_twice_by_forked_processes_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_files: str
) -> None:
    """Where the system allows it the spool has no name: nothing is left of it, however the process ends."""
    if open_files != "/nowhere" and not Path(open_files).is_dir():
        pytest.skip("this system does not list the open files of a process")
    monkeypatch.setattr("vedette.sources.files._OPEN_FILES", open_files)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with spooled_stdin(io.BytesIO(b"a record")) as found:
        assert len(list(tmp_path.iterdir())) == (open_files == "/nowhere")
        assert list(find_objects([found.path])) == [FileObject(found.path, found.path, 8)]
        child = os.fork()
        if child == 0:
            with found.open() as stream:
                os._exit(stream.read() != b"a record")
        assert os.waitpid(child, 0)[1] == 0
    assert list(tmp_path.iterdir()) == []


def test_standard_input_can_be_read_twice_and_leaves_nothing() -> None:
    with spooled_stdin(io.BytesIO(b"a record")) as found:
        assert (found.name, found.size) == ("-", 8)
        for _ in range(2):
            with found.open() as stream:
                assert stream.read() == b"a record"
        path = Path(found.path)
    assert not path.exists()
