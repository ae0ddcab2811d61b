"""Objects on disk: which are found, in which order, and what happens to those that cannot be read."""

from __future__ import annotations

import io
import os
from pathlib import Path

from vedette.sources.files import FileObject, Unreadable, find_objects, spooled_stdin


def names(*paths: Path) -> list[str]:
    return [found.name for found in find_objects([str(path) for path in paths])]


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


def test_standard_input_can_be_read_twice_and_leaves_nothing() -> None:
    with spooled_stdin(io.BytesIO(b"a record")) as found:
        assert (found.name, found.size) == ("-", 8)
        for _ in range(2):
            with found.open() as stream:
                assert stream.read() == b"a record"
        path = Path(found.path)
    assert not path.exists()
