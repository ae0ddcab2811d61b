"""The storyteller's zip: the same bytes again, whole, within Lambda's limits; clear words where it cannot be made."""

from __future__ import annotations

import hashlib
import io
import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import vedette
from deploy.bundles import ARCHITECTURE, PYTHON, unpacked, wheels
from vedette.deploy import bundle as room
from vedette.deploy.bundle import Bundle, bundle, check_sizes, zipped
from vedette.detections.loader import load_builtin
from vedette.errors import InputError, OutputError, VedetteError
from waiting import PATIENCE

DETECTIONS = load_builtin(tests=False)[:3]


@pytest.fixture(scope="module", autouse=True)
def _still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The package as it is now: whoever works on it while the tests run changes no bundle."""
    copy = tmp_path_factory.mktemp("package") / "vedette"
    shutil.copytree(Path(vedette.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vedette, "__file__", str(copy / "__init__.py"))
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundle")
    return bundle(
        folder / "deep" / "one.zip", architecture=ARCHITECTURE, python=PYTHON, detections=DETECTIONS, wheels=wheels()
    )


def test_the_same_code_gives_the_same_bytes(made: Bundle, tmp_path: Path) -> None:
    again = bundle(
        tmp_path / "two.zip", architecture=ARCHITECTURE, python=PYTHON, detections=DETECTIONS, wheels=wheels()
    )
    assert (again.sha256, again.size) == (made.sha256, made.size)
    data = made.path.read_bytes()
    assert data == again.path.read_bytes()
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (made.sha256, made.size)


def test_no_clock_owner_or_machine_shows_in_it(made: Bundle) -> None:
    with zipfile.ZipFile(made.path) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.create_system for entry in entries} == {3}
    assert {oct(entry.external_attr >> 16) for entry in entries} <= {"0o100644", "0o100755"}
    names = [entry.filename for entry in entries]
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", "RECORD", "direct_url.json"))]
    assert not [name for name in names if name.startswith(("boto", "click", "rich", "pip", "/")) or ".." in name]


def test_what_is_deployed_is_in_it(made: Bundle) -> None:
    with zipfile.ZipFile(made.path) as archive:
        names = set(archive.namelist())
        for one in DETECTIONS:
            assert archive.read(f"vedette_detections/{one.id}.yaml").decode() == one.source
    assert "vedette/deploy/storyteller/handler.py" in names
    assert any(name.startswith("vedette/alerts/render/templates/") for name in names)
    assert not any(name.startswith(("vedette/cli/", "vedette/deploy/template/", "vedette/stores/")) for name in names)


def test_the_function_imports_nothing_that_is_not_in_it(made: Bundle, tmp_path: Path) -> None:
    """Neither by its handler nor by a message of any channel; boto3 is the runtime's."""
    folder = unpacked(made.path, tmp_path)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import vedette.deploy.storyteller.handler as entry, vedette.senders, vedette.alerts.render.letter as letter\n"
        "letter._environment()\n"
        "assert entry.__file__.startswith(sys.argv[1]), entry.__file__\n"
        "found = entry.Library('vedette').with_children(sys.argv[2])\n"
        "assert found, 'the bundled detections are not found'\n"
        "foreign = [name for name in sys.modules if name.partition('.')[0] in ('click', 'rich', 'boto3', 'psycopg')]\n"
        "assert not foreign, foreign\n"
    )
    subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(folder), DETECTIONS[0].id], check=True, timeout=PATIENCE
    )


def test_the_bytes_follow_from_names_and_contents_alone() -> None:
    """The order in which files are found, and when they were written, changes nothing."""
    files = {"b.so": b"2", "a.py": b"1"}
    assert zipped(files) == zipped(dict(reversed(files.items())))
    assert zipped(files) != zipped({"b.so": b"2", "a.py": b"3"})
    with zipfile.ZipFile(io.BytesIO(zipped(files))) as archive:
        assert [(one.filename, oct(one.external_attr >> 16)) for one in archive.infolist()] == [
            ("a.py", "0o100644"),
            ("b.so", "0o100755"),
        ]


def test_another_detection_is_another_bundle(made: Bundle, tmp_path: Path) -> None:
    changed = (replace(DETECTIONS[0], source=DETECTIONS[0].source + "# changed\n"), *DETECTIONS[1:])
    other = bundle(
        tmp_path / "other.zip", architecture=ARCHITECTURE, python=PYTHON, detections=changed, wheels=wheels()
    )
    assert other.sha256 != made.sha256


def test_a_change_of_the_command_line_is_no_change_of_the_function(made: Bundle, tmp_path: Path) -> None:
    """Or a plan would show a new function for each release that has none."""
    root = Path(vedette.__file__).parent
    (root / "cli" / "new.py").write_text("1")
    (root / "__pycache__").mkdir()
    (root / "__pycache__" / "x.cpython-313.pyc").write_text("1")
    again = bundle(
        tmp_path / "two.zip", architecture=ARCHITECTURE, python=PYTHON, detections=DETECTIONS, wheels=wheels()
    )
    assert again.sha256 == made.sha256


def test_lambdas_limits() -> None:
    check_sizes(room.MAX_ZIPPED, room.MAX_UNZIPPED)
    with pytest.raises(OutputError, match="zip has 52,428,801 bytes, and Lambda takes 52,428,800"):
        check_sizes(room.MAX_ZIPPED + 1, 0)
    with pytest.raises(OutputError, match="unpacked code"):
        check_sizes(0, room.MAX_UNZIPPED + 1)


def test_an_architecture_that_lambda_has_not(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no architecture `riscv`"):
        bundle(tmp_path / "x.zip", architecture="riscv", detections=())


def test_a_folder_without_wheels(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"`google-re2==.*` has no wheel for Python 3.13 on Linux arm64"):
        bundle(tmp_path / "x.zip", architecture="arm64", detections=(), wheels=tmp_path)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        bundle(tmp_path / "file" / "x.zip", architecture=ARCHITECTURE, python=PYTHON, detections=(), wheels=wheels())


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("WARNING: Retrying: NewConnectionError(…)\nERROR: No matching distribution found for isal", "be reached"),
        ("/usr/bin/python3: No module named pip", "needs pip"),
        ("WARNING: x\nERROR: the disk is full\n", "fetch .*: the disk is full"),
        ("nothing that is known", "nothing that is known"),
    ],
)
def test_what_pip_says_in_our_words(said: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = subprocess.CompletedProcess([], 1, "", said)
    monkeypatch.setattr(room.subprocess, "run", lambda *_, **__: done)
    with pytest.raises(VedetteError, match=message):
        bundle(tmp_path / "x.zip", architecture="arm64", detections=())


def test_an_index_that_never_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def never(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("pip", 1)

    monkeypatch.setattr(room.subprocess, "run", never)
    with pytest.raises(VedetteError, match="cannot be reached") as raised:
        bundle(tmp_path / "x.zip", architecture="arm64", detections=())
    assert raised.value.hint is not None
    assert "--no-storyteller" in raised.value.hint


def test_an_index_that_is_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.delenv("PIP_NO_INDEX", raising=False)
    with pytest.raises(VedetteError, match="the package index cannot be reached"):
        bundle(tmp_path / "x.zip", architecture="arm64", detections=())


def test_wheels_that_keep_files_elsewhere(tmp_path: Path) -> None:
    """A wheel may hold its code under NAME.data/purelib, and scripts that nobody needs here."""
    wheel = tmp_path / "odd-1-py3-none-any.whl"
    names = ("odd-1.data/purelib/odd.py", "odd-1.data/scripts/odd", "odd-1.dist-info/RECORD", "odd/x.pyi", "odd/y.py")
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in names:
            archive.writestr(name, name)
        archive.mkdir("odd/empty")
    assert [name for name, _ in room._unpacked(wheel)] == ["odd.py", "odd/y.py"]


def test_every_architecture_has_a_machine() -> None:
    assert set(room._MACHINES) == set(room.ARCHITECTURES)
    assert platform.machine() in room._MACHINES.values()
